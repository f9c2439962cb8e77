//! How each way runs in the browser. Polling and long polling are loops of requests, server-sent events
//! an `EventSource`, the WebSocket a `WebSocket` that is recorded so that its bytes are counted, too; the
//! classic page is loaded when somebody asks for it. Who a way is, the browser's cookies say.

use std::{cell::RefCell, rc::Rc, time::Duration};

use chat_client::browser::{location, random};
use chat_protocol::{ClientMsg, RoomId};
use chat_wire::{Costs, Direction, Event};
use gloo_net::http::{Request, Response};
use leptos::{logging, prelude::*};
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DomParser, Element, EventSource, MessageEvent, SupportedType, WebSocket};

use chat_client::fa::words::ways as words;

use super::race::{Race, Said, Way};
use crate::panel::recording::Recording;

/// How often what a way has cost is asked for.
const COSTS_EVERY: Duration = Duration::from_secs(1);
/// How long a way waits after something went wrong.
const AFTER_A_FAILURE: Duration = Duration::from_secs(2);
/// How long the server may hold a long poll, in seconds.
const WAIT: u32 = 25;

/// The ways at work. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Runners {
    room: StoredValue<RoomId>,
    /// Tells the ways of this page from those of another.
    mark: u32,
    pub(super) race: RwSignal<Race>,
    /// How long polling waits between two requests, in milliseconds.
    pub(super) interval: RwSignal<u32>,
    /// The ways that rest.
    pub(super) resting: RwSignal<Vec<Way>>,
    socket: StoredValue<Option<Rc<WebSocket>>, LocalStorage>,
}

/// An answer of the room.
#[derive(Deserialize)]
struct Messages {
    messages: Vec<Value>,
}

impl Runners {
    pub(super) fn new(room: RoomId) -> Self {
        Self {
            room: StoredValue::new(room),
            mark: (random::unit() * 90.0) as u32 + 10,
            race: RwSignal::new(Race::default()),
            interval: RwSignal::new(2_000),
            resting: RwSignal::new(Vec::new()),
            socket: StoredValue::new_local(None),
        }
    }

    /// Sets all of them off.
    pub(super) fn start(self) {
        spawn_local(self.refresh());
        spawn_local(self.poll(Way::Poll));
        spawn_local(self.poll(Way::LongPoll));
        self.listen();
        self.connect();
        set_interval(move || Way::ALL.into_iter().for_each(|way| spawn_local(self.count(way))), COSTS_EVERY);
    }

    /// The client id of a way.
    fn client(self, way: Way) -> String {
        format!("{}-{}", way.token(), self.mark)
    }

    /// The name by which a way is in the room.
    pub(super) fn name(self, way: Way) -> String {
        words::name(way as usize, self.mark)
    }

    fn path(self, what: &str, way: Way) -> String {
        let encode = |text: &str| String::from(js_sys::encode_uri_component(text));
        let room = self.room.with_value(|room| encode(room.as_str()));
        let (client, name) = (self.client(way), encode(&self.name(way)));
        match what {
            "classic" => format!("/classic/{room}?client={client}&name={name}"),
            what => format!("/rooms/{room}/{what}?client={client}&name={name}"),
        }
    }

    fn is_resting(self, way: Way) -> bool {
        self.resting.with_untracked(|resting| resting.contains(&way))
    }

    /// Says something, this way.
    pub(super) async fn say(self, way: Way, text: String) -> Result<(), JsValue> {
        let id = random::id();
        self.race.update(|race| race.send(id.clone(), now()));
        if way == Way::Socket {
            let socket = self.socket.get_value().ok_or("no socket")?;
            return socket.send_with_str(&json!({"type": "say", "id": id, "text": text}).to_string());
        }
        let body = json!({"id": id, "text": text}).to_string();
        let request = Request::post(&self.path("messages", way)).header("Content-Type", "application/json");
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
        let page = match self.get("classic", Way::Classic, "").await {
            Ok(page) => page.text().await.unwrap_or_default(),
            Err(error) => return logging::warn!("the classic page: {error:?}"),
        };
        let document =
            DomParser::new().and_then(|parser| parser.parse_from_string(&page, SupportedType::TextHtml));
        let Ok(said) = document.and_then(|document| document.query_selector_all("[data-seq]")) else {
            return;
        };
        let now = now();
        self.race.update(|race| {
            for at in 0..said.length() {
                let Some(said) = said.get(at).and_then(|node| node.dyn_into::<Element>().ok()) else {
                    continue;
                };
                let data = |name: &str| said.get_attribute(name).unwrap_or_default();
                let part = |class: &str| {
                    let found = said.query_selector(class).ok().flatten();
                    found.and_then(|found| found.text_content()).unwrap_or_default()
                };
                let seq = data("data-seq").parse().unwrap_or(0);
                let said = Said { seq, id: data("data-id"), name: part(".name"), text: part(".text") };
                race.hear(Way::Classic, &said, now);
            }
        });
    }

    async fn get(self, what: &str, way: Way, more: &str) -> Result<Response, JsValue> {
        let answer = Request::get(&(self.path(what, way) + more)).send().await.map_err(failed)?;
        if answer.ok() { Ok(answer) } else { Err(answer.status().into()) }
    }

    async fn poll(self, way: Way) {
        let mut is_in = false;
        loop {
            if !self.is_resting(way) {
                let after = self.race.with_untracked(|race| race.of(way).seq);
                let after = if is_in { format!("&after={after}") } else { String::new() };
                let wait = if way == Way::LongPoll { format!("&wait={WAIT}") } else { String::new() };
                match self.get("messages", way, &(after + &wait)).await {
                    Ok(answer) => {
                        is_in = true;
                        self.take(way, answer).await;
                    }
                    Err(error) => {
                        logging::log!("{}: {error:?}", way.token());
                        pause(AFTER_A_FAILURE).await;
                    }
                }
            }
            if way == Way::Poll || self.is_resting(way) {
                pause(Duration::from_millis(self.interval.get_untracked().into())).await;
            }
        }
    }

    async fn take(self, way: Way, answer: Response) {
        let messages = match answer.json::<Messages>().await {
            Ok(Messages { messages }) => messages,
            Err(error) => return logging::warn!("{}: {error}", way.token()),
        };
        let now = now();
        self.race.update(|race| messages.into_iter().for_each(|message| hear(race, way, message, now)));
    }

    /// The stream, for as long as the way does not rest.
    fn listen(self) {
        let source: Rc<RefCell<Option<EventSource>>> = Rc::default();
        Effect::new(move || {
            let rests = self.resting.with(|resting| resting.contains(&Way::Events));
            let mut source = source.borrow_mut();
            match (rests, source.take()) {
                (true, Some(open)) => open.close(),
                (false, None) => *source = self.open_stream(),
                (_, kept) => *source = kept,
            }
        });
    }

    fn open_stream(self) -> Option<EventSource> {
        let source = EventSource::new(&self.path("events", Way::Events)).ok()?;
        let heard: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |message: MessageEvent| {
            self.hear_json(Way::Events, &message);
        });
        source.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        // As long as the stream, which is as long as the page mostly.
        heard.forget();
        Some(source)
    }

    fn hear_json(self, way: Way, message: &MessageEvent) -> Option<Value> {
        let message: Value = serde_json::from_str(&message.data().as_string()?).ok()?;
        self.race.update(|race| hear(race, way, message.clone(), now()));
        Some(message)
    }

    /// The WebSocket, for as long as the way does not rest.
    fn connect(self) {
        Effect::new(move || {
            let rests = self.resting.with(|resting| resting.contains(&Way::Socket));
            match (rests, self.socket.get_value()) {
                (true, Some(open)) => {
                    self.socket.set_value(None);
                    if open.close_with_code(1000).is_err() {
                        logging::warn!("the socket could not be closed");
                    }
                }
                (false, None) => self.socket.set_value(self.open_socket().map(Rc::new)),
                _ => {}
            }
        });
    }

    fn open_socket(self) -> Option<WebSocket> {
        let client = self.client(Way::Socket).parse().ok()?;
        let url = self.room.with_value(|room| location::socket_url(room, &client, true));
        let socket = WebSocket::new_with_str(&url, chat_protocol::SUBPROTOCOL).ok()?;
        let name = self.name(Way::Socket).parse().ok();
        let join = ClientMsg::Join { name, resume: None, tab: None }.to_json();
        let opened = {
            let socket = socket.clone();
            move || {
                if socket.send_with_str(&join).is_err() {
                    logging::warn!("the socket could not join");
                }
            }
        };
        let opened: Closure<dyn FnMut()> = Closure::new(opened);
        let heard: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |message: MessageEvent| {
            let message = self.hear_json(Way::Socket, &message);
            let is_recorded = message.as_ref().filter(|message| message["type"] == "xray");
            if let Some(token) = is_recorded.and_then(|message| message["token"].as_str()) {
                self.watch(token);
            }
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        opened.forget();
        heard.forget();
        Some(socket)
    }

    /// Counts what passes the socket, from its recording.
    fn watch(self, token: &str) {
        let Ok(source) = EventSource::new(&format!("/xray/{token}/events")) else { return };
        let mut recording = Recording::new(String::new());
        let heard = {
            let source = source.clone();
            move |message: MessageEvent| {
                let event =
                    message.data().as_string().and_then(|json| serde_json::from_str::<Event>(&json).ok());
                let Some(event) = event else { return };
                if matches!(event, Event::Ended(_)) {
                    source.close();
                }
                recording.take(event);
                let (head_in, frames_in, payload_in) = recording.weight(Direction::In);
                let (head_out, frames_out, payload_out) = recording.weight(Direction::Out);
                let costs = Costs {
                    requests: 1,
                    headers_in: head_in + frames_in,
                    payload_in,
                    headers_out: head_out + frames_out,
                    payload_out,
                };
                self.race.update(|race| race.cost(Way::Socket, costs));
            }
        };
        let heard: Closure<dyn FnMut(MessageEvent)> = Closure::new(heard);
        source.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        heard.forget();
    }

    async fn count(self, way: Way) {
        if way == Way::Socket || self.is_resting(way) {
            return;
        }
        if let Ok(answer) = self.get("costs", way, "").await
            && let Ok(costs) = answer.json::<Costs>().await
        {
            self.race.update(|race| race.cost(way, costs));
        }
    }
}

fn hear(race: &mut Race, way: Way, message: Value, now: f64) {
    match message["type"].as_str() {
        Some("said") => match serde_json::from_value::<Said>(message) {
            Ok(said) => race.hear(way, &said, now),
            Err(error) => logging::warn!("a message was not understood: {error}"),
        },
        Some("welcome") => race.begin(way, message["seq"].as_u64().unwrap_or(0)),
        _ => {}
    }
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
