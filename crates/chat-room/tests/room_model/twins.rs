//! Two rooms that are told the same: they must decide the same, as the replicas of one room on several
//! nodes would. Every hash table of the standard library has a seed of its own, so what hangs on one, or on
//! the order in a table, differs between the two sooner or later.

use chat_protocol::{Command, Epoch, RoomId};
use chat_room::{ConnKey, Departure, Effect, Join, Limits, Ms, Refusal, Room, TokenSeed};

pub(crate) struct Twins([Room; 2]);

impl Twins {
    pub(crate) fn new(room: &RoomId, epoch: &Epoch, limits: Limits) -> Self {
        Self([(); 2].map(|()| Room::new(room.clone(), epoch.clone(), TokenSeed::new([7; 32]), limits)))
    }

    /// What both answer, and do.
    fn both<T: PartialEq + std::fmt::Debug>(
        &mut self,
        effects: &mut Vec<Effect>,
        mut ask: impl FnMut(&mut Room, &mut Vec<Effect>) -> T,
    ) -> T {
        let [one, other] = self.0.each_mut().map(|room| {
            let mut effects = Vec::new();
            (ask(room, &mut effects), effects)
        });
        assert_eq!(one, other, "two rooms that were told the same");
        effects.extend(one.1);
        one.0
    }

    pub(crate) fn join(&mut self, join: &Join, now: Ms, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        self.both(effects, |room, effects| room.join(join.clone(), now, effects))
    }

    pub(crate) fn apply(&mut self, conn: ConnKey, command: &Command, now: Ms, effects: &mut Vec<Effect>) {
        self.both(effects, |room, effects| room.apply(conn, command.clone(), now, effects));
    }

    pub(crate) fn leave(&mut self, conn: ConnKey, how: Departure, now: Ms) {
        self.both(&mut Vec::new(), |room, _| room.leave(conn, how, now));
    }

    pub(crate) fn tick(&mut self, now: Ms, effects: &mut Vec<Effect>) {
        self.both(effects, |room, effects| room.tick(now, effects));
    }

    pub(crate) fn next_deadline(&mut self) -> Option<Ms> {
        self.both(&mut Vec::new(), |room, _| room.next_deadline())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0[0].is_over()
    }
}
