//! Rules about the sources that no compiler knows.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::Error,
    place::{self, cargo},
    process,
};

/// The crates that a module author's build pulls in with `license-client`, at most.
const CLIENT_CRATES: usize = 15;

/// Every file of the checkout that git tracks or would track, from the root of the workspace.
pub(crate) fn files() -> Result<Vec<PathBuf>, Error> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]);
    git.current_dir(place::workspace());
    let listed = process::run(git)?;
    let names = listed.split_terminator('\0').map(|name| PathBuf::from(OsString::from_vec(name.into())));
    // A file that is deleted and not yet committed is still listed.
    Ok(names.filter(|name| place::workspace().join(name).is_file()).collect())
}

/// bincode and backoff have no maintainer any more. Each is named by one module alone, so that it can be
/// replaced there (docs/decisions/0001-bincode.md, 0002-backoff.md).
pub(crate) fn contained() -> Result<(), Error> {
    let mut naming_backoff = Vec::new();
    for file in files()?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let path = place::workspace().join(&file);
        let source =
            fs::read_to_string(&path).map_err(|source| Error::File { doing: "read", path, source })?;
        if names(&source, "bincode") && file != Path::new("crates/license-ipc/src/binary.rs") {
            let file = file.display();
            return Err(Error::Rule(format!("{file} names bincode; only license-ipc's binary.rs may")));
        }
        if names(&source, "backoff") {
            naming_backoff.push(file);
        }
    }
    match &naming_backoff[..] {
        [] => Ok(()),
        [only] if only.starts_with("crates/licensed/src") => Ok(()),
        several => {
            Err(Error::Rule(format!("backoff is for one module of licensed, but is named by {several:?}")))
        }
    }
}

/// Whether the code in `source` names the crate: `name::…` or `use name`, from the crate root.
fn names(source: &str, name: &str) -> bool {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let path = format!("{name}::");
    let import = format!("use {name}");
    code.into_iter().any(|line| {
        let from_root =
            |at: usize| !line[..at].ends_with(|c: char| c == ':' || c == '_' || c.is_alphanumeric());
        line.match_indices(&path).any(|(at, _)| from_root(at))
            || line.match_indices(&import).any(|(at, _)| line[at + import.len()..].starts_with([';', ' ']))
    })
}

/// `license-client` stays thin: few crates, and no runtime unless it is asked for.
pub(crate) fn client_is_thin() -> Result<usize, Error> {
    let tree =
        ["tree", "--locked", "-p", "license-client", "-e", "normal", "--prefix", "none", "--no-dedupe"];
    let tree = process::run(cargo(&tree))?;
    let crates = crates_in(&tree);
    if crates.contains("tokio") || crates.len() > CLIENT_CRATES {
        let crates = crates.into_iter().collect::<Vec<_>>().join(" ");
        return Err(Error::Rule(format!(
            "license-client may pull in {CLIENT_CRATES} crates and no tokio, but pulls in: {crates}"
        )));
    }
    Ok(crates.len())
}

/// The crates in what `cargo tree --prefix none` prints.
fn crates_in(tree: &str) -> BTreeSet<&str> {
    tree.lines().filter_map(|line| line.split_once(" v")).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_or_an_import_names_a_crate() {
        for code in
            ["let x = demo::encode();", "use demo::config;", "use demo;", "use demo as other;", "(demo::X)"]
        {
            assert!(names(code, "demo"), "{code}");
        }
    }

    #[test]
    fn a_word_is_no_name_of_a_crate() {
        for code in [
            "// demo::encode",
            "\"a demo of it\"",
            "crate::demo::X",
            "my_demo::X",
            "use demo_tools::X;",
            "mod demo;",
        ] {
            assert!(!names(code, "demo"), "{code}");
        }
    }

    #[test]
    fn a_crate_counts_once() {
        let tree = "a v0.1.0 (/x/a)\nserde v1.0.2\nsyn v3.0.0\nserde v1.0.2\n\n";
        assert_eq!(crates_in(tree), BTreeSet::from(["a", "serde", "syn"]));
    }
}
