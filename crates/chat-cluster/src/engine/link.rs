//! One time of being connected to an engine, in one era, and what all parts of this node share about it. A
//! link that has a fault is over: what was asked on it and not answered may have happened or not.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

use super::{
    Fault, State,
    client::{Client, Connection, Failure, Script},
    followers::Followers,
    scripts::Names,
    terms::{Pace, Terms, ms},
};
use crate::Ms;

/// What is known of an engine, link or no link.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) names: Names,
    pub(super) pace: Pace,
    pub(super) number: u32,
    /// Which of how many engines it is, as it is written there.
    pub(super) part: String,
    /// Tells this node from another that happens to have its number.
    pub(super) instance: String,
    pub(super) followers: Arc<Followers>,
    pub(super) terms: Mutex<Terms>,
    pub(super) state: watch::Sender<State>,
    link: Mutex<Option<Arc<Link>>>,
    started: Instant,
    /// The engine's clock minus the own.
    offset: AtomicI64,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: Connection,
    pub(super) era: String,
    /// What is under the key of this node: since when, and its instance.
    pub(super) held: String,
    /// When the node has last heard itself, by the own clock.
    pub(super) echoed: AtomicU64,
    fault: watch::Sender<Option<Fault>>,
}

impl Link {
    pub(super) fn new(connection: Connection, era: String, held: String) -> Self {
        Self { connection, era, held, echoed: AtomicU64::new(0), fault: watch::Sender::new(None) }
    }

    /// Waits until the link is over, and says why.
    pub(super) async fn over(&self) -> Fault {
        let mut faults = self.fault.subscribe();
        match faults.wait_for(Option::is_some).await {
            Ok(fault) => fault.clone().unwrap_or(Fault::Left),
            // Cannot be: the sender is in `self`.
            Err(_) => Fault::Left,
        }
    }
}

impl Shared {
    pub(super) fn new(client: Client, names: Names, pace: Pace, number: u32, part: String) -> Self {
        Self {
            client,
            names,
            pace,
            number,
            part,
            instance: format!("{:016x}", fastrand::u64(..)),
            followers: Arc::default(),
            terms: Mutex::new(Terms::new(pace)),
            state: watch::Sender::new(State::Lost),
            link: Mutex::new(None),
            started: Instant::now(),
            offset: AtomicI64::new(0),
        }
    }

    /// The own clock: how long this engine has been known.
    pub(super) fn now(&self) -> Ms {
        ms(self.started.elapsed())
    }

    /// The engine's clock, as far as can be known.
    pub(super) fn engine_now(&self) -> Ms {
        self.now().saturating_add_signed(self.offset.load(Ordering::Relaxed))
    }

    /// The engine said what time it is, between these two of the own clock.
    pub(super) fn set_clock(&self, engine: Ms, sent: Ms, answered: Ms) {
        let own = sent.midpoint(answered);
        self.offset.store(engine.wrapping_sub(own).cast_signed(), Ordering::Relaxed);
    }

    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.link.lock().clone()
    }

    pub(super) fn set_link(&self, link: Arc<Link>) {
        *self.link.lock() = Some(link);
    }

    /// Tells who watches how this node stands with the engine.
    pub(super) fn publish_state(&self) {
        // Locked until it is told, so that the last who looked is the last who tells.
        let mut terms = self.terms.lock();
        let now = terms.state(self.now());
        self.state.send_if_modified(|state| std::mem::replace(state, now) != now);
    }

    /// The link is over; the first reason counts. When this returns, nobody is given it any more.
    pub(super) fn cut(&self, link: &Arc<Link>, fault: Fault) {
        // Locked until all is done: nothing of it falls into the next link.
        let mut current = self.link.lock();
        if current.take_if(|current| Arc::ptr_eq(current, link)).is_some() {
            self.followers.disconnected();
            self.terms.lock().cut(&fault);
            self.publish_state();
            link.fault.send_replace(Some(fault));
        }
    }

    /// Runs a script in the era of the link, its first argument; a fault that shows is the end of the link.
    pub(super) async fn ask(
        &self,
        link: &Arc<Link>,
        script: &Script,
        keys: &[String],
        args: &[&str],
    ) -> Result<Vec<String>, Failure> {
        let args: Vec<_> = std::iter::once(&*link.era).chain(args.iter().copied()).collect();
        let answer = tokio::select! {
            answer = link.connection.run(script, keys, &args) => answer,
            fault = link.over() => Err(Failure::Link(fault)),
        };
        let answer = match answer {
            Ok(answer) if answer.first().is_some_and(|word| word == "era") => {
                Err(Failure::Link(Fault::OtherEra))
            }
            answer => answer,
        };
        if let Err(Failure::Link(fault)) = &answer {
            self.cut(link, fault.clone());
        }
        answer
    }
}
