//! What must hold for any bytes that come from outside: one function for each kind of input, which
//! panics when a promise is broken. `fuzz/` gives them to libFuzzer, `cargo xtask fuzz` runs that, and the tests of this crate replay the seeds with any compiler.
//!
//! A target knows the promise and not the code behind it: a text that was accepted is accepted
//! again unchanged, an answer has its security headers, the pieces of a message are the message.

mod frames;
mod message;
mod names;
mod page;
mod request;
mod wire;

// The prose of the page. Its module is plain Rust without a dependency; the crate it lives in
// brings Leptos, which takes minutes to build with a fuzzer's instruments.
#[path = "../../chat-ui/src/prose/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "the page uses the rest")]
mod prose;

/// One kind of input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Of its seeds' folder, `fuzz/seeds/{name}`, and of its program.
    pub name: &'static str,
    /// Panics when a promise is broken.
    pub run: fn(&[u8]),
}

/// All of them. A test holds `fuzz/` to this list.
pub const TARGETS: [Target; 9] = [
    Target { name: "client_msg", run: message::from_a_client },
    Target { name: "server_msg", run: message::from_a_server },
    Target { name: "name", run: names::name },
    Target { name: "text", run: names::text },
    Target { name: "frames", run: frames::run },
    Target { name: "wire", run: wire::run },
    Target { name: "request", run: request::run },
    Target { name: "forwarded", run: request::forwarded },
    Target { name: "prose", run: page::prose },
];

/// Gives these bytes to the target of this name.
///
/// # Panics
/// When a promise is broken, or there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(bytes);
}
