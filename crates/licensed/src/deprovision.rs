//! Removing a host from its state folder, so that the next start makes a new one.
//!
//! A note that it has begun is made durable first. A power cut before it leaves the host as it was; after it,
//! the next start removes what is left before it reads anything. So there is never half a host.

use std::{ffi::OsStr, fs, io, path::Path};

/// The note that removing has begun.
const BEGUN: &str = "deprovisioned";

/// What is in the note, for a person who finds it.
const WORDS: &[u8] = b"This host is being removed. The next start of licensed makes a new one.\n";

/// The files of a host. What was set aside of them is called after them.
const FILES: [&str; 4] = ["host.key", "state", "state.previous", "clock"];

/// Decides that the host in the folder is gone. From here on only [`finish`] is to follow.
pub fn begin(folder: &Path) -> io::Result<()> {
    durable::replace(&folder.join(BEGUN), WORDS)
}

/// Removes the host from the folder, if that has begun; whether it had.
pub fn finish(folder: &Path) -> io::Result<bool> {
    let note = folder.join(BEGUN);
    if !note.try_exists()? {
        return Ok(false);
    }
    durable::remove_unfinished(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_of_host(&entry.file_name()) {
            fs::remove_file(entry.path())?;
        }
    }
    durable::sync(folder)?;
    fs::remove_file(&note)?;
    durable::sync(folder)?;
    Ok(true)
}

fn is_of_host(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    FILES.iter().any(|file| {
        let rest = name.strip_prefix(file);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(".unreadable-"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: [&str; 2] = ["lock", "notes.txt"];

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let set_aside = ["host.key.unreadable-1", "state.unreadable-9", "clock.unreadable-2", ".tmp-a"];
        for file in FILES.iter().chain(&set_aside).chain(&KEPT) {
            fs::write(folder.path().join(file), "x").unwrap();
        }
        folder
    }

    fn files(folder: &Path) -> Vec<String> {
        let files = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_of_the_host_is_left_and_nothing_else_is_touched() {
        let folder = folder();
        begin(folder.path()).unwrap();
        assert!(finish(folder.path()).unwrap());
        assert_eq!(files(folder.path()), KEPT);
        assert!(!finish(folder.path()).unwrap(), "it is done once");
    }

    #[test]
    fn a_power_cut_leaves_the_host_or_a_new_one() {
        let before = folder();
        assert!(!finish(before.path()).unwrap(), "it had not begun");
        assert!(FILES.iter().all(|file| before.path().join(file).exists()));
        // Whatever was removed until then, the next start removes the rest.
        for gone in FILES {
            let folder = folder();
            begin(folder.path()).unwrap();
            fs::remove_file(folder.path().join(gone)).unwrap();
            assert!(finish(folder.path()).unwrap());
            assert_eq!(files(folder.path()), KEPT, "without {gone}");
        }
    }
}
