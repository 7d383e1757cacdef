//! `cargo xtask`: what the workspace does besides being built.
//!
//! ```text
//! cargo xtask test            everything that must hold before a change is taken
//! cargo xtask demo [--keep]   the main job end to end, on real processes
//! cargo xtask bench server    how many check-ins the license server answers
//! cargo xtask bench admin     how long the vendor's commands take on a large database
//! cargo xtask bench daemon    start, memory, wake-ups and checks of the daemon
//! cargo xtask bench php       PHP that asks the daemon, and the gateway
//! cargo xtask man             man pages and completions
//! cargo xtask screenshots     the pictures of licensectl in the README
//! cargo xtask deb [--debug]   the Debian packages
//! cargo xtask repro           the packages twice, and that they are the same
//! cargo xtask prove           10,000 runs of the simulation, a fleet of a million hosts, and 1,000 kills
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod bench;
mod clock;
mod deb;
mod demo;
mod error;
mod gate;
mod man;
mod place;
mod process;
mod progress;
mod prove;
mod repro;
mod rules;
mod screenshots;
mod service;
mod third_party;
mod tools;

use std::{io, process::ExitCode};

use deb::Build;
use error::Error;

const USAGE: &str = "usage: cargo xtask test
       cargo xtask demo [--keep]
       cargo xtask bench server [--customers N] [--seconds N] [--connections N] [--dir FOLDER]
       cargo xtask bench admin [--customers N] [--dir FOLDER]
       cargo xtask bench daemon [--starts N] [--connections N] [--seconds N] [--checks N] [--dir FOLDER]
       cargo xtask bench php [--calls N] [--dir FOLDER]
       cargo xtask man
       cargo xtask screenshots
       cargo xtask deb [--debug]
       cargo xtask repro
       cargo xtask prove [--seeds N | --seed S | --draw]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = process::listen_for_interrupts().and_then(|()| match arguments[..] {
        ["test"] => gate::run(),
        ["demo"] => demo::run(&mut io::stdout(), false),
        ["bench", subject @ ("server" | "admin" | "daemon" | "php"), ref flags @ ..] => {
            bench::run(subject, flags)
        }
        ["demo", "--keep"] => demo::run(&mut io::stdout(), true),
        ["man"] => man::run(),
        ["screenshots"] => screenshots::run(),
        ["deb", ref words @ ..] => Build::of(words).map_or(Err(Error::Usage(USAGE)), deb::run),
        ["repro"] => repro::run(),
        ["prove", ref words @ ..] => prove::What::of(words).map_or(Err(Error::Usage(USAGE)), prove::run),
        _ => Err(Error::Usage(USAGE)),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Its last line is the count of what passed and failed.
        Err(Error::Gate) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
