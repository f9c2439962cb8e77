// What a room's page shows of a class: where the stage stands, what of it is to be seen in one's own connection,
// and the vote. Loaded by boot.js with the first message of a class, and handed each of them with the socket it came
// by; the room's program knows nothing of it. Its words are the server's (crates/chat-lab/src/slides/strip.rs).
const number = new Intl.NumberFormat('fa');
document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/pkg/class-strip.css' }));

const strip = fetch('/slides/strip').then(async (answer) => {
  const drawn = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('class-strip');
  // The room is drawn by its program, which may still be on its way.
  let room;
  while (!(room = document.querySelector('[data-alive] .talk'))) await new Promise((done) => setTimeout(done, 50));
  room.prepend(drawn);
  return drawn;
});

/** The slide that shows how far everybody is. While it stands on the stage, one says how far one is oneself. */
const DISTANCES = 7;
const MEASURING_MS = 2_000;
/** No number that the page's own pings have. */
let ping = 4_000_000_000;
let measuring;
function measure() {
  const [socket, n, asked] = [by, ++ping, performance.now()];
  function answered({ data }) {
    if (data !== `{"type":"pong","n":${n}}`) return;
    socket.removeEventListener('message', answered);
    socket.send(JSON.stringify({ type: 'round_trip', us: Math.round((performance.now() - asked) * 1_000) }));
  }
  socket.addEventListener('message', answered);
  setTimeout(() => socket.removeEventListener('message', answered), 2 * MEASURING_MS);
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'ping', n }));
}

/** The socket that votes go by, the vote, and one's own answer. */
let by;
let vote;
let answer;
/** What is asked: the answer to another question is no answer. */
let asked;

const HEAR = {
  class(message, drawn) {
    HEAR.stage(message.stage, drawn);
    asked = message.vote?.question;
    answer = message.answer;
    drawVote(message.vote?.open ? message.vote : undefined, drawn);
  },
  stage({ slide }, drawn) {
    if (slide !== DISTANCES) measuring = clearInterval(measuring);
    else if (!measuring) {
      measure();
      measuring = setInterval(measure, MEASURING_MS);
    }
    const title = drawn.querySelectorAll('.titles li')[slide - 1];
    drawn.querySelector('strong').textContent = title.textContent;
    const mine = drawn.querySelector('.mine');
    mine.hidden = !title.dataset.mine;
    mine.dataset.glass = title.dataset.mine ?? '';
    // What the class said stays to be seen until another slide.
    if (vote && !vote.open && drawn.dataset.slide !== String(slide)) drawVote(undefined, drawn);
    drawn.dataset.slide = slide;
  },
  vote(message, drawn) {
    if (message.question !== asked || (message.open && !vote?.open)) answer = undefined;
    asked = message.question;
    drawVote(message, drawn);
  },
};

function drawVote(message, drawn) {
  const isSame = message && vote && vote.question === message.question && vote.answers.join() === message.answers.join();
  vote = message;
  const ask = drawn.querySelector('.ask');
  ask.hidden = !vote;
  if (!vote) return;
  ask.toggleAttribute('data-open', vote.open);
  ask.querySelector('.question').textContent = vote.question;
  const places = ask.querySelector('.answers');
  if (!isSame || !places.childElementCount) places.replaceChildren(...vote.answers.map(choice));
  const most = Math.max(1, ...vote.counts);
  [...places.children].forEach((button, place) => {
    button.disabled = !vote.open;
    button.setAttribute('aria-pressed', String(answer === place));
    button.querySelector('b').textContent = number.format(vote.counts[place]);
    button.style.setProperty('--share', vote.counts[place] / most);
  });
  const { open, over } = ask.querySelector('.told').dataset;
  ask.querySelector('.told').textContent = vote.open ? open : over;
}

function choice(text, place) {
  const button = document.createElement('button');
  button.type = 'button';
  button.append(Object.assign(document.createElement('span'), { textContent: text }), document.createElement('b'));
  button.addEventListener('click', async () => {
    by.send(JSON.stringify({ type: 'vote', answer: place }));
    answer = place;
    drawVote(vote, await strip);
  });
  return button;
}

// In the order in which they came.
let before = strip;
export function hear(message, socket) {
  by = socket;
  before = before.then((drawn) => {
    HEAR[message.type](message, drawn);
    return drawn;
  });
  before.catch((error) => console.error(error));
}
