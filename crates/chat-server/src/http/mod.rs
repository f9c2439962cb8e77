//! HTTP, as far as every address needs it. A [`site`] knows which requests are sent to this server by a page
//! that may, and from where; [`handshake`] checks what asks to become a WebSocket, [`origin`] and
//! [`web_origin`] whose page asks. [`links`] are the addresses to give to others, with [`lan`] and [`qr`];
//! [`request_limit`] is how many requests an address may send, [`room_spelling`] how it may write a room. [`headers`], [`body`], [`disposition`] and [`sse`]
//! are parts of requests and answers; [`hints`] tells the operator what only they can mend.

pub(crate) mod body;
#[cfg(feature = "lab")]
pub(crate) mod disposition;
pub(crate) mod handshake;
pub(crate) mod headers;
pub(crate) mod hints;
pub(crate) mod lan;
pub(crate) mod links;
pub(crate) mod origin;
pub(crate) mod qr;
pub(crate) mod request_limit;
pub(crate) mod room_spelling;
pub(crate) mod site;
pub(crate) mod sse;
pub(crate) mod web_origin;
