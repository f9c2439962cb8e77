//! Several engines, each with rooms of its own: which room is on which follows from its name, the same on
//! every node that is given the same engines in the same order. Linear, because rooms know nothing of one
//! another.

use std::time::Duration;

use siphasher::sip::SipHasher13;

use super::{ConnectError, Engine, Settings};

/// How many numbers are tried before it is believed that there is none.
const NUMBERS_TRIED: u32 = 8;

/// The number of a node is less than this.
const NUMBERS: u32 = 1 << 20;

/// All engines of a cluster, in the order in which they were named.
#[derive(Debug)]
pub struct Engines(Vec<Engine>);

impl Engines {
    /// Connects to each of them, at least one, and takes one number, at random, on all.
    ///
    /// # Errors
    /// Of the first that cannot be used.
    pub async fn connect(urls: &[String], prefix: &str, patience: Duration) -> Result<Self, ConnectError> {
        if urls.is_empty() {
            return Err(ConnectError::Url);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::connect_as(fastrand::u32(..NUMBERS), urls, prefix, patience).await {
                Err(ConnectError::NumberTaken { .. }) if tries < NUMBERS_TRIED => {}
                connected => return connected,
            }
        }
    }

    async fn connect_as(
        number: u32,
        urls: &[String],
        prefix: &str,
        patience: Duration,
    ) -> Result<Self, ConnectError> {
        let mut engines = Self(Vec::new());
        for (place, url) in urls.iter().enumerate() {
            let part = (place, urls.len());
            let settings = Settings { url: url.clone(), prefix: prefix.into(), patience, part };
            match Engine::connect(settings, number).await {
                Ok(engine) => engines.0.push(engine),
                Err(error) => {
                    engines.leave().await;
                    return Err(error);
                }
            }
        }
        Ok(engines)
    }

    /// The place of the engine that this room is on, in [`Engines::iter`].
    pub fn place_of(&self, room: &str) -> usize {
        let hash = SipHasher13::new().hash(room.as_bytes());
        jump(hash, self.0.len())
    }

    /// The engine at this place.
    pub fn at(&self, place: usize) -> &Engine {
        &self.0[place]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Engine> {
        self.0.iter()
    }

    /// The number of this node, which is the same on all.
    pub fn number(&self) -> u32 {
        self.0[0].number()
    }

    /// A clean stop on all of them.
    pub async fn leave(&self) {
        for engine in &self.0 {
            engine.leave().await;
        }
    }
}

/// The jump hash of Lamping and Veach (2014): with one more bucket, as few keys move as must.
fn jump(mut key: u64, buckets: usize) -> usize {
    let (mut bucket, mut next) = (0, 0);
    while next < buckets {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let fraction = (1_u64 << 31) as f64 / ((key >> 33) + 1) as f64;
        next = ((bucket + 1) as f64 * fraction) as usize;
    }
    bucket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_engine_moves_only_its_share() {
        let keys: Vec<_> = (0..10_000_u64).map(|room| SipHasher13::new().hash(&room.to_le_bytes())).collect();
        let mut moved = 0;
        for key in keys {
            let (before, after) = (jump(key, 3), jump(key, 4));
            assert!(before < 3 && (after == before || after == 3));
            moved += u32::from(after != before);
        }
        assert!((2_300..2_700).contains(&moved), "{moved} of 10,000 moved");
    }

    #[test]
    fn places_never_change_between_releases() {
        let places =
            ["class", "کلاس", "a", "b"].map(|room| jump(SipHasher13::new().hash(room.as_bytes()), 16));
        assert_eq!(places, [5, 8, 0, 15]);
    }
}
