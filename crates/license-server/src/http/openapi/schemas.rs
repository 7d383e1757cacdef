//! JSON schemas of the types of the API: as they are read in requests, as they are written in answers.

use license_core::api::Call;
use schemars::{
    JsonSchema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

/// Where the schemas are in the description.
const DEFINITIONS: &str = "/components/schemas";

/// The schemas that were asked for so far.
pub(crate) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
    defined: Map<String, Value>,
}

impl Default for Schemas {
    fn default() -> Self {
        let generator = |contract| {
            let settings = SchemaSettings::draft2020_12();
            settings.with(|settings| {
                settings.definitions_path = DEFINITIONS.into();
                settings.contract = contract;
            })
        };
        Self {
            read: generator(Contract::Deserialize).into_generator(),
            written: generator(Contract::Serialize).into_generator(),
            defined: Map::new(),
        }
    }
}

impl Schemas {
    /// What a request is read as.
    pub(super) fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// What an answer is written as.
    pub(super) fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    /// The whole schema of what a request is read as, and no reference to it.
    pub(super) fn definition_read<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.read).to_value()
    }

    /// Defines a schema by a name of its own; the reference to it.
    pub(super) fn define(&mut self, name: String, schema: Value) -> Value {
        let reference = json!({ "$ref": format!("#{DEFINITIONS}/{name}") });
        self.defined.insert(name, schema);
        reference
    }

    /// All that have a name.
    pub(super) fn into_components(mut self) -> Map<String, Value> {
        let mut all = self.read.take_definitions(true);
        // Each path has a call of its own.
        all.remove(&*Call::schema_name());
        all.extend(self.written.take_definitions(true));
        all.extend(self.defined);
        all
    }
}

/// Takes the links of rustdoc out of all descriptions.
pub(super) fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if let (Value::String(text), "description" | "summary") = (&mut *field, name.as_str()) {
                    *text = unlinked(text);
                } else {
                    plain(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The text without the brackets and the targets of links within the code: the web keeps its own.
fn unlinked(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((shown, after)) = link.split_once(']') else { break };
        plain.push_str(shown);
        let target = after.strip_prefix('(').and_then(|after| after.split_once(')'));
        rest = target.map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use license_core::api::{ApiAnswer, HostCall};

    use super::*;

    #[test]
    fn a_name_has_one_meaning() {
        let mut schemas = Schemas::default();
        schemas.read::<HostCall>();
        schemas.written::<ApiAnswer>();
        let (read, written) = (schemas.read.take_definitions(true), schemas.written.take_definitions(true));
        let both: Vec<&String> = read.keys().filter(|name| written.contains_key(*name)).collect();
        assert_eq!(both, ["SignedReceipt"], "what is sent back");
        for name in both {
            assert_eq!(read[name], written[name], "{name}");
        }
    }

    #[test]
    fn links_of_rustdoc_are_taken_out() {
        let text =
            "A [`Receipt`] in an [envelope](crate::envelope), or [`License::of`](License) of [schema].";
        assert_eq!(unlinked(text), "A `Receipt` in an envelope, or `License::of` of schema.");
    }
}
