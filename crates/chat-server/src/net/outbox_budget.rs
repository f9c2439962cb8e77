//! How much may wait in all outboxes and polling queues together. A buffer is counted once, however many of
//! them hold it, from when it begins to wait until nobody holds it; what a room's history keeps is counted
//! there, and here only once the history has forgotten it. Half of the total is divided evenly among the
//! connections there may be, so that whoever has little waiting is never cut for what others have. Of the
//! other half a connection may have as much waiting as is still left: the dynamic threshold of shared switch
//! buffers (Choudhury and Hahne, 1998), as in `rooms::memory_budget`.
//! Each thread counts what it sends in a part of its own, because every message is counted; they are added up
//! when somebody has much waiting.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use bytes::Bytes;

#[derive(Debug)]
pub(crate) struct OutboxBudget {
    /// Most bytes that wait in one outbox.
    pub(super) each: usize,
    /// What each connection may have waiting in any case.
    own: usize,
    /// Over this, taken together, nobody may have more than that.
    common: usize,
    parts: Arc<[Part]>,
    /// Which of the parts is counted in.
    part: usize,
}

/// One budget, as each thread counts in it: by the thread's number.
pub(crate) type OutboxBudgets = Box<[Arc<OutboxBudget>]>;

/// What waits of one thread's, in bytes; on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part(AtomicUsize);

impl OutboxBudget {
    /// For outboxes of `each` bytes at most, of at most `connections`, and `total` bytes in all, which so many
    /// threads send to.
    pub(crate) fn for_threads(
        threads: usize,
        each: usize,
        total: usize,
        connections: usize,
    ) -> OutboxBudgets {
        let (own, common) = (total / 2 / connections.max(1), total - total / 2);
        let parts: Arc<[Part]> = (0..threads).map(|_| Part::default()).collect();
        (0..threads).map(|part| Arc::new(Self { each, own, common, parts: parts.clone(), part })).collect()
    }

    /// The same, for one thread.
    #[cfg(test)]
    pub(crate) fn new(each: usize, total: usize, connections: usize) -> Arc<Self> {
        Self::for_threads(1, each, total, connections)[0].clone()
    }

    /// Whether a connection may go on that has so many bytes waiting, of which `behind` came after what it is
    /// given at once when it joins. A replay thus ends nobody, unless nothing at all is left.
    pub(super) fn allows(&self, behind: usize, waiting: usize) -> bool {
        if waiting <= self.own {
            return true;
        }
        let left = self.common.saturating_sub(self.waiting());
        left > 0 && behind <= left.max(self.own)
    }

    /// The same bytes, counted as long as anybody holds any of them.
    pub(crate) fn count(self: &Arc<Self>, bytes: impl Into<Bytes>) -> Bytes {
        let bytes = bytes.into();
        Bytes::from_owner(Counted { _charge: self.charge(bytes.len()), bytes })
    }

    pub(super) fn charge(self: &Arc<Self>, bytes: usize) -> Charge {
        self.add(bytes);
        Charge { budget: self.clone(), bytes }
    }

    pub(super) fn add(&self, bytes: usize) {
        self.parts[self.part].0.fetch_add(bytes, Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.parts[self.part].0.fetch_sub(bytes, Relaxed);
    }

    /// What waits in all, in bytes.
    pub(crate) fn waiting(&self) -> usize {
        self.parts.iter().map(|part| part.0.load(Relaxed)).sum()
    }
}

/// So many bytes of a budget, given back on drop.
#[derive(Debug)]
pub(super) struct Charge {
    budget: Arc<OutboxBudget>,
    bytes: usize,
}

impl Charge {
    pub(super) fn set(&mut self, bytes: usize) {
        match bytes.checked_sub(self.bytes) {
            Some(0) => {}
            Some(more) => self.budget.add(more),
            None => self.budget.give_back(self.bytes - bytes),
        }
        self.bytes = bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

struct Counted {
    bytes: Bytes,
    _charge: Charge,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_bytes_are_counted_once() {
        let budget = OutboxBudget::new(1_000, 1_000, 10);
        let bytes = budget.count(vec![7; 100]);
        let held: Vec<Bytes> = (0..10).map(|n| bytes.slice(n..)).collect();
        drop(bytes);
        assert_eq!(budget.waiting(), 100);
        drop(held);
        assert_eq!(budget.waiting(), 0);
    }

    #[test]
    fn threads_share_one_budget() {
        let budgets = OutboxBudget::for_threads(2, 1_000, 2_000, 20);
        let bytes = budgets[0].count(vec![7; 999]);
        assert!(!budgets[1].allows(51, 51), "what waits of one thread is not left for another");
        drop(bytes);
        assert!(budgets[1].allows(51, 51));
    }

    #[test]
    fn greedy_connections_leave_as_much_free() {
        let budget = OutboxBudget::new(1_000, 2_000, 20);
        let mut greedy: Vec<(Charge, usize)> = (0..4).map(|_| (budget.charge(0), 0)).collect();
        for _ in 0..1_000 {
            for (charge, waiting) in &mut greedy {
                if budget.allows(*waiting + 1, *waiting + 1) {
                    *waiting += 1;
                    charge.set(*waiting);
                }
            }
        }
        assert!(budget.waiting() <= 4 * 200, "{}", budget.waiting());
        assert!(budget.allows(200, 200), "one who comes late gets as much");
        assert!(!budget.allows(201, 201));
    }

    #[test]
    fn full_budget_spares_small_and_just_returned() {
        let budget = OutboxBudget::new(1_000, 2_000, 20);
        let mut charge = budget.charge(999);
        assert!(budget.allows(50, 50) && budget.allows(50, 900) && !budget.allows(51, 51));
        charge.set(1_000);
        assert!(budget.allows(50, 50), "what each connection has for itself");
        assert!(!budget.allows(1, 900), "nothing is left, not even for a replay");
        drop(charge);
        assert!(budget.allows(900, 900));
    }
}
