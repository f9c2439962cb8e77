//! The same conversation without a WebSocket, for networks that let none through. What is said goes by
//! `POST`, a message a line, one request at a time, so that nothing overtakes; what is heard is asked
//! for by `GET`, which the server answers when there is something. Each line heard has a number, and
//! the next request names the last one: an answer that was lost on the way, or asked for twice by a
//! browser or a proxy, costs nothing. A request that fails ends the connection as a cut ends a
//! WebSocket, and resuming mends the rest. Long polling rather than an event stream: a proxy that holds
//! an answer until it is whole holds a stream for ever.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use js_sys::Reflect;
use leptos::prelude::{set_timeout, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestCache, RequestInit, Response};

use super::connection::{LOST_WITHOUT_CLOSE, Over};
use crate::browser::random;

/// What a request shows to belong to this connection: 150 random bits, which nobody else knows.
const HEADER: &str = "Otagh-Connection";
/// Most bytes of messages in one request, unless a single one is longer: what a slow 3G sends within the
/// five seconds that the server waits for it.
const BODY_MAX: usize = 16_000;
/// How long the server may take to say that it is there.
const HEALTH_MAX: std::time::Duration = std::time::Duration::from_secs(8);

type Answer = Pin<Box<dyn Future<Output = Option<String>>>>;

/// See the module.
pub struct Requests {
    url: String,
    secret: String,
    abort: AbortController,
    /// Whether the room has let us in, so that there is something to hear.
    is_in: bool,
    /// How many lines have been heard.
    heard: u32,
    /// Those that were not taken yet, newest first.
    lines: Vec<String>,
    unsent: Vec<String>,
    saying: Option<Answer>,
    asking: Option<Answer>,
}

impl Requests {
    /// A connection to this address, which must be for this connection alone.
    ///
    /// # Errors
    /// [`Over`] where a browser has no [`AbortController`], which none of ours lacks.
    pub fn new(url: String) -> Result<Self, Over> {
        let abort = AbortController::new().map_err(|_| Over(LOST_WITHOUT_CLOSE))?;
        Ok(Self {
            url,
            secret: [random::id(), random::id(), random::id()].concat(),
            abort,
            is_in: false,
            heard: 0,
            lines: Vec::new(),
            unsent: Vec::new(),
            saying: None,
            asking: None,
        })
    }

    /// Sends a message after those before it.
    pub fn send(&mut self, json: String) {
        self.unsent.push(json);
    }

    /// The next line of the server.
    pub fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<String, Over>> {
        loop {
            if let Some(line) = self.lines.pop() {
                return Poll::Ready(Ok(line));
            }
            if self.saying.is_none() && !self.unsent.is_empty() {
                let body = self.next_body();
                self.saying = Some(self.request("POST", "", Some(&body)));
            }
            if self.is_in && self.asking.is_none() {
                self.asking = Some(self.request("GET", &["?after=", &self.heard.to_string()].concat(), None));
            }
            let told = if let Poll::Ready(told) = poll(&mut self.saying, cx) {
                // Silence is consent; whatever is to be said about it comes in its place in the room.
                self.is_in |= told.as_ref().is_some_and(String::is_empty);
                told
            } else if let Poll::Ready(told) = poll(&mut self.asking, cx) {
                self.heard += told.as_ref().map_or(0, |told| told.lines().count() as u32);
                told
            } else {
                return Poll::Pending;
            };
            let Some(told) = told else { return Poll::Ready(Err(Over(LOST_WITHOUT_CLOSE))) };
            self.lines = told.lines().rev().map(str::to_owned).collect();
        }
    }

    /// Says goodbye, also while the page is being left.
    pub fn leave(&self) {
        let init = self.init("DELETE");
        let kept = Reflect::set(&init, &"keepalive".into(), &true.into());
        if kept.is_err() {
            leptos::logging::warn!("the goodbye may not arrive");
        }
        // Nobody waits for the answer.
        drop(window().fetch_with_str_and_init(&self.url, &init));
    }

    /// As many of the messages as go together.
    fn next_body(&mut self) -> String {
        let mut bytes = 0;
        let fits = |json: &&String| {
            bytes += json.len();
            bytes <= BODY_MAX
        };
        let count = self.unsent.iter().take_while(fits).count().max(1);
        let body: Vec<String> = self.unsent.drain(..count).collect();
        body.join("\n")
    }

    fn request(&self, method: &str, query: &str, body: Option<&str>) -> Answer {
        let init = self.init(method);
        init.set_signal(Some(&self.abort.signal()));
        if let Some(body) = body {
            init.set_body(&body.into());
        }
        Box::pin(ask([&self.url, query].concat(), init))
    }

    fn init(&self, method: &str) -> RequestInit {
        let init = init(method);
        let headers = js_sys::Object::new();
        if Reflect::set(&headers, &HEADER.into(), &self.secret.as_str().into()).is_ok() {
            init.set_headers(&headers);
        }
        init
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        // A browser has few connections to a server, and one that hangs would take the place of the next.
        self.abort.abort();
    }
}

/// Whether the server is reached by HTTP.
pub async fn is_answered() -> bool {
    let init = init("GET");
    if let Ok(abort) = AbortController::new() {
        init.set_signal(Some(&abort.signal()));
        set_timeout(move || abort.abort(), HEALTH_MAX);
    }
    // Not just any answer: a network with a page of its own to log in at answers everything.
    ask("/healthz".to_owned(), init).await.is_some_and(|told| told == "ok\n")
}

fn init(method: &str) -> RequestInit {
    let init = RequestInit::new();
    init.set_method(method);
    // Nor does one request wait for another because a cache would like to answer both.
    init.set_cache(RequestCache::NoStore);
    init
}

/// What is answered; none when nobody answers, or when what is answered is not said by the server.
async fn ask(url: String, init: RequestInit) -> Option<String> {
    let answer = JsFuture::from(window().fetch_with_str_and_init(&url, &init)).await;
    let answer: Response = answer.ok()?.unchecked_into();
    let told: JsValue = JsFuture::from(answer.text().ok()?).await.ok()?;
    told.as_string().filter(|told| answer.ok() || !told.is_empty())
}

fn poll(answer: &mut Option<Answer>, cx: &mut Context<'_>) -> Poll<Option<String>> {
    let polled = answer.as_mut().map_or(Poll::Pending, |answer| answer.as_mut().poll(cx));
    if polled.is_ready() {
        *answer = None;
    }
    polled
}
