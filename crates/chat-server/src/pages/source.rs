//! `/source/{file}`: what the server itself was built from, to be read where it runs, which in a class is often
//! without the Internet: the protocol's documents, and the code of the five steps that pages lead to.

use axum::{
    extract::{Path, Request},
    response::{IntoResponse, Response},
};
use http::header;

use super::{Page, render};

/// Each file by its name in the address.
const FILES: [(&str, &str); 8] = [
    ("architecture.md", include_str!("../../../../docs/architecture.md")),
    ("asyncapi.json", include_str!("../../../../docs/asyncapi.json")),
    ("connection.rs", include_str!("../websocket/connection.rs")),
    ("fanout.rs", include_str!("../rooms/fanout.rs")),
    ("protocol.md", include_str!("../../../../docs/protocol.md")),
    ("protocol.schema.json", include_str!("../../../../docs/protocol.schema.json")),
    ("room.rs", include_str!("../../../chat-room/src/room.rs")),
    ("upgrade.rs", include_str!("../websocket/upgrade.rs")),
];

/// `GET /source/{file}`: plain text whatever it is, so that it is read and not run or kept.
pub(crate) async fn source(Path(file): Path<String>, request: Request) -> Response {
    match FILES.iter().find(|(name, _)| *name == file) {
        Some((_, text)) => {
            let headers =
                [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
            (headers, *text).into_response()
        }
        None => render(Page::NotFound, request).await,
    }
}

#[cfg(all(test, feature = "pages"))]
mod tests {
    use chat_client::words::{home, lesson};
    use percent_encoding::percent_decode_str;

    use super::*;

    #[test]
    fn every_step_leads_to_its_code() {
        for (step, code) in lesson::STEPS.into_iter().zip(lesson::CODES) {
            let (path, line) = code.split_once("#:~:text=").unwrap_or_default();
            let line = percent_decode_str(line).decode_utf8_lossy();
            let name = path.strip_prefix("/source/").unwrap_or_default();
            let text = FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
            assert!(text.is_some_and(|text| text.contains(&*line)), "{}: {code}", step.name);
        }
    }

    #[test]
    fn home_page_names_only_served_sources() {
        let paths = home::CLASS_DOORS.iter().filter_map(|(path, ..)| path.strip_prefix("/source/"));
        for name in paths {
            assert!(FILES.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}
