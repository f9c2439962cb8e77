// The same conversation without a WebSocket, for networks that let none through. What is said goes by
// `POST`, a message a line, one request at a time, so that nothing overtakes; what is heard is asked for by
// `GET`, which the server answers when there is something. Each line heard has a number, and the next
// request names the last one: an answer that was lost on the way, or asked for twice by a browser or a
// proxy, costs nothing. A request that fails ends the connection as a cut ends a WebSocket, and resuming
// mends the rest. Long polling rather than an event stream: a proxy that holds an answer until it is whole
// holds a stream for ever. To the program (socket/connection.rs) all this looks like a WebSocket, so that
// it knows one kind of socket; it is in plain JavaScript, and loaded by boot.js where this way is taken,
// because few need it and everybody would wait for it.

/** What a request shows to belong to this connection, and nobody else knows. */
const HEADER = 'Otagh-Connection';
/** Most bytes of messages in one request, unless a single one is longer: below the server's bound. */
const BODY_MAX = 16_000;
/** What browsers report when a connection ended without a close frame (RFC 6455 §7.1.5). */
const LOST_WITHOUT_CLOSE = 1006;
/** The one code that is a goodbye: with any other one is soon back, and not to be seen leaving. */
const NORMAL = 1000;

const bytes = (text) => new TextEncoder().encode(text).length;
/** 160 random bits. */
const secret = () => [...crypto.getRandomValues(new Uint8Array(20))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** What is answered; fails when nobody answers, or when what is answered is not said by the server. */
async function ask(url, init) {
  // Nor does one request wait for another because a cache would like to answer both.
  const answer = await fetch(url, { cache: 'no-store', ...init });
  const told = await answer.text();
  if (!answer.ok && !told) throw new Error(`${answer.status}`);
  return told;
}

/** The lines of an answer; the last one has an end as well. */
function linesOf(told) {
  const lines = told.split('\n');
  if (!lines[lines.length - 1]) lines.pop();
  return lines;
}

/**
 * Opens a socket that boot.js has made (an EventTarget in the state CONNECTING), to an address that is for
 * this connection alone: gives it what a WebSocket has, and opens it when the server is reached by HTTP.
 */
export async function open(socket, url) {
  const abort = new AbortController();
  const headers = { [HEADER]: secret() };
  /** Whether the room has let us in, so that there is something to hear. */
  let isIn = false;
  /** How many lines have been heard. */
  let heard = 0;
  const unsent = [];
  let isSaying = false;
  let isAsking = false;

  /** A browser has few connections to a server, and one that hangs would take the place of the next. */
  const end = () => {
    socket.readyState = WebSocket.CLOSED;
    abort.abort();
  };
  const over = (code) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    end();
    socket.dispatchEvent(new CloseEvent('close', { code, wasClean: code !== LOST_WITHOUT_CLOSE }));
  };

  const hear = (line) => {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      // Somebody else answers.
      over(LOST_WITHOUT_CLOSE);
      return;
    }
    if (message?.type === 'closed') {
      // What a close frame says, in a line.
      over(Number.isInteger(message.code) ? message.code : LOST_WITHOUT_CLOSE);
    } else {
      socket.dispatchEvent(new MessageEvent('message', { data: line }));
    }
  };
  const request = async (method, query, body) => {
    const told = await ask(url + query, { method, headers, body, signal: abort.signal });
    return linesOf(told);
  };
  const take = (lines) => {
    for (const line of lines) {
      if (socket.readyState !== WebSocket.OPEN) return;
      hear(line);
    }
  };

  /** As many of the messages as go together. */
  const nextBody = () => {
    let size = 0;
    const fit = unsent.findIndex((message) => (size += bytes(message)) > BODY_MAX);
    return unsent.splice(0, fit < 0 ? unsent.length : Math.max(fit, 1)).join('\n');
  };
  const say = async () => {
    if (isSaying) return;
    isSaying = true;
    while (unsent.length && socket.readyState === WebSocket.OPEN) {
      const lines = await request('POST', '', nextBody());
      // Silence is consent; whatever is to be said about it comes in its place in the room.
      if (!lines.length) {
        isIn = true;
        run(listen);
      }
      take(lines);
    }
    isSaying = false;
  };
  const listen = async () => {
    if (isAsking) return;
    isAsking = true;
    while (isIn && socket.readyState === WebSocket.OPEN) {
      const lines = await request('GET', `?after=${heard}`);
      heard += lines.length;
      take(lines);
    }
  };
  const run = (task) => task().catch(() => over(LOST_WITHOUT_CLOSE));

  socket.send = (message) => {
    unsent.push(message);
    // What is said in one breath goes together.
    queueMicrotask(() => run(say));
  };
  socket.close = (code) => {
    const wasOpen = socket.readyState === WebSocket.OPEN;
    end();
    // Also while the page is being left; nobody waits for the answer.
    if (wasOpen && code === NORMAL) ask(url, { method: 'DELETE', headers, keepalive: true }).catch(() => {});
  };

  // Not just any answer: a network with a page of its own to log in at answers everything.
  const told = await ask('/healthz', { signal: abort.signal });
  if (told !== 'ok\n') throw new Error('somebody else answers');
  if (socket.readyState !== WebSocket.CONNECTING) return;
  socket.readyState = WebSocket.OPEN;
  socket.dispatchEvent(new Event('open'));
}
