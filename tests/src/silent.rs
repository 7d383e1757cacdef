//! A license server that takes connections and says nothing, as behind a firewall that swallows packets.

use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
};

use crate::waiting;

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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
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
