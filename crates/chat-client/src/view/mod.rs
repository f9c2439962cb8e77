//! What people see, one noun a file. Views read [`crate::chat::Chat`] and are told when what they
//! show has changed; they keep no state of their own but what is on the screen only.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

mod bind;
mod composer;
mod dom;
mod entrance;
mod field;
mod header;
mod home;
mod icon;
mod lesson;
mod masthead;
mod message;
mod missing;
mod notice;
mod people;
mod room;
mod rows;
mod scroller;
mod share;
mod theme;
mod timeline;

pub use home::Home;
pub use missing::Missing;
pub use room::RoomPage;
