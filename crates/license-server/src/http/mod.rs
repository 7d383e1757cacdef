//! The HTTP side: limits, envelopes, and problems as `application/problem+json`.

mod changed;
mod connections;
mod fault;
mod forgotten;

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
    api::{
        CHANGED_PATH, Call, FORGOTTEN_PATH, HostCall, KEYS_PATH, MAX_FORGOTTEN_BODY, MAX_REQUEST_BODY,
        PROBLEM_MEDIA_TYPE,
    },
    crypto::hex,
    envelope::Envelope,
    keys::SignedKeySet,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};
use tracing::Instrument;

use self::{changed::LongPolls, connections::MAX_CONNECTIONS, fault::Fault, forgotten::ForgottenNumbers};
use crate::{LicenseServer, clock, exchange::Reply, feed::Feed};

/// Where a supervisor looks whether the process answers at all.
pub const LIVE_PATH: &str = "/health/live";

/// What a request is found by in the log; sent back to the client.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a request may take, from its first header to the end of its answer. Hosts give up after 15 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

type Shared = State<Arc<LicenseServer>>;

/// What a server does beside answering.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many hosts may wait for news at once; 0 switches the long poll off.
    pub long_polls: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { long_polls: DEFAULT_LONG_POLLS }
    }
}

/// How many hosts may wait for news at once unless told otherwise: with the other connections they stay
/// below the 1024 file descriptors that a process has by default.
pub const DEFAULT_LONG_POLLS: usize = 256;

/// Everything that the server answers.
pub fn router(server: Arc<LicenseServer>) -> Router {
    let paths = Call::PATHS.into_iter();
    paths
        .fold(Router::new(), |router, path| router.route(path, post(call)))
        .route(KEYS_PATH, get(keys))
        .route(LIVE_PATH, get(live))
        .merge(forgotten_numbers(Arc::clone(&server)))
        .fallback(async || Fault::NotFound)
        .method_not_allowed_fallback(async || Fault::Method)
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BODY))
        .layer(middleware::from_fn(timed))
        .layer(middleware::from_fn(identified))
        .with_state(server)
}

/// The path that needs no signature.
fn forgotten_numbers(server: Arc<LicenseServer>) -> Router<Arc<LicenseServer>> {
    let route = Router::new().route(FORGOTTEN_PATH, post(forgotten::ask));
    route.layer(DefaultBodyLimit::max(MAX_FORGOTTEN_BODY)).with_state(ForgottenNumbers::new(server))
}

/// The path that takes its time.
fn long_polls(polls: LongPolls) -> Router {
    let method = async || Fault::Method;
    let router = Router::new().route(CHANGED_PATH, get(changed::changed).fallback(method));
    router.layer(middleware::from_fn(identified)).with_state(polls)
}

/// Answers requests until `stop` is ready, and then until the open ones are answered.
pub async fn serve(
    server: Arc<LicenseServer>,
    listener: TcpListener,
    options: Options,
    stop: impl Future<Output = ()> + Send,
) {
    let (feed, (drain, draining)) = (Feed::default(), watch::channel(false));
    let mut router = router(Arc::clone(&server));
    if options.long_polls > 0 {
        let places = Arc::new(Semaphore::new(options.long_polls));
        let (server, feed) = (Arc::clone(&server), feed.clone());
        router = router.merge(long_polls(LongPolls { server, feed, places, draining }));
    }
    let stop = async {
        stop.await;
        drain.send_replace(true);
    };
    let capacity = MAX_CONNECTIONS.saturating_add(options.long_polls);
    tokio::select! {
        () = connections::serve(router, listener, capacity, stop) => {}
        () = feed.run(server.store()) => {}
        () = server.follow_keys() => {}
    }
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

/// Gives a request its time limit.
async fn timed(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    answered.unwrap_or_else(|_| Fault::Busy.into_response())
}

/// Gives a request its id.
async fn identified(request: Request, next: Next) -> Response {
    let mut id = [0; 8];
    if let Err(error) = getrandom::fill(&mut id) {
        tracing::error!(%error, "the system gives no random bytes");
        return Fault::Internal.into_response();
    }
    let id = hex(&id);
    let span = tracing::info_span!("request", %id);
    let mut response = next.run(request).instrument(span).await;
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
        let mut response = (status, headers, Json(problem)).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
