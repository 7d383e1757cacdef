//! The long poll: a host waits until something of its number changes.

use std::sync::Arc;

use axum::{Json, extract::State, http::HeaderMap};
use license_core::{
    api::{CHANGED_PATH, Changed, LONG_POLL},
    crypto::PublicKey,
    envelope::Envelope,
};
use tokio::{
    sync::{Semaphore, watch},
    time,
};

use super::fault::Fault;
use crate::{
    LicenseServer,
    decide::{CustomerId, Refusal, Rows, Wanted, changed},
    feed::Feed,
};

/// How long a host that found no place waits before it asks again, in seconds. It misses nothing but time.
const RETRY_AFTER: u32 = 60;

/// Those who wait.
#[derive(Debug, Clone)]
pub(crate) struct LongPolls {
    pub(crate) server: Arc<LicenseServer>,
    pub(crate) feed: Feed,
    /// Who waits holds a place; each is an open connection.
    pub(crate) places: Arc<Semaphore>,
    /// Turns true when the server stops.
    pub(crate) draining: watch::Receiver<bool>,
}

/// `GET /v1/changed`
pub(crate) async fn changed(
    State(mut polls): State<LongPolls>,
    headers: HeaderMap,
) -> Result<Json<Changed>, Fault> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let envelope = Envelope::open(header, "GET", CHANGED_PATH, b"").map_err(Fault::Envelope)?;
    let host = envelope.host_key;
    let _place = polls.places.try_acquire().map_err(|_| Fault::NoPlace { retry_after: RETRY_AFTER })?;
    // Before the first look: what changes in between is not missed.
    let mut waiting = polls.feed.wait();
    let news = async {
        while let Some(customer) = awaited(&polls.server, &host).await? {
            waiting.changed(&customer).await;
        }
        Ok(true)
    };
    let changed = tokio::select! {
        news = news => news?,
        () = time::sleep(LONG_POLL) => false,
        _stopping = polls.draining.wait_for(|draining| *draining) => false,
    };
    Ok(Json(Changed { changed }))
}

/// The customer whose log the host has to wait for; `None` if there is news.
async fn awaited(server: &LicenseServer, host: &PublicKey) -> Result<Option<CustomerId>, Fault> {
    let wanted = Wanted { host: Some(*host), ..Wanted::default() };
    let look = |rows: Rows| changed::awaited(&rows, host).map(|awaited| (Vec::new(), awaited));
    let looked: Result<_, Refusal> = server.store().transaction(&wanted, look).await.map_err(|error| {
        tracing::error!(%error, "cannot see whether a host has news");
        Fault::Internal
    })?;
    looked.map_err(Fault::Refused)
}
