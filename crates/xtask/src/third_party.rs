//! Whose libraries the programs are linked with, and their notices, which have to go with every copy.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::{error::Error, place::cargo, process};

const INTRODUCTION: &str = "\
The programs of this package are linked with the Rust standard library (MIT or Apache-2.0) and with the
libraries below. After the list follows each notice that they come with, under the names of those that bear it.
";

/// How the files begin that hold a licence or a notice.
const NOTICES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

/// A library as cargo knows it.
struct Library {
    name: String,
    version: String,
    license: String,
    repository: String,
    folder: PathBuf,
}

/// The text for programs of these crates.
pub(crate) fn notices(crates: &[&str]) -> Result<String, Error> {
    let linked = linked(crates)?;
    let libraries: Vec<_> = all()?.into_iter().filter(|it| linked.contains(&it.title())).collect();
    let mut parts = vec![format!("{INTRODUCTION}\n")];
    let mut bearers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for library in &libraries {
        parts.push(format!("{}: {} ({})\n", library.title(), library.license, library.repository));
        for notice in notices_in(&library.folder)? {
            bearers.entry(notice).or_default().push(library.title());
        }
    }
    let rule = "=".repeat(78);
    parts.extend(
        bearers
            .into_iter()
            .map(|(notice, bearers)| format!("\n{rule}\n{}\n{rule}\n\n{notice}\n", bearers.join("\n"))),
    );
    Ok(parts.concat())
}

impl Library {
    fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// What is linked into programs of these crates, without what is built of this workspace.
fn linked(crates: &[&str]) -> Result<BTreeSet<String>, Error> {
    let mut tree = cargo(&["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    tree.args(["--no-dedupe", "--format", "{p}"]);
    tree.args(crates.iter().flat_map(|name| ["--package", name]));
    Ok(process::run(tree)?.lines().filter_map(of_others).collect())
}

/// A line of `cargo tree`, such as `bytes v1.12.2`; one of this workspace has its path behind it.
fn of_others(line: &str) -> Option<String> {
    let (name, version) = line.split_once(" v")?;
    (!version.contains(' ')).then(|| format!("{name} {version}"))
}

/// Every library that the lock file names, in the order of names.
fn all() -> Result<Vec<Library>, Error> {
    let metadata = process::ask(cargo(&["metadata", "--locked", "--format-version", "1"]))?;
    let unreadable = || Error::Rule(format!("`cargo metadata` is not understood: {}", metadata.stderr));
    let read: serde_json::Value = serde_json::from_str(&metadata.stdout).map_err(|_| unreadable())?;
    let packages = read["packages"].as_array().ok_or_else(unreadable)?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("not said").to_owned();
    let libraries = packages.iter().map(|package| {
        let manifest = PathBuf::from(package["manifest_path"].as_str()?);
        Some(Library {
            name: text(&package["name"]),
            version: text(&package["version"]),
            license: text(&package["license"]),
            repository: text(&package["repository"]),
            folder: manifest.parent()?.to_owned(),
        })
    });
    let mut libraries: Vec<_> = libraries.collect::<Option<_>>().ok_or_else(unreadable)?;
    libraries.sort_by_key(Library::title);
    Ok(libraries)
}

fn notices_in(folder: &Path) -> Result<Vec<String>, Error> {
    let unreadable = |source| Error::File { doing: "read", path: folder.to_owned(), source };
    let mut notices = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if NOTICES.iter().any(|start| name.starts_with(start)) && entry.path().is_file() {
            let text = fs::read(entry.path()).map_err(unreadable)?;
            notices.push(String::from_utf8_lossy(&text).trim().to_owned());
        }
    }
    notices.sort();
    Ok(notices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_this_workspace_needs_no_notice() {
        assert_eq!(of_others("bytes v1.12.2").as_deref(), Some("bytes 1.12.2"));
        assert_eq!(of_others("journal v0.1.0-dev (/src/crates/journal)"), None);
        assert_eq!(of_others(""), None);
    }

    #[test]
    fn a_notice_is_there_once_with_all_who_bear_it() {
        let text = notices(&["licensectl"]).unwrap();
        assert!(text.contains("\nclap 4."), "{text}");
        let (_, below) = text.split_once("\nserde 1.").unwrap();
        let apache = "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION";
        assert!(below.contains(apache) && !text.contains("license-client"), "{text}");
        let notices: Vec<_> = text.split(&"=".repeat(78)).skip(2).step_by(2).collect();
        let distinct: BTreeSet<_> = notices.iter().map(|notice| notice.trim()).collect();
        assert_eq!(notices.len(), distinct.len());
    }
}
