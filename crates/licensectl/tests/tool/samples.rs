//! One answer of the daemon for every request.

use license_client::{
    ipc::{
        Answer, Captured, Change, Configuration, Done, ErrorKind, Explanation, Failure, FeaturePage,
        HostFact, HostReport, LicenseInfo, NamedFeature, Ping, PingFailure, RefusedCommand, Request,
        ServerWay, Setting, Stage, State, Status,
    },
    types::{
        Basis, Code, Customer, Entitlement, Fact, FactKind, FeatureId, LicensedProduct, ProductFeature,
        ProductId, Seats, SessionId, UnixTime, Verdict,
    },
};

use crate::daemon::NUMBER;

const AT: UnixTime = UnixTime(1_795_550_400);
const NEXT: UnixTime = UnixTime(1_795_564_800);
const UNTIL: UnixTime = UnixTime(1_798_142_400);

pub(crate) fn entitlement(feature: FeatureId) -> Entitlement {
    let is_held = feature == FeatureId(33);
    let (verdict, message) = if is_held {
        let verdict = Verdict::Granted { until: UNTIL, basis: Basis::Fresh };
        (verdict, format!("Feature {feature} may run."))
    } else {
        let verdict = Verdict::Denied { code: Code::NO_LICENSE, reason: "No seat is free.".to_owned() };
        (verdict, "(2008) No seat is free.".to_owned())
    };
    Entitlement {
        feature,
        product: Some(ProductId(if is_held { 11 } else { 81 })),
        verdict,
        message,
        session: is_held.then(|| SessionId("s-7f3a".to_owned())),
        seats: Some(Seats { total: 1, captured: 1 }),
        last_answer: Some(AT),
        next_check: Some(NEXT),
    }
}

fn product(product: u32, name: &str, trial: bool, feature: u32) -> LicensedProduct {
    let seats = Seats { total: 1, captured: 1 };
    LicensedProduct {
        product: ProductId(product),
        name: name.to_owned(),
        trial,
        expires_at: trial.then_some(UNTIL),
        features: vec![ProductFeature { feature: FeatureId(feature), name: name.to_owned(), seats }],
    }
}

fn products() -> Vec<LicensedProduct> {
    vec![product(11, "MikoPBX", false, 33), product(81, "amoCRM", true, 45)]
}

fn status() -> Status {
    let refusal = RefusedCommand {
        request: "activate_coupon".to_owned(),
        code: Some(Code::COUPON_USED),
        message: "The coupon was activated already.".to_owned(),
        at: AT,
    };
    Status {
        version: "0.1.0".to_owned(),
        state: State::Fresh,
        number: Some("MIKO-*****-*****-*****-MN4OP".to_owned()),
        company: Some("ООО «Ромашка»".to_owned()),
        server: Some("https://license.example".to_owned()),
        code: None,
        message: "This host is bound.".to_owned(),
        serial: Some(7),
        last_answer: Some(AT),
        last_failure: None,
        next_check: Some(NEXT),
        honoured_until: Some(UNTIL),
        warnings: vec!["The disk of /var/lib/licensed is full.".to_owned()],
        protocol: 1,
        statement_schema: "1.0".to_owned(),
        bound_since: Some(AT),
        number_changes: 1,
        last_refusal: Some(refusal),
    }
}

fn features() -> FeaturePage {
    let named = |name: &str, feature| NamedFeature {
        name: name.to_owned(),
        entitlement: entitlement(FeatureId(feature)),
    };
    FeaturePage { features: vec![named("MikoPBX", 33), named("amoCRM", 45)], next: None }
}

fn license() -> LicenseInfo {
    let customer = Customer {
        company: "ООО «Ромашка»".to_owned(),
        contact: "Анна".to_owned(),
        email: "a***@romashka.example".to_owned(),
        phone: String::new(),
    };
    LicenseInfo {
        number: "MIKO-*****-*****-*****-MN4OP".to_owned(),
        customer,
        products: products(),
        as_of: AT,
    }
}

fn explanation(feature: FeatureId) -> Explanation {
    let fact = |kind, at, code, message: &str| Fact { kind, at, code, message: message.to_owned() };
    let facts = vec![
        fact(FactKind::Statement, Some(AT), None, "The license server signed statement 7 at this time."),
        fact(FactKind::Seat, None, Some(Code::NO_LICENSE), "No seat is free."),
        fact(FactKind::Verdict, None, Some(Code::NO_LICENSE), "(2008) No seat is free."),
    ];
    Explanation { entitlement: entitlement(feature), facts }
}

fn host() -> HostReport {
    let fact = HostFact {
        kind: "machine_id".to_owned(),
        source: Some("/etc/machine-id".to_owned()),
        unused: None,
        value: Some("****cdef".to_owned()),
        digest: Some("00ff".to_owned()),
    };
    let (key, known_by) = ("408520d8eb6fb771".to_owned(), "hardware".to_owned());
    HostReport { key, known_by, message: "This host is known by its hardware.".to_owned(), facts: vec![fact] }
}

fn configuration() -> Configuration {
    let server = ServerWay {
        url: "https://license.example".to_owned(),
        proxy: Some("http://proxy.example:3128".to_owned()),
        proxy_from: Some("HTTPS_PROXY".to_owned()),
    };
    Configuration {
        file: "/etc/licensed/licensed.toml".to_owned(),
        state_dir: "/var/lib/licensed".to_owned(),
        trust: vec!["/etc/licensed/trust.d".to_owned()],
        root_keys: 1,
        ca_file: None,
        servers: vec![server],
        options: vec![Setting { name: "log".to_owned(), value: "\"info\"".to_owned() }],
    }
}

fn ping() -> Ping {
    let failure = PingFailure {
        stage: Stage::Connect,
        code: Code::CONNECTION_FAILED,
        message: "No connection to https://license.example: refused".to_owned(),
    };
    Ping { server: "https://license.example".to_owned(), took_ms: 42, age: 3, failure: Some(failure) }
}

fn change() -> Change {
    Change {
        whole: true,
        missed: false,
        more: false,
        state: State::Fresh,
        code: None,
        message: "This host is bound.".to_owned(),
        entitlements: vec![entitlement(FeatureId(33))],
    }
}

/// The answer to a request.
pub(crate) fn answer(request: &Request) -> Answer {
    match request {
        Request::Check { feature, .. } | Request::Ensure { feature } => {
            Answer::Entitlement(entitlement(*feature))
        }
        Request::CheckMany { features } => {
            Answer::Entitlements(features.iter().map(|feature| entitlement(*feature)).collect())
        }
        Request::Capture { .. } => Answer::Captured(Captured {
            session: SessionId("s-7f3a".to_owned()),
            entitlement: entitlement(FeatureId(33)),
        }),
        Request::Status => Answer::Status(Box::new(status())),
        Request::LicenseInfo { .. } => Answer::LicenseInfo(license()),
        Request::Register(_) => Answer::Registered { number: NUMBER.parse().unwrap() },
        Request::Watch => Answer::Change(Box::new(change())),
        Request::Metrics => Answer::Metrics { text: "licensed_connections 1\n# EOF\n".to_owned() },
        Request::Features { .. } => Answer::Features(features()),
        Request::Explain { feature } => Answer::Explanation(Box::new(explanation(*feature))),
        Request::Host => Answer::Host(host()),
        Request::Ping => Answer::Ping(ping()),
        Request::Configuration => Answer::Configuration(Box::new(configuration())),
        Request::ActivateCoupon { .. } => Answer::Error(Failure {
            kind: ErrorKind::Refused,
            code: Some(Code::COUPON_USED),
            message: "The coupon was activated already.".to_owned(),
        }),
        Request::Release { .. }
        | Request::Activate { .. }
        | Request::AddTrial { .. }
        | Request::Reset
        | Request::Recheck
        | Request::Reload
        | Request::SendMetrics { .. }
        | Request::Deprovision
        | Request::Language { .. }
        | Request::WouldCapture { .. } => {
            Answer::Done(Done { message: "It is done.".to_owned(), warnings: vec!["A warning.".to_owned()] })
        }
    }
}
