//! One request and its answer, without I/O: both clients move bytes as a [`Call`] tells them.

use std::io::{self, ErrorKind};

use license_ipc::{
    Answer, Encoding, Request,
    frame::{self, MAX_ANSWER, PREFIX},
};

use crate::{ClientError, Settings};

/// What is to be done next.
pub(crate) enum Step<'a> {
    /// Write some of these bytes, and tell [`Call::wrote`].
    Write(&'a [u8]),
    /// Read at most this much, and tell [`Call::read`].
    Read(&'a mut [u8]),
    /// The daemon went away before it answered: connect again and go on.
    Reconnect,
}

/// One request on its way. On a new connection the greeting goes before it, in one write, and its answer is read
/// away.
#[derive(Debug)]
pub(crate) struct Call {
    /// Greeting and request.
    frames: Vec<u8>,
    /// So long is the greeting; 0 if there is none.
    greeting: usize,
    /// Whether the next answer is that to the greeting.
    is_greeting: bool,
    may_repeat: bool,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    Writing { sent: usize },
    ReadingPrefix { prefix: [u8; PREFIX], got: usize },
    ReadingBody { body: Vec<u8>, got: usize },
    Lost,
}

const SENT: Progress = Progress::ReadingPrefix { prefix: [0; PREFIX], got: 0 };

impl Call {
    /// A request over a new connection.
    pub(crate) fn new(request: &Request, settings: &Settings) -> Result<Self, ClientError> {
        let encode = |request: &Request| {
            frame::encode_request(request, Encoding::Binary).map_err(ClientError::Unsendable)
        };
        let mut frames = match settings.greeting() {
            Some(greeting) => encode(&greeting)?,
            None => Vec::new(),
        };
        let greeting = frames.len();
        frames.extend(encode(request)?);
        let (is_greeting, may_repeat) = (greeting > 0, request.is_repeatable());
        let progress = Progress::Writing { sent: 0 };
        Ok(Self { frames, greeting, is_greeting, may_repeat, progress })
    }

    /// It goes over a connection that has had a request: there the daemon was greeted.
    pub(crate) fn go_over_kept(&mut self) {
        self.is_greeting = false;
        self.progress = Progress::Writing { sent: self.greeting };
    }

    /// Goes on to the next answer, where one request has several. From here on nothing can be repeated.
    pub(crate) fn go_on(&mut self) {
        self.may_repeat = false;
        self.progress = SENT;
    }

    pub(crate) fn step(&mut self) -> Step<'_> {
        if matches!(self.progress, Progress::Lost) {
            self.is_greeting = self.greeting > 0;
            self.progress = Progress::Writing { sent: 0 };
            return Step::Reconnect;
        }
        match &mut self.progress {
            Progress::Writing { sent } => Step::Write(&self.frames[*sent..]),
            Progress::ReadingPrefix { prefix, got } => Step::Read(&mut prefix[*got..]),
            Progress::ReadingBody { body, got } => Step::Read(&mut body[*got..]),
            Progress::Lost => Step::Reconnect,
        }
    }

    /// Takes note of what writing came to.
    pub(crate) fn wrote(&mut self, outcome: io::Result<usize>) -> Result<(), ClientError> {
        let Progress::Writing { sent } = &mut self.progress else { return Ok(()) };
        match outcome {
            Ok(written) => *sent += written,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // The daemon does not listen any more. It may have said why before it closed.
            Err(error) if is_gone(&error) => *sent = self.frames.len(),
            Err(error) => return Err(ClientError::Io(error)),
        }
        if *sent == self.frames.len() {
            self.progress = SENT;
        }
        Ok(())
    }

    /// Takes note of what reading came to; gives the answer when it is whole.
    pub(crate) fn read(&mut self, outcome: io::Result<usize>) -> Result<Option<Answer>, ClientError> {
        match outcome {
            Ok(0) => self.closed().map(|()| None),
            Ok(read) => self.received(read),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
            Err(error) if is_gone(&error) => self.closed().map(|()| None),
            Err(error) => Err(ClientError::Io(error)),
        }
    }

    fn received(&mut self, read: usize) -> Result<Option<Answer>, ClientError> {
        match &mut self.progress {
            Progress::ReadingPrefix { prefix, got } => {
                *got += read;
                if *got == PREFIX {
                    let len = frame::body_len(*prefix, MAX_ANSWER)?;
                    self.progress = Progress::ReadingBody { body: vec![0; len], got: 0 };
                }
            }
            Progress::ReadingBody { body, got } => {
                *got += read;
                if *got == body.len() {
                    let answer = frame::decode_answer(body)?;
                    // A daemon that takes no greeting takes nothing: what it says then is its answer.
                    if self.is_greeting && !matches!(answer, Answer::Error(_)) {
                        self.is_greeting = false;
                        self.progress = SENT;
                        return Ok(None);
                    }
                    return Ok(Some(answer));
                }
            }
            Progress::Writing { .. } | Progress::Lost => {}
        }
        Ok(None)
    }

    /// The connection ended. Before the first byte of the answer that may be repaired, once.
    fn closed(&mut self) -> Result<(), ClientError> {
        match &self.progress {
            Progress::ReadingPrefix { got: 0, .. } if self.may_repeat => {
                self.may_repeat = false;
                self.progress = Progress::Lost;
                Ok(())
            }
            Progress::ReadingPrefix { got: 0, .. } | Progress::Writing { .. } | Progress::Lost => {
                Err(ClientError::Closed)
            }
            Progress::ReadingPrefix { got, .. } => {
                Err(ClientError::HalfFrame { got: *got, missing: PREFIX - got })
            }
            Progress::ReadingBody { body, got } => {
                Err(ClientError::HalfFrame { got: PREFIX + got, missing: body.len() - got })
            }
        }
    }
}

/// Whether the error says that the peer has closed its end.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
