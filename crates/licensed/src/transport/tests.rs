//! The transport against real sockets.

mod addresses;
mod certificates;
mod failover;
mod proxies;
mod server;
mod stages;

use std::{
    future,
    net::{IpAddr, SocketAddr},
};

use license_texts::Language;
use license_types::UnixTime;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

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

/// Knows one name, under which it finds these addresses.
#[derive(Debug, Clone)]
struct Names(Vec<IpAddr>);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        assert_eq!(name.as_str(), "lic.example.com");
        let addresses: Vec<_> = self.0.iter().map(|address| SocketAddr::new(*address, 0)).collect();
        Box::pin(future::ready(Ok(Box::new(addresses.into_iter()) as Addrs)))
    }
}

/// A URL at which nobody listens.
fn nobody(scheme: &str) -> String {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("{scheme}://{}", closed.local_addr().unwrap())
}
