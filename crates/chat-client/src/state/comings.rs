//! Who came, who went and who took another name, gathered into one row of the conversation for as
//! long as nothing else happens. A row tells the difference between its beginning and now, and not
//! how it came about: two changes that undo each other leave nothing. It knows a bounded number of
//! changes and counts the rest, so that the thousandth costs what the first did.

use chat_protocol::{
    ClientId, Invalid, Name,
    json::{Json, Read, optional, required},
};
use serde::Serialize;

/// Most changes that a row knows. Of what comes after that only the number is kept: if one of those
/// people goes again, the row says both, which is longer and still true.
pub(crate) const KNOWN_MAX: usize = 100;

/// What became of one member: came when there was no name `before`, left when there is none `now`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Coming {
    pub id: ClientId,
    /// The name they had here.
    pub before: Option<Name>,
    /// The name they have here.
    pub now: Option<Name>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Comings {
    /// What became of whom, at most [`KNOWN_MAX`], in the order in which it began. Somebody who came
    /// and took another name stands there twice.
    pub known: Vec<Coming>,
    /// How many besides came.
    pub more_joined: u32,
    /// How many besides left.
    pub more_left: u32,
    /// How often besides somebody took another name.
    pub more_renamed: u32,
}

impl Comings {
    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.more_joined + self.more_left + self.more_renamed == 0
    }

    /// Whether it tells that this member left.
    pub(crate) fn tells_leaving_of(&self, id: &ClientId) -> bool {
        self.known.iter().any(|known| known.id == *id && known.now.is_none())
    }

    /// Takes in one more change: together with what came before of the same member it is one.
    pub(crate) fn absorb(&mut self, mut coming: Coming) {
        let mut at = self.known.len();
        // That somebody came by one name and has another now is two things to a reader.
        while let Some(earlier) = self.known[..at].iter().rposition(|known| known.id == coming.id)
            && (self.known[earlier].before.is_some() || coming.now.is_none())
        {
            at = earlier;
            coming.before = self.known.remove(at).before;
        }
        if coming.before == coming.now {
            return;
        }
        if self.known.len() < KNOWN_MAX {
            self.known.insert(at, coming);
            return;
        }
        *match (coming.before, coming.now) {
            (None, _) => &mut self.more_joined,
            (_, None) => &mut self.more_left,
            _ => &mut self.more_renamed,
        } += 1;
    }
}

impl Read for Comings {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self {
            known: required(json, "known")?,
            more_joined: required(json, "more_joined")?,
            more_left: required(json, "more_left")?,
            more_renamed: required(json, "more_renamed")?,
        })
    }
}

impl Read for Coming {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self { id: required(json, "id")?, before: optional(json, "before")?, now: optional(json, "now")? })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::state::room::tests::{id, name};

    pub(crate) fn coming(who: &str, before: &str, now: &str) -> Coming {
        let named = |raw: &str| (!raw.is_empty()).then(|| name(raw));
        Coming { id: id(who), before: named(before), now: named(now) }
    }

    fn row(comings: &[(&str, &str, &str)]) -> Comings {
        let mut row = Comings::default();
        for (who, before, now) in comings {
            row.absorb(coming(who, before, now));
        }
        row
    }

    /// As `came`, `-left` and `was>now`.
    pub(crate) fn look(row: &Comings) -> Vec<String> {
        let name = |name: &Option<Name>| name.as_ref().map_or("", Name::as_str).to_owned();
        let told = |one: &Coming| match (&one.before, &one.now) {
            (None, _) => format!("+{}", name(&one.now)),
            (_, None) => format!("-{}", name(&one.before)),
            _ => format!("{}>{}", name(&one.before), name(&one.now)),
        };
        row.known.iter().map(told).collect()
    }

    #[test]
    fn changes_that_cancel_leave_nothing() {
        for undone in [
            vec![("s", "", "سارا"), ("s", "سارا", "")],
            vec![("s", "سارا", ""), ("s", "", "سارا")],
            vec![("s", "سارا", "دارا"), ("s", "دارا", "سارا")],
            vec![("s", "", "سارا"), ("s", "سارا", "دارا"), ("s", "دارا", "")],
            vec![("s", "a", "b"), ("s", "b", "c"), ("s", "c", "a")],
            vec![("s", "سارا", ""), ("s", "", "دارا"), ("s", "دارا", "سارا")],
        ] {
            assert!(row(&undone).is_empty(), "{undone:?}");
        }
    }

    #[test]
    fn many_names_are_the_first_and_last() {
        let row = row(&[("s", "a", "b"), ("r", "x", "y"), ("s", "b", "c"), ("s", "c", "d")]);
        assert_eq!(look(&row), ["a>d", "x>y"]);
    }

    #[test]
    fn renamed_newcomer_is_join_and_rename() {
        let row = row(&[("s", "", "a"), ("s", "a", "b"), ("s", "b", "c")]);
        assert_eq!(look(&row), ["+a", "a>c"]);
    }

    #[test]
    fn another_with_the_same_name_undoes_nothing() {
        let row = row(&[("s", "سارا", ""), ("thief", "", "سارا")]);
        assert_eq!(look(&row), ["-سارا", "+سارا"]);
    }

    #[test]
    fn row_stays_bounded_under_flood() {
        let mut row = Comings::default();
        for n in 0..1_000 {
            row.absorb(coming(&format!("j{n}"), "", &format!("j{n}")));
            row.absorb(coming(&format!("l{n}"), &format!("l{n}"), ""));
            row.absorb(coming(&format!("r{n}"), &format!("r{n}"), &format!("s{n}")));
        }
        assert_eq!(row.known.len(), KNOWN_MAX);
        let more = row.more_joined + row.more_left + row.more_renamed;
        assert_eq!(more as usize, 3_000 - KNOWN_MAX);
        // Somebody beyond the bound goes again: both are told, which is true.
        row.absorb(coming("j999", "j999", ""));
        assert_eq!(row.more_joined + row.more_left + row.more_renamed, more + 1);
    }
}
