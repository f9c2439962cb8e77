//! The class of a room: whose key it is, where its stage stands, and the vote. It knows sessions and
//! connections by their keys only; what is told, and when, is for [`super::room`].

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::{Ballot, RoundTrip, Stage, Vote};
use serde::{Deserialize, Serialize};

use crate::{ConnKey, Ms, TokenHash, session::SessionKey};

/// See the module. Rooms without a class have none, so that they do not pay for it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Class {
    key: TokenHash,
    stage: Stage,
    /// The connections whose `join` showed the key.
    teachers: BTreeSet<ConnKey>,
    poll: Option<Poll>,
    /// When the counts must be told; `None` while they are as they were told.
    tally_due: Option<Ms>,
    /// What the teachers have not been told yet of how far members are: the latest of each session, so that
    /// there are never more than sessions.
    round_trips: BTreeMap<SessionKey, RoundTrip>,
    round_trips_due: Option<Ms>,
}

/// The vote, open or not.
#[derive(Debug, Serialize, Deserialize)]
struct Poll {
    ballot: Ballot,
    is_open: bool,
    /// One for each session that answered.
    votes: BTreeMap<SessionKey, u32>,
}

impl Class {
    /// A class that begins, whose teacher has the key with this hash.
    pub(crate) fn new(key: TokenHash) -> Self {
        Self {
            key,
            stage: Stage::FIRST,
            teachers: BTreeSet::new(),
            poll: None,
            tally_due: None,
            round_trips: BTreeMap::new(),
            round_trips_due: None,
        }
    }

    /// Whether this is its key, in constant time.
    pub(crate) fn is_key(&self, proof: &TokenHash) -> bool {
        self.key == *proof
    }

    /// This connection showed the key.
    pub(crate) fn admit(&mut self, teacher: ConnKey) {
        self.teachers.insert(teacher);
    }

    pub(crate) fn is_teacher(&self, conn: ConnKey) -> bool {
        self.teachers.contains(&conn)
    }

    /// Whether anybody is here who showed the key.
    pub(crate) fn has_teachers(&self) -> bool {
        !self.teachers.is_empty()
    }

    /// The connection is gone.
    pub(crate) fn dismiss(&mut self, conn: ConnKey) {
        self.teachers.remove(&conn);
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// Turns the stage; false when it stands there already.
    pub(crate) fn turn(&mut self, stage: Stage) -> bool {
        std::mem::replace(&mut self.stage, stage) != stage
    }

    pub(crate) fn is_voting(&self) -> bool {
        self.poll.as_ref().is_some_and(|poll| poll.is_open)
    }

    /// Opens a vote in the place of the last one, which must be closed.
    pub(crate) fn open_vote(&mut self, ballot: Ballot) {
        self.poll = Some(Poll { ballot, is_open: true, votes: BTreeMap::new() });
        self.tally_due = None;
    }

    /// Takes no more answers.
    pub(crate) fn close_vote(&mut self) {
        if let Some(poll) = &mut self.poll {
            poll.is_open = false;
        }
        self.tally_due = None;
    }

    /// How many answers the open vote has; `None` when none is open.
    pub(crate) fn answers(&self) -> Option<usize> {
        self.poll.as_ref().filter(|poll| poll.is_open).map(|poll| poll.ballot.answers().len())
    }

    /// Counts a session's answer, in the place of the one it gave before. The counts are told by `due`.
    pub(crate) fn vote(&mut self, session: SessionKey, answer: u32, due: Ms) {
        let Some(poll) = &mut self.poll else { return };
        if poll.votes.insert(session, answer) != Some(answer) {
            self.recount_by(due);
        }
    }

    /// A session measured how far it is, in the place of what it measured before. With nobody to tell it to it
    /// is let go.
    pub(crate) fn measured(&mut self, session: SessionKey, taken: RoundTrip, due: Ms) {
        if !self.has_teachers() {
            return;
        }
        self.round_trips.insert(session, taken);
        self.round_trips_due.get_or_insert(due);
    }

    /// Round trips to tell, and to whom, if that is due; then they count as told.
    pub(crate) fn round_trips(&mut self, now: Ms) -> Option<(BTreeMap<SessionKey, RoundTrip>, Vec<ConnKey>)> {
        self.round_trips_due.take_if(|due| *due <= now)?;
        Some((std::mem::take(&mut self.round_trips), self.teachers.iter().copied().collect()))
    }

    /// The session is forgotten, and with it what it answered and measured.
    pub(crate) fn forget(&mut self, session: SessionKey, due: Ms) {
        self.round_trips.remove(&session);
        if let Some(poll) = &mut self.poll
            && poll.votes.remove(&session).is_some()
        {
            self.recount_by(due);
        }
    }

    fn recount_by(&mut self, due: Ms) {
        self.tally_due = Some(self.tally_due.map_or(due, |before| before.min(due)));
    }

    pub(crate) fn tally_due(&self) -> Option<Ms> {
        self.tally_due
    }

    pub(crate) fn next_deadline(&self) -> Option<Ms> {
        [self.tally_due, self.round_trips_due].into_iter().flatten().min()
    }

    /// The vote as it is told to everybody, which then counts as told.
    pub(crate) fn tell(&mut self) -> Option<Vote> {
        self.tally_due = None;
        self.tally()
    }

    /// The vote as it stands.
    pub(crate) fn tally(&self) -> Option<Vote> {
        let Poll { ballot, is_open, votes } = self.poll.as_ref()?;
        let mut counts = vec![0; ballot.answers().len()];
        for answer in votes.values() {
            counts[*answer as usize] += 1;
        }
        let (question, answers) = (ballot.question().clone(), ballot.answers().to_vec());
        Some(Vote { question, answers, counts, open: *is_open })
    }

    /// What a session answered.
    pub(crate) fn answer_of(&self, session: SessionKey) -> Option<u32> {
        self.poll.as_ref()?.votes.get(&session).copied()
    }
}
