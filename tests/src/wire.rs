//! A client of the socket that can misbehave.

use std::{
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
};

use license_ipc::{
    Answer, Encoding, Request,
    frame::{self, MAX_ANSWER, PREFIX},
};

use crate::{Host, waiting::LONGEST};

/// A connection over which anything can be sent.
#[derive(Debug)]
pub struct Wire(UnixStream);

impl Wire {
    /// Connects to the daemon.
    pub fn to(host: &Host) -> Self {
        let stream = UnixStream::connect(host.socket()).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        Self(stream)
    }

    /// Sends bytes. A daemon that has closed already says the rest when it is read.
    pub fn send(&mut self, bytes: &[u8]) -> &mut Self {
        let _ = self.0.write_all(bytes);
        self
    }

    /// Sends a frame with any header.
    pub fn send_frame(&mut self, version: u8, encoding: u8, payload: &[u8]) -> &mut Self {
        let len = u32::try_from(payload.len() + 2).unwrap();
        self.send(&[&len.to_be_bytes(), &[version, encoding][..], payload].concat())
    }

    /// Sends a request, as a client does.
    pub fn ask(&mut self, request: &Request, encoding: Encoding) -> &mut Self {
        self.send(&frame::encode_request(request, encoding).unwrap())
    }

    /// Closes the sending side.
    pub fn end(&mut self) -> &mut Self {
        let _ = self.0.shutdown(Shutdown::Write);
        self
    }

    /// The next frame, whole.
    pub fn frame(&mut self) -> Vec<u8> {
        self.frame_or_end().expect("an answer")
    }

    /// The next frame, whole; `None` if the connection ends before it.
    pub fn frame_or_end(&mut self) -> Option<Vec<u8>> {
        let mut prefix = [0; PREFIX];
        match self.0.read(&mut prefix[..1]) {
            Ok(1) => {}
            Ok(_) => return None,
            // Unix sockets end like this where the other side closed without having read everything.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("waited in vain for an answer: {error}"),
        }
        self.0.read_exact(&mut prefix[1..]).expect("a whole answer");
        let mut body = vec![0; frame::body_len(prefix, MAX_ANSWER).unwrap()];
        self.0.read_exact(&mut body).expect("a whole answer");
        Some([&prefix[..], &body].concat())
    }

    /// The next frame, whole; `None` if the connection ends before it or within it.
    pub fn frame_or_cut(&mut self) -> Option<Vec<u8>> {
        let mut prefix = [0; PREFIX];
        self.0.read_exact(&mut prefix).ok()?;
        let mut body = vec![0; frame::body_len(prefix, MAX_ANSWER).unwrap()];
        self.0.read_exact(&mut body).ok()?;
        Some([&prefix[..], &body].concat())
    }

    /// The next answer.
    pub fn answer(&mut self) -> Answer {
        frame::decode_answer(&self.frame()[PREFIX..]).unwrap()
    }

    /// The kind of the failure that the next answer is, and its encoding: `malformed json`.
    pub fn failure(&mut self) -> String {
        let frame = self.frame();
        let encoding = if frame[PREFIX + 1] == 0 { "bincode" } else { "json" };
        match frame::decode_answer(&frame[PREFIX..]) {
            Ok(Answer::Error(failure)) => format!("{} {encoding}", failure.kind.name()),
            other => panic!("no failure: {other:?}"),
        }
    }

    /// What still comes until the connection ends, whole frames or not.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // Unix sockets end like this where the other side closed without having read everything.
        match self.0.read_to_end(&mut rest) {
            Ok(_) => rest,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => rest,
            Err(error) => panic!("waited in vain for the end: {error}"),
        }
    }

    /// Waits for the end of the connection; nothing may come before it.
    pub fn is_closed(&mut self) {
        let frame = self.frame_or_end();
        assert!(frame.is_none(), "instead of the end came {frame:?}");
    }
}
