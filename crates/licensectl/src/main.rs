//! The control tool of licensed.
//!
//! A command becomes a call of the client ([`command`]), its answer becomes text for people ([`human`])
//! or for scripts ([`json`]), and either becomes an exit code ([`exit`]). What goes wrong on the way
//! is a [`fault::Fault`].

mod command;
mod exit;
mod fault;
mod human;
mod json;
#[allow(dead_code, reason = "the commands come over to it one by one")]
mod screen;

use std::{
    env,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use clap::Parser;
use jiff::tz::TimeZone;
use license_client::{Client, ipc::Answer};
use licensectl::cli::Cli;

use crate::{exit::Exit, fault::Fault};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let zone = TimeZone::system();
    let mut tell = |answer: &Answer| {
        if cli.json { print(json::answer(answer)) } else { print(Ok(human::answer(answer, &zone))) }
    };
    match command::run(cli.command, &mut Client::new(cli.socket), &mut tell) {
        Ok(exit) => exit.into(),
        Err(fault) => fail(&fault, cli.json),
    }
}

/// Shows what went wrong, to a script on standard output.
fn fail(fault: &Fault, in_json: bool) -> ExitCode {
    let is_shown = in_json && !matches!(fault, Fault::Output(_)) && print(json::fault(fault)).is_ok();
    if !is_shown {
        say(&fault.to_string());
    }
    fault.exit().into()
}

/// Shows help, or what is wrong with the command line; the latter also to a script that asked for JSON.
fn not_understood(error: &clap::Error) -> ExitCode {
    // Where it cannot be shown there is nobody to tell.
    let _ = error.print();
    if error.exit_code() == 0 {
        return Exit::Done.into();
    }
    if env::args_os().any(|argument| argument == "--json") {
        let fault = Fault::Usage("the command line is not understood; see standard error".to_owned());
        return fail(&fault, true);
    }
    Exit::Usage.into()
}

/// Writes an answer to standard output, at once. Whether somebody still reads: a reader that has left has seen
/// enough.
fn print(text: serde_json::Result<String>) -> Result<bool, Fault> {
    let mut stdout = io::stdout().lock();
    let printed = text.map_err(io::Error::from).and_then(|text| {
        writeln!(stdout, "{text}")?;
        stdout.flush()
    });
    match printed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Fault::Output(error)),
    }
}

/// Writes a line to standard error. Where that fails there is nobody to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "licensectl: {text}");
}
