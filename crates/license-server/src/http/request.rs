//! What happens to every request: it gets an id, a client, a time limit, and a line in the log.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use license_core::crypto::hex;
use tracing::Instrument;

use super::{
    api::Api,
    client::{Client, Peer},
    fault::Fault,
};
use crate::clock;

/// What a request is found by in the log; sent back to the client.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a request may take, from its first header to the end of its answer. Hosts give up after 15 s.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Gives a request its time limit.
pub(crate) async fn timed(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    answered.unwrap_or_else(|_| Fault::Busy.into_response())
}

/// Gives a request its id and its client, and counts it.
pub(crate) async fn identified(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let begun = clock::monotonic();
    let mut id = [0; 8];
    if let Err(error) = getrandom::fill(&mut id) {
        tracing::error!(%error, "the system gives no random bytes");
        return Fault::Internal.into_response();
    }
    let id = hex(&id);
    let peer = request.extensions().get::<Peer>().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
    let client = Client::of(peer, request.headers(), &api.options.trusted_proxies);
    request.extensions_mut().insert(client);
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", %id, client = %client.address);
    async move {
        let mut response = next.run(request).await;
        let (status, took) = (response.status().as_u16(), begun.elapsed());
        api.metrics.answered(&path, status, took);
        let ms = took.as_millis();
        if status >= 500 {
            tracing::warn!(%method, path, status, ms, "request");
        } else {
            tracing::debug!(%method, path, status, ms, "request");
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}
