//! What the running server counts, for Prometheus. Labels hold paths and names of ours alone: no number, no
//! key, and nothing that a request brought.

use std::{fmt, time::Duration};

use license_types::Code;
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

/// A request, as it is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPath {
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limited {
    limit: &'static str,
}

/// The counts. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    seconds: Family<OfPath, Histogram, fn() -> Histogram>,
    refusals: Family<Refused, Counter>,
    statements: Counter,
    limited: Family<Limited, Counter>,
    connections: Gauge,
    waiting: Gauge,
}

/// A histogram of durations, 1 ms to 16 s: a check-in takes one, and a request is cut at 10 s.
pub(crate) fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 15))
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            refusals: Family::default(),
            statements: Counter::default(),
            limited: Family::default(),
            connections: Gauge::default(),
            waiting: Gauge::default(),
        }
    }
}

impl Metrics {
    /// A request was answered. `path` is one that the server has; all others are `other`.
    pub fn answered(&self, path: &str, status: u16, took: Duration) {
        let path = path.to_owned();
        self.seconds.get_or_create(&OfPath { path: path.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Request { path, status }).inc();
    }

    /// A call was refused with a licensing code.
    pub fn refused(&self, code: Code) {
        self.refusals.get_or_create(&Refused { code: code.0 }).inc();
    }

    /// A statement was signed.
    pub fn signed(&self) {
        self.statements.inc();
    }

    /// A request came too soon for that limit.
    pub fn rate_limited(&self, limit: &'static str) {
        self.limited.get_or_create(&Limited { limit }).inc();
    }

    /// Open connections.
    #[must_use]
    pub fn connections(&self) -> &Gauge {
        &self.connections
    }

    /// Hosts that wait for news.
    #[must_use]
    pub fn waiting(&self) -> &Gauge {
        &self.waiting
    }

    /// All counts, in the OpenMetrics text format; `mails` is the length of the outbox, `transactions` how
    /// long those of the database took.
    pub fn text(&self, mails: u64, transactions: &Histogram) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("license_server");
        registry.register("requests", "Answered requests by path and status", self.requests.clone());
        let seconds = self.seconds.clone();
        registry.register_with_unit("request_duration", "Time to answer", Unit::Seconds, seconds);
        registry.register("refusals", "Refused calls by licensing code", self.refusals.clone());
        registry.register("statements", "Signed statements", self.statements.clone());
        registry.register("rate_limited", "Requests that came too soon, by limit", self.limited.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("long_polls", "Hosts that wait for news", self.waiting.clone());
        let transactions = transactions.clone();
        let help = "Time from asking for the database to the end of the transaction";
        registry.register_with_unit("transaction_duration", help, Unit::Seconds, transactions);
        let outbox = Gauge::<i64>::default();
        outbox.set(i64::try_from(mails).unwrap_or(i64::MAX));
        registry.register("outbox_mails", "Mails that wait to be sent", outbox);
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_out_as_text() {
        let metrics = Metrics::default();
        metrics.answered("/v1/check-in", 200, Duration::from_millis(3));
        metrics.refused(Code::NO_LICENSE);
        metrics.rate_limited("host");
        metrics.connections().inc();
        metrics.signed();
        let transactions = seconds();
        transactions.observe(0.003);
        let text = metrics.text(7, &transactions).unwrap();
        for line in [
            "license_server_requests_total{path=\"/v1/check-in\",status=\"200\"} 1\n",
            "license_server_refusals_total{code=\"2008\"} 1\n",
            "license_server_rate_limited_total{limit=\"host\"} 1\n",
            "license_server_connections 1\n",
            "license_server_outbox_mails 7\n",
            "license_server_statements_total 1\n",
            "license_server_transaction_duration_seconds_bucket{le=\"0.002\"} 0\n",
            "license_server_transaction_duration_seconds_bucket{le=\"0.004\"} 1\n",
            "license_server_request_duration_seconds_count{path=\"/v1/check-in\"} 1\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
