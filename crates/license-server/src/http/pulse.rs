//! Whether the server is well: what the service manager's watchdog is fed for.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{api::Api, health::LIVE_PATH};

/// Feels the pulse of the database and of the listener.
pub(super) struct Pulse {
    api: Api,
    address: Option<SocketAddr>,
    /// The most connections at once.
    capacity: usize,
}

impl Pulse {
    /// Of a server that listens there.
    pub(super) fn of(api: Api, listener: &TcpListener, capacity: usize) -> Self {
        Self { api, address: listener.local_addr().ok().map(reachable), capacity }
    }

    /// Asks the database, and over the network as a supervisor does. Says who does not answer.
    pub(super) async fn feel(&self) -> Result<(), String> {
        let answered = self.api.server.store().ping().await;
        answered.map_err(|error| format!("the database does not answer: {error}"))?;
        // A full house lets nobody in, and is well.
        let is_full =
            i64::try_from(self.capacity).is_ok_and(|most| self.api.metrics.connections().get() >= most);
        match self.address.filter(|_| !is_full) {
            Some(address) => ask(address)
                .await
                .map_err(|error| format!("the server does not answer on {address}: {error}")),
            None => Ok(()),
        }
    }
}

/// Asks, and waits for anything: whoever answers, refuses a request in the clear, or ends the connection of a network
/// that holds its share, has accepted it.
async fn ask(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let asked = stream.write_all(format!("GET {LIVE_PATH} HTTP/1.0\r\n\r\n").as_bytes()).await;
    // An error is such an end.
    if asked.is_ok() {
        let _answered = stream.read(&mut [0]).await;
    }
    Ok(())
}

/// Where this machine reaches what listens on all of its addresses.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listening.port())
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::time;

    use super::*;
    use crate::{LicenseServer, http::Options};

    #[tokio::test]
    async fn who_accepts_nobody_is_not_well_unless_the_house_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let server = Arc::new(LicenseServer::open(folder.path()).await.unwrap());
        let api = Api::new(server, Options::default());
        // The system takes connections for it, and nobody accepts them.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let felt = |capacity| {
            let pulse = Pulse::of(api.clone(), &listener, capacity);
            async move { time::timeout(Duration::from_millis(200), pulse.feel()).await }
        };
        assert!(felt(1).await.is_err(), "nobody answers");
        assert_eq!(felt(0).await, Ok(Ok(())), "the house is full");
        let accepting = async {
            loop {
                drop(listener.accept().await);
            }
        };
        tokio::select! {
            () = accepting => {}
            answered = felt(1) => assert_eq!(answered, Ok(Ok(())), "it was accepted and turned away"),
        }
        api.server.store().close().await;
        assert!(felt(1).await.unwrap().unwrap_err().contains("the database"));
    }
}
