//! A license server and a host for the tests: real keys, real signatures, no I/O.

use std::time::Duration;

use license_core::{
    api::{ApiAnswer, Call, PROBLEM_MEDIA_TYPE, Problem},
    crypto::{Nonce, PublicKey, RequestId, SigningKey},
    host::Evidence,
    keys::{KeySet, OnlineKey, SignedKeySet},
    outcome::{HttpAnswer, Judge, NoAnswer, Outcome},
    receipt::Receipt,
    schedule,
    state::{Effect, Event, PreparedCall, State},
    statement::{HeldSeat, Kind, Lease, LeasedFeature, Refusal, Statement},
    time::{Age, Now},
};
use license_texts::{Language, Text};
use license_types::{
    Code, Customer, FeatureId, ProductId, RegistrationNumber, Seats, SessionId, UnixTime, Verdict,
};

pub(crate) const ISSUED: UnixTime = UnixTime(1_790_000_000);
pub(crate) const HONOURED: Duration = Duration::from_hours(30 * 24);
pub(crate) const RUN_ON: Duration = Duration::from_hours(7 * 24);
pub(crate) const REFRESH: Duration = Duration::from_hours(4);

/// Held, not held, expired, and held until 10 days after [`ISSUED`].
pub(crate) const HELD: FeatureId = FeatureId(45);
pub(crate) const NOT_HELD: FeatureId = FeatureId(41);
pub(crate) const ENDED: FeatureId = FeatureId(50);
pub(crate) const ENDING: FeatureId = FeatureId(53);
pub(crate) const UNLISTED: FeatureId = FeatureId(9999);

pub(crate) fn root() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

pub(crate) fn online() -> SigningKey {
    SigningKey::from_bytes(&[2; 32])
}

pub(crate) fn host() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

pub(crate) fn number() -> RegistrationNumber {
    "MIKO-AAAAA-BBBBB-CCCCC-DDDDD".parse().unwrap()
}

pub(crate) fn key_set(version: u64) -> KeySet {
    let key = |key: &SigningKey, revoked| OnlineKey {
        id: PublicKey::of(key).id(),
        public: PublicKey::of(key),
        valid_from: UnixTime(0),
        signs_until: None,
        revoked,
    };
    KeySet { schema: "1.0".to_owned(), version, keys: vec![key(&online(), false)] }
}

pub(crate) fn keys() -> SignedKeySet {
    key_set(1).sign(&root()).unwrap()
}

pub(crate) fn lease() -> Lease {
    let feature = |feature, name: &str, refusal: Option<Code>, expires_at| LeasedFeature {
        feature,
        name: name.to_owned(),
        product: ProductId(81),
        seats: Seats { total: 2, captured: 1 },
        per_user: false,
        expires_at,
        held: match refusal {
            None => vec![HeldSeat { session: SessionId(format!("s{feature}")), holder: None }],
            Some(_) => Vec::new(),
        },
        refusal,
        honoured_until: None,
        run_on: None,
    };
    Lease {
        honoured_until: ISSUED.saturating_add(HONOURED),
        run_on: RUN_ON.as_secs(),
        customer: Customer {
            company: "ООО «Ромашка»".to_owned(),
            contact: "Иван".to_owned(),
            email: "ivan@example.com".to_owned(),
            phone: String::new(),
        },
        products: Vec::new(),
        features: vec![
            feature(HELD, "amoCRM", None, None),
            feature(NOT_HELD, "Bitrix24", Some(Code::NO_LICENSE), None),
            feature(ENDED, "Telegram", Some(Code::EXPIRED), Some(ISSUED)),
            feature(ENDING, "Quality", None, Some(ISSUED.saturating_add(Duration::from_hours(240)))),
        ],
    }
}

pub(crate) fn refusal() -> Kind {
    Kind::Refusal(Refusal {
        code: Code::NO_LICENSE,
        reason: "dropped in the cabinet".to_owned(),
        reason_ru: "сброшено в кабинете".to_owned(),
        pending: false,
    })
}

pub(crate) fn statement(serial: u64, nonce: Nonce, kind: Kind) -> Statement {
    Statement {
        schema: "1.0".to_owned(),
        serial,
        number: number(),
        binding: "b1".to_owned(),
        host_key: PublicKey::of(&host()),
        nonce,
        issued_at: ISSUED,
        refresh_after: REFRESH.as_secs(),
        kind,
    }
}

pub(crate) fn answer(statement: &Statement, key: &SigningKey) -> HttpAnswer {
    let answer = ApiAnswer {
        statement: Some(statement.sign(key).unwrap()),
        receipt: Some(Receipt::of(statement).unwrap().sign(key).unwrap()),
        keys: keys(),
        session: None,
        license: None,
        warnings: Vec::new(),
        warnings_ru: Vec::new(),
    };
    HttpAnswer {
        status: 200,
        content_type: Some("application/json".to_owned()),
        retry_after: None,
        body: serde_json::to_vec(&answer).unwrap(),
    }
}

pub(crate) fn problem(status: u16, code: Code) -> HttpAnswer {
    let problem = Problem {
        status,
        code: Some(code),
        title: "no".to_owned(),
        detail: "no".to_owned(),
        detail_ru: "нет".to_owned(),
        feature: None,
        product: None,
    };
    HttpAnswer {
        status,
        content_type: Some(PROBLEM_MEDIA_TYPE.to_owned()),
        retry_after: None,
        body: serde_json::to_vec(&problem).unwrap(),
    }
}

pub(crate) fn no_answer(code: Code) -> Outcome {
    Outcome::NoAnswer(NoAnswer {
        code,
        message: Text::verbatim("down"),
        maybe_delivered: true,
        retry_after: None,
    })
}

/// A moment, so many seconds after the host's first.
pub(crate) fn at(seconds: u64) -> Now {
    let age = Age::default().saturating_add(Duration::from_secs(seconds));
    Now { age, wall: UnixTime(1_000_000) }
}

/// A host with its state, and the calls that it makes.
pub(crate) struct Host {
    pub(crate) state: State,
    pub(crate) effects: Vec<Effect>,
    pub(crate) hardware: Evidence,
    nonces: u8,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self {
            state: State::unregistered(at(0)),
            effects: Vec::new(),
            hardware: Evidence::default(),
            nonces: 0,
        }
    }

    /// A host that was given the lease at second 0.
    pub(crate) fn bound() -> Self {
        let mut host = Self::new();
        let call = host.call(Call::Activate { number: number() }, at(0));
        let outcome = host.judge(&call, &answer(&statement(1, call.nonce, Kind::Lease(lease())), &online()));
        host.end(call, outcome, at(0));
        host
    }

    pub(crate) fn call(&mut self, call: Call, now: Now) -> PreparedCall {
        self.nonces += 1;
        let (id, nonce) = (RequestId([self.nonces; 16]), Nonce([self.nonces; 32]));
        PreparedCall::new(call, id, nonce, self.hardware.clone(), &self.state, 1000, now).unwrap()
    }

    pub(crate) fn judge(&self, call: &PreparedCall, answer: &HttpAnswer) -> Outcome {
        let (roots, host_key) = ([PublicKey::of(&root())], PublicKey::of(&host()));
        let judge = Judge {
            roots: &roots,
            keys: self.state.keys.as_ref(),
            host_key: &host_key,
            above_serial: self.state.held().map(|held| held.statement().serial),
            url: "http://127.0.0.1:1",
        };
        judge.classify(&call.call, &call.nonce, answer)
    }

    pub(crate) fn step(&mut self, event: Event, now: Now) {
        let (state, effects) = self.state.clone().step(event, now);
        (self.state, self.effects) = (state, effects);
    }

    pub(crate) fn end(&mut self, call: PreparedCall, outcome: Outcome, now: Now) {
        let retry_step = schedule::FIRST_RETRY;
        self.step(Event::Ended { call: Box::new(call), outcome, retry_step, fraction: 0.5 }, now);
    }

    /// A check-in that `answer` ends.
    pub(crate) fn check_in(&mut self, now: Now, answer: impl FnOnce(&PreparedCall) -> HttpAnswer) {
        let call = self.call(Call::CheckIn, now);
        let outcome = self.judge(&call, &answer(&call));
        self.end(call, outcome, now);
    }

    /// A check-in that gets no answer.
    pub(crate) fn check_in_vain(&mut self, code: Code, now: Now) {
        let call = self.call(Call::CheckIn, now);
        self.end(call, no_answer(code), now);
    }

    pub(crate) fn verdict(&self, feature: FeatureId, now: Now) -> Verdict {
        self.state.entitlement(feature, None, Language::English, now).verdict
    }
}
