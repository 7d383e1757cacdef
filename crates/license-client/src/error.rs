//! What can go wrong between a client and the daemon.

use std::{
    fmt,
    io::{self, ErrorKind},
    path::PathBuf,
    time::Duration,
};

use license_ipc::{DecodeError, EncodeError, Failure};

use crate::trust::own_name;

/// Why a call gave no answer. None of them says anything about a license but [`ClientError::Failed`],
/// and even that is no verdict: those come as answers.
#[derive(Debug)]
pub enum ClientError {
    /// The daemon cannot be reached.
    Connect {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else listens on the socket. Nothing was sent to them.
    UntrustedPeer {
        /// The socket.
        path: PathBuf,
        /// Who it is.
        uid: u32,
    },
    /// The call took too long.
    Deadline {
        /// How long it was given.
        within: Duration,
    },
    /// The daemon closed the connection before it answered.
    Closed,
    /// The daemon closed the connection inside its answer.
    HalfFrame {
        /// Bytes that came.
        got: usize,
        /// Bytes that were still missing, as far as the frame had told.
        missing: usize,
    },
    /// The answer announces more than an answer may take. Nothing was allocated for it.
    Oversized {
        /// Announced bytes.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The daemon speaks another version of the protocol.
    Version(DecodeError),
    /// The answer cannot be read.
    Malformed(DecodeError),
    /// The answer is one to another request.
    Unexpected {
        /// Its name.
        answer: &'static str,
    },
    /// The request cannot be sent: it is over the limit.
    Unsendable(EncodeError),
    /// The connection failed.
    Io(io::Error),
    /// The daemon answered that the request failed.
    Failed(Failure),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { path, source } => cannot_connect(f, &path.display(), source),
            Self::UntrustedPeer { path, uid } => write!(
                f,
                "uid {uid} listens on {}, which is neither root nor the user licensed: nothing was sent; \
                 find out whose process it is with `ss -xlp`",
                path.display()
            ),
            Self::Deadline { within } => {
                write!(f, "the daemon did not answer within {within:?}; see `systemctl status licensed`")
            }
            Self::Closed => f.write_str(
                "the daemon closed the connection before it answered; \
                 see `journalctl -u licensed` and try again",
            ),
            Self::HalfFrame { got, missing } => write!(
                f,
                "the daemon closed the connection inside its answer, {got} bytes in and at least {missing} \
                 short; see `journalctl -u licensed` and try again"
            ),
            Self::Oversized { len, max } => write!(
                f,
                "the daemon announced an answer of {len} bytes, the limit is {max}: is it licensed that listens \
                 there?"
            ),
            Self::Version(error) => {
                write!(f, "{error}; install the client and the daemon of the same release")
            }
            Self::Malformed(error) => {
                write!(
                    f,
                    "the daemon's answer cannot be read: {error}; are client and daemon of one release?"
                )
            }
            Self::Unexpected { answer } => {
                write!(
                    f,
                    "the daemon gave an answer to another request: {answer}; see `journalctl -u licensed`"
                )
            }
            Self::Unsendable(error) => write!(f, "the request cannot be sent: {error}; ask for less at once"),
            Self::Io(source) => write!(f, "the connection to the daemon failed: {source}"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

fn cannot_connect(f: &mut fmt::Formatter<'_>, path: &dyn fmt::Display, source: &io::Error) -> fmt::Result {
    if source.kind() == ErrorKind::NotFound {
        write!(f, "there is no socket {path}: is licensed running? Start it with `systemctl start licensed`")
    } else if source.kind() == ErrorKind::ConnectionRefused {
        write!(
            f,
            "nobody listens on {path}: licensed does not run any more. See `systemctl status licensed`, and start \
             it with `systemctl start licensed`"
        )
    } else if source.kind() == ErrorKind::PermissionDenied {
        let user = own_name();
        write!(
            f,
            "the user {user} may not open {path}: run `usermod -aG licensed {user}` as root, then start anew what \
             runs as that user. A running PHP-FPM must be restarted: it keeps the groups that it started with"
        )
    } else {
        write!(f, "cannot connect to {path}: {source}")
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect { source, .. } | Self::Io(source) => Some(source),
            Self::Version(source) | Self::Malformed(source) => Some(source),
            Self::Unsendable(source) => Some(source),
            Self::Failed(source) => Some(source),
            Self::UntrustedPeer { .. }
            | Self::Deadline { .. }
            | Self::Closed
            | Self::HalfFrame { .. }
            | Self::Oversized { .. }
            | Self::Unexpected { .. } => None,
        }
    }
}

impl From<DecodeError> for ClientError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLarge { len, max } => Self::Oversized { len, max },
            DecodeError::Version { .. } | DecodeError::Encoding { .. } | DecodeError::Unsupported { .. } => {
                Self::Version(error)
            }
            DecodeError::TooShort { .. } | DecodeError::Malformed { .. } => Self::Malformed(error),
        }
    }
}
