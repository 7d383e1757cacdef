//! The description of the API: OpenAPI 3.1, made from the types, limits and refusals that it describes.

mod answers;
mod calls;
mod schemas;

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{Extension, State},
    http::header,
    response::IntoResponse,
};
use license_core::{
    api::{Changed, ForgottenNumber, LONG_POLL, MAX_FORGOTTEN_BODY, Problem},
    crypto::{PublicKey, RequestId, Signature},
    envelope::{EnvelopeError, HOST_KEY, REQUEST_ID, SERIAL, SIGNATURE},
    keys::SignedKeySet,
};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use self::{
    answers::{Answers, Failure},
    schemas::plain,
};
pub(super) use self::{calls::call, schemas::Schemas};
use super::{
    api::Api, changed, client::Client, fault::Fault, forgotten, forgotten::Accepted, health::OPEN_METRICS,
    limits::TooMany, request::REQUEST_ID as LOG_ID, routes::Route,
};
use crate::decide::Refusal;

/// What the description says of the whole.
const INTRODUCTION: &str = include_str!("introduction.md");

/// The description, as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Document(pub(super) Bytes);

/// `GET /v1/openapi.json`
pub(super) async fn serve(
    State(api): State<Api>,
    Extension(client): Extension<Client>,
    Extension(document): Extension<Document>,
) -> Result<impl IntoResponse, Fault> {
    api.unproved(client)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document.0))
}

/// The description of these routes; their operations took their schemas from `schemas`.
pub(super) fn document(routes: &[Route], mut schemas: Schemas) -> Value {
    let mut paths = Map::new();
    for route in routes {
        paths.insert(route.path.to_owned(), json!({ route.method: route.operation }));
    }
    let parameters = json!({
        HOST_KEY: parameter::<PublicKey>(&mut schemas, HOST_KEY, "The host's public key."),
        REQUEST_ID: parameter::<RequestId>(
            &mut schemas,
            REQUEST_ID,
            "The id of the request. A repetition carries the same one, and the same bytes.",
        ),
        SERIAL: parameter::<u64>(&mut schemas, SERIAL, "The serial of the statement that is held; 0 for none."),
        SIGNATURE: parameter::<Signature>(
            &mut schemas,
            SIGNATURE,
            "Ed25519 with the host's private key over `licensed request v1`, a zero byte, and these lines \
             joined by line feeds: method, path, SHA-256 of the body in lower-case hex, request id, serial.",
        ),
    });
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "License server of licensed",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "How hosts and whoever watches over them speak to the license server.",
            "description": INTRODUCTION,
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "tags": [
            { "name": "host", "description": "Signed by the host that asks." },
            { "name": "anybody", "description": "Signed by nobody." },
            { "name": "operations", "description": "For supervisors, monitoring and MikoPBX." },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "parameters": parameters,
            "headers": {
                LOG_ID.as_str(): {
                    "description": "What the request is found by in the log of the server.",
                    "required": true,
                    "schema": { "type": "string", "pattern": "^[0-9a-f]{16}$" },
                },
            },
        },
    });
    plain(&mut document);
    document
}

/// A header of the envelope.
fn parameter<T: JsonSchema>(schemas: &mut Schemas, name: &str, description: &str) -> Value {
    let mut schema = schemas.read::<T>();
    if name == SERIAL {
        schema["maximum"] = u64::MAX.into();
    }
    json!({ "name": name, "in": "header", "required": true, "description": description, "schema": schema })
}

/// The headers of the envelope, as parameters of an operation.
fn envelope() -> Value {
    [HOST_KEY, REQUEST_ID, SERIAL, SIGNATURE]
        .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }))
        .into_iter()
        .collect()
}

/// The envelope does not hold.
fn unsigned() -> Failure {
    Fault::Envelope(EnvelopeError::Signature).into()
}

/// Somebody asks too often.
fn too_many() -> Failure {
    Fault::TooMany(TooMany { wait: Duration::from_mins(1) }).into()
}

/// `GET /v1/keys`
pub(super) fn keys(schemas: &mut Schemas) -> Value {
    let answers = Answers::json(&schemas.written::<SignedKeySet>(), "The current key set.");
    json!({
        "operationId": "keys",
        "tags": ["anybody"],
        "summary": "The current key set.",
        "responses": answers.or(schemas, [too_many()]),
    })
}

/// `GET /v1/openapi.json`
pub(super) fn openapi(schemas: &mut Schemas) -> Value {
    let answers = Answers::json(&json!({ "type": "object", "required": ["openapi"] }), "This description.");
    json!({
        "operationId": "openapi",
        "tags": ["anybody"],
        "summary": "This description.",
        "responses": answers.or(schemas, [too_many()]),
    })
}

/// `POST /v1/forgotten-number`
pub(super) fn forgotten(schemas: &mut Schemas) -> Value {
    let asked = schemas.read::<ForgottenNumber>();
    let accepted = schemas.written::<Accepted>();
    let answers = Answers::of(
        202,
        "application/json",
        &accepted,
        "If somebody has that e-mail, the number is on its way.",
    );
    let failures = [
        Fault::Malformed { line: 1, column: 2 }.into(),
        Fault::Unfinished.into(),
        Fault::TooLarge { limit: MAX_FORGOTTEN_BODY }.into(),
        too_many(),
        Fault::Busy.into(),
        Fault::NoPlace { retry_after: forgotten::RETRY_AFTER }.into(),
    ];
    json!({
        "operationId": "forgotten_number",
        "tags": ["anybody"],
        "summary": "Ask for a number that was forgotten.",
        "description": format!(
            "The number goes to its owner by mail. Who asks learns nothing: the answer is the same whether \
             somebody has that e-mail or not. Bodies end at {MAX_FORGOTTEN_BODY} bytes."
        ),
        "requestBody": body(&asked, &json!({ "email": "office@example.com" })),
        "responses": answers.or(schemas, failures),
    })
}

/// `GET /v1/changed`
pub(super) fn changed(schemas: &mut Schemas) -> Value {
    let answers = Answers::json(&schemas.written::<Changed>(), "Whether the host is to check in now.");
    let failures = [
        unsigned(),
        Refusal::UnknownHost.into(),
        Refusal::NoNumber.into(),
        too_many(),
        Fault::NoPlace { retry_after: changed::RETRY_AFTER }.into(),
    ];
    json!({
        "operationId": "changed",
        "tags": ["host"],
        "summary": "Wait until something of the number changes.",
        "description": format!(
            "Waits until something of the number changed that the host does not know, or {} s. The envelope \
             is over an empty body. A host waits once: a newer request ends an older one. The answer is not signed: it only says \"check in now\".",
            LONG_POLL.as_secs()
        ),
        "parameters": envelope(),
        "responses": answers.or(schemas, failures),
    })
}

/// `GET /health/live` and `GET /protect/v1/ping`: an answer of one word.
pub(super) fn word(schemas: &mut Schemas, id: &str, summary: &str, word: &str) -> Value {
    let answers = Answers::of(200, "text/plain", &json!({ "type": "string", "const": word }), summary);
    json!({
        "operationId": id,
        "tags": ["operations"],
        "summary": summary,
        "responses": answers.or(schemas, []),
    })
}

/// `GET /health/ready`
pub(super) fn ready(schemas: &mut Schemas, words: &[&str], not_ready: &[&str]) -> Value {
    let answers = Answers::of(200, "text/plain", &json!({ "type": "string", "enum": words }), "It is.");
    let answers = answers.and(
        503,
        "text/plain",
        &json!({ "type": "string", "enum": not_ready }),
        "It is not, and why.",
    );
    json!({
        "operationId": "ready",
        "tags": ["operations"],
        "summary": "Whether requests are to be sent here.",
        "responses": answers.or(schemas, []),
    })
}

/// `GET /metrics`
pub(super) fn metrics(schemas: &mut Schemas) -> Value {
    let answers = Answers::of(200, OPEN_METRICS, &json!({ "type": "string" }), "The counts.");
    json!({
        "operationId": "metrics",
        "tags": ["operations"],
        "summary": "The counts, for Prometheus.",
        "description": "For this machine and the networks that the server was told of; for others there is \
                        nothing here.",
        "responses": answers.or(schemas, [Fault::NotFound.into(), Fault::Busy.into()]),
    })
}

/// A body of JSON.
fn body(schema: &Value, example: &Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema, "example": example } } })
}
