//! Headers that concern every address: how a list in a header is read, and the security headers of
//! every answer, and which host a request was sent to. A page brings its own content security policy, with its
//! nonce; anything else needs nothing and may do nothing.

use axum::{extract::Request, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};

const EVERYWHERE: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // No other site draws from here (Fetch §3.7). There is no opener policy: on plain HTTP, as in a
    // class, browsers only complain about it.
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // What a chat of text has no use for.
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=()",
    ),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

/// Of a request line with a whole URL, as proxies get them, its authority is the host that was asked, whatever
/// `Host` says (RFC 9112 §3.2.2). Two `Host`s stay, and are refused as such.
pub(crate) async fn host_of_target(mut request: Request) -> Request {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let host = authority.and_then(|authority| authority.rsplit('@').next());
    let host = host.and_then(|host| HeaderValue::from_str(host).ok());
    if let Some(host) = host
        && request.headers().get_all(header::HOST).iter().nth(1).is_none()
    {
        request.headers_mut().insert(header::HOST, host);
    }
    request
}

/// Adds what the answer does not have.
pub(crate) async fn secure(mut response: Response) -> Response {
    for (name, value) in EVERYWHERE {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The values of a header that is a list (RFC 9110 §5.6.1): separated by commas, and perhaps in
/// several lines. A line that is not text has none.
pub(crate) fn list(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}
