//! A host that signs its calls, over a plain HTTP/1.1 connection of its own for each.

use std::{fmt::Write, net::SocketAddr};

use license_core::{
    api::{ApiAnswer, Call, HostCall, Problem},
    crypto::{Nonce, PublicKey, RequestId, SigningKey},
    envelope::Envelope,
    host::{Evidence, Fact, FactKind},
    receipt::SignedReceipt,
    statement::{Expected, Kind, Lease, LeasedFeature, Statement},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::openapi::assert_described;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn problem(&self) -> Problem {
        assert!(self.headers.contains("content-type: application/problem+json"), "{}", self.headers);
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status);
        problem
    }
}

/// The head of a request with that body.
fn head_of(head: &str, headers: &[(&str, String)], body: &[u8]) -> String {
    let mut request = format!("{head} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    write!(request, "content-length: {}\r\n\r\n", body.len()).unwrap();
    request
}

/// Sends raw bytes and reads to the end.
pub(crate) async fn exchange(
    address: SocketAddr,
    head: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> Response {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = head_of(head, headers, body);
    stream.write_all(request.as_bytes()).await.unwrap();
    // A server that refuses by the length alone may close before the body is sent.
    let _refused_early = stream.write_all(body).await;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let response = parsed(&answer).unwrap();
    assert_described(head, &response);
    response
}

/// The response in those bytes, if its head is whole.
fn parsed(answer: &[u8]) -> Option<Response> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let headers = String::from_utf8(answer[..end].to_vec()).ok()?.to_lowercase();
    let status = headers.get(9..12)?.parse().ok()?;
    Some(Response { status, headers, body: answer[end + 4..].to_vec() })
}

/// A request of which the server has read the head, and waits for the body.
pub(crate) struct HalfSent {
    stream: TcpStream,
    body: Vec<u8>,
}

impl HalfSent {
    /// Sends the body; the status of the answer.
    pub(crate) async fn finish(mut self) -> u16 {
        self.stream.write_all(&self.body).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        answer[9..12].parse().unwrap()
    }
}

/// A request as it can be sent again.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    nonce: Nonce,
}

impl Sealed {
    /// Sends the head, and waits until the server asks for the body.
    pub(crate) async fn send_head(&self, address: SocketAddr) -> HalfSent {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut headers = self.headers.clone();
        headers.push(("expect", "100-continue".to_owned()));
        let head = head_of(&format!("POST {}", self.path), &headers, &self.body);
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked, *b"HTTP/1.1 100 Continue\r\n\r\n");
        HalfSent { stream, body: self.body.clone() }
    }

    /// Sends it; `None` if no whole answer came back.
    pub(crate) async fn try_send(&self, address: SocketAddr) -> Option<Response> {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = head_of(&format!("POST {}", self.path), &self.headers, &self.body);
        stream.write_all(request.as_bytes()).await.ok()?;
        stream.write_all(&self.body).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let response = parsed(&answer)?;
        let length = response.headers.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        (length.parse() == Ok(response.body.len())).then_some(response)
    }

    pub(crate) async fn send(&self, address: SocketAddr) -> Response {
        exchange(address, &format!("POST {}", self.path), &self.headers, &self.body).await
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) key: SigningKey,
    evidence: Evidence,
    trusted: PublicKey,
    pub(crate) serial: u64,
    receipt: Option<SignedReceipt>,
    requests: u32,
}

impl Host {
    /// Host `id` trusts the root key `trusted`; each is a machine of its own.
    pub(crate) fn new(id: u8, trusted: PublicKey) -> Self {
        let evidence = Evidence(vec![Fact::new(FactKind::ProductUuid, &format!("machine {id}"))]);
        Self {
            key: SigningKey::from_bytes(&[id; 32]),
            evidence,
            trusted,
            serial: 0,
            receipt: None,
            requests: 0,
        }
    }

    /// The same host that reports other hardware.
    pub(crate) fn with_evidence(&self, facts: Vec<Fact>) -> Self {
        Self { evidence: Evidence(facts), ..self.clone() }
    }

    /// The same machine after a reinstallation: with the key of host `id`, and without a state.
    pub(crate) fn with_key(&self, id: u8) -> Self {
        Self { evidence: self.evidence.clone(), ..Self::new(id, self.trusted) }
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::of(&self.key)
    }

    pub(crate) fn seal(&mut self, call: &Call) -> Sealed {
        self.requests += 1;
        let id = self.requests.to_be_bytes();
        self.seal_as(RequestId([id; 4].concat().try_into().unwrap()), call)
    }

    /// Seals a call under a request id of one's own choice.
    pub(crate) fn seal_as(&self, id: RequestId, call: &Call) -> Sealed {
        let nonce = Nonce([id.0; 2].concat().try_into().unwrap());
        let (evidence, receipt) = (self.evidence.clone(), self.receipt.clone());
        let body = serde_json::to_vec(&HostCall { nonce, evidence, receipt, call: call.clone() }).unwrap();
        let envelope = Envelope::seal(&self.key, "POST", call.path(), &body, id, self.serial);
        Sealed { path: call.path(), headers: envelope.headers().to_vec(), body, nonce }
    }

    /// What a daemon does with a success: verifies it all, and holds the statement.
    pub(crate) fn accept(&mut self, sealed: &Sealed, response: &Response) -> (ApiAnswer, Option<Statement>) {
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
        assert!(response.headers.contains("content-type: application/json"), "{}", response.headers);
        let answer: ApiAnswer = serde_json::from_slice(&response.body).unwrap();
        let keys = answer.keys.verify(&[self.trusted]).unwrap();
        let statement = answer.statement.as_ref().map(|signed| {
            let host_key = self.public();
            let above_serial = Some(self.serial);
            let expected = Expected { host_key: &host_key, nonce: &sealed.nonce, number: None, above_serial };
            signed.verify_answer(&keys, &expected).unwrap()
        });
        if let Some(statement) = &statement {
            self.serial = statement.serial;
            self.receipt.clone_from(&answer.receipt);
        }
        (answer, statement)
    }

    /// A call that succeeds, verified.
    pub(crate) async fn ok(&mut self, address: SocketAddr, call: &Call) -> (ApiAnswer, Option<Statement>) {
        let sealed = self.seal(call);
        let response = sealed.send(address).await;
        self.accept(&sealed, &response)
    }

    /// A call that is refused.
    pub(crate) async fn refused(&mut self, address: SocketAddr, call: &Call) -> Problem {
        self.seal(call).send(address).await.problem()
    }

    pub(crate) async fn lease(&mut self, address: SocketAddr) -> Lease {
        let (_, statement) = self.ok(address, &Call::CheckIn).await;
        let Kind::Lease(lease) = statement.unwrap().kind else { panic!("a refusal") };
        lease
    }

    pub(crate) async fn leased(&mut self, address: SocketAddr, feature: u32) -> Option<LeasedFeature> {
        let lease = self.lease(address).await;
        lease.features.into_iter().find(|leased| leased.feature.0 == feature)
    }
}
