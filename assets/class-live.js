// What is live on the stage of a class: who comes in, votes, the race of three ways, numbers, the seven steps. The
// places are drawn by the server with their words (crates/chat-lab/src/slides/stage.rs); here is written what the
// stage's own connection heard, and nothing else.
const number = new Intl.NumberFormat('fa');
const still = matchMedia('(prefers-reduced-motion: reduce)');

export function begin(heard, stage) {
  let part;
  const value = (name, what, place = part) => {
    const shown = place.querySelector(`[data-value="${name}"]`);
    if (shown) shown.textContent = number.format(what);
  };
  const make = (tag, text, className = '') => Object.assign(document.createElement(tag), { textContent: text, className });

  const others = () => [...heard.members.values()].filter(({ id, away }) => id !== heard.me && !away);

  const DRAW = {
    roll() {
      const list = part.querySelector('.roll');
      const names = new Map([...list.children].map((item) => [item.dataset.id, item]));
      const here = others().slice(-60);
      for (const [id, item] of names) if (!here.some((member) => member.id === id)) item.remove();
      for (const { id, name } of here) {
        const item = names.get(id) ?? make('li', '');
        item.dataset.id = id;
        item.textContent = name;
        if (names.has(id)) continue;
        list.append(item);
        if (!still.matches) item.animate({ transform: ['translateY(-2em)', 'none'], opacity: [0, 1] }, { duration: 300, easing: 'ease-out' });
      }
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
    },
    wall() {
      for (const row of part.querySelectorAll('li')) {
        const vote = heard.results.get(row.dataset.statement);
        if (!vote) continue;
        const most = Math.max(...vote.counts);
        const answer = vote.answers[vote.counts.indexOf(most)];
        if (most) row.dataset.answer = vote.counts.indexOf(most);
        row.querySelector('b').textContent = most ? `${answer} · ${number.format(most)}` : '–';
      }
    },
    numbers() {
      value('people', heard.count);
      value('handshakes', heard.handshakes);
      value('said', heard.said);
      value('header', Math.round(heard.headers / Math.max(1, heard.frames.in)));
      value('rtt', Math.round(Math.min(...heard.rtts, Infinity) * 10) / 10 || 0);
    },
    total() {
      value('minutes', Math.floor((performance.now() - heard.since) / 60_000));
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
      const has = [true, here.length >= 2, here.length >= 2, here.length >= 2, seven.said, seven.said && here.length >= 1, seven.left];
      [...part.querySelectorAll('li')].forEach((item, step) => item.toggleAttribute('data-done', Boolean(has[step])));
    },
  };
  // What happened since the seven steps were asked for.
  let seven = {};

  // The race: the same room by polling and by long polling, each a member as anybody, and by this connection.
  let race;
  function startRace() {
    const abort = new AbortController();
    const lanes = new Map([...part.querySelectorAll('.lane')].map((lane) => [lane.dataset.lane, { lane, asked: 0, empty: 0, news: 0, bytes: 0 }]));
    const show = (one) => {
      for (const what of ['asked', 'empty', 'news', 'bytes']) value(what, one[what], one.lane);
    };
    const id = Math.random().toString(36).slice(2, 6);
    const room = `/rooms/${encodeURIComponent(heard.room)}`;
    async function ask(lane, query, pause) {
      const one = lanes.get(lane);
      let after = '';
      const client = `client=${encodeURIComponent(`${one.lane.dataset.client}-${id}`)}`;
      // No cookie: what the welcome gives is shown instead.
      const init = { signal: abort.signal, credentials: 'omit', headers: {} };
      while (!abort.signal.aborted) {
        const answer = await fetch(`${room}/messages?${client}${after}${query}`, init);
        if (!answer.ok) return;
        const { messages } = await answer.json();
        for (const { token, epoch } of messages.filter(({ type }) => type === 'welcome')) init.headers.Authorization = `Bearer ${token}.${epoch}`;
        one.asked++;
        const news = messages.filter(({ type }) => type === 'said');
        one.news += news.length;
        if (!news.length) one.empty++;
        const last = messages.findLast(({ type }) => type === 'said' || type === 'welcome');
        if (last) after = `&after=${last.seq}`;
        const costs = await fetch(`${room}/costs?${client}`, init);
        if (costs.ok) {
          const { headers_in: a, payload_in: b, headers_out: c, payload_out: d } = await costs.json();
          one.bytes = a + b + c + d;
        }
        show(one);
        if (pause) await new Promise((done) => setTimeout(done, pause));
      }
    }
    const began = { said: heard.said, bytes: heard.bytes.in + heard.bytes.out };
    const quiet = (error) => error.name === 'AbortError' || console.warn(error);
    ask('poll', '', 2_000).catch(quiet);
    ask('long', '&wait=20', 0).catch(quiet);
    return {
      stop: () => abort.abort(),
      draw() {
        const one = lanes.get('socket');
        Object.assign(one, { news: heard.said - began.said, bytes: heard.bytes.in + heard.bytes.out - began.bytes });
        show(one);
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
    hear({ type, from, left = [] }) {
      if (type === 'said' && from !== heard.me) seven.said = true;
      if (left.length && seven.said) seven.left = true;
      if (type === 'said') lightFlow();
      drawSoon();
    },
  };
}
