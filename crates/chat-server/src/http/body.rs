//! The body of a request, whole, bounded in length and in time. It is copied as it comes, because the pieces
//! in which the HTTP library hands it out each keep the whole read buffer they came in, and a body sent byte
//! by byte would have as many of those as bytes.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;

/// Why a body was not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is longer than any request may be; send less")]
    TooLong,
    #[error("the body did not come in time; send it again")]
    TooSlow,
    /// The connection failed in the middle of it, or it broke the rules of HTTP.
    #[error("the body broke off; send it again")]
    Broken,
}

/// Reads a body of at most `max` bytes, for at most `deadline`.
pub(crate) async fn read(body: Body, max: usize, deadline: Duration) -> Result<Vec<u8>, BodyError> {
    let mut pieces = body.into_data_stream();
    let reading = async {
        let mut whole = Vec::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| BodyError::Broken)?;
            if whole.len() + piece.len() > max {
                return Err(BodyError::TooLong);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    };
    tokio::time::timeout(deadline, reading).await.unwrap_or(Err(BodyError::TooSlow))
}
