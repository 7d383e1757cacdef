//! What stops a chore, said so that the reader knows what to do next.

use std::{fmt, io, path::PathBuf, process::ExitStatus, time::Duration};

use crate::process::Answered;

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
    TooLate { name: &'static str, what: &'static str, after: Duration, log: String },
    /// A program that should go on running has ended.
    Ended { name: &'static str, status: ExitStatus, log: String },
    /// A rule of the workspace is broken.
    Rule(String),
    /// A program did not answer as it should.
    Answer(Box<Answered>, &'static str),
    /// A step of the gate failed; it has been shown.
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
            | Self::Answer(..)
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
            Self::TooLate { name, what, after, log } => {
                write!(
                    f,
                    "{name}: {what} did not happen within {} s; its log:\n{}",
                    after.as_secs(),
                    log.trim_end()
                )
            }
            Self::Ended { name, status, log } => {
                write!(f, "{name} has ended by itself ({status}); its log:\n{}", log.trim_end())
            }
            Self::Rule(what) => f.write_str(what),
            Self::Answer(answered, wanted) => {
                let Answered { command, code, stdout, stderr } = &**answered;
                let code = code.map_or("a signal".to_owned(), |code| code.to_string());
                let (stdout, stderr) = (stdout.trim_end(), stderr.trim_end());
                write!(f, "`{command}` should {wanted}, but ended with {code}\n{stdout}\n{stderr}")
            }
            Self::Gate => f.write_str("a step of the gate failed"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}
