//! Randomness. `getRandomValues` rather than `randomUUID`, which plain HTTP on a LAN does not have.

use leptos::prelude::window;

/// A number in `0.0..1.0`, for jitter and room names.
pub fn unit() -> f64 {
    js_sys::Math::random()
}

/// Random bytes, from the browser's own source where it gives some.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let drawn = window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if drawn.is_err() {
        // What is drawn here is public and proves nothing; without a better source this will do.
        bytes.fill_with(|| (unit() * 256.0) as u8);
    }
    bytes
}

/// Ten characters that nobody else will draw: 50 random bits.
pub fn id() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    bytes::<10>().iter().map(|byte| ALPHABET[usize::from(byte % 32)] as char).collect()
}
