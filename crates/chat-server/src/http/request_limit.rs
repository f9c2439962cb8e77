//! The rate limit of requests, asked before anything else is done for one. Each address has one bucket, and
//! pays from it what a request costs the server: one for itself, and more for what was drawn or is long. A
//! request over the limit waits for its turn, so that a crowd behind one address is served more slowly, and not
//! worse; what would wait too long is refused, and also that only then, so that asking again costs nothing.

use std::{sync::Arc, time::Instant};

use axum::{
    body::HttpBody,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::site::Site;
use crate::limits::{
    client_ip::Peer,
    ip_limits::{IpLimits, REQUEST_PATIENCE},
};

/// How many bytes of an answer cost as much as a request.
const BYTES: u64 = 64 * 1024;

/// How many more requests one has cost, as an extension of its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost(u32);

impl Cost {
    /// Of a page or a code: measured at 80 to 100 µs where a request is 10.
    pub(crate) const DRAWING: Self = Self(9);

    fn of(answer: &Response) -> Self {
        answer.extensions().get().copied().unwrap_or_else(|| {
            let bytes = answer.body().size_hint().exact().unwrap_or(0);
            Self(u32::try_from(bytes / BYTES).unwrap_or(u32::MAX))
        })
    }
}

/// Lets a request through when it is its turn.
pub(crate) async fn limit(
    State(site): State<Arc<Site>>,
    State(ips): State<Arc<IpLimits>>,
    request: Request,
    next: Next,
) -> Response {
    // What came by no socket has no address.
    let Some(&Peer(peer)) = request.extensions().get() else { return next.run(request).await };
    let now = Instant::now();
    let usage = ips.at(site.client(peer, request.headers()), now);
    match usage.request_in(now) {
        Ok(wait) if wait.is_zero() => {}
        Ok(wait) => tokio::time::sleep(wait).await,
        Err(wait) => {
            tokio::time::sleep(REQUEST_PATIENCE).await;
            let seconds = wait.saturating_sub(REQUEST_PATIENCE).as_secs() + 1;
            let why = "your address sends more requests than it may; try again later, or raise \
                       --requests-per-address\n";
            let headers = [(header::RETRY_AFTER, seconds.to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, headers, why).into_response();
        }
    }
    let answer = next.run(request).await;
    let Cost(more) = Cost::of(&answer);
    if more > 0 {
        usage.charge_requests(more, now);
    }
    answer
}
