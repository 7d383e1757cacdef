//! license-gateway, the program: flags, logging, runtime.

use std::process::ExitCode;

use clap::Parser;
use license_gateway::{
    flags::Flags,
    service::{self, StartError},
};
use service_manager::Attempt;
use tracing::error;

/// The environment variable with a filter of the log, such as `debug`.
const LOG: &str = "LICENSE_GATEWAY_LOG";

fn main() -> ExitCode {
    let flags = Flags::parse();
    let _level = journal::init("license-gateway", LOG);
    match start(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start(flags: Flags) -> Result<(), StartError> {
    // Two workers: who calls is looked up while others are answered.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let Some(attempt) = Attempt::begin().await else { return Ok(()) };
        service::run(flags).await?;
        attempt.end_well();
        Ok(())
    })
}
