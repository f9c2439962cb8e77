//! stub
use crate::Event;
/// stub
pub fn write(_: &[Event]) -> Vec<u8> {
    Vec::new()
}
