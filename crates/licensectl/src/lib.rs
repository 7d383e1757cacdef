//! The command line of licensectl, from which its man page and its completions are made too.

pub mod cli;
