//! Giving this host up, before the machine becomes an image for others.

use license_core::{api::Call, state::Event};
use license_ipc::ErrorKind;
use license_texts::{Language, Text, text};
use license_types::RegistrationNumber;
use tracing::{info, warn};

use super::{Keeper, ended};
use crate::{deprovision, event, reply::Failure, transport::Exchange};

impl<E: Exchange> Keeper<E> {
    /// Gives the number up, tells the license server if it can be reached, and removes key and state. After
    /// that this keeper writes nothing any more, and ends. Gives what a person still has to do.
    pub(super) async fn deprovision(&mut self) -> Result<Vec<Text>, Failure> {
        let number = self.state.number().map(RegistrationNumber::masked);
        let folder = self.store.folder().to_owned();
        // First what may fail: afterwards a power cut leaves a new host, and nothing half done.
        let begun = self.on_disk({
            let folder = folder.clone();
            move || deprovision::begin(&folder)
        });
        let shown = folder.display().to_string();
        begun.await.map_err(|error| {
            let kept = text!("deprovision-not-begun", folder = &shown, error = error.to_string());
            Failure::plain(ErrorKind::Refused, kept)
        })?;
        self.overtake();
        self.apply(Event::Reset).await;
        if self.state.unbind {
            self.tell_of_reset().await;
        }
        let mut warnings: Vec<Text> =
            self.state.unbind.then(|| self.to_be_dropped(number.as_deref())).into_iter().collect();
        self.is_deprovisioned = true;
        let finished = self.on_disk({
            let folder = folder.clone();
            move || deprovision::finish(&folder).map(drop)
        });
        if let Err(error) = finished.await {
            warnings.push(text!("deprovision-not-finished", folder = shown, error = error.to_string()));
        }
        for warning in &warnings {
            warn!("{}", warning.to(Language::English));
        }
        info!(message_id = event::DEPROVISIONED, "key and state of this host are removed");
        Ok(warnings)
    }

    /// Tells the license server now that the number is given up, if it can be reached.
    async fn tell_of_reset(&mut self) {
        let Ok(prepared) = self.prepare(Call::Drop, 0) else { return };
        self.send(prepared, Vec::new()).await;
        if self.in_flight.is_some() {
            let answer = ended(self.in_flight.as_mut()).await;
            self.end(answer).await;
        }
    }

    fn to_be_dropped(&self, number: Option<&str>) -> Text {
        let host = self.host_key.id().to_string();
        match number {
            Some(number) => text!("host-of-number-to-be-dropped", host = host, number = number),
            None => text!("host-to-be-dropped", host = host),
        }
    }

    async fn on_disk(
        &self,
        work: impl FnOnce() -> std::io::Result<()> + Send + 'static,
    ) -> std::io::Result<()> {
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}
