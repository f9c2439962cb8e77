//! Stands for the crate `wasm-streams`, as far as Leptos' server functions name it (`Cargo.toml`,
//! `[patch.crates-io]`). That crate exports to JavaScript, and what is exported stays in a page for good:
//! each room would bring 3 KiB of streams that nobody opens. Otagh has no server function. If it ever gets
//! one, take the patch out.

use futures_util::Stream;
use wasm_bindgen::JsValue;

/// There is none.
pub enum ReadableStream {}

impl ReadableStream {
    /// # Panics
    /// Always: see above.
    pub fn from_stream(_: impl Stream<Item = Result<JsValue, JsValue>> + 'static) -> Self {
        missing()
    }

    /// # Panics
    /// Always: see above.
    #[must_use]
    pub fn from_raw(_: web_sys::ReadableStream) -> Self {
        missing()
    }

    /// What there is none of has no bytes.
    #[must_use]
    pub fn into_raw(self) -> web_sys::ReadableStream {
        match self {}
    }

    /// What there is none of has no bytes.
    pub fn into_stream(self) -> futures_util::stream::Empty<Result<JsValue, JsValue>> {
        match self {}
    }
}

#[expect(clippy::panic, reason = "a server function was added, and this crate must go")]
fn missing() -> ! {
    panic!("there are no server functions here: take the patch of wasm-streams out of Cargo.toml")
}
