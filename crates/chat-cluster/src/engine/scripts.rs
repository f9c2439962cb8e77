//! The scripts that an engine runs, each one atomic, and the keys they are given. What they answer begins
//! with a word: `ok`, or why not.

use std::sync::LazyLock;

use super::client::Script;

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {
        $(pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new($file, include_str!(concat!("../scripts/", $file, ".lua"))));)*

        /// All of them.
        pub(super) fn all() -> impl Iterator<Item = &'static Script> {
            [$(&*$name),*].into_iter()
        }
    };
}

scripts! {
    APPEND = "append";
    BEAT = "beat";
    CLEAR = "clear";
    END = "end";
    ENTER = "enter";
    EXISTS = "exists";
    LEAVE = "leave";
    LOAD = "load";
    NODES = "nodes";
    READ = "read";
    SNAPSHOT = "snapshot";
}

/// The names of keys and channels: all begin with the prefix, which keeps two clusters on one engine apart.
/// No room is named with a colon.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// `None` when the prefix could make a name that is also another's.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=64).contains(&prefix.len()) && prefix.bytes().all(allowed);
        fits.then(|| Self { prefix: prefix.into() })
    }

    pub(super) fn era(&self) -> String {
        format!("{}:era", self.prefix)
    }

    /// Which of how many engines this one is, while there are nodes.
    pub(super) fn engines(&self) -> String {
        format!("{}:engines", self.prefix)
    }

    pub(super) fn node(&self, number: u32) -> String {
        format!("{}:node:{number}", self.prefix)
    }

    /// The keys of every script about a room: era, meta, log, snap.
    pub(super) fn room(&self, room: &str) -> [String; 4] {
        let key = |part| format!("{}:{room}:{part}", self.prefix);
        [self.era(), key("meta"), key("log"), key("snap")]
    }

    /// Where a room is told.
    pub(super) fn channel(&self, room: &str) -> String {
        format!("{}:{room}", self.prefix)
    }

    /// Where a node hears itself.
    pub(super) fn echo(&self, number: u32) -> String {
        format!("{}:echo:{number}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_one_plain_word() {
        assert!(Names::new("otagh").is_some() && Names::new("school-2_b").is_some());
        for prefix in ["", "a:b", "اتاق", "a b", "{a}"] {
            assert!(Names::new(prefix).is_none(), "{prefix:?}");
        }
    }

    #[test]
    fn names_of_room_and_node_never_meet() {
        let names = Names::new("otagh").unwrap();
        for name in ["era", "node", "echo", "7", "meta"] {
            let room = names.room(name);
            assert!(!room[1..].contains(&names.era()) && !room[1..].contains(&names.node(7)));
            assert_ne!(names.channel(name), names.echo(7));
        }
    }
}
