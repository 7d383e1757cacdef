//! The binary encoding. The only module of the workspace that names bincode, so that a successor
//! that writes the same bytes can take its place (docs/decisions/0001-bincode.md).

use bincode::{config, error::DecodeError};
use serde::{Serialize, de::DeserializeOwned};

/// Bounds what a decoder allocates. It holds for requests and answers alike, since a frame of either
/// was length-checked before it gets here; the larger of the two limits fits both.
const CONFIG: config::Configuration<
    config::LittleEndian,
    config::Fixint,
    config::Limit<{ crate::frame::MAX_ANSWER }>,
> = config::legacy().with_limit::<{ crate::frame::MAX_ANSWER }>();

pub(crate) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, String> {
    bincode::serde::encode_to_vec(message, CONFIG).map_err(|error| error.to_string())
}

pub(crate) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, String> {
    let (message, consumed) = bincode::serde::decode_from_slice(payload, CONFIG).map_err(in_words)?;
    if consumed == payload.len() {
        Ok(message)
    } else {
        Err(format!("{} bytes after the message", payload.len() - consumed))
    }
}

/// What is wrong, in words for people: bincode's own are those of its `Debug`.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and open")]
fn in_words(error: DecodeError) -> String {
    match error {
        DecodeError::UnexpectedEnd { .. } => "it ends too early".to_owned(),
        DecodeError::LimitExceeded => "it announces more than the limit".to_owned(),
        DecodeError::OtherString(text) => text,
        other => format!("it does not fit the protocol ({other})"),
    }
}
