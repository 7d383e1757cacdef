//! Both clients against a daemon that misbehaves in every way the contract names.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    thread::{self, JoinHandle},
    time::Duration,
};

use license_ipc::{
    Answer, DecodeError, Done, Encoding, ErrorKind, Failure, Request,
    frame::{self, MAX_ANSWER, MAX_REQUEST, PREFIX},
};
use license_types::FeatureId;
use tempfile::TempDir;

use crate::{Client, ClientError, Settings, deadline::Deadline};

/// What the fake daemon does with one connection.
enum Turn {
    /// Reads a request for each frame and writes the frame.
    Answer(Vec<Vec<u8>>),
    /// Says this before it has read anything, and closes.
    Interrupt(Vec<u8>),
    /// Reads a request, writes these bytes and closes.
    Cut(Vec<u8>),
    /// Reads a request and writes a byte of the frame each 50 ms, until the client leaves.
    Drip(Vec<u8>),
}

/// A daemon that takes one connection for each turn, then closes its socket.
struct FakeDaemon {
    folder: TempDir,
    requests: JoinHandle<Vec<Request>>,
}

impl FakeDaemon {
    fn start(turns: Vec<Turn>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let requests = thread::spawn(move || {
            let mut requests = Vec::new();
            for turn in turns {
                let (mut stream, _) = listener.accept().unwrap();
                take_turn(turn, &mut stream, &mut requests);
            }
            requests
        });
        Self { folder, requests }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn settings(&self) -> Settings {
        Settings::new(self.path()).deadline(Duration::from_secs(20))
    }

    /// The requests that came, once every turn was taken.
    fn requests(self) -> Vec<Request> {
        self.requests.join().unwrap()
    }
}

fn take_turn(turn: Turn, stream: &mut UnixStream, requests: &mut Vec<Request>) {
    match turn {
        Turn::Answer(frames) => {
            for frame in frames {
                let Some(request) = read_request(stream) else { return };
                requests.push(request);
                stream.write_all(&frame).unwrap();
            }
        }
        Turn::Interrupt(bytes) => stream.write_all(&bytes).unwrap(),
        Turn::Cut(bytes) => {
            requests.extend(read_request(stream));
            stream.write_all(&bytes).unwrap();
        }
        Turn::Drip(frame) => {
            requests.extend(read_request(stream));
            stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            for byte in frame {
                let client_left = matches!(stream.read(&mut [0]), Ok(0));
                if client_left || stream.write_all(&[byte]).is_err() {
                    return;
                }
            }
        }
    }
}

/// The next request; `None` if the client left.
fn read_request(stream: &mut UnixStream) -> Option<Request> {
    let mut prefix = [0; PREFIX];
    stream.read_exact(&mut prefix).ok()?;
    let mut body = vec![0; frame::body_len(prefix, MAX_REQUEST).unwrap()];
    stream.read_exact(&mut body).unwrap();
    Some(frame::decode_request(&body).unwrap().1)
}

fn check() -> Request {
    Request::Check { feature: FeatureId(45), holder: None }
}

fn done() -> Answer {
    Answer::Done(Done { message: "Done.".to_owned(), warnings: Vec::new() })
}

fn framed(answer: &Answer) -> Vec<u8> {
    frame::encode_answer(answer, Encoding::Binary).unwrap()
}

/// The outcome of one request by each client, against a daemon of its own that takes the same turns.
fn by_both(request: &Request, turns: fn() -> Vec<Turn>) -> Vec<(Result<Answer, ClientError>, Vec<Request>)> {
    let daemon = FakeDaemon::start(turns());
    let outcome = Client::with(daemon.settings()).request(request);
    #[allow(unused_mut, reason = "with the feature `tokio` there is a second client")]
    let mut outcomes = vec![(outcome, daemon.requests())];
    #[cfg(feature = "tokio")]
    {
        let daemon = FakeDaemon::start(turns());
        let outcome = on_tokio(crate::AsyncClient::with(daemon.settings()).request(request));
        outcomes.push((outcome, daemon.requests()));
    }
    outcomes
}

#[cfg(feature = "tokio")]
fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn each_misbehaviour_of_the_daemon_has_its_own_error() {
    type Case = (&'static str, Request, fn() -> Vec<Turn>, fn(&ClientError) -> bool);
    let cases: &[Case] = &[
        (
            "an end before the answer",
            Request::Reset,
            || vec![Turn::Cut(Vec::new())],
            |error| matches!(error, ClientError::Closed),
        ),
        (
            "an end before the answer, twice",
            check(),
            || vec![Turn::Cut(Vec::new()), Turn::Cut(Vec::new())],
            |error| matches!(error, ClientError::Closed),
        ),
        (
            "an end inside the length",
            check(),
            || vec![Turn::Cut(vec![0, 0])],
            |error| matches!(error, ClientError::HalfFrame { got: 2, missing: 2 }),
        ),
        (
            "an end inside the body",
            check(),
            || vec![Turn::Cut(vec![0, 0, 0, 9, 1])],
            |error| matches!(error, ClientError::HalfFrame { got: 5, missing: 8 }),
        ),
        (
            "a frame over the limit",
            check(),
            || vec![Turn::Cut(vec![0xff; 8])],
            |error| matches!(error, ClientError::Oversized { len: 0xffff_ffff, max: MAX_ANSWER }),
        ),
        (
            "another version",
            check(),
            || vec![Turn::Cut(vec![0, 0, 0, 2, 9, 0])],
            |error| matches!(error, ClientError::Version(DecodeError::Version { found: 9 })),
        ),
        (
            "a daemon that does not speak our version",
            check(),
            || vec![Turn::Cut(frame::unsupported())],
            |error| matches!(error, ClientError::Version(DecodeError::Unsupported { .. })),
        ),
        (
            "a body that is too short",
            check(),
            || vec![Turn::Cut(vec![0, 0, 0, 0])],
            |error| matches!(error, ClientError::Malformed(DecodeError::TooShort { len: 0 })),
        ),
        (
            "a payload that is no answer",
            check(),
            || vec![Turn::Cut(vec![0, 0, 0, 6, 1, 0, 200, 0, 0, 0])],
            |error| matches!(error, ClientError::Malformed(DecodeError::Malformed { .. })),
        ),
        (
            "an error answer",
            check(),
            || {
                let failure = Failure { kind: ErrorKind::Refused, code: None, message: "no".to_owned() };
                vec![Turn::Cut(framed(&Answer::Error(failure)))]
            },
            |error| matches!(error, ClientError::Failed(Failure { kind: ErrorKind::Refused, .. })),
        ),
    ];
    for (what, request, turns, is_expected) in cases {
        for (outcome, _) in by_both(request, *turns) {
            let error = outcome.unwrap_err();
            assert!(is_expected(&error), "{what}: {error:?}");
        }
    }
}

mod speaking;
mod watching;

#[test]
fn a_check_is_repeated_once_when_the_daemon_went_away() {
    let turns = || vec![Turn::Cut(Vec::new()), Turn::Answer(vec![framed(&done())])];
    for (outcome, requests) in by_both(&check(), turns) {
        assert_eq!(outcome.unwrap(), done());
        assert_eq!(requests, [check(), check()]);
    }
}

#[test]
fn a_reset_is_sent_once() {
    for (outcome, requests) in by_both(&Request::Reset, || vec![Turn::Cut(Vec::new())]) {
        assert!(matches!(outcome, Err(ClientError::Closed)));
        assert_eq!(requests, [Request::Reset]);
    }
}

#[test]
fn what_the_daemon_says_before_it_hangs_up_is_read_even_if_the_request_cannot_be_written() {
    // A daemon with too many connections answers `busy` before it reads anything.
    let turns = || {
        let busy = Failure { kind: ErrorKind::Busy, code: None, message: "too many".to_owned() };
        vec![Turn::Interrupt(framed(&Answer::Error(busy)))]
    };
    for (outcome, _) in by_both(&Request::Reset, turns) {
        let error = outcome.unwrap_err();
        assert!(matches!(error, ClientError::Failed(Failure { kind: ErrorKind::Busy, .. })), "{error:?}");
    }
}

#[test]
fn a_connection_is_kept_for_what_can_be_repeated_and_made_anew_for_what_cannot() {
    let turns = || vec![Turn::Answer(vec![framed(&done()); 2]), Turn::Answer(vec![framed(&done())])];
    let sent = [check(), check(), Request::Reset];

    let daemon = FakeDaemon::start(turns());
    let mut client = Client::with(daemon.settings());
    for request in &sent {
        assert_eq!(client.request(request).unwrap(), done());
    }
    assert_eq!(daemon.requests(), sent);

    #[cfg(feature = "tokio")]
    {
        let daemon = FakeDaemon::start(turns());
        let mut client = crate::AsyncClient::with(daemon.settings());
        on_tokio(async {
            for request in &sent {
                assert_eq!(client.request(request).await.unwrap(), done());
            }
        });
        assert_eq!(daemon.requests(), sent);
    }
}

#[test]
fn an_answer_to_another_request_is_an_error() {
    let daemon = FakeDaemon::start(vec![Turn::Answer(vec![framed(&done())])]);
    let outcome = Client::with(daemon.settings()).status();
    assert!(matches!(outcome, Err(ClientError::Unexpected { answer: "done" })), "{outcome:?}");
}

#[test]
fn a_peer_that_sends_a_byte_at_a_time_does_not_stretch_the_deadline() {
    let within = Duration::from_millis(300);
    // The whole answer takes over a second at this pace.
    let drip = || vec![Turn::Drip(framed(&done()))];
    assert!(framed(&done()).len() > 25);

    let daemon = FakeDaemon::start(drip());
    let limit = Deadline::after(Duration::from_secs(1));
    let outcome = Client::with(daemon.settings()).request_within(&check(), within);
    assert!(matches!(outcome, Err(ClientError::Deadline { .. })), "{outcome:?}");
    assert!(limit.left().is_ok(), "the deadline was stretched");
    daemon.requests();

    #[cfg(feature = "tokio")]
    {
        let daemon = FakeDaemon::start(drip());
        let limit = Deadline::after(Duration::from_secs(1));
        let mut client = crate::AsyncClient::with(daemon.settings());
        let outcome = on_tokio(client.request_within(&check(), within));
        assert!(matches!(outcome, Err(ClientError::Deadline { .. })), "{outcome:?}");
        assert!(limit.left().is_ok(), "the deadline was stretched");
        drop(client);
        daemon.requests();
    }
}

#[test]
fn a_late_answer_is_never_taken_for_the_next_one() {
    let late = || Failure { kind: ErrorKind::NoAnswer, code: None, message: "late".to_owned() };
    let turns = || vec![Turn::Drip(framed(&Answer::Error(late()))), Turn::Answer(vec![framed(&done())])];
    let within = Duration::from_millis(100);

    let daemon = FakeDaemon::start(turns());
    let mut client = Client::with(daemon.settings());
    assert!(matches!(client.request_within(&check(), within), Err(ClientError::Deadline { .. })));
    assert_eq!(client.request(&check()).unwrap(), done());
    daemon.requests();

    #[cfg(feature = "tokio")]
    {
        let daemon = FakeDaemon::start(turns());
        let mut client = crate::AsyncClient::with(daemon.settings());
        on_tokio(async {
            let outcome = client.request_within(&check(), within).await;
            assert!(matches!(outcome, Err(ClientError::Deadline { .. })), "{outcome:?}");
            assert_eq!(client.request(&check()).await.unwrap(), done());
        });
        daemon.requests();
    }
}

#[test]
fn the_deadline_covers_the_connect_to_a_daemon_that_does_not_accept() {
    use socket2::{Domain, SockAddr, Socket, Type};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    // A queue of length 0 holds one connection; the next one has to wait.
    let _queued = UnixStream::connect(&path).unwrap();

    let within = Duration::from_millis(100);
    let limit = Deadline::after(Duration::from_secs(2));
    let outcome = Client::new(&path).request_within(&check(), within);
    assert!(matches!(outcome, Err(ClientError::Deadline { .. })), "{outcome:?}");
    #[cfg(feature = "tokio")]
    {
        let mut client = crate::AsyncClient::new(&path);
        let outcome = on_tokio(client.request_within(&check(), within));
        assert!(matches!(outcome, Err(ClientError::Deadline { .. })), "{outcome:?}");
    }
    assert!(limit.left().is_ok(), "the deadline was stretched");
}

#[test]
fn an_untrusted_peer_is_sent_nothing() {
    let daemon = FakeDaemon::start(vec![Turn::Answer(vec![framed(&done())])]);
    let mut settings = daemon.settings();
    settings.trusted.clear();
    let outcome = Client::with(settings.clone()).request(&check());
    let own = peer_cred::own_uid();
    assert!(matches!(outcome, Err(ClientError::UntrustedPeer { uid, .. }) if uid == own), "{outcome:?}");
    assert_eq!(daemon.requests(), []);

    let daemon = FakeDaemon::start(vec![Turn::Answer(vec![framed(&done())])]);
    let mut settings = daemon.settings();
    settings.trusted.clear();
    assert_eq!(Client::with(settings.trust(own)).request(&check()).unwrap(), done());
}

#[test]
fn a_daemon_that_is_not_there_is_named_with_its_socket_and_the_command_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let stale = folder.path().join("stale");
    drop(UnixListener::bind(&stale).unwrap());
    for (path, why) in [(missing, "there is no socket"), (stale, "nobody listens on")] {
        let error = Client::new(&path).status().unwrap_err();
        assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
        let said = error.to_string();
        assert!(said.contains(&format!("{why} {}", path.display())), "{said}");
        assert!(said.contains("`systemctl start licensed`"), "{said}");
    }
}

#[test]
fn a_socket_that_may_not_be_opened_is_told_with_the_way_in() {
    let source = std::io::ErrorKind::PermissionDenied.into();
    let error = ClientError::Connect { path: "/run/licensed/licensed.sock".into(), source };
    let said = error.to_string();
    let user = crate::trust::own_name();
    assert!(said.contains(&format!("`usermod -aG licensed {user}`")), "{said}");
    assert!(said.contains("PHP-FPM must be restarted"), "{said}");
}

#[test]
fn a_path_that_no_socket_can_have_is_an_error() {
    let error = Client::new("x".repeat(200)).status().unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
}

#[test]
fn a_request_over_the_limit_is_not_sent() {
    let daemon = FakeDaemon::start(Vec::new());
    let outcome = Client::with(daemon.settings()).check_many(vec![FeatureId(1); 20_000]);
    assert!(matches!(outcome, Err(ClientError::Unsendable(_))), "{outcome:?}");
}
