//! How long to wait before coming back, by the formula of `docs/protocol.md`, "Closing". Randomness
//! is passed in. The page has the same formula in its own crate, which does not compile here.

use std::time::Duration;

const BASE_MS: u64 = 500;
const CAP_MS: u64 = 15_000;
const FLOOR_MS: u64 = 200;

/// The wait before attempt number `attempt` (0 for the first), given `random` in `0.0..1.0`.
pub(crate) fn wait(attempt: u32, random: f64) -> Duration {
    let upper = BASE_MS.saturating_mul(1 << attempt.min(10)).min(CAP_MS);
    Duration::from_millis(FLOOR_MS.max((upper as f64 * random) as u64))
}
