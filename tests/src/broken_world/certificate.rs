//! What a server shows who speaks TLS.

use std::{ops::Range, sync::Arc};

use rcgen::{Certificate, CertificateParams, DnType, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::{authority::Authority, waiting};

const DAY: i64 = 24;

/// A month of three behind, two ahead.
pub const TODAY: Range<i64> = -30 * DAY..60 * DAY;

/// Three months that ended yesterday.
pub const UNTIL_YESTERDAY: Range<i64> = -91 * DAY..-DAY;

/// TLS with a certificate of an authority, for a name and these hours, now being zero.
pub fn signed_by(authority: &Authority, name: &str, hours: Range<i64>) -> Arc<ServerConfig> {
    let (certificate, key) = authority.certify(&params(name, hours));
    shown(&[&certificate, authority.itself()], &key)
}

/// TLS with a certificate that nobody but itself has signed.
pub fn self_signed(name: &str) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name, TODAY).self_signed(&key).unwrap();
    shown(&[&certificate], &key)
}

fn params(name: &str, hours: Range<i64>) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = waiting::in_hours(hours.start).into();
    params.not_after = waiting::in_hours(hours.end).into();
    params
}

fn shown(chain: &[&Certificate], key: &KeyPair) -> Arc<ServerConfig> {
    let chain: Vec<CertificateDer<'static>> = chain.iter().map(|one| one.der().clone()).collect();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.unwrap())
}
