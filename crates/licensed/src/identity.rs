//! Who this host is: its key pair, made at the first start, and what is known of its hardware.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use license_core::{
    crypto::{PublicKey, SigningKey, hex},
    host::{Evidence, Fact, FactKind},
};

use crate::{
    durable,
    store::{self, StoreError},
};

/// Who this host is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// What its requests are signed with.
    pub key: SigningKey,
    /// What is known of its hardware.
    pub evidence: Evidence,
}

impl Identity {
    /// Its public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::of(&self.key)
    }
}

/// Reads the host key, or makes one at the first start. It is durable before it is used.
///
/// A damaged key is set aside, and comes back as the second value: with a new key the number can be activated
/// again, and the license server knows the host by its evidence. A daemon that does not start can answer nobody.
pub fn load_or_make_key(path: &Path) -> Result<(SigningKey, Option<StoreError>), KeyError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((make_key(path)?, None)),
        Err(source) => return Err(KeyError::Read { path: path.to_owned(), source }),
    };
    if let Some(key) = parse_key(&text) {
        return Ok((key, None));
    }
    let fault = store::set_aside(path.to_owned(), "it is no host key".to_owned());
    Ok((make_key(path)?, Some(fault)))
}

fn make_key(path: &Path) -> Result<SigningKey, KeyError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(KeyError::Random)?;
    let text = format!("{}\n", hex(&seed));
    durable::replace(path, text.as_bytes())
        .map_err(|source| KeyError::Write { path: path.to_owned(), source })?;
    Ok(SigningKey::from_bytes(&seed))
}

fn parse_key(text: &[u8]) -> Option<SigningKey> {
    let text = text.trim_ascii_end();
    let mut seed = [0; 32];
    if text.len() != 2 * seed.len() {
        return None;
    }
    for (byte, pair) in seed.iter_mut().zip(text.chunks_exact(2)) {
        let pair = str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(SigningKey::from_bytes(&seed))
}

/// Why there is no host key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error("cannot read the host key {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write the host key {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system has no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// Files that tell a container from inside; see `ConditionVirtualization=` in systemd.unit(5) and the
/// marker files of Docker and Podman.
const CONTAINER_MARKERS: [&str; 3] = ["run/systemd/container", ".dockerenv", "run/.containerenv"];

/// Where each fact is, below the root folder.
const FACTS: [(FactKind, &str); 3] = [
    (FactKind::MachineId, "etc/machine-id"),
    (FactKind::ProductUuid, "sys/class/dmi/id/product_uuid"),
    (FactKind::BoardSerial, "sys/class/dmi/id/board_serial"),
];

/// What boards say that have no number of their own.
const PLACEHOLDERS: [&str; 6] = [
    "none",
    "default string",
    "not specified",
    "to be filled by o.e.m.",
    "system serial number",
    "uninitialized",
];

/// What is known of the hardware below `root`: a configured id alone, or facts, or nothing in a
/// container, whose hardware is the host's.
#[must_use]
pub fn evidence(root: &Path, configured: Option<&str>) -> Evidence {
    if let Some(id) = configured {
        return Evidence(vec![Fact::new(FactKind::Configured, id)]);
    }
    if CONTAINER_MARKERS.iter().any(|marker| root.join(marker).exists()) {
        return Evidence::default();
    }
    let read = |(kind, path): &(FactKind, &str)| {
        let value = fs::read_to_string(root.join(path)).ok()?;
        is_individual(value.trim()).then(|| Fact::new(*kind, &value))
    };
    Evidence(FACTS.iter().filter_map(read).collect())
}

/// Whether a value tells this machine from others.
fn is_individual(value: &str) -> bool {
    let filled =
        value.bytes().any(|byte| byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'f' | b'F'));
    filled && !PLACEHOLDERS.contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    #[test]
    fn facts_are_read_below_the_root_folder() {
        let root = root(&[
            ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
            ("sys/class/dmi/id/product_uuid", "4C4C4544-0042-3010-8054-B7C04F503432\n"),
            ("sys/class/dmi/id/board_serial", "To be filled by O.E.M.\n"),
        ]);
        let kinds: Vec<FactKind> = evidence(root.path(), None).0.iter().map(|fact| fact.kind).collect();
        assert_eq!(kinds, [FactKind::MachineId, FactKind::ProductUuid]);
    }

    #[test]
    fn in_a_container_none_of_the_hosts_hardware_is_read() {
        let root = root(&[("etc/machine-id", "0123456789abcdef0123456789abcdef"), (".dockerenv", "")]);
        assert_eq!(evidence(root.path(), None), Evidence::default());
    }

    #[test]
    fn a_configured_id_stands_alone() {
        let root = root(&[("etc/machine-id", "0123456789abcdef0123456789abcdef")]);
        assert_eq!(evidence(root.path(), Some("pbx-7")).0, [Fact::new(FactKind::Configured, "pbx-7")]);
    }

    #[test]
    fn a_value_that_every_board_has_tells_nothing() {
        for value in ["", "None", "00000000-0000-0000-0000-000000000000", "FFFFFFFF", "Default string"] {
            assert!(!is_individual(value), "{value}");
        }
    }

    #[test]
    fn the_host_key_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.key");
        let (key, _) = load_or_make_key(&path).unwrap();
        let (again, fault) = load_or_make_key(&path).unwrap();
        assert_eq!(again.to_bytes(), key.to_bytes());
        assert!(fault.is_none());
    }

    #[test]
    fn a_damaged_host_key_is_set_aside_and_a_new_one_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.key");
        for damaged in ["", "00ff", &"zz".repeat(32), &"é".repeat(32)] {
            fs::write(&path, damaged).unwrap();
            let (key, fault) = load_or_make_key(&path).unwrap();
            let Some(StoreError::Unreadable { quarantine, .. }) = fault else {
                panic!("{damaged:?}: {fault:?}")
            };
            assert_eq!(fs::read_to_string(&quarantine).unwrap(), damaged);
            assert_eq!(load_or_make_key(&path).unwrap().0.to_bytes(), key.to_bytes());
        }
    }
}
