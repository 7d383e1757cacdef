//! The envelope of a request: HTTP headers by which a host proves that the request is its own.
//!
//! Knowing a registration number is not enough to act as another host: the signature covers method,
//! path, body, request id and the serial held, and only the host has the key.

use crate::crypto::{self, PublicKey, Purpose, RequestId, Signature, SigningKey, sha256_hex};

/// The host's public key.
pub const HOST_KEY: &str = "licensed-host-key";
/// The request id: a repetition carries the same one.
pub const REQUEST_ID: &str = "idempotency-key";
/// The serial of the statement that the host holds; 0 if it holds none.
pub const SERIAL: &str = "licensed-serial";
/// The signature over the rest.
pub const SIGNATURE: &str = "licensed-signature";

/// A request's headers, verified or made by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The host's public key.
    pub host_key: PublicKey,
    /// The request id.
    pub request_id: RequestId,
    /// The serial of the statement that the host holds; 0 if it holds none.
    pub serial: u64,
    signature: Signature,
}

fn signed_bytes(method: &str, path: &str, body: &[u8], request_id: &RequestId, serial: u64) -> Vec<u8> {
    format!("{method}\n{path}\n{}\n{request_id}\n{serial}", sha256_hex(body)).into_bytes()
}

impl Envelope {
    /// Signs a request.
    #[must_use]
    pub fn seal(
        key: &SigningKey,
        method: &str,
        path: &str,
        body: &[u8],
        request_id: RequestId,
        serial: u64,
    ) -> Self {
        let signed = signed_bytes(method, path, body, &request_id, serial);
        let signature = crypto::sign(key, Purpose::Request, &signed);
        Self { host_key: PublicKey::of(key), request_id, serial, signature }
    }

    /// The headers to send.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 4] {
        [
            (HOST_KEY, self.host_key.to_string()),
            (REQUEST_ID, self.request_id.to_string()),
            (SERIAL, self.serial.to_string()),
            (SIGNATURE, self.signature.to_string()),
        ]
    }

    /// Reads the envelope of a request and checks its signature. `header` gives a header by its name.
    pub fn open<'h>(
        header: impl Fn(&'static str) -> Option<&'h str>,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<Self, EnvelopeError> {
        fn read<'h, T: std::str::FromStr>(
            header: impl Fn(&'static str) -> Option<&'h str>,
            name: &'static str,
        ) -> Result<T, EnvelopeError> {
            let value = header(name).ok_or(EnvelopeError::Missing { name })?;
            value.parse().map_err(|_| EnvelopeError::Unreadable { name })
        }
        let envelope = Self {
            host_key: read(&header, HOST_KEY)?,
            request_id: read(&header, REQUEST_ID)?,
            serial: read(&header, SERIAL)?,
            signature: read(&header, SIGNATURE)?,
        };
        let signed = signed_bytes(method, path, body, &envelope.request_id, envelope.serial);
        if envelope.host_key.verifies(Purpose::Request, &signed, &envelope.signature) {
            Ok(envelope)
        } else {
            Err(EnvelopeError::Signature)
        }
    }
}

/// Why a request is not a host's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// A header is missing.
    #[error("the header {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A header is malformed.
    #[error("the header {name} is malformed")]
    Unreadable {
        /// Its name.
        name: &'static str,
    },
    /// The host did not sign this request.
    #[error("the signature does not fit the request")]
    Signature,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Vec<(&'static str, String)> {
        let key = SigningKey::from_bytes(&[3; 32]);
        Envelope::seal(&key, "POST", "/v1/capture", b"{}", RequestId([9; 16]), 7).headers().to_vec()
    }

    fn open(headers: &[(&'static str, String)], path: &str, body: &[u8]) -> Result<Envelope, EnvelopeError> {
        let header = |name| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        Envelope::open(header, "POST", path, body)
    }

    #[test]
    fn a_sealed_request_opens() {
        let envelope = open(&sealed(), "/v1/capture", b"{}").unwrap();
        assert_eq!((envelope.serial, envelope.request_id), (7, RequestId([9; 16])));
    }

    #[test]
    fn no_part_of_a_request_can_be_changed() {
        assert_eq!(open(&sealed(), "/v1/release", b"{}"), Err(EnvelopeError::Signature));
        assert_eq!(open(&sealed(), "/v1/capture", b"{ }"), Err(EnvelopeError::Signature));
        let mut headers = sealed();
        headers[2].1 = "8".to_owned();
        assert_eq!(open(&headers, "/v1/capture", b"{}"), Err(EnvelopeError::Signature));
        headers.remove(1);
        assert_eq!(open(&headers, "/v1/capture", b"{}"), Err(EnvelopeError::Missing { name: REQUEST_ID }));
    }
}
