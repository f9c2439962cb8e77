//! Whose turn it is among the sockets that speak HTTP. A runtime gives every task that is ready an equal share,
//! so whoever has a thousand sockets would have a thousand shares: a thousand answers, one after the other, before
//! a room gets to send its next message. Here all HTTP sockets together wait in one line, and between two of
//! them everything else that is ready goes on: rooms and WebSockets come first.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll};

use tokio::sync::Semaphore;

#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Turns {
    /// One at a time: they are all on one thread.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// Does this work, each step of it in its turn: a step is what it does between two waits.
    pub(crate) async fn run<F: Future>(&self, mut work: Pin<&mut F>) -> F::Output {
        loop {
            let turn = self.0.acquire().await;
            tokio::task::yield_now().await;
            let step = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
            drop(turn);
            match step {
                Poll::Ready(done) => return done,
                Poll::Pending => woken().await,
            }
        }
    }
}

/// Until the task is woken, which is arranged already.
async fn woken() {
    let mut is_asleep = false;
    poll_fn(|_| if std::mem::replace(&mut is_asleep, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use tokio::{sync::broadcast, task::JoinSet};

    use super::*;

    #[tokio::test]
    async fn thousand_sockets_let_a_room_pass() {
        let (turns, done) = (Turns::new(), Arc::new(AtomicUsize::new(0)));
        let (start, _) = broadcast::channel::<()>(1);
        let mut sockets = JoinSet::new();
        for _ in 0..1_000 {
            let (turns, done, mut started) = (turns.clone(), done.clone(), start.subscribe());
            sockets.spawn(async move {
                let mut work = std::pin::pin!(async {
                    drop(started.recv().await);
                    done.fetch_add(1, Relaxed);
                });
                turns.run(work.as_mut()).await;
            });
        }
        // All of them have come to their wait.
        for _ in 0..3_000 {
            tokio::task::yield_now().await;
        }
        drop(start);
        let room = tokio::spawn(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        });
        room.await.unwrap();
        let before = done.load(Relaxed);
        assert!(before <= 50, "{before} of a thousand sockets went before a room of ten steps");
        while sockets.join_next().await.is_some() {}
        assert_eq!(done.load(Relaxed), 1_000);
    }
}
