//! Where builds and tools are kept.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use crate::{error::Error, process};

/// A memory file system that every Linux has.
const SHM: &str = "/dev/shm";

/// What a build of the workspace, its tests and its documentation may take. Below this much room in
/// memory it goes to the disk.
const ROOM: u64 = 8 * 1024 * 1024 * 1024;

/// The root of the workspace that cargo was called in. What was compiled in is right only until another
/// checkout shares the folder that is built into.
pub(crate) fn workspace() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let compiled_in = || env!("CARGO_MANIFEST_DIR").into();
        let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(compiled_in));
        manifest.ancestors().nth(2).unwrap_or(&manifest).to_owned()
    });
    &ROOT
}

/// The folder that cargo builds into: what `CARGO_TARGET_DIR` says, else a folder of our own in memory
/// if there is room, else `target`.
pub(crate) fn target_dir() -> PathBuf {
    if let Some(named) = env::var_os("CARGO_TARGET_DIR").filter(|named| !named.is_empty()) {
        return workspace().join(named);
    }
    let mut hasher = DefaultHasher::new();
    workspace().hash(&mut hasher);
    let in_memory = Path::new(SHM).join(format!("licensed-target-{:016x}", hasher.finish()));
    if is_ours(&in_memory) || (room_in_memory() >= ROOM && make_private(&in_memory).is_ok()) {
        in_memory
    } else {
        workspace().join("target")
    }
}

/// A cargo command that builds into the chosen folder.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    // cargo names itself to what it runs; PATH may hold another one.
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(workspace()).env("CARGO_TARGET_DIR", target_dir());
    cargo
}

/// `cargo COMMAND` on every crate with every feature: one set of features for lints, tests and programs, so
/// that each finds what the one before has built.
pub(crate) fn cargo_on_all(command: &str, arguments: &[&str]) -> Command {
    let mut cargo = cargo(&[command, "--locked", "--workspace", "--all-features"]);
    cargo.args(arguments);
    cargo
}

/// Where cargo keeps the sources of libraries.
pub(crate) fn cargo_home() -> Result<PathBuf, Error> {
    let named = env::var_os("CARGO_HOME").filter(|named| !named.is_empty()).map(PathBuf::from);
    let home = named.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    home.ok_or_else(|| Error::Rule("there is no home folder, and CARGO_HOME names none".to_owned()))
}

/// The folder for tools that are no packages of the system, made if it is not there.
pub(crate) fn tools_dir() -> Result<PathBuf, Error> {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|path| Path::new(path).is_absolute()).map(PathBuf::from);
    let cache = cache.or_else(|| env::home_dir().map(|home| home.join(".cache")));
    let tools = cache.unwrap_or_else(|| workspace().join("target")).join("licensed-tools");
    match fs::create_dir_all(&tools) {
        Ok(()) => Ok(tools),
        Err(source) => Err(Error::File { doing: "create", path: tools, source }),
    }
}

/// What git says of the last commit, in a format of `git log`.
pub(crate) fn last_commit(format: &str) -> Result<String, Error> {
    let mut git = Command::new("git");
    git.current_dir(workspace()).args(["log", "-1"]).arg(format!("--format={format}"));
    process::run(git).map(|said| said.trim_end().to_owned())
}

/// Makes a folder, without what was in it.
pub(crate) fn empty(folder: &Path) -> Result<(), Error> {
    let removed = match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    removed.and_then(|()| fs::create_dir_all(folder)).map_err(|source| Error::File {
        doing: "empty",
        path: folder.to_owned(),
        source,
    })
}

/// Makes a folder that nobody else can look into.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(folder)
}

/// Whether root runs this.
pub(crate) fn is_root() -> bool {
    user() == Some(0)
}

/// Who runs this.
fn user() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|own| own.uid())
}

/// Whether `folder` is a real folder of this user: `/dev/shm` is everybody's, and a build runs what it
/// finds in its folder.
fn is_ours(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir() && user() == Some(found.uid()))
}

/// Bytes free in `/dev/shm` if it is in memory, else 0.
fn room_in_memory() -> u64 {
    let mut df = Command::new("df");
    df.args(["--block-size=1", "--output=fstype,avail", SHM]);
    process::run(df).ok().as_deref().and_then(tmpfs_room).unwrap_or(0)
}

/// The room that `df --output=fstype,avail` tells of a tmpfs.
fn tmpfs_room(df: &str) -> Option<u64> {
    let mut words = df.lines().last()?.split_whitespace();
    (words.next()? == "tmpfs").then_some(())?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_memory_counts_as_room() {
        assert_eq!(tmpfs_room("Type     Avail\ntmpfs 25395200000\n"), Some(25_395_200_000));
        assert_eq!(tmpfs_room("Type     Avail\next4  25395200000\n"), None);
        assert_eq!(tmpfs_room(""), None);
    }

    #[test]
    fn the_workspace_is_the_folder_with_the_lock_file() {
        assert!(workspace().join("Cargo.lock").is_file());
    }

    #[test]
    fn a_folder_of_somebody_else_is_not_ours() {
        let ours = env::temp_dir().join(format!("xtask-ours-{}", std::process::id()));
        make_private(&ours).unwrap();
        assert!(is_ours(&ours));
        fs::remove_dir(&ours).unwrap();
        assert!(!is_ours(&ours), "it is gone");
        assert!(!is_ours(Path::new("/proc/self")), "a link");
    }
}
