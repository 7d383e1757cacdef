//! What stops a chore, said so that the reader knows what to do next.

use std::{fmt, io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why a chore did not get to its end.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line names no chore.
    Usage(&'static str),
    /// A file or folder cannot be used.
    File {
        /// What was tried: "create", "read".
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A program cannot be started.
    Start { program: String, source: io::Error },
    /// A program is not there and cannot be installed from here.
    Missing { program: &'static str, package: &'static str, why: &'static str },
    /// A program ended with a failure.
    Failed {
        command: String,
        status: ExitStatus,
        /// All that it wrote.
        output: String,
    },
    /// Something did not happen in time.
    TooLate { what: String, after: Duration, log: String },
    /// A program that should go on running has ended.
    Ended { name: String, status: ExitStatus, log: String },
    /// A rule of the workspace is broken.
    Rule(String),
    /// Steps of the gate failed; they have been shown.
    Gate,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

impl Error {
    /// 2 for a wrong command line, as the shell has it for an interrupt, else 1.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Interrupted => 130,
            Self::File { .. }
            | Self::Start { .. }
            | Self::Missing { .. }
            | Self::Failed { .. }
            | Self::TooLate { .. }
            | Self::Ended { .. }
            | Self::Rule(_)
            | Self::Gate => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(usage) => f.write_str(usage),
            Self::File { doing, path, source } => write!(f, "cannot {doing} {}: {source}", path.display()),
            Self::Start { program, source } => {
                write!(f, "cannot start {program}: {source}; is it installed and in PATH?")
            }
            Self::Missing { program, package, why } => {
                write!(f, "{program} is needed {why}: install {program} (Debian package {package})")
            }
            Self::Failed { command, status, output } => {
                write!(f, "`{command}` failed ({status})\n{}", output.trim_end())
            }
            Self::TooLate { what, after, log } => {
                write!(f, "{what} did not happen within {} s\n{}", after.as_secs(), log.trim_end())
            }
            Self::Ended { name, status, log } => {
                write!(f, "{name} has ended by itself ({status}); its log:\n{}", log.trim_end())
            }
            Self::Rule(what) => f.write_str(what),
            Self::Gate => f.write_str("not everything passed, see above"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}
