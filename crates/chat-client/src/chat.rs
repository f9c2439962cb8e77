//! The reactive heart of the room page: one [`Room`] of plain data, and a trigger for each part a
//! view may show. The socket's driver puts messages in; views read what they show and are told
//! when it changed; what people do goes back out as [`Wake`]s. Everything is created while the
//! page is drawn, on the server too, but nothing moves before [`driver::start`](crate::driver::start).

use std::{ops::DerefMut, time::Duration};

use chat_protocol::{
    ClientId, ClientMsg, Command, ErrorCode, Member, Name, Resume, RoomId, SayId, ServerMsg, TabId, Text,
    limits::TYPING_TTL_MS,
};
use chat_ui::{
    browser::{clock, collation, location, random, storage::Keep},
    dates::day_number,
    lab,
};
use futures_channel::mpsc::{Receiver, Sender, channel};
use leptos::{logging, prelude::*, task::spawn_local};

use crate::{
    socket::{
        Link, connection,
        link::{GRACE_MS, Shown},
        wake::Wake,
    },
    state::{
        Changed, Pending, Room, Snapshot,
        claims::{self, Claim},
        room::Refused,
        snapshot::MESSAGES_MAX,
    },
};

/// Most wakes that may wait for the driver. It empties them as fast as the browser lets it; when
/// full, a wake is dropped, which costs at most a tick.
const WAKES_MAX: usize = 64;
/// How often views are told of what was heard, at most: once a frame.
const FRAME: Duration = Duration::from_millis(16);

/// Which colour each person has, for the messages that a reload keeps. Of the last room only: a tab is in
/// one.
const HUES: &str = "otagh:hues";

/// How long one's oldest message may be under way, in milliseconds, before the state is no longer shown as
/// well: what was measured before it says nothing about it. As long as a round trip of a slow 3G.
const WAITED_MS: u64 = 2_000;

/// Where the persons that this browser is are kept, for all its tabs. Like everything that is kept, it has a
/// key that begins with `otagh:`, by which all of it can be forgotten.
const CLAIMS: &str = "otagh:claims";
/// Where a tab asks the others whether one of them is this person; one that is takes the question away.
const CALL: &str = "otagh:call";
/// How long it waits for that, in milliseconds. A tab that is asleep does not answer, and no harm is done:
/// they are then two tabs of one person.
const CALL_MS: u64 = 300;
/// How often what one has read is kept for another tab, in milliseconds.
const CLAIM_EVERY_MS: u64 = 8_000;

/// Everything the views of a room share. Cheap to copy. One store and a trigger a part, rather than
/// a signal a part: each type of signal is downloaded anew.
#[derive(Clone, Copy)]
pub(crate) struct Chat {
    shared: StoredValue<Shared>,
    timeline: Trigger,
    roster: Trigger,
    typing: Trigger,
    outbox: Trigger,
    link: Trigger,
    refused: Trigger,
    second: Trigger,
}

struct Shared {
    room: Room,
    room_id: RoomId,
    identity: Option<Identity>,
    wakes: Sender<Wake>,
    asleep: Option<Receiver<Wake>>,
    link: Shown,
    refused: Option<Refused>,
    heard: u64,
    welcomes: u32,
    is_recorded: bool,
    /// Until when another key is no news to the others.
    typing_until_ms: u64,
    /// What was kept last for another tab, and when it is kept again.
    claimed: Option<Claim>,
    claim_due_ms: u64,
    now_ms: u64,
    /// The reader's day, and how many minutes east of UTC their clock is.
    today: (i64, i32),
    /// What has changed since views were told, and whether they are told in this frame again.
    untold: Changed,
    is_telling: bool,
}

/// Who this tab is.
#[derive(Clone)]
struct Identity {
    client: ClientId,
    tab: TabId,
}

impl Chat {
    /// A chat in this room that has not begun.
    pub(crate) fn new(room_id: RoomId) -> Self {
        let (wakes, asleep) = channel(WAKES_MAX);
        let shared = Shared {
            room: Room::default(),
            room_id,
            identity: None,
            wakes,
            asleep: Some(asleep),
            link: Shown::default(),
            refused: None,
            heard: 0,
            welcomes: 0,
            is_recorded: false,
            typing_until_ms: 0,
            claimed: None,
            claim_due_ms: 0,
            now_ms: 0,
            today: (0, 0),
            untold: Changed::default(),
            is_telling: false,
        };
        Self {
            shared: StoredValue::new(shared),
            timeline: Trigger::new(),
            roster: Trigger::new(),
            typing: Trigger::new(),
            outbox: Trigger::new(),
            link: Trigger::new(),
            refused: Trigger::new(),
            second: Trigger::new(),
        }
    }

    /// The one way to what is shared, for as long as the guard lives: it must be gone before a
    /// trigger is notified, and before anybody asks for another. A guard rather than a closure,
    /// which would be a copy of all this at each call.
    fn shared(self) -> impl DerefMut<Target = Shared> {
        self.shared.write_value()
    }

    /// Brings back what a reload kept, and draws it. In the browser only, once.
    pub(crate) fn restore(self) {
        let mut snapshot: Option<Snapshot> = Keep::Session.get_json(&self.snapshot_key());
        let tab = snapshot.as_mut().and_then(|snapshot| snapshot.tab.take());
        let fresh = || random::id().parse().expect("random ids are visible ASCII");
        let client = snapshot.as_ref().map(|snapshot| snapshot.client_id.clone());
        let client =
            client.unwrap_or_else(|| random::id().parse().expect("random ids are letters and digits"));
        let mut room = Room::new(clock::utc_offset_minutes);
        room.roster.begin(collation::compare, &Keep::Session.get(HUES).unwrap_or_default());
        if let Some(snapshot) = snapshot {
            room.restore(snapshot);
        }
        let identity = Identity { client, tab: tab.unwrap_or_else(fresh) };
        self.shared().identity = Some(identity);
        self.shared().room = room;
        // From here on the tab id lives in memory only; `keep` writes it back when the page is left.
        self.keep(None);
        self.tick();
        self.timeline.notify();
        self.outbox.notify();
    }

    /// What wakes the driver, once, when it begins; and which tab this is.
    pub(crate) fn take_wakes(self) -> Option<(TabId, Receiver<Wake>)> {
        let wakes = self.shared().asleep.take();
        let identity = self.shared().identity.clone();
        Some((identity?.tab, wakes?))
    }

    /// Keeps, over a reload, who we are and what we have read; and says goodbye, should it be none.
    pub(crate) fn keep_for_reload(self) {
        let tab = self.shared().identity.as_ref().map(|identity| identity.tab.clone());
        self.keep(tab);
        self.wake(Wake::Leave);
    }

    fn keep(self, tab: Option<TabId>) {
        let key = self.snapshot_key();
        let shared = self.shared();
        let Some(identity) = &shared.identity else { return };
        let (said, marks) = shared.room.timeline.kept(MESSAGES_MAX);
        let snapshot = Snapshot {
            client_id: identity.client.clone(),
            resume: shared.room.resume(),
            tab,
            said,
            marks,
            pending: shared.room.outbox.all().to_vec(),
        };
        Keep::Session.set_json(&key, &snapshot);
        Keep::Session.set(HUES, &shared.room.roster.hues());
    }

    /// Keeps what proves who we are, for another tab, should this one end without a word.
    fn keep_claim(self) {
        let Some(claim) = self.claim() else { return };
        if self.shared().claimed.as_ref() != Some(&claim) {
            let mut all = stored_claims();
            claims::remember(&mut all, claim.clone());
            Keep::Local.set_json(CLAIMS, &all);
            self.shared().claimed = Some(claim);
        }
    }

    fn claim(self) -> Option<Claim> {
        let shared = self.shared();
        let Member { id, name, .. } = shared.room.me.clone()?;
        Some(Claim { room: shared.room_id.clone(), client_id: id, name, resume: shared.room.resume()? })
    }

    fn snapshot_key(self) -> String {
        format!("otagh:tab:{}", self.room_id().as_str())
    }

    /// Another tab of this browser wants to be who we are: it is told that we live.
    pub(crate) fn answer(self) {
        if let Some(name) = self.own_name()
            && Keep::Local.get(CALL) == Some(self.call_for(&name))
        {
            Keep::Local.set(CALL, "");
        }
    }

    fn call_for(self, name: &Name) -> String {
        [self.room_id().as_str(), "\n", name.as_str()].concat()
    }

    // What people do.

    /// Says something. False when too much is waiting already; the words should then be kept. What
    /// was taken outlives the page at once, and not only when it is left: a phone takes a page away
    /// without asking.
    #[must_use]
    pub(crate) fn say(self, text: Text) -> bool {
        let id: SayId = random::id().parse().expect("random ids are visible ASCII");
        let taken = {
            let mut shared = self.shared();
            // What is typed next is news again.
            shared.typing_until_ms = 0;
            shared.room.outbox.say(id, text)
        };
        self.keep(None);
        self.outbox.notify();
        self.wake(Wake::Outbox);
        taken
    }

    /// Tries a refused message again.
    pub(crate) fn retry(self, id: &SayId) {
        self.shared().room.outbox.retry(id);
        self.outbox.notify();
        self.wake(Wake::Outbox);
    }

    /// Gives a refused message up.
    pub(crate) fn discard(self, id: &SayId) {
        self.shared().room.outbox.discard(id);
        self.keep(None);
        self.outbox.notify();
    }

    /// A key was pressed in the composer: tells the others, but not with every key.
    pub(crate) fn typing(self) {
        let now = clock::elapsed_ms();
        if now >= self.shared().typing_until_ms {
            self.shared().typing_until_ms = now + TYPING_TTL_MS / 2;
            self.wake(Wake::Send(ClientMsg::Command(Command::Typing)));
        }
    }

    pub(crate) fn rename(self, name: Name) {
        self.set_refused(None);
        self.wake(Wake::Send(ClientMsg::Command(Command::Rename { name })));
    }

    /// Ends the tabs of oneself that are younger than this one.
    pub(crate) fn end_tabs(self) {
        self.wake(Wake::Send(ClientMsg::Command(Command::EndTabs)));
    }

    /// Does not wait for the countdown.
    pub(crate) fn reconnect_now(self) {
        self.wake(Wake::Now);
    }

    /// Somebody looks, or the device is online again: a countdown need not be waited out. Unlike
    /// [`Chat::reconnect_now`] it brings nothing back that ended for good.
    pub(crate) fn look(self) {
        self.wake(Wake::Look);
    }

    /// Opens the connection anew if it is not recorded and shall be, or the other way round.
    pub(crate) fn record(self, is_recorded: bool) {
        self.shared().is_recorded = is_recorded;
        self.wake(Wake::Reopen);
    }

    /// A second has passed.
    pub(crate) fn second(self) {
        self.wake(Wake::Tick);
    }

    /// Asks something of the driver.
    pub(crate) fn wake(self, wake: Wake) {
        let sent = self.shared().wakes.try_send(wake);
        if sent.is_err_and(|error| !error.is_full()) {
            logging::warn!("the room's driver has ended");
        }
    }

    // What views show.

    /// Reads the room, and is told when the conversation changes.
    pub(crate) fn with_timeline<T>(self, read: impl FnOnce(&Room) -> T) -> T {
        self.timeline.track();
        read(&self.shared().room)
    }

    /// Reads the room, and is told when the people in it change.
    pub(crate) fn with_roster<T>(self, read: impl FnOnce(&Room) -> T) -> T {
        self.roster.track();
        read(&self.shared().room)
    }

    /// The name the room goes by.
    pub(crate) fn room_name(self) -> String {
        self.roster.track();
        self.room_id().as_str().to_owned()
    }

    /// Which of the person colours is this person's.
    pub(crate) fn hue(self, id: &ClientId) -> u8 {
        self.shared().room.roster.hue(id)
    }

    /// Reads the room, and is told when somebody types or stops.
    pub(crate) fn with_typing<T>(self, read: impl FnOnce(&Room) -> T) -> T {
        self.typing.track();
        read(&self.shared().room)
    }

    /// One's own messages under way, oldest first.
    pub(crate) fn pending(self) -> Vec<Pending> {
        self.outbox.track();
        self.shared().room.outbox.all().to_vec()
    }

    /// Oneself, once welcomed.
    pub(crate) fn me(self) -> Option<Member> {
        self.with_roster(|room| room.me.clone())
    }

    /// The connection, as it is.
    pub(crate) fn link(self) -> Link {
        self.shared().link.link()
    }

    /// The connection as it is shown, told when that changes.
    pub(crate) fn watch_link(self) -> Link {
        self.link.track();
        self.shared().link.shown()
    }

    /// Whether one's oldest message has waited for its echo so long that all is not well; told when that
    /// changes.
    pub(crate) fn watch_waited_for(self) -> bool {
        self.link.track();
        self.outbox.track();
        self.is_waited_for()
    }

    /// The same, once.
    pub(crate) fn is_waited_for(self) -> bool {
        let oldest = self.shared().room.outbox.oldest_ms();
        oldest.is_some_and(|since| clock::elapsed_ms() > since + WAITED_MS)
    }

    /// What the server last refused, other than a message.
    pub(crate) fn refused(self) -> Option<Refused> {
        self.refused.track();
        self.shared().refused.clone()
    }

    /// Whether the room was full when we last asked.
    pub(crate) fn is_full(self) -> bool {
        self.refused().is_some_and(|refused| refused.code == ErrorCode::RoomFull)
    }

    /// How many messages of others have come since the page was opened.
    pub(crate) fn heard(self) -> u64 {
        self.timeline.track();
        self.shared().heard
    }

    /// The reader's day, as [`day_number`] counts them; told when it changes, with the conversation.
    pub(crate) fn today(self) -> i64 {
        self.timeline.track();
        self.shared().today.0
    }

    /// The time since the page was opened, to the second, in milliseconds; 0 while drawn on the
    /// server.
    pub(crate) fn now_ms(self) -> u64 {
        self.second.track();
        self.shared().now_ms
    }

    // What the driver needs.

    /// The name the room knows us by, once welcomed.
    pub(crate) fn own_name(self) -> Option<Name> {
        self.shared().room.me.as_ref().map(|me| me.name.clone())
    }

    pub(crate) fn room_id(self) -> RoomId {
        self.shared().room_id.clone()
    }

    pub(crate) fn client_id(self) -> ClientId {
        let identity = self.shared().identity.clone();
        identity.expect("`start` is called after `restore`").client
    }

    pub(crate) fn resume(self) -> Option<Resume> {
        self.shared().room.resume()
    }

    /// The name is taken: asks the other tabs of this browser whether one of them has it. False where this
    /// browser never had it here. The answer is [`Chat::take_claim`]'s, at [`Wake::Called`].
    pub(crate) fn call(self, name: &Name) -> bool {
        let may_be_own =
            self.resume().is_none() && claims::find(&stored_claims(), &self.room_id(), name).is_some();
        if may_be_own {
            Keep::Local.set(CALL, &self.call_for(name));
            set_timeout(move || self.wake(Wake::Called), Duration::from_millis(CALL_MS));
        }
        may_be_own
    }

    /// Becomes who had this name here, unless a living tab answered. From then on this tab asks to resume
    /// what that one had.
    pub(crate) fn take_claim(self, name: &Name) -> bool {
        let is_free = Keep::Local.get(CALL) == Some(self.call_for(name));
        Keep::Local.set(CALL, "");
        let mut all = stored_claims();
        let room = self.room_id();
        let Some(claim) = claims::find(&all, &room, name).filter(|_| is_free).cloned() else { return false };
        // If it is good for nothing, it is not tried again.
        all.retain(|other| *other != claim);
        Keep::Local.set_json(CLAIMS, &all);
        self.set_resume(Some(claim.resume));
        true
    }

    pub(crate) fn set_resume(self, resume: Option<Resume>) {
        self.shared().room.set_resume(resume);
    }

    /// How often this page was welcomed.
    pub(crate) fn welcomes(self) -> u32 {
        self.shared().welcomes
    }

    pub(crate) fn is_recorded(self) -> bool {
        self.shared().is_recorded
    }

    pub(crate) fn set_link(self, link: Link) {
        let mut has_begun = false;
        self.change_link(&mut |shown, now| has_begun = shown.set(link, now));
        if has_begun {
            let reveal = move || self.change_link(&mut Shown::reveal);
            set_timeout(reveal, Duration::from_millis(GRACE_MS + 1));
        }
    }

    fn change_link(self, change: &mut dyn FnMut(&mut Shown, u64)) {
        let is_changed = {
            let link = &mut self.shared().link;
            let before = link.shown();
            change(link, clock::elapsed_ms());
            before != link.shown()
        };
        if is_changed {
            self.link.notify();
        }
    }

    /// Wakes the driver in so many milliseconds.
    pub(crate) fn wake_in(self, ms: u64) {
        set_timeout(move || self.wake(Wake::Due), Duration::from_millis(ms + 1));
    }

    /// Asks whether the server is reached by HTTP, at `since`. The answer comes as a wake.
    pub(crate) fn ask_http(self, since: u64) {
        let answered = connection::is_answered(self.room_id(), self.client_id());
        spawn_local(async move { self.wake(Wake::Answered(since, answered.await)) });
    }

    pub(crate) fn set_refused(self, refused: Option<Refused>) {
        self.shared().refused = refused;
        self.refused.notify();
    }

    pub(crate) fn take_unsent(self) -> Vec<Pending> {
        let taken = self.shared().room.outbox.take_unsent(clock::elapsed_ms());
        if !taken.is_empty() {
            // By then it is no longer true that all is well, unless their echoes have come.
            set_timeout(move || self.link.notify(), Duration::from_millis(WAITED_MS + 1));
        }
        taken
    }

    pub(crate) fn tick(self) {
        let (now, date) = (clock::elapsed_ms(), clock::now_ms());
        let offset = clock::utc_offset_minutes(date);
        let today = (day_number(date, offset), offset);
        let mut changed = {
            let mut shared = self.shared();
            shared.now_ms = now;
            shared.room.second(now)
        };
        let before = std::mem::replace(&mut self.shared().today, today);
        if before.1 != offset {
            self.shared().room.timeline.other_clock();
        }
        // Also when the clock was set, or the device slept.
        changed.timeline |= before != today;
        if now >= self.shared().claim_due_ms {
            self.shared().claim_due_ms = now + CLAIM_EVERY_MS;
            self.keep_claim();
        }
        self.second.notify();
        self.tell(&changed);
    }

    /// Tells views what has changed: at once, unless they were told within a frame. Then at the end
    /// of it, together with all that has changed until then. By the clock and not by frames, of
    /// which a hidden page has none: its title counts.
    fn tell(self, changed: &Changed) {
        {
            let untold = &mut self.shared().untold;
            untold.timeline |= changed.timeline;
            untold.roster |= changed.roster;
            untold.typing |= changed.typing;
            untold.outbox |= changed.outbox;
        }
        if !self.shared().is_telling {
            self.tell_now();
        }
    }

    fn tell_now(self) {
        let untold = std::mem::take(&mut self.shared().untold);
        let told = [
            (untold.timeline, self.timeline),
            (untold.roster, self.roster),
            (untold.typing, self.typing),
            (untold.outbox, self.outbox),
        ];
        let is_telling = told.iter().any(|(changed, _)| *changed);
        self.shared().is_telling = is_telling;
        for (_, trigger) in told.into_iter().filter(|(changed, _)| *changed) {
            trigger.notify();
        }
        if is_telling {
            set_timeout(move || self.tell_now(), FRAME);
        }
    }

    pub(crate) fn apply(self, msg: ServerMsg) -> Changed {
        let now = clock::elapsed_ms();
        let changed = {
            let shared = &mut *self.shared();
            if let ServerMsg::Welcome(welcome) = &msg
                && welcome.room != shared.room_id
            {
                // Somebody was here before, and wrote it in another way.
                shared.room_id = welcome.room.clone();
                location::show_room(&welcome.room);
            }
            let changed = shared.room.apply(msg, now);
            shared.heard += u64::from(changed.heard);
            if changed.welcomed {
                // From now on this tab is who the server says it is.
                shared.welcomes += 1;
                if let (Some(identity), Some(me)) = (&mut shared.identity, &shared.room.me) {
                    identity.client = me.id.clone();
                }
            }
            changed
        };
        self.tell(&changed);
        if changed.welcomed || changed.outbox {
            // Also after a crash, which leaves no time to keep anything.
            self.keep(None);
        }
        if let Some(token) = &changed.recorded {
            lab::show(token.as_str());
        }
        if changed.welcomed {
            self.keep_claim();
            self.set_refused(None);
        }
        if changed.refused.is_some() {
            self.set_refused(changed.refused.clone());
        }
        changed
    }
}

fn stored_claims() -> Vec<Claim> {
    Keep::Local.get_json(CLAIMS).unwrap_or_default()
}
