//! The description of the API, and that every answer in these tests is as it says.

use std::sync::LazyLock;

use license_core::api::{CHANGED_PATH, Call, FORGOTTEN_PATH, KEYS_PATH, OPENAPI_PATH};
use license_server::http::{self, LIVE_PATH, METRICS_PATH, Options, PING_PATH, READY_PATH};
use serde_json::{Value, json};

use crate::{
    host::{Response, exchange},
    running::Running,
};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| http::description(&Options::default()));

/// The answer is one that the description has for that request, `POST /v1/drop` or the like: its status, its
/// media type, and its code.
pub(crate) fn assert_described(request: &str, response: &Response) {
    let (method, path) = request.split_once(' ').unwrap();
    let described_method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    let Some(operation) = DESCRIPTION["paths"][path].get(described_method) else {
        assert!([404, 405, 429].contains(&response.status), "{request}: {response:?}");
        return;
    };
    // A server that does not offer it does not describe it.
    if path == CHANGED_PATH && response.status == 404 && !is_with_code(response) {
        return;
    }
    let described = &operation["responses"][response.status.to_string()];
    assert!(described.is_object(), "{request} has no {} in the description", response.status);
    let header =
        |name: &str| response.headers.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    let media_type = header("content-type").unwrap();
    let mut media_types = described["content"].as_object().unwrap().iter();
    let described_type = media_types.find(|(name, _)| media_type.starts_with(name.as_str()));
    let (_, content) = described_type.unwrap_or_else(|| panic!("{request}: {media_type}"));
    let codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"].as_array();
    if let Some(codes) = codes.filter(|_| method != "HEAD") {
        let problem: Value = serde_json::from_slice(&response.body).unwrap();
        assert!(codes.contains(&problem["code"]), "{request}: {problem} is none of {codes:?}");
    }
    for (name, described) in described["headers"].as_object().unwrap() {
        let required = described["required"] == true || described.get("$ref").is_some();
        assert!(!required || header(name).is_some(), "{request}: no {name} in {}", response.headers);
    }
}

fn is_with_code(response: &Response) -> bool {
    response.problem().code.is_some()
}

#[test]
fn every_path_is_described() {
    let mut paths: Vec<&str> = Call::PATHS.to_vec();
    paths.extend([KEYS_PATH, OPENAPI_PATH, FORGOTTEN_PATH, CHANGED_PATH]);
    paths.extend([LIVE_PATH, READY_PATH, PING_PATH, METRICS_PATH]);
    paths.sort_unstable();
    let described: Vec<&String> = DESCRIPTION["paths"].as_object().unwrap().keys().collect();
    assert_eq!(described, paths);
    for path in Call::PATHS {
        let operation = &DESCRIPTION["paths"][path]["post"];
        for field in ["operationId", "summary", "parameters", "requestBody", "responses"] {
            assert!(!operation[field].is_null(), "{path} has no {field}");
        }
        let body = &operation["requestBody"]["content"]["application/json"];
        let name = body["schema"]["$ref"].as_str().unwrap().trim_start_matches('#');
        let call = &DESCRIPTION.pointer(name).unwrap()["properties"]["call"];
        let example = &body["example"]["call"];
        let is_this = call["const"] == *example || call["required"] == json!([first_key(example)]);
        assert!(is_this, "{path}: {call} is not {example}");
    }
}

fn first_key(value: &Value) -> Option<&String> {
    value.as_object().and_then(|fields| fields.keys().next())
}

#[test]
fn nothing_of_the_code_alone_is_in_the_texts() {
    let text = DESCRIPTION.to_string();
    for left_over in ["[`", "crate::", "Self::", "$defs"] {
        assert!(!text.contains(left_over), "{left_over}");
    }
}

#[test]
fn a_server_without_the_long_poll_does_not_describe_it() {
    let without = http::description(&Options { long_polls: 0, ..Options::default() });
    assert_eq!(without["paths"].get(CHANGED_PATH), None);
    assert_eq!(without["paths"][KEYS_PATH], DESCRIPTION["paths"][KEYS_PATH]);
}

#[tokio::test]
async fn the_server_gives_its_description_and_has_what_it_describes() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let served = exchange(at, &format!("GET {OPENAPI_PATH}"), &[], b"").await;
    assert_eq!(serde_json::from_slice::<Value>(&served.body).unwrap(), *DESCRIPTION);
    for (path, operations) in DESCRIPTION["paths"].as_object().unwrap() {
        let (allowed, statuses) = match first_key(operations).unwrap().as_str() {
            "get" => ("get,head", ["200", "405", "405"]),
            _ => ("post", ["405", "", "405"]),
        };
        for (method, status) in ["HEAD", "POST", "DELETE"].into_iter().zip(statuses) {
            let answer = exchange(at, &format!("{method} {path}"), &[], b"").await;
            if status == "405" {
                assert_eq!(answer.status, 405, "{method} {path}");
                assert!(answer.headers.contains(&format!("allow: {allowed}")), "{path}: {}", answer.headers);
            } else {
                assert!(![404, 405].contains(&answer.status), "{method} {path}: {answer:?}");
            }
        }
    }
}
