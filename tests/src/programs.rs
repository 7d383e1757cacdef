//! Where the programs are.

use std::{
    env,
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

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
