//! The way into a room: one line for all who ask something of it and for all who leave, so that everything
//! happens in the order in which it was sent: who leaves is gone for a join that is sent after it, and not for
//! what it said before. Whoever asks takes one of [`PLACES`], and where none is left waits (backpressure). To
//! leave needs no place, because leaving must not wait: so there may be one request more for each member.

use std::{sync::Arc, thread};

use tokio::sync::{
    Semaphore, TryAcquireError,
    mpsc::{self, error::TryRecvError},
};

/// How many requests wait at most. A connection that finds as many waits, and with it, through TCP, its client.
pub(crate) const PLACES: usize = 256;

/// Where requests are put. Cheap to clone.
#[derive(Debug)]
pub(super) struct Mailbox<T> {
    requests: mpsc::UnboundedSender<Waiting<T>>,
    places: Arc<Semaphore>,
}

/// A mailbox that is not kept open by this.
#[derive(Debug)]
pub(super) struct WeakMailbox<T> {
    requests: mpsc::WeakUnboundedSender<Waiting<T>>,
    places: Arc<Semaphore>,
}

/// Where the room takes them out.
#[derive(Debug)]
pub(super) struct Requests<T> {
    requests: mpsc::UnboundedReceiver<Waiting<T>>,
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct Waiting<T> {
    request: T,
    has_place: bool,
}

/// Why a request was not put in at once.
#[derive(Debug)]
pub(super) enum PutError<T> {
    /// Wait with [`Mailbox::put`].
    Full(T),
    Closed,
}

/// Nobody takes requests out any more.
#[derive(Debug)]
pub(super) struct MailboxClosed;

pub(super) fn open<T>() -> (Mailbox<T>, Requests<T>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let places = Arc::new(Semaphore::new(PLACES));
    (Mailbox { requests: sender, places: places.clone() }, Requests { requests: receiver, places })
}

impl<T> Mailbox<T> {
    /// Puts a request in, and waits for a place.
    ///
    /// # Errors
    /// [`MailboxClosed`]. The same goes for the others.
    pub(super) async fn put(&self, request: T) -> Result<(), MailboxClosed> {
        self.places.acquire().await.map_err(|_| MailboxClosed)?.forget();
        self.send(request, true)
    }

    /// Puts a request in if there is a place.
    pub(super) fn try_put(&self, request: T) -> Result<(), PutError<T>> {
        match self.places.try_acquire() {
            Ok(place) => place.forget(),
            Err(TryAcquireError::NoPermits) => return Err(PutError::Full(request)),
            Err(TryAcquireError::Closed) => return Err(PutError::Closed),
        }
        self.send(request, true).map_err(|MailboxClosed| PutError::Closed)
    }

    /// Puts in a request that needs no place.
    pub(super) fn put_beside(&self, request: T) -> Result<(), MailboxClosed> {
        self.send(request, false)
    }

    fn send(&self, request: T, has_place: bool) -> Result<(), MailboxClosed> {
        self.requests.send(Waiting { request, has_place }).map_err(|_| MailboxClosed)
    }

    pub(super) fn downgrade(&self) -> WeakMailbox<T> {
        WeakMailbox { requests: self.requests.downgrade(), places: self.places.clone() }
    }
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self { requests: self.requests.clone(), places: self.places.clone() }
    }
}

impl<T> Clone for WeakMailbox<T> {
    fn clone(&self) -> Self {
        Self { requests: self.requests.clone(), places: self.places.clone() }
    }
}

impl<T> WeakMailbox<T> {
    pub(super) fn upgrade(&self) -> Option<Mailbox<T>> {
        Some(Mailbox { requests: self.requests.upgrade()?, places: self.places.clone() })
    }
}

impl<T> Requests<T> {
    /// Waits for the next request; `None` when none can come any more.
    pub(super) async fn next(&mut self) -> Option<T> {
        let Waiting { request, has_place } = self.requests.recv().await?;
        self.give_back(usize::from(has_place));
        Some(request)
    }

    /// Takes out what is there, as many as there are places at most.
    pub(super) fn take(&mut self, into: &mut Vec<T>) {
        let mut places = 0;
        for _ in 0..PLACES {
            let Ok(Waiting { request, has_place }) = self.requests.try_recv() else { break };
            places += usize::from(has_place);
            into.push(request);
        }
        self.give_back(places);
    }

    fn give_back(&self, places: usize) {
        if places > 0 {
            self.places.add_permits(places);
        }
    }
}

impl<T> Drop for Requests<T> {
    /// Who waits for a place learns that there is none, and who waits for an answer that none comes. The channel
    /// by itself would keep what another thread is just putting in for as long as anybody can put something in.
    fn drop(&mut self) {
        self.places.close();
        self.requests.close();
        loop {
            match self.requests.try_recv() {
                Ok(_unanswered) => {}
                Err(TryRecvError::Empty) => thread::yield_now(),
                Err(TryRecvError::Disconnected) => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        hint,
        sync::{
            Barrier,
            atomic::{
                AtomicUsize,
                Ordering::{Acquire, Release},
            },
        },
    };

    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn full_mailbox_lets_leaves_in_order() {
        let (mailbox, mut requests) = open();
        for n in 0..PLACES {
            assert!(mailbox.try_put(n).is_ok());
        }
        assert!(matches!(mailbox.try_put(0), Err(PutError::Full(0))));
        let mut waiting = Box::pin(mailbox.put(1_001));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(mailbox.put_beside(1_000).is_ok());
        assert_eq!(requests.next().await, Some(0));
        assert!(waiting.await.is_ok());
        let mut taken = Vec::new();
        requests.take(&mut taken);
        requests.take(&mut taken);
        assert!(taken.into_iter().eq((1..PLACES).chain([1_000, 1_001])));
        assert_eq!(requests.places.available_permits(), PLACES);
    }

    #[tokio::test]
    async fn end_is_told_to_who_waits() {
        let (mailbox, requests) = open();
        while mailbox.try_put(()).is_ok() {}
        let mut waiting = Box::pin(mailbox.put(()));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(requests);
        assert!(waiting.await.is_err());
        assert!(matches!(mailbox.try_put(()), Err(PutError::Closed)));
        assert!(mailbox.put_beside(()).is_err());
    }

    /// Two threads come to the end of each of many mailboxes as nearly at once as may be; they begin together
    /// again and again, because one of them falls behind.
    #[test]
    fn request_that_races_with_end_is_dropped() {
        const MAILBOXES: usize = 1_000;
        for _ in 0..60 {
            let (mailboxes, ends): (Vec<_>, Vec<_>) = (0..MAILBOXES).map(|_| open()).unzip();
            let (answers, mut answered): (Vec<_>, Vec<_>) =
                (0..MAILBOXES).map(|_| oneshot::channel::<()>()).unzip();
            let (begin, ended) = (Barrier::new(2), AtomicUsize::new(0));
            thread::scope(|scope| {
                scope.spawn(|| {
                    begin.wait();
                    for (n, (mailbox, answer)) in mailboxes.iter().zip(answers).enumerate() {
                        while ended.load(Acquire) < n {
                            hint::spin_loop();
                        }
                        drop(mailbox.put_beside(answer));
                    }
                });
                begin.wait();
                for (n, requests) in ends.into_iter().enumerate() {
                    ended.store(n, Release);
                    (0..n % 50).for_each(|_| hint::spin_loop());
                    drop(requests);
                }
            });
            for answered in &mut answered {
                assert_eq!(answered.try_recv(), Err(oneshot::error::TryRecvError::Closed));
            }
        }
    }
}
