//! The room as the web was before JavaScript: a form, and a page that is drawn anew each time. Sending the
//! form leads back to the page; messages of others are seen at the next refresh.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use chat_protocol::{SayId, Text};
use http::{HeaderValue, StatusCode, header};

use super::{CLASSIC, CLASSIC_LEASE, PollingError, PollingRequest, ROOMS, say, sessions::Sessions};
use crate::{
    http::links,
    pages::{ClassicPage, ClassicProblem, Page, render},
};

/// Most messages that the page shows: the last ones.
const SHOWN_MAX: usize = 100;

/// Longest page, in bytes: as many of the longest messages, with each letter written as an entity, and
/// what the page puts around them.
const PAGE_MAX: usize = 8 * 1024 * 1024;

/// `GET /classic/{room}`. Without a client id it leads to one; without a name, for somebody who is not in
/// yet, it asks for one.
pub(crate) async fn page(
    State(sessions): State<Arc<Sessions>>,
    asked: Result<PollingRequest, PollingError>,
    request: Request,
) -> Response {
    let asked = match asked {
        Ok(asked) => asked,
        Err(PollingError::BadRoom(flaw)) => return render(Page::BadRoom(Some(flaw)), request).await,
        Err(error) => return error.into_response(),
    };
    let mut response = draw(&sessions, &asked, request).await;
    // Without a referrer browsers hide the `Origin` of a form, too, and it would be refused.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

async fn draw(sessions: &Arc<Sessions>, asked: &PollingRequest, request: Request) -> Response {
    if asked.asked.client.is_none() {
        return back(asked);
    }
    let mut view = ClassicPage {
        room: asked.room.clone(),
        client: asked.client.clone(),
        name: asked.name.clone(),
        is_in: false,
        said: Vec::new(),
        problem: asked.flaw.map(ClassicProblem::Name),
    };
    // A link from another site may be anybody's: whoever followed it comes in by saying so.
    if asked.is_link || (asked.shown.resume.is_none() && asked.name.is_none()) {
        return render(Page::Classic(Box::new(view)), request).await;
    }
    let mut found = match asked.enter(sessions).await {
        Ok(found) => found,
        Err(PollingError::Error(error)) => {
            view.problem = Some(ClassicProblem::Refused(error));
            return render(Page::Classic(Box::new(view)), request).await;
        }
        Err(error) => return error.into_response(),
    };
    view.is_in = true;
    view.room = sessions.rooms.name_of(&asked.room);
    view.problem = None;
    // All of it each time: the page has nothing of what it showed before.
    let said = found.session.queue.listen().show(SHOWN_MAX);
    view.said = said.iter().filter_map(|entry| serde_json::from_slice(entry.json()).ok()).collect();
    let mut response = render(Page::Classic(Box::new(view)), request).await;
    asked.admit(sessions, &mut found, &[ROOMS, CLASSIC], CLASSIC_LEASE, response.headers_mut());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // In one piece, so that what is payload is known.
    let (head, body) = response.into_parts();
    match to_bytes(body, PAGE_MAX).await {
        Ok(page) => {
            found.session.traffic.add_payload_out(page.len());
            Response::from_parts(head, Body::from(page))
        }
        Err(error) => {
            tracing::error!(%error, "a classic page could not be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A form's message, of so many bytes, and the way back to its page. Errors are not shown there: the page
/// would have to remember them. It shows the messages.
pub(super) async fn said(
    sessions: &Arc<Sessions>,
    asked: PollingRequest,
    bytes: usize,
    saying: Option<(SayId, Text)>,
) -> Result<Response, PollingError> {
    let mut found = asked.enter(sessions).await?;
    found.session.traffic.add_payload_in(bytes);
    if let Some((id, text)) = saying
        && let Err(error) = say(&found.session, id, text).await
    {
        tracing::debug!(?error, "what a form said was not sent");
    }
    let mut response = back(&asked);
    asked.admit(sessions, &mut found, &[ROOMS, CLASSIC], CLASSIC_LEASE, response.headers_mut());
    Ok(response)
}

fn back(asked: &PollingRequest) -> Response {
    let page = links::classic_path(&asked.room, &asked.client, asked.name.as_ref());
    Redirect::to(&page).into_response()
}
