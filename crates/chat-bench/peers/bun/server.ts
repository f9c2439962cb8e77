// The room server on Bun: `publish` is uWebSockets' own fan-out. It understands and answers the same
// messages as Otagh, and has what a room cannot do without: order numbers. No presence, history,
// limits, resumes or deadlines.

type Member = { room: string; id: string };

const rooms = new Map<string, number>();

const server = Bun.serve<Member>({
  hostname: '127.0.0.1',
  port: Number(Bun.argv[2]),
  fetch(request, server) {
    const [, ws, room, id] = new URL(request.url).pathname.split('/');
    if (ws === 'ws' && room && id && server.upgrade(request, { data: { room, id } })) return;
    return new Response('not found', { status: 404 });
  },
  websocket: {
    perMessageDeflate: false,
    sendPings: false,
    idleTimeout: 0,
    message(socket, json) {
      const { room, id } = socket.data;
      const message = JSON.parse(json as string);
      if (message.type === 'join') {
        socket.subscribe(room);
        socket.send(JSON.stringify({ type: 'welcome', you: { id, name: id } }));
      } else if (message.type === 'say') {
        const seq = (rooms.get(room) ?? 0) + 1;
        rooms.set(room, seq);
        const said = { type: 'said', seq, id: message.id, from: id, name: id, text: message.text, at: Date.now() };
        server.publish(room, JSON.stringify(said));
      }
    },
  },
});
