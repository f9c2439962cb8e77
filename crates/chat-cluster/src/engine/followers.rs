//! Who follows which room on an engine. The reader of the connection gives each message to its follower and
//! never waits for one: a follower has [`HEARD_AT_MOST`] places; what comes when they are full is dropped,
//! and the follower is told that it missed something once it has taken what it has.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use super::{Fault, client::Subscriptions};
use crate::{HEARD_AT_MOST, Heard};

/// All followers, by channel, and the connection that is asked for their channels. One lock, so that the
/// connection is asked in the order in which they come and go.
#[derive(Debug, Default)]
pub(super) struct Followers(Mutex<Following>);

#[derive(Debug, Default)]
struct Following {
    by_channel: HashMap<String, Arc<Place>>,
    subscriptions: Option<Subscriptions>,
}

/// Where the reader puts what one follower is to hear.
#[derive(Debug)]
struct Place {
    heard: mpsc::Sender<Heard>,
    missed: Notify,
}

/// Hears what is told of one room. Dropped, it is told no more.
#[derive(Debug)]
pub struct Follower {
    channel: String,
    heard: mpsc::Receiver<Heard>,
    place: Arc<Place>,
    followers: Weak<Followers>,
}

impl Follower {
    /// The next that is heard; waits for it for ever. May be cancelled: nothing is lost by it.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            // What was heard before something was missed comes before that.
            biased;
            Some(heard) = self.heard.recv() => heard,
            () = self.place.missed.notified() => Heard::Missed,
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let Some(followers) = self.followers.upgrade() else { return };
        let mut following = followers.0.lock();
        // Somebody else may follow the room by now.
        if following.by_channel.get(&self.channel).is_some_and(|place| Arc::ptr_eq(place, &self.place)) {
            following.by_channel.remove(&self.channel);
            if let Some(subscriptions) = &following.subscriptions {
                subscriptions.unsubscribe(std::mem::take(&mut self.channel));
            }
        }
    }
}

impl Followers {
    /// Follows a channel: from when the future is done, if it is `Ok`. `None` without a connection.
    pub(super) fn follow(
        self: &Arc<Self>,
        channel: String,
    ) -> Option<(Follower, impl Future<Output = Result<(), Fault>> + use<>)> {
        let mut following = self.0.lock();
        let asked = following.subscriptions.as_ref()?.subscribe(channel.clone());
        let (sender, heard) = mpsc::channel(HEARD_AT_MOST);
        let place = Arc::new(Place { heard: sender, missed: Notify::new() });
        following.by_channel.insert(channel.clone(), place.clone());
        Some((Follower { channel, heard, place, followers: Arc::downgrade(self) }, asked))
    }

    /// All channels that somebody follows.
    pub(super) fn channels(&self) -> Vec<String> {
        self.0.lock().by_channel.keys().cloned().collect()
    }

    /// There is a connection again, on which all these channels are heard: nobody knows what was missed.
    pub(super) fn connected(&self, subscriptions: Subscriptions) {
        let mut following = self.0.lock();
        following.subscriptions = Some(subscriptions);
        for place in following.by_channel.values() {
            place.missed.notify_one();
        }
    }

    /// There is no connection any more.
    pub(super) fn disconnected(&self) {
        self.0.lock().subscriptions = None;
    }

    /// Something was published; `None` when it cannot be read.
    pub(super) fn tell(&self, channel: &str, heard: Option<Heard>) {
        let following = self.0.lock();
        let Some(place) = following.by_channel.get(channel) else {
            // The room was left: just now, or while there was no connection to say so.
            if let Some(subscriptions) = &following.subscriptions {
                subscriptions.unsubscribe(channel.into());
            }
            return;
        };
        let told = heard.is_some_and(|heard| place.heard.try_send(heard).is_ok());
        if !told {
            place.missed.notify_one();
        }
    }
}
