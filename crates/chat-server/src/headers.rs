//! Headers that concern every address: how a list in a header is read, and the security headers of
//! every answer. A page brings its own content security policy, with its
//! nonce; anything else needs nothing and may do nothing.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};

const EVERYWHERE: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

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
