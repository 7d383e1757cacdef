//! One message of each kind. Names, numbers and dates in them are made up.

use license_ipc::{
    Answer, Captured, Change, Configuration, Done, ErrorKind, Explanation, Failure, FeaturePage, HostFact,
    HostReport, LicenseInfo, NamedFeature, NoAnswer, Ping, PingFailure, RefusedCommand, Request, ServerWay,
    Setting, Stage, State, Status,
};
use license_types::{
    Basis, Code, Customer, Entitlement, Fact, FactKind, FeatureId, LicensedProduct, ProductFeature,
    ProductId, Registration, Seats, SessionId, UnixTime, Verdict,
};

const NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";
const COUPON: &str = "MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP";
const MASKED: &str = "MIKO-*****-*****-*****-MN4OP";
const ASKED: UnixTime = UnixTime(1_800_000_000);
const NEXT: UnixTime = UnixTime(1_800_014_400);
const UNTIL: UnixTime = UnixTime(1_802_592_000);

/// Every state; `numbers::of_state` of the tests asks for new ones.
pub(crate) const STATES: [State; 10] = [
    State::Unregistered,
    State::Fresh,
    State::Offline,
    State::Lapsed,
    State::Refused,
    State::Recovering,
    State::Registering,
    State::HostChanged,
    State::Pending,
    State::Draining,
];

/// Every kind of fact; `numbers::of_fact` of the tests asks for new ones.
pub(crate) const FACTS: [FactKind; 15] = [
    FactKind::Number,
    FactKind::Registration,
    FactKind::Lost,
    FactKind::Statement,
    FactKind::Refusal,
    FactKind::Feature,
    FactKind::Seat,
    FactKind::Lease,
    FactKind::Grace,
    FactKind::RunOn,
    FactKind::Expiry,
    FactKind::Offline,
    FactKind::Failure,
    FactKind::NextCheck,
    FactKind::Verdict,
];

/// Every kind of failure; `numbers::of_kind` of the tests asks for new ones.
pub(crate) const KINDS: [ErrorKind; 9] = [
    ErrorKind::Malformed,
    ErrorKind::TooLarge,
    ErrorKind::Unsupported,
    ErrorKind::NotPermitted,
    ErrorKind::Busy,
    ErrorKind::Draining,
    ErrorKind::Refused,
    ErrorKind::NoAnswer,
    ErrorKind::Overtaken,
];

/// Every stage; `numbers::of_stage` of the tests asks for new ones.
pub(crate) const STAGES: [Stage; 4] = [Stage::Lookup, Stage::Connect, Stage::Tls, Stage::Answer];

fn request(suffix: &str, request: Request) -> (String, Request) {
    (format!("request-{}{suffix}", request.name()), request)
}

fn answer(suffix: &str, answer: Answer) -> (String, Answer) {
    (format!("answer-{}{suffix}", answer.name()), answer)
}

pub(crate) fn requests() -> Vec<(String, Request)> {
    let key = || NUMBER.parse().unwrap();
    let holder = || Some("DOMAIN\\иванов".parse().unwrap());
    vec![
        request("", Request::Check { feature: FeatureId(45), holder: None }),
        request("-holder", Request::Check { feature: FeatureId(48), holder: holder() }),
        request("", Request::CheckMany { features: vec![FeatureId(33), FeatureId(45)] }),
        request("", Request::Ensure { feature: FeatureId(45) }),
        request("", Request::Capture { feature: FeatureId(45), holder: None, reclaim: false }),
        request("-holder", Request::Capture { feature: FeatureId(48), holder: holder(), reclaim: true }),
        request("", Request::Release { session: session() }),
        request("", Request::Status),
        request("", Request::LicenseInfo { key: None }),
        request("-key", Request::LicenseInfo { key: Some(key()) }),
        request(
            "",
            Request::Register(Registration {
                company: "ООО «Ромашка»".to_owned(),
                email: "ivanova@romashka.example".to_owned(),
                contact: "Анна Иванова".to_owned(),
                phone: Some("+7 495 000-00-00".to_owned()),
                tax_id: None,
            }),
        ),
        request("", Request::Activate { key: key() }),
        request("", Request::ActivateCoupon { coupon: COUPON.parse().unwrap() }),
        request("", Request::AddTrial { product: ProductId(81) }),
        request("", Request::Reset),
        request("", Request::Recheck),
        request("", Request::Reload),
        request("", Request::Watch),
        request("", Request::Metrics),
        request("", Request::Features { cursor: None }),
        request("-next", Request::Features { cursor: Some(FeatureId(45)) }),
        request("", Request::Explain { feature: FeatureId(45) }),
        request(
            "",
            Request::SendMetrics {
                metrics: [
                    ("CountSipExtensions".to_owned(), "12".to_owned()),
                    ("PBXname".to_owned(), "MikoPBX".to_owned()),
                ]
                .into(),
            },
        ),
        request("", Request::Host),
        request("", Request::Deprovision),
        request("", Request::Ping),
        request("", Request::Language { tag: "ru_RU.UTF-8".to_owned() }),
        request("", Request::Configuration),
        request("", Request::WouldCapture { feature: FeatureId(45), holder: None }),
        request("-holder", Request::WouldCapture { feature: FeatureId(48), holder: holder() }),
    ]
}

pub(crate) fn answers() -> Vec<(String, Answer)> {
    let mut answers = vec![
        answer("-granted", Answer::Entitlement(granted())),
        answer("-offline", Answer::Entitlement(offline())),
        answer("-denied", Answer::Entitlement(denied())),
        answer("-indeterminate", Answer::Entitlement(indeterminate())),
        answer("", Answer::Entitlements(vec![granted(), denied()])),
        answer("", Answer::Captured(Captured { session: session(), entitlement: granted() })),
        answer("", Answer::LicenseInfo(license_info())),
        answer("", Answer::Registered { number: NUMBER.parse().unwrap() }),
        answer(
            "",
            Answer::Done(Done {
                message: "This host is bound to the number.".to_owned(),
                warnings: vec!["No seat of feature 33 is free.".to_owned()],
            }),
        ),
        answer(
            "",
            Answer::Metrics {
                text: "# TYPE licensed_connections gauge\nlicensed_connections 1\n# EOF\n".to_owned(),
            },
        ),
    ];
    answers.push(answer("-whole", Answer::Change(Box::new(change(true, vec![granted(), offline()])))));
    answers.push(answer("", Answer::Change(Box::new(change(false, vec![denied()])))));
    answers.push(answer("", Answer::Features(page())));
    answers.push(answer("", Answer::Explanation(Box::new(explanation()))));
    answers.push(answer("", Answer::Host(host())));
    answers.extend(STATES.map(|state| answer(&format!("-{state}"), Answer::Status(Box::new(status(state))))));
    answers.push(answer("", Answer::Configuration(Box::new(configuration()))));
    answers.push(answer("", Answer::Ping(ping(None))));
    answers
        .extend(STAGES.map(|stage| answer(&format!("-{}", stage.name()), Answer::Ping(ping(Some(stage))))));
    answers.extend(KINDS.map(|kind| answer(&format!("-{}", kind.name()), Answer::Error(failure(kind)))));
    answers
}

fn session() -> SessionId {
    SessionId("s-7f3a".to_owned())
}

fn granted() -> Entitlement {
    Entitlement {
        feature: FeatureId(45),
        product: Some(ProductId(81)),
        verdict: Verdict::Granted { until: UNTIL, basis: Basis::Fresh },
        message: "Feature 45 (product 81) may run.".to_owned(),
        session: Some(session()),
        seats: Some(Seats { total: 3, captured: 1 }),
        last_answer: Some(ASKED),
        next_check: Some(NEXT),
    }
}

fn offline() -> Entitlement {
    Entitlement {
        verdict: Verdict::Granted { until: UNTIL, basis: Basis::Offline { since: NEXT } },
        ..granted()
    }
}

fn denied() -> Entitlement {
    Entitlement {
        feature: FeatureId(45),
        product: None,
        verdict: Verdict::Denied { code: Code::NO_LICENSE, reason: "No license.".to_owned() },
        message: "(2008) No license.".to_owned(),
        session: None,
        seats: None,
        last_answer: Some(ASKED),
        next_check: Some(NEXT),
    }
}

fn indeterminate() -> Entitlement {
    Entitlement {
        feature: FeatureId(45),
        product: None,
        verdict: Verdict::Indeterminate { code: Code::KEY_ERROR, since: ASKED, may_run: false },
        message: "(2009) There is no registration number on this host.".to_owned(),
        session: None,
        seats: None,
        last_answer: None,
        next_check: None,
    }
}

fn status(state: State) -> Status {
    let bound = !matches!(state, State::Unregistered | State::Registering);
    let failed = matches!(state, State::Offline | State::Lapsed);
    Status {
        version: "0.1.0".to_owned(),
        state,
        number: bound.then(|| MASKED.to_owned()),
        company: bound.then(|| "ООО «Ромашка»".to_owned()),
        server: Some("https://license.example".to_owned()),
        code: match state {
            State::Fresh | State::Recovering | State::HostChanged | State::Draining => None,
            State::Unregistered | State::Registering => Some(Code::KEY_ERROR),
            State::Offline | State::Lapsed => Some(Code::CONNECTION_FAILED),
            State::Refused | State::Pending => Some(Code::NO_LICENSE),
        },
        message: "A sentence for people.".to_owned(),
        serial: bound.then_some(7),
        last_answer: bound.then_some(ASKED),
        last_failure: failed.then(|| NoAnswer {
            code: Code::CONNECTION_FAILED,
            message: "No connection to https://license.example.".to_owned(),
            at: NEXT,
        }),
        next_check: bound.then_some(NEXT),
        honoured_until: bound.then_some(UNTIL),
        warnings: Vec::new(),
        protocol: 1,
        statement_schema: "1.0".to_owned(),
        bound_since: bound.then_some(ASKED),
        number_changes: 1,
        last_refusal: failed.then(|| RefusedCommand {
            request: "activate_coupon".to_owned(),
            code: Some(Code::COUPON_USED),
            message: "The coupon was activated already.".to_owned(),
            at: NEXT,
        }),
    }
}

fn page() -> FeaturePage {
    let name = "amoCRM module".to_owned();
    let feature = NamedFeature { name, entitlement: granted() };
    FeaturePage { features: vec![feature], next: Some(FeatureId(45)) }
}

fn explanation() -> Explanation {
    let fact = |kind, at, code, message: &str| Fact { kind, at, code, message: message.to_owned() };
    let facts = vec![
        fact(FactKind::Number, None, None, "This host is bound to MIKO-*****-*****-*****-MN4OP."),
        fact(
            FactKind::Statement,
            Some(ASKED),
            None,
            "The license server signed its statement 7 at this time.",
        ),
        fact(FactKind::Feature, None, Some(Code::NO_LICENSE), "The lease does not list feature 45."),
        fact(FactKind::Verdict, None, Some(Code::NO_LICENSE), "(2008) No license."),
    ];
    Explanation { entitlement: denied(), facts }
}

fn change(whole: bool, entitlements: Vec<Entitlement>) -> Change {
    Change {
        whole,
        missed: false,
        more: false,
        state: State::Fresh,
        code: None,
        message: "A sentence for people.".to_owned(),
        entitlements,
    }
}

fn host() -> HostReport {
    let fact = |kind: &str, source: &str| HostFact {
        kind: kind.to_owned(),
        source: Some(source.to_owned()),
        unused: None,
        value: None,
        digest: None,
    };
    HostReport {
        key: "408520d8eb6fb771".to_owned(),
        known_by: "hardware".to_owned(),
        message: "A sentence for people.".to_owned(),
        facts: vec![
            HostFact {
                value: Some("****************************cdef".to_owned()),
                digest: Some("6a0bca854bb05ff57edf544b12db62b7ca5183b840c743869fdfdda28ca1a244".to_owned()),
                ..fact("machine_id", "/etc/machine-id")
            },
            HostFact {
                unused: Some("not_permitted".to_owned()),
                ..fact("product_uuid", "/sys/class/dmi/id/product_uuid")
            },
        ],
    }
}

fn license_info() -> LicenseInfo {
    LicenseInfo {
        number: MASKED.to_owned(),
        customer: Customer {
            company: "ООО «Ромашка»".to_owned(),
            contact: "Анна Иванова".to_owned(),
            email: "i***@romashka.example".to_owned(),
            phone: String::new(),
        },
        products: vec![LicensedProduct {
            product: ProductId(81),
            name: "amoCRM".to_owned(),
            trial: true,
            expires_at: Some(UNTIL),
            features: vec![ProductFeature {
                feature: FeatureId(45),
                name: "amoCRM module".to_owned(),
                seats: Seats { total: 3, captured: 1 },
            }],
        }],
        as_of: ASKED,
    }
}

fn configuration() -> Configuration {
    Configuration {
        file: "/etc/licensed/licensed.toml".to_owned(),
        state_dir: "/var/lib/licensed".to_owned(),
        trust: vec!["/etc/licensed/trust.d".to_owned()],
        root_keys: 1,
        ca_file: None,
        servers: vec![ServerWay {
            url: "https://license.example".to_owned(),
            proxy: Some("http://proxy.example:3128".to_owned()),
            proxy_from: Some("HTTPS_PROXY".to_owned()),
        }],
        options: vec![Setting { name: "log".to_owned(), value: "\"info\"".to_owned() }],
    }
}

fn ping(failed: Option<Stage>) -> Ping {
    let failure = |stage| {
        let (code, message) = match stage {
            Stage::Lookup => (Code::LOOKUP_FAILED, "Host lookup failed for https://license.example."),
            Stage::Connect => (Code::CONNECTION_FAILED, "No connection to https://license.example."),
            Stage::Tls => (Code::TLS_FAILED, "No trusted TLS session with https://license.example."),
            Stage::Answer => (Code::NO_ANSWER, "No answer in time from https://license.example."),
        };
        PingFailure { stage, code, message: message.to_owned() }
    };
    let server = "https://license.example".to_owned();
    Ping { server, took_ms: 42, age: 3, failure: failed.map(failure) }
}

fn failure(kind: ErrorKind) -> Failure {
    let (code, message) = match kind {
        ErrorKind::Malformed => (None, "The payload is no request."),
        ErrorKind::TooLarge => (None, "The frame is over the limit."),
        ErrorKind::Unsupported => (None, "This daemon has no such encoding."),
        ErrorKind::NotPermitted => (None, "Members of licensed-admin may do this."),
        ErrorKind::Busy => (None, "Too many connections."),
        ErrorKind::Draining => (None, "The daemon is stopping."),
        ErrorKind::Refused => (Some(Code::COUPON_USED), "The coupon was activated already."),
        ErrorKind::NoAnswer => (Some(Code::CONNECTION_FAILED), "No connection to the license server."),
        ErrorKind::Overtaken => (None, "The request was overtaken by a reset."),
    };
    Failure { kind, code, message: message.to_owned() }
}
