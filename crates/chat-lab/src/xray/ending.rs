//! How a connection was closed, as far as it passed the wire: the close frames, then TCP's own end. Who closed
//! first, with what, and what follows from that. What was not seen is said to follow from the RFC.

use chat_ui::{
    dom::{Drawn, draw},
    live::key,
};
use chat_wire::Direction;

use super::{
    recording::{Recording, Says, Shown},
    recordings::Recordings,
};
use crate::xray::{
    pieces::{p, real_tag, titled},
    words::handshake as words,
};

/// How it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ending {
    /// The close frames in their order: whose, and with what code.
    closes: Vec<(Direction, Option<u16>)>,
    /// Who was done with TCP first, and so keeps its place in `TIME_WAIT`; none where nobody saw it.
    finished: Option<Direction>,
}

impl Ending {
    /// Of a recording that is over.
    fn of(recording: &Recording) -> Option<Self> {
        let ended = recording.ended.as_ref()?;
        let close = |shown: &Shown| match &shown.says {
            Says::Close(said) => Some((shown.direction, said.as_ref().map(|(code, _)| *code))),
            _ => None,
        };
        let closes: Vec<_> = recording.frames.iter().filter_map(close).collect();
        // Behind its close frame the server's FIN goes at once (RFC 6455 §7.1.1).
        let is_servers = ended.by_server || closes.iter().any(|(way, _)| *way == Direction::Out);
        let finished = match (is_servers, closes.is_empty()) {
            (true, _) => Some(Direction::Out),
            (false, false) => Some(Direction::In),
            (false, true) => None,
        };
        Some(Self { closes, finished })
    }
}

/// The closing handshake, or how it would go.
pub(super) fn end(recordings: Recordings) -> Drawn {
    let is_over = move || key(&[recordings.with(|one| one.ended.is_some()).unwrap_or_default().into()]);
    draw("section").class("ending").live(is_over, move || {
        let ending = recordings.peek(Ending::of).flatten();
        let told = match ending.as_ref().map(|ending| ending.closes.first()) {
            None => words::STILL_OPEN.to_owned(),
            Some(None) => words::NO_CLOSE.to_owned(),
            Some(Some((who, code))) => words::closed_first(*who == Direction::In, *code),
        };
        let title = titled(words::END, "RFC 6455 §7", words::CODES);
        [title, p(&told)].into_iter().chain(ending.and_then(steps)).collect()
    })
}

/// What went to and fro, and that what follows was not seen.
fn steps(Ending { closes, finished }: Ending) -> Option<Drawn> {
    let finished = finished?;
    let step = |name: &str, who: Direction, is_seen: bool| {
        let told = if is_seen { words::SEEN } else { words::NOT_SEEN };
        draw("li")
            .child(draw("code").text(name))
            .text(" ")
            .child(draw("span").text(words::by(who == Direction::In)))
            .text(" ")
            .child(real_tag(told, is_seen))
    };
    let other = if finished == Direction::In { Direction::Out } else { Direction::In };
    let close = |(who, code): (Direction, Option<u16>)| {
        step(&code.map_or("close".to_owned(), |code| format!("close {code}")), who, true)
    };
    let rest = [("FIN", finished), ("FIN", other), ("TIME_WAIT", finished)];
    let rest = rest.map(|(name, who)| step(name, who, false));
    Some(draw("ol").children(closes.into_iter().map(close)).children(rest))
}

#[cfg(test)]
mod tests {
    use chat_wire::{
        Chunk, Ended, Event,
        frame::{Header, Opcode},
    };

    use super::*;

    fn ending(frames: &[(Direction, u16)], by_server: bool) -> Option<Ending> {
        let mut recording = Recording::new("t".into());
        let mut offsets = [0, 0];
        let mut pass = |direction: Direction, data: Vec<u8>| {
            let offset = &mut offsets[usize::from(direction == Direction::Out)];
            let chunk = Chunk { at_us: 1, direction, offset: *offset, data, hidden: vec![] };
            *offset += chunk.data.len() as u64;
            recording.take(Event::Bytes(chunk));
        };
        pass(Direction::In, b"GET / HTTP/1.1\r\n\r\n".to_vec());
        pass(Direction::Out, b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec());
        for (direction, code) in frames {
            let header = Header::new(Opcode::CLOSE, None, 2).write();
            pass(*direction, [&header[..], &code.to_be_bytes()].concat());
        }
        recording.take(Event::Ended(Ended { at_us: 2, code: None, by_server }));
        Ending::of(&recording)
    }

    #[test]
    fn server_finishes_first_behind_its_close() {
        let (theirs, ours) = ((Direction::In, 1000), (Direction::Out, 1000));
        let finished = |frames: &[_], by_server| ending(frames, by_server).and_then(|ending| ending.finished);
        assert_eq!(finished(&[theirs, ours], false), Some(Direction::Out));
        assert_eq!(finished(&[ours], true), Some(Direction::Out));
        assert_eq!(finished(&[theirs], false), Some(Direction::In));
        assert_eq!(finished(&[], false), None, "who cut it is not in the recording");
    }
}
