use std::collections::{BTreeMap, BTreeSet};

use license_core::{
    crypto::{Nonce, PublicKey, SigningKey},
    keys::KeySet,
    outcome::{Accepted, NoAnswer},
    state::{Binding, FailedAttempt, Held, State as CoreState},
    statement::{HeldSeat, Kind, Lease, LeasedFeature, Refusal, Statement},
    time::Age,
};
use license_texts::Text;
use license_types::{Code, Customer, FeatureId, ProductId, Seats, SessionId};

use super::*;

const ISSUED: UnixTime = UnixTime(1_790_000_000);
const HONOURED: i64 = 30 * 24 * 3600;
const NUMBER: &str = "MIKO-AAAAA-BBBBB-CCCCC-DDDDD";
const EMAIL: &str = "ivan@example.com";

fn feature(feature: u32, refusal: Option<Code>) -> LeasedFeature {
    LeasedFeature {
        feature: FeatureId(feature),
        name: "a feature".to_owned(),
        product: ProductId(81),
        seats: Seats { total: 2, captured: 1 },
        per_user: false,
        expires_at: None,
        held: if refusal.is_none() {
            vec![HeldSeat { session: SessionId("s-secret".to_owned()), holder: None }]
        } else {
            Vec::new()
        },
        refusal,
        honoured_until: None,
        run_on: None,
    }
}

fn lease(features: Vec<LeasedFeature>) -> Kind {
    Kind::Lease(Lease {
        honoured_until: UnixTime(ISSUED.0 + HONOURED),
        run_on: 604_800,
        customer: Customer {
            company: "c".to_owned(),
            contact: "n".to_owned(),
            email: EMAIL.to_owned(),
            phone: String::new(),
        },
        products: Vec::new(),
        features,
    })
}

/// Of 33 and 45 this host has a seat, of 41 none.
fn usual() -> Kind {
    lease(vec![feature(33, None), feature(45, None), feature(41, Some(Code::NO_LICENSE))])
}

/// What is known so many days after the license server said that.
fn holding(kind: Kind, days: u64, offline: bool) -> (Snapshot, Now) {
    let (key, host) = (SigningKey::from_bytes(&[2; 32]), SigningKey::from_bytes(&[3; 32]));
    let statement = Statement {
        schema: SCHEMA.to_owned(),
        serial: 7,
        number: NUMBER.parse().unwrap(),
        binding: "b".to_owned(),
        host_key: PublicKey::of(&host),
        nonce: Nonce([0; 32]),
        issued_at: ISSUED,
        refresh_after: 14_400,
        kind,
    };
    let keys = KeySet { schema: SCHEMA.to_owned(), version: 1, keys: Vec::new() };
    let accepted = Accepted {
        signed: statement.sign(&key).unwrap(),
        statement,
        receipt: None,
        keys: keys.sign(&key).unwrap(),
        session: None,
        warnings: Vec::new(),
    };
    let now = at(days);
    let mut state = CoreState::unregistered(at(0));
    state.binding = Binding::Held(Box::new(Held::new(accepted, at(0).age)));
    state.contact.next_check = Some(Age(now.age.0 + 60_000));
    if offline {
        let why = Text::verbatim("No connection to https://lic.example.com");
        state.contact.offline_since = Some(now.age);
        state.contact.last_failure = Some(FailedAttempt::new(Code::CONNECTION_FAILED, why, now.age));
    }
    (Snapshot::of(state, now), now)
}

/// The wall clock is far away: nothing here may go by it where a signed time is known.
fn at(days: u64) -> Now {
    Now { age: Age(days * 24 * 3_600_000), wall: UnixTime(1_000_000) }
}

fn without_lease(state: fn(Now) -> CoreState) -> (Snapshot, Now) {
    (Snapshot::of(state(at(0)), at(0)), at(0))
}

/// The samples of a text, by name and labels. What Prometheus would not take ends the test.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").unwrap();
    let (mut types, mut found) = (BTreeMap::new(), BTreeMap::new());
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let (keyword, rest) = rest.split_once(' ').unwrap();
            let (name, rest) = rest.split_once(' ').unwrap();
            assert!(name.starts_with("licensed_") && is_name(name) && !rest.is_empty(), "{line}");
            match keyword {
                "HELP" | "UNIT" => {}
                "TYPE" => assert!(types.insert(name, rest).is_none(), "twice: {line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        assert!(is_name(name), "{line}");
        let is_of_type = types.iter().any(|(family, kind)| match (name.strip_prefix(family), *kind) {
            (Some(""), "gauge") | (Some("_total"), "counter") => true,
            (Some(suffix), "histogram") => ["_bucket", "_sum", "_count"].contains(&suffix),
            (Some(_) | None, _) => false,
        });
        assert!(is_of_type, "{line}");
        if let Some(labels) = series.strip_prefix(name).and_then(|labels| labels.strip_prefix('{')) {
            for label in labels.strip_suffix('}').unwrap().split(',') {
                let (key, value) = label.split_once('=').unwrap();
                assert!(is_name(key), "{line}");
                let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap();
                assert!(!value.contains(['"', '\\']), "{line}");
            }
        }
        let value: f64 = value.parse().unwrap();
        assert!(value.is_finite(), "{line}");
        assert!(found.insert(series.to_owned(), value).is_none(), "twice: {line}");
    }
    found
}

fn said((snapshot, now): &(Snapshot, Now)) -> BTreeMap<String, f64> {
    let text = Metrics::default().text(snapshot, *now).unwrap();
    for secret in [NUMBER, EMAIL, "s-secret", "lic.example.com"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    samples(&text)
}

#[test]
fn each_phase_has_its_verdicts_and_days_that_are_left_only_where_something_is_granted() {
    let refused = || {
        Kind::Refusal(Refusal {
            code: Code::NO_LICENSE,
            reason: "dropped".to_owned(),
            reason_ru: String::new(),
            pending: false,
        })
    };
    let none = || lease(vec![feature(33, Some(Code::NO_LICENSE))]);
    // Phase, features granted fresh and offline, denied, indeterminate, days left.
    let cases = [
        ("unregistered", without_lease(CoreState::unregistered), [0, 0, 0, 0], 0.0),
        ("recovering", without_lease(CoreState::lost), [0, 0, 0, 0], 0.0),
        ("fresh", holding(usual(), 1, false), [2, 0, 1, 0], 29.0),
        ("offline", holding(usual(), 29, true), [0, 2, 1, 0], 1.0),
        ("lapsed", holding(usual(), 31, true), [0, 0, 1, 2], -1.0),
        ("refused", holding(refused(), 1, false), [0, 0, 0, 0], 0.0),
        ("fresh", holding(none(), 1, false), [0, 0, 1, 0], 0.0),
    ];
    for (phase, known, features, days) in cases {
        let samples = said(&known);
        let of = |series: &str| samples.get(series).copied();
        let counts = [
            "licensed_features{verdict=\"granted\",basis=\"fresh\"}",
            "licensed_features{verdict=\"granted\",basis=\"offline\"}",
            "licensed_features{verdict=\"denied\",basis=\"\"}",
            "licensed_features{verdict=\"indeterminate\",basis=\"\"}",
        ];
        assert_eq!(counts.map(of), features.map(|count: i32| Some(f64::from(count))), "{phase}");
        assert_eq!(of("licensed_days_left"), Some(days), "{phase}");
        let phases: BTreeSet<&str> = samples
            .keys()
            .filter_map(|series| series.strip_prefix("licensed_phase{phase=\"")?.strip_suffix("\"}"))
            .collect();
        assert_eq!(phases, BTreeSet::from([phase]));
    }
}

#[test]
fn times_are_those_that_the_license_server_signed_and_absent_where_there_are_none() {
    let times =
        ["last_answer", "next_check", "lease_end"].map(|it| format!("licensed_{it}_timestamp_seconds"));
    let of = |known| {
        let samples = said(&known);
        times.each_ref().map(|series| samples.get(series).copied())
    };
    assert_eq!(of(without_lease(CoreState::unregistered)), [None; 3]);
    let after_a_day = [1_790_000_000.0, 1_790_086_460.0, 1_792_592_000.0];
    assert_eq!(of(holding(usual(), 1, true)), after_a_day.map(Some));
}

#[test]
fn what_happened_is_counted() {
    let metrics = Metrics::default();
    metrics.answered("check", Duration::from_micros(40));
    metrics.answered("check", Duration::from_mins(1));
    metrics.answered("capture", Duration::from_millis(3));
    let why =
        |code| NoAnswer { code, message: Text::verbatim("down"), maybe_delivered: true, retry_after: None };
    for code in [Code::CONNECTION_FAILED, Code::NO_ANSWER, Code::NO_ANSWER] {
        metrics.called(&Outcome::NoAnswer(why(code)));
    }
    metrics.called(&Outcome::Done(None));
    let open = metrics.connected();
    drop(metrics.connected());
    metrics.turned_away();
    metrics.not_stored();
    let (snapshot, now) = without_lease(CoreState::unregistered);
    let samples = samples(&metrics.text(&snapshot, now).unwrap());
    drop(open);
    for (series, value) in [
        ("licensed_request_duration_seconds_count{request=\"check\"}", 2.0),
        ("licensed_request_duration_seconds_bucket{le=\"0.00001\",request=\"check\"}", 0.0),
        ("licensed_request_duration_seconds_bucket{le=\"0.00005\",request=\"check\"}", 1.0),
        ("licensed_request_duration_seconds_bucket{le=\"+Inf\",request=\"check\"}", 2.0),
        ("licensed_request_duration_seconds_count{request=\"capture\"}", 1.0),
        ("licensed_calls_total{outcome=\"no_answer\",code=\"1012\"}", 1.0),
        ("licensed_calls_total{outcome=\"no_answer\",code=\"1014\"}", 2.0),
        ("licensed_calls_total{outcome=\"done\",code=\"\"}", 1.0),
        ("licensed_connections", 1.0),
        ("licensed_connections_turned_away_total", 1.0),
        ("licensed_store_errors_total", 1.0),
        (
            concat!(
                "licensed_build_info{version=\"",
                env!("CARGO_PKG_VERSION"),
                "\",protocol=\"1\",statement_schema=\"1.1\"}"
            ),
            1.0,
        ),
    ] {
        assert_eq!(samples.get(series), Some(&value), "{series} in {samples:#?}");
    }
}
