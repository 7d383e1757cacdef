//! Connections: getting one, and what may be spoken over.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UdpSocket},
    time,
};

use super::Budget;
use crate::findings::{Connect, Connected};

/// How long a connection may take: the packet that opens it is repeated after one second, and once more after two.
const CONNECT: Duration = Duration::from_millis(3200);

/// Something to speak over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects to an address.
pub(super) async fn connect(address: IpAddr, port: u16, budget: &Budget) -> (Connect, Option<TcpStream>) {
    let to = SocketAddr::new(address, port);
    if let Err(error) = route(to).await {
        return (Connect { address, outcome: Connected::NoRoute(error.to_string()) }, None);
    }
    let (outcome, stream) = match time::timeout_at(budget.within(CONNECT), TcpStream::connect(to)).await {
        Ok(Ok(stream)) => (Connected::Yes, Some(stream)),
        Ok(Err(error)) => (of_error(&error), None),
        Err(_) => (Connected::Dropped, None),
    };
    (Connect { address, outcome }, stream)
}

/// Whether there is a way: connecting a datagram socket asks the kernel for one, and sends nothing.
async fn route(to: SocketAddr) -> io::Result<()> {
    let local = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    UdpSocket::bind(local).await?.connect(to).await
}

fn of_error(error: &io::Error) -> Connected {
    let is_any_of = |kinds: &[ErrorKind]| kinds.contains(&error.kind());
    if is_any_of(&[ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset, ErrorKind::PermissionDenied]) {
        Connected::Refused
    } else if is_any_of(&[
        ErrorKind::HostUnreachable,
        ErrorKind::NetworkUnreachable,
        ErrorKind::AddrNotAvailable,
    ]) {
        Connected::NoRoute(error.to_string())
    } else if is_any_of(&[ErrorKind::TimedOut]) {
        Connected::Dropped
    } else {
        Connected::Failed(error.to_string())
    }
}
