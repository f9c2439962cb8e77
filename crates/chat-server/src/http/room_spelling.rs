//! One spelling of a room in every address, byte for byte, where `--canonical-rooms` asks for it: its key,
//! percent-encoded as browsers do it. Then a proxy that hashes addresses as they were sent brings everybody in
//! a room to one server. Pages are led to that spelling, programs are told it. It is computed from what was
//! asked alone: nothing here tells whether there is such a room.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use chat_protocol::{ErrorCode, RoomKey, ServerMsg, typed};
use http::{StatusCode, Uri, header};
use percent_encoding::percent_decode_str;

use super::{handshake::HandshakeError, links};

/// Who asks for an address, and understands which answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reader {
    /// A browser that shows a page.
    Page,
    /// A program that opens a WebSocket.
    Socket,
    /// A program that reads JSON.
    Program,
}

/// The addresses whose second part is a room.
const ADDRESSES: [(&str, Reader); 7] = [
    ("/r/", Reader::Page),
    ("/classic/", Reader::Page),
    ("/ways/", Reader::Page),
    ("/class/", Reader::Page),
    ("/ws/", Reader::Socket),
    ("/http/", Reader::Program),
    ("/rooms/", Reader::Program),
];

/// Lets a request through whose address names no room, or names it by its one spelling.
pub(crate) async fn one_spelling(request: Request, next: Next) -> Response {
    match check(request.uri()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn check(uri: &Uri) -> Result<(), SpellingError> {
    let path = uri.path();
    let Some((before, reader)) = ADDRESSES.into_iter().find(|(before, _)| path.starts_with(before)) else {
        return Ok(());
    };
    let rest = &path[before.len()..];
    let (raw, after) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // What is no room at all is refused where it is read, with more to say.
    let Ok(decoded) = percent_decode_str(raw).decode_utf8() else { return Ok(()) };
    let Ok(room) = typed::room_name(&decoded) else { return Ok(()) };
    let folded = RoomKey::of(&room).id().map_err(|flaw| SpellingError::None(reader, flaw.to_string()))?;
    let spelling = links::encode(folded.as_str());
    if raw == spelling {
        return Ok(());
    }
    Err(match reader {
        Reader::Page => {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            SpellingError::Page(format!("{before}{spelling}{after}{query}"))
        }
        _ => SpellingError::Other(reader, format!("'{}', {before}{spelling}{after}", folded.as_str())),
    })
}

/// Why an address is not answered with what it asked for.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
enum SpellingError {
    #[error("the page is at {0}")]
    Page(String),
    #[error("room id: this server takes one spelling of each room; use {1}")]
    Other(Reader, String),
    #[error(
        "room id: this server takes one spelling of each room, and this one has none ({1}); choose another"
    )]
    None(Reader, String),
}

impl IntoResponse for SpellingError {
    fn into_response(self) -> Response {
        let detail = self.to_string();
        match self {
            // Not for ever: the option may be taken away again.
            Self::Page(address) => Redirect::temporary(&address).into_response(),
            Self::Other(Reader::Program, _) | Self::None(Reader::Program, _) => {
                let error = ServerMsg::error(ErrorCode::BadRoomId, detail).to_json();
                (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], error).into_response()
            }
            Self::Other(..) | Self::None(..) => HandshakeError::BadRequest(detail).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(address: &str) -> Result<(), String> {
        check(&address.parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn one_spelling_passes_and_all_else_does_not() {
        for address in [
            "/",
            "/xray/Class/events",
            "/r/class",
            "/r/class/qr.svg",
            "/ws/%DA%A9%D9%84%D8%A7%D8%B31/Ali",
            "/rooms/class/messages?client=ALI",
            "/ws/echo",
            "/go?room=Class",
            // Refused where they are read.
            "/r/a%2Fb",
            "/ws/%FF/ali",
            "/ws//ali",
        ] {
            assert_eq!(answer(address), Ok(()), "{address}");
        }
        for address in [
            "/ws/Class/ali",
            "/ws/cl%61ss/ali",
            "/http/c-lass/ali",
            "/rooms/class./messages",
            "/rooms/%d8%a7/events",
            "/ways/%DA%A9%D9%84%D8%A7%D8%B3-1",
            "/classic/%D9%83",
            "/class/A",
        ] {
            let error = answer(address).expect_err(address);
            let right = error.rsplit(' ').next().unwrap();
            assert_eq!(answer(right), Ok(()), "{address}: {error}");
        }
    }

    #[test]
    fn every_address_with_room_is_known() {
        let routes = include_str!("../router.rs").split('"').filter(|text| text.contains("/{room"));
        let mut count = 0;
        for route in routes {
            assert!(
                ADDRESSES.iter().any(|(before, _)| route.starts_with(&format!("{before}{{room"))),
                "{route}"
            );
            count += 1;
        }
        assert!(count >= ADDRESSES.len(), "{count} routes were read");
    }

    #[test]
    fn page_keeps_what_stands_around_room() {
        let led = answer("/r/Class%20A/qr.svg?origin=https%3A%2F%2Fa.example");
        assert_eq!(led, Err("the page is at /r/classa/qr.svg?origin=https%3A%2F%2Fa.example".into()));
    }

    #[test]
    fn room_without_spelling_is_refused() {
        let long = links::encode(&"ß".repeat(40));
        let error = answer(&format!("/ws/{long}/ali")).unwrap_err();
        assert!(error.contains("80 characters") && error.contains("choose another"), "{error}");
    }
}
