// The keys of the slides, the clicker's, and the finger's; the page is all there without it. The page is read
// from right to left: the next slide is to the left.
const deck = document.querySelector('.slides');
const slides = [...deck.querySelectorAll('.slide')];
const progress = deck.querySelector('.progress');
let current = 0;

// Which one is looked at, when nobody said so: the one that fills the middle of the window.
const middle = new IntersectionObserver(
  (seen) => seen.filter(({ isIntersecting }) => isIntersecting).forEach(({ target }) => stand(slides.indexOf(target))),
  { rootMargin: '-50% 0px' },
);
for (const slide of slides) middle.observe(slide);
progress.hidden = false;
// Above the first one is the list of all.
if (!location.hash) go(0);

function stand(at) {
  if ('overview' in deck.dataset) return;
  current = at;
  slides.forEach((slide, one) => slide.toggleAttribute('data-current', one === at));
  progress.value = at + 1;
  if (location.hash !== `#${at + 1}`) history.replaceState(null, '', `#${at + 1}`);
}

function go(to) {
  const at = Math.max(0, Math.min(slides.length - 1, to));
  delete deck.dataset.overview;
  slides[at].scrollIntoView({ block: 'start' });
  stand(at);
}

function look(isAll) {
  deck.toggleAttribute('data-overview', isAll);
  slides[current].scrollIntoView({ block: isAll ? 'center' : 'start' });
}

const KEYS = {
  ArrowLeft: () => go(current + 1),
  PageDown: () => go(current + 1),
  ArrowRight: () => go(current - 1),
  PageUp: () => go(current - 1),
  Home: () => go(0),
  End: () => go(slides.length - 1),
  KeyO: () => look(!('overview' in deck.dataset)),
  KeyB: () => deck.toggleAttribute('data-blank'),
  KeyF: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  Escape: () => {
    deck.removeAttribute('data-blank');
    if ('overview' in deck.dataset) look(false);
  },
};

// By the place of the key: a Persian keyboard has other letters there.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isSpace = event.code === 'Space' && !event.target.closest('a, button, summary');
  const act = isSpace ? () => go(current + (event.shiftKey ? -1 : 1)) : KEYS[event.code];
  if (!act) return;
  event.preventDefault();
  act();
});

deck.addEventListener('click', ({ target }) => {
  const slide = target.closest('.slide');
  if (slide && 'overview' in deck.dataset) return go(slides.indexOf(slide));
  const link = target.closest('.contents ol a');
  if (link) link.closest('details').open = false;
});

// A finger that goes across. What goes up or down is scrolling.
const FAR = 60;
let touched;
deck.addEventListener('touchstart', ({ touches }) => (touched = touches[0]), { passive: true });
deck.addEventListener('touchend', ({ changedTouches: [left] }) => {
  const [across, along] = [left.clientX - touched.clientX, left.clientY - touched.clientY];
  if (Math.abs(across) > FAR && Math.abs(across) > 2 * Math.abs(along)) go(current + (across > 0 ? 1 : -1));
});
