//! Finds what stands between this host and its license.
//!
//! Probes gather [`findings`] and judge nothing; [`judge()`] turns them into checks and the one cause and does no
//! I/O. Nothing is changed on the way: no seat is taken, and the license server is not asked for a new statement.

pub mod findings;
mod judge;
mod probe;
pub mod report;

use std::{path::PathBuf, time::Duration};

use license_client::types::{FeatureId, Language};

pub use self::{
    judge::{command_of, judge},
    probe::Stage,
    report::{Cause, Check, Outcome, Report},
};

/// How long the whole examination takes at most. People wait for it; the longest single wait, that for a resolver
/// that does not answer, has to fit twice.
pub const LIMIT: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// The socket of the daemon.
    pub socket: PathBuf,
    /// The daemon's configuration file, read where the daemon does not tell; `None` is the default one.
    pub config: Option<PathBuf>,
    /// The feature that a person wants to know about.
    pub feature: Option<FeatureId>,
    /// The language of what the daemon says.
    pub language: Language,
}

/// Examines this host, and says how far it is.
pub fn examine(question: &Question, progress: &mut dyn FnMut(Stage)) -> std::io::Result<Report> {
    let watch = licensed::clock::Stopwatch::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(probe::all(question, progress));
    // A look-up that still hangs in the C library is not waited for.
    runtime.shutdown_background();
    let took_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(judge(&findings, took_ms))
}
