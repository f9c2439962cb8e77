// What every page does that can wait until it is there. It listens to the document, so that it does not
// matter who draws what it is about, nor when.

// The theme. The device decides until the reader does; kept for a year, so that the server draws the next
// page in it.
document.addEventListener('click', ({ target }) => {
  if (!(target instanceof Element) || !target.closest('.theme')) return;
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
});
