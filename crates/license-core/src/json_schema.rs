//! JSON schemas of what has a parser of its own: each is as strict as the parser.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::{
    api::MAX_METRIC_LEN,
    crypto::{ExactBytes, Nonce, PublicKey, RequestId, Signature},
    host::FactKind,
};

/// The pattern of so many bytes in base64 with padding; the bits that are left over are zero.
fn base64(bytes: usize) -> String {
    let whole = bytes / 3 * 4;
    match bytes % 3 {
        1 => format!("[A-Za-z0-9+/]{{{}}}[AQgw]==", whole + 1),
        2 => format!("[A-Za-z0-9+/]{{{}}}[AEIMQUYcgkosw048]=", whole + 2),
        _ => format!("[A-Za-z0-9+/]{{{whole}}}"),
    }
}

macro_rules! text {
    ($name:ident, $description:literal, $pattern:expr) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $description, "pattern": $pattern })
            }
        }
    };
}

text!(Nonce, "32 random bytes in base64.", format!("^{}$", base64(32)));
text!(Signature, "An Ed25519 signature: 64 bytes in base64.", format!("^{}$", base64(64)));
text!(RequestId, "16 random bytes in base64.", format!("^{}$", base64(16)));
text!(PublicKey, "An Ed25519 public key: 32 bytes in base64.", format!("^ed25519:{}$", base64(32)));
text!(
    ExactBytes,
    "Bytes in base64, exactly as they were signed.",
    format!("^([A-Za-z0-9+/]{{4}})*({}|{})?$", base64(1), base64(2))
);

impl JsonSchema for FactKind {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "FactKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A kind of hardware fact. One that the license server does not know counts nothing.",
            "examples": Self::KNOWN
        })
    }
}

/// Evidence holds each known kind of fact once.
pub(crate) fn each_kind_once() -> Value {
    let once = |kind: FactKind| {
        let of_kind =
            json!({ "type": "object", "properties": { "kind": { "const": kind } }, "required": ["kind"] });
        json!({ "contains": of_kind, "minContains": 0, "maxContains": 1 })
    };
    FactKind::KNOWN.map(once).into_iter().collect()
}

/// A name or a value of the metrics.
pub(crate) fn metric() -> Value {
    json!({
        "type": "string",
        "description": format!("At most {MAX_METRIC_LEN} bytes of UTF-8."),
        "maxLength": MAX_METRIC_LEN
    })
}

/// Signed JSON in base64. It is always the license server that wrote it: a host gives it back as it is, so
/// that there is one description of it, under what is written.
pub(crate) fn payload<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let content = if generator.contract().is_serialize() {
        generator.subschema_for::<T>()
    } else {
        Schema::new_ref(format!("#{}/{}", generator.settings().definitions_path, T::schema_name()))
    };
    let mut schema = ExactBytes::json_schema(generator);
    schema.insert("contentEncoding".to_owned(), "base64".into());
    schema.insert("contentMediaType".to_owned(), "application/json".into());
    schema.insert("contentSchema".to_owned(), content.to_value());
    schema
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn the_bits_that_are_left_over_are_zero() {
        assert_eq!(base64(16), "[A-Za-z0-9+/]{21}[AQgw]==");
        assert_eq!(base64(32), "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=");
        assert_eq!(base64(3), "[A-Za-z0-9+/]{4}");
    }
}
