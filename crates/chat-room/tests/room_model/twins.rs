//! Three rooms that are told the same: they must decide the same, as the replicas of one room on several
//! nodes do. Every hash table of the standard library has a seed of its own, so what hangs on one, or on
//! the order in a table, differs between them sooner or later. The third is another node's: it reads each wish
//! as it is written, knows no token, and is itself written down and read again before every fifth.

use chat_protocol::Epoch;
use chat_room::{Effect, Ms, Opening, Refusal, Room, Wish};

pub(crate) struct Twins {
    here: [Room; 2],
    elsewhere: Room,
    opening: Opening,
    epoch: Epoch,
    taken: usize,
}

impl Twins {
    pub(crate) fn new(opening: Opening, epoch: &Epoch) -> Self {
        let room = || Room::new(opening.clone(), epoch.clone());
        Self {
            here: [room(), room()],
            elsewhere: room(),
            opening: opening.clone(),
            epoch: epoch.clone(),
            taken: 0,
        }
    }

    /// What both answer here, and do.
    fn both<T: PartialEq + std::fmt::Debug>(
        &mut self,
        effects: &mut Vec<Effect>,
        mut ask: impl FnMut(&mut Room, &mut Vec<Effect>) -> T,
    ) -> T {
        let [one, other] = self.here.each_mut().map(|room| {
            let mut effects = Vec::new();
            (ask(room, &mut effects), effects)
        });
        assert_eq!(one, other, "two rooms that were told the same");
        effects.extend(one.1);
        one.0
    }

    pub(crate) fn take(&mut self, wish: &Wish, now: Ms, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        self.taken += 1;
        if self.taken.is_multiple_of(5) {
            self.write_down_and_read();
        }
        let before = effects.len();
        let answer = self.both(effects, |room, effects| room.take(wish.clone(), now, effects));
        let written = serde_json::to_string(wish).unwrap();
        let mut elsewhere = Vec::new();
        let read = serde_json::from_str(&written).unwrap();
        assert_eq!(self.elsewhere.take(read, now, &mut elsewhere), answer, "another node, told {written}");
        assert_eq!(for_all(&elsewhere), for_all(&effects[before..]), "another node, told {written}");
        answer
    }

    pub(crate) fn tick(&mut self, now: Ms, effects: &mut Vec<Effect>) {
        let before = effects.len();
        self.both(effects, |room, effects| room.tick(now, effects));
        let mut elsewhere = Vec::new();
        self.elsewhere.tick(now, &mut elsewhere);
        assert_eq!(for_all(&elsewhere), for_all(&effects[before..]), "another node, at {now}");
        assert_eq!(self.elsewhere.next_deadline(), self.here[0].next_deadline());
    }

    fn write_down_and_read(&mut self) {
        let written = self.here[1].snapshot();
        assert_eq!(self.elsewhere.snapshot(), written, "another node's");
        let read = Room::restore(self.opening.clone(), self.epoch.clone(), &written).unwrap();
        assert_eq!(read.snapshot(), written, "written down and read again");
        self.elsewhere = read;
    }

    pub(crate) fn next_deadline(&mut self) -> Option<Ms> {
        self.both(&mut Vec::new(), |room, _| room.next_deadline())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.here[0].is_over()
    }
}

/// What does not depend on whose the connections are.
fn for_all(effects: &[Effect]) -> Vec<&Effect> {
    effects.iter().filter(|effect| matches!(effect, Effect::Broadcast(_) | Effect::Close(..))).collect()
}
