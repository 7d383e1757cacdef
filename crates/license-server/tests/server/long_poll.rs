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
