//! What a room decides. All ordering of a room is decided here and nowhere else. A connection joins
//! (`Room::join`) and leaves (`Room::leave`); whatever a member asks in between comes in by
//! `Room::apply`; all of it through one door, [`Room::take`]. [`Room::tick`] does what time asks for.

use std::{collections::BTreeSet, sync::Arc};

use chat_protocol::{
    Ballot, ClientId, CloseCode, Command, Epoch, ErrorCode, MemberRoundTrip, Name, OpenTab, ResumeToken,
    RoomId, RoundTrip, RoundTrips, Said, SayId, Seq, ServerMsg, Stage, TabId, Text, Welcome,
};
use serde::{Deserialize, Serialize};

use crate::{
    AddressKey, Claim, ConnKey, FreshToken, HistoryLimits, Ms, RateLimit, TokenHash, Way, Wish,
    class::Class,
    history::History,
    presence::{PendingPresence, presence_wait},
    roster::Roster,
    session::{Session, SessionKey, Standing, TABS_MAX, Tab, TokenLife},
};

/// How long after its first member a room may be given its key, in milliseconds: a page whose connection was
/// lost is back within half of it.
const KEY_WINDOW: Ms = 30_000;

/// The bounds of one room.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Most members, here or away. In a full room a newcomer displaces, of the address that has most members,
    /// the one who has been away longest; not if that has no more than their own. Of those who left, as many again are remembered for
    /// `resume_window`; over that the one who left first is forgotten.
    pub members: usize,
    /// Most of them from one address; 0 sets no limit.
    pub members_per_address: usize,
    /// What is kept for replay.
    pub history: HistoryLimits,
    /// How long a session without a connection may be resumed, in milliseconds; and so each tab of one.
    pub resume_window: Ms,
    /// How long a tab's previous token is good once the connection that brought the next has joined, in
    /// milliseconds: at least as long as a connection is there that its client cannot hear.
    pub previous_token: Ms,
}

impl Limits {
    fn token_life(&self) -> TokenLife {
        TokenLife { previous: self.previous_token, closed: self.resume_window }
    }
}

/// Somebody's wish to be a member, already checked for form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Join {
    /// The connection that asks.
    pub conn: ConnKey,
    /// The id in its URL.
    pub client_id: ClientId,
    /// The name asked for, as a newcomer; without one, the client id. A member who returns by a valid claim
    /// keeps their name.
    pub name: Option<Name>,
    /// Which of the person's tabs it is.
    pub tab: Option<TabId>,
    /// Where it comes from.
    pub address: AddressKey,
    /// How it comes.
    pub way: Way,
    /// The claim to be somebody who was here before.
    pub claim: Option<Claim>,
    /// The hash of the key shown to be the teacher. The first who joins a room may bring its key.
    pub teacher: Option<TokenHash>,
    /// The token to give. Who is on another node is welcomed there.
    pub token: FreshToken,
    /// The rate limit it draws on, which each node has for itself; `None` where the connection is another's. A
    /// newcomer's becomes the session's; a returning member keeps the session's own.
    #[serde(skip)]
    pub rate_limit: Option<Arc<RateLimit>>,
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// The member leaves at once and may still return.
    Clean,
    /// It was lost: the member is away until the resume window ends.
    Lost,
    /// The room is not to know the member any more, as after a restart: they have left, and their token
    /// proves nothing. Where another tab of theirs is open, only this one is gone.
    Forgotten,
}

/// What must now be done. After an `Ok` from [`Room::take`] for a join the connection is in the room, and gets
/// every broadcast from that call's first effect on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// To everybody in the room, the same bytes.
    Broadcast(ServerMsg),
    /// To one connection.
    Send(ConnKey, ServerMsg),
    /// To one connection, what it missed, oldest first.
    Replay(ConnKey, Vec<Said>),
    /// End this connection, which is no longer in the room.
    Close(ConnKey, CloseCode),
}

/// Why a join was not accepted. The connection lives on and may ask again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The error to answer with.
    pub code: ErrorCode,
    /// What was wrong.
    pub detail: String,
    /// A free name, when the name was the reason.
    pub suggestion: Option<Name>,
    /// In how many seconds the name becomes free, if its holder is away and does not return.
    pub free_in: Option<u32>,
}

impl From<Refusal> for ServerMsg {
    fn from(Refusal { code, detail, suggestion, free_in }: Refusal) -> Self {
        Self::Error { code, detail, id: None, suggestion, free_in }
    }
}

/// How a life of a room begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opening {
    /// The room, as its first member wrote it.
    pub room: RoomId,
    /// Its bounds.
    pub limits: Limits,
    /// It is a class from the start, whose teacher has the key with this hash.
    pub class: Option<TokenHash>,
}

/// One room, in one of its lives.
#[derive(Debug)]
pub struct Room {
    room: RoomId,
    epoch: Epoch,
    limits: Limits,
    pub(crate) roster: Roster,
    pub(crate) history: History,
    pub(crate) presence: PendingPresence,
    /// When somebody joined first.
    pub(crate) began: Option<Ms>,
    pub(crate) class: Option<Box<Class>>,
}

impl Room {
    /// A room in which nobody has been. `epoch` must be one that no other life of any room had.
    pub fn new(opening: Opening, epoch: Epoch) -> Self {
        let Opening { room, limits, class } = opening;
        Self {
            room,
            roster: Roster::new(&epoch),
            epoch,
            limits,
            history: History::new(limits.history),
            presence: PendingPresence::default(),
            began: None,
            class: class.map(|key| Box::new(Class::new(key))),
        }
    }

    /// The one door: whatever changes a room comes in here, but for time ([`Room::tick`]) and what is forgotten for
    /// want of memory.
    ///
    /// # Errors
    /// A [`Refusal`] of a join, after which nothing has changed: `name_taken`; `room_full`; `bad_key`;
    /// `already_joined`.
    pub fn take(&mut self, wish: Wish, now: Ms, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        match wish {
            Wish::Join(join) => return self.join(*join, now, effects),
            Wish::Command { conn, command, fresh } => self.apply(conn, command, fresh, now, effects),
            Wish::Leave { conn, how } => self.leave(conn, how, now),
            Wish::Gone { node, before } => self.lose(node, before, now, effects),
            Wish::Forget { bytes } => self.forget_absent(bytes, now),
            Wish::Tick => {}
        }
        Ok(())
    }

    /// Whether this proves somebody who is here, or was and may come back, where this tab shows it.
    pub fn knows(&self, proof: &TokenHash, tab: Option<&TabId>, now: Ms) -> bool {
        self.roster.by_token(proof, tab, self.limits.token_life(), now).is_some()
    }

    /// Join: become a member, or be again the one that the claim proves. Taking part in broadcasts
    /// and reading what was missed are one step, so nothing falls between them.
    ///
    /// A returning member keeps their own name, whatever name the join says, so a rename outlives the
    /// connection; a newcomer's explicit name that somebody else has is refused with a suggestion. A
    /// name nobody asked for by word (the client id, or the one of a session that had left) is
    /// numbered when taken. A client id that is taken is numbered.
    ///
    /// In a full room a newcomer takes the place of somebody who is away, if they may: see
    /// [`Limits::members`].
    ///
    /// # Errors
    /// A [`Refusal`], after which nothing has changed: `name_taken`; `room_full`, also for more than
    /// sixteen tabs, or than one address may have here; `bad_key`; or `already_joined`, for a join that was long
    /// on its way and whose tab has joined on a younger connection since.
    pub(crate) fn join(&mut self, join: Join, now: Ms, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        let Join { conn, client_id, name, tab, address, way, claim, teacher, token, rate_limit: own_limit } =
            join;
        self.check_key(teacher.as_ref(), now)?;
        let life = self.limits.token_life();
        let known = |claim: &Claim| self.roster.by_token(&claim.proof, tab.as_ref(), life, now);
        let returning = claim.as_ref().and_then(known);
        if returning.is_some_and(|key| self.roster.session(key).has_moved_on(tab.as_ref(), conn)) {
            return Err(Refusal {
                code: ErrorCode::AlreadyJoined,
                detail: "this tab has joined on a later connection".into(),
                suggestion: None,
                free_in: None,
            });
        }
        if returning.is_none()
            && let Some(name) = &name
            && self.roster.is_name_taken(name, None)
        {
            return Err(self.name_taken(name, None, now));
        }
        if let Some(displaced) = self.check_capacity(returning, tab.as_ref(), address)? {
            let gone = self.forget(displaced, now);
            self.schedule_presence(now, |presence| presence.left(gone.id));
        }
        let name = match (returning, name) {
            (Some(key), _) => self.roster.free_name(&self.roster.session(key).name, returning),
            (None, Some(name)) => name,
            (None, None) => self.roster.free_name(&Name::from(&client_id), None),
        };

        let shown = returning.map(|key| self.roster.session(key)).filter(|session| session.is_visible());
        let before = shown.map(Session::member);
        let key = match returning {
            None => {
                let id = self.roster.free_id(&client_id);
                self.roster.add(Session::new(id, name, self.history.newest(), address))
            }
            Some(key) if before.is_some() => key,
            Some(key) => {
                let id = self.roster.free_id(&self.roster.session(key).id);
                self.roster.bring_back(key, id, name);
                key
            }
        };
        let proof = claim.as_ref().map(|claim| claim.proof);
        let tab = Tab {
            id: tab,
            since: now,
            conn,
            given: now,
            closed: None,
            way,
            address,
            token: token.hash,
            previous: None,
        };
        if let Some(replaced) = self.roster.open_tab(key, tab, proof) {
            effects.push(Effect::Close(replaced, CloseCode::Replaced));
        }
        self.roster.move_to(key, address);
        let limit = &mut self.roster.session_mut(key).rate_limit;
        if limit.is_none() {
            *limit = own_limit;
        }
        self.began.get_or_insert(now);
        if let Some(teacher) = teacher {
            self.class.get_or_insert_with(|| Box::new(Class::new(teacher))).admit(conn);
        }

        let claim = claim.filter(|_| returning.is_some());
        if let Some(token) = token.given() {
            self.welcome(conn, key, claim, token, effects);
        }
        let member = self.roster.session(key).member();
        match before {
            None => self.schedule_presence(now, |presence| presence.joined(member)),
            Some(before) if before != member => {
                self.schedule_presence(now, |presence| presence.changed(member))
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Whether the key that a join shows, if any, is this room's. A room takes the key that is brought first,
    /// within [`KEY_WINDOW`] of its first member: after a restart the class may be back before its teacher.
    /// Later a room without a key takes none, so that nobody makes a class out of other people's talk.
    fn check_key(&self, shown: Option<&TokenHash>, now: Ms) -> Result<(), Refusal> {
        let is_good = match (shown, &self.class) {
            (None, _) => true,
            (Some(shown), Some(class)) => class.is_key(shown),
            (Some(_), None) => self.began.is_none_or(|began| now < began + KEY_WINDOW),
        };
        if is_good {
            return Ok(());
        }
        let detail = "teacher: not the key of this room; join without it, or open a class of another name";
        Err(Refusal { code: ErrorCode::BadKey, detail: detail.into(), suggestion: None, free_in: None })
    }

    /// Tells a connection that it is in, where the class is, if there is one, and what it missed since the last
    /// message that the claim names, if the member was here by then and the history goes back so far.
    fn welcome(
        &self,
        conn: ConnKey,
        key: SessionKey,
        claim: Option<Claim>,
        token: ResumeToken,
        effects: &mut Vec<Effect>,
    ) {
        let session = self.roster.session(key);
        let missed = claim
            .filter(|claim| claim.epoch == self.epoch && claim.seq >= session.first_seq)
            .and_then(|claim| self.history.after(claim.seq));
        let seq = self.history.newest() - missed.as_ref().map_or(0, |missed| missed.len() as Seq);
        effects.push(Effect::Send(
            conn,
            ServerMsg::Welcome(Welcome {
                you: session.member(),
                room: self.room.clone(),
                epoch: self.epoch.clone(),
                seq,
                token,
                recovered: missed.is_some(),
                members: self.roster.members(key),
                member_count: self.member_count(),
                away_count: self.away_count(),
            }),
        ));
        if let Some(class) = &self.class {
            let class = chat_protocol::Class {
                stage: class.stage(),
                teacher: class.is_teacher(conn),
                vote: class.tally(),
                answer: class.answer_of(key),
            };
            effects.push(Effect::Send(conn, ServerMsg::Class(class)));
        }
        if let Some(missed) = missed.filter(|missed| !missed.is_empty()) {
            effects.push(Effect::Replay(conn, missed));
        }
    }

    fn name_taken(&self, name: &Name, own: Option<SessionKey>, now: Ms) -> Refusal {
        let window = self.limits.resume_window;
        let free_in = self.roster.away_with_name(name, own).map(|since| {
            let left = since.saturating_add(window).saturating_sub(now);
            left.div_ceil(1000).try_into().unwrap_or(u32::MAX)
        });
        Refusal {
            code: ErrorCode::NameTaken,
            detail: "name: taken by somebody here, or looks like theirs; choose another".into(),
            suggestion: Some(self.roster.free_name(name, own)),
            free_in,
        }
    }

    /// Whether there is a place, and, in a full room, whose it is from now on: of the address that has most
    /// members, the one who has been away longest. An address never takes another's place that has no more
    /// members than itself, so whoever fills a room from one address keeps nobody else out by it.
    fn check_capacity(
        &self,
        returning: Option<SessionKey>,
        tab: Option<&TabId>,
        address: AddressKey,
    ) -> Result<Option<SessionKey>, Refusal> {
        let full = |detail: String| {
            Err(Refusal { code: ErrorCode::RoomFull, detail, suggestion: None, free_in: None })
        };
        let returning = returning.map(|key| self.roster.session(key));
        if returning.is_some_and(|session| !session.has_place_for(tab)) {
            return full(format!("you are here in {TABS_MAX} tabs already; close one"));
        }
        if returning.is_some_and(Session::is_visible) {
            return Ok(None);
        }
        let Limits { members, members_per_address, .. } = self.limits;
        let own = self.roster.count_of(address);
        if members_per_address > 0 && own >= members_per_address {
            let detail =
                || format!("your address has its {members_per_address} members here; try again later");
            return self.roster.longest_away_of(address).map_or_else(|| full(detail()), |key| Ok(Some(key)));
        }
        if self.roster.count() < members {
            return Ok(None);
        }
        let most = self.roster.most_with_away();
        let most = most.filter(|&most| most == address || self.roster.count_of(most) > own);
        match most.and_then(|most| self.roster.longest_away_of(most)) {
            Some(key) => Ok(Some(key)),
            None => full(format!("the room has its {members} members; try again later")),
        }
    }

    /// Whether a wish that comes now would change nothing and tell nobody anything, so that it need not be sent to
    /// others: most of what is typed is no news, and without a teacher nobody hears how far members are.
    pub fn would_ignore(&self, wish: &Wish, now: Ms) -> bool {
        let Wish::Command { conn, command, .. } = wish else { return false };
        match command {
            Command::Typing => {
                let session = self.roster.by_conn(*conn).map(|key| self.roster.session(key));
                session.is_none_or(|session| !session.is_typing_news(now))
            }
            Command::RoundTrip(_) => !self.class.as_ref().is_some_and(|class| class.has_teachers()),
            _ => false,
        }
    }

    /// Does what a member asks. A command that gives a token gives the fresh one.
    pub(crate) fn apply(
        &mut self,
        conn: ConnKey,
        command: Command,
        fresh: Option<Box<FreshToken>>,
        now: Ms,
        effects: &mut Vec<Effect>,
    ) {
        match command {
            Command::Say { id, text } => self.say(conn, id, text, now, effects),
            Command::Typing => self.typing(conn, now, effects),
            Command::Rename { name } => self.rename(conn, name, now, effects),
            Command::Tabs => self.tabs(conn, None, effects),
            Command::EndTabs => self.end_tabs(conn, fresh, now, effects),
            Command::Stage(stage) => self.turn_stage(conn, stage, effects),
            Command::OpenVote(ballot) => self.open_vote(conn, *ballot, effects),
            Command::CloseVote => self.close_vote(conn, effects),
            Command::Vote { answer } => self.vote(conn, answer, now, effects),
            Command::RoundTrip(taken) => self.measured(conn, taken, now),
        }
    }

    /// Say, and broadcast: the message gets its place in the room's one order and goes to everybody,
    /// its sender included, as the same bytes. A say with an id this session used before is
    /// acknowledged again, to this connection only, and never broadcast again.
    fn say(&mut self, conn: ConnKey, id: SayId, text: Text, now: Ms, effects: &mut Vec<Effect>) {
        let Some(key) = self.roster.by_conn(conn) else { return };
        let session = self.roster.session(key);
        let said = |seq: Seq, at: Ms| Said {
            seq,
            id: id.clone(),
            from: session.id.clone(),
            name: session.name.clone(),
            text: text.clone(),
            at,
        };
        if let Some((seq, at)) = session.remembered(&id) {
            let said = match self.history.find(seq) {
                // Its sender knows it by `from`, and may have come back under another id since.
                Some(kept) => Said { from: session.id.clone(), ..kept.clone() },
                None => said(seq, at),
            };
            effects.push(Effect::Send(conn, ServerMsg::Said(said)));
            return;
        }
        let said = said(self.history.newest() + 1, now);
        // Nobody shall hear from a person they have not seen come in.
        if self.presence.concerns(&said.from) {
            self.broadcast_presence(effects);
        }
        let session = self.roster.session_mut(key);
        session.remember(&said.id, said.seq, now);
        // Whoever spoke is done typing; what they type next is news again.
        session.typing_at = None;
        self.history.push(said.clone());
        effects.push(Effect::Broadcast(ServerMsg::Said(said)));
    }

    /// The member is typing. Told while it is news; more is ignored.
    fn typing(&mut self, conn: ConnKey, now: Ms, effects: &mut Vec<Effect>) {
        let Some(key) = self.roster.by_conn(conn) else { return };
        let session = self.roster.session_mut(key);
        if !session.is_typing_news(now) {
            return;
        }
        session.typing_at = Some(now);
        let from = session.id.clone();
        effects.push(Effect::Broadcast(ServerMsg::Typing { from }));
    }

    /// The member takes another name, if nobody else has it.
    fn rename(&mut self, conn: ConnKey, name: Name, now: Ms, effects: &mut Vec<Effect>) {
        let Some(key) = self.roster.by_conn(conn) else { return };
        if self.roster.is_name_taken(&name, Some(key)) {
            effects.push(Effect::Send(conn, self.name_taken(&name, Some(key), now).into()));
            return;
        }
        if self.roster.session(key).name != name {
            self.roster.rename(key, name);
            let member = self.roster.session(key).member();
            self.schedule_presence(now, |presence| presence.changed(member));
        }
    }

    /// Tells the member which tabs of theirs are open, the one that asks among them, and the token that this
    /// has from now on, if it is another.
    fn tabs(&self, conn: ConnKey, token: Option<ResumeToken>, effects: &mut Vec<Effect>) {
        let Some(key) = self.roster.by_conn(conn) else { return };
        let tabs = &self.roster.session(key).tabs;
        let Some(own) = tabs.iter().find(|tab| tab.conn == conn) else { return };
        let open = tabs.iter().filter(|tab| tab.is_open()).map(|tab| OpenTab {
            since: tab.since,
            http: tab.way == Way::Http,
            elsewhere: tab.address != own.address,
            this: tab.conn == conn,
        });
        effects.push(Effect::Send(conn, ServerMsg::Tabs { tabs: open.collect(), token }));
    }

    /// Ends the member's tabs that are younger than the one that asks, and gives this another token, because
    /// theirs may have been stolen from it. Not the older: a token is stolen from a tab that was there before,
    /// so a thief ends nothing that the one they stole from has.
    fn end_tabs(
        &mut self,
        conn: ConnKey,
        fresh: Option<Box<FreshToken>>,
        now: Ms,
        effects: &mut Vec<Effect>,
    ) {
        let Some(key) = self.roster.by_conn(conn) else { return };
        let ended = self.roster.end_younger_tabs(key, conn);
        if !ended.is_empty() {
            effects.extend(ended.into_iter().map(|ended| Effect::Close(ended, CloseCode::Ended)));
            let member = self.roster.session(key).member();
            self.schedule_presence(now, |presence| presence.changed(member));
        }
        if let Some(fresh) = &fresh {
            self.roster.renew_token(key, conn, fresh.hash, now);
        }
        self.tabs(conn, fresh.and_then(|fresh| fresh.given()), effects);
    }

    /// The class, for a connection that showed its key; anybody else is told why not.
    fn taught_by(&mut self, conn: ConnKey, effects: &mut Vec<Effect>) -> Option<&mut Class> {
        self.roster.by_conn(conn)?;
        let class = self.class.as_deref_mut().filter(|class| class.is_teacher(conn));
        if class.is_none() {
            let detail = "for the teacher, who shows the room's key in 'join'";
            effects.push(Effect::Send(conn, ServerMsg::error(ErrorCode::NotTeacher, detail)));
        }
        class
    }

    /// The teacher turns the stage; everybody sees it, and whoever comes later.
    fn turn_stage(&mut self, conn: ConnKey, stage: Stage, effects: &mut Vec<Effect>) {
        if self.taught_by(conn, effects).is_some_and(|class| class.turn(stage)) {
            effects.push(Effect::Broadcast(ServerMsg::Stage(stage)));
        }
    }

    /// The teacher asks the class something; one question at a time.
    fn open_vote(&mut self, conn: ConnKey, ballot: Ballot, effects: &mut Vec<Effect>) {
        let Some(class) = self.taught_by(conn, effects) else { return };
        if class.is_voting() {
            let detail = "a vote is open; close it first";
            effects.push(Effect::Send(conn, ServerMsg::error(ErrorCode::VoteOpen, detail)));
            return;
        }
        class.open_vote(ballot);
        effects.extend(class.tell().map(|vote| Effect::Broadcast(ServerMsg::Vote(vote))));
    }

    /// The teacher takes no more answers.
    fn close_vote(&mut self, conn: ConnKey, effects: &mut Vec<Effect>) {
        let Some(class) = self.taught_by(conn, effects) else { return };
        if !class.is_voting() {
            effects.push(Effect::Send(conn, no_vote()));
            return;
        }
        class.close_vote();
        effects.extend(class.tell().map(|vote| Effect::Broadcast(ServerMsg::Vote(vote))));
    }

    /// The member answers, or answers otherwise. The counts are gathered as presence is.
    fn vote(&mut self, conn: ConnKey, answer: u32, now: Ms, effects: &mut Vec<Effect>) {
        let Some(key) = self.roster.by_conn(conn) else { return };
        let due = now + presence_wait(self.roster.count());
        let class = self.class.as_deref_mut();
        let Some((class, answers)) = class.and_then(|class| class.answers().map(|answers| (class, answers)))
        else {
            effects.push(Effect::Send(conn, no_vote()));
            return;
        };
        if answer as usize >= answers {
            let detail = format!("answer: {answer}; this vote has {answers}, counted from 0");
            effects.push(Effect::Send(conn, ServerMsg::error(ErrorCode::BadField, detail)));
            return;
        }
        class.vote(key, answer, due);
    }

    /// The member measured how far they are, for the teacher; nobody else hears of it, and where there is no
    /// teacher nobody does. Gathered as presence is.
    fn measured(&mut self, conn: ConnKey, taken: RoundTrip, now: Ms) {
        let Some(key) = self.roster.by_conn(conn) else { return };
        let due = now + presence_wait(self.roster.count());
        if let Some(class) = &mut self.class {
            class.measured(key, taken, due);
        }
    }

    /// Tells the teachers what was measured, if that is due.
    fn tell_round_trips(&mut self, now: Ms, effects: &mut Vec<Effect>) {
        let Some((taken, teachers)) = self.class.as_mut().and_then(|class| class.round_trips(now)) else {
            return;
        };
        let id = |key| self.roster.session(key).id.clone();
        let of = taken.into_iter().map(|(key, taken)| MemberRoundTrip { id: id(key), us: taken.us() });
        let told = ServerMsg::RoundTrips(RoundTrips { of: of.collect() });
        effects.extend(teachers.into_iter().map(|teacher| Effect::Send(teacher, told.clone())));
    }

    /// Forgets a session for good, and what it answered.
    fn forget(&mut self, key: SessionKey, now: Ms) -> Session {
        let due = now + presence_wait(self.roster.count());
        if let Some(class) = &mut self.class {
            class.forget(key, due);
        }
        self.roster.remove(key)
    }

    /// The connection is gone. With the last one of a session gone, the member has left or is away,
    /// depending on how it went. A connection that is no member's, because it was replaced, changes
    /// nothing.
    pub(crate) fn leave(&mut self, conn: ConnKey, how: Departure, now: Ms) {
        if let Some(class) = &mut self.class {
            class.dismiss(conn);
        }
        let Some(key) = self.roster.close_tab(conn, now) else { return };
        let standing = match how {
            _ if self.roster.session(key).open_tabs() > 0 => Standing::Here,
            Departure::Lost => Standing::Away { since: now },
            Departure::Clean | Departure::Forgotten => Standing::Left { since: now },
        };
        self.roster.stand(key, standing);
        let session = self.roster.session(key);
        if session.is_visible() {
            let member = session.member();
            self.schedule_presence(now, |presence| presence.changed(member));
        } else {
            let id = session.id.clone();
            self.schedule_presence(now, |presence| presence.left(id));
            if how == Departure::Forgotten {
                self.forget(key, now);
            }
            self.forget_the_first_left(now);
        }
    }

    /// A node is gone, and with it its connections that were opened before. Should it be there after all, it ends
    /// them, and they come back.
    fn lose(&mut self, node: u32, before: ConnKey, now: Ms, effects: &mut Vec<Effect>) {
        for conn in self.roster.conns_of(node).into_iter().filter(|conn| *conn < before) {
            self.leave(conn, Departure::Lost, now);
            effects.push(Effect::Close(conn, CloseCode::EngineLost));
        }
    }

    /// Forgets sessions without a connection until they take so many bytes at most.
    fn forget_absent(&mut self, bytes: usize, now: Ms) {
        while self.roster.absent_bytes() > bytes && self.forget_longest_absent(now) {}
    }

    fn forget_the_first_left(&mut self, now: Ms) {
        if self.roster.left_count() > self.limits.members
            && let Some((_, first)) = self.roster.first_left()
        {
            self.forget(first, now);
        }
    }

    /// Does what time asks for: tells presence and counts of a vote that are due, lets those go whose resume window is
    /// over, forgets history that is too old. Call it after each batch of the above, and by
    /// [`Room::next_deadline`].
    pub fn tick(&mut self, now: Ms, effects: &mut Vec<Effect>) {
        let window = self.limits.resume_window;
        let over = |since: Ms| since.saturating_add(window) <= now;
        while let Some((since, key)) = self.roster.longest_away()
            && over(since)
        {
            let gone = self.forget(key, now);
            self.schedule_presence(now, |presence| presence.left(gone.id));
        }
        while let Some((since, key)) = self.roster.first_left()
            && over(since)
        {
            self.forget(key, now);
        }
        self.history.prune(now);
        if self.presence.due().is_some_and(|due| due <= now) {
            self.broadcast_presence(effects);
        }
        if let Some(class) = &mut self.class
            && class.tally_due().is_some_and(|due| due <= now)
        {
            effects.extend(class.tell().map(|vote| Effect::Broadcast(ServerMsg::Vote(vote))));
        }
        self.tell_round_trips(now, effects);
    }

    /// Bytes of what is kept for disconnected sessions that may resume: those sessions, and the history.
    pub fn kept_bytes(&self) -> usize {
        self.history.bytes() + self.roster.absent_bytes()
    }

    /// What was said and is kept for them, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &Said> {
        self.history.messages().iter()
    }

    /// The `seq` of the oldest message that is kept for them; of the next one, when none is.
    pub fn oldest(&self) -> Seq {
        self.history.oldest()
    }

    /// Forgets one thing of what is kept, because there is no memory for it: the oldest message, or, when
    /// none is left, the session that left first, or, when there is none, the one that has been away longest.
    /// Whoever is here stays. False when nothing is kept.
    pub fn forget_oldest(&mut self, now: Ms) -> bool {
        self.forget_oldest_said() || self.forget_longest_absent(now)
    }

    /// Forgets the oldest message, which decides nothing: who returns from before it is told so. False when none
    /// is kept.
    pub fn forget_oldest_said(&mut self) -> bool {
        self.history.drop_oldest()
    }

    fn forget_longest_absent(&mut self, now: Ms) -> bool {
        let Some((_, key)) = self.roster.first_left().or(self.roster.longest_away()) else { return false };
        let gone = self.forget(key, now);
        if gone.is_visible() {
            self.schedule_presence(now, |presence| presence.left(gone.id));
        }
        true
    }

    /// Forgets messages that are too old, which decides nothing.
    pub fn prune(&mut self, now: Ms) {
        self.history.prune(now);
    }

    /// When [`Room::prune`] has something to do next.
    pub fn prune_due(&self) -> Option<Ms> {
        self.history.next_deadline()
    }

    /// When [`Room::tick`] has something to do next.
    pub fn next_deadline(&self) -> Option<Ms> {
        [self.next_decision(), self.prune_due()].into_iter().flatten().min()
    }

    /// The same, without what [`Room::prune`] does.
    pub fn next_decision(&self) -> Option<Ms> {
        let window = self.limits.resume_window;
        let ends = |(since, _): (Ms, SessionKey)| since.saturating_add(window);
        [
            self.presence.due(),
            self.roster.longest_away().map(ends),
            self.roster.first_left().map(ends),
            self.class.as_ref().and_then(|class| class.next_deadline()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// How many sessions there are: members, and those who left and may come back.
    pub fn sessions(&self) -> usize {
        self.roster.sessions().len()
    }

    /// How many members have a connection.
    pub fn here(&self) -> usize {
        self.roster.here()
    }

    /// Whether this life of the room is over: nobody is here, and nobody may come back.
    pub fn is_over(&self) -> bool {
        self.roster.is_empty()
    }

    /// What the frames of this connection are drawn from: the one allowance of its session, so that
    /// sixteen tabs, or coming back again and again, allow no more than one connection does. The
    /// room only keeps it.
    pub fn rate_limit(&self, conn: ConnKey) -> Option<Arc<RateLimit>> {
        let key = self.roster.by_conn(conn)?;
        self.roster.session(key).rate_limit.clone()
    }

    /// The nodes that have connections here.
    pub fn nodes(&self) -> BTreeSet<u32> {
        self.roster.nodes()
    }

    /// The oldest connection here of this node.
    pub fn oldest_conn_of(&self, node: u32) -> Option<ConnKey> {
        self.roster.conns_of(node).first().copied()
    }

    /// Bytes of the sessions of [`Room::kept_bytes`].
    pub fn absent_bytes(&self) -> usize {
        self.roster.absent_bytes()
    }

    fn member_count(&self) -> u32 {
        self.roster.count() as u32
    }

    fn away_count(&self) -> u32 {
        (self.roster.count() - self.roster.here()) as u32
    }

    fn schedule_presence(&mut self, now: Ms, change: impl FnOnce(&mut PendingPresence)) {
        change(&mut self.presence);
        self.presence.due_by(now + presence_wait(self.roster.count()));
    }

    fn broadcast_presence(&mut self, effects: &mut Vec<Effect>) {
        if let Some(presence) = self.presence.take(self.member_count(), self.away_count()) {
            effects.push(Effect::Broadcast(ServerMsg::Presence(presence)));
        }
    }
}

fn no_vote() -> ServerMsg {
    ServerMsg::error(ErrorCode::NoVote, "no vote is open; the teacher opens one")
}

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "class_tests.rs"]
mod class_tests;
