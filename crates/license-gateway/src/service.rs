//! The gateway as a whole: what is started in which order, and what the signals do.

use std::{io, sync::Arc};

use license_client::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    caller::{self, AllowError, Allowed},
    daemon::Daemon,
    flags::Flags,
    http::{self, Door, ListenError, Listener},
    number::{Number, key_file::KeyFile, store::Store},
    perform::Gateway,
    pulse::Pulse,
    remembered::Remembered,
};

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A configured user does not exist.
    #[error(transparent)]
    Allow(#[from] AllowError),
    /// The system does not give what every program needs.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

/// Runs until SIGTERM or SIGINT, and then until what was asked is answered. It answers before the daemon is there.
pub async fn run(flags: Flags) -> Result<(), StartError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let allowed = Allowed::resolve(&flags.allow_users)?;
    let listeners = listeners(&flags)?;
    let language = flags.language;
    if let Err(reason) = caller::probe() {
        warn!(%reason, "who calls over TCP cannot be told, so that nobody may change the license that way");
    }
    let pulse = Pulse::of(&listeners);
    service_manager::status("looking for the daemon");
    let daemon = Arc::new(Daemon::new(Settings::new(&flags.socket).language(language)));
    let remembered = Arc::new(Remembered::default());
    let following = tokio::spawn(remembered.clone().follow(daemon.clone()));
    let stop = CancellationToken::new();
    let key_file = flags.key_file.map(|path| KeyFile::new(path, allowed.uids()));
    let pursuit_end = CancellationToken::new();
    let (number, pursuing) =
        Number::start(daemon.clone(), Store::new(flags.state_dir), key_file, pursuit_end.clone());
    let door =
        Arc::new(Door { gateway: Gateway::new(daemon, remembered, number, stop.clone()), allowed, language });
    let serving = tokio::spawn(http::serve(door, listeners, stop.clone()));
    service_manager::ready();

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = service_manager::feed_watchdog(|| pulse.feel()) => {}
    }
    info!("stopping: open requests are answered");
    service_manager::stopping();
    stop.cancel();
    if let Err(error) = serving.await {
        warn!(%error, "a part of the gateway ended badly");
    }
    pursuit_end.cancel();
    if let Err(error) = pursuing.await {
        warn!(%error, "the pursuit of the number ended badly");
    }
    following.abort();
    Ok(())
}

/// The sockets of the socket unit; without one, those of the command line.
fn listeners(flags: &Flags) -> Result<Vec<Listener>, ListenError> {
    let mut listeners = http::activated()?;
    if listeners.is_empty() {
        listeners.push(http::bind_tcp(flags.listen)?);
        if let Some(path) = &flags.listen_unix {
            listeners.push(http::bind_unix(path, &flags.socket_group)?);
        }
    }
    for listener in &listeners {
        info!(address = %where_is(listener), "listening");
    }
    Ok(listeners)
}

/// The address or path of a socket, for people.
fn where_is(listener: &Listener) -> String {
    let place = match listener {
        Listener::Tcp(tcp) => tcp.local_addr().map(|address| address.to_string()),
        Listener::Unix(unix, _) => unix.local_addr().map(|address| {
            address.as_pathname().map_or_else(|| "unnamed".to_owned(), |path| path.display().to_string())
        }),
    };
    place.unwrap_or_else(|error| error.to_string())
}
