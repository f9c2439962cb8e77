//! The allocator of the binary that links this crate: mimalloc. glibc's wastes up to half of what a connection
//! takes on what the runtime wants aligned to 128 bytes, and keeps what a crowd leaves behind (docs/adr/0006).
//! Each thread has a heap of its own, which keeps what was freed until it is asked for it: [`trim`]. This is the
//! one crate with unsafe code: that one call, of a function without pointers.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often a thread's heap gives back what is free, at most.
const APART: Duration = Duration::from_millis(500);

thread_local! {
    static TRIMMED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Gives the system back what this thread's heap keeps free, at most twice a second. For a thread that has
/// nothing else to do.
#[expect(unsafe_code, reason = "a function of C")]
pub fn trim() {
    let now = Instant::now();
    if TRIMMED.get().is_some_and(|trimmed| now < trimmed + APART) {
        return;
    }
    TRIMMED.set(Some(now));
    // SAFETY: it takes no pointer, and touches only what is free of the heap of the thread that calls it.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
