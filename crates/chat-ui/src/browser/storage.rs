//! What the browser keeps for us: in `local` for this person, in `session` for this tab. Where
//! there is no storage (private windows, strict settings) nothing is found and nothing is kept,
//! and the chat works until the page is left. Every key begins with `otagh:`, in both, and nothing
//! else's does: whoever clears those has forgotten the last person at this computer.

use chat_protocol::json::Read;
use leptos::prelude::window;
use serde::Serialize;

use super::json;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// For this person, in every tab, until cleared.
    Local,
    /// For this tab, until it is closed.
    Session,
}

impl Keep {
    fn storage(self) -> Option<web_sys::Storage> {
        match self {
            Self::Local => window().local_storage(),
            Self::Session => window().session_storage(),
        }
        .ok()
        .flatten()
    }

    /// What was kept under this key.
    pub fn get(self, key: &str) -> Option<String> {
        self.storage()?.get_item(key).ok().flatten()
    }

    /// Keeps `value`; an empty one is forgotten.
    pub fn set(self, key: &str, value: &str) {
        let Some(storage) = self.storage() else { return };
        let kept = if value.is_empty() { storage.remove_item(key) } else { storage.set_item(key, value) };
        if kept.is_err() {
            leptos::logging::warn!("the browser keeps nothing under {key}: storage is full or closed");
        }
    }

    /// What was kept under this key, if it still reads as what it was.
    pub fn get_json<T: Read>(self, key: &str) -> Option<T> {
        T::read(&json::parse(&self.get(key)?)?).ok()
    }

    /// Keeps `value` as JSON.
    pub fn set_json(self, key: &str, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(json) => self.set(key, &json),
            Err(_) => leptos::logging::warn!("{key} could not be written"),
        }
    }
}
