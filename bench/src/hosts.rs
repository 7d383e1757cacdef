//! Hosts that check in, each with its own key, serial and receipt, as daemons do.

use std::{collections::HashMap, io, net::SocketAddr, time::Duration};

use fastrand::Rng;
use license_core::{
    api::{Call, HostCall},
    crypto::{Nonce, RequestId, SigningKey},
    envelope::Envelope,
    receipt::{Receipt, SignedReceipt},
};
use serde::{Deserialize, de::IgnoredAny};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time,
};

use crate::{customers, report::Stopwatch};

/// The connections, each with hosts of its own.
pub(crate) struct Load {
    connections: Vec<Connection>,
}

/// What of an answer the next call needs.
#[derive(Deserialize)]
struct Answer {
    statement: Option<IgnoredAny>,
    receipt: Option<SignedReceipt>,
}

struct Host {
    key: SigningKey,
    serial: u64,
    receipt: Option<SignedReceipt>,
}

struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    /// The hosts are `first`, `first + step` and so on below `customers`.
    first: usize,
    step: usize,
    customers: usize,
    hosts: HashMap<usize, Host>,
    rng: Rng,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, customers: usize, connections: usize) -> Self {
        let connection = |first| Connection {
            address,
            stream: None,
            first,
            step: connections,
            customers,
            hosts: HashMap::new(),
            rng: Rng::with_seed(u64::try_from(first).unwrap_or_default()),
        };
        Self { connections: (0..connections).map(connection).collect() }
    }

    /// Checks in for so long; how long each call took.
    pub(crate) async fn run(&mut self, time: Duration) -> io::Result<Vec<Duration>> {
        let mut running = JoinSet::new();
        for mut connection in self.connections.drain(..) {
            running.spawn(async move {
                let (mut times, whole) = (Vec::new(), Stopwatch::start());
                while whole.elapsed() < time {
                    let call = Stopwatch::start();
                    connection.check_in().await?;
                    times.push(call.elapsed());
                }
                Ok::<_, io::Error>((connection, times))
            });
        }
        let mut all = Vec::new();
        while let Some(ended) = running.join_next().await {
            let (connection, times) = ended.map_err(io::Error::other)??;
            self.connections.push(connection);
            all.extend(times);
        }
        Ok(all)
    }
}

impl Connection {
    async fn check_in(&mut self) -> io::Result<()> {
        let mut bytes = [0; 48];
        self.rng.fill(&mut bytes);
        let (mut nonce, mut id) = ([0; 32], [0; 16]);
        nonce.copy_from_slice(&bytes[..32]);
        id.copy_from_slice(&bytes[32..]);
        let among = (self.customers - self.first).div_ceil(self.step);
        let index = self.first + self.step * self.rng.usize(..among);
        let host = self.hosts.entry(index).or_insert_with(|| Host {
            key: customers::key(index),
            serial: 0,
            receipt: None,
        });
        let (evidence, receipt) = (customers::evidence(index), host.receipt.clone());
        let call = HostCall { nonce: Nonce(nonce), evidence, receipt, call: Call::CheckIn };
        let body = serde_json::to_vec(&call)?;
        let path = call.call.path();
        let envelope = Envelope::seal(&host.key, "POST", path, &body, RequestId(id), host.serial);
        let mut request =
            format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in envelope.headers() {
            request.extend([name, ": ", &value, "\r\n"]);
        }
        request.push_str("\r\n");
        let request = [request.into_bytes(), body].concat();
        let (status, body) = match exchange(&mut self.stream, self.address, &request).await {
            Ok(answer) => answer,
            // The server ends connections of two minutes.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                exchange(&mut self.stream, self.address, &request).await?
            }
            Err(error) => return Err(error),
        };
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| io::Error::other(format!("status {status}: {}", String::from_utf8_lossy(&body))))?;
        let (Some(_), Some(receipt)) = (answer.statement, answer.receipt) else {
            return Err(io::Error::other(format!("status {status} without a statement")));
        };
        let proved: Receipt = serde_json::from_slice(&receipt.payload.0)?;
        if proved.serial <= host.serial || !proved.bound {
            return Err(io::Error::other(format!("serial {} after {}", proved.serial, host.serial)));
        }
        (host.serial, host.receipt) = (proved.serial, Some(receipt));
        Ok(())
    }
}

/// One request and its answer on a connection that is kept, or made.
async fn exchange(
    kept: &mut Option<TcpStream>,
    address: SocketAddr,
    request: &[u8],
) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = if let Some(stream) = kept.take() {
        stream
    } else {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream
    };
    let answer = time::timeout(Duration::from_secs(10), async {
        stream.write_all(request).await?;
        read_answer(&mut stream).await
    });
    let answer = answer.await.map_err(|_| io::ErrorKind::TimedOut)??;
    *kept = Some(stream);
    Ok(answer)
}

async fn read_answer(stream: &mut TcpStream) -> io::Result<(u16, Vec<u8>)> {
    let broken = || io::Error::other("an answer that is no HTTP");
    let mut bytes = Vec::with_capacity(8 * 1024);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let length = length.ok_or_else(broken)?;
    let mut body = bytes.split_off(end + 4);
    let have = body.len();
    body.resize(length.max(have), 0);
    if have < length {
        stream.read_exact(&mut body[have..]).await?;
    }
    Ok((status, body))
}
