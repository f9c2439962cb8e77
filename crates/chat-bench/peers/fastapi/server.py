"""The room server of the lesson: FastAPI, sockets grouped by room, JSON, a loop of sends. It
understands and answers the same messages as Otagh, and has what a room cannot do without: order
numbers. No presence, history, limits, resumes or deadlines."""

import json
import time
from collections import defaultdict

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


class Room:
    def __init__(self) -> None:
        self.seq = 0
        self.sockets: list[WebSocket] = []

    async def broadcast(self, message: dict) -> None:
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        for socket in list(self.sockets):
            await socket.send_text(text)


rooms: defaultdict[str, Room] = defaultdict(Room)


@app.websocket("/ws/{room_id}/{client_id}")
async def chat(socket: WebSocket, room_id: str, client_id: str) -> None:
    await socket.accept()
    room = rooms[room_id]
    try:
        while True:
            message = await socket.receive_json()
            if message["type"] == "join":
                room.sockets.append(socket)
                await socket.send_text('{"type":"welcome"}')
            elif message["type"] == "say":
                room.seq += 1
                await room.broadcast(
                    {
                        "type": "said",
                        "seq": room.seq,
                        "id": message["id"],
                        "from": client_id,
                        "name": client_id,
                        "text": message["text"],
                        "at": int(time.time() * 1000),
                    }
                )
    except WebSocketDisconnect:
        if socket in room.sockets:
            room.sockets.remove(socket)
