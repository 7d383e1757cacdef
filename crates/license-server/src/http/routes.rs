//! Everything that the server answers: who does it, and what the description says of it.

use axum::{
    extract::DefaultBodyLimit,
    handler::Handler,
    middleware,
    routing::{MethodRouter, get, post},
};
use license_core::api::{
    CHANGED_PATH, Call, FORGOTTEN_PATH, KEYS_PATH, MAX_FORGOTTEN_BODY, MAX_REQUEST_BODY, OPENAPI_PATH,
};
use serde_json::Value;

use super::{
    Options,
    api::Api,
    call, changed, forgotten,
    health::{self, LIVE_PATH, METRICS_PATH, PING_PATH, READY_PATH},
    openapi::{self, Schemas},
    request,
};

/// A path.
pub(super) struct Route {
    pub(super) path: &'static str,
    /// Its method, in lower case.
    pub(super) method: &'static str,
    pub(super) handler: MethodRouter<Api>,
    /// What it does, as an operation of OpenAPI.
    pub(super) operation: Value,
}

impl Route {
    fn get<H: Handler<T, Api>, T: 'static>(path: &'static str, handler: H, operation: Value) -> Self {
        Self { path, method: "get", handler: get(handler), operation }
    }

    fn post<H: Handler<T, Api>, T: 'static>(path: &'static str, handler: H, operation: Value) -> Self {
        Self { path, method: "post", handler: post(handler), operation }
    }

    /// With bodies no longer than that.
    fn limited(self, bytes: usize) -> Self {
        Self { handler: self.handler.layer(DefaultBodyLimit::max(bytes)), ..self }
    }

    /// With the time limit of a request.
    fn timed(self) -> Self {
        Self { handler: self.handler.layer(middleware::from_fn(request::timed)), ..self }
    }
}

/// All paths.
pub(super) fn routes(options: &Options, schemas: &mut Schemas) -> Vec<Route> {
    let call = |path| Route::post(path, call::call, openapi::call(schemas, path)).limited(MAX_REQUEST_BODY);
    let mut routes: Vec<Route> = Call::PATHS.into_iter().map(call).collect();
    let forgotten = Route::post(FORGOTTEN_PATH, forgotten::ask, openapi::forgotten(schemas));
    let ready = openapi::ready(schemas, &[health::READY], &[health::DRAINING, health::NO_DATABASE]);
    routes.extend([
        Route::get(KEYS_PATH, call::keys, openapi::keys(schemas)),
        Route::get(OPENAPI_PATH, openapi::serve, openapi::openapi(schemas)),
        forgotten.limited(MAX_FORGOTTEN_BODY),
        Route::get(LIVE_PATH, health::live, openapi::word(schemas, "live", "It lives.", health::LIVE)),
        Route::get(READY_PATH, health::ready, ready),
        Route::get(PING_PATH, health::ping, openapi::word(schemas, "ping", "It is there.", health::PONG)),
        Route::get(METRICS_PATH, health::metrics, openapi::metrics(schemas)),
    ]);
    let mut routes: Vec<Route> = routes.into_iter().map(Route::timed).collect();
    if options.long_polls > 0 {
        routes.push(Route::get(CHANGED_PATH, changed::changed, openapi::changed(schemas)));
    }
    routes
}
