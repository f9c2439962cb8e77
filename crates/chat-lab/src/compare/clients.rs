//! How each way runs in the browser. Polling and long polling are loops of requests, server-sent events
//! an `EventSource`, the WebSocket a `WebSocket` that is recorded so that its bytes are counted, too; the
//! classic page is loaded when somebody asks for it. Who polls shows a ticket that is kept here and sends no
//! cookies, because those of the other ways would be counted as its cost; the stream and the classic page
//! cannot but show theirs as cookies. A longer round trip is made here, too, the same for all: half of it before
//! what is sent, half after what came; the server knows nothing of it. A way that fails says so and tries again after a pause; where that
//! makes no sense, it rests until it is asked to go on. In the background, where timers come once a minute,
//! a poll is still the guest it was: the server waits for it a little longer than that.

use std::{cell::Cell, rc::Rc, time::Duration};

use chat_protocol::RoomId;
use chat_ui::browser::{location, random};
use chat_wire::{Costs, Direction, Event};
use gloo_net::http::{Request, RequestBuilder, Response};
use leptos::{logging, prelude::*};
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    CloseEvent, DomParser, Element, EventSource, MessageEvent, RequestCredentials, SupportedType, WebSocket,
};

use super::{
    recorded::Recorded,
    stats::{Gap, Said, Stats, Trouble, Way, account},
    storage::{self, Member},
};
use crate::{compare::words, xray::recording::Recording};

/// How often what a way has cost is asked for.
const COSTS_EVERY: Duration = Duration::from_secs(1);
/// How long a way waits after something went wrong.
const AFTER_A_FAILURE: Duration = Duration::from_secs(2);
/// How long the first event of a recording may take before it is taken for one that cannot be seen.
const FIRST_OF_A_RECORDING: Duration = Duration::from_secs(10);
/// How long the server may hold a long poll, in seconds, as a request says it.
const WAIT: &str = "&wait=25";

/// The ways at work. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Clients {
    room: StoredValue<RoomId>,
    /// Tells the ways of this tab from those of another.
    mark: u32,
    /// What the ways show to be who they were, where the page keeps it.
    tickets: StoredValue<[Option<String>; 5]>,
    pub(super) stats: RwSignal<Stats>,
    /// How long polling waits between two requests, in milliseconds.
    pub(super) interval: RwSignal<u32>,
    /// By how much each round trip is longer, in milliseconds.
    pub(super) round_trip: RwSignal<u32>,
    /// Until when what was pushed by each way is on its way, by the page's clock.
    due: StoredValue<[f64; 5]>,
    /// The ways that rest.
    pub(super) resting: RwSignal<Vec<Way>>,
    stream: StoredValue<Option<EventSource>, LocalStorage>,
    socket: StoredValue<Option<Rc<WebSocket>>, LocalStorage>,
}

impl Clients {
    pub(super) fn new(room: RoomId) -> Self {
        let mut stats = Stats::default();
        let tickets = Way::ALL.map(|way| {
            let Member { ticket, seq, account } = Member::load(&room, way);
            stats.resume(way, seq, account);
            ticket
        });
        Self {
            mark: storage::mark(&room),
            room: StoredValue::new(room),
            tickets: StoredValue::new(tickets),
            stats: RwSignal::new(stats),
            interval: RwSignal::new(2_000),
            round_trip: RwSignal::new(0),
            due: StoredValue::new([0.0; 5]),
            resting: RwSignal::new(Vec::new()),
            stream: StoredValue::new_local(None),
            socket: StoredValue::new_local(None),
        }
    }

    /// Sets all of them off.
    pub(super) fn start(self) {
        Effect::new(move || self.keep());
        spawn_local(self.refresh());
        spawn_local(self.poll(Way::Poll));
        spawn_local(self.poll(Way::LongPoll));
        for way in [Way::Poll, Way::LongPoll, Way::Events] {
            spawn_local(self.count_on(way));
        }
        spawn_local(self.tick());
        Effect::new(move || {
            let resting = self.resting.get();
            self.keep_stream(resting.contains(&Way::Events));
            self.keep_socket(resting.contains(&Way::Socket));
        });
    }

    /// What the tab remembers is what has come by now.
    fn keep(self) {
        for way in Way::ALL {
            let (seq, account) = self.stats.with(|stats| (stats.of(way).seq, stats.account(way)));
            let member = Member {
                ticket: self.ticket(way),
                // The classic page has all that was said each time, and a recording is an account of its own.
                seq: seq.filter(|_| way != Way::Classic),
                account: if way == Way::Socket { Costs::default() } else { account },
            };
            self.room.with_value(|room| member.save(room, way));
        }
    }

    /// The client id of a way.
    fn client(self, way: Way) -> String {
        format!("{}-{}", way.token(), self.mark)
    }

    /// The name by which a way is in the room.
    pub(super) fn name(self, way: Way) -> String {
        words::name(way as usize, self.mark)
    }

    fn ticket(self, way: Way) -> Option<String> {
        self.tickets.with_value(|tickets| tickets[way as usize].clone())
    }

    /// The request of a way: with the browser's cookies, or with the ticket that is kept here and nothing
    /// else.
    fn request(self, way: Way, request: RequestBuilder) -> RequestBuilder {
        if !way.keeps_its_ticket() {
            return request;
        }
        let request = request.credentials(RequestCredentials::Omit);
        match self.ticket(way) {
            Some(ticket) => request.header("Authorization", &["Bearer ", &ticket].concat()),
            None => request,
        }
    }

    fn path(self, what: &str, way: Way) -> String {
        let (room, client, name) = (self.room_part(), self.client(way), location::encode(&self.name(way)));
        let place = match what {
            "classic" => ["/classic/", &room].concat(),
            what => ["/rooms/", &room, "/", what].concat(),
        };
        [&*place, "?client=", &client, "&name=", &name].concat()
    }

    /// The room as a part of an address.
    fn room_part(self) -> String {
        self.room.with_value(|room| location::encode(room.as_str()))
    }

    /// Every round trip is longer by so many milliseconds from here on.
    pub(super) fn lengthen(self, ms: u32) {
        self.round_trip.set(ms);
        self.stats.update(Stats::time_anew);
    }

    /// How long one leg of a round trip takes longer, in milliseconds.
    fn leg(self) -> f64 {
        f64::from(self.round_trip.get_untracked()) / 2.0
    }

    /// Waits for one leg.
    async fn travel(self) {
        let leg = self.leg();
        if leg > 0.0 {
            pause(Duration::from_millis(leg as u64)).await;
        }
    }

    fn is_resting(self, way: Way) -> bool {
        self.resting.with_untracked(|resting| resting.contains(&way))
    }

    /// Says something, this way.
    pub(super) async fn say(self, way: Way, text: String) -> Result<(), JsValue> {
        let id = random::id();
        self.stats.update(|stats| stats.send(id.clone(), now()));
        self.travel().await;
        if way == Way::Socket {
            let socket = self.socket.get_value().filter(|socket| socket.ready_state() == WebSocket::OPEN);
            let say = json!({"type": "say", "id": id, "text": text}).to_string();
            // One that is closed would take it, and say nothing.
            return socket.ok_or("no socket")?.send_with_str(&say);
        }
        let body = json!({"id": id, "text": text}).to_string();
        let request = self.request(way, Request::post(&self.path("messages", way)));
        let request = request.header("Content-Type", "application/json");
        let answer = request.body(body).map_err(failed)?.send().await.map_err(failed)?;
        if !answer.ok() {
            return Err(answer.status().into());
        }
        if way == Way::Classic {
            self.refresh().await;
        }
        Ok(())
    }

    /// Loads the classic page, and takes in what is on it.
    pub(super) async fn refresh(self) {
        let trouble = self.load().await.err();
        self.stats.update(|stats| stats.trouble(Way::Classic, trouble));
        // Nothing else costs it anything.
        self.count(Way::Classic).await;
    }

    async fn load(self) -> Result<(), Trouble> {
        let page = self.get("classic", Way::Classic, "").await?.text().await.map_err(strange)?;
        let document =
            DomParser::new().and_then(|parser| parser.parse_from_string(&page, SupportedType::TextHtml));
        let said = document.and_then(|document| document.query_selector_all("[data-seq]"));
        let said = said.map_err(|error| strange(format!("{error:?}")))?;
        let now = now();
        self.stats.update(|stats| {
            stats.stir(Way::Classic, now);
            for at in 0..said.length() {
                let Some(said) = said.get(at).and_then(|node| node.dyn_into::<Element>().ok()) else {
                    continue;
                };
                let data = |name: &str| said.get_attribute(name).unwrap_or_default();
                let part = |class: &str| {
                    let found = said.query_selector(class).ok().flatten();
                    let typed = |found: Element| found.get_attribute("data-said").or(found.text_content());
                    found.and_then(typed).unwrap_or_default()
                };
                let seq = data("data-seq").parse().unwrap_or(0);
                let said = Said { seq, id: data("data-id"), name: part(".name"), text: part(".text") };
                stats.hear(Way::Classic, &said, now);
            }
        });
        Ok(())
    }

    async fn get(self, what: &str, way: Way, more: &str) -> Result<Response, Trouble> {
        self.travel().await;
        let answer = self.ask(what, way, more).await?;
        self.travel().await;
        Ok(answer)
    }

    /// The same, which does not come the longer way.
    async fn ask(self, what: &str, way: Way, more: &str) -> Result<Response, Trouble> {
        let request = self.request(way, Request::get(&(self.path(what, way) + more)));
        let answer = request.send().await.map_err(|_| Trouble::Lost)?;
        if answer.ok() {
            return Ok(answer);
        }
        // What ends a guest is told with the code that would close a WebSocket.
        let told = answer.json::<Value>().await.unwrap_or_default();
        Err(closed(&told).unwrap_or(Trouble::Refused(answer.status())))
    }

    /// How a way goes on that failed: after a pause, or not until somebody wants it.
    async fn fail(self, way: Way, trouble: Trouble) {
        self.stats.update(|stats| stats.trouble(way, Some(trouble)));
        if trouble.passes() {
            pause(AFTER_A_FAILURE).await;
        } else if !self.is_resting(way) {
            self.resting.update(|resting| resting.push(way));
        }
    }

    async fn poll(self, way: Way) {
        loop {
            if !self.is_resting(way) {
                let wait = if way == Way::LongPoll { WAIT } else { "" };
                let taken = match self.get("messages", way, &(self.after(way) + wait)).await {
                    Ok(answer) => self.take(way, answer).await,
                    Err(trouble) => Err(trouble),
                };
                if let Err(trouble) = taken {
                    self.fail(way, trouble).await;
                }
            }
            if way == Way::Poll || self.is_resting(way) {
                pause(Duration::from_millis(self.interval.get_untracked().into())).await;
            }
        }
    }

    /// The last message of this way, as a request names it. Where none is known none is named: to name
    /// one acknowledges it, and who names one that is too old has to come anew.
    fn after(self, way: Way) -> String {
        let seq = self.stats.with_untracked(|stats| stats.of(way).seq);
        seq.map(|seq| format!("&after={seq}")).unwrap_or_default()
    }

    async fn take(self, way: Way, answer: Response) -> Result<(), Trouble> {
        let told: Value = answer.json().await.map_err(strange)?;
        let messages = told["messages"].as_array().ok_or_else(|| strange("no messages"))?;
        self.stats.update(|stats| stats.trouble(way, None));
        // All of them are heard, whatever is wrong with one.
        let heard: Vec<_> = messages.iter().map(|message| self.hear(way, message)).collect();
        heard.into_iter().collect()
    }

    /// The stream is open as long as the way does not rest.
    fn keep_stream(self, rests: bool) {
        match (rests, self.stream.get_value()) {
            (true, Some(open)) => {
                open.close();
                self.stream.set_value(None);
                self.stats.update(Stats::shut);
            }
            (false, None) => self.open_stream(),
            _ => {}
        }
    }

    fn open_stream(self) {
        let path = self.path("events", Way::Events) + &self.after(Way::Events);
        let source = match EventSource::new(&path) {
            Ok(source) => source,
            Err(error) => return logging::warn!("no stream: {error:?}"),
        };
        // Also where its beginning is held back, so that it never is.
        let opened = move || self.stats.update(|stats| stats.open(now()));
        opened();
        let heard = move |message: MessageEvent| {
            if let Some(message) = read(&message) {
                self.arrive(Way::Events, message);
            }
        };
        // The browser opens it anew where it was answered and broke off, and not where it was refused.
        let failed = {
            let source = source.clone();
            move |_: JsValue| match source.ready_state() {
                EventSource::CLOSED => self.stream_is_over(&source, Trouble::Lost),
                _ => self.stats.update(|stats| {
                    stats.open(now());
                    stats.trouble(Way::Events, Some(Trouble::Lost));
                }),
            }
        };
        let ended = {
            let source = source.clone();
            move |message: MessageEvent| {
                let trouble = read(&message).as_ref().and_then(closed).unwrap_or(Trouble::Strange);
                self.stream_is_over(&source, trouble);
            }
        };
        let opened: Closure<dyn FnMut()> = Closure::new(opened);
        let heard: Closure<dyn FnMut(MessageEvent)> = Closure::new(heard);
        let failed: Closure<dyn FnMut(JsValue)> = Closure::new(failed);
        let ended: Closure<dyn FnMut(MessageEvent)> = Closure::new(ended);
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        source.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        source.set_onerror(Some(failed.as_ref().unchecked_ref()));
        if source.add_event_listener_with_callback("closed", ended.as_ref().unchecked_ref()).is_err() {
            logging::warn!("the end of the stream is not heard");
        }
        // As long as the stream, which is as long as the page mostly.
        opened.forget();
        heard.forget();
        failed.forget();
        ended.forget();
        self.stream.set_value(Some(source));
    }

    fn stream_is_over(self, source: &EventSource, trouble: Trouble) {
        source.close();
        self.stream.set_value(None);
        self.stats.update(Stats::shut);
        spawn_local(async move {
            self.fail(Way::Events, trouble).await;
            self.keep_stream(self.is_resting(Way::Events));
        });
    }

    /// What was pushed by this way is taken in when it has come the longer way; in its order, also where the way
    /// was just made shorter.
    fn arrive(self, way: Way, message: Value) {
        let now = now();
        let due = self.due.with_value(|due| due[way as usize]).max(now + self.leg());
        self.due.update_value(|all| all[way as usize] = due);
        let hear = move || {
            let trouble = self.hear(way, &message).err();
            self.stats.update(|stats| stats.trouble(way, trouble));
        };
        if due > now {
            set_timeout(hear, Duration::from_millis((due - now).ceil() as u64));
        } else {
            hear();
        }
    }

    /// Takes in what the room told this way.
    fn hear(self, way: Way, message: &Value) -> Result<(), Trouble> {
        self.stats.update(|stats| stats.stir(way, now()));
        match message["type"].as_str() {
            Some("said") => {
                let said = Said::read(message).ok_or_else(|| strange(message))?;
                self.stats.update(|stats| stats.hear(way, &said, now()));
            }
            Some("welcome") => {
                if way.keeps_its_ticket() {
                    let part = |name: &str| message[name].as_str().unwrap_or_default();
                    let ticket = [part("token"), part("epoch")].join(".");
                    self.tickets.update_value(|tickets| tickets[way as usize] = Some(ticket));
                }
                let seq = message["seq"].as_u64().unwrap_or(0);
                self.stats.update(|stats| stats.begin(way, seq));
            }
            _ => {}
        }
        Ok(())
    }

    /// The WebSocket is open as long as the way does not rest.
    fn keep_socket(self, rests: bool) {
        match (rests, self.socket.get_value()) {
            (true, Some(open)) => {
                self.socket.set_value(None);
                open.set_onclose(None);
                if open.close_with_code(1000).is_err() {
                    logging::warn!("the socket could not be closed");
                }
            }
            (false, None) => self.socket.set_value(self.open_socket().map(Rc::new)),
            _ => {}
        }
    }

    fn open_socket(self) -> Option<WebSocket> {
        let client = self.client(Way::Socket).parse().ok()?;
        let url = self.room.with_value(|room| location::socket_url(room, &client, true));
        let socket = WebSocket::new_with_str(&url, chat_protocol::SUBPROTOCOL).ok()?;
        let join = self.join();
        let opened = {
            let socket = socket.clone();
            move || {
                if socket.send_with_str(&join).is_err() {
                    logging::warn!("the socket could not join");
                }
            }
        };
        let heard = move |message: MessageEvent| {
            let Some(message) = read(&message) else { return };
            if message["type"] == "xray" {
                message["token"].as_str().into_iter().for_each(|token| self.watch(token));
            } else if message["code"] == "xray_unavailable" {
                self.miss(Gap::Unseen);
            }
            self.arrive(Way::Socket, message);
        };
        let over = move |close: CloseEvent| {
            self.socket.set_value(None);
            spawn_local(async move {
                self.fail(Way::Socket, Trouble::closed(close.code())).await;
                self.keep_socket(self.is_resting(Way::Socket));
            });
        };
        let opened: Closure<dyn FnMut()> = Closure::new(opened);
        let heard: Closure<dyn FnMut(MessageEvent)> = Closure::new(heard);
        let over: Closure<dyn FnMut(CloseEvent)> = Closure::new(over);
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        socket.set_onclose(Some(over.as_ref().unchecked_ref()));
        opened.forget();
        heard.forget();
        over.forget();
        Some(socket)
    }

    /// What the WebSocket says first: who it is, and who it was if it comes back.
    fn join(self) -> String {
        let mut join = json!({"type": "join", "name": self.name(Way::Socket)});
        let ticket = self.ticket(Way::Socket);
        if let Some((token, epoch)) = ticket.as_deref().and_then(|ticket| ticket.split_once('.')) {
            let seq = self.stats.with_untracked(|stats| stats.of(Way::Socket).seq).unwrap_or(0);
            join["resume"] = json!({"token": token, "epoch": epoch, "seq": seq});
        }
        join.to_string()
    }

    /// What passes the socket is not counted any more.
    fn miss(self, gap: Gap) {
        self.stats.update(|stats| stats.miss(Way::Socket, gap));
    }

    /// Counts what passes the socket, from its recording.
    fn watch(self, token: &str) {
        // A proxy before several servers finds the one with the recording by the room.
        let room = self.room_part();
        let Ok(source) = EventSource::new(&["/xray/", token, "/events?room=", &room].concat()) else {
            return self.miss(Gap::Unseen);
        };
        let mut recording = Recording::new(String::new());
        let is_silent = Rc::new(Cell::new(true));
        let heard = {
            let (source, is_silent) = (source.clone(), is_silent.clone());
            move |message: MessageEvent| {
                is_silent.set(false);
                let recorded = message.data().as_string().and_then(|json| serde_json::from_str(&json).ok());
                match recorded {
                    Some(Recorded::Bytes(chunk)) => recording.take(Event::Bytes(chunk)),
                    Some(Recorded::Full { limit_bytes }) => self.miss(Gap::Full(limit_bytes)),
                    Some(Recorded::Ended) => source.close(),
                    Some(Recorded::Other) | None => return,
                }
                let (head_in, frames_in, payload_in) = recording.weight(Direction::In);
                let (head_out, frames_out, payload_out) = recording.weight(Direction::Out);
                let costs = Costs {
                    requests: 1,
                    headers_in: head_in + frames_in,
                    payload_in,
                    headers_out: head_out + frames_out,
                    payload_out,
                };
                self.stats.update(|stats| stats.cost(Way::Socket, costs));
            }
        };
        // The browser opens it anew where it broke off, and not where it was refused.
        let failed = {
            let source = source.clone();
            move |_: JsValue| {
                if source.ready_state() == EventSource::CLOSED {
                    self.miss(Gap::Unseen);
                }
            }
        };
        let heard: Closure<dyn FnMut(MessageEvent)> = Closure::new(heard);
        let failed: Closure<dyn FnMut(JsValue)> = Closure::new(failed);
        source.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        source.set_onerror(Some(failed.as_ref().unchecked_ref()));
        heard.forget();
        failed.forget();
        spawn_local(async move {
            // What begins a recording is there already: something in between holds its stream back.
            pause(FIRST_OF_A_RECORDING).await;
            if is_silent.get() {
                self.miss(Gap::Unseen);
            }
        });
    }

    /// Asks again and again what a way has cost, once it is in. One at a time: an answer that came after a newer
    /// one would look like another account. Not of a stream that owes something: it costs nothing meanwhile,
    /// and may not even have begun; that it owes it for long is said instead.
    async fn count_on(self, way: Way) {
        loop {
            pause(COSTS_EVERY).await;
            let is_in = !way.keeps_its_ticket() || self.ticket(way).is_some();
            if self.is_resting(way) || !is_in {
                continue;
            }
            if self.stats.with_untracked(|stats| !stats.of(way).owes()) {
                self.count(way).await;
            } else if self.stats.with_untracked(|stats| stats.of(way).is_silent(now())) {
                self.stats.update(|stats| stats.trouble(way, Some(Trouble::Silent)));
            }
        }
    }

    /// Tells the statistics of each second.
    async fn tick(self) {
        loop {
            pause(COSTS_EVERY).await;
            self.stats.update(|stats| stats.tick(now(), |way| self.is_resting(way)));
        }
    }

    async fn count(self, way: Way) {
        // Why there is none, the way itself says.
        if let Ok(answer) = self.ask("costs", way, "").await
            && let Ok(told) = answer.json::<Value>().await
            && let Some(account) = account(&told)
        {
            self.stats.update(|stats| stats.cost(way, account));
        }
    }
}

/// A message as JSON, if it is one.
fn read(message: &MessageEvent) -> Option<Value> {
    serde_json::from_str(&message.data().as_string()?).ok()
}

/// The code by which the room said that nothing more will come.
fn closed(told: &Value) -> Option<Trouble> {
    let code = told["code"].as_u64().filter(|_| told["type"] == "closed")?;
    Some(Trouble::closed(code as u16))
}

fn strange(error: impl std::fmt::Display) -> Trouble {
    logging::warn!("an answer was not understood: {error}");
    Trouble::Strange
}

/// Milliseconds of the page's own clock.
fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

async fn pause(time: Duration) {
    let waited = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(
            move || {
                resolve.call0(&JsValue::NULL).unwrap_or_default();
            },
            time,
        )
    });
    if JsFuture::from(waited).await.is_err() {
        logging::warn!("a pause was cut short");
    }
}

fn failed(error: impl std::fmt::Display) -> JsValue {
    error.to_string().into()
}
