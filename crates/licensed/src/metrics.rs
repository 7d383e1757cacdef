//! What the running daemon counts, for Prometheus. Labels hold names and codes of ours alone: no number, no
//! session, no address.

use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use license_core::{outcome::Outcome, schema::SCHEMA, time::Now};
use license_ipc::{State, frame};
use license_texts::Language;
use license_types::{Basis, UnixTime, Verdict};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use crate::{snapshot::Snapshot, status};

const DAY: f64 = 24.0 * 3600.0;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRequest {
    request: &'static str,
}

/// What a call to the license server came to. A code that somebody on the way made up is no label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    outcome: &'static str,
    code: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVerdict {
    verdict: &'static str,
    basis: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPhase {
    phase: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
    protocol: u8,
    statement_schema: &'static str,
}

const BUILD: Build =
    Build { version: env!("CARGO_PKG_VERSION"), protocol: frame::VERSION, statement_schema: SCHEMA };

/// Each way in which a feature of a license can stand.
const VERDICTS: [OfVerdict; 4] = [
    OfVerdict { verdict: "granted", basis: Some("fresh") },
    OfVerdict { verdict: "granted", basis: Some("offline") },
    OfVerdict { verdict: "denied", basis: None },
    OfVerdict { verdict: "indeterminate", basis: None },
];

const fn way(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Granted { basis: Basis::Fresh, .. } => 0,
        Verdict::Granted { basis: Basis::Offline { .. }, .. } => 1,
        Verdict::Denied { .. } => 2,
        Verdict::Indeterminate { .. } => 3,
    }
}

/// The counts. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    requests: Family<OfRequest, Histogram, fn() -> Histogram>,
    calls: Family<OfOutcome, Counter>,
    connections: Gauge,
    turned_away: Counter,
    store_errors: Counter,
}

/// 10 µs to 20 s: an answer from memory takes tens of microseconds, and the longest waiting caller gives up then.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(1e-5, 5.0, 10))
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::new_with_constructor(seconds),
            calls: Family::default(),
            connections: Gauge::default(),
            turned_away: Counter::default(),
            store_errors: Counter::default(),
        }
    }
}

/// A connection that is counted as long as this lives.
#[derive(Debug)]
pub struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// A request was answered.
    pub fn answered(&self, request: &'static str, took: Duration) {
        self.requests.get_or_create(&OfRequest { request }).observe(took.as_secs_f64());
    }

    /// A call to the license server came to an end.
    pub fn called(&self, outcome: &Outcome) {
        let (outcome, code) = match outcome {
            Outcome::Statement(_) => ("statement", None),
            Outcome::Done(_) => ("done", None),
            Outcome::Refused(_) => ("refused", None),
            Outcome::NoAnswer(why) => ("no_answer", Some(why.code.0)),
        };
        self.calls.get_or_create(&OfOutcome { outcome, code }).inc();
    }

    /// A connection is served.
    #[must_use]
    pub fn connected(&self) -> Connected {
        self.connections.inc();
        Connected(self.connections.clone())
    }

    /// There was no place for a connection.
    pub fn turned_away(&self) {
        self.turned_away.inc();
    }

    /// Something could not be written to the state folder.
    pub fn not_stored(&self) {
        self.store_errors.inc();
    }

    /// All of it, and what the daemon knows at this moment, in the OpenMetrics text format.
    pub fn text(&self, snapshot: &Snapshot, now: Now) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("licensed");
        let help = "Time from a request to its answer";
        registry.register_with_unit("request_duration", help, Unit::Seconds, self.requests.clone());
        registry.register("calls", "Calls to the license server by outcome", self.calls.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        let help = "Connections for which there was no place";
        registry.register("connections_turned_away", help, self.turned_away.clone());
        let help = "Failures to write to the state folder";
        registry.register("store_errors", help, self.store_errors.clone());
        let build = Family::<Build, Gauge>::default();
        build.get_or_create(&BUILD).set(1);
        registry.register("build_info", "Versions; always 1", build);
        known(&mut registry, snapshot, now);
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// What the daemon knows at this moment.
fn known(registry: &mut Registry, snapshot: &Snapshot, now: Now) {
    let state = &snapshot.state;
    let report = status::report(snapshot, Language::English, now);

    let phase = Family::<OfPhase, Gauge>::default();
    phase.get_or_create(&OfPhase { phase: report.state.to_string() }).set(1);
    registry.register("phase", "What the daemon is in; always 1", phase);

    let mut counts = [0_i64; VERDICTS.len()];
    for feature in state.lease().into_iter().flat_map(|(_, lease)| &lease.features) {
        counts[way(&state.entitlement(feature.feature, None, Language::English, now).verdict)] += 1;
    }
    let features = Family::<OfVerdict, Gauge>::default();
    for (verdict, count) in VERDICTS.iter().zip(counts) {
        features.get_or_create(verdict).set(count);
    }
    registry.register("features", "Features of the license by verdict", features);

    let mut time = |name, help, time: Option<UnixTime>| {
        if let Some(UnixTime(seconds)) = time {
            let gauge = Gauge::<i64>::default();
            gauge.set(seconds);
            registry.register_with_unit(name, help, Unit::Seconds, gauge);
        }
    };
    time(
        "last_answer_timestamp",
        "When the license server last answered with a statement",
        report.last_answer,
    );
    time("next_check_timestamp", "When the license server is asked again", report.next_check);
    time("lease_end_timestamp", "To when the lease is honoured", report.honoured_until);

    let granted = counts[0] + counts[1];
    let is_valid = matches!(report.state, State::Fresh | State::Offline) && granted > 0;
    let left = report.honoured_until.map(|UnixTime(end)| end.saturating_sub(state.unix_at(now.age, now).0));
    #[expect(clippy::cast_precision_loss, reason = "seconds of some years")]
    let left = left.unwrap_or_default() as f64 / DAY;
    let days = Gauge::<f64, AtomicU64>::default();
    days.set(if is_valid { left } else { left.min(0.0) });
    let help = "Days until the lease ends; never positive where nothing is granted";
    registry.register("days_left", help, days);
}

#[cfg(test)]
mod tests;
