//! How much all rooms may keep together for those who come back, whatever one of them does. Half of it is divided evenly
//! among the rooms there may be, so a flood elsewhere never makes a quiet room forget. The other
//! half is common: of that, a room may hold as much as is still left. Those who come late thus get
//! as much as those who came first, once these keep something again, and nobody ever holds all of
//! it (it is the dynamic threshold of shared switch buffers: Choudhury and Hahne, 1998). A budget
//! does not know what is kept, nor whose turn it is to be forgotten.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// What all rooms may keep together, in bytes. Never exceeded.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    /// What each room may keep in any case.
    own: usize,
    /// What is left of the common half.
    left: AtomicUsize,
}

impl MemoryBudget {
    /// `total` bytes for at most `rooms` rooms at once.
    pub(crate) fn new(total: usize, rooms: usize) -> Arc<Self> {
        let own = total / 2 / rooms.max(1);
        Arc::new(Self { own, left: AtomicUsize::new(total - own * rooms) })
    }

    /// The share of one more room, which holds nothing yet.
    pub(crate) fn share(self: &Arc<Self>) -> MemoryShare {
        MemoryShare { budget: self.clone(), held: 0 }
    }
}

/// One room's share, given back on drop.
#[derive(Debug)]
pub(crate) struct MemoryShare {
    budget: Arc<MemoryBudget>,
    /// How much of the common half.
    held: usize,
}

impl MemoryShare {
    /// Asks to keep `bytes` in all, more or less than before. When refused, keep less and ask
    /// again: nothing at all is never refused.
    #[must_use]
    pub(crate) fn keep(&mut self, bytes: usize) -> bool {
        let wanted = bytes.saturating_sub(self.budget.own);
        if wanted == 0 && self.held == 0 {
            return true;
        }
        let left_after = |left: usize| (left + self.held).checked_sub(wanted).filter(|&left| wanted <= left);
        let kept = self.budget.left.fetch_update(Relaxed, Relaxed, left_after).is_ok();
        if kept {
            self.held = wanted;
        }
        kept
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.held, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps as much as it may.
    fn flood(share: &mut MemoryShare) -> usize {
        (0..=10_000).rev().find(|&bytes| share.keep(bytes)).unwrap()
    }

    #[test]
    fn quiet_room_keeps_share_during_flood() {
        let budget = MemoryBudget::new(1_000, 10);
        let mut floods: Vec<MemoryShare> = (0..9).map(|_| budget.share()).collect();
        floods.iter_mut().for_each(|share| {
            flood(share);
        });
        assert!(budget.share().keep(50));
    }

    #[test]
    fn rooms_together_stay_within_total() {
        let budget = MemoryBudget::new(1_000, 10);
        let mut rooms: Vec<(MemoryShare, usize)> = (0..10).map(|_| (budget.share(), 0)).collect();
        for round in 0..5 {
            for turn in 0..10 {
                let (share, kept) = &mut rooms[(turn * 7 + round) % 10];
                *kept = flood(share);
                let all: usize = rooms.iter().map(|(_, kept)| kept).sum();
                assert!(all <= 1_000, "{all}");
            }
        }
    }

    #[test]
    fn late_room_gets_equal_share() {
        let budget = MemoryBudget::new(1_100, 1);
        let mut rooms: Vec<MemoryShare> = (0..4).map(|_| budget.share()).collect();
        let mut kept = [0; 4];
        for _ in 0..50 {
            kept = [0, 1, 2, 3].map(|n| flood(&mut rooms[n]));
        }
        let (least, most) = (kept.iter().min().unwrap(), kept.iter().max().unwrap());
        assert!(most - least <= 4 && *least >= 550 + 550 / 5 - 4, "{kept:?}");
    }

    #[test]
    fn dropped_room_returns_its_share() {
        let budget = MemoryBudget::new(1_000, 10);
        let before = flood(&mut budget.share());
        let mut share = budget.share();
        assert!(share.keep(before) && share.keep(60) && !share.keep(before + 1));
        drop(share);
        assert_eq!(flood(&mut budget.share()), before);
    }
}
