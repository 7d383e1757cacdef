//! The tests, and how many of them there are.

use std::process::Command;

use super::Done;
use crate::{
    error::Error,
    place::{self, cargo_on_all},
    process,
    tools::{self, FAKETIME, IP, NFT, PHP_CURL, PHP_FPM, PHP_XML, PHPUNIT},
};

/// Everything, tests too. What comes after needs the programs, which `cargo test` alone does not build.
pub(super) fn build() -> Result<Done, Error> {
    process::run(cargo_on_all("build", &["--all-targets"]))?;
    Ok(Done::default())
}

pub(super) fn rust() -> Result<Done, Error> {
    // They play today's MikoPBX.
    PHP_CURL.installed()?;
    PHP_XML.installed()?;
    // They break a network, and a clock.
    for tool in [IP, NFT, FAKETIME] {
        tool.installed()?;
    }
    let mut tests = cargo_on_all("test", &["--all-targets"]);
    tests.env("PYTHONPATH", tools::python_packages()?);
    let built = process::run(tests)?;
    let in_docs = process::run(cargo_on_all("test", &["--doc"]))?;
    let passed = count(&built, "passed") + count(&in_docs, "passed");
    let ignored = count(&built, "ignored") + count(&in_docs, "ignored");
    let note = if ignored == 0 { String::new() } else { format!(", {ignored} ignored by their own word") };
    Ok(Done { passed, note: format!("{passed} passed{note}") })
}

pub(super) fn php() -> Result<Done, Error> {
    PHP_FPM.installed()?;
    let mut phpunit = Command::new(PHPUNIT.installed()?);
    phpunit.current_dir(place::workspace().join("clients/php"));
    phpunit.env("LICENSED_BIN_DIR", place::target_dir().join("debug"));
    phpunit.args([
        "--colors=never",
        "--fail-on-warning",
        "--fail-on-risky",
        "--fail-on-incomplete",
        "--fail-on-skipped",
    ]);
    let output = process::run(phpunit)?;
    phpunit_passed(&output)
        .map(Done::passed)
        .ok_or_else(|| Error::Rule(format!("PHPUnit ran no test\n{output}")))
}

/// The sum of what the test binaries say of `outcome`: "passed", "failed", "ignored".
pub(super) fn count(output: &str, outcome: &str) -> usize {
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
}
