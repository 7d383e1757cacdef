//! Why a command did not come to an answer.

use std::{
    io::{self, ErrorKind as IoKind},
    path::Path,
};

use license_client::{
    ClientError,
    ipc::{ErrorKind, Failure},
    types::Code,
};
use license_texts::{Text, text};

use crate::{bundle::NoArchive, exit::Exit, machine::Machine};

/// Why a command did not come to an answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The command line makes no sense.
    Usage(Text),
    /// A registration number, a coupon or a field is malformed. Nobody was asked.
    Malformed(Text),
    /// Standard input or the terminal cannot be used.
    Input(io::Error),
    /// The answer cannot be written to standard output.
    Output(io::Error),
    /// The support archive cannot be made.
    NoArchive(NoArchive),
    /// The daemon's configuration is wrong. What the person gave it, and no refusal of the license server.
    Configuration(Failure),
    /// The license server was asked how this host is, and said no.
    Denied(Failure),
    /// The daemon gave no answer, or a failure.
    Client(ClientError),
}

impl From<ClientError> for Fault {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl Fault {
    /// Why a reload failed.
    pub(crate) fn of_reload(error: ClientError) -> Self {
        match refusal(&error) {
            Some(failure) => Self::Configuration(failure.clone()),
            None => Self::Client(error),
        }
    }

    /// Why a check with the license server came to nothing. Where there is no number it was not asked.
    pub(crate) fn of_recheck(error: ClientError) -> Self {
        match refusal(&error) {
            Some(failure) if failure.code != Some(Code::KEY_ERROR) => Self::Denied(failure.clone()),
            _ => Self::Client(error),
        }
    }

    /// The failure that the daemon told, if it told one.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Configuration(failure)
            | Self::Denied(failure)
            | Self::Client(ClientError::Failed(failure)) => Some(failure),
            Self::Usage(_)
            | Self::Malformed(_)
            | Self::Input(_)
            | Self::Output(_)
            | Self::NoArchive(_)
            | Self::Client(_) => None,
        }
    }

    /// What happened, and what to do about it on this machine.
    pub(crate) fn text(&self, machine: &Machine) -> Text {
        match self {
            Self::Usage(why) | Self::Malformed(why) | Self::NoArchive(NoArchive { why, .. }) => why.clone(),
            Self::Input(error) => text!("tool-cannot-read", why = system(error)),
            Self::Output(error) => text!("tool-cannot-write", why = system(error)),
            Self::Configuration(failure) | Self::Denied(failure) => Text::verbatim(failure.to_string()),
            Self::Client(error) => of_client(error, machine),
        }
    }

    /// How the tool ends.
    pub(crate) fn exit(&self) -> Exit {
        self.class().0
    }

    /// What kind of failure it is, for scripts. A failure that the daemon named keeps its name.
    pub(crate) fn kind(&self) -> &'static str {
        self.class().1
    }

    fn class(&self) -> (Exit, &'static str) {
        match self {
            Self::Usage(_) => (Exit::Usage, "usage"),
            Self::Malformed(_) => (Exit::Usage, "malformed"),
            Self::Input(_) => (Exit::Usage, "input"),
            Self::Output(_) | Self::NoArchive(NoArchive { is_usage: false, .. }) => (Exit::Fault, "output"),
            Self::NoArchive(NoArchive { is_usage: true, .. }) => (Exit::Usage, "output"),
            Self::Configuration(failure) => (Exit::Usage, failure.kind.name()),
            Self::Denied(failure) => (Exit::Denied, failure.kind.name()),
            Self::Client(error) => match error {
                ClientError::Connect { source, .. } if source.kind() == IoKind::PermissionDenied => {
                    (Exit::NotPermitted, "not_permitted")
                }
                ClientError::Connect { .. } => (Exit::NotReachable, "not_reachable"),
                ClientError::UntrustedPeer { .. } => (Exit::NotReachable, "untrusted_peer"),
                ClientError::Deadline { .. } => (Exit::Fault, "deadline"),
                ClientError::Version(_) => (Exit::Fault, "unsupported"),
                ClientError::Unsendable(_) => (Exit::Usage, "too_large"),
                ClientError::Closed
                | ClientError::HalfFrame { .. }
                | ClientError::Oversized { .. }
                | ClientError::Malformed(_)
                | ClientError::Unexpected { .. }
                | ClientError::Io(_) => (Exit::Fault, "fault"),
                ClientError::Failed(failure) => (exit_of_kind(failure.kind), failure.kind.name()),
            },
        }
    }
}

fn refusal(error: &ClientError) -> Option<&Failure> {
    if let ClientError::Failed(failure) = error
        && failure.kind == ErrorKind::Refused
    {
        return Some(failure);
    }
    None
}

/// What went wrong between the tool and the daemon.
fn of_client(error: &ClientError, machine: &Machine) -> Text {
    match error {
        ClientError::Connect { path, source } => cannot_connect(path, source, machine),
        ClientError::UntrustedPeer { path, uid } => {
            text!("client-untrusted-peer", uid = *uid, path = path.display().to_string())
        }
        ClientError::Deadline { within } => {
            text!("client-deadline", seconds = within.as_secs(), look = machine.look())
        }
        ClientError::Closed => text!("client-closed", look = machine.look()),
        ClientError::HalfFrame { got, missing } => {
            text!("client-half-frame", got = *got, missing = *missing, look = machine.look())
        }
        ClientError::Oversized { len, max } => text!("client-oversized", len = *len, max = *max),
        ClientError::Version(error) => text!("client-version", why = error.to_string()),
        ClientError::Malformed(error) => text!("client-malformed", why = error.to_string()),
        ClientError::Unexpected { answer } => {
            text!("client-unexpected", answer = *answer, look = machine.look())
        }
        ClientError::Unsendable(error) => text!("client-unsendable", why = error.to_string()),
        ClientError::Io(error) => text!("client-io", why = system(error)),
        ClientError::Failed(failure) => Text::verbatim(failure.to_string()),
    }
}

fn cannot_connect(path: &Path, source: &io::Error, machine: &Machine) -> Text {
    let kind = source.kind();
    let path = path.display().to_string();
    if kind == IoKind::NotFound {
        text!("client-no-socket", path = path, start = machine.start())
    } else if kind == IoKind::ConnectionRefused {
        text!("client-not-listening", path = path, look = machine.look(), start = machine.start())
    } else if kind == IoKind::PermissionDenied {
        match &machine.socket_group {
            Some(group) => text!("client-not-permitted", user = &machine.user, path = path, group = group),
            None => text!("client-root-alone", user = &machine.user, path = path),
        }
    } else {
        text!("client-cannot-connect", path = path, why = system(source))
    }
}

/// What the operating system says.
fn system(error: &io::Error) -> Text {
    Text::verbatim(error.to_string())
}

/// How the tool ends after the daemon said that a request failed.
pub(crate) fn exit_of_kind(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::TooLarge => Exit::Usage,
        ErrorKind::Busy | ErrorKind::Draining => Exit::NotReachable,
        ErrorKind::NoAnswer => Exit::Unknown,
        ErrorKind::NotPermitted => Exit::NotPermitted,
        // Who repeats it would undo what came before it.
        ErrorKind::Refused | ErrorKind::Overtaken => Exit::Refused,
        // The tool checks what it sends: a daemon that cannot read it is of another release.
        ErrorKind::Malformed | ErrorKind::Unsupported => Exit::Fault,
    }
}

#[cfg(test)]
mod tests;
