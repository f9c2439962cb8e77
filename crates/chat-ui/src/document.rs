//! The HTML document around a page, drawn on the server only: head, font, style, the script that
//! brings the page's program, what is said where that fails, and the theme this browser chose. It
//! knows no page: each says what it needs as a [`Document`].

use chat_protocol::RoomId;
use leptos::{nonce::use_nonce, prelude::*};

use crate::{ROOT, browser::location::classic_path, lab, theme, words};

/// Brings the program and lets it take the page over. In the document itself, so that whatever keeps
/// the program away does not keep away what says so.
const BOOT: &str = include_str!("boot.js");

/// What the home page does beyond its form.
const HOME: &str = "/home.js";
/// What every page does that can wait until it is there: the theme's button, say. Where there is a program,
/// `boot.js` loads it after that.
const LATER: &str = "/later.js";

/// Where the conversation is written larger: from the width on at which its letters begin to grow
/// (`style/large.css`).
const LARGE_SCREEN: &str = "screen and (min-width: 81rem)";

/// A page, and what the document around it has to know.
pub struct Document {
    /// Which kind of page: the root's `data-page`, and whatever in the style is that page's alone.
    pub kind: &'static str,
    /// What the browser shows as the page's name.
    pub title: String,
    /// What makes it more than a document.
    pub program: Program,
    /// Style sheets besides the common one, by their paths.
    pub styles: &'static [&'static str],
    /// The room that it is about: the root's `data-room`. The page says the way into it that needs no
    /// program, where its own fails.
    pub room: Option<RoomId>,
    /// What all spellings of the room have in common: `data-room-key`.
    pub room_key: Option<String>,
    /// The room's address for others: `data-share-url`.
    pub share_url: Option<String>,
    /// The page itself.
    pub body: AnyView,
    /// What a script puts in later, for which the program of the page needs no code.
    pub late: Option<AnyView>,
}

impl Document {
    /// A document of this kind and title that is all there is: no program, no room.
    pub fn new(kind: &'static str, title: impl Into<String>, body: impl IntoView + 'static) -> Self {
        let (title, body) = (title.into(), body.into_any());
        let (program, styles, room, room_key, share_url) = (Program::None, &[][..], None, None, None);
        Self { kind, title, program, styles, room, room_key, share_url, body, late: None }
    }
}

/// What a page runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Program {
    /// The room's own, which draws the page anew in the browser (`chat-client`).
    Room,
    /// What shows the wire, which fills the places that the page has for it (`chat-lab`).
    Lab,
    /// The home page's script.
    Home,
    /// Nothing.
    None,
}

/// The whole document. Reads the theme from the request's cookie, where leptos_axum provides the
/// request.
pub fn document(page: Document, options: LeptosOptions) -> impl IntoView {
    let Document { kind, title, program, styles, room, room_key, share_url, body, late: template } = page;
    let theme = chosen_theme();
    let pkg = format!("/{}/{}", options.site_pkg_dir, options.output_name);
    let (style, module, wasm) = (format!("{pkg}.css"), format!("{pkg}.js"), format!("{pkg}.wasm"));
    let boot = match program {
        Program::Home | Program::None => None,
        Program::Lab => Some(lab::SCRIPT.to_owned()),
        Program::Room => Some(module.clone()),
    };
    let classic = room.as_ref().map(classic_path);
    let room = room.map(|room| room.as_str().to_owned());
    let late = |name| format!("/{}/{name}.css", options.site_pkg_dir);
    let for_later = (module.clone(), wasm.clone());
    let nonce = use_nonce();
    view! {
        <!DOCTYPE html>
        <html lang="fa" dir="rtl" data-theme=theme>
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <title>{title}</title>
                <meta name="description" content=words::DESCRIPTION />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#161f1d" media="(prefers-color-scheme: dark)" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="preload" href="/fonts/vazirmatn.woff2" r#as="font" r#type="font/woff2" crossorigin="" />
                <link rel="stylesheet" href=style nonce=nonce.clone() />
                <link rel="stylesheet" href=late("forced") media="(forced-colors: active)" />
                <link rel="stylesheet" href=late("print") media="print" />
                <AutoReload options=options.clone() />
                {(program == Program::Room)
                    .then(|| view! { <link rel="stylesheet" href=late("large") media=LARGE_SCREEN /> })}
                {styles.iter().map(|sheet| view! { <link rel="stylesheet" href=*sheet /> }).collect_view()}
                {(program == Program::Room)
                    .then(|| {
                        view! {
                            <link rel="modulepreload" href=module nonce=nonce.clone() />
                            <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
                        }
                    })}
                {boot
                    .is_some()
                    .then(|| view! { <script r#type="module" nonce=nonce.clone() inner_html=BOOT></script> })}
                {(program == Program::Home)
                    .then(|| {
                        view! {
                            <script r#type="module" src=HOME></script>
                            // Whoever is here goes to a room.
                            <link rel="prefetch" href=for_later.0 r#as="script" crossorigin="" />
                            <link rel="prefetch" href=for_later.1 r#as="fetch" crossorigin="" />
                        }
                    })}
                {boot.is_none().then(|| view! { <script r#type="module" src=LATER></script> })}
            </head>
            <body>
                <div
                    id=ROOT
                    data-page=kind
                    data-room=room
                    data-room-key=room_key
                    data-share-url=share_url
                    data-program=boot.clone()
                >
                    {body}
                </div>
                {template}
                {boot.is_some().then(|| failed(classic))}
            </body>
        </html>
    }
}

/// What is said where the program does not come (`data-what="slow"`) or breaks (`"broken"`), which
/// `boot.js` knows, or may not run at all; and the way on that needs none, in a room.
fn failed(classic: Option<String>) -> impl IntoView {
    let plain = classic.clone();
    let plain = move || {
        let plain = plain.clone();
        plain.map(|classic| view! { <a class="button small" href=classic>{words::CLASSIC}</a> })
    };
    view! {
        <div id="failed" class="failed" role="alert" hidden>
            <p class="slow">{words::SLOW}</p>
            <p class="broken">{words::BROKEN}</p>
            <a class="button quiet small" href="">
                {words::RELOAD}
            </a>
            {plain()}
        </div>
        <noscript>
            <div class="failed">
                <p>{words::NOSCRIPT}</p>
                {plain()}
            </div>
        </noscript>
    }
}

/// `light` or `dark` when this browser chose one, else none: then the device decides.
fn chosen_theme() -> Option<&'static str> {
    let request = use_context::<http::request::Parts>()?;
    let cookies = request.headers.get(http::header::COOKIE)?.to_str().ok()?;
    let theme = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == theme::COOKIE)?
        .1;
    ["light", "dark"].into_iter().find(|known| *known == theme)
}
