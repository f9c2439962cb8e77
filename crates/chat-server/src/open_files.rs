//! How many files this process may have open: each socket is one. The system has a soft limit, often
//! 1,024 or, on macOS, 256, and a hard one up to which a process may raise it for itself. It knows
//! limits only, not what the files are for.

use std::fmt;

/// What a server has open besides sockets: terminals, the listener, the reactor; and room for a few
/// more, as when a name is looked up.
const OTHERS: u64 = 64;

/// The system allows less than is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shortage {
    may: u64,
    needed: u64,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { may, needed } = self;
        write!(
            f,
            "this process may open {may} files, and its limits of sockets need {needed}: who comes \
             after that waits. Raise it (ulimit -Hn, or LimitNOFILE in systemd), or lower \
             --max-connections"
        )
    }
}

impl std::error::Error for Shortage {}

/// Raises the soft limit as far as `sockets` need it.
///
/// # Errors
/// [`Shortage`] when the system does not allow as many.
#[cfg(unix)]
pub fn make_room(sockets: usize) -> Result<(), Shortage> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let needed = sockets as u64 + OTHERS;
    // `None` is infinity.
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let may = current.unwrap_or(u64::MAX);
    if may >= needed {
        return Ok(());
    }
    let raised = needed.min(maximum.unwrap_or(u64::MAX));
    match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }) {
        Ok(()) if raised == needed => Ok(()),
        Ok(()) => Err(Shortage { may: raised, needed }),
        Err(_) => Err(Shortage { may, needed }),
    }
}

/// Here no such limit is known.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn make_room(sockets: usize) -> Result<(), Shortage> {
    tracing::debug!(sockets, others = OTHERS, "no limit of open files is known");
    Ok(())
}
