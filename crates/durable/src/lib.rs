//! Files that survive a power cut at any moment: either the old content or the new, never a mixture.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// What the names of temporary files begin with.
const UNFINISHED: &str = ".tmp-";

/// Removes temporary files that a power cut or a kill left in the folder. Nobody else may be writing there.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Replaces the content of `path`, for its owner alone to read (0600): temporary file, fsync, rename,
/// fsync of the folder.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder(path)?;
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync(folder)
}

/// Copies what `path` holds to `copy`, if it holds something. Not a hard link: not every filesystem has
/// them.
pub fn keep(path: &Path, copy: &Path) -> io::Result<()> {
    match fs::read(path) {
        Ok(content) => replace(copy, &content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes renames and new files in the folder durable.
pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn folder(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a path inside a folder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_kept_file_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("state"), folder.path().join("state.previous"));
        for content in [b"one", b"two"] {
            replace(&path, content).unwrap();
            keep(&path, &copy).unwrap();
        }
        replace(&path, b"three").unwrap();
        assert_eq!(fs::read(&copy).unwrap(), b"two");
    }
}
