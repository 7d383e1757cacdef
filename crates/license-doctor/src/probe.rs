//! Looking, without judging. Every probe has its own deadline, and none of them outlives [`LIMIT`].

mod accounts;
mod daemon;
mod dns_message;
mod host;
mod http;
mod lookup;
mod server;
mod stream;
mod tls;

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};

use crate::{LIMIT, Question, findings::Findings};

/// How far the examination is, for whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The daemon is asked.
    Daemon,
    /// Names are looked up.
    Lookup,
    /// The license servers are connected to.
    Connect,
    /// They are spoken to.
    Speak,
    /// The daemon is asked what the license server says.
    License,
}

/// Kept for judging and writing.
const RESERVE: Duration = Duration::from_millis(300);

/// When everything has to be over, and who is told how far it is.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    end: Instant,
    stages: mpsc::UnboundedSender<Stage>,
}

impl Budget {
    /// The end of a step that may take `longest`.
    pub(crate) fn within(&self, longest: Duration) -> Instant {
        (Instant::now() + longest).min(self.end)
    }

    /// Tells how far it is.
    pub(crate) fn tell(&self, stage: Stage) {
        // Where nobody waits there is nobody to tell.
        let _ = self.stages.send(stage);
    }
}

/// Looks at everything.
pub(crate) async fn all(question: &Question, progress: &mut dyn FnMut(Stage)) -> Findings {
    let (stages, mut told) = mpsc::unbounded_channel();
    let budget = Budget { end: Instant::now() + LIMIT.saturating_sub(RESERVE), stages };
    let looking = look(question, budget);
    tokio::pin!(looking);
    loop {
        tokio::select! {
            biased;
            Some(stage) = told.recv() => progress(stage),
            findings = &mut looking => return findings,
        }
    }
}

async fn look(question: &Question, budget: Budget) -> Findings {
    budget.tell(Stage::Daemon);
    let (daemon, configuration) = daemon::greet(question, &budget).await;
    let known = host::settings(question, &daemon, configuration);
    let wall = host::wall();
    let certificate_time = host::certificate_time(&daemon, wall);
    let (unit, (ping, features, would), servers) = tokio::join!(
        host::unit(&budget),
        daemon::ask(question, &daemon, &budget),
        server::all(&known, certificate_time, &budget),
    );
    Findings {
        wall,
        known_time: certificate_time,
        has_systemd: host::has_systemd(),
        socket: host::socket(&question.socket),
        caller: host::caller(&question.socket),
        folder: host::folder(&known.state_dir),
        settings: known.settings,
        daemon,
        unit,
        servers,
        ping,
        features,
        would,
    }
}
