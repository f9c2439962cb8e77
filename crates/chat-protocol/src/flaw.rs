//! What is wrong with one name or one id: the part of its rule that this one breaks. The wire tells it in
//! English, to whoever writes a client; a page tells people in their own language. It never holds more of
//! the value than one character, because names and rooms do not belong into logs.

use std::fmt;

use crate::{ErrorCode, Invalid, chars::MARKS_MAX};

/// See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// Nothing is there, or nothing that could be seen.
    Empty,
    /// It is too long.
    TooLong {
        /// Its length, in Unicode scalar values.
        length: usize,
        /// The most that it may have.
        max: usize,
    },
    /// It has this character, which has no place in it.
    Char(char),
    /// It begins with this character, which may only follow.
    Start(char),
    /// One letter carries more than `MARKS_MAX` marks.
    Marks,
    /// It is a link, and leads to another site. Only what is [typed](crate::typed) can be one.
    Elsewhere,
    /// It is a link, and names no room. Likewise.
    NoRoom,
}

impl Flaw {
    /// What the wire says of it: which rule (`code`), of `what`, and the `rule` in words.
    pub(crate) fn told(self, code: ErrorCode, what: &str, rule: &str) -> Invalid {
        Invalid::new(code, format!("{what}: {self}; must be {rule}"))
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => f.write_str("empty, or nothing to see"),
            Self::TooLong { length, .. } => write!(f, "{length} characters"),
            Self::Char(c) => write!(f, "has U+{:04X}", c as u32),
            Self::Start(c) => write!(f, "begins with U+{:04X}", c as u32),
            Self::Marks => write!(f, "more than {MARKS_MAX} marks on one letter"),
            Self::Elsewhere => f.write_str("a link to another site"),
            Self::NoRoom => f.write_str("a link that names no room"),
        }
    }
}
