//! Who made a request, and who may make which.
//!
//! TCP on loopback has no credentials, so the kernel is asked whose the socket at the other end is. Whatever
//! is not certain is nobody: a socket that was closed, one of another network namespace or of another machine,
//! a kernel that does not answer.

use std::{
    collections::BTreeSet,
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd,
};

use license_texts::{Language, Text, text};
use nix::{errno::Errno, sys::stat, unistd::User};
use peer_cred::PeerCred;
use socket2::SockRef;
use tracing::warn;

use self::sock_diag::{TcpSocket, Unknown};

mod sock_diag;

/// Who may do everything unless it is configured, where there are such users.
const DEFAULT: [&str; 3] = ["root", "www", "www-data"];

/// The user that the kernel puts in place of one whom it cannot name, such as one of another user namespace
/// (`/proc/sys/kernel/overflowuid`).
const OVERFLOW_UID: u32 = 65_534;

/// Who made a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The user with this id.
    User(u32),
    /// Nobody knows, for this reason.
    Unknown(String),
}

impl Caller {
    /// Who is at the other end of a TCP connection at this moment; blocks for microseconds. To be asked when a
    /// request has been read: of a client that has left meanwhile, nobody is said to have made it.
    #[must_use]
    pub fn of_tcp(connection: &TcpConnection) -> Self {
        match connection.owner_of_the_other_end() {
            Ok(uid) => Self::User(uid),
            Err(why) => Self::Unknown(why.to_string()),
        }
    }

    /// Who connected to a Unix socket.
    #[must_use]
    pub fn of_unix(stream: impl AsFd) -> Self {
        match PeerCred::of(stream) {
            Ok(PeerCred { uid: u32::MAX, .. }) => {
                Self::Unknown("the kernel does not know who connected".to_owned())
            }
            Ok(peer) => Self::User(peer.uid),
            Err(error) => Self::Unknown(format!("the kernel cannot be asked who connected: {error}")),
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::User(uid) => text!("gateway-caller-user", uid = *uid),
            Self::Unknown(why) => text!("gateway-caller-unknown", why = why),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().to(Language::English))
    }
}

/// An accepted TCP connection, noted while its socket is at hand.
#[derive(Debug, Clone, Copy)]
pub struct TcpConnection {
    local: SocketAddr,
    peer: SocketAddr,
    inode: u64,
}

impl TcpConnection {
    /// Notes the connection of an accepted socket. An error means that it has ended.
    pub fn of(stream: impl AsFd) -> io::Result<Self> {
        let inode = stat::fstat(&stream)?.st_ino;
        let socket = SockRef::from(&stream);
        let ip = |address: socket2::SockAddr| address.as_socket().ok_or(io::ErrorKind::Unsupported);
        Ok(Self { local: ip(socket.local_addr()?)?, peer: ip(socket.peer_addr()?)?, inode })
    }

    /// Whose the other end is.
    ///
    /// When a connection is reset, the request that came by it can still be read, and its port may already be
    /// another user's, for another connection. So our end must outlive the answer for the other: as long as
    /// it is there, no other socket can be connected to it.
    fn owner_of_the_other_end(&self) -> Result<u32, Unknown> {
        let owner = TcpSocket::find(self.peer, self.local)?.owner()?;
        match TcpSocket::find(self.local, self.peer) {
            Ok(ours) if ours.is(self.inode) => Ok(owner),
            Ok(_) | Err(Unknown::NotFound) => Err(Unknown::Ended),
            Err(why) => Err(why),
        }
    }
}

/// Tries with a connection of our own whether the kernel tells who calls over TCP; if not, says why. It does not where
/// it is built without `INET_DIAG`, or where the unit of the gateway keeps it from netlink: then every caller is
/// nobody. Where that is a module of the kernel, this has it loaded, so that no request waits for it.
pub fn probe() -> Result<(), String> {
    let connect = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let client = TcpStream::connect(listener.local_addr()?)?;
        let (server, _) = listener.accept()?;
        Ok((TcpConnection::of(&server)?, client, server))
    };
    let (connection, _client, _server) = connect().map_err(|error: io::Error| error.to_string())?;
    match Caller::of_tcp(&connection) {
        Caller::User(uid) if uid == peer_cred::own_uid() => Ok(()),
        other @ (Caller::User(_) | Caller::Unknown(_)) => {
            Err(format!("a connection of our own is of {other}"))
        }
    }
}

/// A user whom the configuration allows what is not for everyone, and who cannot be allowed it.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    /// There is none.
    #[error("there is no user {0:?}")]
    Missing(String),
    /// It stands for many.
    #[error("the user {0:?} stands for all whom the kernel cannot name; it cannot be allowed anything")]
    Nobody(String),
    /// The users of this machine are not to be had at the moment.
    #[error("the user {name:?} cannot be looked up: {source}")]
    Lookup {
        /// The name that was looked for.
        name: String,
        /// What getpwnam(3) says.
        source: Errno,
    },
}

/// The users who may make every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    uids: BTreeSet<u32>,
}

impl Allowed {
    /// The users of these names or ids; without any, `root`, `www` and `www-data`, as far as there are such.
    pub fn resolve(names: &[String]) -> Result<Self, AllowError> {
        let uids = if names.is_empty() {
            DEFAULT.iter().filter_map(|name| default_uid(name)).collect()
        } else {
            names.iter().map(|name| uid(name)).collect::<Result<_, _>>()?
        };
        Ok(Self { uids })
    }

    /// Their ids.
    #[must_use]
    pub fn uids(&self) -> BTreeSet<u32> {
        self.uids.clone()
    }

    /// Whether the caller is one of them.
    #[must_use]
    pub fn has(&self, caller: &Caller) -> bool {
        match caller {
            Caller::User(uid) => self.uids.contains(uid),
            Caller::Unknown(_) => false,
        }
    }
}

/// The id of a user who is allowed by default, if there is such a user.
fn default_uid(name: &str) -> Option<u32> {
    match uid(name) {
        Ok(uid) => Some(uid),
        Err(AllowError::Missing(_)) => None,
        Err(error @ (AllowError::Nobody(_) | AllowError::Lookup { .. })) => {
            warn!(%error, "a user who may change the registration by default may not");
            None
        }
    }
}

/// The id of a configured user.
fn uid(name: &str) -> Result<u32, AllowError> {
    let uid = match name.parse() {
        Ok(uid) => uid,
        Err(_) if name == "root" => 0,
        Err(_) => match User::from_name(name) {
            Ok(Some(user)) => user.uid.as_raw(),
            // What getpwnam(3) may say of a name that it does not find.
            Ok(None) | Err(Errno::ENOENT | Errno::ESRCH | Errno::EBADF | Errno::EPERM) => {
                return Err(AllowError::Missing(name.to_owned()));
            }
            Err(source) => return Err(AllowError::Lookup { name: name.to_owned(), source }),
        },
    };
    if matches!(uid, OVERFLOW_UID | u32::MAX) { Err(AllowError::Nobody(name.to_owned())) } else { Ok(uid) }
}

#[cfg(test)]
mod tests;
