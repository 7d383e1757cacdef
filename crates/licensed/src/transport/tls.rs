//! TLS: which certificates are believed, and at what time.

use std::{
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use license_types::UnixTime;
use rustls::{
    ClientConfig, RootCertStore,
    client::{Resumption, danger::ServerCertVerifier},
    crypto::aws_lc_rs,
    pki_types::{self, CertificateDer, pem::PemObject},
    time_provider::TimeProvider,
};
use rustls_platform_verifier::Verifier;

use super::SetupError;

/// The time at which certificates are checked: that of the last request. The last and not the latest, so
/// that a wall clock that is put right counts at once.
#[derive(Debug, Default)]
pub(super) struct CertificateTime(AtomicI64);

impl CertificateTime {
    pub(super) fn set(&self, time: UnixTime) {
        self.0.store(time.0, Ordering::Relaxed);
    }
}

impl TimeProvider for CertificateTime {
    fn current_time(&self) -> Option<pki_types::UnixTime> {
        let seconds = u64::try_from(self.0.load(Ordering::Relaxed)).ok()?;
        Some(pki_types::UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// Who believes the authorities of the system and those of `ca_file`.
pub fn verifier(ca_file: Option<&Path>) -> Result<Arc<dyn ServerCertVerifier>, SetupError> {
    let extra = ca_file.map(authorities).transpose()?.unwrap_or_default();
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(Arc::new(Verifier::new_with_extra_roots(extra, provider).map_err(SetupError::Tls)?))
}

/// TLS that believes the authorities of the system and those of `ca_file`.
pub(super) fn config(ca_file: Option<&Path>, time: Arc<CertificateTime>) -> Result<ClientConfig, SetupError> {
    let verifier = verifier(ca_file)?;
    let mut config = ClientConfig::builder_with_details(Arc::new(aws_lc_rs::default_provider()), time)
        .with_safe_default_protocol_versions()
        .map_err(SetupError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    // A resumed session shows no certificate, so that nobody would see that it has expired.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// TLS that believes nobody, for servers that are called without it: they work where the system has no
/// authorities at all.
pub(super) fn none() -> Result<ClientConfig, SetupError> {
    Ok(ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(SetupError::Tls)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

/// The certificate authorities in a PEM file.
pub(crate) fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let cannot = |source| SetupError::CaFile { path: path.to_owned(), source };
    let pem = fs::read(path).map_err(cannot)?;
    let invalid = |why: &dyn ToString| cannot(io::Error::new(io::ErrorKind::InvalidData, why.to_string()));
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = found.map_err(|error| invalid(&error))?;
    // Looked at here, where the file has a name.
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|error| invalid(&error))?;
    }
    if certificates.is_empty() {
        Err(invalid(&"it holds no certificate in PEM form"))
    } else {
        Ok(certificates)
    }
}
