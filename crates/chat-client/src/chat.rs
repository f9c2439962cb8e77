//! The reactive heart of the room page: one [`Room`] of plain data, and a trigger for each part a
//! view may show. The socket's driver puts messages in; views read what they show and are told
//! when it changed; what people do goes back out as [`Wake`]s. Everything is created while the
//! page is drawn, on the server too, but nothing moves before [`Chat::start`].

use chat_protocol::{
    ClientId, ClientMsg, Member, Name, Resume, RoomId, SayId, ServerMsg, TabId, Text, limits::TYPING_TTL_MS,
};
use futures_channel::mpsc::{Receiver, Sender, channel};
use leptos::{logging, prelude::*, task::spawn_local};

use crate::{
    browser::{clock, random, storage::Keep},
    socket::{
        Link,
        driver::{self, Wake},
    },
    state::{Changed, Pending, Room, Snapshot, room::Refused, snapshot::MESSAGES_MAX},
};

/// Most wakes that may wait for the driver. It empties them as fast as the browser lets it; when
/// full, a wake is dropped, which costs at most a tick.
const WAKES_MAX: usize = 64;

/// Everything the views of a room share. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Chat {
    room: StoredValue<Room>,
    room_id: StoredValue<RoomId>,
    identity: StoredValue<Option<Identity>>,
    wakes: StoredValue<(Sender<Wake>, Option<Receiver<Wake>>)>,
    typed_ms: StoredValue<u64>,
    welcomes: StoredValue<u32>,
    link: RwSignal<Link>,
    refused: RwSignal<Option<Refused>>,
    heard: RwSignal<u32>,
    now_ms: RwSignal<u64>,
    timeline: Trigger,
    roster: Trigger,
    typing: Trigger,
    outbox: Trigger,
}

/// Who this tab is.
#[derive(Clone)]
struct Identity {
    client: ClientId,
    tab: TabId,
}

impl Chat {
    /// A chat in this room that has not begun.
    pub fn new(room_id: RoomId) -> Self {
        let (sender, receiver) = channel(WAKES_MAX);
        Self {
            room: StoredValue::new(Room::default()),
            room_id: StoredValue::new(room_id),
            identity: StoredValue::new(None),
            wakes: StoredValue::new((sender, Some(receiver))),
            typed_ms: StoredValue::new(0),
            welcomes: StoredValue::new(0),
            link: RwSignal::new(Link::Idle),
            refused: RwSignal::new(None),
            heard: RwSignal::new(0),
            now_ms: RwSignal::new(0),
            timeline: Trigger::new(),
            roster: Trigger::new(),
            typing: Trigger::new(),
            outbox: Trigger::new(),
        }
    }

    /// Brings back what a reload kept, and draws it. In the browser only, once.
    pub fn restore(self) {
        let mut snapshot: Option<Snapshot> = Keep::Session.get_json(&self.snapshot_key());
        let tab = snapshot.as_mut().and_then(|snapshot| snapshot.tab.take());
        let fresh = || random::id().parse().expect("random ids are visible ASCII");
        let client = snapshot.as_ref().map(|snapshot| snapshot.client_id.clone());
        let client =
            client.unwrap_or_else(|| random::id().parse().expect("random ids are letters and digits"));
        self.identity.set_value(Some(Identity { client, tab: tab.unwrap_or_else(fresh) }));
        self.room.update_value(|room| {
            *room = Room::new(clock::utc_offset_minutes());
            if let Some(snapshot) = snapshot {
                room.restore(snapshot);
            }
        });
        // From here on the tab id lives in memory only; `keep` writes it back when the page is left.
        self.keep(None);
        self.tick();
        self.timeline.notify();
        self.outbox.notify();
    }

    /// Begins: connects, joins under this name, and stays.
    pub fn start(self, name: Name) {
        let receiver = self.wakes.try_update_value(|(_, receiver)| receiver.take()).flatten();
        match (receiver, self.identity.get_value()) {
            (Some(wakes), Some(identity)) => spawn_local(driver::run(self, name, identity.tab, wakes)),
            _ => self.wake(Wake::Name(name)),
        }
    }

    /// Keeps, over a reload, who we are and what we have read.
    pub fn keep_for_reload(self) {
        self.keep(
            self.identity.with_value(|identity| identity.as_ref().map(|identity| identity.tab.clone())),
        );
    }

    fn keep(self, tab: Option<TabId>) {
        let Some(identity) = self.identity.get_value() else { return };
        let snapshot = self.room.with_value(|room| Snapshot {
            client_id: identity.client,
            resume: room.resume(),
            tab,
            said: room.timeline.messages(MESSAGES_MAX).into_iter().cloned().collect(),
            pending: room.outbox.all().to_vec(),
        });
        Keep::Session.set_json(&self.snapshot_key(), &snapshot);
    }

    fn snapshot_key(self) -> String {
        self.room_id.with_value(|room| format!("otagh:tab:{}", room.as_str()))
    }

    // What people do.

    /// Says something. False when too much is waiting already; the words should then be kept.
    #[must_use]
    pub fn say(self, text: Text) -> bool {
        let id: SayId = random::id().parse().expect("random ids are visible ASCII");
        let taken = self.room.try_update_value(|room| room.outbox.say(id, text)).unwrap_or(false);
        self.outbox.notify();
        self.wake(Wake::Outbox);
        taken
    }

    /// Tries a refused message again.
    pub fn retry(self, id: &SayId) {
        self.room.update_value(|room| room.outbox.retry(id));
        self.outbox.notify();
        self.wake(Wake::Outbox);
    }

    /// Gives a refused message up.
    pub fn discard(self, id: &SayId) {
        self.room.update_value(|room| room.outbox.discard(id));
        self.outbox.notify();
    }

    /// A key was pressed in the composer: tells the others, but not with every key.
    pub fn typing(self) {
        let now = clock::now_ms();
        if now >= self.typed_ms.get_value() + TYPING_TTL_MS / 2 {
            self.typed_ms.set_value(now);
            self.wake(Wake::Send(ClientMsg::Typing));
        }
    }

    /// Takes another name.
    pub fn rename(self, name: Name) {
        self.refused.set(None);
        self.wake(Wake::Send(ClientMsg::Rename { name }));
    }

    /// Joins under this name, after another was refused.
    pub fn join_as(self, name: Name) {
        self.refused.set(None);
        self.start(name);
    }

    /// Does not wait for the countdown.
    pub fn reconnect_now(self) {
        self.wake(Wake::Now);
    }

    /// A second has passed.
    pub fn second(self) {
        self.wake(Wake::Tick);
    }

    fn wake(self, wake: Wake) {
        self.wakes.update_value(|(sender, _)| {
            if let Err(error) = sender.try_send(wake)
                && !error.is_full()
            {
                logging::warn!("the room's driver has ended");
            }
        });
    }

    // What views show.

    /// Reads the room, and is told when the conversation changes.
    pub fn with_timeline<T>(self, read: impl FnOnce(&Room) -> T) -> T {
        self.timeline.track();
        self.room.with_value(read)
    }

    /// Reads the room, and is told when the people in it change.
    pub fn with_roster<T>(self, read: impl FnOnce(&Room) -> T) -> T {
        self.roster.track();
        self.room.with_value(read)
    }

    /// Reads the room, and is told when somebody types or stops.
    pub fn with_typing<T>(self, read: impl FnOnce(&Room) -> T) -> T {
        self.typing.track();
        self.room.with_value(read)
    }

    /// One's own messages under way, oldest first.
    pub fn pending(self) -> Vec<Pending> {
        self.outbox.track();
        self.room.with_value(|room| room.outbox.all().to_vec())
    }

    /// Oneself, once welcomed.
    pub fn me(self) -> Option<Member> {
        self.with_roster(|room| room.me.clone())
    }

    /// The connection.
    pub fn link(self) -> Link {
        self.link.get_untracked()
    }

    /// The connection, told when it changes.
    pub fn watch_link(self) -> Link {
        self.link.get()
    }

    /// What the server last refused, other than a message.
    pub fn refused(self) -> Option<Refused> {
        self.refused.get()
    }

    /// How many messages of others have come since the page was opened.
    pub fn heard(self) -> u32 {
        self.heard.get()
    }

    /// As [`Chat::heard`], without being told of more.
    pub fn heard_untracked(self) -> u32 {
        self.heard.get_untracked()
    }

    /// The time, to the second, in Unix milliseconds; 0 while drawn on the server.
    pub fn now_ms(self) -> u64 {
        self.now_ms.get()
    }

    // What the driver needs.

    /// Which room.
    pub(crate) fn room_id(self) -> RoomId {
        self.room_id.get_value()
    }

    pub(crate) fn client_id(self) -> ClientId {
        self.identity.get_value().expect("`start` is called after `restore`").client
    }

    pub(crate) fn resume(self) -> Option<Resume> {
        self.room.with_value(Room::resume)
    }

    pub(crate) fn welcomes(self) -> u32 {
        self.welcomes.get_value()
    }

    pub(crate) fn set_link(self, link: Link) {
        if self.link.get_untracked() != link {
            self.link.set(link);
        }
    }

    pub(crate) fn take_unsent(self) -> Vec<Pending> {
        self.room.try_update_value(|room| room.outbox.take_unsent()).unwrap_or_default()
    }

    pub(crate) fn tick(self) {
        let now = clock::now_ms();
        self.now_ms.set(now);
        if self.room.try_update_value(|room| room.typing.expire(now)).unwrap_or(false) {
            self.typing.notify();
        }
    }

    pub(crate) fn apply(self, msg: ServerMsg) -> Changed {
        let now = clock::now_ms();
        let changed = self.room.try_update_value(|room| room.apply(msg, now)).unwrap_or_default();
        if changed.welcomed {
            self.welcomed();
        }
        if changed.timeline {
            self.timeline.notify();
        }
        if changed.roster {
            self.roster.notify();
        }
        if changed.typing {
            self.typing.notify();
        }
        if changed.outbox {
            self.outbox.notify();
        }
        if changed.heard > 0 {
            self.heard.update(|heard| *heard += changed.heard);
        }
        if changed.refused.is_some() {
            self.refused.set(changed.refused.clone());
        }
        changed
    }

    /// In: from now on this tab is who the server says it is, also after a crash.
    fn welcomed(self) {
        self.welcomes.update_value(|welcomes| *welcomes += 1);
        self.refused.set(None);
        let me = self.room.with_value(|room| room.me.clone());
        if let Some(me) = me {
            self.identity.update_value(|identity| {
                if let Some(identity) = identity {
                    identity.client = me.id;
                }
            });
        }
        self.keep(None);
    }
}
