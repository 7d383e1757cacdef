//! HTTP: whether a license server answers, and what a proxy says.

use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    Request, Response, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{CONTENT_TYPE, DATE, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use license_client::types::UnixTime;
use license_core::{api::KEYS_PATH, outcome::HttpAnswer};
use licensed::transport::is_sign_of_life;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time,
};

use super::{Budget, stream::Stream};
use crate::findings::{Http, Plain, ProxySaid};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(3);

/// The longest body that is read: a key set takes a few kilobytes.
const MOST_BODY: usize = 256 * 1024;

/// The longest head of a proxy's answer.
const MOST_HEAD: usize = 16 * 1024;

/// Asks for the keys of a license server below `base`.
pub(super) async fn keys<S: Stream + 'static>(stream: S, base: &str, budget: &Budget) -> Http {
    let asking = async {
        let uri: Uri = format!("{base}{KEYS_PATH}").parse().map_err(|error| format!("{error}"))?;
        let response = get(stream, &uri).await?;
        let header = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (status, content_type, date) = (response.status().as_u16(), header(CONTENT_TYPE), header(DATE));
        let body = Limited::new(response.into_body(), MOST_BODY).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes().to_vec();
        let answer = HttpAnswer { status, body, ..HttpAnswer::default() };
        Ok(Http::Answer {
            status,
            is_license_server: is_sign_of_life(&answer),
            content_type,
            date: unix_time(&date),
        })
    };
    match time::timeout_at(budget.within(ANSWER), asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Http::None(error),
        Err(_) => Http::None("no answer in time".to_owned()),
    }
}

/// Asks whoever answers plain HTTP in the place of `host`.
pub(super) async fn plain<S: Stream + 'static>(stream: S, host: &str, budget: &Budget) -> Option<Plain> {
    let uri: Uri = format!("http://{host}{KEYS_PATH}").parse().ok()?;
    let response = time::timeout_at(budget.within(ANSWER), get(stream, &uri)).await.ok()?.ok()?;
    let header = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
    let redirect: Option<Uri> = header(LOCATION).and_then(|location| location.parse().ok());
    Some(Plain {
        status: response.status().as_u16(),
        redirect_host: redirect.and_then(|to| to.host().map(str::to_owned)),
        is_page: header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")),
    })
}

async fn get<S: Stream + 'static>(stream: S, uri: &Uri) -> Result<Response<Incoming>, String> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let request = Request::get(uri.path())
        .header(HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(USER_AGENT, concat!("licensectl/", env!("CARGO_PKG_VERSION"), " (doctor)"))
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    sender.send_request(request).await.map_err(|error| error.to_string())
}

fn unix_time(date: &str) -> Option<UnixTime> {
    let since =
        httpdate::parse_http_date(date).ok()?.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    Some(UnixTime(i64::try_from(since.as_secs()).ok()?))
}

/// Asks a proxy for the way to `target`, `host:port`.
pub(super) async fn tunnel<S: Stream>(
    stream: &mut S,
    target: &str,
    authorization: Option<&HeaderValue>,
    budget: &Budget,
) -> ProxySaid {
    let asking = async {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(value) = authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(value.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.map_err(|error| error.to_string())?;
        let mut head = Vec::new();
        // A byte at a time: what follows the head is the tunnel's.
        while !head.ends_with(b"\r\n\r\n") && head.len() < MOST_HEAD {
            head.push(stream.read_u8().await.map_err(|error| error.to_string())?);
        }
        status_of(&head).ok_or_else(|| "it is no HTTP answer".to_owned())
    };
    match time::timeout_at(budget.within(ANSWER), asking).await {
        Ok(Ok(status)) if (200..300).contains(&status) => ProxySaid::Open,
        Ok(Ok(status)) => ProxySaid::Status(status),
        Ok(Err(why)) => ProxySaid::Nonsense(why),
        Err(_) => ProxySaid::Nonsense("no answer in time".to_owned()),
    }
}

fn status_of(head: &[u8]) -> Option<u16> {
    let line = str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_proxy_is_read_from_its_first_line() {
        assert_eq!(status_of(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), Some(407));
        assert_eq!(status_of(b"HTTP/1.0 200\r\n\r\n"), Some(200));
        for nonsense in ["", "HTTP/1.1", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n"] {
            assert_eq!(status_of(nonsense.as_bytes()), None, "{nonsense}");
        }
    }
}
