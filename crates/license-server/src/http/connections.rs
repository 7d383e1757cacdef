//! Connections: how many are open at once, and how long each may take.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, response::Response};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use license_core::api::LONG_POLL;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{client::Peer, request::REQUEST_TIMEOUT, shares::Shares, tls::Tls};
use crate::metrics::Metrics;

/// The most connections at once; what comes then waits. Half of the file descriptors that a process has
/// by default, so that the database and the admin commands always find some.
pub(crate) const MAX_CONNECTIONS: usize = 512;

/// How long a client may take to send the head of a request, or to begin the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection takes new requests. A host is done in 15 s, or waits for news again and again.
const LIFETIME: Duration = Duration::from_mins(2);

/// How long the last request of a connection may take: as long as the longest there is, and a little for its
/// answer to be read. A client that reads no answers loses its place then.
const LAST_REQUEST: Duration =
    LONG_POLL.saturating_add(REQUEST_TIMEOUT).saturating_add(Duration::from_secs(5));

/// How long nothing is accepted after the system refused to: file descriptors come back with time.
const PAUSE: Duration = Duration::from_secs(1);

/// How long open connections may go on after the signal to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(12);

/// What connections are for.
pub(crate) struct Door {
    pub(crate) router: Router,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) metrics: Metrics,
    /// The most connections at once.
    pub(crate) capacity: usize,
    /// What of them a network may hold; what it opens beyond that is closed at once.
    pub(crate) shares: Shares,
}

/// A connection, in the clear or not.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<W: AsyncRead + AsyncWrite + Unpin + Send> Wire for W {}

/// The router, with the other end of the connection in each request.
struct WithPeer {
    router: TowerToHyperService<Router>,
    peer: Peer,
}

impl Service<Request<Incoming>> for WithPeer {
    type Response = Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.router.call(request)
    }
}

/// Answers requests until `stop` is ready, and then until the open ones are answered.
pub(crate) async fn serve(door: Door, listener: TcpListener, stop: impl Future<Output = ()> + Send) {
    let (draining, open) = (CancellationToken::new(), TaskTracker::new());
    tokio::select! {
        () = stop => {}
        () = accept(door, listener, &draining, &open) => {}
    }
    tracing::info!("stopping: no new connections, open requests are answered");
    draining.cancel();
    open.close();
    if time::timeout(DRAIN_TIMEOUT, open.wait()).await.is_err() {
        tracing::warn!("connections are still open; they are cut");
    }
}

/// Accepts connections for ever; the listener is closed when nobody waits for this any more.
async fn accept(door: Door, listener: TcpListener, draining: &CancellationToken, open: &TaskTracker) {
    let places = Arc::new(Semaphore::new(door.capacity));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(share) = door.shares.take(peer.ip()) else {
                    door.metrics.rate_limited("connections");
                    continue;
                };
                let router = TowerToHyperService::new(door.router.clone());
                let service = WithPeer { router, peer: Peer(peer.ip()) };
                let (acceptor, draining) = (door.tls.as_ref().map(|tls| tls.acceptor()), draining.clone());
                let connections = door.metrics.connections().clone();
                open.spawn(async move {
                    connections.inc();
                    connection(stream, acceptor, service, draining).await;
                    connections.dec();
                    drop((place, share));
                });
            }
            // The client left while it waited.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection; trying again");
                time::sleep(PAUSE).await;
            }
        }
    }
}

/// One connection to its end. When it is old or the server drains, the request that is open is the last.
async fn connection(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    service: WithPeer,
    draining: CancellationToken,
) {
    let wire: Box<dyn Wire> = match acceptor {
        None => Box::new(stream),
        Some(acceptor) => match time::timeout(HEAD_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Box::new(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                return;
            }
            Err(_) => return,
        },
    };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let mut connection = pin!(http.serve_connection(TokioIo::new(wire), service));
    tokio::select! {
        // How a connection ended is its peer's concern alone.
        _ended = connection.as_mut() => return,
        () = time::sleep(LIFETIME) => {}
        () = draining.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ended = time::timeout(LAST_REQUEST, connection).await;
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::Instant,
    };

    use super::{super::Options, *};

    const WHOLE: &str = "GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";

    async fn start(capacity: usize) -> SocketAddr {
        start_with(capacity, &Options::default()).await
    }

    async fn start_with(capacity: usize, options: &Options) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/", get(async || "answered"))
            .route("/huge", get(async || vec![b'x'; 64 << 20]))
            .route("/wait", get(wait));
        let shares = Shares::of(capacity, options);
        let door = Door { router, tls: None, metrics: Metrics::default(), capacity, shares };
        tokio::spawn(serve(door, listener, std::future::pending()));
        address
    }

    async fn wait() -> &'static str {
        time::sleep(LONG_POLL).await;
        "waited"
    }

    async fn send(address: SocketAddr, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn answer(mut stream: TcpStream) -> String {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    // The clock is paused: it goes on when all wait, to the next deadline.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_finish_its_request_is_let_go() {
        let address = start(1).await;
        for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: "] {
            let before = Instant::now();
            let got = answer(send(address, begun).await).await;
            assert!(!got.contains("answered"), "{got}");
            assert!(
                (HEAD_TIMEOUT..LIFETIME).contains(&before.elapsed()),
                "{begun:?}: {:?}",
                before.elapsed()
            );
        }
        assert!(answer(send(address, WHOLE).await).await.ends_with("answered"));
    }

    #[tokio::test]
    async fn a_network_that_holds_its_share_gets_no_more_and_is_told_at_once() {
        let address = start(8).await;
        let held = [send(address, "GET ").await, send(address, "GET ").await];
        let mut third = TcpStream::connect(address).await.unwrap();
        let refused = time::timeout(Duration::from_secs(5), third.read(&mut [0])).await.unwrap();
        assert!(matches!(refused, Ok(0) | Err(_)), "{refused:?}");
        drop(held);
        // The server sees that they are gone in a moment.
        let answered = async {
            loop {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let _closed = stream.write_all(WHOLE.as_bytes()).await;
                let mut answer = String::new();
                let _closed = stream.read_to_string(&mut answer).await;
                if answer.ends_with("answered") {
                    break;
                }
            }
        };
        time::timeout(Duration::from_secs(5), answered).await.unwrap();
    }

    #[tokio::test]
    async fn who_finds_no_place_waits_for_one() {
        let address = start_with(1, &Options { rate_limits: false, ..Options::default() }).await;
        let first = send(address, "GET / HTTP/1.1\r\n").await;
        let mut second = send(address, WHOLE).await;
        let early = time::timeout(Duration::from_millis(100), second.read_u8()).await;
        assert!(early.is_err(), "the only place is taken");
        drop(first);
        assert!(answer(second).await.ends_with("answered"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_waits_for_news_again_and_again_is_never_cut_in_the_middle() {
        const WAIT: &str = "GET /wait HTTP/1.1\r\nhost: test\r\n\r\n";
        let mut stream = send(start(1).await, WAIT).await;
        let mut answers = 0;
        loop {
            let mut answer = vec![0; 1000];
            let read = stream.read(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
            assert!(answer.ends_with("waited"), "answer {answers}: {answer}");
            answers += 1;
            if answer.contains("connection: close") {
                break;
            }
            stream.write_all(WAIT.as_bytes()).await.unwrap();
        }
        assert_eq!(answers, 3, "two in the lifetime, and the one that it ends in");
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_loses_its_place() {
        let address = start(1).await;
        let before = Instant::now();
        let _deaf = send(address, "GET /huge HTTP/1.1\r\nhost: test\r\n\r\n").await;
        assert!(answer(send(address, WHOLE).await).await.ends_with("answered"));
        assert!(before.elapsed() <= LIFETIME + LAST_REQUEST + PAUSE, "{:?}", before.elapsed());
    }
}
