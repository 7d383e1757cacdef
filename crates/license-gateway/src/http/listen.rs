//! Where the gateway listens: on sockets that systemd holds, or on its own.

use std::{
    io,
    net::{SocketAddr, TcpListener as StdTcpListener},
    os::unix::net::UnixListener as StdUnixListener,
    path::Path,
};

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener};
use unix_listener::{BoundSocket, SocketError};

/// A socket to listen on.
#[derive(Debug)]
pub enum Listener {
    /// On loopback.
    Tcp(TcpListener),
    /// In the file system. Its file goes with it, unless systemd holds it.
    Unix(UnixListener, Option<BoundSocket>),
}

/// Why the gateway cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Others than this host could reach it.
    #[error(
        "{0} is not on loopback. The gateway answers this host alone; let it listen on 127.0.0.1:8223 or [::1]:8223"
    )]
    NotLoopback(SocketAddr),
    /// The system does not let us.
    #[error(
        "cannot listen on {address}: {source}. If another broker has the port, stop it or use another port"
    )]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A Unix socket cannot be made.
    #[error(transparent)]
    Unix(#[from] SocketError),
    /// A socket of systemd's is none that we know.
    #[error("socket {at} of the socket unit cannot be used: {source}")]
    Activated {
        /// Its place, from 0.
        at: usize,
        /// Why.
        source: io::Error,
    },
}

/// The sockets that systemd hands over; none if it did not start us for its sockets.
pub fn activated() -> Result<Vec<Listener>, ListenError> {
    let mut given = ListenFd::from_env();
    (0..given.len()).map(|at| take(&mut given, at)).collect()
}

fn take(given: &mut ListenFd, at: usize) -> Result<Listener, ListenError> {
    let cannot = |source| ListenError::Activated { at, source };
    if let Ok(Some(tcp)) = given.take_tcp_listener(at) {
        return listening_tcp(tcp);
    }
    let unix = given.take_unix_listener(at).map_err(cannot)?;
    unix.map_or_else(
        || Err(cannot(io::Error::new(io::ErrorKind::InvalidInput, "it is taken already"))),
        |unix| listening_unix(unix, None).map_err(cannot),
    )
}

/// Listens on an address of loopback.
pub fn bind_tcp(address: SocketAddr) -> Result<Listener, ListenError> {
    must_be_loopback(address)?;
    let bound = StdTcpListener::bind(address);
    listening_tcp(bound.map_err(|source| ListenError::Bind { address, source })?)
}

/// Listens on a path, for the group of that name.
pub fn bind_unix(path: &Path, group: &str) -> Result<Listener, ListenError> {
    let cannot = |source| SocketError::Bind { path: path.to_owned(), source };
    let (listener, bound) = unix_listener::listen(path, group)?;
    Ok(listening_unix(listener, Some(bound)).map_err(cannot)?)
}

fn listening_tcp(listener: StdTcpListener) -> Result<Listener, ListenError> {
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    let cannot = |source| ListenError::Bind { address: unspecified, source };
    must_be_loopback(listener.local_addr().map_err(cannot)?)?;
    listener.set_nonblocking(true).map_err(cannot)?;
    Ok(Listener::Tcp(TcpListener::from_std(listener).map_err(cannot)?))
}

fn listening_unix(listener: StdUnixListener, bound: Option<BoundSocket>) -> io::Result<Listener> {
    listener.set_nonblocking(true)?;
    Ok(Listener::Unix(UnixListener::from_std(listener)?, bound))
}

fn must_be_loopback(address: SocketAddr) -> Result<(), ListenError> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(ListenError::NotLoopback(address)) }
}
