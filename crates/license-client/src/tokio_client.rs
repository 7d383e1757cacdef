//! The client for tokio.

use std::{collections::BTreeMap, io::ErrorKind, path::PathBuf, time::Duration};

use license_ipc::{
    Answer, Captured, Change, Configuration, Done, Explanation, FeaturePage, HostReport, LicenseInfo, Ping,
    Request, Status,
};
use license_types::{
    Coupon, Entitlement, FeatureId, Holder, ProductId, Registration, RegistrationNumber, SessionId,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time,
};

use crate::{
    ClientError, Settings,
    call::{Call, Step},
    calls::{calls, fitting},
    deadline::Deadline,
    trust::check_peer,
};

/// How soon a connect is tried again while the daemon's queue is full: a non-blocking socket is refused
/// then, and there is no event to wait for.
const QUEUE_PAUSE: Duration = Duration::from_millis(5);

/// [`Client`](crate::Client) for programs that run on tokio.
///
/// A call that is dropped before it ends takes its connection along, so that the next one cannot meet
/// its answer.
#[derive(Debug)]
pub struct AsyncClient {
    settings: Settings,
    kept: Option<UnixStream>,
}

impl AsyncClient {
    /// A client of the daemon that listens on `path`, with default [`Settings`].
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::with(Settings::new(path))
    }

    /// A client with these settings.
    #[must_use]
    pub fn with(settings: Settings) -> Self {
        Self { settings, kept: None }
    }

    calls!(async; .await);

    /// Makes any request. An answer that says that it failed is [`ClientError::Failed`].
    pub async fn request(&mut self, request: &Request) -> Result<Answer, ClientError> {
        self.request_within(request, self.settings.within(request)).await
    }

    /// [`Self::request`] with a deadline of its own.
    pub async fn request_within(
        &mut self,
        request: &Request,
        within: Duration,
    ) -> Result<Answer, ClientError> {
        let deadline = Deadline::after(within);
        match time::timeout_at(deadline.at().into(), self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(deadline.passed()),
        }
    }

    async fn exchange(&mut self, request: &Request) -> Result<Answer, ClientError> {
        let mut call = Call::new(request, &self.settings)?;
        // The daemon closes idle connections, and what cannot be repeated must not meet such an end.
        let mut stream = match self.kept.take().filter(|_| request.is_repeatable()) {
            Some(kept) => {
                call.go_over_kept();
                kept
            }
            None => connect(&self.settings).await?,
        };
        let answer = exchange(&mut call, &mut stream, &self.settings).await?;
        // More would come over the connection of a watch.
        self.kept = Some(stream).filter(|_| *request != Request::Watch);
        Ok(answer)
    }

    /// Follows what changes, over a connection of its own.
    pub async fn watch(&self) -> Result<AsyncWatch, ClientError> {
        let deadline = Deadline::after(self.settings.within(&Request::Watch));
        let mut call = Call::new(&Request::Watch, &self.settings)?;
        let opening = async {
            let mut stream = connect(&self.settings).await?;
            let first = exchange(&mut call, &mut stream, &self.settings).await?;
            Ok((stream, fitting!(first, Answer::Change(change) => *change)?))
        };
        let opened = time::timeout_at(deadline.at().into(), opening).await;
        let (stream, first) = opened.unwrap_or_else(|_| Err(deadline.passed()))?;
        call.go_on();
        Ok(AsyncWatch { settings: self.settings.clone(), stream, call, first: Some(first) })
    }
}

/// What changes, as it changes: first everything that there is, at once, then each change. After an error
/// nothing more comes; then watch anew.
///
/// A daemon that is gone is noticed at once. Silence is no sign of trouble: nothing has changed.
#[derive(Debug)]
pub struct AsyncWatch {
    settings: Settings,
    stream: UnixStream,
    call: Call,
    first: Option<Change>,
}

impl AsyncWatch {
    /// The next change. Nothing gets lost if it is dropped before it ends.
    pub async fn next(&mut self) -> Result<Change, ClientError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        let answer = exchange(&mut self.call, &mut self.stream, &self.settings).await?;
        self.call.go_on();
        fitting!(answer, Answer::Change(change) => *change)
    }
}

/// Makes the call, or goes on with it, until its next answer.
async fn exchange(
    call: &mut Call,
    stream: &mut UnixStream,
    settings: &Settings,
) -> Result<Answer, ClientError> {
    let answer = loop {
        match call.step() {
            Step::Write(bytes) => {
                let written = stream.write(bytes).await;
                call.wrote(written)?;
            }
            Step::Read(room) => {
                let read = stream.read(room).await;
                if let Some(answer) = call.read(read)? {
                    break answer;
                }
            }
            Step::Reconnect => *stream = connect(settings).await?,
        }
    };
    if let Answer::Error(failure) = answer {
        return Err(ClientError::Failed(failure));
    }
    Ok(answer)
}

/// Connects to the daemon, and makes sure that it is the daemon.
async fn connect(settings: &Settings) -> Result<UnixStream, ClientError> {
    let stream = loop {
        match UnixStream::connect(settings.path()).await {
            Ok(stream) => break stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => time::sleep(QUEUE_PAUSE).await,
            Err(source) => {
                return Err(ClientError::Connect { path: settings.path().to_owned(), source });
            }
        }
    };
    check_peer(&stream, settings)?;
    Ok(stream)
}
