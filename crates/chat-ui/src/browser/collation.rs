//! The order in which a Persian reader looks for a name: آ first, then the Persian alphabet, Latin after it
//! without regard to case, and numbers by what they are worth (CLDR's collation for `fa`, which every
//! browser brings along).

use std::cmp::Ordering;

use js_sys::{Array, Function, Intl::Collator, Object};
use wasm_bindgen::JsValue;

/// `fa`, with numbers by their value (UTS #35 §"Collation Settings").
const LOCALE: &str = "fa-u-kn";

thread_local! {
    // Made once: that takes a browser longer than a thousand comparisons.
    static COMPARE: Function = Collator::new(&Array::of1(&LOCALE.into()), &Object::new()).compare();
}

/// Which of two names comes first.
pub fn compare(a: &str, b: &str) -> Ordering {
    let order = COMPARE.with(|compare| compare.call2(&JsValue::UNDEFINED, &a.into(), &b.into()));
    order.ok().and_then(|order| order.as_f64()).and_then(|order| order.partial_cmp(&0.0)).unwrap_or(a.cmp(b))
}
