// The stage of a class (crates/chat-lab/src/slides/stage.rs): holds a connection of its own to the room, by hand
// as docs/protocol.md has it, follows the class, and, with the teacher's key, turns its pages. The key comes in the
// fragment of the address, which nobody sends; it leaves the address bar at once, because that is projected too,
// and goes to the server only inside `join`. The page is read from right to left: the next one is to the left.
const stage = document.querySelector('.class-stage');
const { room } = document.getElementById('page').dataset;
const told = stage.querySelector('.told');
const glass = document.getElementById('room');
const button = document.getElementById('xray-button');
const slides = [...stage.querySelectorAll('.slide')];
const parts = slides.map((slide) => [...slide.querySelectorAll('.part')]);

// Numbers, and a clock, as the page writes them.
const number = new Intl.NumberFormat('fa');
const clock = new Intl.DateTimeFormat('fa', { hour: '2-digit', minute: '2-digit' });

// What this tab keeps: the key, who it is in the room, and what was answered.
const KEPT = `otagh:class:${room}`;
const hex = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const fresh = () => ({ client: `stage-${hex(4)}`, tab: hex(8) });
const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') ?? fresh();
const keep = () => sessionStorage.setItem(KEPT, JSON.stringify(kept));
const shown = location.hash.match(/^#key=([0-9a-f]{64})$/);
if (shown) kept.key = shown[1];
if (location.hash) history.replaceState(null, '', location.pathname + location.search);
keep();

/** The connection and what it knows; `assets/class-live.js` draws what is live of it. */
export const heard = {
  room,
  members: new Map(),
  count: 0,
  isTeacher: false,
  vote: undefined,
  /** By the question, what was answered last. */
  results: new Map(kept.results),
  /** How many messages of each type, and how many bytes, went each way. */
  types: new Map(),
  frames: { in: 0, out: 0 },
  bytes: { in: 0, out: 0 },
  headers: 0,
  handshakes: 0,
  said: 0,
  rtts: [],
  /** When this stage said what, by the id of the message. */
  sent: new Map(),
  /** How far members say they are, in microseconds, by their id. */
  roundTrips: new Map(),
  /** Who was away and came back, how often. */
  returned: new Map(),
  since: 0,
};
let at = { slide: 1, step: 0 };
/** Turned here, and not echoed yet. */
let turned = [];
let hasMoved = false;
let isFrozen = false;
let socket;
let attempts = 0;

const live = import('/class-live.js').then(({ begin }) => begin(heard, stage));

// Drawing.

function say(what) {
  told.dataset.what = what;
  told.textContent = what ? told.dataset[what] : '';
}

function draw() {
  if (isFrozen) return;
  const [slide, all] = [slides[at.slide - 1], parts[at.slide - 1]];
  for (const one of slides) one.hidden = one !== slide;
  const part = all[Math.min(at.step, all.length - 1)];
  for (const one of all) one.hidden = one !== part;
  stage.dataset.slide = at.slide;
  stage.dataset.step = at.step;
  stage.querySelector('.place').textContent = number.format(at.slide) + stage.querySelector('.place').dataset.of;
  const isGlass = part.dataset.live === 'glass';
  glass.hidden = !isGlass;
  stage.toggleAttribute('data-glass', isGlass);
  if (isGlass) look(part);
  live.then(({ show }) => show(part));
}

function drawPeople() {
  const people = stage.querySelector('.count');
  people.textContent = heard.count ? `${number.format(heard.count)} ${people.dataset.one}` : '';
}

/** What shows the wire is loaded when the first slide wants it, and then turned from tab to tab. */
let lab;
async function look(part) {
  if (!button.dataset.recordings) return;
  lab ??= import('/lab.js');
  const style = document.querySelector('[href="/pkg/xray.css"]');
  if (!style) document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/pkg/xray.css' }));
  await lab;
  const tabs = glass.getElementsByClassName('tabs');
  await drawn(() => tabs.length);
  const widen = glass.querySelector('.widen');
  if (widen.ariaPressed !== 'true') widen.click();
  tabs[0].children[part.dataset.tab].click();
  if (part.hidden) return;
  glass.dataset.tab = part.dataset.tab;
  glass.toggleAttribute('data-mask', 'mask' in part.dataset);
  glass.toggleAttribute('data-whole', part.dataset.lit > REQUEST_LINES);
  if (part.dataset.lit) light(Number(part.dataset.lit));
  if (part.dataset.wanted) want(`${part.dataset.wanted} ${said.get(part) ?? ''}`.trim());
  if (part.dataset.tab === '2') choose(part.dataset.says);
  if (part.dataset.experiment) (await drawn(() => glass.querySelectorAll('.experiment')[part.dataset.experiment]))?.setAttribute('open', '');
}

/** Of the messages that can be looked at, the stage's own, as soon as it is back. */
async function choose(text) {
  const found = await drawn(() => [...glass.querySelectorAll('.layers option')].find((option) => option.textContent === text));
  const select = found?.closest('select');
  if (!select) return;
  select.value = found.value;
  select.dispatchEvent(new Event('change'));
}

/** The ids of what was said for a part. */
const said = new WeakMap();
/** What the glass draws, as soon as it does; nothing, where it does not within some seconds. */
async function drawn(find) {
  const until = performance.now() + 5_000;
  let found;
  while (!(found = find()) && performance.now() < until) await new Promise((done) => setTimeout(done, 16));
  return found;
}

/** How many lines a request for an upgrade needs. */
const REQUEST_LINES = 5;
/** Lights so many lines of the request, and tells what the last of them means; after them the answer. */
async function light(count) {
  await drawn(() => glass.querySelectorAll('.lines').length > 1);
  const lines = [...glass.querySelectorAll('.lines li[data-essential]')];
  for (const [place, line] of lines.entries()) line.toggleAttribute('data-lit', place < count || count > REQUEST_LINES);
  const last = lines[count > REQUEST_LINES ? lines.length - 1 : count - 1]?.querySelector('button');
  if (last && last.ariaPressed !== 'true') last.click();
}

/** Asks the glass for the newest of these (crates/chat-ui/src/lab.rs). */
function want(what) {
  button.dataset.wanted = what;
  document.dispatchEvent(new Event('xray-show'));
}

function tick() {
  stage.querySelector('time').textContent = clock.format(Date.now());
}
tick();
setInterval(tick, 10_000);

// Turning.

const steps = (slide) => parts[slide - 1].length;
const partOf = ({ slide, step }) => parts[slide - 1][Math.min(step, steps(slide) - 1)];

function turn(to) {
  if (heard.isTeacher) {
    leave(partOf(at));
    at = to;
    turned.push(to);
    if (!send({ type: 'stage', ...to })) hasMoved = true;
    arrive(partOf(at));
    draw();
  } else {
    say(told.dataset.what || 'noKey');
  }
}

function step(by) {
  const { slide, step } = at;
  if (by > 0 && heard.isTeacher && hasMore(partOf(at))) return;
  const next = step + by;
  if (next >= 0 && next < steps(slide)) turn({ slide, step: next });
  else if (by > 0 && slide < slides.length) turn({ slide: slide + 1, step: 0 });
  else if (by < 0 && slide > 1) turn({ slide: slide - 1, step: steps(slide - 1) - 1 });
}

// A vote is open while its part stands on the stage; V opens it again.
const question = (part) => part.querySelector('.question')?.textContent;
const isOpen = () => heard.vote?.open;

/** Does what a part has to show before the page turns: the news of the race, and which answer is right. */
function hasMore(part) {
  if (part.dataset.news && !part.hasAttribute('data-told')) {
    part.setAttribute('data-told', '');
    return sayAll(part.dataset.news);
  }
  if (part.dataset.part === 'vote' && isOpen() && part.querySelector('[data-right]')) return closeVote();
  return false;
}
function sayAll(text) {
  const id = hex(8);
  heard.sent.set(id, performance.now());
  return send({ type: 'say', id, text }) && id;
}

function arrive(part) {
  part.removeAttribute('data-told');
  // A real message runs through.
  if (part.dataset.says) said.set(part, sayAll(part.dataset.says));
  if (part.dataset.part === 'vote' && !heard.results.has(question(part))) openVote(part);
}
function leave(part) {
  if (part.dataset.part === 'vote') closeVote();
}
function closeVote() {
  const isClosed = isOpen() && send({ type: 'close_vote' });
  if (isClosed) heard.vote = { ...heard.vote, open: false };
  return isClosed;
}
function openVote(part) {
  closeVote();
  const answers = [...part.querySelectorAll('.answer')].map(({ textContent }) => textContent);
  send({ type: 'open_vote', question: question(part), answers });
}
function toggleVote() {
  const part = partOf(at);
  if (part.dataset.part !== 'vote' || !heard.isTeacher) return;
  if (isOpen()) closeVote();
  else openVote(part);
}

// The code, as large as the screen, with the address in letters that are typed off a wall; under the first slide, too.
const poster = stage.querySelector('.poster');
for (const place of stage.querySelectorAll('.poster p, .address')) {
  const [host, ...path] = stage.dataset.share.replace(/^http:\/\//, '').split('/');
  const name = Object.assign(document.createElement('bdi'), { textContent: decodeURIComponent(path.at(-1)) });
  place.replaceChildren(`${host}/${path.slice(0, -1).join('/')}/`, name);
}
function project() {
  if (poster.open) poster.close();
  else poster.showModal();
}
stage.querySelector('.poster-button').addEventListener('click', project);

function freeze() {
  isFrozen = !isFrozen;
  stage.toggleAttribute('data-frozen', isFrozen);
  say(isFrozen ? 'frozen' : '');
  draw();
}

const KEYS = {
  ArrowLeft: () => step(1),
  PageDown: () => step(1),
  ArrowRight: () => step(-1),
  PageUp: () => step(-1),
  Home: () => turn({ slide: 1, step: 0 }),
  End: () => turn({ slide: slides.length, step: 0 }),
  KeyV: toggleVote,
  KeyB: () => stage.toggleAttribute('data-blank'),
  KeyF: freeze,
  KeyQ: project,
  Escape: () => stage.removeAttribute('data-blank'),
};
// By the place of the key: a Persian keyboard has other letters there.
document.addEventListener('keydown', (event) => {
  const { code, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest?.('input, textarea, select')) return;
  const isSpace = code === 'Space' && !target.closest?.('a, button');
  const act = isSpace ? () => step(event.shiftKey ? -1 : 1) : KEYS[code];
  if (!act || (code === 'Escape' && poster.open)) return;
  event.preventDefault();
  act();
});
// A finger that goes across.
let touched;
stage.addEventListener('touchstart', ({ touches }) => (touched = touches[0]), { passive: true });
stage.addEventListener('touchend', ({ changedTouches: [left] }) => {
  const [across, along] = [left.clientX - touched.clientX, left.clientY - touched.clientY];
  if (Math.abs(across) > 60 && Math.abs(across) > 2 * Math.abs(along)) step(across > 0 ? 1 : -1);
});

// Hearing.

const sizeOf = (length) => (length < 126 ? 2 : length < 65_536 ? 4 : 10);
const encoder = new TextEncoder();
function count(direction, type, text) {
  const length = encoder.encode(text).length;
  const masked = direction === 'out' ? 4 : 0;
  heard.frames[direction]++;
  heard.bytes[direction] += length + sizeOf(length) + masked;
  if (direction === 'in') heard.headers += sizeOf(length);
  const types = heard.types.get(type) ?? { in: 0, out: 0 };
  types[direction]++;
  heard.types.set(type, types);
}

function send(message) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  const text = JSON.stringify(message);
  count('out', message.type, text);
  socket.send(text);
  return true;
}

function join() {
  const names = stage.querySelector('.names').dataset;
  const { key, resume, tab } = kept;
  kept.name ??= key ? names.teacher : names.screen;
  send({ type: 'join', name: kept.name, tab, resume, teacher: key && { token: key } });
}

const HEAR = {
  welcome({ you, token, epoch, seq, members, member_count: all, away_count: away = 0 }) {
    heard.members = new Map(members.map((member) => [member.id, member]));
    heard.count = all - away;
    heard.handshakes ||= all - away;
    // What was answered in a room that is gone is of no class.
    if (!heard.since && kept.resume?.epoch !== epoch) heard.results.clear();
    heard.since ||= performance.now();
    heard.me = you.id;
    // A room that begins anew, as after a restart, begins where its teacher is.
    hasMoved ||= heard.isTeacher && kept.resume.epoch !== epoch;
    heard.isTeacher = false;
    kept.resume = { token, epoch, seq };
    keep();
    attempts = 0;
    const isTold = ['badKey', 'frozen'].includes(told.dataset.what);
    if (!isTold) say('');
    // A class says so right behind this.
    setTimeout(() => stage.dataset.class ?? say('noClass'), 500);
  },
  class({ stage: where, teacher = false, vote, answer }) {
    stage.dataset.class = teacher ? 'teacher' : 'follower';
    heard.isTeacher = teacher;
    heard.answer = answer;
    if (vote) HEAR.vote(vote);
    turned = [];
    if (teacher && hasMoved) send({ type: 'stage', ...at });
    else at = where;
    hasMoved = false;
    draw();
  },
  stage({ slide, step }) {
    const [own] = turned;
    if (own && own.slide === slide && own.step === step) {
      turned.shift();
      return;
    }
    turned = [];
    at = { slide, step };
    draw();
  },
  vote(vote) {
    heard.vote = vote;
    heard.results.set(vote.question, vote);
    kept.results = [...heard.results];
    keep();
  },
  presence({ joined, left, changed = [], member_count: all, away_count: away = 0 }) {
    for (const { id, away } of changed) {
      if (heard.members.get(id)?.away && !away) heard.returned.set(id, 1 + (heard.returned.get(id) ?? 0));
    }
    for (const member of [...joined, ...changed]) heard.members.set(member.id, member);
    for (const id of left) {
      heard.members.delete(id);
      heard.roundTrips.delete(id);
    }
    heard.handshakes += joined.filter(({ id }) => id !== heard.me).length;
    heard.count = all - away;
  },
  said({ seq }) {
    heard.said++;
    kept.resume.seq = Math.max(kept.resume.seq, seq);
    keep();
  },
  round_trips({ of }) {
    for (const { id, us } of of) heard.roundTrips.set(id, us);
  },
  pong() {
    heard.rtts = [...heard.rtts.slice(-9), performance.now() - pinged];
  },
  xray({ token }) {
    button.dataset.recordings = `${button.dataset.recordings ?? ''} ${token}`;
    draw();
  },
  error({ code, suggestion }) {
    if (code === 'name_taken') kept.name = suggestion;
    if (code === 'bad_key') {
      delete kept.key;
      kept.name = undefined;
      say('badKey');
    }
    keep();
    if (code === 'room_full') say('full');
    if (code === 'name_taken' || code === 'bad_key') join();
    // The page that was dropped is the one to stand at.
    if (code === 'too_fast') setTimeout(send, 1_000, { type: 'stage', ...at });
  },
};

// The page's own question, as the room's page asks it: is somebody there, and how far?
let pinged = 0;
setInterval(() => {
  pinged = performance.now();
  send({ type: 'ping', n: 1 });
}, 5_000);

function open() {
  const scheme = location.protocol.replace('http', 'ws');
  const path = `/ws/${encodeURIComponent(room)}/${encodeURIComponent(kept.client)}?xray=1`;
  socket = new WebSocket(`${scheme}//${location.host}${path}`, 'otagh.v1');
  socket.addEventListener('open', join);
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data);
    count('in', message.type, data);
    HEAR[message.type]?.(message);
    if (!isFrozen) drawPeople();
    live.then(({ hear }) => isFrozen || hear(message));
  });
  socket.addEventListener('close', ({ code }) => {
    if (code >= 4500) return say('ended');
    say('lost');
    // At first often: of a room that begins anew, the first who joins may bring its key.
    const wait = attempts < 20 ? 250 : Math.min(15_000, 500 * 2 ** (attempts - 20)) * Math.random();
    attempts++;
    setTimeout(open, wait);
  });
}
draw();
open();
