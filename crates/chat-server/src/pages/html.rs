//! The pages, drawn by the crates that they are of: the one module that knows those, and their content
//! security policy.

use std::sync::OnceLock;

use axum::{extract::Request, response::Response};
use chat_client::{
    Page as Drawn,
    page::{Answered, Asked, Classic},
    words::{self, errors},
};
use chat_protocol::{ErrorCode, Flaw, Name, RoomKey, ServerMsg};
use chat_ui::document::{Document, document};
use http::{HeaderValue, header};
use leptos::{
    config::{LeptosOptions, get_configuration},
    nonce::use_nonce,
    prelude::expect_context,
    tachys::view::any_view::IntoAny,
};
use leptos_axum::{ResponseOptions, render_app_async_with_context};

#[cfg(feature = "lab")]
use super::TakenHome;
use super::{ClassicPage, ClassicProblem, Form, Page};
use crate::http::links;

pub(super) async fn draw(page: Page, request: Request) -> Response {
    let options = options();
    let draw = render_app_async_with_context(set_policy, move || {
        document(drawn(page.clone()), options.clone()).into_any()
    });
    let mut response = draw(request).await;
    // The theme is drawn from a cookie, and a page must match its program's version.
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Cookie"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The head of the page that is taken home.
#[cfg(feature = "lab")]
pub(crate) fn title_block(taken: TakenHome) -> String {
    let TakenHome { room, name, at, host, ends } = taken;
    let [client, server] = ends;
    let version = env!("CARGO_PKG_VERSION");
    chat_lab::pages::title_block(chat_lab::pages::TakenHome { room, name, at, host, client, server, version })
}

/// The page as its crate has it.
fn drawn(page: Page) -> Document {
    let page = match page {
        Page::Home(None) => Drawn::Home(Asked::default()),
        Page::Home(Some(form)) => {
            let answered = |(value, flaw): (String, Option<Flaw>), told: fn(Flaw) -> String| Answered {
                value,
                problem: flaw.map(told).unwrap_or_default(),
            };
            let Form { name, room } = *form;
            Drawn::Home(Asked { name: answered(name, errors::name), room: answered(room, errors::room) })
        }
        Page::Room { room, share_url } => {
            let key = RoomKey::of(&room).as_str().to_owned();
            Drawn::Room { room, key, share_url }
        }
        Page::Classic(page) => Drawn::Classic(classic(*page)),
        Page::Ways(room) => return chat_lab::pages::compare(room),
        Page::Workbench => return chat_lab::pages::workbench(),
        Page::Slides { handout } => return chat_lab::slides::slides(handout),
        Page::Class { room, share_url } => return chat_lab::slides::stage(room, share_url),
        Page::BadRoom(flaw) => {
            let why = flaw.map(errors::room).unwrap_or_default();
            // The heading says so much already.
            let rest = why.strip_prefix(words::BAD_ROOM).map(|rest| rest.trim_start_matches(": ").to_owned());
            Drawn::NotFound { bad_room: Some(rest.unwrap_or(why)) }
        }
        Page::NotFound => Drawn::NotFound { bad_room: None },
    };
    page.document()
}

fn classic(page: ClassicPage) -> Classic {
    let ClassicPage { room, client, name, is_in, said, problem } = page;
    let post = links::messages_path(&room, &client, name.as_ref());
    let problem = problem.map(|problem| match problem {
        ClassicProblem::Name(flaw) => errors::name(flaw),
        ClassicProblem::Refused(error) => match *error {
            ServerMsg::Error { code, suggestion, free_in, .. } => {
                errors::error_until(code, suggestion.as_ref().map(Name::as_str), free_in).plain()
            }
            _ => errors::error(ErrorCode::Unknown, None).plain(),
        },
    });
    let (room, client) = (room.as_str().to_owned(), client.as_str().to_owned());
    let name = name.map(|name| name.as_str().to_owned());
    Classic { room, client, name, post, is_in, said, problem }
}

/// The content security policy, as tight as WASM allows: everything from here, nothing inline but
/// the script that carries this answer's nonce. `'self'` in `connect-src` covers the WebSocket.
fn set_policy() {
    let nonce = use_nonce().map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    // Under `cargo leptos watch` the page also listens for changes, on another port.
    let reload = match std::env::var_os("LEPTOS_WATCH") {
        Some(_) => format!(" ws://localhost:{0} ws://127.0.0.1:{0}", options().reload_port),
        None => String::new(),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; \
         img-src 'self' data:; connect-src 'self'{reload}; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    match HeaderValue::from_str(&policy) {
        Ok(policy) => {
            expect_context::<ResponseOptions>().insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        // Then the policy of every other answer holds, under which nothing runs.
        Err(error) => tracing::error!(%error, "a page's content security policy is no header"),
    }
}

/// What Leptos wants to know: mostly the names of the files that xtask and cargo-leptos make. Under
/// `cargo leptos watch` its environment variables have the last word.
fn options() -> &'static LeptosOptions {
    static OPTIONS: OnceLock<LeptosOptions> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        // Leptos spawns while it draws; leptos_axum sets this only for those who use its router.
        // An error says that somebody has set it already, which is as good.
        any_spawner::Executor::init_tokio().ok();
        let watched = std::env::var_os("LEPTOS_WATCH").and_then(|_| get_configuration(None).ok());
        watched.map(|file| file.leptos_options).unwrap_or_else(|| {
            LeptosOptions::builder().output_name("otagh").site_root("target/site").site_pkg_dir("pkg").build()
        })
    })
}
