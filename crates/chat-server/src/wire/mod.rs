//! Seeing the wire. A connection that asks for it is recorded: [`socket`] keeps the bytes of its
//! handshake for as long as the HTTP library has the socket, then reader and outbox hand on what passes
//! to its [`tap`].
//! A [`capture`] keeps it; [`captures`] finds one by its token; a [`reading`] covers what is secret, and
//! [`stream`] shows the rest, with what the [`kernel`] knows. All of that observes only: a fault in it
//! can never change the chat, and who is not recorded pays nothing. What changes one's own connection,
//! because its owner wants to see it break, is in [`faults`].

pub mod capture;
pub mod captures;
pub mod faults;
pub mod kernel;
pub mod reading;
pub mod socket;
pub mod stream;
pub mod tap;
