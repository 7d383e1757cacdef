//! What happens to every request: it gets an id, a client, a time limit, and a line in the log.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use license_core::{
    api::{Call, FORGOTTEN_PATH},
    crypto::hex,
};
use tracing::{Instrument, field::display};

use super::{
    api::Api,
    client::{Client, Peer},
    fault::Fault,
};
use crate::clock;

/// What a request is found by in the log; sent back to the client. One that the client sends is not taken
/// over: it could pass for another's.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
    // The address is personal, and of use only where customers come from. The span is at the level of
    // errors, so that it is there for every line that anybody wants to see.
    let [register, activate, ..] = Call::PATHS;
    let shown = [register, activate].contains(&&*path).then(|| display(client.address));
    let span = tracing::error_span!("request", %id, client = shown);
    async move {
        let mut response = next.run(request).await;
        let (status, took) = (response.status().as_u16(), begun.elapsed());
        api.metrics.answered(&path, status, took);
        log(&method, &path, status, took);
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}

/// The line of a request. Of checks, of what nothing proves and of what comes too soon there is no end.
fn log(method: &Method, path: &str, status: u16, took: Duration) {
    // In JSON a longer number would be a text.
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let is_check = path == Call::CheckIn.path();
    let is_worth_a_line =
        (Call::PATHS.contains(&path) || path == FORGOTTEN_PATH) && !is_check && status != 429;
    if status >= 500 {
        tracing::warn!(%method, path, status, ms, "request");
    } else if is_worth_a_line {
        tracing::info!(%method, path, status, ms, "request");
    } else {
        tracing::debug!(%method, path, status, ms, "request");
    }
}
