//! licensed, the program: flags, logging, runtime.

use std::process::ExitCode;

use clap::Parser;
use journal::Level;
use license_texts::Language;
use licensed::{
    config::Flags,
    daemon::{self, StartError},
};
use service_manager::Attempt;
use tracing::error;

/// The environment variable with a filter of the log; it comes before the level of the configuration.
const LOG: &str = "LICENSED_LOG";

fn main() -> ExitCode {
    let flags = Flags::parse();
    let level = journal::init("licensed", LOG);
    match start(flags, level) {
        Ok(()) => ExitCode::SUCCESS,
        Err(StartError::Config(wrong)) => {
            wrong.faults.iter().for_each(|fault| error!("{fault}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start(flags: Flags, level: Level) -> Result<(), StartError> {
    if flags.check_config {
        for warning in daemon::check_config(&flags)? {
            tracing::warn!("{}", warning.to(Language::English));
        }
        tracing::info!("the configuration is good");
        return Ok(());
    }
    // Two workers: queries are answered while the keeper waits for the disk.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let Some(attempt) = Attempt::begin().await else { return Ok(()) };
        daemon::run(flags, level).await?;
        attempt.end_well();
        Ok(())
    })
}
