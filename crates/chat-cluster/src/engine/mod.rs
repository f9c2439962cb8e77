//! The log on an engine, which is one Redis or Valkey master. Every answer comes from a script, which is
//! atomic and first looks whether it is still the same era: an engine that was restarted, emptied or
//! exchanged begins another, and with it every room another life. So an engine needs no persistence, and
//! nothing that it lost is ever taken for nothing said.

mod client;
mod connect_error;
mod engines;
mod followers;
mod keeper;
mod link;
mod message;
mod scripts;
mod terms;

use std::{fmt, sync::Arc, time::Duration};

use chat_protocol::Epoch;
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use self::{
    client::{Client, Failure, Script},
    link::Shared,
    message::{parse_entries, parse_life, parse_number},
    scripts::Names,
    terms::{Fault, Pace, ms},
};
pub use self::{connect_error::ConnectError, engines::Engines, followers::Follower, terms::State};
use crate::{Append, Appended, KEPT_FOR, Loaded, Ms, ParseEntryError, Place, READ_AT_ONCE, Read};

/// How long a question waits that was answered by what is not ours: should another program go on writing there,
/// who asks again at once would ask for ever.
const NOT_OURS_PAUSE: Duration = Duration::from_secs(1);

/// How long a clean stop waits for the engine.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

/// Which engine, and how.
#[derive(Clone)]
pub struct Settings {
    /// `redis://[user:password@]host[:port]`. Never shown.
    pub url: String,
    /// What all keys and channels begin with.
    pub prefix: String,
    /// For how long the engine may be out of reach before the rooms on it end here; at least a second. A
    /// beat comes each fifth of it (at most 3 s), and a node that has not been heard of for two thirds of
    /// it (at most 10 s) is taken for gone by the others.
    pub patience: Duration,
    /// Which of how many engines this is, from 0: rooms are divided among all of them.
    pub part: (usize, usize),
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, prefix, patience, part } = self;
        f.debug_struct("Settings")
            .field("prefix", prefix)
            .field("patience", patience)
            .field("part", part)
            .finish_non_exhaustive()
    }
}

/// There is no answer: the engine is out of reach, or takes nothing now. What was asked may have happened or
/// not; [`Engine::append`] tells when it is asked again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the engine is out of reach; wait until it is up, and ask again")]
pub struct EngineUnavailable;

/// One engine, and this node's place there. Keeps itself connected until it is dropped.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    /// Until the node leaves.
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Connects, and takes this number there, of 20 bits, which must be no other node's. Tries for as long
    /// as the patience goes where trying may help.
    ///
    /// # Errors
    /// When there is no engine that rooms could be on, or the number is taken.
    pub async fn connect(settings: Settings, number: u32) -> Result<Self, ConnectError> {
        let client = Client::open(&settings.url)?;
        let names =
            Names::new(&settings.prefix).ok_or_else(|| ConnectError::Prefix(settings.prefix.clone()))?;
        let part = format!("{}/{}", settings.part.0, settings.part.1);
        let shared = Arc::new(Shared::new(client, names, Pace::of(settings.patience), number, part));
        let mut pauses = keeper::Pauses::default();
        let (link, messages) = loop {
            match keeper::enter(&shared).await {
                Ok(entered) => break entered,
                Err(error) if error.may_pass() && shared.now() < ms(settings.patience) => {
                    tracing::debug!(%error, "engine is not there yet");
                    sleep(pauses.next(fastrand::f64())).await;
                }
                Err(error) => return Err(error),
            }
        };
        let keeper = tokio::spawn(keeper::keep(shared.clone(), link, messages));
        Ok(Self { shared, keeper: Mutex::new(Some(keeper)) })
    }

    /// Host and port of the engine.
    pub fn at(&self) -> &str {
        self.shared.client.at()
    }

    /// The number of this node.
    pub fn number(&self) -> u32 {
        self.shared.number
    }

    /// How this node stands with the engine. Who must know whether a term ended compares its `since`:
    /// between two looks it may have been lost and be up again.
    pub fn state(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }

    /// The engine's clock, estimated from its last answer.
    pub fn now(&self) -> Ms {
        self.shared.engine_now()
    }

    /// Gives a batch its place in the log of the room, once. Asked again with the same tag, as it must be
    /// when there was no answer, the batch is known.
    ///
    /// # Errors
    /// See [`EngineUnavailable`]; so for all that follow.
    pub async fn append(&self, room: &str, append: Append<'_>) -> Result<Appended, EngineUnavailable> {
        let Append { life, tag, batch, seen, opening } = append;
        let (seen, stay) = (seen.to_string(), READ_AT_ONCE.to_string());
        let (ttl, node, number) = (KEPT_FOR.to_string(), tag.node.to_string(), tag.batch.to_string());
        let channel = self.shared.names.channel(room);
        let mut args = vec![&*ttl, life.as_ref(), &node, &number, batch, &channel, &seen, &stay];
        args.extend(opening);
        self.ask_room(room, Some(life), &scripts::APPEND, &args, |word, rest| match (word, rest) {
            ("ok", [n]) => Ok(Some(Appended::Taken { n: parse_number(n)? })),
            ("known", [n]) => Ok(Some(Appended::Known { n: parse_number(n)? })),
            ("behind", []) => Ok(Some(Appended::Behind)),
            ("absent", []) => Ok(Some(Appended::Absent)),
            ("life", []) => Ok(Some(Appended::OtherLife)),
            _ => Ok(None),
        })
        .await
    }

    /// All that a node needs to follow the room from here on; `None` when it is in no life. Renews how long
    /// it is kept.
    pub async fn load(&self, room: &str) -> Result<Option<Loaded>, EngineUnavailable> {
        let (ttl, channel) = (KEPT_FOR.to_string(), self.shared.names.channel(room));
        self.ask_room(room, None, &scripts::LOAD, &[&ttl, &channel], |word, rest| match (word, rest) {
            ("ok", [life, opening, n, tag, snapshot, tail @ ..]) => {
                let life = parse_life(life)?;
                let tail = parse_entries(&life, tail)?;
                let top = Place { n: parse_number(n)?, tag: Some(tag.parse()?) };
                let snapshot = (tail.len() as u64 != top.n).then(|| snapshot.clone());
                Ok(Some(Some(Loaded { life, opening: opening.clone(), top, snapshot, tail })))
            }
            ("absent", []) => Ok(Some(None)),
            _ => Ok(None),
        })
        .await
    }

    /// The entries after this one. Renews how long the room is kept.
    pub async fn read(&self, room: &str, life: &Epoch, after: u64) -> Result<Read, EngineUnavailable> {
        let (ttl, after, count) = (KEPT_FOR.to_string(), after.to_string(), READ_AT_ONCE.to_string());
        let args = [&*ttl, life.as_ref(), &after, &count];
        self.ask_room(room, Some(life), &scripts::READ, &args, |word, rest| match (word, rest) {
            ("ok", [top, entries @ ..]) => {
                Ok(Some(Read::Entries { top: parse_number(top)?, entries: parse_entries(life, entries)? }))
            }
            ("absent", []) => Ok(Some(Read::Absent)),
            ("life", []) => Ok(Some(Read::OtherLife)),
            _ => Ok(None),
        })
        .await
    }

    /// Whether the room is in some life.
    pub async fn exists(&self, room: &str) -> Result<bool, EngineUnavailable> {
        self.ask_room(room, None, &scripts::EXISTS, &[], |word, rest| match (word, rest) {
            ("ok", []) => Ok(Some(true)),
            ("absent", []) => Ok(Some(false)),
            _ => Ok(None),
        })
        .await
    }

    /// Puts the state at this place before the entries after it, and drops those that nobody needs any
    /// more. Refused (false) when the place is not in this log, or a later snapshot is there.
    pub async fn snapshot(
        &self,
        room: &str,
        life: &Epoch,
        place: Place,
        state: &str,
    ) -> Result<bool, EngineUnavailable> {
        let Some(tag) = place.tag else { return Ok(false) };
        let (ttl, n, tag) = (KEPT_FOR.to_string(), place.n.to_string(), tag.to_string());
        let stay = READ_AT_ONCE.to_string();
        let args = [&*ttl, life.as_ref(), &n, &tag, state, &stay];
        self.ask_room(room, Some(life), &scripts::SNAPSHOT, &args, yes_or_no).await
    }

    /// Ends this life of the room; where a place is given, only if the log still ends there.
    pub async fn end(&self, room: &str, life: &Epoch, at: Option<Place>) -> Result<bool, EngineUnavailable> {
        let channel = self.shared.names.channel(room);
        let place = at.map(|at| (at.n.to_string(), at.tag.map_or_else(String::new, |tag| tag.to_string())));
        let mut args = vec![life.as_ref(), &*channel];
        if let Some((n, tag)) = &place {
            args.extend([&**n, &**tag]);
        }
        self.ask_room(room, Some(life), &scripts::END, &args, yes_or_no).await
    }

    /// Follows the room: whatever is appended after this has returned is heard. One follower of a room is
    /// told; one that comes later takes its place.
    pub async fn follow(&self, room: &str) -> Result<Follower, EngineUnavailable> {
        let link = self.shared.link().ok_or(EngineUnavailable)?;
        let channel = self.shared.names.channel(room);
        let (follower, asked) = self.shared.followers.follow(channel).ok_or(EngineUnavailable)?;
        let asked = tokio::select! {
            asked = asked => asked,
            fault = link.over() => Err(fault),
        };
        match asked {
            Ok(()) => Ok(follower),
            Err(fault) => {
                self.shared.cut(&link, fault);
                Err(EngineUnavailable)
            }
        }
    }

    /// Since when each of these nodes has been on the engine without a break; `None` for one that is gone.
    /// A connection from before its node's `since` is gone as well. `Ok(None)` while it is too early to say:
    /// the others may be coming back as this node did, or this one is cut off.
    pub async fn since_of(&self, nodes: &[u32]) -> Result<Option<Vec<Option<Ms>>>, EngineUnavailable> {
        if !self.shared.terms.lock().may_judge(self.shared.now()) {
            return Ok(None);
        }
        let mut keys = vec![self.shared.names.era()];
        keys.extend(nodes.iter().map(|node| self.shared.names.node(*node)));
        let since = |since: &String| (!since.is_empty()).then(|| parse_number(since)).transpose();
        let answer = self.ask(&scripts::NODES, &keys, &[], |word, rest| match word {
            "ok" if rest.len() == nodes.len() => Ok(Some(rest.iter().map(since).collect::<Result<_, _>>()?)),
            _ => Ok(None),
        });
        match answer.await {
            Ok(since) => Ok(Some(since)),
            Err(Unanswered::Unavailable) => Err(EngineUnavailable),
            Err(Unanswered::NotOurs(reason)) => {
                tracing::warn!(engine = self.at(), reason, "what is kept of nodes is not what was put there");
                Err(EngineUnavailable)
            }
        }
    }

    /// A clean stop: others need not wait until this node is missed. Afterwards the engine is lost.
    pub async fn leave(&self) {
        let keeper = self.keeper.lock().take();
        if let Some(keeper) = keeper {
            // Waited for: it shall not connect again.
            keeper.abort();
            drop(keeper.await);
        }
        if let Some(link) = self.shared.link() {
            let keys = [self.shared.names.node(self.shared.number)];
            match timeout(LEAVE_WITHIN, link.connection.run(&scripts::LEAVE, &keys, &[&link.held])).await {
                Ok(Ok(_)) => {}
                Ok(Err(failure)) => tracing::debug!(?failure, "engine was left without a word"),
                Err(_) => tracing::debug!("engine was left without a word: it does not answer"),
            }
            self.shared.cut(&link, Fault::Left);
        }
        // Also where there was no link to cut.
        self.shared.terms.lock().cut(&Fault::Left);
        self.shared.publish_state();
    }

    /// Asks about a room, in this life, where the question is about one.
    async fn ask_room<T>(
        &self,
        room: &str,
        life: Option<&Epoch>,
        script: &Script,
        args: &[&str],
        meaning: impl FnOnce(&str, &[String]) -> Result<Option<T>, ParseEntryError>,
    ) -> Result<T, EngineUnavailable> {
        match self.ask(script, &self.shared.names.room(room), args, meaning).await {
            Ok(answer) => Ok(answer),
            Err(Unanswered::Unavailable) => Err(EngineUnavailable),
            Err(Unanswered::NotOurs(reason)) => {
                tracing::error!(
                    engine = self.at(),
                    reason,
                    "what is kept of a room is not what was put there; it begins a new life"
                );
                self.clear(room, life).await;
                Err(EngineUnavailable)
            }
        }
    }

    /// Nobody could go on with the room, or come into it.
    async fn clear(&self, room: &str, life: Option<&Epoch>) {
        let channel = self.shared.names.channel(room);
        let mut args = vec![&*channel];
        args.extend(life.map(Epoch::as_ref));
        let cleared = self.ask(&scripts::CLEAR, &self.shared.names.room(room), &args, yes_or_no).await;
        tracing::debug!(?cleared, "a room's keys were cleared");
        sleep(NOT_OURS_PAUSE).await;
    }

    /// Asks, and reads what the answer means: its first word, and the rest. `Ok(None)` of `meaning` is for an answer
    /// that no script gives.
    async fn ask<T>(
        &self,
        script: &Script,
        keys: &[String],
        args: &[&str],
        meaning: impl FnOnce(&str, &[String]) -> Result<Option<T>, ParseEntryError>,
    ) -> Result<T, Unanswered> {
        let link = self.shared.link().ok_or(Unanswered::Unavailable)?;
        let answer = match self.shared.ask(&link, script, keys, args).await {
            Ok(answer) => answer,
            Err(Failure::Link(_)) => return Err(Unanswered::Unavailable),
            Err(Failure::Question(reason)) => return Err(Unanswered::NotOurs(reason)),
        };
        let meant = match answer.split_first() {
            Some((word, rest)) => meaning(word, rest),
            None => Ok(None),
        };
        match meant {
            Ok(Some(meant)) => Ok(meant),
            Ok(None) => Err(Unanswered::NotOurs("no script answers so".into())),
            Err(error) => Err(Unanswered::NotOurs(error.to_string())),
        }
    }
}

/// Why a question has no answer.
#[derive(Debug)]
enum Unanswered {
    /// See [`EngineUnavailable`].
    Unavailable,
    /// What is under the keys is not what this program has written.
    NotOurs(String),
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.get_mut() {
            keeper.abort();
        }
    }
}

fn yes_or_no(word: &str, rest: &[String]) -> Result<Option<bool>, ParseEntryError> {
    Ok(match (word, rest) {
        ("ok", []) => Some(true),
        ("no", []) => Some(false),
        _ => None,
    })
}
