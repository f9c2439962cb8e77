// What every page does that can wait until it is there. It listens to the document, so that it does not
// matter who draws what it is about, nor when.

// The theme. The device decides until the reader does; kept for a year, so that the server draws the next
// page in it. From the device's own one comes first to the other, where something is to be seen, and by
// way of the same in so many words back to it.
const THEMES = ['', 'light', 'dark'];
const { dataset: look } = document.documentElement;
document.addEventListener('click', ({ target }) => {
  if (!(target instanceof Element) || !target.closest('.theme')) return;
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const turn = isDark ? ['', 'light', 'dark'] : ['', 'dark', 'light'];
  const next = turn[(turn.indexOf(look.theme ?? '') + 1) % 3];
  if (next) look.theme = next;
  else delete look.theme;
  document.cookie = `theme=${next}; path=/; max-age=${next ? 31536000 : 0}; samesite=lax`;
  sayTheme();
});

// The button says which it is now.
function sayTheme() {
  for (const button of document.querySelectorAll('.theme')) {
    button.title = button.dataset.themes.split('|')[THEMES.indexOf(look.theme ?? '')];
    button.setAttribute('aria-label', button.title);
  }
}
sayTheme();

// What is copied out of the conversation: the words to the letter, each line a line. Of several messages with
// the name above them, and nothing of what else stands there: no time, no state, no «شما». The browser's own
// copy has all of that, has an empty line or none between two lines as it sees fit, and the letters of an
// address that is shown in others. It reads what view/message.rs notes on each text, in the log and nowhere
// else.
const TEXT = '.text[data-name]';

document.addEventListener('copy', (event) => {
  // A field copies what is selected in it, whatever is selected besides.
  if (event.target instanceof Element && event.target.closest('input, textarea')) return;
  const copied = selected();
  if (!copied) return;
  event.clipboardData.setData('text/plain', copied);
  event.preventDefault();
});

// What is selected of the conversation; nothing when nothing of it is.
function selected() {
  const selection = getSelection();
  if (!selection.rangeCount) return '';
  const range = selection.getRangeAt(0);
  const ancestor = range.commonAncestorContainer;
  const around = ancestor instanceof Element ? ancestor : ancestor.parentElement;
  const part = range.cloneContents();
  // As many as there are copies of them, in the same order.
  const texts = [...(around?.querySelectorAll(TEXT) ?? [])].filter((text) => range.intersectsNode(text));
  const messages = [...part.querySelectorAll(TEXT)]
    .map((copy, at) => [copy.dataset.name, asTyped(texts[at], copy.textContent)])
    // Of the message below a selection nothing is in it but its beginning.
    .filter(([, said]) => said);
  const within = around?.closest(TEXT);
  if (!messages.length) return within ? asTyped(within, part.textContent) : '';
  return transcript(messages);
}

// What was typed, where all that is shown of it is copied.
function asTyped(text, copied) {
  const { said } = text?.dataset ?? {};
  return said !== undefined && text.textContent === copied ? said : copied.replace(/^\n+|\n+$/g, '');
}

// Names and what they said as one text. A name stands on a line of its own: its direction would be the
// line's where this is put, and the first line be longer than it was.
function transcript(messages) {
  let author;
  const lines = messages.flatMap(([name, said], at) => {
    if (messages.length === 1 || name === author) return [said];
    author = name;
    return at ? ['', `${name}:`, said] : [`${name}:`, said];
  });
  return lines.join('\n');
}

// What is dropped on the page, or pasted. Left alone, a browser shows a dropped file, or goes to a dropped
// link, in the place of the page. Here only text can be dropped, and only where one writes. What is only
// dragged over it is refused, too: what is not is never dropped on the page.
for (const kind of ['dragover', 'drop']) {
  document.addEventListener(kind, (event) => {
    const { target, dataTransfer } = event;
    const isFile = has(dataTransfer, 'Files');
    if (isFile || !(target instanceof Element) || !target.matches(':read-write')) event.preventDefault();
    if (isFile && kind === 'drop') sayNoFiles(true);
  });
}

// A picture, a file: nothing of it can be written here.
document.addEventListener('paste', ({ target, clipboardData: data }) => {
  if (target.id === 'composer' && has(data, 'Files') && !has(data, 'text/plain')) sayNoFiles(true);
});

// Until something else is done with what is written.
for (const kind of ['input', 'keydown', 'submit']) document.addEventListener(kind, () => sayNoFiles(false));

function has(data, kind) {
  return data?.types.includes(kind) ?? false;
}

function sayNoFiles(isSaid) {
  const place = document.getElementById('no-files');
  // Behind what else may be said there.
  if (place) place.textContent = isSaid ? ` ${place.dataset.words}` : '';
}

// Leaving the page while it holds what would be lost with the tab. The browser asks in its own words, a
// reload too, which it cannot tell from an end; and only a person who has touched the page: asking in vain
// is an error in its console. Nothing listens while nothing is unsent: some browsers keep no page for the
// way back that listens.
function ask(leaving) {
  if (navigator.userActivation?.hasBeenActive === false) return;
  leaving.preventDefault();
  // Chrome before 119 asks for this instead.
  leaving.returnValue = 'asks';
}
function askIfUnsent() {
  window.onbeforeunload = document.querySelector('[data-unsent]') ? ask : null;
}
askIfUnsent();
new MutationObserver(askIfUnsent).observe(document, { subtree: true, attributeFilter: ['data-unsent'] });

// The part of the page that is really visible: `--visible-height`. A phone's keyboard covers the rest, and
// not every browser shrinks the page for it.
const viewport = window.visualViewport;
function follow() {
  // Zoomed in, the visible part is a detail of the page, not the page.
  if (Math.abs(viewport.scale - 1) > 0.01) return;
  document.documentElement.style.setProperty('--visible-height', `${Math.trunc(viewport.height)}px`);
}
if (viewport) {
  follow();
  viewport.addEventListener('resize', follow);
}

// And what only a room does.
if (document.getElementById('page').dataset.page === 'room') await import('/room.js');
