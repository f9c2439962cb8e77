//! The pages, drawn by the client crate on the server: the one module that knows it. It gives each
//! its status and its content security policy; what is on a page is not known here.

use std::sync::OnceLock;

use axum::{extract::Request, response::Response};
use chat_client::{
    Page, document,
    fa::words::{self, errors},
    page::{Answered, Asked, Classic},
};
use chat_protocol::{ErrorCode, Flaw, Name, RoomId, RoomKey, ServerMsg};
use http::{HeaderValue, StatusCode, header};
use leptos::{
    config::{LeptosOptions, get_configuration},
    nonce::use_nonce,
    prelude::expect_context,
    tachys::view::any_view::IntoAny,
};
use leptos_axum::{ResponseOptions, render_app_async_with_context};

use crate::{
    share,
    transport::classic::{Problem, View},
};

/// `/`.
pub(crate) async fn home(request: Request) -> Response {
    render(Page::Home(Asked::default()), StatusCode::OK, request).await
}

/// `/go`, where something is wrong with what was written: the form again, with it.
pub(crate) async fn home_again(
    name: (String, Option<Flaw>),
    room: (String, Option<Flaw>),
    request: Request,
) -> Response {
    let answered = |(value, flaw): (String, Option<Flaw>), told: fn(Flaw) -> String| Answered {
        value,
        problem: flaw.map(told).unwrap_or_default(),
    };
    let asked = Asked { name: answered(name, errors::name), room: answered(room, errors::room) };
    render(Page::Home(asked), StatusCode::BAD_REQUEST, request).await
}

/// `/r/{room}`, for a valid room.
pub(crate) async fn room(room: RoomId, share_url: String, request: Request) -> Response {
    let key = RoomKey::of(&room).as_str().to_owned();
    render(Page::Room { room, key, share_url }, StatusCode::OK, request).await
}

/// `/classic/{room}`.
pub(crate) async fn classic(view: View, request: Request) -> Response {
    let View { room, client, name, is_in, said, problem } = view;
    let post = share::messages_path(&room, &client, name.as_ref());
    let problem = problem.map(|problem| match problem {
        Problem::Name(flaw) => errors::name(flaw),
        Problem::Refused(error) => match *error {
            ServerMsg::Error { code, suggestion, free_in, .. } => {
                errors::error_until(code, suggestion.as_ref().map(Name::as_str), free_in).plain()
            }
            _ => errors::error(ErrorCode::Unknown, None).plain(),
        },
    });
    let (room, client) = (room.as_str().to_owned(), client.as_str().to_owned());
    let name = name.map(|name| name.as_str().to_owned());
    let classic = Classic { room, client, name, post, is_in, said, problem };
    render(Page::Classic(classic), StatusCode::OK, request).await
}

/// `/ways/{room}`.
pub(crate) async fn ways(room: RoomId, request: Request) -> Response {
    let page = Page::Shown { what: "ways", title: words::ways::COMPARE, room: Some(room) };
    render(page, StatusCode::OK, request).await
}

/// `/workbench`.
pub(crate) async fn workbench(request: Request) -> Response {
    let page = Page::Shown { what: "workbench", title: words::workbench::TITLE, room: None };
    render(page, StatusCode::OK, request).await
}

/// A room was meant, but its id is not one, because of this, or because it is not even a text.
pub(crate) async fn bad_room(flaw: Option<Flaw>, request: Request) -> Response {
    let why = flaw.map(errors::room).unwrap_or_default();
    // The heading says so much already.
    let why =
        why.strip_prefix(words::BAD_ROOM).map_or(why.as_str(), |why| why.trim_start_matches(": ")).to_owned();
    render(Page::NotFound { bad_room: Some(why) }, StatusCode::BAD_REQUEST, request).await
}

/// Any other path.
pub(crate) async fn not_found(request: Request) -> Response {
    render(Page::NotFound { bad_room: None }, StatusCode::NOT_FOUND, request).await
}

async fn render(page: Page, status: StatusCode, request: Request) -> Response {
    let options = options();
    let draw =
        render_app_async_with_context(set_policy, move || document(page.clone(), options.clone()).into_any());
    let mut response = draw(request).await;
    *response.status_mut() = status;
    // The theme is drawn from a cookie, and a page must match its program's version.
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Cookie"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
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
