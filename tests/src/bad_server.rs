//! The address of a license server at which anything may answer.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{
    middlebox::{Reply, Upstream, certified, read_request, write_reply},
    waiting,
};

/// How often a connection looks whether the manner is still its own.
const POLL: Duration = Duration::from_millis(10);

/// What answers there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The license server.
    Well,
    /// Nobody: a connection is made, and then nothing comes.
    Silent,
    /// A byte a second.
    Trickles,
    /// Status 500.
    Fails,
    /// A web page, as a captive portal gives it.
    Html,
    /// A body without end.
    Huge,
    /// Somebody with a certificate of another authority.
    Untrusted,
}

/// What listens there, over TLS, as long as the test runs.
#[derive(Debug)]
pub struct BadServer {
    address: SocketAddr,
    ca_file: PathBuf,
    door: Arc<Door>,
}

impl BadServer {
    /// Passes on to the license server at `upstream`, until it [is something else](Self::is). The
    /// certificate of its CA goes to `folder`.
    pub fn in_front_of(folder: &Path, upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ca_file = folder.join(format!("ca-{}.pem", address.port()));
        let door = Arc::new(Door {
            manner: Mutex::new(Manner::Well),
            calls: AtomicUsize::new(0),
            trusted: Arc::new(certified(&ca_file)),
            untrusted: Arc::new(certified(&folder.join("ca-unknown.pem"))),
            upstream: Upstream(upstream.to_owned()),
        });
        let behind = Arc::clone(&door);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, door) = (stream.unwrap(), Arc::clone(&behind));
                // Who hangs up gets no answer.
                thread::spawn(move || drop(door.serve(stream)));
            }
        });
        Self { address, ca_file, door }
    }

    /// From now on it is this. Connections of before are closed within some milliseconds.
    pub fn is(&self, manner: Manner) {
        *self.door.manner.lock().unwrap() = manner;
    }

    /// How many calls came so far. A silent one counts them when they connect, others when the request is there
    /// or the caller gone.
    pub fn calls(&self) -> usize {
        self.door.calls.load(Ordering::Relaxed)
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate of its CA.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }
}

/// What all connections share.
#[derive(Debug)]
struct Door {
    manner: Mutex<Manner>,
    calls: AtomicUsize,
    trusted: Arc<ServerConfig>,
    untrusted: Arc<ServerConfig>,
    upstream: Upstream,
}

impl Door {
    fn manner(&self) -> Manner {
        *self.manner.lock().unwrap()
    }

    /// Waits, and tells whether the manner is still that.
    fn is_still(&self, manner: Manner, time: Duration) -> bool {
        let waiting = waiting::Stopwatch::start();
        while self.manner() == manner && waiting.elapsed() < time {
            waiting::pass(POLL);
        }
        self.manner() == manner
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let manner = self.manner();
        if manner == Manner::Silent {
            self.calls.fetch_add(1, Ordering::Relaxed);
            while self.is_still(manner, POLL) {}
            return Ok(());
        }
        let certified = if manner == Manner::Untrusted { &self.untrusted } else { &self.trusted };
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(certified)).unwrap(), stream);
        let request = read_request(&mut stream);
        self.calls.fetch_add(1, Ordering::Relaxed);
        let Some(request) = request else { return Ok(()) };
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000000000\r\n\r\n";
        match manner {
            Manner::Well => write_reply(&mut stream, &self.upstream.ask(&request)),
            Manner::Fails => write_reply(&mut stream, &text(500, "text/plain", "Internal Server Error")),
            Manner::Html => write_reply(&mut stream, &text(200, "text/html", "<title>Wi-Fi</title>Log in")),
            Manner::Huge => {
                stream.write_all(head)?;
                loop {
                    stream.write_all(&[b' '; 16 * 1024])?;
                }
            }
            Manner::Trickles => {
                for byte in head.iter().chain([b' '].iter().cycle()) {
                    stream.write_all(&[*byte])?;
                    if !self.is_still(manner, Duration::from_secs(1)) {
                        break;
                    }
                }
                Ok(())
            }
            // The caller has hung up before it asked.
            Manner::Untrusted | Manner::Silent => Ok(()),
        }
    }
}

fn text(status: u16, content_type: &str, body: &str) -> Reply {
    Reply { status, content_type: content_type.to_owned(), body: body.as_bytes().to_vec() }
}
