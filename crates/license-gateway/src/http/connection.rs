//! Connections: how many are open at once, and how long each may take.

use std::{
    convert::Infallible,
    io::{self, ErrorKind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hyper::{Request, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use license_texts::{Language, text};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::Semaphore,
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;

use super::{Listener, request, response, wire::Wire};
use crate::{
    api::Refusal,
    caller::{Allowed, Caller, TcpConnection},
    perform::{Gateway, IN_TIME},
};

/// The most connections at once of root; what comes then waits for a place. They are its own, so that nobody who may
/// change the license too can keep it out.
const ROOT: usize = 64;

/// The most connections at once of the other users who may change the license: those of MikoPBX.
const CONFIGURED: usize = 128;

/// The most of either that wait for a place. With all others they stay below the 1024 files that a process may open.
const WAITING: usize = 128;

/// The most connections at once of users who may not change the license; what comes then is told so. Modules under
/// users of their own fit.
const STRANGERS: usize = 64;

/// The most that are told so at once; what comes then is cut, so that files are left for others.
const TURNED_AWAY: usize = 64;

/// How much is still read of a client that is let go.
const LAST_BYTES: u64 = 1024 * 1024;

/// How long a client may take to send the head of a request, or to begin the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest head of a request: MikoPBX's take half a kilobyte.
const HEAD_LEN: usize = 16 * 1024;

/// The most headers of a request: MikoPBX's have five.
const HEADERS: usize = 64;

/// How long a connection takes new requests, so that one that is never idle makes room for others.
const LIFETIME: Duration = Duration::from_mins(10);

/// How long the last request of a connection may take: as long as the longest answer, and a little for it to be read.
const LAST_REQUEST: Duration = IN_TIME.saturating_add(Duration::from_secs(5));

/// How long the last request of a connection may take to arrive: who sends slowly holds up no restart.
const LAST_BYTE: Duration = Duration::from_secs(1);

/// How long a client that has connected just before a stop may take to begin its first request: a local client sends it
/// at once, and without an answer it would take the restart for an outage.
const FIRST_REQUEST: Duration = Duration::from_millis(250);

/// How long nothing is accepted after the system refused to: file descriptors come back with time.
const PAUSE: Duration = Duration::from_secs(1);

/// What connections are for.
#[derive(Debug)]
pub struct Door {
    /// Answers what is asked.
    pub gateway: Gateway,
    /// Who may change the license.
    pub allowed: Allowed,
    /// The language of what is said.
    pub language: Language,
}

/// The other end of a connection.
#[derive(Debug, Clone)]
enum Origin {
    Tcp(TcpConnection),
    Unix(Caller),
}

impl Origin {
    fn caller(&self) -> Caller {
        match self {
            Self::Tcp(connection) => Caller::of_tcp(connection),
            Self::Unix(caller) => caller.clone(),
        }
    }
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Answers requests until `stop`, and then those that are open.
pub async fn serve(door: Arc<Door>, listeners: Vec<Listener>, stop: CancellationToken) {
    let open = TaskTracker::new();
    let hall = Hall {
        door,
        root: Room::new(ROOT, WAITING),
        configured: Room::new(CONFIGURED, WAITING),
        strangers: Room::new(STRANGERS, 0),
        turned_away: Arc::new(Semaphore::new(TURNED_AWAY)),
        stop: stop.clone(),
        open: open.clone(),
    };
    for listener in listeners {
        open.spawn(hall.clone().accept(listener));
    }
    stop.cancelled().await;
    open.close();
    open.wait().await;
}

/// The connections of some users.
#[derive(Debug, Clone)]
struct Room {
    /// Those that are served.
    places: Arc<Semaphore>,
    /// Those and the ones that wait.
    all: Arc<Semaphore>,
}

impl Room {
    fn new(places: usize, waiting: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), all: Arc::new(Semaphore::new(places + waiting)) }
    }
}

/// Where connections are let in.
#[derive(Debug, Clone)]
struct Hall {
    door: Arc<Door>,
    root: Room,
    configured: Room,
    strangers: Room,
    turned_away: Arc<Semaphore>,
    stop: CancellationToken,
    open: TaskTracker,
}

impl Hall {
    /// Accepts connections until `stop`.
    async fn accept(self, listener: Listener) {
        loop {
            let accepted = tokio::select! {
                accepted = one(&listener) => accepted,
                () = self.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, origin)) => self.admit(stream, origin),
                // The client left while it waited.
                Err(error)
                    if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::NotConnected) => {}
                Err(error) => {
                    warn!(%error, "cannot accept a connection; trying again");
                    time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Gives a connection a place, when there is one.
    fn admit(&self, stream: Box<dyn Stream>, origin: Origin) {
        let caller = origin.caller();
        let known = self.door.allowed.has(&caller);
        let room = match caller {
            Caller::User(0) if known => &self.root,
            Caller::User(_) | Caller::Unknown(_) if known => &self.configured,
            Caller::User(_) | Caller::Unknown(_) => &self.strangers,
        };
        let Ok(entered) = room.all.clone().try_acquire_owned() else { return self.turn_away(stream) };
        let (hall, places) = (self.clone(), room.places.clone());
        self.open.spawn(async move {
            match time::timeout(HEAD_TIMEOUT, places.acquire()).await {
                Ok(_place) => connection(stream, &origin, known, &hall.door, hall.stop).await,
                Err(_elapsed) => hall.turn_away(stream),
            }
            drop(entered);
        });
    }

    fn turn_away(&self, stream: Box<dyn Stream>) {
        let Ok(place) = self.turned_away.clone().try_acquire_owned() else { return };
        let language = self.door.language;
        self.open.spawn(async move {
            let refusal = Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, text!("gateway-connections"));
            part(stream, &refusal, language).await;
            drop(place);
        });
    }
}

async fn one(listener: &Listener) -> io::Result<(Box<dyn Stream>, Origin)> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let origin = Origin::Tcp(TcpConnection::of(&stream)?);
            Ok((Box::new(stream), origin))
        }
        Listener::Unix(listener, _) => {
            let (stream, _) = listener.accept().await?;
            let origin = Origin::Unix(Caller::of_unix(&stream));
            Ok((Box::new(stream), origin))
        }
    }
}

/// One connection to its end. When it is old or the gateway stops, the request that is open is the last.
async fn connection(
    stream: Box<dyn Stream>,
    origin: &Origin,
    known: bool,
    door: &Door,
    stop: CancellationToken,
) {
    let mut wire = Wire::new(stream);
    let ended = serve_on(&mut wire, origin, known, door, stop).await;
    let Err(error) = ended else { return };
    // Nothing came, or it was answered: the client is idle, and words would be taken for its next answer.
    if !wire.unread() {
        return;
    }
    let (status, text) = if error.is_timeout() {
        (StatusCode::REQUEST_TIMEOUT, text!("gateway-request-slow"))
    } else if error.is_parse_too_large() {
        (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text!("gateway-head-long"))
    } else if error.is_parse() {
        (StatusCode::BAD_REQUEST, text!("gateway-no-http"))
    } else if error.is_incomplete_message() {
        (StatusCode::BAD_REQUEST, text!("gateway-hung-up"))
    } else {
        return;
    };
    part(wire.into_stream(), &Refusal::plain(status, text), door.language).await;
}

/// Says why, and ends the connection. What the client still sends is read for a moment: it would not see the answer
/// otherwise.
async fn part(mut stream: Box<dyn Stream>, refusal: &Refusal, language: Language) {
    let words = response::last_words(refusal, language);
    let parting = async {
        stream.write_all(&words).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LAST_BYTES), &mut tokio::io::sink()).await
    };
    // The client is gone already, or will not go.
    let _gone = time::timeout(PAUSE, parting).await;
}

async fn serve_on(
    wire: &mut Wire<Box<dyn Stream>>,
    origin: &Origin,
    known: bool,
    door: &Door,
    stop: CancellationToken,
) -> hyper::Result<()> {
    let (is_asked, heard) = (AtomicBool::new(false), CancellationToken::new());
    let service = service_fn(async |request: Request<Incoming>| {
        heard.cancel();
        let answer = match request::read(request, &door.allowed, known, || origin.caller()).await {
            Ok(asked) => {
                is_asked.store(true, Ordering::Relaxed);
                door.gateway.answer(asked).await
            }
            Err(refusal) => Err(refusal),
        };
        is_asked.store(false, Ordering::Relaxed);
        Ok::<_, Infallible>(response::response(&answer, door.language))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_LEN);
    let mut connection = pin!(http.serve_connection(TokioIo::new(wire), service));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = time::sleep(LIFETIME) => {}
        () = last_call(&stop, &heard) => {}
    }
    connection.as_mut().graceful_shutdown();
    match time::timeout(LAST_BYTE, connection.as_mut()).await {
        Ok(ended) => ended,
        Err(_elapsed) if !is_asked.load(Ordering::Relaxed) => Ok(()),
        Err(_elapsed) => time::timeout(LAST_REQUEST, connection).await.unwrap_or(Ok(())),
    }
}

/// Ready at a stop, and for a client that has not been heard yet a moment later.
async fn last_call(stop: &CancellationToken, heard: &CancellationToken) {
    stop.cancelled().await;
    // Heard or not, the moment is over.
    let _ = time::timeout(FIRST_REQUEST, heard.cancelled()).await;
}
