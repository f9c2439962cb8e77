//! The X-ray: seeing the wire. A connection that asks for it is recorded by the hooks of
//! [`crate::rooms::recorder`]: a [`watch`] hands on what passes its socket. A [`recording`] keeps it;
//! [`recordings`] finds one by its token; [`redacted`] covers what is secret, and [`stream`] shows the rest,
//! with what the kernel knows ([`tcp_info`]). All of that observes only: a fault in it can never change the
//! chat, and a connection that is not recorded pays nothing. What spoils one's own connection, because its
//! owner wants to see it break, is the [`injector`]'s, asked for by [`inject`].

pub(crate) mod inject;
mod injector;
mod recording;
pub(crate) mod recordings;
mod redacted;
pub(crate) mod stream;
mod tcp_info;
mod watch;
