//! Where the daemon listens: on the socket that systemd holds, or on its own.

use std::{io, os::unix::net::UnixListener as StdUnixListener};

use listenfd::ListenFd;
use tokio::net::UnixListener;
use tracing::warn;
use unix_listener::{BoundSocket, SocketError};

use crate::config::Config;

/// Why the daemon cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// A socket of its own cannot be made.
    #[error(transparent)]
    Own(#[from] SocketError),
    /// What systemd hands over cannot be used.
    #[error("the socket of the socket unit cannot be used: {0}")]
    Activated(io::Error),
    /// The socket unit holds something else than one socket.
    #[error("the socket unit hands over {0} sockets; give it one `ListenStream=`, a path")]
    NotOne(usize),
}

/// The socket to listen on, and the guard of its file, unless the file is the socket unit's: that one is neither
/// moded nor removed here.
pub fn listen(config: &Config) -> Result<(UnixListener, Option<BoundSocket>), ListenError> {
    let mut given = ListenFd::from_env();
    let (listener, bound) = match given.len() {
        0 => {
            let (listener, bound) = unix_listener::listen(&config.socket, &config.socket_group)?;
            (listener, Some(bound))
        }
        1 => (activated(&mut given).map_err(ListenError::Activated)?, None),
        several => return Err(ListenError::NotOne(several)),
    };
    let listener = UnixListener::from_std(listener).map_err(ListenError::Activated)?;
    let address = listener.local_addr().map_err(ListenError::Activated)?;
    if address.as_pathname() != Some(&config.socket) {
        warn!(
            "the socket unit listens on {address:?}, and the configuration says {}: the socket unit counts",
            config.socket.display()
        );
    }
    Ok((listener, bound))
}

fn activated(given: &mut ListenFd) -> io::Result<StdUnixListener> {
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "it is no Unix socket");
    let listener = given.take_unix_listener(0)?.ok_or_else(none)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
