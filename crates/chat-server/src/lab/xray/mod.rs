//! The X-ray: seeing the wire. A connection that asks for it is recorded by the hooks of
//! [`crate::rooms::recorder`]: a [`watch`] hands on what passes its socket. A [`recording`] keeps it;
//! [`recordings`] finds one by its token; [`redacted`] covers what is secret, [`stream`] shows the rest,
//! with what the kernel knows ([`tcp_info`]), and [`export`] hands it out as a file, by its [`title`]. All of
//! that observes only: a bug in it can never change the chat, and a connection that is not recorded pays
//! nothing. The [`injector`] breaks a connection whose owner wants to see that, asked for by [`inject`].

pub(crate) mod export;
pub(crate) mod inject;
mod injector;
mod recording;
pub(crate) mod recordings;
mod redacted;
pub(crate) mod stream;
mod tcp_info;
mod title;
mod watch;
