//! IPv4, IPv6, and names that have both.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use super::*;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A server of that name which listens at one address alone.
async fn server(authority: &Authority, at: &str) -> Server {
    let tls = authority.tls(&["lic.example.com", "::1"], 2026);
    Server::new(at, Some(tls), &reply(200, "", "{}")).await
}

async fn call(authority: &Authority, host: &str, port: u16, found: &[IpAddr]) -> Result<u16, TransportError> {
    let servers = urls(&[format!("https://{host}:{port}")]);
    let names: Arc<dyn Resolve> = Arc::new(Names(found.to_vec()));
    let transport =
        HttpTransport::with_resolver(&servers, Some(&authority.file()), &Proxy::None, &names).unwrap();
    transport.exchange(request()).await.map(|answer| answer.status)
}

#[tokio::test]
async fn a_server_on_ipv6_alone_is_reached_by_address_and_by_name() {
    let authority = Authority::new();
    let server = server(&authority, "[::1]:0").await;
    let port = server.address.port();
    assert_eq!(call(&authority, "[::1]", port, &[]).await, Ok(200));
    assert_eq!(call(&authority, "lic.example.com", port, &[V6]).await, Ok(200), "a name with AAAA alone");
}

#[tokio::test]
async fn of_a_name_that_has_both_the_address_that_answers_is_used() {
    let authority = Authority::new();
    for at in ["[::1]:0", "127.0.0.1:0"] {
        let server = server(&authority, at).await;
        for found in [[V6, V4], [V4, V6]] {
            let called = call(&authority, "lic.example.com", server.address.port(), &found).await;
            assert_eq!(called, Ok(200), "{at}, {found:?}");
        }
    }
}

#[tokio::test]
async fn if_no_address_answers_that_is_no_connection() {
    let authority = Authority::new();
    let closed = server(&authority, "[::1]:0").await.address.port();
    tokio::task::yield_now().await;
    let error = call(&authority, "lic.example.com", closed, &[V6, V4]).await.unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Connect);
}
