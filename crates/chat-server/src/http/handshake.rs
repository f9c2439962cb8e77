//! The handshake: an HTTP request that asks to become a WebSocket (RFC 6455 §4.2). It is checked
//! here by hand, header by header, because seeing it is the point; a bad one is answered with a
//! status and a sentence that names the rule.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use chat_wire::accept::{Accept, is_key};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use hyper::upgrade::OnUpgrade;

use super::headers::list;
use crate::net::connections::TooManyConnections;

/// The checks of RFC 6455 §4.2.1, and the accept key that answers them.
///
/// # Errors
/// [`HandshakeError`] with the first rule that is broken: `NotAnUpgrade` or `BadRequest`.
pub(crate) fn check(
    method: &Method,
    version: Version,
    headers: &HeaderMap,
) -> Result<String, HandshakeError> {
    if method != Method::GET {
        return Err(HandshakeError::NotAnUpgrade("the method must be GET"));
    }
    if version != Version::HTTP_11 {
        return Err(HandshakeError::NotAnUpgrade("the request must be HTTP/1.1"));
    }
    if !has_token(headers, header::UPGRADE, "websocket") {
        return Err(HandshakeError::NotAnUpgrade("'Upgrade: websocket' is missing"));
    }
    if !has_token(headers, header::CONNECTION, "upgrade") {
        return Err(HandshakeError::NotAnUpgrade("'Connection: Upgrade' is missing"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(HandshakeError::NotAnUpgrade("'Sec-WebSocket-Version' must be 13"));
    }
    // RFC 9112 §3.2, too.
    if headers.get_all(header::HOST).iter().count() != 1 {
        return Err(HandshakeError::BadRequest("there must be one 'Host'".into()));
    }
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    match (keys.next().map(HeaderValue::to_str), keys.next()) {
        (Some(Ok(key)), None) if is_key(key) => Ok(Accept::of(key).value),
        _ => Err(HandshakeError::BadRequest("'Sec-WebSocket-Key' must be 16 bytes in base64".into())),
    }
}

/// The socket of a request, to be had once its `101` is sent.
///
/// # Errors
/// [`HandshakeError::NotAnUpgrade`] when the connection has none to give.
pub(crate) fn socket(request: &mut Request) -> Result<OnUpgrade, HandshakeError> {
    let socket = request.extensions_mut().remove();
    socket.ok_or(HandshakeError::NotAnUpgrade("this connection cannot be upgraded"))
}

/// The `101` with this accept key (§4.2.2), and the subprotocol, if one was agreed upon.
pub(crate) fn accepted(accept: &str, subprotocol: Option<&'static str>) -> Response {
    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(subprotocol) = subprotocol {
        response = response.header(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    response.body(Body::empty()).expect("all headers are valid")
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    list(headers, name).any(|found| found.eq_ignore_ascii_case(token))
}

/// Why a request does not become a WebSocket. Its words are the body of the answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// An id or a header breaks its rule.
    #[error("{0}")]
    BadRequest(String),
    /// The request does not ask for the upgrade, or for another version of it.
    #[error("this address is a WebSocket: {0}")]
    NotAnUpgrade(&'static str),
    #[error("'Host' is no name of this server; see --public-url and --allow-origin")]
    Host,
    #[error("a page of another site may not connect; see --allow-origin")]
    Origin,
    #[error("this address makes its reader a member of a room and is not fetched beforehand; open it")]
    Prefetch,
    #[error(transparent)]
    TooMany(#[from] TooManyConnections),
}

impl IntoResponse for HandshakeError {
    fn into_response(self) -> Response {
        let text = format!("{self}\n");
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, text).into_response(),
            Self::NotAnUpgrade(_) => {
                let headers = [
                    (header::UPGRADE, "websocket"),
                    (header::CONNECTION, "Upgrade"),
                    (header::SEC_WEBSOCKET_VERSION, "13"),
                ];
                (StatusCode::UPGRADE_REQUIRED, headers, text).into_response()
            }
            Self::Host | Self::Origin | Self::Prefetch => (StatusCode::FORBIDDEN, text).into_response(),
            // RFC 6585 §4: it is about this client, and others are served.
            Self::TooMany(TooManyConnections::OfAddress) => {
                (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "10")], text).into_response()
            }
            Self::TooMany(TooManyConnections::OfServer) => {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], text).into_response()
            }
        }
    }
}
