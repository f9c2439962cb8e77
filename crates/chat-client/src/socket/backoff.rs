//! How long to wait before trying again: exponential with full jitter, so that a room full of
//! browsers whose server restarted does not return as one. Randomness is passed in.

/// First upper bound, in milliseconds: a hiccup is over at once.
pub(crate) const BASE_MS: u64 = 500;
/// Last upper bound, in milliseconds: nobody should wait longer for a server that is back.
pub(crate) const CAP_MS: u64 = 15_000;
/// Least wait, in milliseconds, so that a server that refuses at once is not hammered.
pub(crate) const FLOOR_MS: u64 = 200;

/// The wait before attempt number `attempt` (0 for the first), given `random` in `0.0..1.0`.
pub(crate) fn wait_ms(attempt: u32, random: f64) -> u64 {
    let upper = BASE_MS.saturating_mul(1 << attempt.min(10)).min(CAP_MS);
    FLOOR_MS.max((upper as f64 * random) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_to_cap_with_full_jitter() {
        let bounds: Vec<u64> = (0..8).map(|attempt| wait_ms(attempt, 0.999_999)).collect();
        assert_eq!(bounds, [499, 999, 1_999, 3_999, 7_999, 14_999, 14_999, 14_999]);
        assert_eq!(wait_ms(u32::MAX, 0.0), FLOOR_MS);
    }
}
