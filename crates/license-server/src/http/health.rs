//! What supervisors, monitoring and MikoPBX look at.

use std::time::{Duration, Instant};

use axum::{
    extract::{Extension, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::{sync::Mutex, time};

use super::{api::Api, client::Client, fault::Fault};
use crate::{clock, store::Store};

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

/// How long an answer of the database is given again: anybody may ask, as often as they like.
const FRESH: Duration = Duration::from_secs(1);

/// The OpenMetrics text format (its specification, section 4.1).
pub(super) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) const LIVE: &str = "live\n";
pub(super) const PONG: &str = "pong\n";
pub(super) const READY: &str = "ready\n";
pub(super) const DRAINING: &str = "draining\n";
pub(super) const NO_DATABASE: &str = "the database does not answer\n";

pub(crate) async fn live() -> &'static str {
    LIVE
}

pub(crate) async fn ping() -> &'static str {
    PONG
}

/// Ready is who answers from a database that answers, and does not stop.
pub(crate) async fn ready(State(api): State<Api>) -> (StatusCode, &'static str) {
    if api.drain.has_begun() {
        (StatusCode::SERVICE_UNAVAILABLE, DRAINING)
    } else if api.database.answers(api.server.store()).await {
        (StatusCode::OK, READY)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, NO_DATABASE)
    }
}

/// Whether the database answered of late.
#[derive(Debug, Default)]
pub(crate) struct Database(Mutex<Option<(Instant, bool)>>);

impl Database {
    /// Asks it once for all who want to know within a second.
    async fn answers(&self, store: &Store) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, answered)) = *last
            && clock::monotonic().saturating_duration_since(at) < FRESH
        {
            return answered;
        }
        let answered = match time::timeout(DATABASE_TIMEOUT, store.ping()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "not ready");
                false
            }
            Err(_) => {
                tracing::warn!("not ready: the database did not answer in time");
                false
            }
        };
        *last = Some((clock::monotonic(), answered));
        answered
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
        let store = api.server.store();
        let text = api.metrics.text(store.mails_waiting().await?, store.transaction_seconds())?;
        Ok::<_, Box<dyn std::error::Error>>(text)
    };
    match counted.await {
        Ok(text) => Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()),
        Err(error) => {
            tracing::error!(%error, "cannot give the metrics");
            Err(Fault::Internal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    #[tokio::test]
    async fn the_database_is_asked_once_a_second_whoever_wants_to_know() {
        let folder = tempfile::tempdir().unwrap();
        let path = DataDir::open(folder.path()).unwrap().database().unwrap();
        let store = Store::open(&path).await.unwrap();
        let database = Database::default();
        assert!(database.answers(&store).await);
        store.close().await;
        let just_now = clock::monotonic() + Duration::from_hours(1);
        *database.0.lock().await = Some((just_now, true));
        assert!(database.answers(&store).await, "what was found is told again");
        *database.0.lock().await = None;
        assert!(!database.answers(&store).await, "a closed database does not answer");
    }
}
