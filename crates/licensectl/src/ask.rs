//! Asking a person on the terminal. Questions go to standard error: standard output is for answers.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use license_texts::{Language, Text, text};

use crate::fault::Fault;

/// The longest standard input that is read: far more than any key or registration, far less than a wrong file.
const LONGEST: u64 = 64 * 1024;

/// Whether there is somebody to ask.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The answer to a question, without spaces around it. Who ends the input wants nothing any more.
pub(crate) fn line(question: &Text, language: Language) -> Result<String, Fault> {
    write!(io::stderr(), "{} ", question.to(language)).map_err(Fault::Input)?;
    let mut said = String::new();
    let read = io::stdin().lock().take(LONGEST).read_line(&mut said).map_err(Fault::Input)?;
    if read == 0 { Err(not_confirmed()) } else { Ok(said.trim().to_owned()) }
}

/// Goes on if the person says yes.
pub(crate) fn confirm(question: Text, language: Language) -> Result<(), Fault> {
    let said = line(&text!("tool-ask-yes-no", question = question), language)?;
    if is_yes(&said) { Ok(()) } else { Err(not_confirmed()) }
}

/// Tells a person something between two questions.
pub(crate) fn tell(words: &str) {
    // Where it cannot be shown there is nobody to tell.
    let _ = writeln!(io::stderr(), "{words}");
}

/// All of standard input.
pub(crate) fn standard_input() -> Result<String, Fault> {
    io::read_to_string(io::stdin().lock().take(LONGEST)).map_err(Fault::Input)
}

fn is_yes(said: &str) -> bool {
    ["y", "yes", "д", "да"].contains(&said.to_lowercase().as_str())
}

fn not_confirmed() -> Fault {
    Fault::Usage(text!("tool-not-confirmed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_is_yes_in_both_languages_and_everything_else_is_no() {
        assert!(["y", "Y", "yes", "д", "Да"].into_iter().all(is_yes));
        assert!(!["", "n", "н", "нет", "yes please", "1"].into_iter().any(is_yes));
    }
}
