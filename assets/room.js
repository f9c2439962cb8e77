// What a room does that can wait until it is there: leads from steps and messages to the glass, remembers
// whether the steps are open and tells when one happens again, shows the room's code as large as the screen,
// and hands its address to a phone's other apps. What it is about is drawn by the program (view/lesson.rs,
// view/message.rs, view/share.rs), and how it looks is in a sheet that waits, too.
const byId = (id) => document.getElementById(id);
function style(name) {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = `/pkg/${name}.css`;
  return link;
}
document.head.append(style('room-late'));
// What the page's own sheets say of a dialog on a small screen, or in forced colours, comes after this.
document.head.prepend(style('dialog'));

// Asks the X-ray to show something (crates/chat-ui/src/lab.rs), and opens it where it is not.
function show(wanted) {
  const glass = byId('xray-button');
  glass.dataset.wanted = wanted;
  document.dispatchEvent(new Event('xray-show'));
  if (glass.getAttribute('aria-expanded') !== 'true') glass.click();
}
document.addEventListener('click', ({ target }) => {
  const step = target instanceof Element && target.closest('[data-glass]');
  if (!step) return;
  // On a phone the people would lie over it.
  if (byId('people').contains(step) && byId('close-people').offsetWidth) byId('close-people').click();
  show(step.dataset.glass);
});

// What it does to the connection is said at its button, which the program draws when it is there.
for (const event of ['pointerover', 'focusin']) {
  document.addEventListener(event, ({ target }) => {
    const glass = target instanceof Element && target.closest('#xray-button');
    if (glass) glass.title = byId('late').dataset.records;
  });
}

// The five steps, each with the way to its code: open until somebody closes them.
const lesson = document.querySelector('.lesson');
const { content: late } = byId('late');
for (const step of lesson.querySelectorAll('li')) step.append(late.querySelector('nav ~ a'));
byId('people').append(late.querySelector('nav'));
const LESSON = 'otagh:lesson';
try {
  lesson.open = localStorage.getItem(LESSON) !== 'closed';
  lesson.addEventListener('toggle', () => {
    if (lesson.open) localStorage.removeItem(LESSON);
    else localStorage.setItem(LESSON, 'closed');
  });
} catch {
  // A browser that keeps nothing for us opens them each time.
}
const still = matchMedia('(prefers-reduced-motion: reduce)');
new MutationObserver((changes) => {
  const steps = new Set(changes.map(({ target }) => target.closest('li[data-done]')));
  for (const step of steps) {
    if (!step || still.matches) continue;
    const ring = ['0 0 0 0 var(--accent)', '0 0 0 0.75rem transparent'];
    step.querySelector('.number').animate({ boxShadow: ring }, { duration: 900, easing: 'ease-out' });
  }
}).observe(lesson, { subtree: true, childList: true, attributeFilter: ['data-done'] });

// The code, for a whole class: as large as the screen, with the address below it in letters that are typed
// off a wall. It stands outside of the room, which closes what is topmost in it at Escape; a dialog does
// that by itself, and gives the focus back.
const share = byId('share');
const poster = document.createElement('dialog');
poster.className = 'poster';
poster.setAttribute('aria-label', byId('code').alt);
function project() {
  const code = byId('code').cloneNode();
  code.removeAttribute('id');
  // What a browser does not need to be told is left out; the room is a name, and not a number of bytes.
  const [host, ...path] = byId('address').value.replace(/^http:\/\//, '').split('/');
  const address = document.createElement('p');
  address.dir = 'ltr';
  address.translate = false;
  const room = document.createElement('bdi');
  room.textContent = decodeURIComponent(path.at(-1));
  address.append(`${host}/${path.slice(0, -1).join('/')}/`, room);
  const close = share.querySelector('.heading button').cloneNode(true);
  close.addEventListener('click', () => poster.close());
  poster.replaceChildren(code, address, close);
  document.body.append(poster);
  poster.showModal();
}
byId('project').title = byId('project').getAttribute('aria-label');
byId('project').addEventListener('click', project);
share.addEventListener('close', () => poster.close());

function invite() {
  if (!share.open) byId('share-button').click();
  const begin = () => (share.open ? project() : requestAnimationFrame(begin));
  begin();
}

// A phone has its own ways to give an address to others.
if (navigator.share && matchMedia('(pointer: coarse)').matches) {
  const send = late.querySelector('#send-link');
  send.addEventListener('click', () => {
    const shared = navigator.share({ title: document.title, url: byId('address').value });
    // Whoever thought better of it has not failed.
    shared.catch((error) => error.name === 'AbortError' || console.warn(error));
  });
  share.querySelector('.caption').before(send);
}

// An address may say what to show on arrival, once one is in: `#xray`, or the code for a class, `#qr`.
const shown = { '#xray': () => show('handshake'), '#qr': invite }[location.hash];
if (shown) {
  const room = byId('room');
  const watch = new MutationObserver(arrive);
  function arrive() {
    if (room.hasAttribute('data-asked')) return;
    watch.disconnect();
    history.replaceState(history.state, '', location.pathname + location.search);
    shown();
  }
  watch.observe(room, { attributeFilter: ['data-asked'] });
  arrive();
}
