//! `cargo xtask deb`: the Debian packages. debhelper makes them of a folder that is laid out here
//! (docs/decisions/0010-packages.md).

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::Error,
    man,
    place::{self, cargo, cargo_on_all},
    process,
    progress::Progress,
    third_party,
    tools::{DEBHELPER, LINTIAN},
};

/// The packages, each with the crates whose programs it holds.
const PACKAGES: &[(&str, &[&str])] =
    &[("licensed", &["licensed", "licensectl", "license-gateway"]), ("license-server", &["license-server"])];

/// How the programs are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// As the tests have them, packed quickly.
    Debug,
    /// For others: the same bytes wherever they are built.
    Release,
}

impl Build {
    /// Reads the words behind `deb`.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        match *words {
            [] => Some(Self::Release),
            ["--debug"] => Some(Self::Debug),
            _ => None,
        }
    }
}

/// Builds the programs and the packages of them, has lintian look at those, and says where they are.
pub(crate) fn run(build: Build) -> Result<(), Error> {
    let building = Progress::show("programs are built");
    let programs = match build {
        Build::Debug => {
            let mut build = cargo_on_all("build", &["--bin", "packaging"]);
            build.args(crates().flat_map(|name| ["--bin", name]));
            process::run(build)?;
            place::target_dir().join("debug")
        }
        Build::Release => release()?,
    };
    drop(building);
    let packages = packages(&programs, build)?;
    lint(&packages)?;
    for package in packages {
        println!("{}", package.display());
    }
    Ok(())
}

/// Makes the packages of the programs as the tests have them, which are built, and has lintian look at them. Gives how
/// many there are.
pub(crate) fn check() -> Result<usize, Error> {
    let packages = packages(&place::target_dir().join("debug"), Build::Debug)?;
    lint(&packages)?;
    Ok(packages.len())
}

/// lintian has nothing to say about them but what an override explains.
fn lint(packages: &[PathBuf]) -> Result<(), Error> {
    let mut lintian = Command::new(LINTIAN.installed()?);
    lintian
        .args(["--fail-on", "error,warning", "--display-level", ">=warning", "--allow-root"])
        .args(packages);
    process::run(lintian).map(drop)
}

/// The crates whose programs are packed.
fn crates() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().flat_map(|(_, crates)| *crates).copied()
}

/// Builds the programs for others, in a folder of their own: their paths are not those of other builds. Gives where
/// they are.
fn release() -> Result<PathBuf, Error> {
    let target = place::target_dir().join("deb/target");
    let mut build = cargo(&["build", "--locked", "--release", "--package", "packaging"]);
    build.args(crates().flat_map(|name| ["--package", name]));
    let home = place::cargo_home()?;
    let moved =
        [(place::workspace(), "/usr/src/licensed"), (&target, "/usr/src/target"), (&home, "/usr/src/cargo")];
    // cargo separates them so, and a path may hold a space.
    let mut rust_flags = OsString::new();
    let mut c_flags = OsString::new();
    for (from, to) in moved {
        let between = if rust_flags.is_empty() { "" } else { "\x1f" };
        rust_flags.push(format!("{between}--remap-path-prefix={}={to}", from.display()));
        c_flags.push(format!("-ffile-prefix-map={}={to} ", from.display()));
    }
    build.env("CARGO_ENCODED_RUSTFLAGS", rust_flags).env("CFLAGS", &c_flags).env("CXXFLAGS", &c_flags);
    build.env("CARGO_TARGET_DIR", &target).env("CARGO_INCREMENTAL", "0");
    build.env("SOURCE_DATE_EPOCH", place::last_commit("%ct")?);
    process::run(build)?;
    Ok(target.join("release"))
}

/// Makes the packages of the programs in that folder.
fn packages(programs: &Path, build: Build) -> Result<Vec<PathBuf>, Error> {
    let _packing = Progress::show("packages");
    DEBHELPER.installed()?;
    let folder = lay_out(programs)?;
    let mut rules = Command::new("debian/rules");
    rules.arg("binary").current_dir(&folder);
    rules.env("SOURCE_DATE_EPOCH", place::last_commit("%ct")?).env("DEB_RULES_REQUIRES_ROOT", "no");
    rules.env("LC_ALL", "C.UTF-8");
    rules.env(
        "DEB_COMPRESSION",
        match build {
            Build::Debug => "-Zgzip -z1",
            Build::Release => "-Zxz",
        },
    );
    process::run(rules)?;
    let mut packages = man::files(&folder.join("packages"))?;
    packages.sort();
    Ok(packages)
}

/// The folder that `debian/rules` works in, anew.
fn lay_out(programs: &Path) -> Result<PathBuf, Error> {
    let folder = place::target_dir().join("deb/packages");
    place::empty(&folder)?;
    man::make(programs, &folder.join("made"))?;
    for (package, crates) in PACKAGES {
        let notices = folder.join("made/third-party").join(package);
        let text = third_party::notices(crates)?;
        let written = fs::create_dir_all(&notices)
            .and_then(|()| fs::write(notices.join("third-party-licenses.txt"), text));
        cannot("lay out", &notices, written)?;
    }
    let linked = symlink(programs, folder.join("programs"))
        .and_then(|()| symlink(place::workspace(), folder.join("source")))
        .and_then(|()| fs::create_dir(folder.join("debian")))
        .and_then(|()| fs::create_dir(folder.join("packages")));
    cannot("lay out", &folder, linked)?;
    for file in man::files(&place::workspace().join("packaging/debian"))? {
        let name = file.file_name().unwrap_or_default();
        cannot("copy", &file, fs::copy(&file, folder.join("debian").join(name)).map(drop))?;
    }
    Ok(folder)
}

fn cannot(doing: &'static str, path: &Path, done: io::Result<()>) -> Result<(), Error> {
    done.map_err(|source| Error::File { doing, path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packages_have_the_version_of_the_programs() {
        let changelog = fs::read_to_string(place::workspace().join("packaging/debian/changelog")).unwrap();
        // `~` sorts before everything: a development version comes before its release.
        let upstream = env!("CARGO_PKG_VERSION").replace('-', "~");
        assert!(changelog.starts_with(&format!("licensed ({upstream}-")), "{changelog}");
    }

    #[test]
    fn what_is_built_is_said_in_a_word() {
        assert_eq!(Build::of(&[]), Some(Build::Release));
        assert_eq!(Build::of(&["--debug"]), Some(Build::Debug));
        assert_eq!(Build::of(&["--release"]), None);
    }
}
