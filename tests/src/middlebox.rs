//! A box between host and license server that speaks TLS with a certificate of its own, as those of
//! companies do, and may change what it passes on.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use license_core::api::PROBLEM_MEDIA_TYPE;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::authority::Authority;

/// An HTTP request, as it came.
#[derive(Debug)]
pub struct Request {
    /// The path.
    pub path: String,
    /// The other lines of the head.
    headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An HTTP answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `Content-Type`
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A problem, as a license server gives it.
    pub fn problem(status: u16, json: &serde_json::Value) -> Self {
        Self { status, content_type: PROBLEM_MEDIA_TYPE.to_owned(), body: json.to_string().into_bytes() }
    }
}

/// The license server, for a box that passes a request on.
#[derive(Debug)]
pub struct Upstream(pub(crate) String);

/// What a box does with a request.
type Behaviour = Box<dyn FnMut(&Request, &Upstream) -> Reply + Send>;

/// A box that listens on loopback, as long as the test runs.
pub struct Middlebox {
    address: SocketAddr,
    ca_file: PathBuf,
    behaviour: Arc<Mutex<Behaviour>>,
    in_clear: Arc<AtomicBool>,
}

impl std::fmt::Debug for Middlebox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Middlebox").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Middlebox {
    /// A box in front of the license server at `upstream`. Its CA's certificate goes to `folder`. It
    /// passes on what comes, until it is told to [behave otherwise](Self::now).
    pub fn new(folder: &Path, upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ca_file = folder.join(format!("ca-{}.pem", address.port()));
        let tls = Arc::new(certified(&ca_file));
        let pass: Behaviour = Box::new(|request, upstream| upstream.ask(request));
        let behaviour = Arc::new(Mutex::new(pass));
        let in_clear = Arc::new(AtomicBool::new(false));
        let answers_in_clear = Arc::clone(&in_clear);
        let (told, upstream) = (Arc::clone(&behaviour), Upstream(upstream.to_owned()));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let tls = ServerConnection::new(Arc::clone(&tls)).unwrap();
                let mut stream = StreamOwned::new(tls, stream.unwrap());
                // Who does not trust the box, or hangs up, gets no answer.
                let Some(request) = read_request(&mut stream) else { continue };
                let reply = (told.lock().unwrap())(&request, &upstream);
                let _ = if answers_in_clear.load(Ordering::Relaxed) {
                    stream.sock.write_all(b"HTTP/1.1 502 the box is going down\r\n\r\n")
                } else {
                    write_reply(&mut stream, &reply)
                };
            }
        });
        Self { address, ca_file, behaviour, in_clear }
    }

    /// From now on it does this with each request.
    pub fn now(&self, behaviour: impl FnMut(&Request, &Upstream) -> Reply + Send + 'static) {
        *self.behaviour.lock().unwrap() = Box::new(behaviour);
    }

    /// Whether from now on it breaks TLS in its answers, after it has passed the requests on.
    pub fn answers_in_clear(&self, does: bool) {
        self.in_clear.store(does, Ordering::Relaxed);
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate of its CA: who trusts it believes the box.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }
}

/// TLS with a certificate of a CA that is written to `ca_file`.
pub(crate) fn certified(ca_file: &Path) -> ServerConfig {
    let authority = Authority::new(ca_file);
    let (certificate, key) = authority.certificate();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key)
        .unwrap()
}

impl Upstream {
    /// Passes a request on as it came, and gives the answer.
    pub fn ask(&self, request: &Request) -> Reply {
        let mut stream = TcpStream::connect(&self.0).unwrap();
        let Request { path, headers, body } = request;
        let head = format!("POST {path} HTTP/1.1\r\n{}\r\nconnection: close\r\n\r\n", headers.join("\r\n"));
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut reader = BufReader::new(stream);
        let (first, headers) = read_head(&mut reader).unwrap();
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let content_type = header(&headers, "content-type").unwrap().to_owned();
        let mut body = vec![0; header(&headers, "content-length").unwrap().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        Reply { status, content_type, body }
    }
}

pub(crate) fn read_request(stream: impl Read) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let (first, headers) = read_head(&mut reader)?;
    let mut body = vec![0; header(&headers, "content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Request { path: first.split(' ').nth(1)?.to_owned(), headers, body })
}

/// The first line and the headers.
fn read_head(reader: &mut impl BufRead) -> Option<(String, Vec<String>)> {
    let mut lines = reader.lines().map_while(Result::ok);
    let first = lines.next()?;
    Some((first, lines.take_while(|line| !line.is_empty()).collect()))
}

fn header<'h>(headers: &'h [String], name: &str) -> Option<&'h str> {
    let mut pairs = headers.iter().filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

pub(crate) fn write_reply(
    stream: &mut StreamOwned<ServerConnection, TcpStream>,
    reply: &Reply,
) -> std::io::Result<()> {
    let Reply { status, content_type, body } = reply;
    let head = format!(
        "HTTP/1.1 {status} -\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.conn.send_close_notify();
    stream.flush()
}
