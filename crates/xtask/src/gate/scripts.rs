//! What is not Rust: shell scripts and PHP sources.

use std::{fs, path::Path, process::Command};

use super::Done;
use crate::{
    error::Error,
    place, process, rules,
    tools::{self, PHP, PHPCS, SHELLCHECK},
};

const PHP_CLIENT: &str = "clients/php";

/// shellcheck over every shell script, by its ending or its first line.
pub(super) fn shell() -> Result<Done, Error> {
    let scripts: Vec<_> = rules::files()?.into_iter().filter(|file| is_shell_script(file)).collect();
    let mut shellcheck = Command::new(SHELLCHECK.installed()?);
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

pub(super) fn php() -> Result<Done, Error> {
    let sources = rules::files()?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "php"));
    let program = PHP.installed()?;
    let mut checked = 0;
    for source in sources {
        let mut lint = Command::new(program);
        lint.current_dir(place::workspace()).arg("-l").arg(source);
        process::run(lint)?;
        checked += 1;
    }
    Ok(Done::noting(format!("{checked} files")))
}

/// PSR-12 over the PHP client, by its phpcs.xml.dist.
pub(super) fn php_style() -> Result<Done, Error> {
    let mut phpcs = Command::new(PHPCS.installed()?);
    phpcs.current_dir(place::workspace().join(PHP_CLIENT)).arg("--no-colors");
    process::run(phpcs)?;
    Ok(Done::default())
}

/// Types and likely mistakes in the PHP client, by its mago.toml.
pub(super) fn php_analysis() -> Result<Done, Error> {
    for check in ["analyze", "lint"] {
        let mut mago = tools::mago()?;
        mago.current_dir(place::workspace().join(PHP_CLIENT));
        mago.args(["--colors", "never", check]);
        process::run(mago)?;
    }
    Ok(Done::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_script_is_known_by_its_first_line() {
        for script in ["#!/bin/sh\n", "#!/usr/bin/env bash\nset -e\n", "#! /bin/dash"] {
            assert!(starts_a_shell(script.as_bytes()), "{script}");
        }
        for other in ["#!/usr/bin/env php\n<?php // sh", "# /bin/sh", "", "#!/usr/bin/python3\n"] {
            assert!(!starts_a_shell(other.as_bytes()), "{other}");
        }
    }
}
