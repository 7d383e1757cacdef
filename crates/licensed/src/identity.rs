//! Who this host is: its key pair, made at the first start, and what is known of its hardware.

mod container;
mod devices;
mod hardware;
mod report;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use license_core::{
    crypto::{PublicKey, SigningKey, hex},
    host::Evidence,
};

pub use self::hardware::{Basis, Finding, Findings, Sources, Unused};
pub use self::report::Report;
pub(crate) use self::report::masked;
use crate::store::{self, StoreError};

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
