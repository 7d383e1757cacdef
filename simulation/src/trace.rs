//! What happens in a run, for people.

use crate::clock::Moment;

/// The events of a run, if anybody wants to read them.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) is_on: bool,
    pub(crate) lines: Vec<String>,
}

impl Trace {
    pub(crate) fn say(&mut self, at: Moment, line: impl FnOnce() -> String) {
        if self.is_on {
            self.lines.push(format!("{at}  {}", line()));
        }
    }
}
