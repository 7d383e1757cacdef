//! Where the programs are.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// One of the workspace's programs.
pub fn program(name: &str) -> Command {
    Command::new(path_of(name))
}

/// Where one of the workspace's programs is.
///
/// `LICENSED_BIN_DIR` says it; else it is where cargo puts the programs of the profile that the tests
/// were built in: one folder above the tests themselves.
pub fn path_of(name: &str) -> PathBuf {
    let folder = env::var_os("LICENSED_BIN_DIR")
        .map_or_else(|| env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned(), PathBuf::from);
    let path = folder.join(name);
    assert!(path.is_file(), "{} is not there. Build first: cargo build --workspace --bins", path.display());
    path
}

/// The Debian packages of the workspace, as `cargo xtask deb --debug` makes them of the programs.
pub fn packages() -> Vec<PathBuf> {
    let target = path_of("licensed").ancestors().nth(2).unwrap().to_owned();
    let folder = target.join("deb/packages/packages");
    let entries = fs::read_dir(&folder);
    let entries = entries.unwrap_or_else(|error| {
        panic!("cannot read {}: {error}. Build first: cargo xtask deb --debug", folder.display())
    });
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
