//! What an engine says, read: the messages that are published of a room, and entries in the answers of
//! scripts. Pure. What cannot be read was written by another program, and is an error, never a panic.

use chat_protocol::Epoch;

use crate::{Entry, Heard, ParseEntryError, Tag};

/// How many parts an entry has in an answer: place, predecessor, tag, time, batch.
const PARTS: usize = 5;

/// A message of a room: `life n prev tag at`, a line feed and the batch; or `end life`.
pub(super) fn parse_heard(message: &str) -> Result<Heard, ParseEntryError> {
    let Some((head, batch)) = message.split_once('\n') else {
        let life = message.strip_prefix("end ").ok_or_else(|| error(message))?;
        return Ok(Heard::Ended(parse_life(life)?));
    };
    let parts: Vec<_> = head.split(' ').collect();
    let [life, n, prev, tag, at] = parts[..] else { return Err(error(message)) };
    Ok(Heard::Entry(parse_entry(&parse_life(life)?, [n, prev, tag, at, batch])?))
}

/// Entries of this life, from an answer that goes on with them.
pub(super) fn parse_entries(life: &Epoch, parts: &[String]) -> Result<Vec<Entry>, ParseEntryError> {
    let (entries, []) = parts.as_chunks::<PARTS>() else {
        return Err(error("parts of an entry are missing"));
    };
    entries.iter().map(|parts| parse_entry(life, parts.each_ref().map(String::as_str))).collect()
}

/// The name of a life.
pub(super) fn parse_life(life: &str) -> Result<Epoch, ParseEntryError> {
    Epoch::parse(life).map_err(|_| error(life))
}

/// A number.
pub(super) fn parse_number(number: &str) -> Result<u64, ParseEntryError> {
    number.parse().map_err(|_| error(number))
}

fn parse_entry(life: &Epoch, [n, prev, tag, at, batch]: [&str; PARTS]) -> Result<Entry, ParseEntryError> {
    Ok(Entry {
        life: life.clone(),
        n: parse_number(n)?,
        prev: if prev == "-" { None } else { Some(prev.parse()?) },
        tag: tag.parse::<Tag>()?,
        at: parse_number(at)?,
        batch: batch.into(),
    })
}

fn error(what: &str) -> ParseEntryError {
    ParseEntryError(what.chars().take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_entries_or_ends() {
        let life = Epoch::parse("end").unwrap();
        let entry = Entry {
            life: life.clone(),
            n: 2,
            prev: Some(Tag { node: 7, batch: 1 }),
            tag: Tag { node: 8, batch: 3 },
            at: 12,
            batch: "[\n]".into(),
        };
        assert_eq!(parse_heard("end 2 7-1 8-3 12\n[\n]"), Ok(Heard::Entry(entry)));
        assert!(matches!(parse_heard("a 1 - 8-3 12\n"), Ok(Heard::Entry(entry)) if entry.prev.is_none()));
        assert_eq!(parse_heard("end end"), Ok(Heard::Ended(life)));
    }

    #[test]
    fn foreign_messages_are_errors() {
        for foreign in
            ["", "hello", "end ", "a 1 - 8-3\n[]", "a x - 8-3 12\n", "a 1 8 8-3 12\n", "\n", "a 1 - 8 1\n"]
        {
            assert!(parse_heard(foreign).is_err(), "{foreign:?}");
        }
        let life = Epoch::parse("a").unwrap();
        assert!(parse_entries(&life, &["1".into()]).is_err());
    }
}
