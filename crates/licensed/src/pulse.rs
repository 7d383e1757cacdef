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

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use license_core::{
        crypto::SigningKey,
        host::Evidence,
        state::State,
        time::{Age, Resumed},
    };
    use tokio::time;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        clock::SystemClock,
        config::Limits,
        identity::Identity,
        keeper::{Keeper, Parts, Settings},
        store::Store,
        transport::HttpTransport,
    };

    /// Long enough for an answer, and short enough to wait for none.
    const MOMENT: Duration = Duration::from_millis(300);

    fn keeper(folder: &Path) -> (Keeper<HttpTransport>, Handle<HttpTransport>, Resumed) {
        let (clock, resumed) = SystemClock::resume(None, Age::default());
        let settings = Settings {
            exchange: None,
            roots: Vec::new(),
            trust_path: String::new(),
            trust_is_faulty: false,
            limits: Limits::default(),
        };
        let identity = Identity { key: SigningKey::from_bytes(&[3; 32]), evidence: Evidence::default() };
        let (state, store) = (State::unregistered(clock.now()), Store::open(folder).unwrap());
        let (keeper, handle) = Keeper::new(Parts { state, store, clock, identity, settings }, 7);
        (keeper, handle, resumed)
    }

    #[tokio::test]
    async fn who_listens_without_accepting_is_not_well_and_neither_is_a_keeper_that_ended() {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let (keeper, handle, resumed) = keeper(folder.path());
        let pulse = Pulse::of(&listener, handle);
        let felt = || time::timeout(MOMENT, pulse.feel());
        let keeping = tokio::spawn(keeper.run(resumed, CancellationToken::new()));
        assert!(felt().await.is_err(), "the keeper works, and nobody accepts");

        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        assert_eq!(felt().await, Ok(Ok(())), "it is accepted and turned away, and the keeper works");

        keeping.abort();
        let ended = felt().await.unwrap().unwrap_err();
        assert!(ended.contains("the keeper does not answer"), "{ended}");
    }

    #[tokio::test]
    async fn a_keeper_that_hangs_gives_no_sign_of_life() {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        // It never runs.
        let (_keeper, handle, _resumed) = keeper(folder.path());
        let pulse = Pulse::of(&listener, handle);
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        assert!(time::timeout(MOMENT, pulse.feel()).await.is_err());
    }
}
