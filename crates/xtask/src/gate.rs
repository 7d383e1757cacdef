//! `cargo xtask test`: everything that must hold before a change is taken.
//!
//! Quiet when fine: a line a step. The quick steps come first, and the first that fails ends the run with
//! all that it wrote.

use std::{env, fs, path::Path, process::Command};

use crate::{
    clock::Stopwatch,
    error::Error,
    place, process, rules,
    tools::{self, PHP, PHPUNIT, SHELLCHECK},
};

struct Step {
    name: &'static str,
    run: fn() -> Result<Done, Error>,
}

/// Quick ones first. Clippy, tests and demo build the same targets with the same features, so that each
/// finds what the one before has built.
const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "rules", run: contained },
    Step { name: "shell scripts", run: shell_scripts },
    Step { name: "PHP syntax", run: php_syntax },
    Step { name: "clippy", run: clippy },
    Step { name: "thin client", run: thin_client },
    Step { name: "Rust tests", run: rust_tests },
    Step { name: "documentation", run: documentation },
    Step { name: "dependencies", run: dependencies },
    Step { name: "PHP tests", run: php_tests },
];

/// What a step that went well has to say.
#[derive(Default)]
struct Done {
    /// Tests that passed.
    passed: usize,
    /// Anything that the reader should know.
    note: String,
}

impl Done {
    fn passed(passed: usize) -> Self {
        Self { passed, note: format!("{passed} passed") }
    }

    fn noting(note: String) -> Self {
        Self { passed: 0, note }
    }
}

/// Runs the gate. Its last line is `N passed, M failed`.
pub(crate) fn run() -> Result<(), Error> {
    let whole = Stopwatch::start();
    let mut passed = 0;
    for step in STEPS {
        let took = Stopwatch::start();
        let done = (step.run)();
        let seconds = took.elapsed().as_secs_f64();
        match done {
            Ok(done) => {
                println!("{}", format!("{seconds:>7.1} s  {:<14}  {}", step.name, done.note).trim_end());
                passed += done.passed;
            }
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => {
                let error = error.to_string();
                println!("{seconds:>7.1} s  {:<14}  FAILED\n{error}", step.name);
                println!(
                    "{} passed, {} failed",
                    passed + count(&error, "passed"),
                    count(&error, "failed").max(1)
                );
                return Err(Error::Gate);
            }
        }
    }
    println!("{:>7.1} s  in all", whole.elapsed().as_secs_f64());
    println!("{passed} passed, 0 failed");
    Ok(())
}

/// A cargo command that builds into the chosen folder.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(arguments).current_dir(place::workspace()).env("CARGO_TARGET_DIR", place::target_dir());
    cargo
}

fn format() -> Result<Done, Error> {
    process::run(cargo(&["fmt", "--all", "--check"]))?;
    Ok(Done::default())
}

fn contained() -> Result<Done, Error> {
    rules::contained()?;
    Ok(Done::default())
}

fn thin_client() -> Result<Done, Error> {
    let crates = rules::client_is_thin()?;
    Ok(Done::noting(format!("{crates} crates, no runtime")))
}

fn clippy() -> Result<Done, Error> {
    process::run(cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    Ok(Done::default())
}

fn rust_tests() -> Result<Done, Error> {
    let built = process::run(cargo(&["test", "--locked", "--workspace", "--all-targets"]))?;
    let in_docs = process::run(cargo(&["test", "--locked", "--workspace", "--doc"]))?;
    let passed = count(&built, "passed") + count(&in_docs, "passed");
    let ignored = count(&built, "ignored") + count(&in_docs, "ignored");
    let mut done = Done::passed(passed);
    if ignored > 0 {
        done.note += &format!(", {ignored} ignored by their own word");
    }
    Ok(done)
}

fn documentation() -> Result<Done, Error> {
    let mut doc = cargo(&["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"]);
    doc.env("RUSTDOCFLAGS", "--deny warnings");
    process::run(doc)?;
    Ok(Done::default())
}

/// Licences, bans and sources of the dependencies, and the advisories about them: from the database in the
/// folder that `ADVISORY_DB` names, else from the live one.
fn dependencies() -> Result<Done, Error> {
    let mut deny = tools::cargo_deny()?;
    deny.current_dir(place::workspace()).arg("--locked");
    let Some(database) = env::var_os("ADVISORY_DB").filter(|folder| !folder.is_empty()) else {
        deny.arg("check");
        process::run(deny)?;
        return Ok(Done::default());
    };
    // Offline is meant for the database, but it holds for the sources of every platform's dependencies too.
    process::run(cargo(&["fetch", "--locked"]))?;
    let config = offline_config(Path::new(&database))?;
    deny.arg("--offline").arg("--config").arg(config).arg("check");
    process::run(deny)?;
    Ok(Done::noting(format!("advisories from {}", Path::new(&database).display())))
}

/// deny.toml with the place of the database in it, for which cargo-deny has no other way.
fn offline_config(database: &Path) -> Result<std::path::PathBuf, Error> {
    let path = place::workspace().join("deny.toml");
    let config = fs::read_to_string(&path).map_err(|source| Error::File { doing: "read", path, source })?;
    let path = place::target_dir().join("deny.toml");
    let config = with_database(&config, database);
    match fs::write(&path, config) {
        Ok(()) => Ok(path),
        Err(source) => Err(Error::File { doing: "write", path, source }),
    }
}

fn with_database(config: &str, database: &Path) -> String {
    config.replacen("[advisories]\n", &format!("[advisories]\ndb-path = {database:?}\n"), 1)
}

/// shellcheck over every shell script, by its ending or its first line.
fn shell_scripts() -> Result<Done, Error> {
    let scripts: Vec<_> = rules::files()?.into_iter().filter(|file| is_shell_script(file)).collect();
    let mut shellcheck = SHELLCHECK.command()?;
    shellcheck.current_dir(place::workspace()).args(&scripts);
    if !scripts.is_empty() {
        process::run(shellcheck)?;
    }
    Ok(Done::passed(scripts.len()))
}

fn is_shell_script(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "sh")
        || fs::read(place::workspace().join(file)).is_ok_and(|content| starts_a_shell(&content))
}

fn starts_a_shell(content: &[u8]) -> bool {
    let first_line = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let first_line = String::from_utf8_lossy(first_line);
    first_line.starts_with("#!")
        && first_line.split(['/', ' ']).any(|word| matches!(word, "sh" | "bash" | "dash"))
}

fn php_syntax() -> Result<Done, Error> {
    let sources = rules::files()?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "php"));
    let mut checked = 0;
    for source in sources {
        let mut php = PHP.command()?;
        php.current_dir(place::workspace()).arg("-l").arg(source);
        process::run(php)?;
        checked += 1;
    }
    Ok(Done::noting(format!("{checked} files")))
}

fn php_tests() -> Result<Done, Error> {
    let mut phpunit = PHPUNIT.command()?;
    phpunit.current_dir(place::workspace().join("clients/php"));
    phpunit.args(["--fail-on-warning", "--fail-on-risky", "--fail-on-incomplete", "--fail-on-skipped"]);
    let output = process::run(phpunit)?;
    phpunit_passed(&output)
        .map(Done::passed)
        .ok_or_else(|| Error::Rule(format!("PHPUnit ran no test\n{output}")))
}

/// The sum of what the test binaries say of `outcome`: "passed", "failed", "ignored".
fn count(output: &str, outcome: &str) -> usize {
    let results = output.lines().filter(|line| line.starts_with("test result: "));
    let parts = results.flat_map(|line| line.split([';', '.']));
    parts.filter_map(|part| part.trim().strip_suffix(outcome)?.trim().parse::<usize>().ok()).sum()
}

/// The tests in PHPUnit's `OK (12 tests, 34 assertions)`.
fn phpunit_passed(output: &str) -> Option<usize> {
    let (_, result) = output.rsplit_once("\nOK (")?;
    result.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_of_all_test_binaries_are_added_up() {
        let output = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            a line that says 7 passed\n\
            test result: FAILED. 10 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        assert_eq!(count(output, "passed"), 12);
        assert_eq!(count(output, "failed"), 3);
        assert_eq!(count(output, "ignored"), 1);
    }

    #[test]
    fn phpunit_says_how_many_tests_it_ran() {
        assert_eq!(phpunit_passed("....\n\nOK (12 tests, 34 assertions)\n"), Some(12));
        assert_eq!(phpunit_passed("No tests executed!\n"), None);
    }

    #[test]
    fn a_shell_script_is_known_by_its_first_line() {
        for script in ["#!/bin/sh\n", "#!/usr/bin/env bash\nset -e\n", "#! /bin/dash"] {
            assert!(starts_a_shell(script.as_bytes()), "{script}");
        }
        for other in ["#!/usr/bin/env php\n<?php // sh", "# /bin/sh", "", "#!/usr/bin/python3\n"] {
            assert!(!starts_a_shell(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn the_database_is_named_where_the_shipped_config_has_its_advisories() {
        let shipped = fs::read_to_string(place::workspace().join("deny.toml")).unwrap();
        let config = with_database(&shipped, Path::new("/db"));
        assert!(config.contains("[advisories]\ndb-path = \"/db\"\n"), "{config}");
    }
}
