//! The task against a daemon that does as it is told, over a real socket.

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

use super::*;

const A: &str = "MIKO-AAAAA-AAAAA-AAAAA-AAAAA";
const B: &str = "MIKO-BBBBB-BBBBB-BBBBB-BBBBB";

/// No pause of the real pace is waited for.
const FAST: Pace = Pace {
    look: Duration::from_millis(20),
    first: Duration::from_millis(10),
    longest: Duration::from_millis(40),
};

/// Nothing is tried again but for a reason.
const SLOW: Pace = Pace { look: FAST.look, first: Duration::from_hours(1), longest: Duration::from_hours(1) };

/// How long anything is waited for before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

fn number(text: &str) -> RegistrationNumber {
    text.parse().unwrap()
}

/// What the fake daemon does with an activation.
#[derive(Debug, Clone, Copy)]
enum Server {
    Up,
    Away,
    Refuses,
    /// The daemon closes the connection, and nobody knows what came of it.
    Closes,
    /// No answer comes.
    Hangs,
}

/// A fake daemon.
#[derive(Debug)]
struct Fake {
    server: Server,
    bound: Option<RegistrationNumber>,
    is_offline: bool,
    /// Activations and resets that came.
    asked: Vec<Option<RegistrationNumber>>,
}

impl Fake {
    fn answer(&mut self, request: Request) -> Option<Answer> {
        let failed = |kind, code| {
            Some(Answer::Error(Failure { kind, code: Some(code), message: "So it is.".to_owned() }))
        };
        if request == Request::Status {
            return Some(Answer::Status(Box::new(self.status())));
        }
        if request == Request::Watch {
            return Some(Answer::Change(Box::new(self.change())));
        }
        if request == Request::Reset {
            self.asked.push(None);
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
            Server::Away => failed(ErrorKind::NoAnswer, Code::CONNECTION_FAILED),
            Server::Refuses => failed(ErrorKind::Refused, Code::KEY_UNKNOWN),
            Server::Closes | Server::Hangs => None,
        }
    }

    fn state(&self) -> State {
        match &self.bound {
            None => State::Unregistered,
            Some(_) if self.is_offline => State::Offline,
            Some(_) => State::Fresh,
        }
    }

    fn change(&self) -> Change {
        let (whole, missed, more) = (true, false, false);
        let (code, message) = (None, String::new());
        Change { whole, missed, more, state: self.state(), code, message, entitlements: Vec::new() }
    }

    fn status(&self) -> Status {
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
        }
    }
}

fn done() -> Answer {
    Answer::Done(Done { message: "It is done.".to_owned(), warnings: Vec::new() })
}

async fn serve(fake: Arc<Mutex<Fake>>, mut stream: UnixStream) {
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
struct World {
    pace: Pace,
    daemon: Arc<Daemon>,
    folder: TempDir,
    fake: Arc<Mutex<Fake>>,
    listening: Option<JoinHandle<()>>,
    number: Option<Number>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl World {
    /// With a daemon that is bound to `bound`, and a gateway.
    fn new(server: Server, bound: Option<&str>) -> Self {
        Self::at(FAST, server, bound)
    }

    /// The same at this pace.
    fn at(pace: Pace, server: Server, bound: Option<&str>) -> Self {
        let fake = Fake { server, bound: bound.map(number), is_offline: false, asked: Vec::new() };
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

    fn fake(&self) -> MutexGuard<'_, Fake> {
        self.fake.lock().unwrap()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn store(&self) -> Store {
        Store::new(self.folder.path().join("state"))
    }

    fn start_daemon(&mut self) {
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
    async fn stop_daemon(&mut self) {
        let listening = self.listening.take().unwrap();
        listening.abort();
        listening.await.unwrap_err();
        fs::remove_file(self.socket()).unwrap();
    }

    fn start(&mut self) {
        self.daemon = Arc::new(Daemon::new(Settings::new(self.socket())));
        let daemon = Arc::clone(&self.daemon);
        let file = KeyFile::new(self.folder.path().join("license.key"), []);
        self.stop = CancellationToken::new();
        let (number, task) = Number::start_at(self.pace, daemon, self.store(), Some(file), self.stop.clone());
        (self.number, self.task) = (Some(number), Some(task));
    }

    /// The gateway ends at once, as `kill -9` ends it.
    async fn kill(&mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        task.await.unwrap_err();
    }

    fn number(&self) -> Number {
        self.number.clone().unwrap()
    }

    async fn change(&self, to: Option<&str>) -> Changed {
        time::timeout(PATIENCE, self.number().change(to.map(number))).await.unwrap()
    }

    fn write_key_file(&self, content: &str) {
        durable::replace(&self.folder.path().join("license.key"), content.as_bytes()).unwrap();
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Fake) -> bool) {
        let waited = time::timeout(PATIENCE, async {
            while !is_so(&self.fake()) {
                time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(waited.await.is_ok(), "{what}: {:?}", self.fake());
    }

    async fn until_bound(&self, to: Option<&str>) {
        let to = to.map(number);
        self.until("is bound", |fake| fake.bound == to).await;
    }

    /// Waits until nothing is wished any more, on the disk.
    async fn until_settled(&self) {
        self.until("is settled", |_| {
            fs::read_to_string(self.folder.path().join("state/number.json"))
                .is_ok_and(|text| text.contains("\"wish\":null"))
        })
        .await;
    }

    /// Long enough for many looks and attempts.
    async fn a_while(&self) {
        time::sleep(FAST.look * 20).await;
    }
}

#[tokio::test]
async fn a_change_is_done_at_once_when_it_can_be() {
    let world = World::new(Server::Up, Some(A));
    let changed = world.change(Some(B)).await;
    assert!(matches!(&changed, Changed::Done(done) if done.message == "It is done."), "{changed:?}");
    assert_eq!(world.fake().bound, Some(number(B)));
    assert!(matches!(world.change(None).await, Changed::Done(_)));
    assert_eq!(world.fake().bound, None);
    world.until_settled().await;
    world.a_while().await;
    assert_eq!(world.fake().asked, [Some(number(B)), None], "nothing is asked twice");
}

#[tokio::test]
async fn a_change_is_carried_on_until_the_license_server_answers() {
    for server in [Server::Away, Server::Closes] {
        let world = World::new(server, None);
        let changed = world.change(Some(B)).await;
        assert!(matches!(changed, Changed::NotYet(_)), "{server:?}: {changed:?}");
        assert!(world.store().load().unwrap().wish.is_some(), "{server:?}: it is on the disk");
        world.until("asked again and again", |fake| fake.asked.len() > 3).await;
        world.fake().server = Server::Up;
        world.until_bound(Some(B)).await;
        world.until_settled().await;
    }
}

#[tokio::test]
async fn a_change_survives_a_kill_of_the_gateway() {
    let mut world = World::new(Server::Away, Some(A));
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet(_)));
    world.kill().await;
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().bound, Some(number(A)), "nobody is there to do it");
    world.start();
    world.until_bound(Some(B)).await;
    world.until_settled().await;
}

#[tokio::test]
async fn a_change_that_was_done_when_the_gateway_was_killed_is_not_done_twice() {
    let mut world = World::new(Server::Hangs, Some(A));
    let asking = world.number();
    let waiting = tokio::spawn(async move { asking.change(Some(number(B))).await });
    world.until("is asked", |fake| !fake.asked.is_empty()).await;
    world.kill().await;
    assert!(matches!(waiting.await.unwrap(), Changed::Stopping));
    world.fake().bound = Some(number(B));
    world.fake().server = Server::Up;
    world.start();
    world.until_settled().await;
    assert_eq!(world.fake().asked.len(), 1);
}

#[tokio::test]
async fn a_change_is_carried_on_when_the_daemon_comes_back() {
    let mut world = World::new(Server::Up, Some(A));
    world.stop_daemon().await;
    let changed = world.change(Some(B)).await;
    let Changed::NotYet(why) = &changed else { panic!("{changed:?}") };
    assert!(crate::daemon::is_away(why), "{why}");
    world.start_daemon();
    world.until_bound(Some(B)).await;
    world.stop_daemon().await;
    assert!(matches!(world.change(None).await, Changed::NotYet(_)));
    world.start_daemon();
    world.until_bound(None).await;
}

#[tokio::test]
async fn a_change_is_tried_at_once_when_the_daemon_was_started_anew() {
    let world = World::at(SLOW, Server::Away, None);
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet(_)));
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1, "there is no reason yet");
    let _watch = world.daemon.watch().await.unwrap();
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn a_change_is_tried_at_once_when_the_daemon_reaches_the_license_server_again() {
    let world = World::at(SLOW, Server::Away, Some(A));
    world.fake().is_offline = true;
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet(_)));
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1, "there is no reason yet");
    world.fake().is_offline = false;
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn an_adoption_does_not_wait_for_what_was_wished_before() {
    let world = World::at(SLOW, Server::Away, None);
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet(_)));
    world.number().forget_wish().await;
    world.fake().server = Server::Up;
    world.write_key_file(A);
    world.until_bound(Some(A)).await;
}

#[tokio::test]
async fn a_refused_change_is_not_tried_again_even_after_a_restart() {
    let mut world = World::new(Server::Refuses, Some(A));
    let changed = world.change(Some(B)).await;
    assert!(
        matches!(&changed, Changed::Refused(failure) if failure.code == Some(Code::KEY_UNKNOWN)),
        "{changed:?}"
    );
    world.until_settled().await;
    world.kill().await;
    world.start();
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_begun() {
    let world = World::new(Server::Up, Some(A));
    fs::write(world.folder.path().join("blocked"), "").unwrap();
    let daemon = Arc::new(Daemon::new(Settings::new(world.socket())));
    let store = Store::new(world.folder.path().join("blocked/state"));
    let (pursued, _task) = Number::start_at(FAST, daemon, store, None, world.stop.clone());
    assert!(matches!(pursued.change(Some(number(B))).await, Changed::NotStored(_)));
    world.a_while().await;
    assert!(world.fake().asked.is_empty());
}

#[tokio::test]
async fn whoever_hangs_up_does_not_end_the_pursuit() {
    let world = World::new(Server::Hangs, Some(A));
    let cut = time::timeout(Duration::from_millis(300), world.number().change(Some(number(B)))).await;
    assert!(cut.is_err(), "{cut:?}");
    world.until("is asked", |fake| !fake.asked.is_empty()).await;
    world.fake().server = Server::Up;
    // The hanging call ends with its daemon's connection.
    let mut world = world;
    world.stop_daemon().await;
    world.start_daemon();
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn a_reset_does_not_wait_for_an_activation_that_hangs() {
    let world = World::new(Server::Hangs, Some(A));
    let asking = world.number();
    let waiting = tokio::spawn(async move { asking.change(Some(number(B))).await });
    world.until("is asked", |fake| !fake.asked.is_empty()).await;
    let changed = time::timeout(Duration::from_secs(5), world.number().change(None)).await.unwrap();
    assert!(matches!(changed, Changed::Done(_)), "{changed:?}");
    assert!(matches!(waiting.await.unwrap(), Changed::Replaced));
    assert_eq!(world.fake().bound, None);
}

#[tokio::test]
async fn two_that_want_the_same_get_the_same_answer() {
    let world = World::new(Server::Hangs, Some(A));
    let asking = world.number();
    let first = tokio::spawn(async move { asking.change(Some(number(B))).await });
    world.until("is asked", |fake| !fake.asked.is_empty()).await;
    world.fake().server = Server::Up;
    assert!(matches!(world.change(Some(B)).await, Changed::Done(_)));
    assert!(matches!(first.await.unwrap(), Changed::Done(_)));
}

#[tokio::test]
async fn another_number_from_another_hand_ends_the_pursuit() {
    let world = World::new(Server::Away, Some(A));
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet(_)));
    let c = number("MIKO-CCCCC-CCCCC-CCCCC-CCCCC");
    world.fake().bound = Some(c.clone());
    world.until_settled().await;
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().bound, Some(c));
}

#[tokio::test]
async fn a_wish_that_is_forgotten_is_not_pursued() {
    let world = World::new(Server::Away, None);
    assert!(matches!(world.change(Some(B)).await, Changed::NotYet(_)));
    world.number().forget_wish().await;
    assert_eq!(world.store().load().unwrap().wish, None);
    world.fake().server = Server::Up;
    world.a_while().await;
    assert_eq!(world.fake().bound, None);
}

#[tokio::test]
async fn the_number_in_the_key_file_is_adopted_and_a_reset_is_not_undone() {
    let mut world = World::new(Server::Away, None);
    world.write_key_file(A);
    world.until("is tried", |fake| fake.asked.len() > 1).await;
    world.fake().server = Server::Up;
    world.until_bound(Some(A)).await;
    world.until_settled().await;
    world.fake().bound = None;
    world.a_while().await;
    world.kill().await;
    world.start();
    world.a_while().await;
    assert_eq!(world.fake().bound, None, "the reset stands");
    world.write_key_file(B);
    world.until_bound(Some(B)).await;
}

#[tokio::test]
async fn a_refused_number_in_the_key_file_is_tried_once() {
    let mut world = World::new(Server::Refuses, None);
    world.write_key_file(A);
    world.until("is tried", |fake| !fake.asked.is_empty()).await;
    world.until_settled().await;
    world.kill().await;
    world.start();
    world.a_while().await;
    assert_eq!(world.fake().asked.len(), 1);
}

#[tokio::test]
async fn a_bound_host_takes_no_number_from_the_key_file() {
    let world = World::new(Server::Up, Some(A));
    world.write_key_file(B);
    world.a_while().await;
    let fake = world.fake();
    assert_eq!((&fake.bound, fake.asked.len()), (&Some(number(A)), 0));
}

#[tokio::test]
async fn a_number_by_sendmetrics_is_adopted_once() {
    let world = World::new(Server::Up, None);
    assert!(matches!(world.number().adopt(number(A)).await, Some(Changed::Done(_))));
    assert!(world.number().adopt(number(B)).await.is_none(), "it has one");
    world.fake().bound = None;
    assert!(world.number().adopt(number(A)).await.is_none(), "the reset stands");
    assert!(matches!(world.number().adopt(number(B)).await, Some(Changed::Done(_))));
}

#[test]
fn the_pauses_double_up_to_the_longest_and_are_spread() {
    let pace = Pace::default();
    let seconds = |failures, fraction| pace.pause(failures, fraction).as_secs_f64();
    let steps: Vec<f64> = [1, 2, 3, 7, 8, 9, u32::MAX].map(|failures| 2.0 * seconds(failures, 0.0)).to_vec();
    assert_eq!(steps, [5.0, 10.0, 20.0, 320.0, 600.0, 600.0, 600.0]);
    assert!((seconds(1, 0.999) - 5.0).abs() < 0.01);
}
