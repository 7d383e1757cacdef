//! The HTTP side: limits, envelopes, and problems as `application/problem+json`.

mod connections;
mod fault;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use license_core::{
    api::{Call, HostCall, KEYS_PATH, MAX_REQUEST_BODY, PROBLEM_MEDIA_TYPE},
    crypto::hex,
    envelope::Envelope,
    keys::SignedKeySet,
};
use tokio::net::TcpListener;
use tracing::Instrument;

use self::{connections::MAX_CONNECTIONS, fault::Fault};
use crate::{LicenseServer, clock, exchange::Reply};

/// Where a supervisor looks whether the process answers at all.
pub const LIVE_PATH: &str = "/health/live";

/// What a request is found by in the log; sent back to the client.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a request may take, from its first header to the end of its answer. Hosts give up after 15 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

type Shared = State<Arc<LicenseServer>>;

/// Everything that the server answers.
pub fn router(server: Arc<LicenseServer>) -> Router {
    let paths = Call::PATHS.into_iter();
    paths
        .fold(Router::new(), |router, path| router.route(path, post(call)))
        .route(KEYS_PATH, get(keys))
        .route(LIVE_PATH, get(live))
        .fallback(async || Fault::NotFound)
        .method_not_allowed_fallback(async || Fault::Method)
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BODY))
        .layer(middleware::from_fn(bounded))
        .with_state(server)
}

/// Answers requests until `stop` is ready, and then until the open ones are answered.
pub async fn serve(server: Arc<LicenseServer>, listener: TcpListener, stop: impl Future<Output = ()> + Send) {
    connections::serve(router(Arc::clone(&server)), listener, MAX_CONNECTIONS, stop).await;
    server.store().close().await;
}

async fn live() -> &'static str {
    "live\n"
}

async fn keys(State(server): Shared) -> Json<SignedKeySet> {
    Json(server.keys().signed_set().clone())
}

async fn call(
    State(server): Shared,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Reply, Fault> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
        _ => Fault::Unfinished,
    })?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let envelope = Envelope::open(header, "POST", uri.path(), &body).map_err(Fault::Envelope)?;
    let request: HostCall = serde_json::from_slice(&body)
        .map_err(|error| Fault::Malformed { line: error.line(), column: error.column() })?;
    if !request.evidence.is_well_formed() {
        return Err(Fault::Evidence);
    }
    if request.call.path() != uri.path() {
        return Err(Fault::OtherPath);
    }
    server.answer(&envelope, &body, &request, clock::now()).await.map_err(|error| {
        tracing::error!(%error, "a request failed");
        Fault::Internal
    })
}

/// Gives a request its id and its time limit.
async fn bounded(request: Request, next: Next) -> Response {
    let mut id = [0; 8];
    if let Err(error) = getrandom::fill(&mut id) {
        tracing::error!(%error, "the system gives no random bytes");
        return Fault::Internal.into_response();
    }
    let id = hex(&id);
    let span = tracing::info_span!("request", %id);
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).instrument(span).await;
    let mut response = answered.unwrap_or_else(|_| Fault::Busy.into_response());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(header::CONTENT_TYPE, self.media_type())];
        (status, headers, self.body).into_response()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(header::CONTENT_TYPE, PROBLEM_MEDIA_TYPE)];
        (status, headers, Json(problem)).into_response()
    }
}
