//! What is wrong with one connection on purpose, as netem does it to a network: reads paused, frames sent
//! late, an acknowledgement lost. It decides the [`Fate`] of frames and when late ones are due; the
//! [`super::outbox`] carries that out, and the X-ray asks for it. The time is passed in.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use parking_lot::Mutex;

#[derive(Debug, Default)]
pub(crate) struct Impairment(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    reads_paused_until: Option<Instant>,
    /// How late frames are, and until when.
    delay: Option<(Duration, Instant)>,
    /// Late frames, and when each is due. Over the bound of an outbox all of them go out.
    late: VecDeque<(Instant, Bytes)>,
    late_bytes: usize,
    ack: Ack,
    /// Whether the server shall have forgotten this member.
    is_forgotten: bool,
}

/// What becomes of acknowledgements.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Ack {
    #[default]
    Sent,
    /// The next is to be lost.
    Doomed,
    /// What it answers was read. Nothing that is sent from now on arrives.
    Lost,
}

/// What becomes of frames that are to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Sent,
    /// They go out later, by [`Impairment::deliver`].
    Late {
        is_first: bool,
    },
    /// More is late than may be: they go out now, after all of that, and nothing is late any more.
    Overdue,
    /// They are lost, and the connection with them.
    Lost,
}

impl Impairment {
    /// Nothing is read before `until`.
    pub(crate) fn pause_reads(&self, until: Instant) {
        self.0.lock().reads_paused_until = Some(until);
    }

    /// Frames sent before `until` are late by so much.
    pub(crate) fn delay(&self, by: Duration, until: Instant) {
        self.0.lock().delay = Some((by, until));
    }

    /// The acknowledgement of the next `say` is lost, and the connection with it.
    pub(crate) fn lose_ack(&self) {
        self.0.lock().ack = Ack::Doomed;
    }

    /// The server shall have forgotten this member once the connection is over.
    pub(crate) fn forget(&self) {
        self.0.lock().is_forgotten = true;
    }

    /// Whether nothing is to be read now.
    pub(crate) fn are_reads_paused(&self, now: Instant) -> bool {
        self.0.lock().reads_paused_until.is_some_and(|until| now < until)
    }

    /// Whether reads were paused, and need be no longer: true once.
    pub(crate) fn resume_reads(&self, now: Instant) -> bool {
        self.0.lock().reads_paused_until.take_if(|until| *until <= now).is_some()
    }

    /// Whether the server shall have forgotten this member.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.0.lock().is_forgotten
    }

    /// A `say` was read, and will be acknowledged.
    pub(crate) fn say_read(&self) {
        let mut state = self.0.lock();
        if state.ack == Ack::Doomed {
            state.ack = Ack::Lost;
        }
    }

    /// What becomes of these frames, of which an outbox keeps at most `bound` bytes.
    pub(crate) fn fate(&self, frames: &Bytes, bound: usize, now: Instant) -> Fate {
        let mut state = self.0.lock();
        if state.ack == Ack::Lost {
            return Fate::Lost;
        }
        let delay = state.delay.filter(|(_, until)| now < *until).map(|(delay, _)| delay);
        // What comes after something late is not sent before it.
        let last = state.late.back().map(|(due, _)| *due);
        if delay.is_none() && last.is_none() {
            return Fate::Sent;
        }
        if state.late_bytes + frames.len() > bound {
            state.delay = None;
            return Fate::Overdue;
        }
        let due = (now + delay.unwrap_or_default()).max(last.unwrap_or(now));
        state.late_bytes += frames.len();
        state.late.push_back((due, frames.clone()));
        Fate::Late { is_first: state.late.len() == 1 }
    }

    /// Sends the late frames that are due, all of them where `now` is `None`. Nothing can overtake them: a
    /// sender asks [`Impairment::fate`] first, and waits for the same lock.
    pub(crate) fn deliver(&self, now: Option<Instant>, mut send: impl FnMut(&Bytes)) {
        let mut state = self.0.lock();
        while let Some((_, frames)) = state.late.pop_front_if(|(at, _)| now.is_none_or(|now| *at <= now)) {
            state.late_bytes -= frames.len();
            send(&frames);
        }
    }

    /// When something changes next by itself: reads resume, frames are due, a delay ends. `None` when
    /// nothing does.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        let state = self.0.lock();
        let delayed_until = state.delay.map(|(_, until)| until).filter(|until| now < *until);
        let due = state.late.front().map(|(due, _)| *due);
        [due, state.reads_paused_until, delayed_until].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LASTS: Duration = Duration::from_secs(30);

    fn delayed(by: Duration, now: Instant) -> Impairment {
        let impairment = Impairment::default();
        impairment.delay(by, now + LASTS);
        impairment
    }

    #[test]
    fn late_frames_keep_their_order() {
        let (now, by) = (Instant::now(), Duration::from_secs(5));
        let impairment = delayed(by, now);
        let frames = |n: u8| Bytes::copy_from_slice(&[n]);
        assert_eq!(impairment.fate(&frames(1), 100, now), Fate::Late { is_first: true });
        assert_eq!(impairment.fate(&frames(2), 100, now + LASTS - by / 2), Fate::Late { is_first: false });
        let after = now + LASTS + Duration::from_secs(1);
        let fate = impairment.fate(&frames(3), 100, after);
        assert_eq!(fate, Fate::Late { is_first: false }, "not before the second, although the delay is over");
        let due = |now| {
            let mut due = Vec::new();
            impairment.deliver(Some(now), |frames| due.push(frames[0]));
            due
        };
        assert_eq!((due(now), impairment.next_change(now)), (vec![], Some(now + by)));
        assert_eq!(due(now + by), [1]);
        assert_eq!(due(now + LASTS + by), [2, 3]);
        assert_eq!(impairment.next_change(now + LASTS + by), None);
        assert_eq!(impairment.fate(&frames(4), 100, after + by), Fate::Sent);
    }

    #[test]
    fn delayed_bytes_are_bounded_by_outbox() {
        let now = Instant::now();
        let impairment = delayed(Duration::from_secs(5), now);
        let frames = Bytes::from_static(&[7; 60]);
        assert_eq!(impairment.fate(&frames, 100, now), Fate::Late { is_first: true });
        assert_eq!(impairment.fate(&frames, 100, now), Fate::Overdue);
        let mut sent = 0;
        impairment.deliver(None, |_| sent += 1);
        assert_eq!(sent, 1);
        assert_eq!(impairment.fate(&frames, 100, now), Fate::Sent, "the delay is over");
    }

    #[test]
    fn a_lost_acknowledgement_takes_what_follows() {
        let (impairment, now, frames) = (Impairment::default(), Instant::now(), Bytes::from_static(b"ack"));
        impairment.lose_ack();
        assert_eq!(impairment.fate(&frames, 100, now), Fate::Sent, "nothing was said yet");
        impairment.say_read();
        assert_eq!(impairment.fate(&frames, 100, now), Fate::Lost);
    }

    #[test]
    fn paused_reads_resume_once() {
        let (impairment, now) = (Impairment::default(), Instant::now());
        impairment.pause_reads(now + LASTS);
        assert!(impairment.are_reads_paused(now) && !impairment.resume_reads(now));
        assert!(!impairment.are_reads_paused(now + LASTS));
        assert!(impairment.resume_reads(now + LASTS) && !impairment.resume_reads(now + LASTS));
    }
}
