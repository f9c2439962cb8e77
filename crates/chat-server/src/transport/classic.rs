//! The room as the web was before JavaScript: a form, and a page that is drawn anew each time. Who says
//! something is sent back to the page; what others say is seen at the next refresh.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use chat_protocol::{ClientId, RoomId, Said, ServerMsg};
use http::{HeaderValue, header};

use super::{Arrival, CLASSIC_LEASE, Refusal, guest::Told};
use crate::{pages, server::App, share};

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
    /// Why they are not in, in JSON, as the protocol says it.
    pub problem: Option<String>,
}

/// `GET /classic/{room}`. Without a client id it leads to one; without a name, for somebody who is not in
/// yet, it asks for one.
pub async fn page(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
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
    let has_ticket = super::ticket::Ticket::of(&arrival.headers, &arrival.client).is_some();
    if !has_ticket && arrival.name.is_none() {
        return pages::classic(view, request).await;
    }
    let (found, told) = match seen(&app, &arrival).await {
        Ok(seen) => seen,
        Err(refusal) => {
            view.problem = Some(match &refusal {
                Refusal::Error(error) => error.to_json(),
                _ => return refusal.into_response(),
            });
            return pages::classic(view, request).await;
        }
    };
    view.is_in = true;
    view.said = told
        .messages
        .iter()
        .filter_map(|json| match serde_json::from_slice(json) {
            Ok(ServerMsg::Said(said)) => Some(said),
            _ => None,
        })
        .collect();
    let mut response = pages::classic(view, request).await;
    if let Some(cookie) = found.cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The page is a text of known length, all of it payload.
    let length = axum::body::HttpBody::size_hint(response.body()).exact().unwrap_or(0);
    found.guest.account.gave(length as usize);
    response
}

async fn seen(app: &Arc<App>, arrival: &Arrival) -> Result<(super::Found, Told), Refusal> {
    let found = arrival.enter(app).await?;
    let _stays = found.guest.hold(CLASSIC_LEASE);
    // All of it each time: the page has nothing of what it showed before.
    let told = found.guest.tell(None);
    Ok((found, told))
}
