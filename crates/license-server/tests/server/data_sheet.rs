//! `docs/data-sheet.md` names each field that a host sends, and no other.

use std::{collections::BTreeSet, fs, path::Path};

use license_core::{
    api::HostCall,
    crypto::{RequestId, SigningKey},
    envelope::Envelope,
    receipt::Receipt,
};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// What the transport adds to the headers of the envelope.
const TRANSPORT: [&str; 2] = ["user-agent", "content-type"];

/// The names of all fields of a type that hold no further fields, below `path`.
fn fields_of<T: JsonSchema>(path: &str, fields: &mut BTreeSet<String>) {
    let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let schema = generator.into_root_schema_for::<T>().to_value();
    collect(&schema, &schema, path, fields);
}

fn collect(schema: &Value, root: &Value, path: &str, fields: &mut BTreeSet<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return collect(target, root, path, fields);
    }
    if let Some(variants) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        for variant in variants.iter().filter(|variant| variant["type"] != "null") {
            // A variant without fields is its name.
            let names = variant["enum"].as_array().cloned().unwrap_or_default();
            let names: Vec<&str> =
                variant["const"].as_str().into_iter().chain(names.iter().filter_map(Value::as_str)).collect();
            fields.extend(names.iter().map(|name| below(name)));
            if names.is_empty() {
                collect(variant, root, path, fields);
            }
        }
        return;
    }
    if let Some(properties) = schema["properties"].as_object() {
        return properties.iter().for_each(|(name, it)| collect(it, root, &below(name), fields));
    }
    match schema.get("items") {
        Some(items) => collect(items, root, &format!("{path}[]"), fields),
        None => drop(fields.insert(path.to_owned())),
    }
}

/// What the first column of the tables names.
fn documented() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/data-sheet.md");
    let sheet = fs::read_to_string(path).unwrap();
    let rows = sheet.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let names: Vec<String> = rows.map(|(name, _)| name.to_owned()).collect();
    let unique: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(names.len(), unique.len(), "a field has one row");
    unique
}

#[test]
fn the_data_sheet_names_each_field_that_a_host_sends_and_no_other() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let envelope = Envelope::seal(&key, "POST", "/v1/check-in", b"", RequestId([1; 16]), 0);
    let headers = envelope.headers().map(|(name, _)| name);
    let mut sent: BTreeSet<String> = headers.into_iter().chain(TRANSPORT).map(str::to_owned).collect();
    fields_of::<HostCall>("", &mut sent);
    fields_of::<Receipt>("receipt.payload", &mut sent);
    for expected in
        ["nonce", "evidence[].digest", "call.register.tax_id", "call.check_in", "receipt.payload.serial"]
    {
        assert!(sent.contains(expected), "{expected} is not among {sent:#?}");
    }
    assert_eq!(documented(), sent);
}
