//! What a browser keeps of the persons it is, so that who comes back in another tab can be who they were.
//! A page that crashes or is killed says no goodbye, and its person, whom the room believes to be there or
//! to come back, holds their name: nobody else may have it, and a new tab knows nothing of the old. So the
//! newest token of each person in each room is kept for all tabs, and used when a name is taken that is
//! one's own and no living tab has it. It is worth nothing once the room has forgotten them, two minutes
//! after they were lost. Pure; where it is kept is [`crate::chat`]'s business.

use chat_protocol::{
    ClientId, Invalid, Name, Resume, RoomId,
    json::{Json, Read, required},
};
use serde::Serialize;

/// Most persons kept; the oldest go.
const CLAIMS_MAX: usize = 8;

/// One person in one room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Claim {
    pub room: RoomId,
    /// Who they are there.
    pub client_id: ClientId,
    pub name: Name,
    /// What proves it, and how far they had read.
    pub resume: Resume,
}

impl Read for Claim {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self {
            room: required(json, "room")?,
            client_id: required(json, "client_id")?,
            name: required(json, "name")?,
            resume: required(json, "resume")?,
        })
    }
}

/// Keeps this one, in the place of what was known of the same person or the same name.
pub(crate) fn remember(claims: &mut Vec<Claim>, claim: Claim) {
    let is_other = |other: &Claim| {
        other.room != claim.room || (other.client_id != claim.client_id && other.name != claim.name)
    };
    claims.retain(is_other);
    claims.insert(0, claim);
    claims.truncate(CLAIMS_MAX);
}

/// Who had this name in this room.
pub(crate) fn find<'a>(claims: &'a [Claim], room: &RoomId, name: &Name) -> Option<&'a Claim> {
    claims.iter().find(|claim| claim.room == *room && claim.name == *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::room::tests::{id, name};

    fn claim(room: &str, client: &str, called: &str, seq: u64) -> Claim {
        Claim {
            room: room.parse().unwrap(),
            client_id: id(client),
            name: name(called),
            resume: Resume { token: "0".repeat(64).parse().unwrap(), epoch: "e1".parse().unwrap(), seq },
        }
    }

    #[test]
    fn one_claim_per_person_and_room() {
        let mut claims = Vec::new();
        for (room, client, called, seq) in [
            ("class", "a", "سارا", 1),
            ("other", "a", "سارا", 2),
            ("class", "b", "علی", 3),
            // Renamed, and come back under another id.
            ("class", "a", "دارا", 4),
            ("class", "b-2", "علی", 5),
        ] {
            remember(&mut claims, claim(room, client, called, seq));
        }
        let seq = |room: &str, called: &str| {
            find(&claims, &room.parse().unwrap(), &name(called)).map(|claim| claim.resume.seq)
        };
        assert_eq!(seq("class", "دارا"), Some(4));
        assert_eq!(seq("class", "علی"), Some(5));
        assert_eq!(seq("other", "سارا"), Some(2));
        assert_eq!(seq("class", "سارا"), None, "a name that was given up");
        assert_eq!(claims.len(), 3);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut claims = Vec::new();
        for n in 0..20 {
            remember(&mut claims, claim(&format!("room-{n}"), "a", "سارا", n));
        }
        assert_eq!(
            claims.iter().map(|claim| claim.resume.seq).collect::<Vec<_>>(),
            [19, 18, 17, 16, 15, 14, 13, 12]
        );
    }

    #[test]
    fn claims_round_trip_through_json() {
        let claims = vec![claim("کلاس", "sara", "سارا", 7)];
        let written = serde_json::to_value(&claims).unwrap();
        assert_eq!(Vec::<Claim>::read(&written).unwrap(), claims);
    }
}
