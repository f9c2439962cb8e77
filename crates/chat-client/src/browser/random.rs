//! Randomness. `getRandomValues` rather than `randomUUID`, which plain HTTP on a LAN does not have.

use leptos::prelude::window;

/// A number in `0.0..1.0`, for jitter and room names.
pub fn unit() -> f64 {
    js_sys::Math::random()
}

/// Ten characters that nobody else will draw: 50 random bits.
pub fn id() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 10];
    let drawn = window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if drawn.is_err() {
        // Ids are public and prove nothing; without a better source this will do.
        bytes.fill_with(|| (unit() * 256.0) as u8);
    }
    bytes.iter().map(|byte| ALPHABET[usize::from(byte % 32)] as char).collect()
}
