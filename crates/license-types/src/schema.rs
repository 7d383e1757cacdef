//! JSON schemas of what has a parser of its own: each is as strict as the parser.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Coupon, Holder, RegistrationNumber};

/// What reading trims from around a number, as a pattern: white space of ASCII and nothing rarer.
const SPACE: &str = "[ \\t\\n\\r]*";

/// Letters that are read in both cases.
fn any_case(letters: &str) -> String {
    letters.chars().flat_map(|letter| ['[', letter, letter.to_ascii_lowercase(), ']']).collect()
}

macro_rules! typed_key {
    ($name:ident, $description:literal, $example:literal) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let pattern = if generator.contract().is_deserialize() {
                    format!("^{SPACE}{}(-[A-Za-z0-9]{{5}}){{4}}{SPACE}$", any_case(Self::PREFIX))
                } else {
                    Self::PATTERN.to_owned()
                };
                let description = $description;
                json_schema!({
                    "type": "string", "description": description, "pattern": pattern, "examples": [$example]
                })
            }
        }
    };
}

typed_key!(
    RegistrationNumber,
    "A registration number, also called license key. It is a secret.",
    "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP"
);
typed_key!(Coupon, "A coupon, for a single use. It is a secret.", "MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP");

impl JsonSchema for Holder {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Holder".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": format!("The name of the user that holds a seat of a per-user feature: at most {} \
                                    bytes of UTF-8 without control characters.", Self::MAX_BYTES),
            "minLength": 1,
            "maxLength": Self::MAX_BYTES,
            "pattern": "^[^\\x00-\\x1F\\x7F-\\x9F]*$"
        })
    }
}
