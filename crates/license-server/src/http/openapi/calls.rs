//! The calls of hosts.

use license_core::api::{ApiAnswer, Call, HostCall, MAX_REQUEST_BODY};
use license_types::{FeatureId, ProductId, Registration};
use serde_json::{Value, json};

use super::{Answers, Failure, Fault, Refusal, Schemas, body, envelope, too_many, unsigned};
use crate::decide::replay;

/// One of each call, as it is written in JSON.
const EXAMPLES: [&str; 11] = [
    r#"{"register":{"company":"Horns and Hooves Ltd","email":"office@example.com","contact":"J. Doe","phone":null,"tax_id":null}}"#,
    r#"{"activate":{"number":"MIKO-AB1CD-EF2GH-IJ3KL-MN4OP"}}"#,
    r#""check_in""#,
    r#"{"capture":{"feature":45,"holder":null,"reclaim":false}}"#,
    r#"{"release":{"session":"0123456789abcdef0123456789abcdef"}}"#,
    r#"{"coupon":{"coupon":"MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP"}}"#,
    r#"{"trial":{"product":81}}"#,
    r#"{"license_info":{"number":"MIKO-AB1CD-EF2GH-IJ3KL-MN4OP"}}"#,
    r#"{"send_metrics":{"metrics":{"PBXname":"office","CountSipExtensions":"25"}}}"#,
    r#""drop""#,
    r#"{"would_capture":{"feature":45,"holder":null}}"#,
];

/// A `POST` to one of [`Call::PATHS`].
pub(crate) fn call(schemas: &mut Schemas, path: &str) -> Value {
    let mut examples = EXAMPLES.into_iter().filter_map(|example| serde_json::from_str(example).ok());
    let Some(call) = examples.find(|call: &Call| call.path() == path) else { return Value::Null };
    let (name, variant) = variant(schemas, &call);
    let summary = variant["description"].clone();
    let asked = asked(schemas, &name, variant);
    let example = json!({
        "nonce": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", "evidence": [], "receipt": null, "call": call
    });
    let answers = Answers::json(&answered(schemas, &call), "It is done; what holds now.");
    json!({
        "operationId": name,
        "tags": ["host"],
        "summary": summary,
        "description": format!("Bodies end at {MAX_REQUEST_BODY} bytes."),
        "parameters": envelope(),
        "requestBody": body(&asked, &example),
        "responses": answers.or(schemas, failures(&call)),
    })
}

/// The name of the call in JSON, and the schema of its variant of [`Call`].
fn variant(schemas: &mut Schemas, call: &Call) -> (String, Value) {
    let written = json!(call);
    let key = || written.as_object().and_then(|call| call.keys().next()).map(String::as_str);
    let name = written.as_str().or_else(key).unwrap_or_default();
    let all = schemas.definition_read::<Call>();
    let variants = all["oneOf"].as_array().into_iter().flatten();
    let is_it = |variant: &&Value| variant["const"] == name || variant["properties"].get(name).is_some();
    (name.to_owned(), variants.into_iter().find(is_it).cloned().unwrap_or_default())
}

/// A [`HostCall`] with this call alone.
fn asked(schemas: &mut Schemas, name: &str, variant: Value) -> Value {
    let mut schema = schemas.definition_read::<HostCall>();
    schema["properties"]["call"] = variant;
    let words = name.split('_').flat_map(|word| {
        let (first, rest) = word.split_at(1);
        [first.to_uppercase(), rest.to_owned()]
    });
    schemas.define(format!("{}Call", words.collect::<String>()), schema)
}

/// An [`ApiAnswer`] with what belongs to this call.
fn answered(schemas: &mut Schemas, call: &Call) -> Value {
    let statement = if call.is_answered_by_statement() { "object" } else { "null" };
    let session = if matches!(call, Call::Capture { .. }) { "string" } else { "null" };
    let license = if matches!(call, Call::LicenseInfo { .. }) { "object" } else { "null" };
    json!({
        "allOf": [schemas.written::<ApiAnswer>(), {
            "properties": {
                "statement": { "type": statement },
                "receipt": { "type": statement },
                "session": { "type": session },
                "license": { "type": license },
            }
        }]
    })
}

fn failures(call: &Call) -> impl Iterator<Item = Failure> {
    let faults = [
        Fault::Malformed { line: 1, column: 2 },
        Fault::Evidence,
        Fault::OtherPath,
        Fault::Unfinished,
        Fault::TooLarge { limit: MAX_REQUEST_BODY },
        Fault::Busy,
    ];
    let every_call = [unsigned(), too_many(), replay::reused().into()];
    let refusals = refusals(call).into_iter().map(Failure::from);
    faults.into_iter().map(Failure::from).chain(every_call).chain(refusals)
}

/// What the rules may say no with.
fn refusals(call: &Call) -> Vec<Refusal> {
    use Refusal::{
        Barred, Copy, CouponBlocked, CouponUnknown, CouponUsed, CouponWithoutNumber, Dropped,
        EmailOfAnotherCompany, Expired, FieldControl, FieldMissing, FieldTooLong, HostRegistered, NoEmail,
        NoNumber, NoSeatFree, NotLicensed, NotSold, OutOfDate, RegisteredOnAnotherHost, Replaced, Restless,
        Suspended, TooManyMetrics, TooManyUsers, TrialSpent, UnknownHost, UnknownNumber, UnknownSeat,
    };
    let (feature, product) = (FeatureId(45), ProductId(81));
    match call {
        Call::Register(_) => vec![
            FieldMissing { field: "company" },
            FieldTooLong { field: "company", limit: Registration::MAX_CHARS },
            FieldControl { field: "company" },
            NoEmail,
            EmailOfAnotherCompany,
            RegisteredOnAnotherHost,
            HostRegistered,
            Suspended,
            Copy,
            Restless,
        ],
        Call::Activate { .. } => vec![UnknownNumber, Suspended, Copy, Restless],
        Call::CheckIn => vec![NoNumber, UnknownHost],
        Call::Capture { .. } | Call::WouldCapture { .. } => vec![
            OutOfDate,
            NoNumber,
            Dropped,
            Replaced,
            Suspended,
            Copy,
            Restless,
            NotLicensed { feature, product: Some(product) },
            Expired { feature, product: Some(product) },
            NoSeatFree { feature, product: Some(product) },
            TooManyUsers { feature },
            Barred { feature },
        ],
        Call::Release { .. } => {
            vec![OutOfDate, NoNumber, Dropped, Replaced, Suspended, Copy, Restless, UnknownSeat]
        }
        Call::Coupon { .. } => vec![
            OutOfDate,
            CouponWithoutNumber,
            Dropped,
            Replaced,
            Suspended,
            Copy,
            Restless,
            CouponUnknown,
            CouponUsed,
            CouponBlocked,
        ],
        Call::Trial { .. } => {
            vec![OutOfDate, NoNumber, Suspended, Copy, Restless, NotSold { product }, TrialSpent { product }]
        }
        Call::LicenseInfo { .. } => vec![UnknownNumber, Suspended],
        Call::SendMetrics { .. } => vec![NoNumber, Dropped, Replaced, Suspended, TooManyMetrics],
        Call::Drop => vec![OutOfDate],
    }
}
