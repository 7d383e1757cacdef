//! Answers and faults for scripts.
//!
//! These forms are the tool's own. Where they look like those of the socket its types are used as they
//! are; the tests hold each form, so that a change of the protocol cannot change it unnoticed. Fields
//! may be added. Times are unix seconds.

use license_client::{
    ClientError,
    ipc::{Answer, Captured, Change, Explanation, Failure, NamedFeature, Ping, State},
    types::{Basis, Code, Entitlement, Fact, FeatureId, ProductId, Seats, SessionId, UnixTime, Verdict},
};
use serde::Serialize;
use serde_json::Result;

use crate::fault::Fault;

/// An answer as one line of JSON.
pub(crate) fn answer(answer: &Answer) -> Result<String> {
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

/// A fault as one line of JSON.
pub(crate) fn fault(fault: &Fault) -> Result<String> {
    if let Fault::Client(ClientError::Failed(failure)) = fault {
        return serde_json::to_string(&Error::of_failure(failure));
    }
    let message = fault.to_string();
    serde_json::to_string(&Error { error: Reason { code: None, kind: fault.kind(), message: &message } })
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
mod tests {
    use license_client::{
        ipc::{Done, ErrorKind, FeaturePage, LicenseInfo, NoAnswer, PingFailure, Stage, State, Status},
        types::{Customer, FactKind, LicensedProduct, ProductFeature, RegistrationNumber},
    };

    use super::*;

    fn entitlement(verdict: Verdict) -> Entitlement {
        Entitlement {
            feature: FeatureId(45),
            product: Some(ProductId(81)),
            verdict,
            message: "A sentence.".to_owned(),
            session: Some(SessionId("s-1".to_owned())),
            seats: Some(Seats { total: 3, captured: 1 }),
            last_answer: Some(UnixTime(10)),
            next_check: Some(UnixTime(20)),
        }
    }

    fn is_printed_as(it: &Answer, expected: &str) {
        assert_eq!(answer(it).unwrap(), expected);
    }

    #[test]
    fn a_ping_says_at_which_stage_it_failed() {
        let failure = PingFailure {
            stage: Stage::Tls,
            code: Code::TLS_FAILED,
            message: "No trusted TLS session.".to_owned(),
        };
        let mut ping = Ping { server: "https://a".to_owned(), took_ms: 42, age: 3, failure: None };
        is_printed_as(
            &Answer::Ping(ping.clone()),
            r#"{"answers":true,"server":"https://a","took_ms":42,"age":3,"stage":null,"code":null,"message":null}"#,
        );
        ping.failure = Some(failure);
        is_printed_as(
            &Answer::Ping(ping),
            r#"{"answers":false,"server":"https://a","took_ms":42,"age":3,"stage":"tls","code":1013,"message":"No trusted TLS session."}"#,
        );
    }

    #[test]
    fn a_check_has_one_flat_form_for_every_verdict() {
        let rest = r#""message":"A sentence.","session":"s-1","seats":{"total":3,"captured":1},"last_answer":10,"next_check":20}"#;
        let (until, since, code) = (UnixTime(30), UnixTime(15), Code::NO_ANSWER);
        let cases = [
            (
                Verdict::Granted { until, basis: Basis::Fresh },
                r#"{"feature":45,"product":81,"verdict":"granted","basis":"fresh","code":null,"may_run":true,"until":30,"since":null,"#,
            ),
            (
                Verdict::Granted { until, basis: Basis::Offline { since } },
                r#"{"feature":45,"product":81,"verdict":"granted","basis":"offline","code":null,"may_run":true,"until":30,"since":15,"#,
            ),
            (
                Verdict::Denied { code: Code::NO_LICENSE, reason: "No.".to_owned() },
                r#"{"feature":45,"product":81,"verdict":"denied","basis":null,"code":2008,"may_run":false,"until":null,"since":null,"#,
            ),
            (
                Verdict::Indeterminate { code, since, may_run: true },
                r#"{"feature":45,"product":81,"verdict":"indeterminate","basis":null,"code":1014,"may_run":true,"until":null,"since":15,"#,
            ),
            (
                Verdict::Indeterminate { code, since, may_run: false },
                r#"{"feature":45,"product":81,"verdict":"indeterminate","basis":null,"code":1014,"may_run":false,"until":null,"since":15,"#,
            ),
        ];
        for (verdict, start) in cases {
            let entitlement = entitlement(verdict);
            let expected = format!("{start}{rest}");
            is_printed_as(&Answer::Entitlement(entitlement.clone()), &expected);
            is_printed_as(
                &Answer::Entitlements(vec![entitlement.clone(), entitlement]),
                &format!("[{expected},{expected}]"),
            );
        }
    }

    #[test]
    fn what_is_not_known_is_null() {
        let bare = Entitlement {
            product: None,
            session: None,
            seats: None,
            last_answer: None,
            next_check: None,
            ..entitlement(Verdict::Denied { code: Code::NO_LICENSE, reason: String::new() })
        };
        is_printed_as(
            &Answer::Entitlement(bare),
            r#"{"feature":45,"product":null,"verdict":"denied","basis":null,"code":2008,"may_run":false,"until":null,"since":null,"message":"A sentence.","session":null,"seats":null,"last_answer":null,"next_check":null}"#,
        );
    }

    #[test]
    fn a_captured_seat_has_the_form_of_a_check_with_its_session() {
        let granted = entitlement(Verdict::Granted { until: UnixTime(30), basis: Basis::Fresh });
        let captured = Captured { session: SessionId("s-2".to_owned()), entitlement: granted };
        is_printed_as(
            &Answer::Captured(captured),
            r#"{"feature":45,"product":81,"verdict":"granted","basis":"fresh","code":null,"may_run":true,"until":30,"since":null,"message":"A sentence.","session":"s-2","seats":{"total":3,"captured":1},"last_answer":10,"next_check":20}"#,
        );
    }

    #[test]
    fn a_change_has_its_features_in_the_form_of_a_check() {
        let granted = entitlement(Verdict::Granted { until: UnixTime(30), basis: Basis::Fresh });
        let feature = answer(&Answer::Entitlement(granted.clone())).unwrap();
        let change = Change {
            whole: true,
            missed: false,
            more: false,
            state: State::Fresh,
            code: None,
            message: "Bound.".to_owned(),
            entitlements: vec![granted],
        };
        is_printed_as(
            &Answer::Change(Box::new(change)),
            &format!(
                r#"{{"whole":true,"missed":false,"more":false,"state":"fresh","code":null,"message":"Bound.","entitlements":[{feature}]}}"#
            ),
        );
    }

    #[test]
    fn a_feature_and_an_explanation_have_the_form_of_a_check_and_more() {
        let granted = entitlement(Verdict::Granted { until: UnixTime(30), basis: Basis::Fresh });
        let checked = answer(&Answer::Entitlement(granted.clone())).unwrap();
        let checked = checked.trim_matches(['{', '}']);
        let feature = NamedFeature { name: "amoCRM".to_owned(), entitlement: granted.clone() };
        is_printed_as(
            &Answer::Features(FeaturePage { features: vec![feature], next: None }),
            &format!(r#"[{{"name":"amoCRM",{checked}}}]"#),
        );
        let fact = Fact {
            kind: FactKind::Lease,
            at: Some(UnixTime(30)),
            code: None,
            message: "To this time.".to_owned(),
        };
        is_printed_as(
            &Answer::Explanation(Box::new(Explanation { entitlement: granted, facts: vec![fact] })),
            &format!(
                r#"{{{checked},"facts":[{{"kind":"lease","at":30,"code":null,"message":"To this time."}}]}}"#
            ),
        );
    }

    #[test]
    fn a_status_tells_all_there_is() {
        let status = Status {
            version: "0.1.0".to_owned(),
            state: State::Offline,
            number: Some("MIKO-*****-*****-*****-MN4OP".to_owned()),
            company: Some("ООО «Ромашка»".to_owned()),
            server: Some("https://license.example".to_owned()),
            code: Some(Code::CONNECTION_FAILED),
            message: "Away.".to_owned(),
            serial: Some(7),
            last_answer: Some(UnixTime(10)),
            last_failure: Some(NoAnswer {
                code: Code::CONNECTION_FAILED,
                message: "Refused.".to_owned(),
                at: UnixTime(15),
            }),
            next_check: Some(UnixTime(20)),
            honoured_until: Some(UnixTime(30)),
            warnings: vec!["The disk is full.".to_owned()],
            protocol: 1,
            statement_schema: "1.0".to_owned(),
            bound_since: None,
            number_changes: 0,
            last_refusal: None,
        };
        is_printed_as(
            &Answer::Status(Box::new(status)),
            r#"{"version":"0.1.0","state":"offline","number":"MIKO-*****-*****-*****-MN4OP","company":"ООО «Ромашка»","server":"https://license.example","code":1012,"message":"Away.","serial":7,"last_answer":10,"last_failure":{"code":1012,"message":"Refused.","at":15},"next_check":20,"honoured_until":30,"warnings":["The disk is full."],"protocol":1,"statement_schema":"1.0","bound_since":null,"number_changes":0,"last_refusal":null}"#,
        );
    }

    #[test]
    fn the_license_is_listed_by_product_and_feature() {
        let info = LicenseInfo {
            number: "MIKO-*****-*****-*****-MN4OP".to_owned(),
            customer: Customer {
                company: "C".to_owned(),
                contact: "N".to_owned(),
                email: "E".to_owned(),
                phone: String::new(),
            },
            products: vec![LicensedProduct {
                product: ProductId(81),
                name: "amoCRM".to_owned(),
                trial: true,
                expires_at: None,
                features: vec![ProductFeature {
                    feature: FeatureId(45),
                    name: "amoCRM module".to_owned(),
                    seats: Seats { total: 3, captured: 1 },
                }],
            }],
            as_of: UnixTime(10),
        };
        is_printed_as(
            &Answer::LicenseInfo(info),
            r#"{"number":"MIKO-*****-*****-*****-MN4OP","customer":{"company":"C","contact":"N","email":"E","phone":""},"products":[{"product":81,"name":"amoCRM","trial":true,"expires_at":null,"features":[{"feature":45,"name":"amoCRM module","seats":{"total":3,"captured":1}}]}],"as_of":10}"#,
        );
    }

    #[test]
    fn a_registration_gives_the_number_and_nothing_else() {
        let number = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP".parse().unwrap();
        is_printed_as(&Answer::Registered { number }, r#"{"number":"MIKO-AB1CD-EF2GH-IJ3KL-MN4OP"}"#);
    }

    #[test]
    fn what_is_done_is_told_with_its_warnings() {
        let done = Done { message: "Bound.".to_owned(), warnings: vec!["No seat.".to_owned()] };
        is_printed_as(&Answer::Done(done), r#"{"message":"Bound.","warnings":["No seat."]}"#);
    }

    #[test]
    fn a_failure_has_one_form_wherever_it_comes_from() {
        let failure =
            Failure { kind: ErrorKind::Refused, code: Some(Code::COUPON_USED), message: "Used.".to_owned() };
        let expected = r#"{"error":{"code":2041,"kind":"refused","message":"Used."}}"#;
        is_printed_as(&Answer::Error(failure.clone()), expected);
        assert_eq!(fault(&Fault::Client(ClientError::Failed(failure))).unwrap(), expected);

        let malformed = Fault::Malformed("MIKO".parse::<RegistrationNumber>().unwrap_err());
        assert_eq!(
            fault(&malformed).unwrap(),
            r#"{"error":{"code":null,"kind":"malformed","message":"this is no registration number: it must match ^MIKO(-[A-Z0-9]{5}){4}$"}}"#
        );
    }
}
