//! The HTTP side: limits, envelopes, and problems as `application/problem+json`.

mod api;
mod call;
mod changed;
mod client;
mod connections;
mod drain;
mod fault;
mod forgotten;
mod health;
mod limits;
mod recent;
mod request;
mod tls;
mod tries;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use ipnet::IpNet;
use license_core::api::{
    CHANGED_PATH, Call, FORGOTTEN_PATH, KEYS_PATH, MAX_FORGOTTEN_BODY, MAX_REQUEST_BODY, PROBLEM_MEDIA_TYPE,
};
use tokio::net::TcpListener;

use self::{
    api::Api,
    connections::{Door, MAX_CONNECTIONS},
    fault::Fault,
};
pub use self::{
    health::{LIVE_PATH, METRICS_PATH, PING_PATH, READY_PATH},
    tls::{Tls, TlsError},
};
use crate::{LicenseServer, exchange::Reply};

/// How many hosts may wait for news at once unless told otherwise: with the other connections they stay
/// below the 1024 file descriptors that a process has by default.
pub const DEFAULT_LONG_POLLS: usize = 256;

/// How a server answers.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many hosts may wait for news at once; 0 switches the long poll off.
    pub long_polls: usize,
    /// Whether hosts and networks may ask only so much.
    pub rate_limits: bool,
    /// Proxies that are believed when they say who the client is.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that may see the counts, beside this machine.
    pub metrics_from: Vec<IpNet>,
    /// The certificate; without one it speaks HTTP in the clear, for a proxy in front.
    pub tls: Option<Arc<Tls>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            long_polls: DEFAULT_LONG_POLLS,
            rate_limits: true,
            trusted_proxies: Vec::new(),
            metrics_from: Vec::new(),
            tls: None,
        }
    }
}

/// Everything that the server answers.
fn router(api: Api) -> Router {
    let paths = Call::PATHS.into_iter();
    let quick = paths
        .fold(Router::new(), |router, path| router.route(path, post(call::call)))
        .route(KEYS_PATH, get(call::keys))
        .route(FORGOTTEN_PATH, post(forgotten::ask).layer(DefaultBodyLimit::max(MAX_FORGOTTEN_BODY)))
        .route(LIVE_PATH, get(health::live))
        .route(READY_PATH, get(health::ready))
        .route(PING_PATH, get(health::ping))
        .route(METRICS_PATH, get(health::metrics))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BODY))
        .layer(middleware::from_fn(request::timed));
    let router =
        if api.options.long_polls > 0 { quick.route(CHANGED_PATH, get(changed::changed)) } else { quick };
    router
        .fallback(call::nowhere)
        .method_not_allowed_fallback(call::other_method)
        .layer(middleware::from_fn_with_state(api.clone(), request::identified))
        .with_state(api)
}

/// Answers requests until `stop` is ready, and then until the open ones are answered.
pub async fn serve(
    server: Arc<LicenseServer>,
    listener: TcpListener,
    options: Options,
    stop: impl Future<Output = ()> + Send,
) {
    let (tls, capacity) = (options.tls.clone(), MAX_CONNECTIONS.saturating_add(options.long_polls));
    let api = Api::new(Arc::clone(&server), options);
    let stop = async {
        stop.await;
        api.drain.begin();
    };
    let door = Door { router: router(api.clone()), tls, metrics: api.metrics.clone(), capacity };
    tokio::select! {
        () = connections::serve(door, listener, stop) => {}
        () = api.feed.run(server.store()) => {}
        () = server.follow_keys() => {}
    }
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
