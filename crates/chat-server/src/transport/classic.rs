//! The room as the web was before JavaScript: a form, and a page that is drawn anew each time. Who says
//! something is sent back to the page; what others say is seen at the next refresh.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use chat_protocol::{ClientId, Flaw, Name, RoomId, Said, SayId, ServerMsg, Text};
use http::{HeaderValue, StatusCode, header};

use super::{Arrival, CLASSIC, CLASSIC_LEASE, ROOMS, Refusal, say};
use crate::{pages, server::App, share};

/// Most messages that the page shows: the last ones.
const SHOWN_MAX: usize = 100;

/// Longest page, in bytes: as many of the longest messages, with each letter written as an entity, and
/// what the page puts around them.
const PAGE_MAX: usize = 8 * 1024 * 1024;

/// What the page shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    /// The room.
    pub room: RoomId,
    /// Whose page it is: stands in the addresses of its forms.
    pub client: ClientId,
    /// The name they came by, should they have to come again.
    pub name: Option<Name>,
    /// Whether they are in, and not asked for a name.
    pub is_in: bool,
    /// What was said since they came, oldest first.
    pub said: Vec<Said>,
    /// Why they are not in.
    pub problem: Option<Problem>,
}

/// Why somebody who asked to is not in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// As the room says it.
    Refused(Box<ServerMsg>),
    /// What is wrong with the name in the form.
    Name(Flaw),
}

/// `GET /classic/{room}`. Without a client id it leads to one; without a name, for somebody who is not in
/// yet, it asks for one.
pub async fn page(
    State(app): State<Arc<App>>,
    arrival: Result<Arrival, Refusal>,
    request: Request,
) -> Response {
    let arrival = match arrival {
        Ok(arrival) => arrival,
        Err(Refusal::BadRoom(flaw)) => return pages::bad_room(Some(flaw), request).await,
        Err(refusal) => return refusal.into_response(),
    };
    let mut response = draw(&app, &arrival, request).await;
    // Without a referrer browsers hide the `Origin` of a form, too, and it would be refused.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

async fn draw(app: &Arc<App>, arrival: &Arrival, request: Request) -> Response {
    if arrival.asked.client.is_none() {
        return back(arrival);
    }
    let mut view = View {
        room: arrival.room.clone(),
        client: arrival.client.clone(),
        name: arrival.name.clone(),
        is_in: false,
        said: Vec::new(),
        problem: arrival.flaw.map(Problem::Name),
    };
    if arrival.ticket.is_none() && arrival.name.is_none() {
        return pages::classic(view, request).await;
    }
    let mut found = match arrival.enter(app).await {
        Ok(found) => found,
        Err(Refusal::Error(error)) => {
            view.problem = Some(Problem::Refused(error));
            return pages::classic(view, request).await;
        }
        Err(refusal) => return refusal.into_response(),
    };
    view.is_in = true;
    view.problem = None;
    // All of it each time: the page has nothing of what it showed before.
    let said = found.guest.listen().show(SHOWN_MAX);
    view.said = said.iter().filter_map(|json| serde_json::from_slice(json).ok()).collect();
    let mut response = pages::classic(view, request).await;
    arrival.admit(&mut found, &[ROOMS, CLASSIC], CLASSIC_LEASE, response.headers_mut());
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

/// What a form said, of so many bytes, and the way back to its page. What was wrong with it is not told:
/// the page would have to remember it. It shows what was said.
pub(super) async fn said(
    app: &Arc<App>,
    arrival: Arrival,
    bytes: usize,
    saying: Option<(SayId, Text)>,
) -> Result<Response, Refusal> {
    let mut found = arrival.enter(app).await?;
    found.guest.account.took(bytes);
    if let Some((id, text)) = saying
        && let Err(refusal) = say(&found.guest, id, text).await
    {
        tracing::debug!(?refusal, "what a form said was not heard");
    }
    let mut response = back(&arrival);
    arrival.admit(&mut found, &[ROOMS, CLASSIC], CLASSIC_LEASE, response.headers_mut());
    Ok(response)
}

fn back(arrival: &Arrival) -> Response {
    let page = share::classic_path(&arrival.room, &arrival.client, arrival.name.as_ref());
    Redirect::to(&page).into_response()
}
