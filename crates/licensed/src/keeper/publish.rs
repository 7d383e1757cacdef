//! What everybody else sees of the state: the snapshot, the log, and systemd.

use std::sync::Arc;

use jiff::tz::TimeZone;
use license_core::{
    api::{Call, Problem},
    outcome::Outcome,
    state::Phase,
    time::Now,
};
use license_texts::{Language, Text};
use license_types::{Code, Entitlement, Verdict};
use tracing::{info, warn};

use super::Keeper;
use crate::{event, snapshot::Snapshot, status, summary::summary, transport::Exchange, view::View};

/// What was said last, so that it is said again only when it is something else.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Of the state, in the log.
    shown: Option<(Phase, Option<Code>)>,
    /// Of the features, in the log.
    logged: Option<Arc<View>>,
    /// Of all of it, to the service manager.
    summary: String,
    /// Of a lease that runs out, in percent.
    warned: Option<u8>,
}

impl<E: Exchange> Keeper<E> {
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    pub(super) fn publish(&self) {
        let view = Arc::new(self.snapshot().view.next(&self.state, self.clock.now()));
        self.snapshots.send_replace(Arc::new(Snapshot {
            store_fault: self.store_fault.clone(),
            note: self.note_of_first(),
            last_refusal: self.last_refusal,
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
        self.announce_features(now);
        let snapshot = self.snapshot();
        let warning = self.state.lease_warning(now);
        let percent = warning.map(|warning| warning.percent);
        if percent > self.said.warned
            && let Some(warning) = warning
        {
            warn!(message_id = event::LEASE_RUNS_OUT, "{}", status::runs_out(warning).to(Language::English));
        }
        self.said.warned = percent;
        let (phase, code) = (self.state.phase(now), status::code(&self.state, now));
        if self.said.shown == Some((phase, code)) {
            return;
        }
        self.said.shown = Some((phase, code));
        let message = status::line(&snapshot, now).to(Language::English);
        let license_code = code.map(|code| code.0);
        let (message_id, state) = event::of_state(phase, code);
        match phase {
            Phase::Fresh | Phase::Registering | Phase::Draining => {
                info!(message_id, state, license_code, "{message}");
            }
            Phase::Unregistered
            | Phase::Offline
            | Phase::HostChanged
            | Phase::Lapsed
            | Phase::Refused
            | Phase::Pending
            | Phase::Recovering => {
                warn!(message_id, state, license_code, "{message}");
            }
        }
    }

    /// Logs what a feature comes to when it is another verdict than before, or another code.
    fn announce_features(&mut self, now: Now) {
        let view = self.snapshot().view.clone();
        let Some(before) = self.said.logged.replace(view.clone()) else { return };
        if before.revision == view.revision {
            return;
        }
        let gone = view.gone_since(&before).into_iter();
        let gone = gone.map(|feature| self.state.entitlement(feature, None, Language::English, now));
        for entitlement in view.changed_since(&before).into_iter().chain(gone) {
            let Entitlement { feature, product, verdict, message, .. } = entitlement;
            // What is not listed is no license.
            let (earlier, code) = before.verdict(feature).map_or(("denied", Some(Code::NO_LICENSE)), word);
            if (earlier, code) == word(&verdict) {
                continue;
            }
            let ((message_id, verdict), (_, code)) = (event::of_verdict(&verdict), word(&verdict));
            let (feature_id, product_id) = (feature.0, product.map(|product| product.0));
            let license_code = code.map(|code| code.0);
            info!(message_id, feature_id, product_id, verdict, license_code, "{message}");
        }
    }

    /// Logs what the license server refused to somebody. Its own words may hold what is nobody else's.
    pub(super) fn announce_refusal(call: &Call, outcome: &Outcome) {
        let Outcome::Refused(Problem { code: Some(code), .. }) = outcome else { return };
        if let Call::WouldCapture { .. } = call {
            // It was only asked about, and nobody went without.
            return;
        }
        let feature_id = if let Call::Capture { feature, .. } = call { Some(feature.0) } else { None };
        warn!(
            message_id = event::of_code(*code),
            license_code = code.0,
            feature_id,
            request = call.path(),
            "the license server refused: ({code}) {}",
            Text::meaning(*code).to(Language::English)
        );
    }

    /// Tells the service manager when there is something else to show.
    fn show(&mut self, now: Now) {
        let summary = summary(&self.state, now, &TimeZone::system());
        if self.said.summary != summary {
            service_manager::status(&summary);
            self.said.summary = summary;
        }
    }
}

/// A verdict as far as it is logged: its name, and its code.
const fn word(verdict: &Verdict) -> (&'static str, Option<Code>) {
    let code = match verdict {
        Verdict::Granted { .. } => None,
        Verdict::Denied { code, .. } | Verdict::Indeterminate { code, .. } => Some(*code),
    };
    (event::of_verdict(verdict).1, code)
}
