//! What queries are answered from.

use std::sync::Arc;

use license_core::state::State;

use crate::{config::Limits, keeper::Settings, transport::Exchange, view::View};

/// What the daemon knew at one moment. Immutable.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// The URL of the license server; `None` if none is configured.
    pub server: Option<String>,
    /// Why the state cannot be written, if it cannot.
    pub store_fault: Option<String>,
    /// What clients may take.
    pub limits: Limits,
    /// What a person should know beside the state.
    pub note: Option<String>,
    /// What of it watchers are told.
    pub view: Arc<View>,
}

impl Snapshot {
    /// What is known now, under these settings.
    #[must_use]
    pub fn new<E: Exchange>(
        state: State,
        settings: &Settings<E>,
        store_fault: Option<String>,
        note: Option<String>,
        view: Arc<View>,
    ) -> Self {
        let server = settings.exchange.as_ref().map(|exchange| exchange.url().to_owned());
        Self { state, server, store_fault, limits: settings.limits, note, view }
    }
}

#[cfg(test)]
impl Snapshot {
    /// What is known of `state` alone.
    pub(crate) fn of(state: State, now: license_core::time::Now) -> Self {
        let view = Arc::new(View::first(&state, now));
        Self { state, server: None, store_fault: None, limits: Limits::default(), note: None, view }
    }
}
