//! A daemon that does as it is told, over a real socket, and the task that asks it.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};

use license_client::{
    Settings,
    ipc::{Answer, Change, ErrorKind, Request, State, Status, frame},
    types::Code,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    time,
};

use super::super::*;

pub(super) const A: &str = "MIKO-AAAAA-AAAAA-AAAAA-AAAAA";
pub(super) const B: &str = "MIKO-BBBBB-BBBBB-BBBBB-BBBBB";

/// No pause of the real pace is waited for.
pub(super) const FAST: Pace = Pace {
    look: Duration::from_millis(20),
    first: Duration::from_millis(10),
    longest: Duration::from_millis(40),
};

/// Nothing is tried again but for a reason.
pub(super) const SLOW: Pace =
    Pace { look: FAST.look, first: Duration::from_hours(1), longest: Duration::from_hours(1) };

/// How long anything is waited for before a test fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn number(text: &str) -> RegistrationNumber {
    text.parse().unwrap()
}

/// What the fake daemon does with an activation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Server {
    Up,
    Away,
    Refuses,
    /// A reset comes while the activation is under way.
    Overtakes,
    /// The daemon closes the connection, and nobody knows what came of it.
    Closes,
    /// No answer comes.
    Hangs,
}

/// A fake daemon.
#[derive(Debug)]
pub(super) struct Fake {
    pub(super) server: Server,
    pub(super) bound: Option<RegistrationNumber>,
    pub(super) is_offline: bool,
    /// How often somebody reset it.
    pub(super) resets: u64,
    /// Activations and resets that came.
    pub(super) asked: Vec<Option<RegistrationNumber>>,
}

impl Fake {
    pub(super) fn answer(&mut self, request: Request) -> Option<Answer> {
        let failed =
            |kind, code| Some(Answer::Error(Failure { kind, code, message: "So it is.".to_owned() }));
        if request == Request::Status {
            return Some(Answer::Status(Box::new(self.status())));
        }
        if request == Request::Watch {
            return Some(Answer::Change(Box::new(self.change())));
        }
        if request == Request::Reset {
            self.asked.push(None);
            self.resets += 1;
            self.bound = None;
            return Some(done());
        }
        let Request::Activate { key } = request else { panic!("nobody asks for {}", request.name()) };
        self.asked.push(Some(key.clone()));
        match self.server {
            Server::Up => {
                self.bound = Some(key);
                Some(done())
            }
            Server::Away => failed(ErrorKind::NoAnswer, Some(Code::CONNECTION_FAILED)),
            Server::Refuses => failed(ErrorKind::Refused, Some(Code::KEY_UNKNOWN)),
            Server::Overtakes => failed(ErrorKind::Overtaken, None),
            Server::Closes | Server::Hangs => None,
        }
    }

    pub(super) fn state(&self) -> State {
        match &self.bound {
            None => State::Unregistered,
            Some(_) if self.is_offline => State::Offline,
            Some(_) => State::Fresh,
        }
    }

    pub(super) fn change(&self) -> Change {
        let (whole, missed, more) = (true, false, false);
        let (code, message) = (None, String::new());
        Change { whole, missed, more, state: self.state(), code, message, entitlements: Vec::new() }
    }

    pub(super) fn status(&self) -> Status {
        Status {
            version: String::new(),
            state: self.state(),
            number: self.bound.as_ref().map(RegistrationNumber::masked),
            company: None,
            server: None,
            code: None,
            message: String::new(),
            serial: None,
            last_answer: None,
            last_failure: None,
            next_check: None,
            honoured_until: None,
            warnings: Vec::new(),
            protocol: frame::VERSION,
            statement_schema: String::new(),
            bound_since: None,
            number_changes: self.resets,
            last_refusal: None,
        }
    }
}

pub(super) fn done() -> Answer {
    Answer::Done(Done { message: "It is done.".to_owned(), warnings: Vec::new() })
}

pub(super) async fn serve(fake: Arc<Mutex<Fake>>, mut stream: UnixStream) {
    let mut prefix = [0; frame::PREFIX];
    while stream.read_exact(&mut prefix).await.is_ok() {
        let mut body = vec![0; frame::body_len(prefix, frame::MAX_REQUEST).unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        let (encoding, request) = frame::decode_request(&body).unwrap();
        let (answer, server) = {
            let mut fake = fake.lock().unwrap();
            (fake.answer(request), fake.server)
        };
        match answer {
            Some(answer) => {
                // The asker may have gone.
                let _ = stream.write_all(&frame::encode_answer(&answer, encoding).unwrap()).await;
            }
            None if matches!(server, Server::Hangs) => std::future::pending().await,
            None => return,
        }
    }
}

/// A gateway's number, with its disk and its daemon.
pub(super) struct World {
    pub(super) pace: Pace,
    pub(super) daemon: Arc<Daemon>,
    pub(super) folder: TempDir,
    pub(super) fake: Arc<Mutex<Fake>>,
    pub(super) listening: Option<JoinHandle<()>>,
    pub(super) number: Option<Number>,
    pub(super) stop: CancellationToken,
    pub(super) task: Option<JoinHandle<()>>,
}

impl World {
    /// With a daemon that is bound to `bound`, and a gateway.
    pub(super) fn new(server: Server, bound: Option<&str>) -> Self {
        Self::at(FAST, server, bound)
    }

    /// The same at this pace.
    pub(super) fn at(pace: Pace, server: Server, bound: Option<&str>) -> Self {
        let fake = Fake { server, bound: bound.map(number), is_offline: false, resets: 0, asked: Vec::new() };
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self {
            pace,
            daemon: Arc::new(Daemon::new(Settings::new(folder.path().join("socket")))),
            folder,
            fake: Arc::new(Mutex::new(fake)),
            listening: None,
            number: None,
            stop: CancellationToken::new(),
            task: None,
        };
        world.start_daemon();
        world.start();
        world
    }

    pub(super) fn fake(&self) -> MutexGuard<'_, Fake> {
        self.fake.lock().unwrap()
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(super) fn store(&self) -> Store {
        Store::new(self.folder.path().join("state"))
    }

    pub(super) fn start_daemon(&mut self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        let fake = Arc::clone(&self.fake);
        self.listening = Some(tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(Arc::clone(&fake), stream));
            }
        }));
    }

    /// The daemon is gone, with all its connections.
    pub(super) async fn stop_daemon(&mut self) {
        let listening = self.listening.take().unwrap();
        listening.abort();
        listening.await.unwrap_err();
        fs::remove_file(self.socket()).unwrap();
    }

    pub(super) fn start(&mut self) {
        self.daemon = Arc::new(Daemon::new(Settings::new(self.socket())));
        let daemon = Arc::clone(&self.daemon);
        let file = KeyFile::new(self.folder.path().join("license.key"), []);
        self.stop = CancellationToken::new();
        let (number, task) = Number::start_at(self.pace, daemon, self.store(), Some(file), self.stop.clone());
        (self.number, self.task) = (Some(number), Some(task));
    }

    /// The gateway ends at once, as `kill -9` ends it.
    pub(super) async fn kill(&mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        task.await.unwrap_err();
    }

    pub(super) fn number(&self) -> Number {
        self.number.clone().unwrap()
    }

    pub(super) async fn change(&self, to: Option<&str>) -> Changed {
        time::timeout(PATIENCE, self.number().change(to.map(number))).await.unwrap()
    }

    pub(super) fn write_key_file(&self, content: &str) {
        durable::replace(&self.folder.path().join("license.key"), content.as_bytes()).unwrap();
    }

    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&Fake) -> bool) {
        let waited = time::timeout(PATIENCE, async {
            while !is_so(&self.fake()) {
                time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(waited.await.is_ok(), "{what}: {:?}", self.fake());
    }

    pub(super) async fn until_bound(&self, to: Option<&str>) {
        let to = to.map(number);
        self.until("is bound", |fake| fake.bound == to).await;
    }

    /// Waits until nothing is wished any more, on the disk.
    pub(super) async fn until_settled(&self) {
        self.until_kept("\"wish\":null").await;
    }

    /// Waits until this is on the disk.
    pub(super) async fn until_kept(&self, what: &str) {
        let path = self.folder.path().join("state/number.json");
        self.until("is kept", |_| fs::read_to_string(&path).is_ok_and(|text| text.contains(what))).await;
    }

    /// Long enough for many looks and attempts.
    pub(super) async fn a_while(&self) {
        time::sleep(FAST.look * 20).await;
    }
}
