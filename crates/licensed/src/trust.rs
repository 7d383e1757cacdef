//! The pinned root keys: one in each `*.pub` file of the trust folder, or in a file named outright.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use license_core::crypto::{PublicKey, PublicKeyError};

/// The longest trust file: a key is one line, but a comment may stand above it.
const MAX_BYTES: u64 = 4096;

/// What the configured paths hold.
#[derive(Debug, Default)]
pub struct Trust {
    /// The root keys.
    pub roots: Vec<PublicKey>,
    /// What could not be read. It does not keep the daemon from starting: what is held goes on.
    pub faults: Vec<TrustError>,
}

/// Reads the root keys from files and folders.
#[must_use]
pub fn load(paths: &[PathBuf]) -> Trust {
    let mut trust = Trust::default();
    for path in paths {
        match files(path) {
            Ok(files) => {
                for file in files {
                    match read(&file) {
                        Ok(root) => trust.roots.push(root),
                        Err(fault) => trust.faults.push(fault),
                    }
                }
            }
            Err(source) => trust.faults.push(TrustError::Read { path: path.clone(), source }),
        }
    }
    trust
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "pub") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<PublicKey, TrustError> {
    let cannot = |source| TrustError::Read { path: path.to_owned(), source };
    if fs::metadata(path).map_err(cannot)?.len() > MAX_BYTES {
        return Err(cannot(io::Error::new(io::ErrorKind::FileTooLarge, "too large for a public key")));
    }
    let text = fs::read_to_string(path).map_err(cannot)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let key = lines.next().unwrap_or_default().parse();
    key.map_err(|source| TrustError::Malformed { path: path.to_owned(), source })
}

/// Why a trust file gives no key.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("cannot read the trust file {path}: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no key.
    #[error("the trust file {path} holds no key: {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should be.
        source: PublicKeyError,
    },
}

#[cfg(test)]
mod tests {
    use license_core::crypto::SigningKey;

    use super::*;

    #[test]
    fn keys_come_from_pub_files_and_a_bad_one_does_not_hide_the_good() {
        let folder = tempfile::tempdir().unwrap();
        let root = PublicKey::of(&SigningKey::from_bytes(&[1; 32]));
        fs::write(folder.path().join("b.pub"), format!("# vendor\n\n{root}\n")).unwrap();
        fs::write(folder.path().join("a.pub"), "nonsense").unwrap();
        fs::write(folder.path().join("README"), "no key").unwrap();
        let trust = load(&[folder.path().to_owned()]);
        assert_eq!(trust.roots, [root]);
        assert!(matches!(&trust.faults[..], [TrustError::Malformed { path, .. }] if path.ends_with("a.pub")));
    }

    #[test]
    fn a_missing_file_is_named() {
        let trust = load(&[PathBuf::from("/nonexistent/vendor.pub")]);
        assert!(trust.faults[0].to_string().contains("/nonexistent/vendor.pub"));
    }
}
