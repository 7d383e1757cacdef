//! Hosts that wait for news.

use std::time::Duration;

use license_core::{
    api::{CHANGED_PATH, Call, Changed},
    crypto::RequestId,
    envelope::Envelope,
};
use license_server::http::Options;
use license_types::Code;
use tokio::time::timeout;

use crate::{
    host::{Host, Response, exchange},
    running::{Running, registered, trial},
};

/// A drop is to reach the modules within 5 s; this is our own limit for the server's part of it.
const AT_ONCE: Duration = Duration::from_millis(3500);

impl Host {
    /// Waits for news.
    async fn wait(&self, running: &Running) -> Response {
        let envelope = Envelope::seal(&self.key, "GET", CHANGED_PATH, b"", RequestId([200; 16]), self.serial);
        exchange(running.address, &format!("GET {CHANGED_PATH}"), &envelope.headers(), b"").await
    }

    /// Waits for news behind a proxy.
    async fn wait_from(&self, running: &Running, client: &str) -> Response {
        let envelope = Envelope::seal(&self.key, "GET", CHANGED_PATH, b"", RequestId([200; 16]), self.serial);
        let mut headers = envelope.headers().to_vec();
        headers.push(("x-forwarded-for", client.to_owned()));
        exchange(running.address, &format!("GET {CHANGED_PATH}"), &headers, b"").await
    }
}

fn changed(response: &Response) -> bool {
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    serde_json::from_slice::<Changed>(&response.body).unwrap().changed
}

#[tokio::test]
async fn a_host_hears_at_once_of_what_the_vendor_does() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let mut host = running.host(1);
    let number = registered(&running, &mut host, "a").await;
    let other = running.host(2);
    let waiting = tokio::spawn({
        let host = host.clone();
        async move { (host.wait(&running).await, running) }
    });
    // Another process, as an `admin` command is.
    let admin = license_server::LicenseServer::open(folder.path()).await.unwrap();
    let vendor = Running::beside(admin).await;
    vendor.drop_all(&number).await;
    let (response, running) = timeout(AT_ONCE, waiting).await.unwrap().unwrap();
    assert!(changed(&response));
    assert!(changed(&host.wait(&running).await), "until it has checked in");
    assert_eq!(other.wait(&running).await.problem().code, Some(Code::NO_LICENSE));
}

#[tokio::test]
async fn a_host_that_changes_something_itself_goes_on_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or_default() };
    let running = Running::start_with(folder.path(), Options::default(), stopped).await;
    let mut host = running.host(1);
    registered(&running, &mut host, "a").await;
    host.ok(running.address, &trial(81)).await;
    let (address, waiting) = (running.address, host.clone());
    let waiting = tokio::spawn(async move {
        let response = waiting.wait(&running).await;
        (changed(&response), running)
    });
    host.ok(address, &Call::CheckIn).await;
    stop.send(()).unwrap();
    let (changed, running) = waiting.await.unwrap();
    assert!(!changed, "the server stops, and nothing is new");
    running.stopped().await;
}

#[tokio::test]
async fn a_host_that_finds_no_place_is_told_when_to_ask_again() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start_with(
        folder.path(),
        Options { long_polls: 1, ..Options::default() },
        std::future::pending(),
    )
    .await;
    let mut hosts = [running.host(1), running.host(2)];
    for (host, name) in hosts.iter_mut().zip(["a", "b"]) {
        registered(&running, host, name).await;
    }
    let waits = async {
        tokio::select! {
            response = hosts[0].wait(&running) => response,
            response = hosts[1].wait(&running) => response,
        }
    };
    let response = waits.await;
    assert_eq!(response.problem().status, 503);
    assert!(response.headers.contains("retry-after: 60"), "{}", response.headers);
}

#[tokio::test]
async fn a_host_waits_once_and_its_last_request_is_the_one_that_waits() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { long_polls: 1, ..Options::default() };
    let running = Running::start_with(folder.path(), options, std::future::pending()).await;
    let mut host = running.host(1);
    registered(&running, &mut host, "a").await;
    for _ in 0..3 {
        let newer = async {
            // Until the one before waits.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let waited = timeout(Duration::from_millis(200), host.wait(&running)).await;
            assert!(waited.is_err(), "the newer one waits");
        };
        let (older, ()) = tokio::join!(timeout(AT_ONCE, host.wait(&running)), newer);
        assert!(!changed(&older.unwrap()));
    }
}

#[tokio::test]
async fn one_network_does_not_take_all_places() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        long_polls: 8,
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Options::default()
    };
    let running = Running::start_with(folder.path(), options, std::future::pending()).await;
    let mut hosts: Vec<_> = (1..=4).map(|id| running.host(id)).collect();
    for (id, host) in hosts.iter_mut().enumerate() {
        registered(&running, host, &format!("a{id}")).await;
    }
    let wait = |host: usize, client: &'static str| {
        timeout(Duration::from_millis(500), hosts[host].wait_from(&running, client))
    };
    let same = "203.0.113.9";
    let answers = tokio::join!(wait(0, same), wait(1, same), wait(2, same), wait(3, "198.51.100.7"));
    let is_refused = |answer: &Result<Response, _>| answer.as_ref().is_ok_and(|answer| answer.status == 503);
    let of_the_network = [&answers.0, &answers.1, &answers.2].into_iter().filter(|answer| is_refused(answer));
    assert_eq!(of_the_network.count(), 1);
    assert!(answers.3.is_err(), "another network waits");
}

#[tokio::test]
async fn waiting_can_be_switched_off_and_needs_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let off = Running::start_with(
        folder.path(),
        Options { long_polls: 0, ..Options::default() },
        std::future::pending(),
    )
    .await;
    assert_eq!(off.host(1).wait(&off).await.problem().status, 404);
    let on = Running::beside(license_server::LicenseServer::open(folder.path()).await.unwrap()).await;
    let unsigned = exchange(on.address, &format!("GET {CHANGED_PATH}"), &[], b"").await;
    assert_eq!(unsigned.problem().status, 401);
    let posted = exchange(on.address, &format!("POST {CHANGED_PATH}"), &[], b"").await;
    assert_eq!(posted.problem().status, 405);
}
