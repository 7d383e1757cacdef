//! What queries are answered from.

use std::sync::Arc;

use license_core::state::State;
use license_texts::Text;

use crate::{
    config::Limits,
    keeper::{LastRefusal, Settings},
    skew::ServerTime,
    transport::Exchange,
    view::View,
};

/// What the daemon knew at one moment. Immutable.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// The URL of the license server; `None` if none is configured.
    pub server: Option<String>,
    /// Why the state cannot be written, if it cannot.
    pub store_fault: Option<Text>,
    /// What clients may take.
    pub limits: Limits,
    /// What a person should know beside the state.
    pub note: Option<Text>,
    /// The last command of a person that the license server refused, until one like it succeeds.
    pub last_refusal: Option<LastRefusal>,
    /// The license server's time, once it answered.
    pub server_time: Option<ServerTime>,
    /// What of it watchers are told.
    pub view: Arc<View>,
}

impl Snapshot {
    /// What is known of the state under these settings, and nothing beside.
    #[must_use]
    pub fn new<E: Exchange>(state: State, settings: &Settings<E>, view: Arc<View>) -> Self {
        let server = settings.exchange.as_ref().map(|exchange| exchange.url().to_owned());
        Self {
            state,
            server,
            store_fault: None,
            limits: settings.limits,
            note: None,
            last_refusal: None,
            server_time: None,
            view,
        }
    }
}

#[cfg(test)]
impl Snapshot {
    /// What is known of `state` alone.
    pub(crate) fn of(state: State, now: license_core::time::Now) -> Self {
        let (view, limits) = (Arc::new(View::first(&state, now)), Limits::default());
        let (server, store_fault, note, last_refusal, server_time) = (None, None, None, None, None);
        Self { state, server, store_fault, limits, note, last_refusal, server_time, view }
    }
}
