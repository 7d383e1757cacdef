//! The long poll: a host waits until something of its number changes.

use axum::{
    Json,
    extract::{Extension, State},
    http::HeaderMap,
};
use license_core::{
    api::{CHANGED_PATH, Changed, LONG_POLL},
    crypto::PublicKey,
    envelope::Envelope,
};
use prometheus_client::metrics::gauge::Gauge;
use tokio::time;

use super::{api::Api, client::Client, fault::Fault};
use crate::{
    LicenseServer,
    decide::{CustomerId, Refusal, Rows, Wanted, changed},
};

/// How long a host that found no place waits before it asks again, in seconds. It misses nothing but time.
pub(super) const RETRY_AFTER: u32 = 60;

/// `GET /v1/changed`
pub(crate) async fn changed(
    State(api): State<Api>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
) -> Result<Json<Changed>, Fault> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let envelope = Envelope::open(header, "GET", CHANGED_PATH, b"")
        .map_err(|error| api.faulted(client, Fault::Envelope(error)))?;
    let host = envelope.host_key;
    api.limited(client.network(), |limits, network| limits.signed(&host, network))?;
    let place = api.long_polls.take(&host, client.address);
    let mut place = place.ok_or(Fault::NoPlace { retry_after: RETRY_AFTER })?;
    // Before the first look: what changes in between is not missed.
    let mut waiting = api.feed.wait();
    let _counted = Counted::new(api.metrics.waiting());
    let news = async {
        while let Some(customer) = awaited(&api.server, &host).await? {
            waiting.changed(&customer).await;
        }
        Ok(true)
    };
    let changed = tokio::select! {
        news = news => news?,
        () = time::sleep(LONG_POLL) => false,
        () = api.drain.begun() => false,
        () = place.taken_over() => false,
    };
    Ok(Json(Changed { changed }))
}

/// The customer whose log the host has to wait for; `None` if there is news.
async fn awaited(server: &LicenseServer, host: &PublicKey) -> Result<Option<CustomerId>, Fault> {
    let wanted = Wanted { hosts: vec![*host], ..Wanted::default() };
    let look = |rows: Rows| changed::awaited(&rows, host).map(|awaited| (Vec::new(), awaited));
    let looked: Result<_, Refusal> = server.store().transaction(&wanted, look).await.map_err(|error| {
        tracing::error!(%error, "cannot see whether a host has news");
        Fault::Internal
    })?;
    looked.map_err(Fault::Refused)
}

/// Counted as long as it lives.
struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
