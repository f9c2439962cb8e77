//! An HTTP request to any address: the ids in its path, its `Host`, `Origin` and the headers of the
//! handshake. From where hyper, which has fuzzers of its own, has read the head.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{Router, body::Body};
use chat_server::{
    Config, Server,
    testing::{ClientIp, Peer, SocketTraffic, TrustedProxies},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// How long an answer may take before it is one that waits.
const PATIENCE: Duration = Duration::from_millis(100);

struct Site {
    runtime: Runtime,
    router: Router,
}

/// A server that listens on a free port of this machine, where nobody asks it anything.
fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut config = Config::default();
        (config.host, config.port) = (Ipv4Addr::LOCALHOST.into(), 0);
        let server = runtime.block_on(Server::bind(config)).expect("a free port");
        let router = server.router();
        Site { runtime, router }
    })
}

/// The first line is the path, the others are headers.
pub(crate) fn run(bytes: &[u8]) {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let Some(Ok(uri)) = lines.next().map(Uri::try_from) else { return };
    // As hyper hands it over: from a request line, which has no fragment and begins with a slash.
    if !uri.path().starts_with('/') || uri.authority().is_some() {
        return;
    }
    let mut request = Request::new(Body::empty());
    request.extensions_mut().insert(Peer(Ipv4Addr::LOCALHOST.into()));
    request.extensions_mut().insert(Arc::new(SocketTraffic::default()));
    *request.uri_mut() = uri;
    for line in lines {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), value) {
            request.headers_mut().append(name, value);
        }
    }
    let site = site();
    let answered = site
        .runtime
        .block_on(async { tokio::time::timeout(PATIENCE, site.router.clone().oneshot(request)).await });
    // A long poll waits, as it is asked to.
    let Ok(Ok(response)) = answered else { return };
    let status = response.status();
    assert_ne!(status, StatusCode::SWITCHING_PROTOCOLS, "there is no socket to upgrade");
    // Where rooms or places are used up, as here they are in the end, it says when to come back.
    let is_full =
        status == StatusCode::SERVICE_UNAVAILABLE && response.headers().contains_key(header::RETRY_AFTER);
    assert!(!status.is_server_error() || is_full, "{status}");
    for name in [header::X_CONTENT_TYPE_OPTIONS, header::CONTENT_SECURITY_POLICY, header::REFERRER_POLICY] {
        assert!(response.headers().contains_key(&name), "{status} without {name}");
    }
    if let Some(location) = response.headers().get(header::LOCATION) {
        // Never to another site.
        let is_ours = ["/r/", "/classic/"].iter().any(|own| location.as_bytes().starts_with(own.as_bytes()));
        assert!(is_ours, "{location:?}");
    }
}

/// What a proxy says about who stands behind it. The first byte chooses who speaks; each line is one
/// `X-Forwarded-For`.
pub(crate) fn forwarded(bytes: &[u8]) {
    let Some((&choice, lines)) = bytes.split_first() else { return };
    let mut headers = HeaderMap::new();
    for line in lines.split(|&byte| byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append("x-forwarded-for", value);
        }
    }
    let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().expect("a network")]);
    let trusted = choice & 1 == 1;
    let peer: IpAddr = [if trusted { 10 } else { 192 }, 0, 2, choice].into();
    let client = proxies.client(peer, &headers);
    if !trusted {
        assert_eq!(client, ClientIp::from(peer), "a stranger's word was taken");
    }
    // What is written on the left is anybody's, and changes nothing once a good entry stands on its
    // right that is no proxy's.
    headers.append("x-forwarded-for", HeaderValue::from_static("203.0.113.7"));
    let stranger = IpAddr::from([203, 0, 113, 7]);
    let seen = if trusted { stranger } else { peer };
    assert_eq!(proxies.client(peer, &headers), ClientIp::from(seen));
}
