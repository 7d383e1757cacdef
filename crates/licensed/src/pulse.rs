//! Whether the daemon is well: what the service manager's watchdog is fed for.

use std::{
    io::{self, ErrorKind},
    path::PathBuf,
};

use license_ipc::{
    Encoding, Request,
    frame::{self, MAX_ANSWER, PREFIX},
};
use license_types::FeatureId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use crate::keeper::Handle;

/// MikoPBX itself, which modules ask for most.
const FEATURE: FeatureId = FeatureId(33);

/// Feels the pulse of the socket and of the keeper.
#[derive(Debug)]
pub struct Pulse<E> {
    socket: Option<PathBuf>,
    keeper: Handle<E>,
}

impl<E> Pulse<E> {
    /// Of a daemon that listens there and has this keeper.
    #[must_use]
    pub fn of(listener: &UnixListener, keeper: Handle<E>) -> Self {
        let address = listener.local_addr().ok();
        let socket = address.and_then(|address| address.as_pathname().map(ToOwned::to_owned));
        Self { socket, keeper }
    }

    /// Asks over the socket as a module does, and the keeper for a sign of life. Says who does not answer.
    pub async fn feel(&self) -> Result<(), String> {
        if let Some(path) = &self.socket {
            let asked = ask(UnixStream::connect(path).await).await;
            asked.map_err(|error| format!("the daemon does not answer on {}: {error}", path.display()))?;
        }
        self.keeper.pulse().await.map_err(|failure| format!("the keeper does not answer: {failure}"))
    }
}

/// Asks for a verdict. A daemon with too many connections closes one without an answer: somebody accepted it.
async fn ask(connected: io::Result<UnixStream>) -> io::Result<()> {
    match verdict(&mut connected?).await {
        Err(error) if is_turned_away(&error) => Ok(()),
        outcome => outcome,
    }
}

async fn verdict(stream: &mut UnixStream) -> io::Result<()> {
    let check = Request::Check { feature: FEATURE, holder: None };
    let request = frame::encode_request(&check, Encoding::Binary).map_err(io::Error::other)?;
    stream.write_all(&request).await?;
    let mut prefix = [0; PREFIX];
    stream.read_exact(&mut prefix).await?;
    let mut body = vec![0; frame::body_len(prefix, MAX_ANSWER).map_err(io::Error::other)?];
    stream.read_exact(&mut body).await?;
    frame::decode_answer(&body).map(drop).map_err(io::Error::other)
}

fn is_turned_away(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}
