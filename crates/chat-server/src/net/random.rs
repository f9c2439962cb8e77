//! Randomness from the operating system, at the edges that need it: tokens, epochs, jitter.

use chat_protocol::Epoch;

/// `N` random bytes.
///
/// # Panics
/// When the operating system has none to give. A server that cannot make secrets must not go on
/// as if it could.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A name for one life of a room that no other life has: 64 random bits.
pub(crate) fn epoch() -> Epoch {
    Epoch::parse(&format!("{:016x}", u64::from_be_bytes(bytes()))).expect("hex digits are an epoch")
}
