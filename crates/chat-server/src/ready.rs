//! Whether a load balancer should send somebody here: not while the server stops, nor while an engine that it
//! shares rooms on is lost. Whether it lives at all is `/healthz`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use crate::{net::tasks::Tasks, rooms::cluster::Cluster};

pub(crate) async fn ready(
    State(cluster): State<Option<Arc<Cluster>>>,
    State(tasks): State<Tasks>,
) -> (StatusCode, &'static str) {
    match cluster {
        _ if tasks.stopping().is_cancelled() => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        Some(cluster) if cluster.is_lost() => (StatusCode::SERVICE_UNAVAILABLE, "the engine is lost\n"),
        _ => (StatusCode::OK, "ok\n"),
    }
}
