//! What listens at a port, and may change its manner.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Place;

/// What is done with a connection. Who is gone before it is done makes an error, which concerns nobody.
pub type Manner = Arc<dyn Fn(TcpStream) -> io::Result<()> + Send + Sync>;

/// A port at all addresses of a place, as long as the test runs.
#[derive(Clone)]
pub struct Door(Arc<Mutex<Manner>>);

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

impl Door {
    /// Opens it.
    pub fn open(place: &Place, port: u16, manner: Manner) -> Self {
        let door = Self(Arc::new(Mutex::new(manner)));
        let listener = place.does(|| TcpListener::bind(("::", port)).unwrap());
        let behind = door.clone();
        place.goes_on(move || {
            for stream in listener.incoming() {
                let (stream, manner) = (stream.unwrap(), behind.0.lock().unwrap().clone());
                thread::spawn(move || manner(stream));
            }
        });
        door
    }

    /// From now on new connections are treated like this.
    pub fn now(&self, manner: Manner) {
        *self.0.lock().unwrap() = manner;
    }
}

/// Speaks TLS, and passes requests on to an HTTP server in the clear.
pub fn passes_on(tls: Arc<ServerConfig>, upstream: &str) -> Manner {
    let upstream = upstream.to_owned();
    Arc::new(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(tls.clone()).unwrap(), stream);
        let request = read_request(&mut stream)?;
        let mut server = TcpStream::connect(&upstream)?;
        server.write_all(&request)?;
        io::copy(&mut server, &mut stream)?;
        stream.conn.send_close_notify();
        stream.flush()
    })
}

/// Speaks TLS, and answers every request like this.
pub fn answers(tls: Arc<ServerConfig>, status: &str, body: &str) -> Manner {
    let answer = answer(status, "content-type: text/html", body);
    Arc::new(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(tls.clone()).unwrap(), stream);
        read_request(&mut stream)?;
        stream.write_all(answer.as_bytes())?;
        stream.conn.send_close_notify();
        stream.flush()
    })
}

/// Redirects every request, in the clear.
pub fn redirects(to: &str) -> Manner {
    let page = format!("<html><body><a href=\"{to}\">Moved</a></body></html>");
    let answer = answer("302 Found", &format!("content-type: text/html\r\nlocation: {to}"), &page);
    Arc::new(move |mut stream| {
        read_request(&mut stream)?;
        stream.write_all(answer.as_bytes())
    })
}

/// An HTTP proxy that connects to this address, whatever is asked for.
pub fn connects(to: &str) -> Manner {
    let to = to.to_owned();
    Arc::new(move |mut stream| {
        read_request(&mut stream)?;
        let server = TcpStream::connect(&to)?;
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        let (mut from_client, mut to_server) = (stream.try_clone()?, server.try_clone()?);
        thread::spawn(move || {
            let copied = io::copy(&mut from_client, &mut to_server);
            to_server.shutdown(std::net::Shutdown::Write).and(copied)
        });
        io::copy(&mut &server, &mut stream)?;
        stream.shutdown(std::net::Shutdown::Both)
    })
}

/// An HTTP proxy that connects nobody.
pub fn refuses(status: &str, header: &str) -> Manner {
    let answer = answer(status, header, "<html><body>No.</body></html>");
    Arc::new(move |mut stream| {
        read_request(&mut stream)?;
        stream.write_all(answer.as_bytes())
    })
}

fn answer(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

/// A request, to be sent on over a connection that is closed after the answer.
fn read_request(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    const END: &[u8] = b"\r\n\r\n";
    let mut head = Vec::new();
    while !head.ends_with(END) {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let lines = || head.trim_end().split("\r\n");
    let value = |line: &str, name: &str| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    };
    let length = lines().find_map(|line| value(line, "content-length")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let kept: Vec<&str> = lines().filter(|line| value(line, "connection").is_none()).collect();
    Ok([format!("{}\r\nconnection: close\r\n\r\n", kept.join("\r\n")).into_bytes(), body].concat())
}
