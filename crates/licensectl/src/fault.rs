//! Why a command did not come to an answer.

use std::{
    fmt,
    io::{self, ErrorKind as IoKind},
};

use license_client::{
    ClientError,
    ipc::{ErrorKind, Failure},
    types::FormatError,
};

use crate::exit::Exit;

/// Why a command did not come to an answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The command line makes no sense.
    Usage(String),
    /// A registration number or coupon is malformed. Nobody was asked.
    Malformed(FormatError),
    /// Standard input or the terminal cannot be used.
    Input(io::Error),
    /// The answer cannot be written to standard output.
    Output(io::Error),
    /// The daemon's configuration is wrong. What the person gave it, and no refusal of the license server.
    Configuration(Failure),
    /// The daemon gave no answer, or a failure.
    Client(ClientError),
}

impl From<ClientError> for Fault {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(why) => f.write_str(why),
            Self::Malformed(error) => error.fmt(f),
            Self::Input(error) => write!(f, "cannot read the answer from standard input: {error}"),
            Self::Output(error) => write!(f, "cannot write the answer to standard output: {error}"),
            Self::Configuration(failure) => failure.fmt(f),
            Self::Client(error) => error.fmt(f),
        }
    }
}

impl Fault {
    /// Why a reload failed.
    pub(crate) fn of_reload(error: ClientError) -> Self {
        if let ClientError::Failed(failure) = &error
            && failure.kind == ErrorKind::Refused
        {
            return Self::Configuration(failure.clone());
        }
        Self::Client(error)
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
            Self::Output(_) => (Exit::Fault, "output"),
            Self::Configuration(failure) => (Exit::Usage, failure.kind.name()),
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
mod tests {
    use std::time::Duration;

    use license_client::{
        ipc::{DecodeError, EncodeError, Failure},
        types::{Code, RegistrationNumber},
    };

    use super::*;

    fn connect(kind: IoKind) -> ClientError {
        ClientError::Connect { path: "/run/licensed/licensed.sock".into(), source: kind.into() }
    }

    fn failed(kind: ErrorKind) -> ClientError {
        ClientError::Failed(Failure { kind, code: Some(Code::COUPON_USED), message: "used".to_owned() })
    }

    #[test]
    fn each_fault_of_the_client_has_its_exit_code_and_kind() {
        let malformed = || DecodeError::TooShort { len: 0 };
        let cases = [
            (connect(IoKind::NotFound), 3, "not_reachable"),
            (connect(IoKind::ConnectionRefused), 3, "not_reachable"),
            (connect(IoKind::Other), 3, "not_reachable"),
            (connect(IoKind::PermissionDenied), 5, "not_permitted"),
            (ClientError::UntrustedPeer { path: "/s".into(), uid: 7 }, 3, "untrusted_peer"),
            (ClientError::Deadline { within: Duration::from_secs(1) }, 7, "deadline"),
            (ClientError::Closed, 7, "fault"),
            (ClientError::HalfFrame { got: 1, missing: 3 }, 7, "fault"),
            (ClientError::Oversized { len: 9, max: 8 }, 7, "fault"),
            (ClientError::Version(DecodeError::Version { found: 9 }), 7, "unsupported"),
            (ClientError::Malformed(malformed()), 7, "fault"),
            (ClientError::Unexpected { answer: "done" }, 7, "fault"),
            (ClientError::Unsendable(EncodeError::TooLarge { len: 9, max: 8 }), 2, "too_large"),
            (ClientError::Io(IoKind::Other.into()), 7, "fault"),
            (failed(ErrorKind::Malformed), 7, "malformed"),
            (failed(ErrorKind::TooLarge), 2, "too_large"),
            (failed(ErrorKind::Unsupported), 7, "unsupported"),
            (failed(ErrorKind::NotPermitted), 5, "not_permitted"),
            (failed(ErrorKind::Busy), 3, "busy"),
            (failed(ErrorKind::Draining), 3, "draining"),
            (failed(ErrorKind::Refused), 6, "refused"),
            (failed(ErrorKind::NoAnswer), 4, "no_answer"),
            (failed(ErrorKind::Overtaken), 6, "overtaken"),
        ];
        for (error, exit, kind) in cases {
            let fault = Fault::from(error);
            assert_eq!((fault.exit() as u8, fault.kind()), (exit, kind), "{fault:?}");
        }
    }

    #[test]
    fn what_is_wrong_before_anybody_is_asked_is_a_matter_of_usage() {
        let malformed = "MIKO".parse::<RegistrationNumber>().unwrap_err();
        let cases = [
            (Fault::Usage("no".to_owned()), "usage"),
            (Fault::Malformed(malformed), "malformed"),
            (Fault::Input(IoKind::InvalidData.into()), "input"),
        ];
        for (fault, kind) in cases {
            assert_eq!((fault.exit() as u8, fault.kind()), (2, kind), "{fault:?}");
        }
    }

    #[test]
    fn a_reload_that_is_refused_is_a_matter_of_the_configuration() {
        let refused = Fault::of_reload(failed(ErrorKind::Refused));
        assert_eq!((refused.exit() as u8, refused.kind()), (2, "refused"));
        assert_eq!(Fault::of_reload(failed(ErrorKind::NotPermitted)).exit() as u8, 5);
        assert_eq!(Fault::of_reload(connect(IoKind::NotFound)).exit() as u8, 3);
    }

    #[test]
    fn a_refusal_is_shown_with_its_code() {
        assert_eq!(Fault::from(failed(ErrorKind::Refused)).to_string(), "(2041) used");
    }
}
