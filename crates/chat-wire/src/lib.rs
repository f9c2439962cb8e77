//! What a recorded WebSocket connection is made of. An [`Event`] is one thing that the server's tap
//! saw, as it travels to the page that shows it. Everything here looks at bytes and explains them;
//! it compiles for the server and for the browser, so that what the page shows and what the tests
//! compare is read by the same code. It knows no socket, clock or human language, and nothing of a
//! room.

mod event;

pub use event::{Chunk, Direction, Ended, Event, Journey, Opened, Tcp};
