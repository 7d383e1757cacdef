//! A license server that signs like a real one and misbehaves on demand, and a keeper that uses it.

use std::sync::{Mutex, MutexGuard};

use license_core::{
    api::{ApiAnswer, CHANGED_PATH, HostCall, PROBLEM_MEDIA_TYPE, Problem},
    crypto::SigningKey,
    host::Evidence,
    keys::{KeySet, OnlineKey},
    state::Phase,
    statement::{HeldSeat, Kind, Lease, LeasedFeature, Statement},
    time::{Age, Now},
};
use license_texts::Language;
use license_types::{Customer, ProductId, Seats, SessionId, UnixTime};
use tokio::sync::Notify;

use super::{super::*, FEATURE, activate, number};
use crate::{number::ReadyNumber, transport::TransportErrorKind};

/// How the server takes the next calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mood {
    Good,
    /// Does what is asked, and the answer gets lost.
    LosesAnswers,
    Down,
    /// Answers when it is told to.
    Hangs,
    Refuses(Code),
    /// Somebody in between says no, in the form of the license server.
    RefusesWithoutCode,
}

#[derive(Debug)]
pub(super) struct FakeServer {
    pub(super) mood: Mutex<Mood>,
    pub(super) requests: Mutex<Vec<HttpRequest>>,
    pub(super) serial: Mutex<u64>,
    /// The features of the lease.
    pub(super) features: Mutex<Vec<FeatureId>>,
    /// For how many seconds a lease is honoured.
    pub(super) honoured: Mutex<i64>,
    /// How many seconds its clock has gone on.
    pub(super) issued_later: Mutex<i64>,
    pub(super) release: Notify,
    /// How often the host began to wait for news.
    pub(super) waits: watch::Sender<usize>,
    pub(super) news: Notify,
    /// What the keeper made of the answers.
    pub(super) judged: Mutex<Vec<bool>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl FakeServer {
    pub(super) fn root() -> SigningKey {
        SigningKey::from_bytes(&[1; 32])
    }

    fn online() -> SigningKey {
        SigningKey::from_bytes(&[2; 32])
    }

    pub(super) fn paths(&self) -> Vec<&'static str> {
        lock(&self.requests).iter().map(|request| request.path).collect()
    }

    fn answer(&self, request: &HttpRequest) -> HttpAnswer {
        let call: HostCall = serde_json::from_slice(&request.body).unwrap();
        let header =
            |name| request.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        let envelope = Envelope::open(header, "POST", request.path, &request.body).unwrap();
        let mut serial = lock(&self.serial);
        *serial += 1;
        let holds = matches!(call.call, Call::Capture { .. });
        let session = SessionId("s1".to_owned());
        let feature = |feature: &FeatureId| LeasedFeature {
            feature: *feature,
            name: "amoCRM".to_owned(),
            product: ProductId(81),
            seats: Seats { total: 2, captured: u32::from(holds) },
            per_user: false,
            expires_at: None,
            held: if holds { vec![HeldSeat { session: session.clone(), holder: None }] } else { Vec::new() },
            refusal: if holds { None } else { Some(Code::NO_LICENSE) },
            honoured_until: None,
            run_on: None,
        };
        let issued_at = UnixTime(1_790_000_000 + *lock(&self.issued_later));
        let customer =
            Customer { company: "c".into(), contact: "n".into(), email: "e@x".into(), phone: String::new() };
        let statement = Statement {
            schema: "1.0".to_owned(),
            serial: *serial,
            number: number(),
            binding: "b".to_owned(),
            host_key: envelope.host_key,
            nonce: call.nonce,
            issued_at,
            refresh_after: 14_400,
            kind: Kind::Lease(Lease {
                honoured_until: UnixTime(issued_at.0 + *lock(&self.honoured)),
                run_on: 604_800,
                customer,
                products: Vec::new(),
                features: lock(&self.features).iter().map(feature).collect(),
            }),
        };
        let key = OnlineKey {
            id: PublicKey::of(&Self::online()).id(),
            public: PublicKey::of(&Self::online()),
            valid_from: UnixTime(0),
            signs_until: None,
            revoked: false,
        };
        let keys = KeySet { schema: "1.0".to_owned(), version: 1, keys: vec![key] };
        let answer = ApiAnswer {
            statement: Some(statement.sign(&Self::online()).unwrap()),
            receipt: None,
            keys: keys.sign(&Self::root()).unwrap(),
            session: holds.then_some(session),
            license: None,
            warnings: Vec::new(),
            warnings_ru: Vec::new(),
        };
        HttpAnswer { status: 200, body: serde_json::to_vec(&answer).unwrap(), ..HttpAnswer::default() }
    }
}

pub(super) fn problem(code: Option<Code>) -> HttpAnswer {
    let problem = Problem {
        status: 409,
        code,
        title: "no".to_owned(),
        detail: code.map_or("no".to_owned(), |code| Text::meaning(code).to(Language::English)),
        detail_ru: String::new(),
        feature: None,
        product: None,
    };
    HttpAnswer {
        status: 409,
        content_type: Some(PROBLEM_MEDIA_TYPE.to_owned()),
        retry_after: None,
        body: serde_json::to_vec(&problem).unwrap(),
    }
}

impl Exchange for FakeServer {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        if request.path == CHANGED_PATH {
            self.waits.send_modify(|waits| *waits += 1);
            self.news.notified().await;
            return Ok(HttpAnswer {
                status: 200,
                body: b"{\"changed\":true}".to_vec(),
                ..HttpAnswer::default()
            });
        }
        lock(&self.requests).push(request.clone());
        let failed = |kind| Err(TransportError { kind, detail: Text::verbatim("test") });
        let mood = *lock(&self.mood);
        match mood {
            Mood::Good => Ok(self.answer(&request)),
            Mood::LosesAnswers => {
                self.answer(&request);
                failed(TransportErrorKind::Body)
            }
            Mood::Down => failed(TransportErrorKind::Connect),
            Mood::Hangs => {
                self.release.notified().await;
                Ok(self.answer(&request))
            }
            Mood::Refuses(code) => Ok(problem(Some(code))),
            Mood::RefusesWithoutCode => Ok(problem(None)),
        }
    }

    fn url(&self) -> &'static str {
        "http://127.0.0.1:1"
    }

    fn judge(&self, answered: bool, _now: Age) {
        lock(&self.judged).push(answered);
    }
}

/// A keeper at work.
pub(super) struct World {
    pub(super) server: Arc<FakeServer>,
    pub(super) keeper: Handle<FakeServer>,
    pub(super) store: Store,
    pub(super) stop: CancellationToken,
    pub(super) task: JoinHandle<()>,
    pub(super) folder: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_roots(vec![PublicKey::of(&FakeServer::root())])
    }

    pub(super) fn with_roots(roots: Vec<PublicKey>) -> Self {
        Self::with(roots, State::unregistered)
    }

    pub(super) fn with(roots: Vec<PublicKey>, state: fn(Now) -> State) -> Self {
        Self::starting(roots, state, Mood::Good, None)
    }

    /// A host for which a number lies ready, and a license server in that mood.
    pub(super) fn with_number(mood: Mood, state: fn(Now) -> State) -> Self {
        let ready = ReadyNumber { number: number(), source: "/etc/licensed/number".into() };
        Self::starting(vec![PublicKey::of(&FakeServer::root())], state, mood, Some(ready))
    }

    fn starting(
        roots: Vec<PublicKey>,
        state: fn(Now) -> State,
        mood: Mood,
        ready: Option<ReadyNumber>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (clock, resumed) = SystemClock::resume(None, Age::default());
        let server = Arc::new(FakeServer {
            mood: Mutex::new(mood),
            requests: Mutex::default(),
            serial: Mutex::default(),
            features: Mutex::new(vec![FEATURE]),
            honoured: Mutex::new(2_592_000),
            issued_later: Mutex::default(),
            release: Notify::new(),
            waits: watch::Sender::new(0),
            news: Notify::new(),
            judged: Mutex::default(),
        });
        let parts = Parts {
            state: state(clock.now()),
            store: store.clone(),
            clock,
            identity: Identity { key: SigningKey::from_bytes(&[3; 32]), evidence: Evidence::default() },
            settings: Settings {
                exchange: Some(server.clone()),
                roots,
                trust_path: "/etc/licensed/trust.d".to_owned(),
                trust_is_faulty: false,
                limits: Limits::default(),
            },
        };
        let (keeper, handle) = Keeper::new(parts, 7);
        let keeper = keeper.with_number(Ok(ready));
        let stop = CancellationToken::new();
        let task = tokio::spawn(keeper.run(resumed, stop.clone()));
        Self { server, keeper: handle, store, stop, task, folder }
    }

    pub(super) async fn bound() -> Self {
        let world = Self::new();
        world.keeper.call(activate(), 0).await.unwrap();
        world
    }

    pub(super) fn mood(&self, mood: Mood) {
        *lock(&self.server.mood) = mood;
    }

    pub(super) fn call(&self, call: Call) -> JoinHandle<CallResult> {
        let keeper = self.keeper.clone();
        tokio::spawn(async move { keeper.call(call, 1000).await })
    }

    /// Waits until the server has seen that many requests.
    pub(super) async fn requests(&self, count: usize) {
        while lock(&self.server.requests).len() < count {
            tokio::task::yield_now().await;
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.keeper.snapshot().state.phase(self.keeper.now())
    }
}
