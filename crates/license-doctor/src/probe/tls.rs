//! TLS that looks at a certificate without believing it.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use license_client::types::UnixTime;
use licensed::transport;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{self, CertificateDer, ServerName},
};
use tokio::time;
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{Budget, stream::Stream};
use crate::findings::{Certificate, Distrust, Tls};

/// How long a session may take: two round trips and a signature.
const HANDSHAKE: Duration = Duration::from_secs(3);

/// Whom this host trusts, read once.
#[derive(Clone)]
pub(super) struct Trust {
    verifier: Result<Arc<dyn ServerCertVerifier>, String>,
    at: UnixTime,
}

impl Trust {
    /// The authorities of the system and those of `ca_file`, at that time.
    pub(super) fn load(ca_file: Option<&Path>, at: UnixTime) -> Self {
        Self { verifier: transport::verifier(ca_file).map_err(|error| error.to_string()), at }
    }
}

/// Makes a session whatever the certificate says, and tells what it says.
pub(super) async fn handshake<S: Stream>(
    stream: S,
    host: &str,
    trust: &Trust,
    budget: &Budget,
) -> (Tls, Option<TlsStream<S>>) {
    let mut seen = Tls { chain: Vec::new(), distrust: None, error: None, checked_at: trust.at };
    let recorder = Arc::new(Recorder::new(trust.clone()));
    let (config, name) = match (config(recorder.clone()), ServerName::try_from(host.to_owned())) {
        (Ok(config), Ok(name)) => (config, name),
        (Err(error), _) => return (Tls { error: Some(error.to_string()), ..seen }, None),
        (_, Err(error)) => return (Tls { error: Some(error.to_string()), ..seen }, None),
    };
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let session = match time::timeout_at(budget.within(HANDSHAKE), connecting).await {
        Ok(Ok(session)) => Some(session),
        Ok(Err(error)) => {
            seen.error = Some(error.to_string());
            None
        }
        Err(_) => {
            seen.error = Some("no answer in time".to_owned());
            None
        }
    };
    (seen.chain, seen.distrust) = recorder.take();
    (seen, session)
}

fn config(recorder: Arc<Recorder>) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(recorder).with_no_client_auth())
}

/// Notes what a server shows and what the daemon would think of it, and lets everybody pass: nothing secret is
/// said over such a session.
#[derive(Debug)]
struct Recorder {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
    seen: Mutex<(Vec<Certificate>, Option<Distrust>)>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Recorder {
    fn new(trust: Trust) -> Self {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        Self { trust, algorithms, seen: Mutex::default() }
    }

    fn take(&self) -> (Vec<Certificate>, Option<Distrust>) {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn distrust(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Option<Distrust> {
        let verifier = match &self.trust.verifier {
            Ok(verifier) => verifier,
            Err(why) => return Some(Distrust::NoRoots(why.clone())),
        };
        let seconds = Duration::from_secs(u64::try_from(self.trust.at.0).unwrap_or(0));
        let at = pki_types::UnixTime::since_unix_epoch(seconds);
        verifier.verify_server_cert(end_entity, intermediates, name, &[], at).err().map(of_error)
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enums are another crate's, and open")]
fn of_error(error: Error) -> Distrust {
    match error {
        Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Distrust::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Distrust::WrongHost
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Distrust::UnknownIssuer,
            // A certificate of an authority that is shown as its own: self-signed ones often are.
            CertificateError::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
                Distrust::UnknownIssuer
            }
            other => Distrust::Other(other.to_string()),
        },
        other => Distrust::Other(other.to_string()),
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        _: pki_types::UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).filter_map(read).collect();
        let distrust = self.distrust(end_entity, intermediates, server_name);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = (chain, distrust);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn read(der: &CertificateDer<'_>) -> Option<Certificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = certificate.subject_alternative_name().ok().flatten().map(|extension| {
        let names = extension.value.general_names.iter();
        names.filter_map(name).collect()
    });
    Some(Certificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: names.unwrap_or_default(),
        not_before: UnixTime(certificate.validity().not_before.timestamp()),
        not_after: UnixTime(certificate.validity().not_after.timestamp()),
    })
}

#[allow(clippy::wildcard_enum_match_arm, reason = "names of other kinds are not those of a server")]
fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(std::net::IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(std::net::IpAddr::from))
            .ok()
            .map(|address| address.to_string()),
        _ => None,
    }
}
