//! What operators rely on: limits, health, counts.

use std::time::Duration;

use license_core::api::{Call, FORGOTTEN_PATH, KEYS_PATH};
use license_server::LicenseServer;
use license_server::http::{LIVE_PATH, METRICS_PATH, Options, PING_PATH, READY_PATH};
use license_types::Registration;
use tokio::time;

use crate::{
    host::{Response, exchange},
    running::{Running, capture, company, registered},
};

async fn get(running: &Running, path: &str, headers: &[(&str, &str)]) -> Response {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    exchange(running.address, &format!("GET {path}"), &headers, b"").await
}

async fn start(options: Options) -> (tempfile::TempDir, Running) {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start_with(folder.path(), options, std::future::pending()).await;
    (folder, running)
}

fn wait(response: &Response) -> u64 {
    assert_eq!(response.problem().status, 429);
    let (_, rest) = response.headers.split_once("retry-after: ").unwrap();
    rest.lines().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_sixth_registration_that_is_refused_waits_and_is_not_decided() {
    let (_folder, running) = start(Options::default()).await;
    let mut bound = running.host(1);
    registered(&running, &mut bound, "a").await;
    let other = Registration { company: "Other".to_owned(), ..registration("a") };
    for id in 2..7 {
        let refused = running.host(id).refused(running.address, &Call::Register(other.clone())).await;
        assert_eq!(refused.code.map(|code| code.0), Some(2022));
    }
    let mut seventh = running.host(7);
    let sealed = seventh.seal(&Call::Register(registration("new")));
    let seconds = wait(&sealed.send(running.address).await);
    assert!((3000..=3600).contains(&seconds), "an hour after the first one: {seconds}");
    assert_eq!(seventh.seal(&Call::CheckIn).send(running.address).await.status, 404, "other calls go on");
    assert_eq!(bound.seal(&Call::CheckIn).send(running.address).await.status, 200);
}

#[tokio::test]
async fn a_registration_with_a_mistyped_field_is_not_counted_as_refused() {
    let (_folder, running) = start(Options::default()).await;
    let mut host = running.host(1);
    let mistyped = Registration { email: "a".to_owned(), ..registration("a") };
    for _ in 0..6 {
        let refused = host.refused(running.address, &Call::Register(mistyped.clone())).await;
        assert_eq!((refused.status, refused.code), (422, None));
    }
    registered(&running, &mut host, "a").await;
}

#[tokio::test]
async fn what_nothing_proves_is_limited_whatever_it_asks() {
    let forms = ["GET /nowhere", "GET /v1/register", "POST /v1/check-in", "GET /v1/changed", "GET /v1/keys"];
    for form in forms {
        let (_folder, running) = start(Options::default()).await;
        let (mut answers, mut last) = (Vec::new(), get(&running, LIVE_PATH, &[]).await);
        // It refills by ten a second, so that a slow machine needs more.
        while answers.len() < 5_000 && !answers.contains(&429) {
            last = exchange(running.address, form, &[], b"").await;
            answers.push(last.status);
        }
        assert!(answers.len() > 600, "{form}: {}", answers.len());
        assert_eq!(wait(&last), 1, "{form}");
        assert_eq!(get(&running, READY_PATH, &[]).await.status, 200, "{form}");
        registered(&running, &mut running.host(1), "a").await;
    }
}

fn registration(name: &str) -> Registration {
    let Call::Register(registration) = company(name) else { panic!("no registration") };
    registration
}

#[tokio::test]
async fn a_host_that_asks_without_end_is_told_when_to_come_back() {
    let (_folder, running) = start(Options::default()).await;
    let mut host = running.host(1);
    registered(&running, &mut host, "a").await;
    let mut answers = Vec::new();
    for _ in 0..140 {
        answers.push(host.seal(&capture(33)).send(running.address).await);
    }
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!((1..=21).contains(&refused.len()), "{}", refused.len());
    assert_eq!(wait(refused[0]), 1);
    let mut other = running.host(2);
    assert_eq!(other.seal(&company("b")).send(running.address).await.status, 200, "others go on");
    let counted = get(&running, METRICS_PATH, &[]).await;
    let text = String::from_utf8(counted.body).unwrap();
    assert!(text.contains("license_server_rate_limited_total{limit=\"host\"}"), "{text}");
}

#[tokio::test]
async fn only_a_trusted_proxy_says_who_the_client_is() {
    for (trusted, passes) in [(vec!["127.0.0.0/8".parse().unwrap()], true), (Vec::new(), false)] {
        let (_folder, running) = start(Options { trusted_proxies: trusted, ..Options::default() }).await;
        let from = |id: usize| format!("203.0.{id}.1");
        // More than one network may ask, and each claims to be another one.
        let mut statuses = Vec::new();
        for id in 0..700 {
            let client = from(id % 250);
            statuses.push(get(&running, KEYS_PATH, &[("x-forwarded-for", &client)]).await.status);
        }
        assert_eq!(statuses.iter().all(|status| *status == 200), passes);
    }
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let (_folder, running) = start(Options { rate_limits: false, ..Options::default() }).await;
    for _ in 0..700 {
        assert_eq!(get(&running, KEYS_PATH, &[]).await.status, 200);
    }
}

#[tokio::test]
async fn health_and_ping_answer_and_counts_are_for_this_machine() {
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let (_folder, running) = start(Options { trusted_proxies: proxies, ..Options::default() }).await;
    for path in [LIVE_PATH, READY_PATH, PING_PATH] {
        assert_eq!(get(&running, path, &[]).await.status, 200, "{path}");
        assert_eq!(exchange(running.address, &format!("POST {path}"), &[], b"").await.status, 405, "{path}");
    }
    registered(&running, &mut running.host(1), "a").await;
    running.host(2).refused(running.address, &capture(33)).await;
    let counted = get(&running, METRICS_PATH, &[]).await;
    assert!(counted.headers.contains("content-type: application/openmetrics-text"), "{}", counted.headers);
    let text = String::from_utf8(counted.body).unwrap();
    for line in [
        "license_server_requests_total{path=\"/v1/register\",status=\"200\"} 1",
        "license_server_refusals_total{code=\"2009\"} 1",
        "license_server_outbox_mails 1",
        "license_server_statements_total 1",
        "license_server_transaction_duration_seconds_count 2",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("MIKO-"), "{text}");
    let foreign = get(&running, METRICS_PATH, &[("x-forwarded-for", "203.0.113.7")]).await;
    assert_eq!(foreign.problem().status, 404);
}

#[tokio::test]
async fn a_server_that_drains_is_not_ready() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let folder = tempfile::tempdir().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or_default() };
    let running = Running::start_with(folder.path(), Options::default(), stopped).await;
    // The head of the request is under way when the server is told to stop.
    let mut stream = tokio::net::TcpStream::connect(running.address).await.unwrap();
    stream.write_all(format!("GET {READY_PATH} HTTP/1.1\r\nhost: test\r\n").as_bytes()).await.unwrap();
    let open = running.host(1).seal(&company("a")).send_head(running.address).await;
    stop.send(()).unwrap();
    while tokio::net::TcpStream::connect(running.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("draining\n"), "{answer}");
    assert_eq!(open.finish().await, 200);
    running.stopped().await;
}

#[tokio::test]
async fn a_forgotten_number_is_asked_for_in_a_small_json() {
    let (_folder, running) = start(Options::default()).await;
    let post = |body: Vec<u8>| async move {
        exchange(running.address, &format!("POST {FORGOTTEN_PATH}"), &[], &body).await
    };
    let post = &post;
    assert_eq!(post(b"{\"email\":\"a@example.com\"}".to_vec()).await.status, 202);
    assert_eq!(post(b"{\"mail\":1}".to_vec()).await.status, 400);
    let problem = post(format!("{{\"email\":\"{}\"}}", "a".repeat(2000)).into_bytes()).await.problem();
    assert_eq!((problem.status, problem.detail.as_str()), (413, "The body is longer than 1 KiB."));
}

/// An import holds the database for longer than a transaction waits.
#[tokio::test]
async fn a_forgotten_number_is_mailed_although_another_process_has_the_database() {
    let (folder, running) = start(Options::default()).await;
    registered(&running, &mut running.host(1), "a").await;
    let other = LicenseServer::open(folder.path()).await.unwrap();
    let waiting = || async { running.server.store().mails_waiting().await.unwrap() };
    let before = waiting().await;
    let import = other.store().series().await.unwrap();
    let body = format!("{{\"email\":\"{}\"}}", registration("a").email);
    let accepted =
        exchange(running.address, &format!("POST {FORGOTTEN_PATH}"), &[], body.as_bytes()).await.status;
    assert_eq!(accepted, 202);
    time::sleep(Duration::from_secs(6)).await;
    drop(import);
    let deadline = time::timeout(Duration::from_secs(30), async {
        while waiting().await == before {
            time::sleep(Duration::from_millis(100)).await;
        }
    });
    deadline.await.expect("the mail is in the outbox");
    assert_eq!(waiting().await, before + 1);
}
