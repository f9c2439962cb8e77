//! Seeing the wire. [`socket`] keeps the bytes of a handshake for as long as the HTTP library has the
//! socket. This module observes only: a fault in it can never change the chat.

pub mod socket;
