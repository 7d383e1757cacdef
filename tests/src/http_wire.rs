//! HTTP as bytes: for what no client library would send.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::waiting::LONGEST;

/// A connection to a gateway.
#[derive(Debug)]
pub struct HttpWire {
    stream: TcpStream,
    came: Vec<u8>,
}

/// An answer of a gateway.
#[derive(Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The headers as they came.
    pub head: String,
    /// The body; empty if the request was HEAD.
    pub body: String,
}

/// A GET request for a path.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes()
}

/// The request of a method, by POST with a form.
pub fn post(method: &str, form: impl AsRef<[u8]>) -> Vec<u8> {
    with_headers("POST", method, &["Content-Type: application/x-www-form-urlencoded"], form)
}

/// The request of a method with these headers besides the host and the length.
pub fn with_headers(verb: &str, method: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let lines: String = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
    let head = format!(
        "{verb} /license.api/{method} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl HttpWire {
    /// Connects to `127.0.0.1:PORT`.
    pub fn to(address: &str) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    /// Speaks over a connection.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        stream.set_write_timeout(Some(LONGEST)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, came: Vec::new() }
    }

    /// The connection itself.
    pub const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends bytes; as many as are taken, since a gateway that has heard enough closes the connection.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _heard_enough = self.stream.write_all(bytes.as_ref());
        self
    }

    /// The next answer.
    pub fn answer(&mut self) -> HttpAnswer {
        self.answer_or_end().unwrap_or_else(|| panic!("the connection ended without an answer"))
    }

    /// The next answer; `None` if the connection ends before it.
    pub fn answer_or_end(&mut self) -> Option<HttpAnswer> {
        let head = self.head()?;
        Some(self.body_of(head))
    }

    /// The answer that begins with this head.
    pub fn body_of(&mut self, head: String) -> HttpAnswer {
        let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        let body = self.take(length).unwrap_or_else(|| panic!("the body is cut off: {head}"));
        HttpAnswer { status: status(&head), head, body: String::from_utf8(body).unwrap() }
    }

    /// The next answer, of which a head comes alone.
    pub fn answer_to_head(&mut self) -> HttpAnswer {
        let head = self.head().unwrap_or_else(|| panic!("the connection ended without an answer"));
        HttpAnswer { status: status(&head), head, body: String::new() }
    }

    /// The next head, without the empty line.
    pub fn head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.came.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = self.take(end + 4)?;
                return Some(String::from_utf8(head).unwrap().trim_end().to_owned());
            }
            self.more()?;
        }
    }

    /// Nothing more comes, and the gateway has closed the connection.
    pub fn is_closed(&mut self) {
        while self.more().is_some() {}
        assert_eq!(String::from_utf8_lossy(&self.came), "", "more came than was asked for");
    }

    /// Nothing comes within this time, and the connection stays.
    pub fn is_silent(&mut self, time: Duration) {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let read = self.stream.read(&mut [0; 1]);
        assert!(read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "something came");
        self.stream.set_read_timeout(Some(LONGEST)).unwrap();
    }

    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.came.len() < length {
            self.more()?;
        }
        Some(self.came.drain(..length).collect())
    }

    /// Reads on; `None` at the end, which a reset is too.
    fn more(&mut self) -> Option<()> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => None,
            Ok(read) => {
                self.came.extend_from_slice(&bytes[..read]);
                Some(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("waited in vain for an answer: {error}"),
        }
    }
}

impl HttpAnswer {
    /// The text of a refusal: the body is an object with `error` alone, and its text holds no four digits in a
    /// row outside of the code.
    pub fn error(&self) -> String {
        self.only("error")
    }

    /// The text of a success.
    pub fn result(&self) -> String {
        let body = self.json();
        assert!(body.get("error").is_none(), "{self:#?}");
        let result = body["result"].as_str().unwrap_or_else(|| panic!("no result: {self:#?}"));
        assert!(!result.is_empty(), "{self:#?}");
        result.to_owned()
    }

    /// Whether the gateway says that it closes the connection.
    pub fn is_the_last(&self) -> bool {
        header(&self.head, "connection").is_some_and(|said| said.eq_ignore_ascii_case("close"))
    }

    fn only(&self, name: &str) -> String {
        let body = self.json();
        let object = body.as_object().unwrap_or_else(|| panic!("no object: {self:#?}"));
        assert_eq!(object.keys().collect::<Vec<_>>(), [name], "{self:#?}");
        let text = object[name].as_str().unwrap_or_else(|| panic!("no text: {self:#?}"));
        let uncoded =
            text.strip_prefix('(').and_then(|text| text.split_once(") ")).map_or(text, |(_, rest)| rest);
        let digits = |window: &[u8]| window.iter().all(u8::is_ascii_digit);
        assert!(!text.is_empty() && !uncoded.as_bytes().windows(4).any(digits), "{text}");
        text.to_owned()
    }

    fn json(&self) -> Value {
        assert_eq!(header(&self.head, "content-type"), Some("application/json"), "{self:#?}");
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:#?}"))
    }
}

/// The status that a head says.
fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The value of a header.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let mut values =
        lines.filter(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
    let value = values.next();
    assert!(values.next().is_none(), "{name} comes twice: {head}");
    value
}
