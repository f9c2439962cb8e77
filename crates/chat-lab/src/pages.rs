//! The lab's own pages as the server draws them: a place that names the module which fills it
//! (`assets/lab.js`), and a word until that is there. And the head of the page that is taken home, which the
//! browser puts together (`xray::export`).

use chat_protocol::RoomId;
use chat_ui::{
    document::{Document, Program},
    words::{APP_NAME, LOADING, WAYS, WORKBENCH},
};
use leptos::prelude::*;

use crate::words::taken_home as words;

/// Five ways into this room, side by side.
pub fn compare(room: RoomId) -> Document {
    let page = page("compare", WAYS);
    Document { room: Some(room), styles: &["/pkg/compare.css"], ..page }
}

/// A handshake and frames written by hand.
pub fn workbench() -> Document {
    Document { styles: &["/pkg/workbench.css"], ..page("workbench", WORKBENCH) }
}

/// A page that this module fills.
fn page(module: &'static str, title: &str) -> Document {
    let place = view! {
        <div class="shown" data-show=module>
            <p>{LOADING}</p>
        </div>
    };
    Document { program: Program::Lab, ..Document::new(module, format!("{title} · {APP_NAME}"), place) }
}

/// What a recording was of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TakenHome {
    /// The room.
    pub room: String,
    /// Whose connection it was.
    pub name: String,
    /// When it began, as RFC 3339 has it: the same wherever and whenever it is read.
    pub at: String,
    /// What the server was called.
    pub host: String,
    /// The address of the client, or of its proxy.
    pub client: String,
    /// The address of the server.
    pub server: String,
    /// Which server it was.
    pub version: &'static str,
}

/// The head of the page that is taken home, as HTML.
pub fn title_block(taken: TakenHome) -> String {
    let TakenHome { room, name, at, host, client, server, version } = taken;
    let ends = format!("{client} ⇄ {server}");
    let version = format!("{APP_NAME} {version}");
    let shown = at.replace('T', " ").replace('Z', " UTC");
    view! {
        <header class="title-block">
            <h1>{words::TITLE}</h1>
            <dl>
                <div><dt>{words::ROOM}</dt><dd><bdi>{room}</bdi></dd></div>
                <div><dt>{words::NAME}</dt><dd><bdi>{name}</bdi></dd></div>
                <div><dt>{words::BEGAN}</dt><dd><time datetime=at dir="ltr">{shown}</time></dd></div>
                <div><dt>{words::HOST}</dt><dd><bdi dir="ltr">{host}</bdi></dd></div>
                <div><dt>{words::ENDS}</dt><dd><bdi dir="ltr">{ends}</bdi></dd></div>
                <div><dt>{words::VERSION}</dt><dd>{version}</dd></div>
            </dl>
        </header>
    }
    .to_html()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_block_has_names_as_text() {
        let taken = TakenHome {
            room: "</h1><script>".into(),
            name: "علی".into(),
            at: "2026-11-27T10:48:00Z".into(),
            host: "otagh.local".into(),
            client: "10.0.0.7:50123".into(),
            server: "10.0.0.1:3000".into(),
            version: "0.1.0",
        };
        let html = title_block(taken);
        assert!(html.contains("&lt;/h1&gt;&lt;script&gt;") && !html.contains("<script"), "{html}");
        assert!(html.contains("2026-11-27 10:48:00 UTC</time>"), "{html}");
        assert!(html.contains("10.0.0.7:50123 ⇄ 10.0.0.1:3000") && html.contains("علی"), "{html}");
    }
}
