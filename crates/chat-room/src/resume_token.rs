//! Resume tokens, and the key of a class, as the server keeps them: only a hash of them, so that a leak of the
//! server's memory or a careless log cannot impersonate anybody. This module does not know where the random
//! bytes come from.

use std::hash::{Hash, Hasher};

use chat_protocol::{ClassKey, Epoch, ResumeToken, Seq};
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

/// A token made for this join, and its hash: the first goes to the client, the second stays.
#[derive(Clone, Debug)]
pub struct FreshToken {
    /// For `welcome`, and nowhere else.
    pub token: ResumeToken,
    /// For the session.
    pub hash: TokenHash,
}

impl FreshToken {
    /// The token for these random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        let token = ResumeToken::from_bytes(random);
        let hash = TokenHash::of(&token);
        Self { token, hash }
    }
}

/// What the tokens are drawn from that a room gives by itself: random, and as secret as they. A room that
/// several nodes run has the same in each, so that they give the same.
#[derive(Clone)]
pub struct TokenSeed([u8; 32]);

impl TokenSeed {
    /// The seed of these random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Another token each time.
    pub(crate) fn draw(&mut self) -> FreshToken {
        let part = |label: &[u8]| Sha256::new().chain_update(self.0).chain_update(label).finalize().into();
        let (token, next) = (part(b"token"), part(b"next"));
        self.0 = next;
        FreshToken::new(token)
    }
}

impl std::fmt::Debug for TokenSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSeed")
    }
}

/// What a returning client claims: to be the one who was given a token, and to have read the room
/// up to `seq`.
#[derive(Clone, Debug)]
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
