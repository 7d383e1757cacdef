//! Whether the gateway is well: what the service manager's watchdog is fed for. The daemon may be away: that is a
//! fault of others, which a restart of the gateway mends least of all.

use std::{io, net::SocketAddr, path::PathBuf};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};

use crate::http::Listener;

/// A request that asks for nothing: it is answered without the daemon.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// Feels the pulse of every listener.
#[derive(Debug)]
pub struct Pulse(Vec<Address>);

#[derive(Debug)]
enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Pulse {
    /// Of a gateway that listens there.
    #[must_use]
    pub fn of(listeners: &[Listener]) -> Self {
        let address = |listener: &Listener| match listener {
            Listener::Tcp(tcp) => tcp.local_addr().ok().map(Address::Tcp),
            Listener::Unix(unix, _) => {
                unix.local_addr().ok()?.as_pathname().map(ToOwned::to_owned).map(Address::Unix)
            }
        };
        Self(listeners.iter().filter_map(address).collect())
    }

    /// Asks each listener, as MikoPBX does. Says who does not answer.
    pub async fn feel(&self) -> Result<(), String> {
        for address in &self.0 {
            let asked = match address {
                Address::Tcp(address) => ask(TcpStream::connect(address).await).await,
                Address::Unix(path) => ask(UnixStream::connect(path).await).await,
            };
            asked.map_err(|error| format!("the gateway does not answer on {address:?}: {error}"))?;
        }
        Ok(())
    }
}

/// Asks, and waits for anything: whoever answers, or ends the connection, has accepted it.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(connected: io::Result<S>) -> io::Result<()> {
    let mut stream = connected?;
    // An error is such an end.
    if stream.write_all(REQUEST).await.is_ok() {
        let _answered = stream.read(&mut [0]).await;
    }
    Ok(())
}
