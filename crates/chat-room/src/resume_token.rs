//! Resume tokens, and the key of a class, as the server keeps them: only a hash of them, so that a leak of the
//! server's memory or a careless log cannot impersonate anybody. This module does not know where the random
//! bytes come from.

use std::{
    borrow::Cow,
    hash::{Hash, Hasher},
};

use chat_protocol::{ClassKey, Epoch, ResumeToken, Seq};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The first half of the SHA-256 of a [`ResumeToken`] or a [`ClassKey`]: 128 bits, because it is guessed against
/// and never collided with, and there are two of them for each tab. Compared in constant time. Finding one by
/// its `mark` is not, and need not be: how long that takes tells about hashes, and nobody can choose a token by
/// its hash.
#[derive(Clone, Copy, Eq, Debug)]
pub struct TokenHash([u8; 16]);

impl TokenHash {
    /// The hash of this token.
    pub fn of(token: &ResumeToken) -> Self {
        Self::of_secret(token.as_str())
    }

    /// The hash of the key of a class.
    pub fn of_key(key: &ClassKey) -> Self {
        Self::of_secret(key.as_str())
    }

    /// The hash of a secret that a client has drawn itself.
    pub fn of_secret(secret: &str) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(secret)[..16]);
        Self(half)
    }

    /// Its first eight bytes: to find it by, before it is compared.
    pub(crate) fn mark(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// As 32 hex digits.
impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:032x}", u128::from_be_bytes(self.0)))
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = <Cow<'de, str>>::deserialize(deserializer)?;
        let hash = (digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok()).flatten();
        let hash = hash.ok_or_else(|| de::Error::custom("a hash has 32 hex digits"))?;
        Ok(Self(hash.to_be_bytes()))
    }
}

impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.mark());
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// A token made for one connection. In a log there is only its hash: the token itself stays on the node that
/// made it, which is the one that gives it to its client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "TokenHash", into = "TokenHash")]
pub struct FreshToken {
    /// For the client, and nowhere else; `None` on other nodes.
    token: Option<ResumeToken>,
    /// For the session.
    pub hash: TokenHash,
}

impl FreshToken {
    /// The token for these random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        ResumeToken::from_bytes(random).into()
    }

    /// The token to give, where its client is ours.
    pub(crate) fn given(self) -> Option<ResumeToken> {
        self.token
    }
}

impl From<ResumeToken> for FreshToken {
    fn from(token: ResumeToken) -> Self {
        let hash = TokenHash::of(&token);
        Self { token: Some(token), hash }
    }
}

impl From<TokenHash> for FreshToken {
    fn from(hash: TokenHash) -> Self {
        Self { token: None, hash }
    }
}

impl From<FreshToken> for TokenHash {
    fn from(fresh: FreshToken) -> Self {
        fresh.hash
    }
}

/// What a returning client claims: to be the one who was given a token, and to have read the room
/// up to `seq`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The hash of the token presented.
    pub proof: TokenHash,
    /// The life of the room it knew.
    pub epoch: Epoch,
    /// The last message it has.
    pub seq: Seq,
}

impl From<chat_protocol::Resume> for Claim {
    fn from(resume: chat_protocol::Resume) -> Self {
        Self { proof: TokenHash::of(&resume.token), epoch: resume.epoch, seq: resume.seq }
    }
}
