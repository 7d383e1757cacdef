//! Whom a command is about, and whether a person means it.

use std::io::{self, BufRead, IsTerminal as _, Write};

use license_types::RegistrationNumber;

use super::{CommandError, Console, customer::of};
use crate::decide::{Rows, vendor};

/// A company with its number, masked: a wrong number is seen by the name.
pub(super) struct Named {
    pub(super) company: String,
    masked: String,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.company, self.masked)
    }
}

impl<O: Write> Console<'_, O> {
    /// Who has a number.
    pub(super) async fn named(&self, number: &RegistrationNumber) -> Result<Named, CommandError> {
        let named = |rows: &Rows| {
            let row = rows.customer_by_number(number).ok_or_else(|| vendor::unknown(rows, number))?;
            Ok(Named { company: row.registration.company.clone(), masked: number.masked() })
        };
        self.look(&of(number), named).await
    }

    /// Why nobody has a number.
    pub(super) async fn unknown(&self, number: &RegistrationNumber) -> Result<CommandError, CommandError> {
        self.look(&of(number), |rows| Ok(vendor::unknown(rows, number).into())).await
    }
}

/// Asks a person at a terminal, unless `yes` says so already. A script is not asked.
pub(super) fn confirm(yes: bool, question: &str) -> Result<(), CommandError> {
    if yes || !io::stdin().is_terminal() {
        return Ok(());
    }
    ask(&mut io::stdin().lock(), &mut io::stderr(), question)
}

fn ask(input: &mut impl BufRead, output: &mut impl Write, question: &str) -> Result<(), CommandError> {
    write!(output, "{question} [y/N] ")?;
    output.flush()?;
    let mut said = String::new();
    input.read_line(&mut said)?;
    match said.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(CommandError::NotConfirmed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        let cases =
            [("y\n", true), ("Y\n", true), (" yes \n", true), ("n\n", false), ("\n", false), ("", false)];
        for (said, goes_on) in cases {
            let mut asked = Vec::new();
            let answer = ask(&mut said.as_bytes(), &mut asked, "Merge?");
            assert_eq!(asked, b"Merge? [y/N] ");
            match answer {
                Ok(()) => assert!(goes_on, "{said:?}"),
                Err(error) => assert!(!goes_on && matches!(error, CommandError::NotConfirmed), "{said:?}"),
            }
        }
    }

    #[test]
    fn who_said_yes_is_not_asked() {
        assert!(confirm(true, "Merge?").is_ok());
    }
}
