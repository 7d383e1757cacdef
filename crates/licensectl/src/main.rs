//! The control tool of licensed.
//!
//! A command becomes calls of the client ([`command`]), and what they come to ([`told`]) becomes text for people
//! ([`human`]) or for scripts ([`json`]), and an exit code ([`exit`]). What goes wrong on the way is a
//! [`fault::Fault`].

mod ask;
mod bundle;
mod command;
mod doctor;
mod exit;
mod fault;
mod human;
mod json;
mod live;
mod machine;
mod modules;
mod progress;
mod reader;
mod register;
mod screen;
mod told;

use std::{
    env,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use jiff::tz::TimeZone;
use license_client::{Client, DEFAULT_SOCKET, Settings};
use license_texts::{Language, text};
use licensectl::cli;

use crate::{
    command::Caller,
    exit::Exit,
    fault::Fault,
    machine::Machine,
    reader::Reader,
    screen::{Look, cleaned},
};

fn main() -> ExitCode {
    let variable = |name: &str| env::var(name).ok();
    let language = Language::of_locale(variable);
    let cli = match cli::parse(env::args_os(), language) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let Some(command) = cli.command else {
        say(&text!("tool-short-help").to(language));
        return Exit::Usage.into();
    };
    let reader = Reader {
        // What scripts read is in no language but one.
        language: if cli.json { Language::English } else { language },
        look: Look::of_stdout(cli.color, variable),
        zone: TimeZone::system(),
        now: reader::now(),
    };
    let caller = Caller {
        reader,
        machine: Machine::here(&cli.socket),
        is_script: cli.json,
        socket: cli.socket.clone(),
    };
    let mut tell = |it: &told::Told| {
        print(if cli.json { json::told(it) } else { Ok(human::told(it, &caller.reader.by_now())) })
    };
    let mut client = Client::with(Settings::new(&cli.socket).language(caller.reader.language));
    match command::run(command, &mut client, &caller, &mut tell) {
        Ok(exit) => exit.into(),
        Err(fault) => fail(&fault, &caller),
    }
}

/// Shows what went wrong, to a script on standard output.
fn fail(fault: &Fault, caller: &Caller) -> ExitCode {
    let is_shown = caller.is_script
        && !matches!(fault, Fault::Output(_))
        && print(json::fault(fault, &caller.machine)).is_ok();
    if !is_shown {
        say(&cleaned(&format!("licensectl: {}", caller.reader.say(&fault.text(&caller.machine)))));
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
        let fault = Fault::Usage(text!("tool-not-understood"));
        let _ = print(json::fault(&fault, &Machine::here(DEFAULT_SOCKET.as_ref())));
    }
    Exit::Usage.into()
}

/// Writes to standard output, at once. Whether somebody still reads: a reader that has left has seen enough.
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
    let _ = writeln!(io::stderr(), "{text}");
}
