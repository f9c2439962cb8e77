//! Who came, who went and who took another name, gathered into one row of the conversation for as
//! long as nothing else happens. A row tells the difference between its beginning and now, and not
//! how it came about: two changes that undo each other leave nothing. It knows a bounded number of
//! people by id and counts the rest, so that the thousandth change costs what the first did.

use chat_protocol::{
    ClientId, Invalid, Member, Name,
    json::{Json, Read, required},
};
use serde::Serialize;

/// Most people that one list of a row knows by id. Of who comes after that only the number is kept:
/// if one of those goes again, the row says both, which is longer and still true.
pub const KNOWN_MAX: usize = 100;
/// Most people that are told by name, of each list.
pub const NAMED_MAX: usize = 3;

/// What became of one member: came when there was no name `before`, left when there is none `now`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coming {
    /// Who.
    pub id: ClientId,
    /// The name they had here.
    pub before: Option<Name>,
    /// The name they have here.
    pub now: Option<Name>,
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Comings {
    /// Came in and are still here, under the names they came by.
    pub joined: People,
    /// Went out.
    pub left: People,
    /// Took another name; at most [`KNOWN_MAX`].
    pub renamed: Vec<Renamed>,
    /// Whether there are others with another name.
    pub more_renamed: bool,
}

/// Some people, the first of them by name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct People {
    /// At most [`KNOWN_MAX`], in the order they came.
    pub known: Vec<Member>,
    /// How many there are besides.
    pub more: u32,
}

/// Somebody's other name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Renamed {
    /// Who, by the name they had.
    pub was: Member,
    /// The name they have.
    pub now: Name,
}

impl Comings {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.joined.count() + self.left.count() == 0 && self.renamed.is_empty() && !self.more_renamed
    }

    /// Takes in one more change.
    pub fn absorb(&mut self, coming: Coming) {
        let Coming { id, before, now } = coming;
        match (before, now) {
            (None, Some(name)) => match self.left.take(&id) {
                Some(was) => self.rename(was, name),
                None => self.joined.put(Member::new(id, name)),
            },
            (Some(name), None) => {
                if self.joined.take(&id).is_some() {
                    self.renamed.retain(|renamed| renamed.was.id != id);
                } else {
                    self.left.put(Member::new(id, name));
                }
            }
            (Some(was), Some(name)) => self.rename(Member::new(id, was), name),
            (None, None) => {}
        }
    }

    fn rename(&mut self, was: Member, now: Name) {
        // From the first of their names to the last; back to the first is none.
        let earlier = self.renamed.iter().position(|renamed| renamed.was.id == was.id);
        let was = earlier.map_or(was, |at| self.renamed.remove(at).was);
        if was.name == now {
            return;
        }
        if self.renamed.len() < KNOWN_MAX {
            self.renamed.insert(earlier.unwrap_or(self.renamed.len()), Renamed { was, now });
        } else {
            self.more_renamed = true;
        }
    }

    /// The same to a reader, in few bytes: only those are known who are told by name.
    pub fn brief(&self) -> Self {
        let mut renamed = self.renamed.clone();
        renamed.truncate(NAMED_MAX);
        let more_renamed = self.more_renamed || self.renamed.len() > NAMED_MAX;
        Self { joined: self.joined.brief(), left: self.left.brief(), renamed, more_renamed }
    }
}

impl People {
    /// How many.
    pub fn count(&self) -> u32 {
        self.known.len() as u32 + self.more
    }

    /// Whether the one with this id is known to be one of them.
    pub fn knows(&self, id: &ClientId) -> bool {
        self.position(id).is_some()
    }

    fn position(&self, id: &ClientId) -> Option<usize> {
        self.known.iter().position(|known| known.id == *id)
    }

    fn put(&mut self, member: Member) {
        if self.known.len() < KNOWN_MAX {
            self.known.push(member);
        } else {
            self.more += 1;
        }
    }

    /// The one with this id, if known, who is then none of them any more.
    fn take(&mut self, id: &ClientId) -> Option<Member> {
        Some(self.known.remove(self.position(id)?))
    }

    fn brief(&self) -> Self {
        let known: Vec<Member> = self.known.iter().take(NAMED_MAX).cloned().collect();
        Self { more: self.count() - known.len() as u32, known }
    }
}

impl Read for Comings {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self {
            joined: required(json, "joined")?,
            left: required(json, "left")?,
            renamed: required(json, "renamed")?,
            more_renamed: required(json, "more_renamed")?,
        })
    }
}

impl Read for People {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self { known: required(json, "known")?, more: required(json, "more")? })
    }
}

impl Read for Renamed {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self { was: required(json, "was")?, now: required(json, "now")? })
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

    fn names(people: &People) -> Vec<&str> {
        people.known.iter().map(|member| member.name.as_str()).collect()
    }

    #[test]
    fn what_undoes_itself_leaves_nothing() {
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
        let renamed = row(&[("s", "a", "b"), ("r", "x", "y"), ("s", "b", "c"), ("s", "c", "d")]).renamed;
        let pairs: Vec<_> = renamed.iter().map(|one| (one.was.name.as_str(), one.now.as_str())).collect();
        assert_eq!(pairs, [("a", "d"), ("x", "y")]);
    }

    #[test]
    fn another_with_the_same_name_undoes_nothing() {
        let row = row(&[("s", "سارا", ""), ("thief", "", "سارا")]);
        assert_eq!((names(&row.left), names(&row.joined)), (vec!["سارا"], vec!["سارا"]));
    }

    #[test]
    fn a_row_stays_small_however_much_it_gathers() {
        let mut row = Comings::default();
        for n in 0..1_000 {
            row.absorb(coming(&format!("j{n}"), "", &format!("j{n}")));
            row.absorb(coming(&format!("l{n}"), &format!("l{n}"), ""));
            row.absorb(coming(&format!("r{n}"), &format!("r{n}"), &format!("s{n}")));
        }
        assert_eq!((row.joined.count(), row.left.count()), (1_000, 1_000));
        for known in [row.joined.known.len(), row.left.known.len(), row.renamed.len()] {
            assert_eq!(known, KNOWN_MAX);
        }
        assert!(row.more_renamed);
        // Somebody beyond the bound goes again: both are told, which is true.
        row.absorb(coming("j999", "j999", ""));
        assert_eq!((row.joined.count(), row.left.count()), (1_000, 1_001));
    }

    #[test]
    fn a_brief_row_reads_the_same() {
        let mut row = Comings::default();
        for n in 0..9 {
            row.absorb(coming(&format!("j{n}"), "", &format!("j{n}")));
            row.absorb(coming(&format!("r{n}"), &format!("r{n}"), &format!("s{n}")));
        }
        let brief = row.brief();
        assert_eq!((brief.joined.count(), names(&brief.joined)), (9, vec!["j0", "j1", "j2"]));
        assert_eq!((brief.renamed.len(), brief.more_renamed), (NAMED_MAX, true));
        let written = serde_json::to_value(&brief).unwrap();
        assert_eq!(Comings::read(&written).unwrap(), brief);
    }
}
