// The first moments of a page. Brings its program, lets it draw the page in a root of its own, and puts
// that in the place of what the server drew, with whatever was typed there meanwhile. Where the program
// does not come, or breaks, then or later, the page says so (`#failed`, drawn by document.rs). In plain
// JavaScript, because it must outlive the program, and as old as modules are, because browsers that
// cannot run the program should still be told.
(async () => {
  const SLOW_AFTER_MS = 15_000;
  const root = document.getElementById('page');
  const failed = document.getElementById('failed');
  const tell = (what) => {
    if (failed.dataset.what === 'broken') return;
    failed.dataset.what = what;
    failed.hidden = !what;
  };
  const broke = (error) => {
    clearTimeout(slow);
    console.error(error);
    tell('broken');
  };
  const slow = setTimeout(tell, SLOW_AFTER_MS, 'slow');
  // A program that has panicked is dead, whatever the page still shows.
  const watch = (error) => error instanceof WebAssembly.RuntimeError && broke(error);
  addEventListener('error', (event) => watch(event.error));
  addEventListener('unhandledrejection', (event) => watch(event.reason));
  // To replace a field in the middle of a word would take the word from the input method.
  let word;
  addEventListener('compositionstart', () => {
    word = new Promise((end) => addEventListener('compositionend', end, { once: true }));
  });

  // What is said of a class is for a script of its own, which comes with the first of it; the program, which
  // is everybody's, skips it.
  const CLASS = /^{"type":"(class|stage|vote)"/;
  const withClass = (socket) => {
    socket.addEventListener('message', ({ data }) => {
      if (CLASS.test(data)) import('/class-strip.js').then(({ hear }) => hear(JSON.parse(data), socket));
    });
    return socket;
  };
  window.otaghSocket = (url) => withClass(new WebSocket(url, 'otagh.v1'));

  // The way of those whose network lets no WebSocket through: what looks like one, and becomes one when
  // the few lines that do it have come. They have as long as the server has to say that it is there.
  const ANSWERED_WITHIN_MS = 8_000;
  let missed = 0;
  window.otaghHttpSocket = (url) => {
    const socket = new EventTarget();
    socket.readyState = 0;
    socket.close = () => (socket.readyState = 3);
    const lost = () => {
      if (socket.readyState) return;
      socket.close();
      socket.dispatchEvent(new Event('error'));
      // A module that did not come is not asked for again by the same address.
      missed++;
    };
    setTimeout(lost, ANSWERED_WITHIN_MS);
    import(`/http-socket.js?${missed}`).then((way) => way.open(socket, url)).catch(lost);
    return withClass(socket);
  };

  try {
    const module = root.dataset.program;
    const program = await import(module);
    // The other program (lab.js) fills the places it finds by itself.
    if (program.mount) {
      await program.default({ module_or_path: module.replace('.js', '.wasm') });
      await word;
      const fresh = root.cloneNode(false);
      program.mount(fresh);
      const typed = [...root.querySelectorAll('input, textarea')].filter((field) => field.id);
      const focused = document.activeElement;
      fresh.dataset.alive = '';
      root.replaceWith(fresh);
      for (const old of typed) {
        const field = fresh.querySelector('#' + old.id);
        if (!field) continue;
        if (old.value !== old.defaultValue) field.value = old.value;
        if (old === focused) {
          field.focus();
          field.setSelectionRange(old.selectionStart, old.selectionEnd);
        }
      }
    }
    clearTimeout(slow);
    tell('');
    await import('/later.js');
  } catch (error) {
    broke(error);
  }
})();
