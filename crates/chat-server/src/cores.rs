//! The threads of the server. Each core that rooms live on is one, with a single-threaded runtime and a reactor
//! of its own: what a room does for a message (read it, decide, send it) stays on one thread, so that no lock is
//! waited for and no other thread woken. Everything else, HTTP above all, is on the *front*, the runtime that
//! the server was started on: no page stands before a room, and a core that is busy with one room keeps nobody
//! from coming into another. With one core there is no other thread, and rooms live on the front, too
//! (docs/adr/0010).

use std::{
    cell::Cell,
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::Duration,
};

use tokio::{
    runtime::{self, Handle, Runtime},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

thread_local! {
    /// The number of the core that this thread is; of the front, 0.
    static HERE: Cell<usize> = const { Cell::new(0) };
}

/// How many files a core has open that is a thread: its reactor's, and what wakes it.
const FILES: usize = 4;

/// How many files so many cores have open.
pub(crate) fn files(cores: usize) -> usize {
    if cores > 1 { cores * FILES } else { 0 }
}

/// The cores that rooms live on.
#[derive(Debug)]
pub(crate) struct Cores(Box<[Arc<Core>]>);

/// One of them.
#[derive(Debug)]
pub(crate) struct Core {
    /// Counted from 1; 0 where it is the front, too.
    number: usize,
    runtime: Handle,
    load: AtomicUsize,
}

/// The threads of the cores, which end when this is dropped, and what runs on them with them.
#[derive(Debug)]
pub(crate) struct Threads {
    over: CancellationToken,
}

impl Cores {
    /// So many cores, for a server whose front is the runtime that this is called on.
    ///
    /// # Errors
    /// When the system gives no more threads, or no more files.
    pub(crate) fn start(count: usize) -> io::Result<(Arc<Self>, Threads)> {
        let threads = Threads { over: CancellationToken::new() };
        let cores: io::Result<Box<[Arc<Core>]>> = match count {
            0 | 1 => Ok([Core::new(0, Handle::current())].into()),
            _ => (1..=count).map(|number| Core::start(number, threads.over.clone())).collect(),
        };
        Ok((Arc::new(Self(cores?)), threads))
    }

    /// The one that has least to do, by the rooms on it and the members in them.
    pub(crate) fn least_loaded(&self) -> &Arc<Core> {
        self.0.iter().min_by_key(|core| core.load.load(Relaxed)).expect("there is at least one")
    }

    /// How many threads there are: the numbers of the front and of all cores are below it.
    pub(crate) fn threads(&self) -> usize {
        self.0.last().map_or(1, |last| last.number + 1)
    }
}

impl Core {
    fn new(number: usize, runtime: Handle) -> Arc<Self> {
        Arc::new(Self { number, runtime, load: AtomicUsize::new(0) })
    }

    /// The runtime is made on the thread that is to have it: where there are no more threads, one that is already
    /// made would be dropped on the front, which panics.
    fn start(number: usize, over: CancellationToken) -> io::Result<Arc<Self>> {
        let (made, runtime) = mpsc::sync_channel(1);
        thread::Builder::new().name(format!("core {number}")).spawn(move || {
            HERE.set(number);
            // Whoever starts the core waits for this.
            let send = |runtime| made.send(runtime).expect("the other end waits");
            let runtime = match single_threaded() {
                Ok(runtime) => runtime,
                Err(error) => return send(Err(error)),
            };
            send(Ok(runtime.handle().clone()));
            runtime.block_on(async {
                tokio::select! {
                    () = over.cancelled() => {}
                    never = wake_each_second() => match never {},
                }
            });
        })?;
        Ok(Self::new(number, runtime.recv().map_err(io::Error::other)??))
    }

    /// See [`Cores::threads`].
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Whether this thread is it.
    pub(crate) fn is_here(&self) -> bool {
        HERE.get() == self.number
    }

    /// Has so much more to do, in rooms and members.
    pub(crate) fn add_load(&self, more: usize) {
        self.load.fetch_add(more, Relaxed);
    }

    pub(crate) fn take_load(&self, less: usize) {
        self.load.fetch_sub(less, Relaxed);
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

/// A runtime of the thread that blocks on it, as each core has and the front should have: in a process of one
/// thread the kernel takes every write for a little less (docs/adr/0006).
///
/// # Errors
/// When the system has no more files for its reactor.
pub fn single_threaded() -> io::Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().on_thread_park(chat_heap::trim).build()
}

/// Wakes this thread once a second, also where nobody does anything: it parks again, and what was freed last
/// goes back to the system.
pub(crate) async fn wake_each_second() -> Infallible {
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        seconds.tick().await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn each_core_is_a_thread() {
        let (cores, threads) = Cores::start(2).unwrap();
        assert_eq!(cores.threads(), 3);
        for core in &cores.0 {
            assert!(!core.is_here());
            let (there, answer) = oneshot::channel();
            let asked = core.clone();
            core.runtime().spawn(async move { there.send(asked.is_here()) });
            assert!(answer.await.unwrap());
        }
        drop(threads);
        let (alone, _threads) = Cores::start(1).unwrap();
        assert!(alone.least_loaded().is_here());
        assert_eq!(alone.threads(), 1);
    }

    #[tokio::test]
    async fn tasks_end_with_their_core() {
        let (cores, threads) = Cores::start(2).unwrap();
        let (held, over) = oneshot::channel::<()>();
        cores.least_loaded().runtime().spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        drop(threads);
        assert!(over.await.is_err(), "what the task held is dropped");
    }

    #[tokio::test]
    async fn panic_in_task_spares_core() {
        let (cores, _threads) = Cores::start(2).unwrap();
        let runtime = cores.least_loaded().runtime();
        assert!(runtime.spawn(async { panic!("on purpose") }).await.unwrap_err().is_panic());
        assert!(runtime.spawn(std::future::ready(())).await.is_ok());
    }
}
