//! A license server that takes connections and says nothing, as behind a firewall that swallows packets.

use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    time::Duration,
};

use socket2::SockRef;

use crate::waiting;

/// Far longer than the kernel needs to answer on loopback.
const UNANSWERED: Duration = Duration::from_millis(500);

/// A server that never answers.
#[derive(Debug)]
pub struct SilentServer {
    listener: TcpListener,
    /// Kept, so that the callers go on waiting.
    calls: Vec<TcpStream>,
}

impl SilentServer {
    /// Listens on loopback.
    pub fn new() -> Self {
        Self::at("127.0.0.1:0")
    }

    /// Listens there.
    pub fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener, calls: Vec::new() }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// Waits until it is called, once more each time.
    pub fn is_called(&mut self) {
        let call = waiting::until(|| match self.listener.accept() {
            Ok((call, _)) => Some(call),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("cannot accept: {error}"),
        });
        self.calls.push(call.expect("the license server is called"));
    }
}

impl Default for SilentServer {
    fn default() -> Self {
        Self::new()
    }
}

/// A server that does not even take connections: the kernel drops the packets of who tries.
#[derive(Debug)]
pub struct DeafServer {
    _listener: TcpListener,
    /// They fill its queue.
    _calls: Vec<TcpStream>,
}

impl DeafServer {
    /// Listens there, with a queue that is full.
    pub fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        SockRef::from(&listener).listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let call = || TcpStream::connect_timeout(&address, UNANSWERED).ok();
        Self { _calls: std::iter::from_fn(call).collect(), _listener: listener }
    }
}
