//! The calls of hosts: an envelope, a body, a decision.

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, State, rejection::BytesRejection},
    http::{HeaderMap, Uri},
};
use license_core::{
    api::{HostCall, MAX_REQUEST_BODY},
    envelope::Envelope,
    keys::SignedKeySet,
};

use super::{api::Api, client::Client, fault::Fault};
use crate::{clock, exchange::Reply};

/// `GET /v1/keys`
pub(crate) async fn keys(
    State(api): State<Api>,
    Extension(client): Extension<Client>,
) -> Result<Json<SignedKeySet>, Fault> {
    api.unproved(client)?;
    Ok(Json(api.server.keys().signed_set().clone()))
}

/// `POST` to one of [`Call::PATHS`](license_core::api::Call::PATHS)
pub(crate) async fn call(
    State(api): State<Api>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Reply, Fault> {
    let path = uri.path();
    let opened = opened(path, &headers, body).map_err(|fault| api.faulted(client, fault));
    let (envelope, request, body) = opened?;
    let (host, network) = (envelope.host_key, client.network());
    api.limited(network, |limits, network| limits.signed(&host, network))?;
    let tried = match &api.limits {
        Some(limits) => limits.call(&request.call, &host, network).map_err(Fault::TooMany)?,
        None => None,
    };
    let answered = api.server.answer(&envelope, &body, request, clock::now()).await;
    let reply = answered.map_err(|error| {
        tracing::error!(%error, "a request failed");
        Fault::Internal
    })?;
    if let Some(code) = reply.code {
        api.metrics.refused(code);
    }
    if reply.signed {
        api.metrics.signed();
    }
    // A refusal without a code is about a field that was mistyped, and tells nothing of others.
    if let (Some(tried), Some(_)) = (tried, reply.code) {
        tried.refused(clock::monotonic());
    }
    Ok(reply)
}

/// Any path that the server does not have.
pub(crate) async fn nowhere(State(api): State<Api>, Extension(client): Extension<Client>) -> Fault {
    api.faulted(client, Fault::NotFound)
}

/// Any other method of a path that it has.
pub(crate) async fn other_method(State(api): State<Api>, Extension(client): Extension<Client>) -> Fault {
    api.faulted(client, Fault::Method)
}

/// The call in a request, if a host signed it.
fn opened(
    path: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(Envelope, HostCall, Bytes), Fault> {
    let body = body.map_err(|rejection| Fault::of_body(&rejection, MAX_REQUEST_BODY))?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let envelope = Envelope::open(header, "POST", path, &body).map_err(Fault::Envelope)?;
    let request: HostCall = serde_json::from_slice(&body)
        .map_err(|error| Fault::Malformed { line: error.line(), column: error.column() })?;
    if !request.evidence.is_well_formed() {
        return Err(Fault::Evidence);
    }
    if request.call.path() != path {
        return Err(Fault::OtherPath);
    }
    Ok((envelope, request, body))
}
