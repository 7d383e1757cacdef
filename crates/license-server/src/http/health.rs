//! What supervisors, monitoring and MikoPBX look at.

use std::time::Duration;

use axum::{
    extract::{Extension, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time;

use super::{api::Api, client::Client, fault::Fault};

/// Where a supervisor looks whether the process answers at all.
pub const LIVE_PATH: &str = "/health/live";

/// Where a load balancer looks whether it is to send requests here.
pub const READY_PATH: &str = "/health/ready";

/// What MikoPBX fetches before it shows "no connection".
pub const PING_PATH: &str = "/protect/v1/ping";

/// The counts, for Prometheus.
pub const METRICS_PATH: &str = "/metrics";

/// How long the database may take to answer a trivial question.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(1);

/// The OpenMetrics text format (its specification, section 4.1).
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) async fn live() -> &'static str {
    "live\n"
}

pub(crate) async fn ping() -> &'static str {
    "pong\n"
}

/// Ready is who answers from a database that answers, and does not stop.
pub(crate) async fn ready(State(api): State<Api>) -> (StatusCode, &'static str) {
    if api.drain.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n");
    }
    match time::timeout(DATABASE_TIMEOUT, api.server.store().ping()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database failed\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database is busy\n"),
    }
}

/// The API is public, the counts are not.
pub(crate) async fn metrics(
    State(api): State<Api>,
    Extension(client): Extension<Client>,
) -> Result<Response, Fault> {
    if !client.is_local_or_in(&api.options.metrics_from) {
        return Err(Fault::NotFound);
    }
    let counted = async {
        Ok::<_, Box<dyn std::error::Error>>(api.metrics.text(api.server.store().mails_waiting().await?)?)
    };
    match counted.await {
        Ok(text) => Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()),
        Err(error) => {
            tracing::error!(%error, "cannot give the metrics");
            Err(Fault::Internal)
        }
    }
}
