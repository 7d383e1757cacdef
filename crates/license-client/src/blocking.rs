//! The client that blocks.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind, Read, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::PathBuf,
    time::Duration,
};

use license_ipc::{
    Answer, Captured, Change, Configuration, Done, Explanation, FeaturePage, HostReport, LicenseInfo, Ping,
    Request, Status,
};
use license_types::{
    Coupon, Entitlement, FeatureId, Holder, ProductId, Registration, RegistrationNumber, SessionId,
};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::{
    ClientError, Settings,
    call::{Call, Step},
    calls::{calls, fitting},
    deadline::Deadline,
    trust::check_peer,
};

/// A client that blocks its thread for at most the deadline of a call.
///
/// It connects with its first call and keeps the connection for the next ones.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    kept: Option<UnixStream>,
}

impl Client {
    /// A client of the daemon that listens on `path`, with default [`Settings`].
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::with(Settings::new(path))
    }

    /// A client with these settings.
    #[must_use]
    pub fn with(settings: Settings) -> Self {
        Self { settings, kept: None }
    }

    calls!(;);

    /// Makes any request. An answer that says that it failed is [`ClientError::Failed`].
    pub fn request(&mut self, request: &Request) -> Result<Answer, ClientError> {
        self.request_within(request, self.settings.within(request))
    }

    /// [`Self::request`] with a deadline of its own.
    pub fn request_within(&mut self, request: &Request, within: Duration) -> Result<Answer, ClientError> {
        let deadline = Deadline::after(within);
        let mut call = Call::new(request, &self.settings)?;
        // The daemon closes idle connections, and what cannot be repeated must not meet such an end.
        let mut stream = match self.kept.take().filter(|_| request.is_repeatable()) {
            Some(kept) => {
                call.go_over_kept();
                kept
            }
            None => connect(&self.settings, deadline)?,
        };
        let answer = exchange(&mut call, &mut stream, &self.settings, deadline)?;
        // More would come over the connection of a watch.
        self.kept = Some(stream).filter(|_| *request != Request::Watch);
        Ok(answer)
    }

    /// Follows what changes, over a connection of its own.
    pub fn watch(&self) -> Result<Watch, ClientError> {
        let deadline = Deadline::after(self.settings.within(&Request::Watch));
        let mut call = Call::new(&Request::Watch, &self.settings)?;
        let mut stream = connect(&self.settings, deadline)?;
        let first = exchange(&mut call, &mut stream, &self.settings, deadline)?;
        let first = Some(fitting!(first, Answer::Change(change) => *change)?);
        call.go_on();
        Ok(Watch { settings: self.settings.clone(), stream, call, first, has_ended: false })
    }
}

/// What changes, as it changes: first everything that there is, at once, then each change. It ends with the
/// error that ended it; then watch anew.
///
/// A daemon that is gone is noticed at once. Silence is no sign of trouble: nothing has changed.
#[derive(Debug)]
pub struct Watch {
    settings: Settings,
    stream: UnixStream,
    call: Call,
    first: Option<Change>,
    has_ended: bool,
}

impl Watch {
    /// The next change, if one comes within that time.
    pub fn next_within(&mut self, within: Duration) -> Result<Option<Change>, ClientError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        match exchange(&mut self.call, &mut self.stream, &self.settings, Deadline::after(within)) {
            Ok(answer) => {
                self.call.go_on();
                fitting!(answer, Answer::Change(change) => Some(*change))
            }
            Err(ClientError::Deadline { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Iterator for Watch {
    type Item = Result<Change, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.has_ended {
            let next = self.next_within(Duration::MAX).transpose();
            self.has_ended = matches!(next, Some(Err(_)));
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

/// Makes the call, or goes on with it, until its next answer.
fn exchange(
    call: &mut Call,
    stream: &mut UnixStream,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Answer, ClientError> {
    let answer = loop {
        match call.step() {
            Step::Write(bytes) => {
                stream.set_write_timeout(Some(deadline.left()?)).map_err(ClientError::Io)?;
                let written = in_time(stream.write(bytes), deadline)?;
                call.wrote(written)?;
            }
            Step::Read(room) => {
                stream.set_read_timeout(Some(deadline.left()?)).map_err(ClientError::Io)?;
                let read = in_time(stream.read(room), deadline)?;
                if let Some(answer) = call.read(read)? {
                    break answer;
                }
            }
            Step::Reconnect => *stream = connect(settings, deadline)?,
        }
    };
    if let Answer::Error(failure) = answer {
        return Err(ClientError::Failed(failure));
    }
    Ok(answer)
}

/// Connects to the daemon, and makes sure that it is the daemon.
fn connect(settings: &Settings, deadline: Deadline) -> Result<UnixStream, ClientError> {
    let failed = |source| ClientError::Connect { path: settings.path().to_owned(), source };
    let address = SockAddr::unix(settings.path()).map_err(failed)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
    loop {
        socket.set_write_timeout(Some(deadline.left()?)).map_err(failed)?;
        match in_time(socket.connect(&address), deadline)? {
            Ok(()) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    check_peer(&socket, settings)?;
    Ok(OwnedFd::from(socket).into())
}

/// Tells a time-out of the socket, which comes as EAGAIN, from what the call has to know.
fn in_time<T>(outcome: io::Result<T>, deadline: Deadline) -> Result<io::Result<T>, ClientError> {
    match outcome {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Err(deadline.passed())
        }
        outcome => Ok(outcome),
    }
}
