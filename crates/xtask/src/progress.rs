//! What is under way, on a terminal alone: a line that the result replaces.

use std::io::{self, IsTerminal};

/// "Back to the start of the line, and clear it" (ECMA-48).
const CLEAR: &str = "\r\x1b[K";

/// Shows what is being worked on, until it is dropped.
pub(crate) struct Progress {
    is_shown: bool,
}

impl Progress {
    pub(crate) fn show(what: &str) -> Self {
        let is_shown = io::stderr().is_terminal();
        if is_shown {
            eprint!("{CLEAR}           {what} …");
        }
        Self { is_shown }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            eprint!("{CLEAR}");
        }
    }
}
