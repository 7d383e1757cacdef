//! Whether the log of a number is as it was written.
//!
//! It finds what somebody changed by hand or a disk lost. Who can write the database and knows the rules
//! can also write a new chain: against that, keep the end of the chains elsewhere.

use std::cmp::Ordering;

use serde::Serialize;

use super::log::{Chain, LogRow};

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The line is gone.
    Missing,
    /// The line, or one before it, is not as it was written.
    Changed,
    /// The line and all that followed are gone.
    CutOff,
    /// The line was added by somebody else.
    Added,
}

impl Fault {
    /// What is to be said about a line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Changed => "is not as it was written",
            Self::CutOff => "and all after it are missing",
            Self::Added => "was added by something other than this server",
        }
    }
}

/// A chain that is being read, line by line.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    chain: Chain,
    /// The first fault and its line.
    fault: Option<(u64, Fault)>,
}

impl Walk {
    /// Takes the next line.
    pub fn line(&mut self, row: &LogRow) {
        let expected = self.chain.length.saturating_add(1);
        if row.seq != expected {
            self.fault.get_or_insert((expected, Fault::Missing));
        } else if !row.follows(&self.chain) {
            self.fault.get_or_insert((row.seq, Fault::Changed));
        }
        self.chain = row.end();
    }

    /// The last line that was taken.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.chain.length
    }

    /// The first fault of the chain, with its line, after all lines were taken; `known` is where the
    /// customer's row says that it ends.
    #[must_use]
    pub fn fault(self, known: &Chain) -> Option<(u64, Fault)> {
        let Chain { length, hash } = self.chain;
        let at_end = || match length.cmp(&known.length) {
            Ordering::Less => Some((length.saturating_add(1), Fault::CutOff)),
            Ordering::Greater => Some((known.length.saturating_add(1), Fault::Added)),
            Ordering::Equal => (hash != known.hash).then_some((length, Fault::Changed)),
        };
        self.fault.or_else(at_end)
    }
}

#[cfg(test)]
mod tests {
    use license_types::UnixTime;

    use super::{
        super::{
            CustomerId,
            log::{Actor, Deed},
        },
        *,
    };

    fn after(chain: &Chain) -> LogRow {
        let customer = CustomerId("c".to_owned());
        LogRow::after(chain, &customer, UnixTime(7), &Actor::Server, &Deed::Registered)
    }

    /// Four lines, and where they end.
    fn lines() -> (Vec<LogRow>, Chain) {
        let mut chain = Chain::default();
        let mut line = || {
            let row = after(&chain);
            chain = row.end();
            row
        };
        let lines = (0..4).map(|_| line()).collect();
        (lines, chain)
    }

    #[test]
    fn the_first_fault_of_a_chain_is_named_with_its_line() {
        type Change = fn(&mut Vec<LogRow>, &mut Chain);
        type Case = (&'static str, Change, Option<(u64, Fault)>);
        let cases: [Case; 9] = [
            ("nothing", |_, _| (), None),
            ("no line at all", |lines, end| (*lines, *end) = (vec![], Chain::default()), None),
            ("a line is changed", |lines, _| lines[1].at.0 += 1, Some((2, Fault::Changed))),
            ("a line is gone", |lines, _| drop(lines.remove(2)), Some((3, Fault::Missing))),
            ("the first line is gone", |lines, _| drop(lines.remove(0)), Some((1, Fault::Missing))),
            ("the tail is gone", |lines, _| lines.truncate(2), Some((3, Fault::CutOff))),
            ("all lines are gone", |lines, _| lines.clear(), Some((1, Fault::CutOff))),
            ("a line is added", |lines, end| lines.push(after(end)), Some((5, Fault::Added))),
            (
                "the tail is written anew",
                |lines, _| {
                    let chain = lines[2].end();
                    lines[3] = LogRow::after(
                        &chain,
                        &CustomerId("c".to_owned()),
                        UnixTime(8),
                        &Actor::Server,
                        &Deed::Registered,
                    );
                },
                Some((4, Fault::Changed)),
            ),
        ];
        for (name, change, fault) in cases {
            let (mut lines, mut end) = lines();
            change(&mut lines, &mut end);
            let mut walk = Walk::default();
            for line in &lines {
                walk.line(line);
            }
            assert_eq!(walk.fault(&end), fault, "{name}");
        }
    }
}
