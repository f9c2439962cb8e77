//! The colour of a person: one of eight, by the id, unless somebody else in the room has it already
//! ([`super::roster`]). Which colours they are is the style's.

/// How many person colours there are.
pub(crate) const HUES: u8 = 8;

/// Which of the [`HUES`] colours this member id would have, were it alone: 32-bit FNV-1a, its halves folded
/// together because its lowest bits alone are the weakest.
pub(crate) fn of(id: &str) -> u8 {
    let hash =
        id.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let folded = hash ^ (hash >> 16);
    ((folded ^ (folded >> 8)) % u32::from(HUES)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hue_is_stable_and_spread_evenly() {
        assert_eq!(of("c-1"), of("c-1"));
        let mut counts = [0; HUES as usize];
        for n in 0..800 {
            counts[usize::from(of(&format!("c{n:x}")))] += 1;
        }
        assert!(counts.iter().all(|&count| (50..=150).contains(&count)), "{counts:?}");
    }
}
