//! Several license servers.

use license_core::{crypto::SigningKey, keys::KeySet};

use super::*;

/// What `GET /v1/keys` answers at a license server.
fn keys() -> String {
    let set = KeySet { schema: "1.0".to_owned(), version: 1, keys: Vec::new() };
    let signed = set.sign(&SigningKey::from_bytes(&[1; 32])).unwrap();
    reply(200, "Content-Type: application/json\r\n", &serde_json::to_string(&signed).unwrap())
}

fn at(minute: u64) -> HttpRequest {
    let moment = Moment { age: Age(minute * 60_000), ..request().moment };
    HttpRequest { moment, ..request() }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_left_within_the_call() {
    let second = Server::new("127.0.0.1:0", None, &reply(200, "", "{}")).await;
    let second_url = format!("http://{}", second.address);
    for unreachable in [nobody("http"), nobody("https"), "https://license-server.invalid".to_owned()] {
        let transport =
            HttpTransport::new(&urls(&[unreachable.clone(), second_url.clone()]), None, &Proxy::None)
                .unwrap();
        assert_eq!(transport.url(), unreachable);
        assert_eq!(transport.exchange(at(0)).await.unwrap().status, 200);
        assert_eq!(transport.url(), second_url);
    }
    assert_eq!(second.answered(), 3);
}

#[tokio::test]
async fn a_server_without_trusted_tls_is_left_within_the_call() {
    let authority = Authority::new();
    let tls = |year| Some(authority.tls(&["127.0.0.1"], year));
    let first = Server::new("127.0.0.1:0", tls(2025), &reply(200, "", "{}")).await;
    let second = Server::new("127.0.0.1:0", tls(2026), &reply(200, "", "{}")).await;
    let servers = urls(&[&first, &second].map(|server| format!("https://{}", server.address)));
    let transport = HttpTransport::new(&servers, Some(&authority.file()), &Proxy::None).unwrap();
    assert_eq!(transport.exchange(at(0)).await.unwrap().status, 200);
    assert_eq!((first.answered(), second.answered()), (0, 1));
}

#[tokio::test]
async fn if_none_can_be_reached_each_is_named_and_the_first_is_in_use() {
    let (first, second) = (nobody("http"), nobody("http"));
    let transport = HttpTransport::new(&urls(&[first.clone(), second.clone()]), None, &Proxy::None).unwrap();
    let error = transport.exchange(at(0)).await.unwrap_err();
    assert_eq!(transport.url(), first);
    let why = error.no_answer(transport.url());
    assert_eq!(why.code, license_types::Code::CONNECTION_FAILED);
    assert!(!why.maybe_delivered);
    let message = why.message.to(Language::English);
    assert!(message.contains(&first) && message.contains(&second), "{message}");
}

#[tokio::test]
async fn an_answer_that_is_none_moves_the_next_call_and_not_this_one() {
    let html = reply(200, "Content-Type: text/html\r\n", "<html>");
    let first = Server::new("127.0.0.1:0", None, &html).await;
    let second = Server::new("127.0.0.1:0", None, &reply(200, "", "{}")).await;
    let servers = urls(&[&first, &second].map(|server| format!("http://{}", server.address)));
    let transport = HttpTransport::new(&servers, None, &Proxy::None).unwrap();
    assert_eq!(transport.exchange(at(0)).await.unwrap().body, b"<html>");
    assert_eq!((first.answered(), second.answered()), (1, 0));
    assert!(transport.url().ends_with(&first.address.port().to_string()), "it is the one to complain about");
    transport.judge(false, Age(0));
    assert_eq!(transport.exchange(at(1)).await.unwrap().body, b"{}");
    assert_eq!((first.answered(), second.answered()), (1, 1));
}

#[tokio::test]
async fn the_first_is_used_again_when_it_is_well_and_nobody_waits_for_the_trial() {
    let second = Server::new("127.0.0.1:0", None, &reply(200, "", "{}")).await;
    let first_url = nobody("http");
    let servers = urls(&[first_url.clone(), format!("http://{}", second.address)]);
    let transport = HttpTransport::new(&servers, None, &Proxy::None).unwrap();
    transport.exchange(at(0)).await.unwrap();
    let first = Server::new(first_url.trim_start_matches("http://"), None, &keys()).await;

    transport.exchange(at(4)).await.unwrap();
    assert_eq!((first.answered(), second.answered()), (0, 2), "too early for a trial");
    transport.exchange(at(5)).await.unwrap();
    assert_eq!(second.answered(), 3, "the call goes where it is answered");
    while first.answered() == 0 {
        tokio::task::yield_now().await;
    }
    // The trial is answered; now it has to be read.
    let back = async {
        while transport.url() != first_url {
            transport.exchange(at(6)).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.unwrap();
}

#[tokio::test]
async fn a_first_server_that_is_something_else_now_is_not_used_again() {
    let second = Server::new("127.0.0.1:0", None, &reply(200, "", "{}")).await;
    let portal = Server::new("127.0.0.1:0", None, &reply(200, "Content-Type: text/html\r\n", "<html>")).await;
    let servers = urls(&[&portal, &second].map(|server| format!("http://{}", server.address)));
    let transport = HttpTransport::new(&servers, None, &Proxy::None).unwrap();
    transport.judge(false, Age(0));
    transport.clone().try_first(at(5).moment).await;
    assert_eq!(portal.answered(), 1);
    transport.exchange(at(5)).await.unwrap();
    assert_eq!((portal.answered(), second.answered()), (1, 1));
}
