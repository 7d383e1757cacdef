//! "Forgot my number": the number goes to its owner, and who asks learns nothing.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use license_core::api::ForgottenNumber;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::fault::Fault;
use crate::{
    LicenseServer, clock,
    decide::{
        Draft, Rows, Wanted,
        log::Actor,
        mail::{email_key, forgotten},
    },
    store::StoreError,
};

/// How many requests may be worked on at once; what comes then is told to come back.
const PLACES: usize = 16;

/// When, in seconds.
const RETRY_AFTER: u32 = 10;

/// Those whose request is worked on.
#[derive(Debug, Clone)]
pub(crate) struct ForgottenNumbers {
    server: Arc<LicenseServer>,
    places: Arc<Semaphore>,
}

impl ForgottenNumbers {
    pub(crate) fn new(server: Arc<LicenseServer>) -> Self {
        Self { server, places: Arc::new(Semaphore::new(PLACES)) }
    }
}

/// `POST /v1/forgotten-number`. The answer leaves before anybody has looked for the address, so that it
/// does not say by its time what it does not say in words.
pub(crate) async fn ask(
    State(numbers): State<ForgottenNumbers>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let asked: ForgottenNumber = serde_json::from_slice(&body)
        .map_err(|error| Fault::Malformed { line: error.line(), column: error.column() })?;
    let ForgottenNumbers { server, places } = numbers;
    let place = places.try_acquire_owned().map_err(|_| Fault::NoPlace { retry_after: RETRY_AFTER })?;
    tokio::spawn(async move {
        if let Err(error) = mail(&server, &asked.email).await {
            tracing::error!(%error, "cannot put a forgotten number into the outbox");
        }
        drop(place);
    });
    Ok((StatusCode::ACCEPTED, Json(json!({ "accepted": true }))))
}

async fn mail(server: &LicenseServer, email: &str) -> Result<(), StoreError> {
    let wanted = Wanted { email_key: Some(email_key(email)), ..Wanted::default() };
    let now = clock::now();
    let decide = |rows: Rows| {
        let mut draft = Draft::new(rows, Actor::Server, now);
        forgotten(&mut draft, email);
        Ok::<_, std::convert::Infallible>((draft.finish().0, ()))
    };
    let Ok(()) = server.store().transaction(&wanted, decide).await?;
    Ok(())
}
