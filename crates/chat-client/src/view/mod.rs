//! What people see, one noun a file. Views read [`crate::chat::Chat`] and are told when what they
//! show has changed; they keep no state of their own but what is on the screen only.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

mod announcer;
pub mod bind;
#[cfg(feature = "ssr")]
mod classic;
mod composer;
pub mod dom;
mod entrance;
mod field;
mod header;
mod home;
pub mod icon;
mod layers;
mod lesson;
mod masthead;
mod message;
mod missing;
mod notice;
mod people;
mod room;
mod rows;
pub mod said;
mod scroller;
mod share;
#[cfg(feature = "ssr")]
mod shown;
pub mod theme;
mod timeline;
mod xray;

#[cfg(feature = "ssr")]
pub(crate) use classic::ClassicPage;
pub use home::Home;
pub use missing::Missing;
pub use room::RoomPage;
#[cfg(feature = "ssr")]
pub(crate) use shown::Shown;
