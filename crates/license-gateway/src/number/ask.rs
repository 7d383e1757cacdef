//! What the daemon is asked, and what its answers are worth.

use std::{fmt, pin::Pin, sync::Arc};

use license_client::{
    ClientError,
    ipc::{Done, ErrorKind, Failure, Request, State, Status},
    types::{Code, RegistrationNumber},
};

use super::wish::Binding;
use crate::daemon::Daemon;

/// A question that is under way.
pub(super) struct Asking {
    /// Whether the daemon is to forget its number.
    pub(super) is_reset: bool,
    /// What it says.
    pub(super) told: Pin<Box<dyn Future<Output = Told> + Send>>,
}

/// What the daemon said.
#[derive(Debug)]
pub(super) enum Told {
    /// How it is, what number it has, and how often that was changed.
    Status(Result<(State, Binding, u64), ClientError>),
    /// What came of the wish for this number, or for none.
    Outcome(Option<RegistrationNumber>, Result<Done, ClientError>),
}

impl Asking {
    /// Asks how it is.
    pub(super) fn status(daemon: Arc<Daemon>) -> Self {
        let told = Box::pin(async move {
            let status = daemon.ask::<Status>(Request::Status).await;
            Told::Status(status.map(|status| (status.state, Binding::of(&status), status.number_changes)))
        });
        Self { is_reset: false, told }
    }

    /// Asks for what is wished.
    pub(super) fn wish(daemon: Arc<Daemon>, number: Option<RegistrationNumber>) -> Self {
        let is_reset = number.is_none();
        let told = Box::pin(async move {
            let request = number.clone().map_or(Request::Reset, |key| Request::Activate { key });
            Told::Outcome(number, daemon.ask(request).await)
        });
        Self { is_reset, told }
    }
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").field("is_reset", &self.is_reset).finish_non_exhaustive()
    }
}

/// The license server's "no", or that a reset came before it. Who refuses without a code is not the license server,
/// and no answer is none.
pub(super) fn is_definitive(failure: &Failure) -> bool {
    match failure.kind {
        ErrorKind::Overtaken => true,
        ErrorKind::Refused => failure.code.is_some_and(|code| !code.is_no_answer()),
        ErrorKind::Malformed
        | ErrorKind::TooLarge
        | ErrorKind::Unsupported
        | ErrorKind::NotPermitted
        | ErrorKind::Busy
        | ErrorKind::Draining
        | ErrorKind::NoAnswer => false,
    }
}

/// What tells one kind of fault from another, for a log that says each once.
pub(super) fn kind_of(error: &ClientError) -> (Option<ErrorKind>, Option<Code>) {
    match error {
        ClientError::Failed(failure) => (Some(failure.kind), failure.code),
        ClientError::Connect { .. }
        | ClientError::UntrustedPeer { .. }
        | ClientError::Deadline { .. }
        | ClientError::Closed
        | ClientError::HalfFrame { .. }
        | ClientError::Oversized { .. }
        | ClientError::Version(_)
        | ClientError::Malformed(_)
        | ClientError::Unexpected { .. }
        | ClientError::Unsendable(_)
        | ClientError::Io(_) => (None, None),
    }
}
