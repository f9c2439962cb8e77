// What is copied out of the conversation: the words to the letter, each line a line. Of several messages
// with each author's name above their words, and nothing of what else stands there: no time, no state, no
// «شما». The browser's own copy has all of that, has an empty line or none between two lines as it sees
// fit, and the letters of an address that are shown and not those that were typed. It reads what
// view/message.rs notes on each text: who said it, and what was typed where something else is shown.

/** What of `range` is within a text, as it was typed where all of the text is. */
function within(text, range) {
  const part = document.createRange();
  part.selectNodeContents(text);
  if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
  const copied = String(part);
  // Of the message below a selection nothing is in it but its beginning, or an end of line.
  return (copied === text.textContent && text.dataset.said) || copied.replace(/^\n+|\n+$/g, '');
}

document.addEventListener('copy', (event) => {
  const selection = getSelection();
  // A field copies what is selected in it, whatever is selected besides.
  if (!selection.rangeCount || event.target.closest?.('input, textarea')) return;
  const range = selection.getRangeAt(0);
  const messages = [...document.querySelectorAll('.text[data-name]')]
    .filter((text) => range.intersectsNode(text))
    .map((text) => [text.dataset.name, within(text, range)])
    .filter(([, said]) => said);
  if (!messages.length) return;
  // A name stands on a line of its own: its direction would be the line's where this is put.
  const lines = messages.map(([name, said], at) =>
    messages.length === 1 || name === messages[at - 1]?.[0] ? said : `${at ? '\n' : ''}${name}:\n${said}`,
  );
  event.clipboardData.setData('text/plain', lines.join('\n'));
  event.preventDefault();
});
