//! `cargo xtask repro`: the packages of the last commit, made twice in different places, are the same to the byte.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{error::Error, man, place, process, progress::Progress};

/// Where, in which time zone, with which language and with which rights on new files.
const PLACES: [(&str, &str, &str, &str); 2] = [
    ("one/licensed", "UTC", "C.UTF-8", "022"),
    ("two/another-place/licensed", "Asia/Vladivostok", "C", "077"),
];

/// Makes them and compares.
pub(crate) fn run() -> Result<(), Error> {
    let folder = place::target_dir().join("repro");
    place::empty(&folder)?;
    // Both before the first build: meanwhile somebody may commit.
    for (checkout, ..) in PLACES {
        let mut clone = Command::new("git");
        clone.args(["clone", "--quiet", "--no-hardlinks"]).arg(place::workspace()).arg(folder.join(checkout));
        process::run(clone)?;
    }
    let mut made = Vec::new();
    for (checkout, zone, language, mask) in PLACES {
        let _building = Progress::show(&format!("packages are made in {checkout}"));
        made.push(packages(&folder.join(checkout), [zone, language, mask])?);
    }
    let [first, second] = [&made[0], &made[1]];
    let names = |made: &[PathBuf]| -> Vec<_> {
        made.iter().map(|it| it.file_name().map(ToOwned::to_owned)).collect()
    };
    if first.is_empty() || names(first) != names(second) {
        return Err(Error::Rule(format!("other packages are made the second time: {first:?}, {second:?}")));
    }
    for (first, second) in first.iter().zip(second) {
        if bytes(first)? != bytes(second)? {
            let (first, second) = (first.display(), second.display());
            return Err(Error::Rule(format!("{first} and {second} differ; diffoscope says where")));
        }
        let mut sum = Command::new("sha256sum");
        sum.arg(file_name(first)).current_dir(first.parent().unwrap_or(&folder));
        print!("{}", process::run(sum)?);
    }
    place::empty(&folder)
}

/// Makes the packages in a checkout.
fn packages(checkout: &Path, [zone, language, mask]: [&str; 3]) -> Result<Vec<PathBuf>, Error> {
    let mut deb = Command::new("sh");
    deb.args(["-c", "umask \"$0\" && exec cargo xtask deb", mask]);
    deb.current_dir(checkout).env("CARGO_TARGET_DIR", checkout.with_extension("target"));
    // What the outer cargo told this program is about another checkout.
    deb.env_remove("CARGO_MANIFEST_DIR").env("TZ", zone).env("LC_ALL", language);
    process::run(deb)?;
    let mut packages = man::files(&checkout.with_extension("target").join("deb/packages/packages"))?;
    packages.sort();
    Ok(packages)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File { doing: "read", path: path.to_owned(), source })
}

fn file_name(path: &Path) -> &Path {
    path.file_name().map_or(path, Path::new)
}
