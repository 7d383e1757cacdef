//! Connections: how many are open at once, and how long each may take.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use license_core::api::LONG_POLL;
use tokio::{net::TcpListener, sync::Semaphore, time};

/// The most connections at once; what comes then waits. Half of the file descriptors that a process has
/// by default, so that the database and the admin commands always find some.
pub(crate) const MAX_CONNECTIONS: usize = 512;

/// How long a client may take to send the head of a request, or to begin the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection lives. A host is done in 15 s, or waits [`LONG_POLL`] for news; a client that
/// reads no answers keeps its place no longer than this.
const LIFETIME: Duration = Duration::from_mins(2);
const _: () = assert!(LIFETIME.as_secs() > 2 * LONG_POLL.as_secs());

/// How long nothing is accepted after the system refused to: file descriptors come back with time.
const PAUSE: Duration = Duration::from_secs(1);

/// How long open connections may go on after the signal to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(12);

/// Answers requests until `stop` is ready, and then until the open ones are answered.
pub(crate) async fn serve(
    router: Router,
    listener: TcpListener,
    capacity: usize,
    stop: impl Future<Output = ()> + Send,
) {
    let open = GracefulShutdown::new();
    tokio::select! {
        () = stop => {}
        () = accept(router, listener, capacity, &open) => {}
    }
    tracing::info!("stopping: no new connections, open requests are answered");
    if time::timeout(DRAIN_TIMEOUT, open.shutdown()).await.is_err() {
        tracing::warn!("connections are still open; they are cut");
    }
}

/// Accepts connections for ever; the listener is closed when nobody waits for this any more.
async fn accept(router: Router, listener: TcpListener, capacity: usize, open: &GracefulShutdown) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let places = Arc::new(Semaphore::new(capacity));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let service = TowerToHyperService::new(router.clone());
                let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
                tokio::spawn(async move {
                    // How a connection ended is its peer's concern alone.
                    let _ended = time::timeout(LIFETIME, connection).await;
                    drop(place);
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::Instant,
    };

    use super::*;

    const WHOLE: &str = "GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";

    async fn start(capacity: usize) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "answered"));
        tokio::spawn(serve(router, listener, capacity, std::future::pending()));
        address
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
    async fn who_finds_no_place_waits_for_one() {
        let address = start(1).await;
        let first = send(address, "GET / HTTP/1.1\r\n").await;
        let mut second = send(address, WHOLE).await;
        let early = time::timeout(Duration::from_millis(100), second.read_u8()).await;
        assert!(early.is_err(), "the only place is taken");
        drop(first);
        assert!(answer(second).await.ends_with("answered"));
    }
}
