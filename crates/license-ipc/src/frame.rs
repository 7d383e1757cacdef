//! Frames: `u32` big-endian length of what follows, `u8` version, `u8` encoding, payload.
//!
//! *Body* here is what follows the length: version, encoding and payload.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Answer, Request, binary};

/// The protocol version that this crate speaks.
pub const VERSION: u8 = 1;

/// Bytes of the length prefix.
pub const PREFIX: usize = 4;

/// Version and encoding: the least that a body holds.
pub const MIN_BODY: usize = 2;

/// The longest body of a request. The largest request, `check_many` with all 2,000 features of the
/// largest license, takes 8 KiB; a registration form with every field at its limit takes less.
pub const MAX_REQUEST: usize = 64 * 1024;

/// The longest body of an answer: 2,000 features at about 250 bytes each, twice over.
pub const MAX_ANSWER: usize = 1024 * 1024;

/// The whole frame that answers a version or encoding that the daemon does not speak: version 0, JSON.
/// This form never changes, so that any client of any version can read it.
#[must_use]
pub fn unsupported() -> Vec<u8> {
    let payload = br#"{"error":{"kind":"unsupported","versions":[1],"encodings":[0,1]}}"#;
    let mut frame = Vec::with_capacity(PREFIX + MIN_BODY + payload.len());
    frame.extend_from_slice(&[0, 0, 0, 67, 0, Encoding::Json as u8]);
    frame.extend_from_slice(payload);
    frame
}

/// How a payload is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Encoding {
    /// bincode: fixed-width little-endian integers, `u64` lengths, `u32` variant indices.
    Binary = 0,
    /// JSON in serde's external form.
    Json = 1,
}

/// The length of the body that `prefix` announces, if it is within 2 to `max`. To be asked before
/// anything is allocated for it.
pub const fn body_len(prefix: [u8; PREFIX], max: usize) -> Result<usize, DecodeError> {
    let announced = u32::from_be_bytes(prefix);
    let len = announced as usize;
    if len < MIN_BODY {
        Err(DecodeError::TooShort { len })
    } else if len > max {
        Err(DecodeError::TooLarge { len, max })
    } else {
        Ok(len)
    }
}

/// A request as a frame.
pub fn encode_request(request: &Request, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    encode(request, encoding, MAX_REQUEST)
}

/// An answer as a frame.
pub fn encode_answer(answer: &Answer, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    encode(answer, encoding, MAX_ANSWER)
}

/// The request in a body, and the encoding that its answer must have.
pub fn decode_request(body: &[u8]) -> Result<(Encoding, Request), DecodeError> {
    let (version, encoding, payload) = split(body)?;
    if version != VERSION {
        return Err(DecodeError::Version { found: version });
    }
    let encoding = encoding_of(encoding)?;
    Ok((encoding, decode(encoding, payload)?))
}

/// The answer in a body.
pub fn decode_answer(body: &[u8]) -> Result<Answer, DecodeError> {
    let (version, encoding, payload) = split(body)?;
    match version {
        VERSION => decode(encoding_of(encoding)?, payload),
        0 => Err(DecodeError::Unsupported { said: String::from_utf8_lossy(payload).into_owned() }),
        found => Err(DecodeError::Version { found }),
    }
}

fn split(body: &[u8]) -> Result<(u8, u8, &[u8]), DecodeError> {
    match body {
        [version, encoding, payload @ ..] => Ok((*version, *encoding, payload)),
        _ => Err(DecodeError::TooShort { len: body.len() }),
    }
}

fn encoding_of(byte: u8) -> Result<Encoding, DecodeError> {
    match byte {
        0 => Ok(Encoding::Binary),
        #[cfg(feature = "json")]
        1 => Ok(Encoding::Json),
        found => Err(DecodeError::Encoding { found }),
    }
}

fn encode<T: Serialize>(message: &T, encoding: Encoding, max: usize) -> Result<Vec<u8>, EncodeError> {
    let payload = match encoding {
        Encoding::Binary => binary::encode(message),
        #[cfg(feature = "json")]
        Encoding::Json => crate::json::encode(message),
        #[cfg(not(feature = "json"))]
        Encoding::Json => Err("this build has no JSON encoding".to_owned()),
    }
    .map_err(EncodeError::Unwritable)?;
    let len = payload.len() + MIN_BODY;
    let prefix = u32::try_from(len).ok().filter(|_| len <= max).ok_or(EncodeError::TooLarge { len, max })?;
    let mut frame = Vec::with_capacity(PREFIX + len);
    frame.extend_from_slice(&prefix.to_be_bytes());
    frame.extend_from_slice(&[VERSION, encoding as u8]);
    frame.extend_from_slice(&payload);
    Ok(frame)
}

fn decode<T: DeserializeOwned>(encoding: Encoding, payload: &[u8]) -> Result<T, DecodeError> {
    match encoding {
        Encoding::Binary => binary::decode(payload),
        #[cfg(feature = "json")]
        Encoding::Json => crate::json::decode(payload),
        #[cfg(not(feature = "json"))]
        Encoding::Json => Err("this build has no JSON encoding".to_owned()),
    }
    .map_err(|detail| DecodeError::Malformed { encoding, detail })
}

/// Why a message cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EncodeError {
    /// Its frame would be over the limit.
    TooLarge {
        /// Bytes of the body.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The encoding cannot express it.
    Unwritable(String),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { len, max } => write!(f, "the message takes {len} bytes, the limit is {max}"),
            Self::Unwritable(detail) => write!(f, "the message cannot be encoded: {detail}"),
        }
    }
}

impl std::error::Error for EncodeError {}

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// The body ends before the version and the encoding.
    TooShort {
        /// Announced or present bytes.
        len: usize,
    },
    /// The announced body is over the limit.
    TooLarge {
        /// Announced bytes.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// A version that this side does not speak.
    Version {
        /// What was found.
        found: u8,
    },
    /// An encoding that this side does not speak.
    Encoding {
        /// What was found.
        found: u8,
    },
    /// The daemon said that it does not speak our version or encoding.
    Unsupported {
        /// Its words, JSON.
        said: String,
    },
    /// The payload is not what its encoding or the protocol asks for.
    Malformed {
        /// The encoding.
        encoding: Encoding,
        /// What is wrong with it.
        detail: String,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { len } => write!(f, "a frame body of {len} bytes, the least is {MIN_BODY}"),
            Self::TooLarge { len, max } => write!(f, "a frame body of {len} bytes, the limit is {max}"),
            Self::Version { found } => write!(f, "protocol version {found}, this side speaks {VERSION}"),
            Self::Encoding { found } => write!(f, "encoding {found}, which this side does not speak"),
            Self::Unsupported { said } => {
                write!(f, "the daemon does not speak this protocol version: {said}")
            }
            Self::Malformed { encoding: Encoding::Binary, detail } => {
                write!(f, "malformed bincode: {detail}")
            }
            Self::Malformed { encoding: Encoding::Json, detail } => write!(f, "malformed JSON: {detail}"),
        }
    }
}

impl std::error::Error for DecodeError {}

#[cfg(test)]
mod tests {
    use license_types::FeatureId;

    use super::*;

    fn check() -> Request {
        Request::Check { feature: FeatureId(33), holder: None }
    }

    #[test]
    fn a_request_survives_the_frame() {
        let frame = encode_request(&check(), Encoding::Binary).unwrap();
        let prefix = frame[..PREFIX].try_into().unwrap();
        assert_eq!(body_len(prefix, MAX_REQUEST), Ok(frame.len() - PREFIX));
        assert_eq!(decode_request(&frame[PREFIX..]), Ok((Encoding::Binary, check())));
    }

    #[test]
    fn the_unsupported_frame_announces_its_own_length() {
        let frame = unsupported();
        assert_eq!(body_len(frame[..PREFIX].try_into().unwrap(), MAX_ANSWER), Ok(frame.len() - PREFIX));
        assert!(matches!(decode_answer(&frame[PREFIX..]), Err(DecodeError::Unsupported { .. })));
    }

    #[test]
    fn lengths_are_refused_before_allocation() {
        assert_eq!(body_len([0, 0, 0, 1], MAX_REQUEST), Err(DecodeError::TooShort { len: 1 }));
        assert!(matches!(body_len([255; 4], MAX_REQUEST), Err(DecodeError::TooLarge { .. })));
        assert_eq!(body_len([0, 1, 0, 0], MAX_REQUEST), Ok(MAX_REQUEST));
    }

    #[test]
    fn each_kind_of_garbage_has_its_own_error() {
        let body = encode_request(&check(), Encoding::Binary).unwrap().split_off(PREFIX);
        let with = |at: usize, byte: u8| {
            let mut body = body.clone();
            body[at] = byte;
            decode_request(&body).unwrap_err()
        };
        assert_eq!(with(0, 9), DecodeError::Version { found: 9 });
        assert_eq!(with(1, 9), DecodeError::Encoding { found: 9 });
        assert!(matches!(with(2, 200), DecodeError::Malformed { .. }));
        let cut = decode_request(&body[..body.len() - 1]).unwrap_err();
        assert!(matches!(cut, DecodeError::Malformed { .. }), "{cut}");
        let longer = decode_request(&[&body[..], &[0]].concat()).unwrap_err();
        assert!(longer.to_string().contains("1 bytes after"), "{longer}");
    }

    #[test]
    fn a_hostile_length_inside_the_payload_allocates_nothing() {
        // check_many with u64::MAX features.
        let body = [&[VERSION, 0, 1, 0, 0, 0][..], &[255; 8]].concat();
        assert!(matches!(decode_request(&body), Err(DecodeError::Malformed { .. })));
    }

    #[test]
    fn a_request_over_the_limit_is_not_sent() {
        let many = Request::CheckMany { features: vec![FeatureId(1); MAX_REQUEST / 4] };
        assert!(matches!(encode_request(&many, Encoding::Binary), Err(EncodeError::TooLarge { .. })));
    }
}
