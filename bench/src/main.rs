//! Load for the license server: so many customers, and hosts that check in as fast as they get answers, or
//! commands of the vendor. And figures of the daemon, and of PHP that asks it.
//!
//! ```text
//! bench server PROGRAM [--customers N] [--seconds N] [--connections N] [--dir FOLDER]
//! bench admin PROGRAM [--customers N] [--dir FOLDER]
//! bench daemon PROGRAM LICENSED [--starts N] [--connections N] [--seconds N] [--checks N] [--dir FOLDER]
//! bench php PROGRAM LICENSED GATEWAY SCRIPT [--calls N] [--dir FOLDER]
//! ```
//!
//! `PROGRAM` is the license server, `SCRIPT` is `clients/php/bench/ask.php`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod admin;
mod customers;
mod daemon;
mod hosts;
mod php;
mod program;
mod report;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use crate::{hosts::Load, program::Served};

const USAGE: &str =
    "usage: bench server PROGRAM [--customers N] [--seconds N] [--connections N] [--dir FOLDER]
       bench admin PROGRAM [--customers N] [--dir FOLDER]
       bench daemon PROGRAM LICENSED [--starts N] [--connections N] [--seconds N] [--checks N] [--dir FOLDER]
       bench php PROGRAM LICENSED GATEWAY SCRIPT [--calls N] [--dir FOLDER]";

/// What is measured.
enum Subject {
    Server,
    Admin,
    Daemon { licensed: PathBuf },
    Php { licensed: PathBuf, gateway: PathBuf, script: PathBuf },
}

/// Before anything is measured: caches fill, and every host has a receipt to prove.
const WARM_UP: Duration = Duration::from_secs(2);

struct Arguments {
    subject: Subject,
    program: PathBuf,
    customers: usize,
    seconds: Option<u64>,
    connections: Option<usize>,
    starts: usize,
    checks: usize,
    calls: usize,
    dir: PathBuf,
}

fn parse() -> Option<Arguments> {
    let mut words = std::env::args().skip(1);
    let (subject, program) = (words.next()?, words.next()?.into());
    let subject = match subject.as_str() {
        "server" => Subject::Server,
        "admin" => Subject::Admin,
        "daemon" => Subject::Daemon { licensed: words.next()?.into() },
        "php" => Subject::Php {
            licensed: words.next()?.into(),
            gateway: words.next()?.into(),
            script: words.next()?.into(),
        },
        _ => return None,
    };
    let mut arguments = Arguments {
        subject,
        program,
        customers: 100_000,
        seconds: None,
        connections: None,
        starts: 21,
        checks: 200_000,
        calls: 10_000,
        dir: "/dev/shm".into(),
    };
    while let Some(flag) = words.next() {
        let value = words.next()?;
        match flag.as_str() {
            "--customers" => arguments.customers = value.parse().ok()?,
            "--seconds" => arguments.seconds = Some(value.parse().ok().filter(|seconds| *seconds > 0)?),
            "--connections" => arguments.connections = Some(value.parse().ok().filter(|count| *count > 0)?),
            "--starts" => arguments.starts = value.parse().ok()?,
            "--checks" => arguments.checks = value.parse().ok()?,
            "--calls" => arguments.calls = value.parse().ok().filter(|count| *count > 0)?,
            "--dir" => arguments.dir = value.into(),
            _ => return None,
        }
    }
    (arguments.customers >= arguments.connections.unwrap_or(0)).then_some(arguments)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(arguments) = parse() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::Builder::new().prefix("license-bench-").tempdir_in(&arguments.dir)?;
    match &arguments.subject {
        Subject::Server => server(arguments, folder.path()).await,
        Subject::Daemon { licensed } => {
            let plan = daemon::Plan {
                licensed: licensed.clone(),
                license_server: arguments.program.clone(),
                starts: arguments.starts,
                connections: arguments.connections.unwrap_or(100),
                seconds: arguments.seconds.unwrap_or(120),
                checks: arguments.checks,
            };
            daemon::run(&plan, folder.path()).await
        }
        Subject::Php { licensed, gateway, script } => {
            let plan = php::Plan {
                license_server: &arguments.program,
                licensed,
                gateway,
                script,
                calls: arguments.calls,
            };
            php::run(&plan, folder.path())
        }
        Subject::Admin => admin::run(&arguments.program, folder.path(), arguments.customers),
    }
}

async fn server(arguments: &Arguments, folder: &Path) -> Result<(), Box<dyn Error>> {
    let (connections, seconds) = (arguments.connections.unwrap_or(64), arguments.seconds.unwrap_or(20));
    let loading = report::Stopwatch::start();
    customers::load(folder, arguments.customers).await?;
    let loaded = loading.elapsed();
    let served = Served::start(&arguments.program, folder, &[])?;
    let mut load = Load::new(served.address, arguments.customers, connections.min(arguments.customers));
    load.run(WARM_UP).await?;
    let used = || Ok::<_, std::io::Error>([served.cpu()?, program::cpu("self")?]);
    let (before, watch) = (used()?, report::Stopwatch::start());
    let times = load.run(Duration::from_secs(seconds)).await?;
    let (took, after) = (watch.elapsed(), used()?);
    let cpu = [0, 1].map(|program| after[program].saturating_sub(before[program]));
    println!("{} customers, loaded in {:.1} s", arguments.customers, loaded.as_secs_f64());
    println!("{}", report::text(times, took, cpu, served.memory()?));
    Ok(())
}
