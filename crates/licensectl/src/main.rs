//! The control tool of licensed.
//!
//! A command becomes a call of the client ([`command`]), its answer becomes text for people ([`human`])
//! or for scripts ([`json`]), and either becomes an exit code ([`exit`]). What goes wrong on the way
//! is a [`fault::Fault`].

mod cli;
mod command;
mod exit;
mod fault;
mod human;
mod json;

use std::{
    env,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use clap::Parser;
use jiff::tz::TimeZone;
use license_client::Client;

use crate::{cli::Cli, exit::Exit, fault::Fault};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    match command::run(cli.command, &mut Client::new(cli.socket)) {
        Ok(answer) => {
            let text = if cli.json {
                json::answer(&answer)
            } else {
                Ok(human::answer(&answer, &TimeZone::system()))
            };
            print(text, Exit::of_answer(&answer))
        }
        Err(fault) => {
            if cli.json {
                return print(json::fault(&fault), fault.exit());
            }
            say(&fault.to_string());
            fault.exit().into()
        }
    }
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
        return print(json::fault(&fault), fault.exit());
    }
    Exit::Usage.into()
}

/// Writes the result to standard output. A reader that has left has seen enough.
fn print(text: serde_json::Result<String>, exit: Exit) -> ExitCode {
    let mut stdout = io::stdout().lock();
    let printed = text.map_err(io::Error::from).and_then(|text| {
        writeln!(stdout, "{text}")?;
        stdout.flush()
    });
    match printed {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            say(&format!("cannot write the answer to standard output: {error}"));
            Exit::Fault.into()
        }
        Ok(()) | Err(_) => exit.into(),
    }
}

/// Writes a line to standard error. Where that fails there is nobody to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "licensectl: {text}");
}
