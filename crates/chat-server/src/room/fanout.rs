//! Broadcast. A message for everybody is encoded once and framed once, into one buffer that the
//! whole room shares; each member only remembers from which byte on the buffer concerns it. At the
//! end of a batch the buffer is frozen and every outbox gets its slice, which is the same memory
//! for all. A frame for one member is kept aside with the place in the buffer where it belongs, so
//! that each connection sees the room's one order. This module does not know what the messages
//! mean, nor what an outbox does when its reader is slow.

use std::{collections::HashMap, sync::Arc};

use bytes::{Bytes, BytesMut};
use chat_protocol::{CloseCode, Said, ServerMsg};

use super::ConnKey;
use crate::{connection::outbox::Outbox, frame};

/// Once this many bytes are waiting they are sent, even in the middle of a batch: it bounds what
/// one slice may add to an outbox. In bytes.
const SLICE_TARGET: usize = 64 * 1024;

/// The connections of a room, and what they are about to get.
#[derive(Debug, Default)]
pub struct Fanout {
    shared: BytesMut,
    asides: Vec<Aside>,
    receivers: Vec<Receiver>,
    places: HashMap<ConnKey, usize>,
    json: Vec<u8>,
}

#[derive(Debug)]
struct Receiver {
    conn: ConnKey,
    outbox: Arc<Outbox>,
    /// The first byte of `shared` that is for this one.
    from: usize,
}

/// Frames for one receiver, which belong before byte `at` of `shared`.
#[derive(Debug)]
struct Aside {
    conn: ConnKey,
    at: usize,
    frames: Bytes,
}

impl Fanout {
    /// Everything broadcast from now on is also for this connection.
    pub fn attach(&mut self, conn: ConnKey, outbox: Arc<Outbox>) {
        self.places.insert(conn, self.receivers.len());
        self.receivers.push(Receiver { conn, outbox, from: self.shared.len() });
    }

    /// Nothing more is for this connection.
    pub fn detach(&mut self, conn: ConnKey) {
        let Some(place) = self.places.remove(&conn) else { return };
        self.receivers.swap_remove(place);
        if let Some(moved) = self.receivers.get(place) {
            self.places.insert(moved.conn, place);
        }
    }

    /// Ends the connection with this code, and detaches it.
    pub fn close(&mut self, conn: ConnKey, code: CloseCode) {
        if let Some(&place) = self.places.get(&conn) {
            self.receivers[place].outbox.close(code);
        }
        self.detach(conn);
    }

    /// To everybody.
    pub fn broadcast(&mut self, message: &ServerMsg) {
        encode(&mut self.json, message);
        frame::put_text(&mut self.shared, &self.json);
        if self.shared.len() >= SLICE_TARGET {
            self.flush();
        }
    }

    /// To one connection, after what was broadcast so far.
    pub fn send(&mut self, conn: ConnKey, message: &ServerMsg) {
        encode(&mut self.json, message);
        let mut frame = BytesMut::new();
        frame::put_text(&mut frame, &self.json);
        self.aside(conn, frame);
    }

    /// To one connection, what it missed, as one piece.
    pub fn replay(&mut self, conn: ConnKey, missed: Vec<Said>) {
        let mut frames = BytesMut::new();
        for said in missed {
            encode(&mut self.json, &ServerMsg::Said(said));
            frame::put_text(&mut frames, &self.json);
        }
        self.aside(conn, frames);
    }

    fn aside(&mut self, conn: ConnKey, frames: BytesMut) {
        self.asides.push(Aside { conn, at: self.shared.len(), frames: frames.freeze() });
    }

    /// Hands everybody what is theirs. Never waits: an outbox takes it, or ends its connection.
    pub fn flush(&mut self) {
        let shared = self.shared.split().freeze();
        for Aside { conn, at, frames } in self.asides.drain(..) {
            let Some(&place) = self.places.get(&conn) else { continue };
            let receiver = &mut self.receivers[place];
            if receiver.from < at {
                receiver.outbox.send(shared.slice(receiver.from..at));
                receiver.from = at;
            }
            receiver.outbox.send(frames);
        }
        if shared.is_empty() {
            return;
        }
        for receiver in &mut self.receivers {
            if receiver.from < shared.len() {
                receiver.outbox.send(shared.slice(receiver.from..));
            }
            receiver.from = 0;
        }
    }
}

fn encode(json: &mut Vec<u8>, message: &ServerMsg) {
    json.clear();
    serde_json::to_writer(json, message).expect("strings and numbers always serialise");
}
