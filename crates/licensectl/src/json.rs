//! Answers and faults for scripts: `docs/licensectl-json.md`.
//!
//! These forms are the tool's own. Where they look like those of the socket its types are used as they
//! are; the tests hold each form, so that a change of the protocol cannot change it unnoticed. Fields
//! may be added. Times are unix seconds.

use std::path::Path;

use license_client::{
    ipc::{Answer, Captured, Change, Explanation, Failure, NamedFeature, Ping, State, Status},
    types::{
        Basis, Code, Entitlement, Fact, FeatureId, LicensedProduct, ProductId, Seats, SessionId, UnixTime,
        Verdict,
    },
};
use license_texts::Language;
use serde::Serialize;
use serde_json::Result;

use crate::{
    fault::Fault,
    machine::Machine,
    modules::Module,
    told::{Overview, Told},
};

/// The version of these forms, `major.minor`: a new field raises the second number, another meaning of an old one
/// the first.
const SCHEMA: &str = "1.0";

/// What there is to tell, as one line of JSON.
pub(crate) fn told(told: &Told) -> Result<String> {
    match told {
        Told::Answer(it) => answer(it),
        Told::Bundle(it) => serde_json::to_string(it),
        Told::Doctor(it) => serde_json::to_string(&it.to_json()),
        Told::Overview(it) => serde_json::to_string(&Overseen::of(it)),
        Told::Modules(modules) => serde_json::to_string(&modules.iter().map(Moduled::of).collect::<Vec<_>>()),
    }
}

/// An answer as one line of JSON.
fn answer(answer: &Answer) -> Result<String> {
    match answer {
        Answer::Entitlement(entitlement) => serde_json::to_string(&Checked::of(entitlement)),
        Answer::Entitlements(entitlements) => {
            serde_json::to_string(&entitlements.iter().map(Checked::of).collect::<Vec<_>>())
        }
        Answer::Captured(Captured { session, entitlement }) => {
            serde_json::to_string(&Checked { session: Some(session), ..Checked::of(entitlement) })
        }
        Answer::Status(status) => serde_json::to_string(status),
        Answer::LicenseInfo(info) => serde_json::to_string(info),
        Answer::Registered { number } => serde_json::to_string(&Registered { number: number.as_str() }),
        Answer::Done(done) => serde_json::to_string(done),
        Answer::Change(change) => serde_json::to_string(&Changed::of(change)),
        Answer::Metrics { text } => serde_json::to_string(&Counted { metrics: text }),
        Answer::Features(page) => {
            serde_json::to_string(&page.features.iter().map(Named::of).collect::<Vec<_>>())
        }
        Answer::Explanation(explanation) => serde_json::to_string(&Explained::of(explanation)),
        Answer::Host(report) => serde_json::to_string(report),
        Answer::Configuration(configuration) => serde_json::to_string(configuration),
        Answer::Ping(ping) => serde_json::to_string(&Pinged::of(ping)),
        Answer::Error(failure) => serde_json::to_string(&Error::of_failure(failure)),
    }
}

/// A fault as one line of JSON. It is told in English, as everything for scripts.
pub(crate) fn fault(fault: &Fault, machine: &Machine) -> Result<String> {
    if let Some(failure) = fault.failure() {
        return serde_json::to_string(&Error::of_failure(failure));
    }
    let message = fault.text(machine).to(Language::English);
    serde_json::to_string(&Error { error: Reason { code: None, kind: fault.kind(), message: &message } })
}

/// How the daemon is, as it says itself, and what it holds.
#[derive(Serialize)]
struct Overseen<'a> {
    schema: &'static str,
    #[serde(flatten)]
    status: &'a Status,
    products: Option<&'a [LicensedProduct]>,
    features: Option<Vec<Named<'a>>>,
}

impl<'a> Overseen<'a> {
    fn of(Overview { status, products, features }: &'a Overview) -> Self {
        let features = features.as_ref().map(|features| features.iter().map(Named::of).collect());
        Self { schema: SCHEMA, status, products: products.as_deref(), features }
    }
}

/// What a module comes to: a check with its module, or why there is none.
#[derive(Serialize)]
struct Moduled<'a> {
    module: Option<&'a str>,
    path: &'a Path,
    free: bool,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Checked(Checked<'a>),
    Free { feature: Option<FeatureId>, product: Option<ProductId>, verdict: &'static str, may_run: bool },
    Unreadable(Unreadable),
}

#[derive(Serialize)]
struct Unreadable {
    error: NoModule,
}

#[derive(Serialize)]
struct NoModule {
    code: Option<Code>,
    kind: &'static str,
    message: String,
}

impl<'a> Moduled<'a> {
    fn of(module: &'a Module) -> Self {
        match module {
            Module::Checked { name, path, entitlement } => {
                let outcome = Outcome::Checked(Checked::of(entitlement));
                Self { module: Some(name), path, free: false, outcome }
            }
            Module::Free { name, path, product } => {
                let outcome =
                    Outcome::Free { feature: None, product: *product, verdict: "granted", may_run: true };
                Self { module: Some(name), path, free: true, outcome }
            }
            Module::Unreadable { path, why } => {
                let message = why.to(Language::English);
                let error = NoModule { code: None, kind: "not_a_module", message };
                Self { module: None, path, free: false, outcome: Outcome::Unreadable(Unreadable { error }) }
            }
        }
    }
}

/// What a feature comes to. Flat, so that a script needs one lookup for each question.
#[derive(Serialize)]
struct Checked<'a> {
    feature: FeatureId,
    product: Option<ProductId>,
    verdict: &'static str,
    basis: Option<&'static str>,
    code: Option<Code>,
    may_run: bool,
    until: Option<UnixTime>,
    since: Option<UnixTime>,
    message: &'a str,
    session: Option<&'a SessionId>,
    seats: Option<Seats>,
    last_answer: Option<UnixTime>,
    next_check: Option<UnixTime>,
}

impl<'a> Checked<'a> {
    fn of(entitlement: &'a Entitlement) -> Self {
        let (verdict, basis, until, since) = match &entitlement.verdict {
            Verdict::Granted { until, basis: Basis::Fresh } => ("granted", Some("fresh"), Some(*until), None),
            Verdict::Granted { until, basis: Basis::Offline { since } } => {
                ("granted", Some("offline"), Some(*until), Some(*since))
            }
            Verdict::Denied { .. } => ("denied", None, None, None),
            Verdict::Indeterminate { since, .. } => ("indeterminate", None, None, Some(*since)),
        };
        Self {
            feature: entitlement.feature,
            product: entitlement.product,
            verdict,
            basis,
            code: entitlement.verdict.code(),
            may_run: entitlement.verdict.may_run(),
            until,
            since,
            message: &entitlement.message,
            session: entitlement.session.as_ref(),
            seats: entitlement.seats,
            last_answer: entitlement.last_answer,
            next_check: entitlement.next_check,
        }
    }
}

/// A change, with features in the form of a check.
#[derive(Serialize)]
struct Changed<'a> {
    whole: bool,
    missed: bool,
    more: bool,
    state: State,
    code: Option<Code>,
    message: &'a str,
    entitlements: Vec<Checked<'a>>,
}

impl<'a> Changed<'a> {
    fn of(change: &'a Change) -> Self {
        let Change { whole, missed, more, state, code, message, entitlements } = change;
        Self {
            whole: *whole,
            missed: *missed,
            more: *more,
            state: *state,
            code: *code,
            message,
            entitlements: entitlements.iter().map(Checked::of).collect(),
        }
    }
}

/// A feature of the license, in the form of a check with its name.
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    #[serde(flatten)]
    checked: Checked<'a>,
}

impl<'a> Named<'a> {
    fn of(feature: &'a NamedFeature) -> Self {
        Self { name: &feature.name, checked: Checked::of(&feature.entitlement) }
    }
}

/// A check with the facts that led to it.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    checked: Checked<'a>,
    facts: &'a [Fact],
}

impl<'a> Explained<'a> {
    fn of(explanation: &'a Explanation) -> Self {
        Self { checked: Checked::of(&explanation.entitlement), facts: &explanation.facts }
    }
}

/// A registration number, for whoever asked for it: the one place where it is printed whole.
#[derive(Serialize)]
struct Registered<'a> {
    number: &'a str,
}

/// Whether the license server answers. Flat, as [`Checked`].
#[derive(Serialize)]
struct Pinged<'a> {
    answers: bool,
    server: &'a str,
    took_ms: u64,
    age: u64,
    stage: Option<&'static str>,
    code: Option<Code>,
    message: Option<&'a str>,
}

impl<'a> Pinged<'a> {
    fn of(Ping { server, took_ms, age, failure }: &'a Ping) -> Self {
        let failure = failure.as_ref();
        Self {
            answers: failure.is_none(),
            server,
            took_ms: *took_ms,
            age: *age,
            stage: failure.map(|it| it.stage.name()),
            code: failure.map(|it| it.code),
            message: failure.map(|it| it.message.as_str()),
        }
    }
}

#[derive(Serialize)]
struct Counted<'a> {
    metrics: &'a str,
}

#[derive(Serialize)]
struct Error<'a> {
    error: Reason<'a>,
}

#[derive(Serialize)]
struct Reason<'a> {
    code: Option<Code>,
    kind: &'static str,
    message: &'a str,
}

impl<'a> Error<'a> {
    fn of_failure(Failure { kind, code, message }: &'a Failure) -> Self {
        Self { error: Reason { code: *code, kind: kind.name(), message } }
    }
}

#[cfg(test)]
mod tests;
