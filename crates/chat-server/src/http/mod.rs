//! HTTP, as far as every address needs it. A [`site`] knows which requests are sent to this server by a page
//! that may, and from where; [`handshake`] checks what asks to become a WebSocket, [`origin`] and
//! [`web_origin`] whose page asks. [`links`] are the addresses to give to others, with [`lan`] and [`qr`];
//! [`headers`], [`body`] and [`sse`] are parts of requests and answers; [`hints`] tells the operator what only
//! they can mend.

pub mod body;
pub mod handshake;
pub mod headers;
pub mod hints;
pub mod lan;
pub mod links;
pub mod origin;
pub mod qr;
pub mod site;
pub mod sse;
pub mod web_origin;
