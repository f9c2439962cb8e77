//! What people see, one noun a file. Views read [`crate::chat::Chat`] and are told when what they
//! show has changed; they keep no state of their own but what is on the screen only.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

mod announcer;
#[cfg(feature = "ssr")]
mod classic;
mod composer;
mod entrance;
mod field;
mod header;
#[cfg(feature = "ssr")]
mod home;
#[cfg(feature = "ssr")]
pub(crate) mod late;
mod layers;
mod lesson;
#[cfg(feature = "ssr")]
mod masthead;
mod message;
#[cfg(feature = "ssr")]
mod missing;
mod notice;
mod people;
mod room;
mod scroller;
mod share;
mod timeline;
mod xray;

#[cfg(feature = "ssr")]
pub use classic::Classic;
#[cfg(feature = "ssr")]
pub(crate) use classic::ClassicPage;
#[cfg(feature = "ssr")]
pub(crate) use home::Home;
#[cfg(feature = "ssr")]
pub use home::{Answered, Asked};
#[cfg(feature = "ssr")]
pub(crate) use missing::Missing;
pub(crate) use room::RoomPage;
