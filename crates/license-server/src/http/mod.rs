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
mod openapi;
mod places;
mod pulse;
mod recent;
mod request;
mod routes;
mod shares;
mod tls;
mod tries;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
};
use ipnet::IpNet;
use license_core::api::PROBLEM_MEDIA_TYPE;
use serde_json::Value;
use tokio::net::TcpListener;

use self::{
    api::Api,
    connections::{Door, MAX_CONNECTIONS},
    fault::Fault,
    openapi::{Document, Schemas},
    pulse::Pulse,
    routes::{Route, routes},
    shares::Shares,
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
    /// Whether hosts and networks may ask only so much, and hold only so many connections.
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

/// What the server that answers so says of its API: what it serves at
/// [`OPENAPI_PATH`](license_core::api::OPENAPI_PATH).
#[must_use]
pub fn description(options: &Options) -> Value {
    let mut schemas = Schemas::default();
    let all = routes(options, &mut schemas);
    openapi::document(&all, schemas)
}

/// Everything that the server answers.
fn router(api: Api) -> Router {
    let mut schemas = Schemas::default();
    let all = routes(&api.options, &mut schemas);
    let document = Document(openapi::document(&all, schemas).to_string().into());
    let router = all
        .into_iter()
        .fold(Router::new(), |router, Route { path, handler, .. }| router.route(path, handler));
    router
        .layer(Extension(document))
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
    let shares = Shares::of(capacity, &options);
    let api = Api::new(Arc::clone(&server), options);
    let stop = async {
        stop.await;
        api.drain.begin();
    };
    let pulse = Pulse::of(api.clone(), &listener, capacity);
    let door = Door { router: router(api.clone()), tls, metrics: api.metrics.clone(), capacity, shares };
    tokio::select! {
        () = connections::serve(door, listener, stop) => {}
        () = api.feed.run(server.store()) => {}
        () = server.follow_keys() => {}
        () = service_manager::feed_watchdog(|| pulse.feel()) => {}
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
