//! An answer as an HTTP response. It always has a body: MikoPBX takes a response without one for a success.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue},
};
use license_texts::Language;
use serde::Serialize;

use crate::api::{Answer, Refusal};

/// What is sent.
pub(super) type Body = Full<Bytes>;

/// The body of a success.
#[derive(Serialize)]
struct Done<'a> {
    result: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
}

/// The body of a refusal.
#[derive(Serialize)]
struct Refused {
    error: String,
}

/// The response that carries an answer, in the words of a language.
pub(super) fn response(answer: &Answer, language: Language) -> Response<Body> {
    let (status, body) = match answer {
        Ok(success) => {
            let done = Done { result: success.result(language), session: success.session() };
            (StatusCode::OK, serde_json::to_vec(&done))
        }
        Err(refusal) => (refusal.status, body_of(refusal, language)),
    };
    // Texts can always be written as JSON; were it otherwise, this is an error still.
    let body = body.unwrap_or_else(|_| br#"{"error":"The answer cannot be written."}"#.to_vec());
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    set_headers(response.headers_mut());
    if status == StatusCode::REQUEST_TIMEOUT {
        // The rest of the request may come yet, and is none.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A whole response as bytes, after which the connection is closed.
pub(super) fn last_words(refusal: &Refusal, language: Language) -> Vec<u8> {
    let body = body_of(refusal, language).unwrap_or_default();
    let status = refusal.status;
    let head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/json\r\ncache-control: no-store\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        status.as_str(),
        status.canonical_reason().unwrap_or_default(),
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

fn body_of(refusal: &Refusal, language: Language) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Refused { error: refusal.error(language) })
}

fn set_headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
