//! Several attempts to open a connection at the same time, of which the first that succeeds counts
//! and the others are let go. An attempt that was begun while there was no network may hang for long
//! after there is one, because its next packet comes when the system thinks best; and one that is only
//! slow must not be given up for a look. So whoever asks gets another attempt beside those before.
//! What is opened is not known here. The time is passed in.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Most attempts at once; for one more the oldest is let go.
const OPENINGS_MAX: usize = 3;
/// Least time from one attempt to the next, in milliseconds. With [`OPENINGS_MAX`] it means that none
/// is given up before 4.5 s, which is more than opening takes with a round trip of 2 s.
const APART_MS: u64 = 1_500;

/// One attempt.
pub type Opening<T, E> = Pin<Box<dyn Future<Output = Result<T, E>>>>;

/// See the module. Oldest first.
pub struct Openings<T, E>(Vec<(u64, Opening<T, E>)>);

impl<T, E> Default for Openings<T, E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, E> Openings<T, E> {
    /// Whether there is a point in one more: the youngest has had some time.
    pub fn may_start(&self, now: u64) -> bool {
        self.0.last().is_none_or(|(since, _)| now >= since + APART_MS)
    }

    /// Begins one more.
    pub fn start(&mut self, opening: Opening<T, E>, now: u64) {
        if self.0.len() == OPENINGS_MAX {
            drop(self.0.remove(0));
        }
        self.0.push((now, opening));
    }

    /// The first that is open, or the error of the last that was left. Pending while there is none.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let mut at = 0;
        while let Some((_, opening)) = self.0.get_mut(at) {
            match opening.as_mut().poll(cx) {
                Poll::Pending => at += 1,
                Poll::Ready(opened) => {
                    drop(self.0.remove(at));
                    if opened.is_ok() {
                        self.0.clear();
                    }
                    if opened.is_ok() || self.0.is_empty() {
                        return Poll::Ready(opened);
                    }
                }
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    type Test = Openings<u32, u32>;

    fn poll(openings: &mut Test) -> Poll<Result<u32, u32>> {
        openings.poll(&mut Context::from_waker(std::task::Waker::noop()))
    }

    #[test]
    fn the_first_that_is_open_counts_and_the_others_are_let_go() {
        let mut openings = Test::default();
        openings.start(Box::pin(pending()), 0);
        assert_eq!(poll(&mut openings), Poll::Pending);
        openings.start(Box::pin(ready(Ok(2))), 2_000);
        assert_eq!(poll(&mut openings), Poll::Ready(Ok(2)));
        assert_eq!(poll(&mut openings), Poll::Pending, "nothing is left");
    }

    #[test]
    fn one_that_fails_is_no_reason_to_give_another_up() {
        let mut openings = Test::default();
        openings.start(Box::pin(ready(Err(1))), 0);
        openings.start(Box::pin(pending()), 2_000);
        assert_eq!(poll(&mut openings), Poll::Pending);
        openings.start(Box::pin(ready(Ok(3))), 4_000);
        assert_eq!(poll(&mut openings), Poll::Ready(Ok(3)));
        openings.start(Box::pin(ready(Err(4))), 6_000);
        assert_eq!(poll(&mut openings), Poll::Ready(Err(4)));
    }

    #[test]
    fn looks_never_give_up_what_is_young() {
        let mut openings = Test::default();
        let mut begun = Vec::new();
        for now in (0..30_000).step_by(100) {
            if openings.may_start(now) {
                openings.start(Box::pin(pending()), now);
                begun.push(now);
            }
            let oldest = openings.0[0].0;
            assert!(begun.iter().filter(|&&since| since < oldest).all(|since| now - since >= 4_500));
            assert!(openings.0.len() <= OPENINGS_MAX);
        }
        assert_eq!(begun.len(), 20);
    }
}
