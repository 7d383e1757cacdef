//! What is stored, and what becomes of it when it cannot be.

use license_core::state::Effect;
use license_texts::{Language, Text};
use tracing::{error, info, warn};

use super::Keeper;
use crate::{event, transport::Exchange};

impl<E: Exchange> Keeper<E> {
    pub(super) async fn save(&mut self, effect: Effect) {
        let (store, state) = (self.store.clone(), self.state.clone());
        let saved = tokio::task::spawn_blocking(move || match effect {
            Effect::Save => store.save(&state),
            Effect::SaveBoth => store.save_both(&state),
        });
        let fault = match saved.await {
            Ok(result) => result.err().map(|error| error.sentence()),
            Err(error) => Some(Text::verbatim(error.to_string())),
        };
        if fault.is_some() {
            self.metrics.not_stored();
        }
        // The binding goes on in memory, and is tried again at the next wake-up; said once when it begins,
        // and once when it is over.
        match (&fault, &self.store_fault) {
            (Some(fault), None) => error!(message_id = event::NOT_STORED, "{}", fault.to(Language::English)),
            (None, Some(_)) => info!(message_id = event::STORED_AGAIN, "the state can be written again"),
            (Some(_), Some(_)) | (None, None) => {}
        }
        self.store_fault = fault;
    }

    pub(super) async fn save_clock(&self) {
        let estimated = self.state.held().map(|held| held.unix_at(self.clock.now().age));
        let (store, record) = (self.store.clone(), self.clock.record(estimated));
        let fault = match tokio::task::spawn_blocking(move || store.save_clock(&record)).await {
            Ok(saved) => saved.err().map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(fault) = fault {
            self.metrics.not_stored();
            warn!("{fault}; without it, a restart may miss some of the time that passed");
        }
    }
}
