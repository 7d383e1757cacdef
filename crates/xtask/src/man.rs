//! `cargo xtask man`: the man pages and completions, and the tools that look at them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::Error,
    place::{self, cargo_on_all},
    process,
    tools::{FISH, MAN, MANDOC, ZSH},
};

/// What bash makes of a command and the beginning of a word: the function that it would call is called as it would be.
const COMPLETE: &str = r#"
source "$1"
COMP_WORDS=("$2" "$3") COMP_CWORD=1
[[ $(complete -p "$2") =~ -F\ ([^ ]+) ]]
"${BASH_REMATCH[1]}" "$2" "$3" "$2" && printf '%s\n' "${COMPREPLY[@]}"
"#;

/// Builds the program that makes them, has them made and looked at, and says where they are.
pub(crate) fn run() -> Result<(), Error> {
    process::run(cargo_on_all("build", &["--bin", "packaging"]))?;
    check()?;
    println!("{}", folder().display());
    Ok(())
}

/// Where they are made, by the program as the tests have it.
fn folder() -> PathBuf {
    place::target_dir().join("man")
}

/// Makes them in `folder`, by the program among those built.
pub(crate) fn make(programs: &Path, folder: &Path) -> Result<(), Error> {
    let mut packaging = Command::new(programs.join("packaging"));
    packaging.arg(folder).arg(place::last_commit("%cs")?);
    process::run(packaging).map(drop)
}

/// Makes them anew, and has each looked at by its own tools. Gives how many there are.
pub(crate) fn check() -> Result<usize, Error> {
    let folder = folder();
    place::empty(&folder)?;
    make(&place::target_dir().join("debug"), &folder)?;
    let pages = files(&folder.join("man"))?;
    for page in &pages {
        page_is_clean(page)?;
    }
    let mut checked = pages.len();
    for (shell, program) in [("bash", "bash"), ("zsh", ZSH.installed()?), ("fish", FISH.installed()?)] {
        for script in files(&folder.join("completions").join(shell))? {
            let mut parse = Command::new(program);
            parse.arg("-n").arg(script);
            process::run(parse)?;
            checked += 1;
        }
    }
    completes(&folder, "licensectl", "che", "check")?;
    completes(&folder, "license-server", "adm", "admin")?;
    Ok(checked)
}

/// man and mandoc say nothing about it.
fn page_is_clean(page: &Path) -> Result<(), Error> {
    let mut man = Command::new(MAN.installed()?);
    man.args(["--warnings", "--local-file"]).arg(page);
    man.env("LC_ALL", "C.UTF-8").env("MANROFFSEQ", "").env("MANWIDTH", "80");
    let shown = process::ask(man)?;
    if shown.code != Some(0) || !shown.stderr.is_empty() {
        return Err(Error::Answer(Box::new(shown), "show the page and warn of nothing"));
    }
    let mut mandoc = Command::new(MANDOC.installed()?);
    mandoc.args(["-T", "lint", "-W", "warning"]).arg(page);
    process::run(mandoc).map(drop)
}

/// bash completes `command` and the beginning of a word to `whole`.
fn completes(folder: &Path, command: &str, beginning: &str, whole: &str) -> Result<(), Error> {
    let script = folder.join("completions/bash").join(command);
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", COMPLETE, "bash"]).arg(script).args([command, beginning]);
    let words = process::run(bash)?;
    if words.lines().eq([whole]) {
        Ok(())
    } else {
        Err(Error::Rule(format!("bash completes `{command} {beginning}` to {words:?}, not to {whole}")))
    }
}

/// What is in a folder.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::File { doing: "read", path: folder.to_owned(), source };
    let entries: Vec<_> = fs::read_dir(folder).and_then(Iterator::collect).map_err(unreadable)?;
    Ok(entries.iter().map(fs::DirEntry::path).collect())
}
