//! "Forgot my number": the number goes to its owner, and who asks learns nothing.

use std::time::Duration;

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, State, rejection::BytesRejection},
    http::StatusCode,
};
use license_core::api::{ForgottenNumber, MAX_FORGOTTEN_BODY};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time;

use super::{api::Api, client::Client, fault::Fault};
use crate::{
    LicenseServer, clock,
    decide::{
        Draft, Rows, Wanted,
        log::Actor,
        mail::{email_key, forgotten},
    },
    store::StoreError,
};

/// When to come back if too many are worked on, in seconds.
pub(super) const RETRY_AFTER: u32 = 10;

/// That somebody is looked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Accepted {
    /// Always `true`.
    accepted: bool,
}

/// Who asks has been told that it is accepted, so that a database is waited for which another process has: an
/// import can take minutes.
const WAITS: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(10), Duration::from_mins(1), Duration::from_mins(5)];

/// `POST /v1/forgotten-number`. The answer leaves before anybody has looked for the address, so that it
/// does not say by its time what it does not say in words.
pub(crate) async fn ask(
    State(api): State<Api>,
    Extension(client): Extension<Client>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Accepted>), Fault> {
    api.unproved(client)?;
    let body = body.map_err(|rejection| Fault::of_body(&rejection, MAX_FORGOTTEN_BODY))?;
    let asked: ForgottenNumber = serde_json::from_slice(&body)
        .map_err(|error| Fault::Malformed { line: error.line(), column: error.column() })?;
    let server = api.server;
    let place = api.forgotten.try_acquire_owned().map_err(|_| Fault::NoPlace { retry_after: RETRY_AFTER })?;
    let mut waits = WAITS.into_iter();
    tokio::spawn(async move {
        while let Err(error) = mail(&server, &asked.email).await {
            let Some(wait) = waits.next() else {
                tracing::error!(%error, "cannot put a forgotten number into the outbox; nobody gets it");
                break;
            };
            tracing::warn!(%error, "cannot put a forgotten number into the outbox yet");
            time::sleep(wait).await;
        }
        drop(place);
    });
    Ok((StatusCode::ACCEPTED, Json(Accepted { accepted: true })))
}

async fn mail(server: &LicenseServer, email: &str) -> Result<(), StoreError> {
    let wanted = Wanted { email_keys: vec![email_key(email)], ..Wanted::default() };
    let now = clock::now();
    let decide = |rows: Rows| {
        let mut draft = Draft::new(rows, Actor::Server, now);
        forgotten(&mut draft, email);
        Ok::<_, std::convert::Infallible>((draft.finish().0, ()))
    };
    let Ok(()) = server.store().transaction(&wanted, decide).await?;
    Ok(())
}
