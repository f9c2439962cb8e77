//! The words of the room page and of the pages that lead to it, one file for each part; what belongs to no
//! single part is in `site`. How they are written stands in [`chat_ui::words`].

pub mod classic;
pub mod connection;
pub mod errors;
pub mod home;
pub mod lesson;
pub mod messages;
pub mod people;
pub mod room_names;
pub mod share;
mod site;

pub use chat_ui::words::*;
pub use site::*;
