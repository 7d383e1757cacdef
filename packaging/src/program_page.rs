//! The man page of a program: its command line, then the sections that are written by hand.

use std::io;

use clap::{Arg, ArgAction, Command};
use clap_mangen::Man;

use crate::{
    MANUAL, Program,
    roff_text::{Page, escaped, paragraph, quoted},
};

/// The heading above the lines of [`Command::get_after_help`] that are a table of exit codes.
const EXIT_CODES: &str = "Exit codes:\n";

/// The page.
pub(crate) fn page(program: &Program, date: &str) -> io::Result<String> {
    let command = &program.command;
    let name = command.get_name();
    let version = env!("CARGO_PKG_VERSION");
    let mut page = Page::default();
    page.line(&format!(".TH {name} {} {date} \"licensed {version}\" {MANUAL}", program.section));
    page.line(&format!(".SH NAME\n{} \\- {}", escaped(name), escaped(&about(command))));
    page.line(&format!(".SH SYNOPSIS\n.B {}\n{}", escaped(name), escaped(&usage(command))));
    page.line(".SH DESCRIPTION");
    page.lines(&description(command));
    page.line(".SH OPTIONS");
    page.lines(&options(command)?);
    if command.has_subcommands() {
        page.line(".SH COMMANDS");
        commands(command, "", &mut page)?;
    }
    exit_status(command, &mut page);
    page.lines(program.by_hand);
    Ok(page.into_text())
}

/// The commands below `command`, each with its options.
fn commands(command: &Command, path: &str, page: &mut Page) -> io::Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        let path = format!("{path}{} ", command.get_name());
        // A command that only has others below it says nothing that they do not say.
        if !command.has_subcommands() || command.get_arguments().next().is_some() {
            page.line(&format!(".SS {}", quoted(format!("{path}{}", usage(command)).trim_end())));
            page.lines(&description(command));
            page.lines(&options(command)?);
            if let Some(help) = command.get_after_help() {
                page.line(".PP\n.nf");
                help.to_string().lines().for_each(|line| page.line(&escaped(line)));
                page.line(".fi");
            }
        }
        commands(command, &path, page)?;
    }
    Ok(())
}

fn about(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    about.trim_end_matches('.').to_owned()
}

fn description(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let paragraphs: Vec<_> = about.split("\n\n").map(|text| paragraph(&text.replace('\n', " "))).collect();
    let text = paragraphs.join(".PP\n");
    // clap leaves the full stop of a single sentence out.
    text.strip_suffix('\n').map_or_else(String::new, |text| format!("{}.\n", text.trim_end_matches('.')))
}

/// Its own options and arguments, as clap_mangen has them.
fn options(command: &Command) -> io::Result<String> {
    let mut command = command.clone().disable_help_subcommand(true);
    if command.get_version().is_none() {
        command = command.disable_help_flag(true).disable_version_flag(true);
    }
    let mut text = Vec::new();
    Man::new(command).render_options_section(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    let options = text.split_once(".SH OPTIONS\n").map(|(preamble, options)| {
        // It defines the apostrophe that the options are written with.
        // An empty line between two breaks is what mandoc warns of.
        format!("{preamble}{}", options.replace("\n.br\n\n.br\n", "\n.sp\n"))
    });
    Ok(options.unwrap_or_default())
}

/// What follows the name on a command line.
fn usage(command: &Command) -> String {
    let groups: Vec<_> = command.get_groups().filter(|group| group.is_required_set()).collect();
    let is_grouped = |arg: &Arg| groups.iter().any(|group| group.get_args().any(|id| id == arg.get_id()));
    let arguments = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let (positional, flags): (Vec<_>, Vec<_>) =
        arguments.filter(|arg| !is_grouped(arg)).partition(|arg| arg.is_positional());
    let (required, optional): (Vec<_>, Vec<_>) = flags.into_iter().partition(|arg| arg.is_required_set());
    let mut words: Vec<_> = required.into_iter().map(form).collect();
    for group in groups {
        let members =
            group.get_args().filter_map(|id| command.get_arguments().find(|arg| arg.get_id() == id));
        words.push(format!("{{{}}}", members.map(form).collect::<Vec<_>>().join(" | ")));
    }
    words.extend(optional.into_iter().map(|arg| format!("[{}]", form(arg))));
    words.extend(
        positional
            .into_iter()
            .map(|arg| if arg.is_required_set() { form(arg) } else { format!("[{}]", form(arg)) }),
    );
    if command.has_subcommands() {
        words.push("COMMAND".to_owned());
    }
    words.join(" ")
}

/// A flag with its value, or the name of an argument.
fn form(arg: &Arg) -> String {
    let value = arg.get_value_names().map(|names| names.join(" "));
    let value = value.unwrap_or_else(|| arg.get_id().as_str().to_uppercase());
    let several = if matches!(arg.get_action(), ArgAction::Append) { "…" } else { "" };
    match arg.get_long() {
        None => value + several,
        Some(flag) if arg.get_action().takes_values() => format!("--{flag} {value}{several}"),
        Some(flag) => format!("--{flag}"),
    }
}

/// EXIT STATUS from what `--help` says about it.
fn exit_status(command: &Command, page: &mut Page) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let Some(table) = help.strip_prefix(EXIT_CODES) else { return };
    page.line(".SH \"EXIT STATUS\"");
    for line in table.lines() {
        match line.trim_start().split_once("  ") {
            Some((code, what)) => page.line(&format!(".TP\n.B {code}\n{}", escaped(what))),
            None => page.line(&format!(".PP\n{}", escaped(line))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs;

    /// Every command that does something, with the words before it.
    fn leaves(command: &Command, path: &str) -> Vec<(String, Command)> {
        let mut leaves = Vec::new();
        for command in command.get_subcommands() {
            let path = format!("{path}{} ", command.get_name());
            if command.has_subcommands() {
                leaves.extend(self::leaves(command, &path));
            } else {
                leaves.push((path, command.clone()));
            }
        }
        leaves
    }

    #[test]
    fn each_command_has_a_heading_and_each_flag_its_entry() {
        for program in programs() {
            let page = page(&program, "2026-01-02").unwrap();
            for arg in program.command.get_arguments() {
                let entry = format!("\\fB\\-\\-{}\\fR", arg.get_long().unwrap().replace('-', "\\-"));
                assert!(page.contains(&entry), "{entry}\n{page}");
            }
            for (path, command) in leaves(&program.command, "") {
                let heading = format!("\n.SS \"{}", path.trim_end().replace('-', "\\-"));
                let (_, section) = page.split_once(&heading).unwrap_or_else(|| panic!("{heading}\n{page}"));
                let section = section.split("\n.S").next().unwrap();
                for arg in command.get_arguments() {
                    let name = arg.get_long().map_or_else(|| form(arg), |flag| format!("--{flag}"));
                    let name = name.trim_end_matches('…').replace('-', "\\-");
                    assert_eq!(section.matches(&format!("{name}\\fR")).count(), 1, "{name} of {heading}");
                }
            }
        }
    }

    #[test]
    fn a_line_of_usage_says_what_must_be_there() {
        let [_, licensectl, _, server] = programs();
        let usage_of = |program: &Program, path: &str| {
            let leaves = leaves(&program.command, "");
            let (_, command) = leaves.into_iter().find(|(it, _)| it.trim_end() == path).unwrap();
            usage(&command)
        };
        assert_eq!(
            usage_of(&licensectl, "check"),
            "{FEATURE… | --module FILE… | --modules DIR} [--holder NAME]"
        );
        assert_eq!(usage_of(&licensectl, "info"), "[NUMBER]");
        assert_eq!(
            usage_of(&server, "admin binding drop"),
            "--number NUMBER {--all | --host HOST | --session SESSION} [--free-only] [--yes]"
        );
    }

    #[test]
    fn exit_codes_are_those_of_help() {
        let [_, licensectl, ..] = programs();
        let page = page(&licensectl, "2026-01-02").unwrap();
        let (_, status) = page.split_once("\n.SH \"EXIT STATUS\"\n").unwrap();
        for (code, what) in [("1", "denied"), ("7", "a fault of the daemon")] {
            assert!(status.contains(&format!(".TP\n.B {code}\n{what}\n")), "{status}");
        }
    }
}
