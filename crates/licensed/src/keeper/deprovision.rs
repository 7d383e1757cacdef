//! Giving this host up, before the machine becomes an image for others.

use license_core::{api::Call, state::Event};
use license_ipc::{ErrorKind, Failure};
use license_types::RegistrationNumber;
use tracing::{info, warn};

use super::{Keeper, ended};
use crate::{deprovision, event, transport::Exchange};

impl<E: Exchange> Keeper<E> {
    /// Gives the number up, tells the license server if it can be reached, and removes key and state. After
    /// that this keeper writes nothing any more, and ends. Gives what a person still has to do.
    pub(super) async fn deprovision(&mut self) -> Result<Vec<String>, Failure> {
        let number = self.state.number().map(RegistrationNumber::masked);
        let folder = self.store.folder().to_owned();
        // First what may fail: afterwards a power cut leaves a new host, and nothing half done.
        let begun = self.on_disk({
            let folder = folder.clone();
            move || deprovision::begin(&folder)
        });
        begun.await.map_err(|error| Failure {
            kind: ErrorKind::Refused,
            code: None,
            message: format!("Nothing is given up: cannot write to {}: {error}", folder.display()),
        })?;
        self.overtake();
        self.apply(Event::Reset).await;
        if self.state.unbind {
            self.tell_of_reset().await;
        }
        let mut warnings: Vec<String> =
            self.state.unbind.then(|| self.to_be_dropped(number.as_deref())).into_iter().collect();
        self.is_deprovisioned = true;
        let finished = self.on_disk({
            let folder = folder.clone();
            move || deprovision::finish(&folder).map(drop)
        });
        if let Err(error) = finished.await {
            warnings.push(format!(
                "Not everything could be removed from {}: {error}. The next start goes on with it; before an image \
                 is made, remove the folder.",
                folder.display()
            ));
        }
        for warning in &warnings {
            warn!("{warning}");
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

    fn to_be_dropped(&self, number: Option<&str>) -> String {
        let host = self.host_key.id();
        let of_number = number.map_or_else(String::new, |number| format!(" of the number {number}"));
        format!(
            "The license server was not told, and still counts the seats of this host. Drop the host {host}{of_number} in \
             the cabinet, or: license-server admin binding drop --number NUMBER --host {host}"
        )
    }

    async fn on_disk(
        &self,
        work: impl FnOnce() -> std::io::Result<()> + Send + 'static,
    ) -> std::io::Result<()> {
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}
