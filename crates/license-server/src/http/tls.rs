//! TLS from certificate files, which can be replaced while the server runs.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

/// The bits of a file's mode that let everybody read it. A group may: that is how web servers share keys.
const READABLE_BY_ALL: u32 = 0o004;

/// A certificate with its key.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be looked at.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Everybody can read the key.
    #[error("{path} can be read by everybody (mode {mode:o}); run `chmod o-r` on it")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file holds no PEM of what it is for.
    #[error("{path} holds no {what} in PEM form: {source}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        source: pem::Error,
    },
    /// The two do not fit.
    #[error("the certificate and the key cannot be used together: {0}")]
    Unfit(#[from] rustls::Error),
}

impl Tls {
    /// Reads a certificate chain and its key, both PEM.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let config = RwLock::new(config(certificate, key)?);
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), config })
    }

    /// Reads the files again: connections from now on get the new certificate. On an error the old one
    /// serves on.
    pub fn reload(&self) -> Result<(), TlsError> {
        let config = config(&self.certificate, &self.key)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let metadata = fs::metadata(key).map_err(|source| TlsError::Io { path: key.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & READABLE_BY_ALL != 0 {
        return Err(TlsError::Open { path: key.to_owned(), mode });
    }
    let no_chain = |source| TlsError::Pem { path: certificate.to_owned(), what: "certificate", source };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(no_chain)?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(no_chain)?;
    let no_key = |source| TlsError::Pem { path: key.to_owned(), what: "private key", source };
    let key = PrivateKeyDer::from_pem_file(key).map_err(no_key)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
