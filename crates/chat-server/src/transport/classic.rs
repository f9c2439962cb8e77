//! The room as the web was before JavaScript: a form, and a page that is drawn anew each time. Who says
//! something is sent back to the page; what others say is seen at the next refresh.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use chat_protocol::{ClientId, RoomId, Said, ServerMsg};
use http::{HeaderValue, StatusCode, header};

use super::{Arrival, CLASSIC, CLASSIC_LEASE, ROOMS, Refusal, guest::Told};
use crate::{pages, server::App, share};

/// Longest page, in bytes: all that a guest's log holds, with what the page puts around each message.
const PAGE_MAX: usize = 8 * 1024 * 1024;

/// What the page shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    /// The room.
    pub room: RoomId,
    /// Whose page it is: stands in the addresses of its forms.
    pub client: ClientId,
    /// Whether they are in, and not asked for a name.
    pub is_in: bool,
    /// What was said since they came, oldest first.
    pub said: Vec<Said>,
    /// Why they are not in, as the protocol says it.
    pub problem: Option<ServerMsg>,
}

/// `GET /classic/{room}`. Without a client id it leads to one; without a name, for somebody who is not in
/// yet, it asks for one.
pub async fn page(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let mut response = draw(&app, &arrival, request).await;
    // Without a referrer browsers hide the `Origin` of a form, too, and it would be refused.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

async fn draw(app: &Arc<App>, arrival: &Arrival, request: Request) -> Response {
    if arrival.asked.client.is_none() {
        return Redirect::to(&share::classic_path(&arrival.room, &arrival.client)).into_response();
    }
    let mut view = View {
        room: arrival.room.clone(),
        client: arrival.client.clone(),
        is_in: false,
        said: Vec::new(),
        problem: None,
    };
    if arrival.ticket.is_none() && arrival.name.is_none() {
        return pages::classic(view, request).await;
    }
    let (found, told) = match seen(app, arrival).await {
        Ok(seen) => seen,
        Err(refusal) => {
            let Refusal::Error(error) = refusal else { return refusal.into_response() };
            view.problem = Some(*error);
            return pages::classic(view, request).await;
        }
    };
    view.is_in = true;
    view.said = told
        .messages
        .iter()
        .filter_map(|entry| match serde_json::from_slice(&entry.json) {
            Ok(ServerMsg::Said(said)) => Some(said),
            _ => None,
        })
        .collect();
    let mut response = pages::classic(view, request).await;
    arrival.admit(&found, &[ROOMS, CLASSIC], &mut response);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // In one piece, so that what is payload is known.
    let (head, body) = response.into_parts();
    match to_bytes(body, PAGE_MAX).await {
        Ok(page) => {
            found.guest.account.gave(page.len());
            Response::from_parts(head, Body::from(page))
        }
        Err(error) => {
            tracing::error!(%error, "a classic page could not be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn seen(app: &Arc<App>, arrival: &Arrival) -> Result<(super::Found, Told), Refusal> {
    let mut found = arrival.enter(app).await?;
    found.hold.then(CLASSIC_LEASE);
    // All of it each time: the page has nothing of what it showed before.
    let told = found.guest.listen().tell(None);
    Ok((found, told))
}
