//! What everybody else sees of the state: the snapshot, the log, and systemd.

use std::sync::Arc;

use jiff::tz::TimeZone;
use license_core::{state::Phase, time::Now};
use tracing::{info, warn};

use super::Keeper;
use crate::{snapshot::Snapshot, status, summary::summary, transport::Exchange};

impl<E: Exchange> Keeper<E> {
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    pub(super) fn publish(&self) {
        let view = Arc::new(self.snapshot().view.next(&self.state, self.clock.now()));
        self.snapshots.send_replace(Arc::new(Snapshot {
            store_fault: self.store_fault.clone(),
            note: self.note_of_first(),
            server_time: self.server_time,
            ..Snapshot::new(self.state.clone(), &self.settings, view)
        }));
    }

    /// Publishes what turned by time alone, for those who wait for changes.
    pub(super) fn turn(&self) {
        let now = self.clock.now().age;
        if self.snapshot().view.turns_at.is_some_and(|at| at <= now) {
            self.publish();
        }
    }

    /// Logs the state when it has changed, and tells systemd.
    pub(super) fn announce(&mut self) {
        let now = self.clock.now();
        self.announce_skew(now);
        self.show(now);
        let snapshot = self.snapshot();
        let warning = self.state.lease_warning(now);
        let percent = warning.map(|warning| warning.percent);
        if percent > self.warned
            && let Some(warning) = warning
        {
            warn!("{}", status::runs_out(warning));
        }
        self.warned = percent;
        let (phase, code) = (self.state.phase(now), status::code(&self.state, now));
        if self.shown == Some((phase, code)) {
            return;
        }
        self.shown = Some((phase, code));
        let message = status::line(&snapshot, now);
        let license_code = code.map(|code| code.0);
        match phase {
            Phase::Fresh | Phase::Registering | Phase::Draining => info!(license_code, "{message}"),
            Phase::Unregistered
            | Phase::Offline
            | Phase::HostChanged
            | Phase::Lapsed
            | Phase::Refused
            | Phase::Pending
            | Phase::Recovering => {
                warn!(license_code, "{message}");
            }
        }
    }

    /// Tells the service manager when there is something else to show.
    fn show(&mut self, now: Now) {
        let summary = summary(&self.state, now, &TimeZone::system());
        if self.summary != summary {
            service_manager::status(&summary);
            self.summary = summary;
        }
    }
}
