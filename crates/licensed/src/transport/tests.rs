//! The transport against real sockets.

mod certificates;
mod failover;
mod server;
mod stages;

use license_types::UnixTime;

use self::server::{Authority, Server, reply};
use super::*;

/// 2026-07-01 00:00:00 UTC.
const SUMMER_2026: UnixTime = UnixTime(1_782_864_000);

fn request() -> HttpRequest {
    let moment = Moment { age: Age(0), estimated: SUMMER_2026, latest: SUMMER_2026 };
    HttpRequest::call(moment, "/v1/check-in", Vec::new(), b"{}".to_vec())
}

fn urls(texts: &[String]) -> Vec<ServerUrl> {
    texts.iter().map(|text| ServerUrl::parse(text).unwrap()).collect()
}

/// A URL at which nobody listens.
fn nobody(scheme: &str) -> String {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("{scheme}://{}", closed.local_addr().unwrap())
}
