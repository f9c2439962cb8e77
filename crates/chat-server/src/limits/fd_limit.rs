//! How many files this process may have open: each socket is one, and each core has some. The system has
//! a soft limit, often 1,024 or, on macOS, 256, and a hard one up to which a process may raise it for
//! itself. It knows limits only, not what the files are for.

/// What a server has open besides: terminals, the listener, the front's reactor; and room for a few
/// more, as when a name is looked up.
const OTHERS: u64 = 64;

/// The system allows less than is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "this process may open {may} files, and its sockets and cores need up to {needed}: clients beyond that wait. \
     Raise it (ulimit -Hn, or LimitNOFILE in systemd), or lower --max-connections"
)]
pub struct FdLimitError {
    may: u64,
    needed: u64,
}

/// Raises the soft limit as far as so many `files` need it.
///
/// # Errors
/// [`FdLimitError`] when the system does not allow as many.
#[cfg(unix)]
pub fn raise(files: usize) -> Result<(), FdLimitError> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let needed = files as u64 + OTHERS;
    // `None` is infinity.
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let may = current.unwrap_or(u64::MAX);
    if may >= needed {
        return Ok(());
    }
    let raised = needed.min(maximum.unwrap_or(u64::MAX));
    match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }) {
        Ok(()) if raised == needed => Ok(()),
        Ok(()) => Err(FdLimitError { may: raised, needed }),
        Err(_) => Err(FdLimitError { may, needed }),
    }
}

/// Here no such limit is known.
#[cfg(not(unix))]
pub fn raise(files: usize) -> Result<(), FdLimitError> {
    tracing::debug!(files, others = OTHERS, "no limit of open files is known");
    Ok(())
}
