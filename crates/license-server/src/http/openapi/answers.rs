//! The answers of an operation, by status.

use std::collections::BTreeMap;

use axum::http::header::RETRY_AFTER;
use license_core::api::PROBLEM_MEDIA_TYPE;
use serde_json::{Value, json};

use super::{Fault, LOG_ID, Problem, Refusal, Schemas};

/// A way to fail.
pub(super) struct Failure {
    problem: Problem,
    retry_after: Option<u32>,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { retry_after: fault.retry_after(), problem: fault.problem() }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Fault::Refused(refusal).into()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, retry_after: None }
    }
}

/// The answers of an operation: first those that are no failure.
pub(super) struct Answers(BTreeMap<u16, Value>);

impl Answers {
    /// A `200` in JSON.
    pub(super) fn json(schema: &Value, description: &str) -> Self {
        Self::of(200, "application/json", schema, description)
    }

    /// An answer in that media type.
    pub(super) fn of(status: u16, media_type: &str, schema: &Value, description: &str) -> Self {
        Self(BTreeMap::new()).and(status, media_type, schema, description)
    }

    /// Another one.
    pub(super) fn and(mut self, status: u16, media_type: &str, schema: &Value, description: &str) -> Self {
        self.0.insert(status, answer(media_type, schema, description, &headers(status)));
        self
    }

    /// With the ways to fail, and the one that every path has: `500`.
    pub(super) fn or(mut self, schemas: &mut Schemas, failures: impl IntoIterator<Item = Failure>) -> Value {
        let problem = schemas.written::<Problem>();
        let mut by_status: BTreeMap<u16, Vec<Failure>> = BTreeMap::new();
        for failure in failures.into_iter().chain([Fault::Internal.into()]) {
            by_status.entry(failure.problem.status).or_default().push(failure);
        }
        for (status, failures) in by_status {
            self.0.insert(status, failed(status, &failures, &problem));
        }
        self.0.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect()
    }
}

/// The answer to all failures of one status.
fn failed(status: u16, failures: &[Failure], problem: &Value) -> Value {
    let lines: Vec<String> = failures.iter().map(line).collect();
    let mut codes: Vec<Value> = failures.iter().map(|failure| json!(failure.problem.code)).collect();
    codes.sort_by_key(Value::as_u64);
    codes.dedup();
    let schema = json!({
        "allOf": [problem, { "properties": { "status": { "const": status }, "code": { "enum": codes } } }]
    });
    let mut headers = headers(status);
    if failures.iter().any(|failure| failure.retry_after.is_some()) {
        headers[RETRY_AFTER.as_str()] = json!({
            "description": "Repeat the same request after so many seconds.",
            "required": failures.iter().all(|failure| failure.retry_after.is_some()),
            "schema": { "type": "integer", "minimum": 1 },
        });
    }
    answer(PROBLEM_MEDIA_TYPE, &schema, &lines.join("\n"), &headers)
}

/// What a failure says, with its code in front if it has one.
fn line(failure: &Failure) -> String {
    let detail = &failure.problem.detail;
    failure.problem.code.map_or_else(|| format!("- {detail}"), |code| format!("- **{code}** {detail}"))
}

/// The headers of every answer.
fn headers(status: u16) -> Value {
    // Where the system gives no random bytes there is no id.
    if status == 500 {
        return json!({});
    }
    json!({ LOG_ID.as_str(): { "$ref": format!("#/components/headers/{LOG_ID}") } })
}

fn answer(media_type: &str, schema: &Value, description: &str, headers: &Value) -> Value {
    json!({ "description": description, "headers": headers, "content": { media_type: { "schema": schema } } })
}
