//! A certificate authority of a test's own.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// A certificate authority.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one, whose own certificate is written to `ca_file`.
    pub fn new(ca_file: &Path) -> Self {
        Self::named("Authority of a test", ca_file)
    }

    /// The same, with a name.
    pub fn named(name: &str, ca_file: &Path) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(ca_file, pem("CERTIFICATE", ca.der())).unwrap();
        Self(ca)
    }

    /// A certificate for this machine, with its key.
    pub fn certificate(&self) -> (Certificate, KeyPair) {
        let params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        self.certify(&params)
    }

    /// A certificate of that kind, with its key.
    pub fn certify(&self, params: &CertificateParams) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    /// Its own certificate.
    pub fn itself(&self) -> &Certificate {
        self.0.as_ref()
    }

    /// The same as two PEM files.
    pub fn certificate_files(&self, certificate_file: &Path, key_file: &Path) {
        let (certificate, key) = self.certificate();
        fs::write(certificate_file, pem("CERTIFICATE", certificate.der())).unwrap();
        fs::write(key_file, pem("PRIVATE KEY", &key.serialize_der())).unwrap();
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", BASE64.encode(der))
}
