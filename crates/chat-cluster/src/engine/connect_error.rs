//! Why there is no engine to begin with. Each says what was found and what to do; none shows a password.

/// An engine that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is none.
    #[error("the URL of the engine cannot be read; write redis://[user:password@]host[:port]")]
    Url,
    /// A numbered database.
    #[error(
        "the URL of the engine names a database; leave the number out: messages are not divided by it, \
         and a prefix of its own (--engine-prefix) keeps two clusters apart"
    )]
    Database,
    /// Encrypted, which this program is built without.
    #[error(
        "this program is built without TLS to engines; write redis:// and keep the engine in a private \
         network, or put a tunnel between them"
    )]
    Tls,
    /// The prefix cannot be used.
    #[error("the prefix {0:?} cannot be used; take letters, digits, - and _ (at most 64)")]
    Prefix(String),
    /// Nobody answers there.
    #[error("no engine answers at {at} ({reason}); start Redis or Valkey there, or correct the address")]
    Unreachable {
        /// Host and port.
        at: String,
        /// In the words of the system.
        reason: String,
    },
    /// Somebody answers who is no engine.
    #[error("what answers at {at} is neither Redis nor Valkey; correct the address")]
    NoEngine {
        /// Host and port.
        at: String,
    },
    /// A wrong password, or none.
    #[error("the engine at {at} does not accept user and password; correct those in its URL")]
    Auth {
        /// Host and port.
        at: String,
    },
    /// The user may not do what is needed.
    #[error(
        "the engine at {at} does not permit this user what is needed ({reason}); with the default prefix that is: \
         ACL SETUSER <user> ~otagh:* &otagh:* +@all -@dangerous +info"
    )]
    Denied {
        /// Host and port.
        at: String,
        /// In the words of the engine.
        reason: String,
    },
    /// Its version.
    #[error("the engine at {at} is version {version}; Redis 7.0, Valkey 7.2 or a later one is needed")]
    TooOld {
        /// Host and port.
        at: String,
        /// What it says it is.
        version: String,
    },
    /// Cluster or sentinel.
    #[error(
        "the engine at {at} runs as {mode}; name the masters of standalone engines, with commas between them"
    )]
    Mode {
        /// Host and port.
        at: String,
        /// What it says it is.
        mode: String,
    },
    /// A replica.
    #[error("the engine at {at} is a replica; name its master")]
    Replica {
        /// Host and port.
        at: String,
    },
    /// It answers, but takes no writes now.
    #[error("the engine at {at} refuses: {reason}; see its log")]
    Refused {
        /// Host and port.
        at: String,
        /// In the words of the engine.
        reason: String,
    },
    /// Other nodes are given other engines, so that a room would be on two of them.
    #[error(
        "nodes that are there take {at} for engine {other}, and this one for {part} (place from 0, of how many); \
         give --engine the same engines in the same order on all nodes"
    )]
    OtherEngines {
        /// Host and port.
        at: String,
        /// Which of how many it is here.
        part: String,
        /// And there.
        other: String,
    },
    /// Another node has the number of this one.
    #[error("another node at {at} has the number {number}; take another")]
    NumberTaken {
        /// Host and port.
        at: String,
        /// The number.
        number: u32,
    },
}

impl ConnectError {
    /// Whether it may be otherwise in a moment.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Replica { .. } | Self::Refused { .. } => true,
            Self::Url
            | Self::Database
            | Self::Tls
            | Self::Prefix(_)
            | Self::NoEngine { .. }
            | Self::Auth { .. }
            | Self::Denied { .. }
            | Self::TooOld { .. }
            | Self::Mode { .. }
            | Self::OtherEngines { .. }
            | Self::NumberTaken { .. } => false,
        }
    }
}
