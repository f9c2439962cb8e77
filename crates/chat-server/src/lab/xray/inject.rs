//! The request that breaks one's own connection, to see what the protocol does about it. Only a connection
//! that is recorded can be broken, only with its recording's token, and only where the server allows
//! it ([`FaultAccess`](crate::limits::fault_access::FaultAccess)).

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};

use super::recordings::{RecordingError, Recordings};
use crate::http::{
    body::{self, BodyError},
    origin,
    site::Site,
};

/// Longest request, in bytes.
const REQUEST_MAX: usize = 1024;

/// `POST /xray/{token}/break`.
pub(crate) async fn break_it(
    State(site): State<Arc<Site>>,
    State(recordings): State<Arc<Recordings>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, InjectError> {
    if !origin::is_allowed(&headers, &site.origins) {
        return Err(InjectError::Origin);
    }
    let (_, injector) = recordings.find(&token)?;
    let injector = injector.ok_or(InjectError::NotAllowed)?;
    let body = body::read(body, REQUEST_MAX, recordings.settings().body_deadline).await?;
    let fault = serde_json::from_slice(&body).map_err(InjectError::BadRequest)?;
    if injector.inject(fault) { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(InjectError::Over) }
}

/// Why nothing was broken. Its words are the body of the answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InjectError {
    #[error("a page of another site may not ask; see --allow-origin")]
    Origin,
    #[error(transparent)]
    Recording(#[from] RecordingError),
    #[error("connections cannot be broken here; see --lab")]
    NotAllowed,
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("{0}")]
    BadRequest(serde_json::Error),
    #[error("the connection is over; break another")]
    Over,
}

impl IntoResponse for InjectError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Recording(error) => return error.into_response(),
            Self::Origin | Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::Body(BodyError::TooLong) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Broken) | Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Over => StatusCode::GONE,
        };
        (status, format!("{self}\n")).into_response()
    }
}
