//! The files of the site: the client, its style, fonts, icons. They are inside the binary, with
//! their compressed forms beside them, so that a copied binary serves them from an empty folder. A
//! debug build reads them from the site folder instead, as it is at that moment. What is in the
//! files is the build tool's business.

use std::borrow::Cow;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use rust_embed::{Embed, EmbeddedFile};

use super::encoding::{Encoding, accepted};
use crate::http::headers::list;

#[derive(Embed)]
#[folder = "../../target/site"]
#[allow_missing = true]
struct Site;

/// How long a browser keeps a font without asking: a month. Fonts change about never.
const FONTS: &str = "public, max-age=2592000";
/// Everything else is asked for each time and mostly answered with `304`, so that a page and its
/// program are never of two versions.
const ASK: &str = "no-cache";

/// The answer for the file at this path, if there is one.
pub(crate) fn find(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let path = uri.path().strip_prefix('/')?;
    let form = content_type(path)?;
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    #[cfg(debug_assertions)]
    if let Some(style) = unbundled_style(path) {
        use axum::response::IntoResponse as _;
        return Some(([(header::CONTENT_TYPE, form), (header::CACHE_CONTROL, ASK)], style).into_response());
    }

    let plain = Site::get(path)?;
    let smaller = |encoding: Encoding| Site::get(&format!("{path}.{}", encoding.extension()));
    let chosen = accepted(headers).into_iter().find_map(|encoding| Some((encoding, smaller(encoding)?)));
    let (encoding, file) = match chosen {
        Some((encoding, file)) => (Some(encoding), file),
        None => (None, plain),
    };

    let tag = entity_tag(&file);
    let keep = if path.starts_with("fonts/") { FONTS } else { ASK };
    let mut response = Response::builder()
        .header(header::ETAG, &tag)
        .header(header::CACHE_CONTROL, keep)
        .header(header::VARY, "Accept-Encoding");
    if has_already(headers, &tag) {
        response = response.status(StatusCode::NOT_MODIFIED);
        return Some(response.body(Body::empty()).expect("all headers are valid"));
    }
    response = response.header(header::CONTENT_TYPE, form);
    if let Some(encoding) = encoding {
        response = response.header(header::CONTENT_ENCODING, encoding.name());
    }
    let bytes = match file.data {
        Cow::Borrowed(embedded) => Bytes::from_static(embedded),
        Cow::Owned(read) => read.into(),
    };
    Some(response.body(bytes.into()).expect("all headers are valid"))
}

/// The kinds of file that are served; no other is, whatever lies in the folder.
fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// A strong tag (RFC 9110 §8.8.3): the first half of the SHA-256 of exactly these bytes, so that
/// each encoding has its own.
fn entity_tag(file: &EmbeddedFile) -> String {
    let hex: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    let mut tags = list(headers, header::IF_NONE_MATCH);
    tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// For `cargo leptos watch`, which serves the style's first file without bundling it: the files
/// that it imports, straight from the source folder. Debug builds only.
#[cfg(debug_assertions)]
fn unbundled_style(path: &str) -> Option<Vec<u8>> {
    let name = path.strip_prefix("pkg/")?.strip_suffix(".css")?;
    let simple = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let file = format!("{}/../../style/{name}.css", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(file).ok().filter(|_| simple)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_known_kinds_are_served() {
        let ask = |method: Method, path: &str| find(&method, &path.parse().unwrap(), &HeaderMap::new());
        for path in ["/", "/nothing.js", "/pkg/otagh.js.br", "/pkg/../Cargo.toml", "/..%2fmain.css", "/fonts"]
        {
            assert!(ask(Method::GET, path).is_none(), "{path}");
        }
        assert!(ask(Method::POST, "/pkg/main.css").is_none());
        assert!(ask(Method::GET, "/pkg/../main.css").is_none());
        // The style's source, in a debug build only.
        assert_eq!(ask(Method::GET, "/pkg/main.css").is_some(), cfg!(debug_assertions));
    }

    #[test]
    fn a_known_tag_is_not_sent_again() {
        let tag = "\"ab\"";
        for (known, already) in [("\"ab\"", true), ("\"x\", W/\"ab\"", true), ("*", true), ("\"x\"", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, known.parse().unwrap());
            assert_eq!(has_already(&headers, tag), already, "{known}");
        }
    }
}
