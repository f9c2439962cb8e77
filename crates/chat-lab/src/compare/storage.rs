//! What a tab remembers of its ways into a room, so that a page that is loaded anew is the same five
//! members: the mark in their names, and of each way its last message, what its account said and, where no
//! cookie has it, the ticket that proves who it was. A line of text for each, because a form that is read
//! by one who wrote it needs no more.

use chat_protocol::RoomId;
use chat_ui::browser::{random, storage::Keep};
use chat_wire::Costs;

use super::stats::Way;

/// The marks: four digits, so that two pages hardly ever draw the same.
const MARKS: std::ops::RangeInclusive<u32> = 1_000..=9_999;

/// One way, as it was.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Member {
    /// With what it proves who it was: token and epoch, with a point between them.
    pub(super) ticket: Option<String>,
    /// The last message that came.
    pub(super) seq: Option<u64>,
    /// What its account said.
    pub(super) account: Costs,
}

impl Member {
    pub(super) fn write(&self) -> String {
        let Costs { requests, headers_in, payload_in, headers_out, payload_out } = self.account;
        let costs = [requests, headers_in, payload_in, headers_out, payload_out].map(|n| n.to_string());
        let seq = self.seq.map(|seq| seq.to_string());
        [costs.join(" "), seq.unwrap_or_else(|| "-".to_owned()), self.ticket.clone().unwrap_or_default()]
            .join(" ")
    }

    /// From that line; nobody, of any other.
    pub(super) fn read(line: &str) -> Self {
        let mut words = line.split(' ');
        let mut number = || words.next().and_then(|word| word.parse().ok());
        let costs: [Option<u64>; 5] = std::array::from_fn(|_| number());
        let seq = number();
        let [Some(requests), Some(headers_in), Some(payload_in), Some(headers_out), Some(payload_out)] =
            costs
        else {
            return Self::default();
        };
        let account = Costs { requests, headers_in, payload_in, headers_out, payload_out };
        Self { ticket: words.next().filter(|ticket| !ticket.is_empty()).map(str::to_owned), seq, account }
    }

    /// What this tab keeps of this way into this room.
    pub(super) fn load(room: &RoomId, way: Way) -> Self {
        Keep::Session.get(&key(room, way.token())).map(|line| Self::read(&line)).unwrap_or_default()
    }

    pub(super) fn save(&self, room: &RoomId, way: Way) {
        Keep::Session.set(&key(room, way.token()), &self.write());
    }
}

/// What tells the ways of this tab into this room from those of another: drawn once.
pub(super) fn mark(room: &RoomId) -> u32 {
    let key = key(room, "mark");
    let kept = Keep::Session.get(&key).and_then(|mark| mark.parse().ok());
    kept.filter(|mark| MARKS.contains(mark)).unwrap_or_else(|| {
        let count = f64::from(MARKS.end() - MARKS.start() + 1);
        let mark = MARKS.start() + (random::unit() * count) as u32;
        Keep::Session.set(&key, &mark.to_string());
        mark
    })
}

fn key(room: &RoomId, what: &str) -> String {
    ["otagh:ways:", what, ":", room.as_str()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_way_round_trips_else_is_default() {
        let account = Costs { requests: 3, headers_in: 900, payload_out: 7, ..Costs::default() };
        for member in [
            Member { ticket: Some("abc.e1".into()), seq: Some(41), account },
            Member { ticket: None, seq: Some(0), account },
            Member { ticket: Some("abc.e1".into()), seq: None, account: Costs::default() },
            Member::default(),
        ] {
            assert_eq!(Member::read(&member.write()), member);
        }
        for other in ["", "x", "1 2 3", "{\"seq\":1}"] {
            assert_eq!(Member::read(other), Member::default(), "{other}");
        }
    }
}
