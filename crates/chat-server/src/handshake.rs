//! The handshake: an HTTP request that asks to become a WebSocket (RFC 6455 §4.2). It is checked
//! here by hand, header by header, because seeing it is the point; what fails is answered with a
//! status and a sentence that names the rule. Which address was asked for, and what becomes of the
//! socket, is not known here.

use std::time::Instant;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use chat_wire::accept::{Accept, is_key};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use hyper::upgrade::OnUpgrade;

use crate::{
    address::Address,
    connection::{
        origin,
        registry::{NoPlace, Place},
    },
    headers::list,
    server::App,
};

/// The checks of RFC 6455 §4.2.1, and the accept key that answers them.
///
/// # Errors
/// [`Refused`] with the first rule that is broken: `NotAnUpgrade` or `BadRequest`.
pub fn check(method: &Method, version: Version, headers: &HeaderMap) -> Result<String, Refused> {
    if method != Method::GET {
        return Err(Refused::NotAnUpgrade("the method must be GET"));
    }
    if version != Version::HTTP_11 {
        return Err(Refused::NotAnUpgrade("the request must be HTTP/1.1"));
    }
    if !has_token(headers, header::UPGRADE, "websocket") {
        return Err(Refused::NotAnUpgrade("'Upgrade: websocket' is missing"));
    }
    if !has_token(headers, header::CONNECTION, "upgrade") {
        return Err(Refused::NotAnUpgrade("'Connection: Upgrade' is missing"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refused::NotAnUpgrade("'Sec-WebSocket-Version' must be 13"));
    }
    // RFC 9112 §3.2, too.
    if headers.get_all(header::HOST).iter().count() != 1 {
        return Err(Refused::BadRequest("there must be one 'Host'".into()));
    }
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    match (keys.next().map(HeaderValue::to_str), keys.next()) {
        (Some(Ok(key)), None) if is_key(key) => Ok(Accept::of(key).value),
        _ => Err(Refused::BadRequest("'Sec-WebSocket-Key' must be 16 bytes in base64".into())),
    }
}

/// Whether the request was sent to a name of this server's, by a page that may connect (§10.2).
///
/// # Errors
/// [`Refused::Host`] or [`Refused::Origin`].
pub fn check_site(app: &App, headers: &HeaderMap) -> Result<(), Refused> {
    if app.config.public_url.is_some() && !origin::is_own_host(headers, &app.origins) {
        return Err(Refused::Host);
    }
    if !origin::is_allowed(headers, &app.origins) {
        return Err(Refused::Origin);
    }
    Ok(())
}

/// The socket of a request, to be had once its `101` is sent.
///
/// # Errors
/// [`Refused::NotAnUpgrade`] when the connection has none to give.
pub fn socket(request: &mut Request) -> Result<OnUpgrade, Refused> {
    let socket = request.extensions_mut().remove();
    socket.ok_or(Refused::NotAnUpgrade("this connection cannot be upgraded"))
}

/// A place for one more connection of this client.
///
/// # Errors
/// [`Refused::NoPlace`] when there is none.
pub fn reserve(app: &App, client: Address, now: Instant) -> Result<Place, Refused> {
    app.connections.reserve(app.visitors.at(client, now)).map_err(Refused::NoPlace)
}

/// The `101` with this accept key (§4.2.2), and the subprotocol, if one was agreed upon.
pub fn accepted(accept: &str, subprotocol: Option<&'static str>) -> Response {
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

/// Why a request does not become a WebSocket.
#[derive(Debug)]
pub enum Refused {
    /// An id or a header breaks its rule.
    BadRequest(String),
    /// The request does not ask for the upgrade, or for another version of it.
    NotAnUpgrade(&'static str),
    /// It was sent to a name that is not this server's.
    Host,
    /// A page of another site asks.
    Origin,
    /// There are as many connections as there may be.
    NoPlace(NoPlace),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::BadRequest(rule) => (StatusCode::BAD_REQUEST, rule + "\n").into_response(),
            Self::NotAnUpgrade(rule) => {
                let headers = [
                    (header::UPGRADE, "websocket"),
                    (header::CONNECTION, "Upgrade"),
                    (header::SEC_WEBSOCKET_VERSION, "13"),
                ];
                let text = format!("this address is a WebSocket: {rule}\n");
                (StatusCode::UPGRADE_REQUIRED, headers, text).into_response()
            }
            Self::Host => {
                let text =
                    "this server does not go by the name in 'Host'; see --public-url and --allow-origin\n";
                (StatusCode::FORBIDDEN, text).into_response()
            }
            Self::Origin => {
                let text = "a page of another site may not connect; see --allow-origin\n";
                (StatusCode::FORBIDDEN, text).into_response()
            }
            // RFC 6585 §4: it is about this client, and others are served.
            Self::NoPlace(NoPlace::AtThisAddress) => {
                let text = "your address has as many connections as it may; close one, or try again later\n";
                (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "10")], text).into_response()
            }
            Self::NoPlace(NoPlace::AtAll) => {
                let text = "the server has as many connections as it may; try again later\n";
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], text).into_response()
            }
        }
    }
}
