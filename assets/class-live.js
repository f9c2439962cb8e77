// What is live on the stage of a class: who comes in, votes, the race of five ways, how far members are, numbers, the
// seven steps. The places are drawn by the server with their words (crates/chat-lab/src/slides/stage.rs); here is
// written what the stage's own connection heard, and nothing else.
const number = new Intl.NumberFormat('fa');
const plain = new Intl.NumberFormat('fa', { useGrouping: false });
const twoDigits = new Intl.NumberFormat('fa', { minimumIntegerDigits: 2 });
const still = matchMedia('(prefers-reduced-motion: reduce)');

export function begin(heard, stage) {
  let part;
  const value = (name, what, place = part) => {
    const shown = place.querySelector(`[data-value="${name}"]`);
    if (shown) shown.textContent = number.format(what);
  };
  const make = (tag, text, className = '') => Object.assign(document.createElement(tag), { textContent: text, className });

  const others = (alsoAway = false) => [...heard.members.values()].filter(({ id, away }) => id !== heard.me && (alsoAway || !away));

  /** The members, each an item that stays while they do: the last so many, more have no place. */
  function list(members, draw = () => {}, place = part.querySelector('.roll')) {
    const items = new Map([...place.children].map((item) => [item.dataset.id, item]));
    const shown = members.slice(-60);
    for (const [id, item] of items) if (!shown.some((member) => member.id === id)) item.remove();
    for (const member of shown) {
      const item = items.get(member.id) ?? make('li', '');
      item.dataset.id = member.id;
      if (item.textContent !== member.name) item.textContent = member.name;
      draw(member, item);
      if (items.has(member.id)) continue;
      place.append(item);
      if (!still.matches) item.animate({ translate: ['0 -2em', '0 0'], opacity: [0, 1] }, { duration: 300, easing: 'ease-out' });
    }
  }

  // From the nearest to the farthest, and at least tenfold, as a part of the way between them; nought is the server
  // itself.
  let scale = [100, 1_000_000];
  const placeOf = (us) => (us ? 0.08 + (0.92 * Math.log(us / scale[0])) / Math.log(scale[1] / scale[0]) : 0);
  const inMs = (us) => `${number.format(us < 10_000 ? Math.round(us / 100) / 10 : Math.round(us / 1_000))} ms`;
  /** What a point takes of that way. */
  const POINT_WIDTH = 0.04;
  function drawAxis() {
    for (const tick of part.querySelectorAll('.axis li')) {
      const place = placeOf(Number(tick.dataset.us));
      tick.hidden = place < 0 || place > 1 || (place && place < 0.06);
      tick.style.setProperty('--place', place);
    }
  }

  const DRAW = {
    roll() {
      const here = others();
      list(here);
      part.querySelector('.still').hidden = here.length > 0;
    },
    vote() {
      const question = part.querySelector('.question').textContent;
      const vote = heard.results.get(question);
      const sum = vote?.counts.reduce((one, other) => one + other, 0) || 1;
      part.toggleAttribute('data-open', Boolean(vote?.open));
      [...part.querySelectorAll('li')].forEach((item, place) => {
        const count = vote?.counts[place] ?? 0;
        item.querySelector('b').textContent = number.format(count);
        item.querySelector('.tally').style.setProperty('--share', count / sum);
      });
      part.toggleAttribute('data-over', Boolean(vote && !vote.open));
    },
    // Each statement to the side that most of the class gave it.
    wall() {
      for (const row of part.querySelectorAll('li')) {
        const counts = heard.results.get(row.dataset.statement)?.counts ?? [0];
        const most = Math.max(...counts);
        if (!most) continue;
        const side = part.querySelector(`[data-answer="${counts.indexOf(most)}"]`);
        if (row.parentElement !== side) side.append(row);
        row.querySelector('b').textContent = number.format(most);
      }
      part.querySelector('.unasked').hidden = !part.querySelector('.unasked li');
    },
    returning() {
      list(others(true), ({ id, away }, item) => {
        item.toggleAttribute('data-away', Boolean(away));
        item.dataset.returned = heard.returned.has(id) ? ` ↺ ${number.format(heard.returned.get(id))}` : '';
      });
    },
    // Each where as many times as far is as far to the left, and in the row where it covers nobody.
    distances() {
      const points = others().flatMap(({ id, name }) => (heard.roundTrips.has(id) ? [{ id, name: [...name][0], full: name, us: heard.roundTrips.get(id) }] : []));
      points.sort((one, other) => one.us - other.us);
      part.toggleAttribute('data-measured', points.length > 0);
      if (points.length) {
        const low = Math.max(50, points[0].us / 1.3);
        scale = [low, Math.max(points.at(-1).us * 1.3, low * 10)];
      }
      drawAxis();
      const ends = [];
      const rows = new Map(points.map(({ id, us }) => {
        const place = placeOf(us);
        const row = ends.findIndex((end) => end + POINT_WIDTH <= place);
        const free = row < 0 ? ends.length : row;
        ends[free] = place;
        return [id, free];
      }));
      const places = part.querySelector('.points');
      list(points, ({ id, full, us }, item) => {
        item.title = `${full}: ${inMs(us)}`;
        item.setAttribute('aria-label', item.title);
        item.style.setProperty('--place', placeOf(us));
        item.style.setProperty('--row', rows.get(id));
      }, places);
      places.style.setProperty('--rows', Math.max(1, ends.length));
      const told = ({ full, us }) => `${full} ${inMs(us)}`;
      const [first, middle, last] = [points[0], points[Math.floor(points.length / 2)], points.at(-1)];
      const values = { nearest: first && told(first), middle: middle && inMs(middle.us), farthest: last && told(last) };
      for (const [which, text] of Object.entries(values)) part.querySelector(`[data-value="${which}"]`).textContent = text ?? '–';
    },
    numbers() {
      value('people', heard.count);
      value('handshakes', heard.handshakes);
      value('said', heard.said);
      value('header', Math.round(heard.headers / Math.max(1, heard.frames.in)));
      value('rtt', Math.round(Math.min(...heard.rtts, Infinity) * 10) / 10 || 0);
    },
    total() {
      const seconds = Math.floor((performance.now() - heard.since) / 1_000);
      part.querySelector('[data-value="lasted"]').textContent = [Math.floor(seconds / 60), seconds % 60].map((count) => twoDigits.format(count)).join(':');
      value('frames_in', heard.frames.in);
      value('bytes_in', heard.bytes.in);
      value('frames_out', heard.frames.out);
      value('headers', heard.headers);
    },
    messages() {
      for (const table of part.querySelectorAll('table')) {
        const way = table.dataset.way;
        const counted = [...heard.types].filter(([, types]) => types[way]).sort(([, one], [, other]) => other[way] - one[way]);
        const rows = counted.map(([type, types]) => {
          const [row, head] = [document.createElement('tr'), document.createElement('th')];
          const code = make('code', type);
          code.dir = 'ltr';
          head.scope = 'row';
          head.append(code);
          row.append(head, make('td', number.format(types[way])));
          return row;
        });
        table.tBodies[0].replaceChildren(...rows);
      }
    },
    seven() {
      const here = others();
      const [both, heardIt] = [here.length >= 2, seven.said && here.length >= 1];
      const names = here.slice(0, 2).map(({ name }) => name).join('، ');
      // Of each step what shows that it is done; nothing while it is not.
      const shown = [location.host, both && number.format(here.length), both && names, both && heard.room, seven.said, heardIt && number.format(here.length), seven.left];
      [...part.querySelectorAll('li')].forEach((item, step) => {
        item.toggleAttribute('data-done', Boolean(shown[step]));
        item.dataset.shown = shown[step] || '';
      });
      seven.names = new Map(others(true).map(({ id, name }) => [id, name]));
    },
  };
  // What happened since the seven steps were asked for.
  let seven = {};

  // The race: the same room by each way, each a member as anybody, and by this connection. No cookies: what the
  // first welcome gives is shown instead, so that one lane is not counted as the cost of another.
  let race;
  function startRace() {
    const abort = new AbortController();
    const { signal } = abort;
    const lanes = new Map([...part.querySelectorAll('th[data-lane]')].map(({ dataset: { lane, client } }) => [lane, { lane, client, asked: 0, empty: 0, news: 0, late: undefined, bytes: 0 }]));
    const cells = new Map([...part.querySelectorAll('td[data-lane]')].map((cell) => [`${cell.dataset.lane} ${cell.dataset.value}`, cell]));
    const show = (one) => {
      for (const what of ['asked', 'empty', 'news', 'late', 'bytes']) cells.get(`${one.lane} ${what}`).textContent = one[what] === undefined ? '–' : number.format(one[what]);
    };
    // When a message was said, or else first heard by any of the ways.
    const begun = new Map();
    function hear(one, ids) {
      for (const id of ids) {
        const now = performance.now();
        const from = heard.sent.get(id) ?? begun.get(id) ?? now;
        begun.set(id, from);
        one.news++;
        one.late = Math.max(1, Math.round(now - from));
      }
    }
    // Others may race, too, and whoever raced before is still away.
    const mark = Math.floor(Math.random() * 9_000) + 1_000;
    const room = `/rooms/${encodeURIComponent(heard.room)}`;
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const ids = (messages) => messages.filter(({ type }) => type === 'said').map(({ id }) => id);

    /** A member that comes by requests: how it asks, and what it has cost since. */
    async function enter(lane) {
      const one = lanes.get(lane);
      const init = { signal, credentials: 'omit', cache: 'no-store', headers: {} };
      const name = `${one.client} ${plain.format(mark)}`;
      const ask = async (what, query = '') => fetch(`${what}?client=${lane}-${mark}&name=${encodeURIComponent(name)}${query}`, init);
      const answer = await ask(`${room}/messages`);
      if (!answer.ok) throw new Error(`${lane}: ${answer.status}`);
      const { messages } = await answer.json();
      // Each welcome brings another token.
      const admit = ({ token, epoch }) => (init.headers.Authorization = `Bearer ${token}.${epoch}`);
      const welcome = messages.find(({ type }) => type === 'welcome');
      admit(welcome);
      const costs = async () => {
        const { headers_in: a, payload_in: b, headers_out: c, payload_out: d } = await (await ask(`${room}/costs`)).json();
        return a + b + c + d;
      };
      const before = await costs();
      const drawn = async () => {
        one.bytes = (await costs()) - before;
        show(one);
      };
      return { one, ask, drawn, admit, after: welcome.seq };
    }
    async function poll(lane, query, wait) {
      const { one, ask, drawn, after: from } = await enter(lane);
      let after = from;
      while (!signal.aborted) {
        const { messages } = await (await ask(`${room}/messages`, `&after=${after}${query}`)).json();
        const news = ids(messages);
        one.asked++;
        if (!news.length) one.empty++;
        hear(one, news);
        after = messages.findLast(({ type }) => type === 'said')?.seq ?? after;
        await drawn();
        if (wait) await pause(wait);
      }
    }
    // The whole page each time, with all that was said.
    async function classic() {
      const { one, ask, drawn } = await enter('classic');
      let known;
      while (!signal.aborted) {
        const page = new DOMParser().parseFromString(await (await ask(`/classic/${encodeURIComponent(heard.room)}`)).text(), 'text/html');
        const all = [...page.querySelectorAll('[data-seq]')].map(({ dataset }) => dataset.id);
        const news = known ? all.filter((id) => !known.has(id)) : [];
        known = new Set(all);
        one.asked++;
        if (!news.length) one.empty++;
        hear(one, news);
        await drawn();
        await pause(10_000);
      }
    }
    async function events() {
      const { one, ask, drawn, admit, after } = await enter('events');
      const answer = await ask(`${room}/events`, `&after=${after}`);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        const lines = (rest + read.value).split('\n');
        rest = lines.pop();
        const told = lines.filter((line) => line.startsWith('data:')).map((line) => JSON.parse(line.slice(5)));
        told.filter(({ type }) => type === 'welcome').forEach(admit);
        hear(one, ids(told));
        await drawn();
      }
    }
    const quiet = (error) => signal.aborted || console.warn(error);
    poll('poll', '', 2_000).catch(quiet);
    poll('long', '&wait=20', 0).catch(quiet);
    classic().catch(quiet);
    events().catch(quiet);
    const socket = lanes.get('socket');
    const before = heard.bytes.in + heard.bytes.out;
    return {
      stop: () => abort.abort(),
      hear: (id) => hear(socket, [id]),
      draw() {
        socket.bytes = heard.bytes.in + heard.bytes.out - before;
        show(socket);
      },
    };
  }

  // The eight steps of a message light up as it comes through.
  function lightFlow() {
    if (still.matches) return;
    const steps = stage.querySelectorAll('.slide[data-slide="9"] li');
    [...steps].slice(5).forEach((step, order) =>
      step.animate({ backgroundColor: ['var(--accent-wash)', 'transparent'] }, { duration: 1_200, delay: 250 * order, fill: 'backwards' }),
    );
  }

  function draw() {
    const kind = part?.dataset.part === 'vote' ? 'vote' : part?.dataset.live;
    if (kind === 'race') race?.draw();
    else DRAW[kind]?.();
  }

  // Once a frame at most, however much is heard.
  let isDue = false;
  function drawSoon() {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  }

  return {
    show(next) {
      if (next !== part) {
        race?.stop();
        race = undefined;
        part = next;
        seven = {};
        if (part.dataset.live === 'race') race = startRace();
      }
      draw();
    },
    hear({ type, from, id, name, text, left = [] }) {
      if (type === 'said') race?.hear(id);
      if (type === 'said' && from !== heard.me) seven.said = `${name}: ${text}`;
      if (left.length && seven.said) seven.left ??= seven.names?.get(left[0]);
      if (type === 'said') lightFlow();
      drawSoon();
    },
  };
}
