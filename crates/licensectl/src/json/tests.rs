use license_client::{
    ClientError,
    ipc::{Done, ErrorKind, FeaturePage, LicenseInfo, NoAnswer, PingFailure, Stage},
    types::{Customer, FactKind, ProductFeature},
};

use license_texts::text;

use super::*;
use crate::machine::Services;

fn machine() -> Machine {
    Machine { services: Services::Other, user: "anna".to_owned(), socket_group: None }
}

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

fn status() -> Status {
    Status {
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
    }
}

#[test]
fn a_status_tells_all_there_is() {
    let status = status();
    is_printed_as(
        &Answer::Status(Box::new(status)),
        r#"{"version":"0.1.0","state":"offline","number":"MIKO-*****-*****-*****-MN4OP","company":"ООО «Ромашка»","server":"https://license.example","code":1012,"message":"Away.","serial":7,"last_answer":10,"last_failure":{"code":1012,"message":"Refused.","at":15},"next_check":20,"honoured_until":30,"warnings":["The disk is full."],"protocol":1,"statement_schema":"1.0","bound_since":null,"number_changes":0,"last_refusal":null}"#,
    );
}

fn product() -> LicensedProduct {
    LicensedProduct {
        product: ProductId(81),
        name: "amoCRM".to_owned(),
        trial: true,
        expires_at: None,
        features: vec![ProductFeature {
            feature: FeatureId(45),
            name: "amoCRM module".to_owned(),
            seats: Seats { total: 3, captured: 1 },
        }],
    }
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
        products: vec![product()],
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
    assert_eq!(fault(&Fault::Client(ClientError::Failed(failure)), &machine()).unwrap(), expected);

    let pattern = "^MIKO(-[A-Z0-9]{5}){4}$";
    let malformed = Fault::Malformed(text!("tool-no-number", pattern = pattern));
    assert_eq!(
        fault(&malformed, &machine()).unwrap(),
        r#"{"error":{"code":null,"kind":"malformed","message":"this is no registration number: it must match ^MIKO(-[A-Z0-9]{5}){4}$"}}"#
    );
}

#[test]
fn an_overview_is_the_status_with_products_features_and_the_version_of_its_form() {
    let status = status();
    let alone = answer(&Answer::Status(Box::new(status.clone()))).unwrap();
    let alone = alone.trim_matches(['{', '}']);
    let overview = |products, features| {
        let it = Overview { status: status.clone(), products, features };
        told(&Told::Overview(Box::new(it))).unwrap()
    };
    assert_eq!(
        overview(None, None),
        format!(r#"{{"schema":"1.0",{alone},"products":null,"features":null}}"#)
    );
    let granted = entitlement(Verdict::Granted { until: UnixTime(30), basis: Basis::Fresh });
    let feature = NamedFeature { name: "amoCRM".to_owned(), entitlement: granted };
    let features = answer(&Answer::Features(FeaturePage { features: vec![feature.clone()], next: None }));
    let whole = overview(Some(vec![product()]), Some(vec![feature]));
    let products = serde_json::to_string(&[product()]).unwrap();
    assert!(
        whole.ends_with(&format!(r#""products":{products},"features":{}}}"#, features.unwrap())),
        "{whole}"
    );
}

#[test]
fn a_module_is_a_check_with_its_name_or_says_why_not() {
    let denied = Verdict::Denied { code: Code::NO_LICENSE, reason: "No.".to_owned() };
    let checked = answer(&Answer::Entitlement(entitlement(denied.clone()))).unwrap();
    let checked = checked.trim_start_matches('{');
    let modules = vec![
        Module::Checked {
            name: "ModuleAmoCrm".to_owned(),
            path: "a/module.json".into(),
            entitlement: Box::new(entitlement(denied)),
        },
        Module::Free { name: "ModulePhoneBook".to_owned(), path: "b/module.json".into(), product: None },
        Module::Unreadable { path: "c/module.json".into(), why: text!("tool-module-no-object") },
    ];
    assert_eq!(
        told(&Told::Modules(modules)).unwrap(),
        format!(
            r#"[{{"module":"ModuleAmoCrm","path":"a/module.json","free":false,{checked},{},{}]"#,
            r#"{"module":"ModulePhoneBook","path":"b/module.json","free":true,"feature":null,"product":null,"verdict":"granted","may_run":true}"#,
            r#"{"module":null,"path":"c/module.json","free":false,"error":{"code":null,"kind":"not_a_module","message":"no JSON object"}}"#
        )
    );
}
