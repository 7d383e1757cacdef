//! The help: the command line with the texts of the catalogue.

use std::ffi::OsString;

use clap::{Arg, ArgAction, CommandFactory, FromArgMatches};
use license_texts::{Language, Text, text};

use super::Cli;

/// Where in a list the options of all commands stand.
const COMMON: usize = 100;

/// The command line with its help in a language.
#[must_use]
pub fn command(language: Language) -> clap::Command {
    let with_flags = Cli::command()
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(Arg::new("help").long("help").short('h').action(ArgAction::Help).global(true))
        .arg(Arg::new("version").long("version").short('V').action(ArgAction::Version));
    let says = |of: &[&str]| of.iter().find_map(|of| Text::help(of)).map(|text| text.to(language));
    let exit_codes = says(&["exit-codes"]).unwrap_or_default();
    told("", with_flags, &says).after_help(exit_codes)
}

/// What was entered.
pub fn parse(words: impl IntoIterator<Item = OsString>, language: Language) -> Result<Cli, clap::Error> {
    let mut command = with_help_command(with_headings(command(language), language), language);
    let matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// A command, and those within it, with what the catalogue says of them: by the first of the names given to `says`
/// that it knows.
fn told(path: &str, command: clap::Command, says: &dyn Fn(&[&str]) -> Option<String>) -> clap::Command {
    let name = if path.is_empty() { command.get_name() } else { path };
    let about = says(&[name]).unwrap_or_default();
    command
        .about(about)
        .long_about(None)
        .mut_args(|arg| {
            let id = arg.get_id().as_str().replace('_', "-");
            let help = says(&[&joined(path, &id), &id]).unwrap_or_default();
            // What all commands have comes behind what one has.
            let arg = if path.is_empty() { arg.display_order(COMMON) } else { arg };
            arg.help(help).long_help(None)
        })
        .mut_subcommands(|within| {
            let path = joined(path, within.get_name());
            told(&path, within, says)
        })
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}-{name}") }
}

/// A command, and those within it, with the headings of the catalogue instead of clap's.
fn with_headings(command: clap::Command, language: Language) -> clap::Command {
    let [usage, commands, arguments, options] =
        [text!("tool-usage"), text!("tool-commands"), text!("tool-arguments"), text!("tool-options")]
            .map(|heading| heading.to(language));
    let template = "{before-help}{about-with-newline}\n";
    command
        .help_template(format!("{template}{usage} {{usage}}\n\n{{all-args}}{{after-help}}"))
        .subcommand_help_heading(commands)
        .mut_args(|arg| {
            let heading = if arg.is_positional() { arguments.clone() } else { options.clone() };
            arg.help_heading(heading)
        })
        .mut_subcommands(|within| with_headings(within, language))
}

/// A command with the one that clap adds to it, which has its help from the catalogue too.
fn with_help_command(mut command: clap::Command, language: Language) -> clap::Command {
    command.build();
    command.mut_subcommand("help", |help| help.about(text!("tool-help").to(language)))
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use super::*;

    /// The file of the help, for the names in it.
    const CATALOGUE: &str = include_str!("../../../license-texts/texts/en/help.ftl");

    #[test]
    fn everything_has_its_help_and_there_is_no_other() {
        let asked = RefCell::new(BTreeSet::from(["exit-codes".to_owned()]));
        let says = |of: &[&str]| {
            let found = of.iter().find(|of| Text::help(of).is_some());
            assert!(found.is_some(), "there is no help-{}", of[0]);
            asked.borrow_mut().insert((*found?).to_owned());
            Some(String::new())
        };
        drop(told("", command(Language::English), &says));
        let ids = CATALOGUE.lines().filter_map(|line| line.strip_prefix("help-")?.split_once(" ="));
        let there: BTreeSet<_> = ids.map(|(id, _)| id.to_owned()).collect();
        assert_eq!(there, asked.into_inner());
    }

    #[test]
    fn the_help_is_in_the_language_of_its_reader() {
        let help = |language| with_headings(command(language), language).render_long_help().to_string();
        let (english, russian) = (help(Language::English), help(Language::Russian));
        assert!(english.contains("\nUsage: licensectl") && english.contains("\nExit codes:\n  0  done"));
        assert!(english.contains("\nCommands:\n") && english.contains("\nOptions:\n"), "{english}");
        assert!(russian.contains("\nИспользование: licensectl"), "{russian}");
        assert!(russian.contains("\nКоманды:\n") && russian.contains("\nПараметры:\n"), "{russian}");
        let russian = with_help_command(command(Language::Russian), Language::Russian);
        for command in russian.get_subcommands() {
            let about = command.get_about().unwrap().to_string();
            assert!(about.chars().any(|c| ('а'..='я').contains(&c)), "{about}");
        }
    }
}
