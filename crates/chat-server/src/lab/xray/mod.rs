//! The X-ray: seeing the wire. A connection that asks for it is recorded by the hooks of
//! [`crate::rooms::recorder`]: a [`watch`] hands on what passes its socket. A [`recording`] keeps it;
//! [`recordings`] finds one by its token; [`redacted`] covers what is secret, and [`stream`] shows the rest,
//! with what the kernel knows ([`tcp_info`]). All of that observes only: a fault in it can never change the
//! chat, and a connection that is not recorded pays nothing. What spoils one's own connection, because its
//! owner wants to see it break, is the [`injector`]'s, asked for by [`inject`].

pub mod inject;
pub mod injector;
pub mod recording;
pub mod recordings;
pub mod redacted;
pub mod stream;
pub mod tcp_info;
pub mod watch;
