//! The server over a real loopback connection, asked by hosts that sign and verify.

use std::path::Path;

use license_core::{
    api::{Call, KEYS_PATH, MAX_REQUEST_BODY},
    crypto::RequestId,
    host::{Fact, FactKind},
    keys::SignedKeySet,
    statement::Kind,
};
use license_server::http::Options;
use license_types::{Code, FeatureId, ProductId};

use crate::{
    host::exchange,
    running::{Running, capture, company, registered, trial},
};

#[tokio::test]
async fn the_whole_life_of_a_binding() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let mut host = running.host(1);

    let number = registered(&running, &mut host, "Ромашка").await;
    let lease = host.lease(at).await;
    assert_eq!(lease.customer.company, "ООО «Ромашка»");
    assert_eq!(lease.features.len(), 1);
    assert_eq!(host.leased(at, 33).await.unwrap().refusal, None);
    assert_eq!(host.refused(at, &capture(45)).await.code, Some(Code::NO_LICENSE));

    let coupon = running.coupon(81, 1).await;
    host.ok(at, &Call::Coupon { coupon: coupon.clone() }).await;
    let leased = host.leased(at, 45).await.unwrap();
    assert_eq!((leased.refusal, leased.product), (None, ProductId(81)));
    let (answer, _) = host.ok(at, &capture(45)).await;
    assert_eq!(answer.session, Some(leased.held[0].session.clone()));

    let listed = running.bindings(&number).await;
    let features: Vec<_> = listed.iter().map(|binding| binding["feature"].as_u64().unwrap()).collect();
    assert_eq!(features, [33, 45]);
    assert_eq!(listed[1]["session"].as_str(), Some(leased.held[0].session.0.as_str()));
    assert_eq!(listed[1]["host"].as_str(), Some(host.public().id().0.as_str()));
    assert_eq!(listed[1]["product"].as_u64(), Some(81));
    assert_eq!(listed[1]["state"].as_str(), Some("live"));

    running.drop_all(&number).await;
    assert_eq!(running.bindings(&number).await, Vec::<serde_json::Value>::new());
    let (_, statement) = host.ok(at, &Call::CheckIn).await;
    let Kind::Refusal(refusal) = statement.unwrap().kind else { panic!("a lease after the drop") };
    assert_eq!(refusal.code, Code::NO_LICENSE);
    assert_eq!(host.refused(at, &capture(45)).await.code, Some(Code::NO_LICENSE));

    let mut other = running.host(2);
    other.ok(at, &Call::Activate { number: number.clone() }).await;
    other.ok(at, &capture(45)).await;
    let (answer, _) = other.ok(at, &Call::Drop).await;
    assert_eq!(answer.statement, None);
    host.ok(at, &Call::Activate { number: number.clone() }).await;
    host.ok(at, &capture(45)).await;

    let (answer, _) = other.ok(at, &Call::LicenseInfo { number }).await;
    let products: Vec<u32> = answer.license.unwrap().products.iter().map(|p| p.product.0).collect();
    assert_eq!(products, [11, 81]);
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let mut host = running.host(1);
    registered(&running, &mut host, "a").await;

    let coupon = running.coupon(81, 2).await;
    let sealed = host.seal(&Call::Coupon { coupon: coupon.clone() });
    let first = sealed.send(at).await;
    let second = sealed.send(at).await;
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    host.accept(&sealed, &first);
    let lease = host.lease(at).await;
    assert_eq!(lease.products.iter().filter(|product| product.product.0 == 81).count(), 1);

    let used = host.seal(&Call::Coupon { coupon });
    let first = used.send(at).await;
    assert_eq!(first.problem().code, Some(Code::COUPON_USED), "a new request is a second use");
    assert_eq!(used.send(at).await.body, first.body, "refusals are kept too");
}

#[tokio::test]
async fn a_capture_that_is_only_asked_about_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let mut host = running.host(1);
    let number = registered(&running, &mut host, "a").await;
    let would = |feature| Call::WouldCapture { feature: FeatureId(feature), holder: None };
    assert_eq!(host.refused(at, &would(45)).await.code, Some(Code::NO_LICENSE));

    let coupon = host.seal(&Call::Coupon { coupon: running.coupon(81, 2).await });
    let first = coupon.send(at).await;
    let mut other = running.host(2);
    other.ok(at, &Call::Activate { number: number.clone() }).await;
    let seats = running.bindings(&number).await;
    for _ in 0..2 {
        let (answer, statement) = other.ok(at, &would(45)).await;
        assert_eq!((answer.session, statement.is_none()), (None, true));
    }
    host.ok(at, &would(45)).await;
    assert_eq!(running.bindings(&number).await, seats);
    assert_eq!(coupon.send(at).await.body, first.body, "its last answer is still kept");
}

#[tokio::test]
async fn a_request_id_belongs_to_one_request() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let mut host = running.host(1);
    registered(&running, &mut host, "a").await;
    let id = RequestId([200; 16]);
    let first = host.seal_as(id, &trial(81));
    let answer = first.send(running.address).await;
    assert_eq!(answer.status, 200);
    let other = host.seal_as(id, &trial(96)).send(running.address).await.problem();
    assert_eq!((other.status, other.code), (422, None));
    assert_eq!(first.send(running.address).await.body, answer.body, "the first answer is still kept");
}

#[tokio::test]
async fn a_tampered_request_is_not_signed() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let mut host = running.host(1);
    registered(&running, &mut host, "a").await;
    let sealed = host.seal(&trial(81));

    let mut body = sealed.clone();
    let last = body.body.len() - 1;
    body.body[last] = b' ';
    let mut path = sealed.clone();
    path.path = "/v1/capture";
    let mut header = sealed.clone();
    header.headers[2].1 = "77".to_owned();
    let mut missing = sealed.clone();
    missing.headers.remove(3);
    let mut foreign = sealed.clone();
    foreign.headers[0].1 = running.host(2).public().to_string();
    for (name, tampered) in
        [("body", body), ("path", path), ("serial", header), ("signature", missing), ("key", foreign)]
    {
        let problem = tampered.send(at).await.problem();
        assert_eq!((problem.status, problem.code), (401, None), "{name}");
    }
    assert_eq!(host.lease(at).await.products.len(), 1, "none of them had an effect");
}

#[tokio::test]
async fn what_is_no_call_is_a_problem_without_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let host = running.host(1);
    let signed = |path: &'static str, body: &[u8]| {
        let id = RequestId([1; 16]);
        let key = license_core::crypto::SigningKey::from_bytes(&[1; 32]);
        let envelope = license_core::envelope::Envelope::seal(&key, "POST", path, body, id, 0);
        (format!("POST {path}"), envelope.headers().to_vec(), body.to_vec())
    };
    let check_in = host.seal_as(RequestId([1; 16]), &Call::CheckIn).body;
    let twice = host.with_evidence(vec![Fact::new(FactKind::MachineId, "m"); 2]);
    let twice = twice.seal_as(RequestId([1; 16]), &Call::CheckIn).body;
    let endless = host.with_evidence(vec![Fact { kind: FactKind::MachineId, digest: "0".repeat(60_000) }]);
    let endless = endless.seal_as(RequestId([1; 16]), &Call::CheckIn).body;
    let malformed = br#"{"nonce":"MIKO-AAAAA-AAAAA-AAAAA-AAAAA"}"#;
    let cases = [
        (400, signed("/v1/trial", b"")),
        (400, signed("/v1/trial", malformed)),
        (400, signed("/v1/trial", &check_in)),
        (400, signed("/v1/check-in", &twice)),
        (400, signed("/v1/check-in", &endless)),
        (404, ("GET /v2/keys".to_owned(), vec![], vec![])),
        (404, ("GET /".to_owned(), vec![], vec![])),
        (405, ("GET /v1/trial".to_owned(), vec![], vec![])),
        (405, ("POST /v1/keys".to_owned(), vec![], vec![])),
        (413, signed("/v1/trial", &vec![b' '; MAX_REQUEST_BODY + 1])),
    ];
    for (status, (head, headers, body)) in cases {
        let response = exchange(at, &head, &headers, &body).await;
        let problem = response.problem();
        assert_eq!((problem.status, problem.code), (status, None), "{head}: {problem:?}");
        assert!(!problem.detail.contains("MIKO"), "the body is not repeated: {}", problem.detail);
        assert!(!problem.detail_ru.is_empty(), "{head}");
        assert!(response.headers.contains("x-request-id: "), "{head}");
    }
}

/// How many rows a table of the database in `folder` has.
async fn rows_in(folder: &Path, table: &'static str) -> i64 {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("license-server.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let mut count = sqlx::QueryBuilder::<sqlx::Sqlite>::new(format!("SELECT count(*) FROM {table}"));
    count.build_query_scalar().fetch_one(&pool).await.unwrap()
}

#[tokio::test]
async fn keys_that_nobody_knows_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let mut known = running.host(1);
    let number = registered(&running, &mut known, "a").await;
    for id in 100..200 {
        let mut host = running.host(id);
        assert_eq!(host.refused(at, &Call::CheckIn).await.status, 404);
        // What succeeds for anybody is no exception.
        host.ok(at, &Call::LicenseInfo { number: number.clone() }).await;
        host.ok(at, &Call::Drop).await;
    }
    for table in ["reply", "host", "host_fact", "binding"] {
        assert_eq!(rows_in(folder.path(), table).await, 1, "{table}");
    }
}

#[tokio::test]
async fn a_recorded_reset_that_is_sent_again_later_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let mut host = running.host(1);
    let number = registered(&running, &mut host, "a").await;
    let recorded = host.seal(&Call::Drop);
    let first = recorded.send(at).await;
    assert_eq!(recorded.send(at).await.body, first.body, "a repetition at once is answered again");
    host.ok(at, &Call::Activate { number: number.clone() }).await;
    let (_, statement) = host.ok(at, &Call::CheckIn).await;
    assert!(matches!(statement.unwrap().kind, Kind::Lease(_)));

    let last = host.seal(&Call::CheckIn);
    let answer = last.send(at).await;
    let problem = recorded.send(at).await.problem();
    assert_eq!((problem.status, problem.code), (409, None));
    assert_eq!(running.bindings(&number).await.len(), 1);
    assert_eq!(last.send(at).await.body, answer.body, "the host's own last answer is still kept");
}

#[tokio::test]
async fn a_reinstalled_host_stops_the_one_that_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let mut host = running.host(1);
    let number = registered(&running, &mut host, "a").await;
    let mut reinstalled = host.with_key(2);
    reinstalled.ok(at, &Call::Activate { number: number.clone() }).await;
    assert_eq!(reinstalled.leased(at, 33).await.unwrap().refusal, None);
    assert_eq!(running.bindings(&number).await.len(), 1);
    let (_, statement) = host.ok(at, &Call::CheckIn).await;
    let Kind::Refusal(refusal) = statement.unwrap().kind else { panic!("two keys on one seat") };
    assert_eq!(refusal.code, Code::NO_LICENSE);
}

#[tokio::test]
async fn anybody_may_read_the_key_set_and_whether_the_server_lives() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let keys = exchange(running.address, &format!("GET {KEYS_PATH}"), &[], b"").await;
    let keys: SignedKeySet = serde_json::from_slice(&keys.body).unwrap();
    assert_eq!(keys.verify(&[running.root]).unwrap().version, 1);
    let live = exchange(running.address, "GET /health/live", &[], b"").await;
    assert_eq!(live.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_captures_at_once_three_seats_make_three() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let at = running.address;
    let mut first = running.host(1);
    let number = registered(&running, &mut first, "a").await;
    let coupon = running.coupon(81, 3).await;
    first.ok(at, &Call::Coupon { coupon }).await;
    let (answer, _) = first.ok(at, &capture(45)).await;
    first.ok(at, &Call::Release { session: answer.session.unwrap() }).await;

    let mut captures = Vec::new();
    for id in 2..22 {
        let mut host = running.host(id);
        host.ok(at, &Call::Activate { number: number.clone() }).await;
        let sealed = host.seal(&capture(45));
        captures.push(tokio::spawn(async move { sealed.send(at).await.status }));
    }
    let mut given = 0;
    for capture in captures {
        match capture.await.unwrap() {
            200 => given += 1,
            status => assert_eq!(status, 403),
        }
    }
    assert_eq!(given, 3);
    let listed = running.bindings(&number).await;
    assert_eq!(listed.iter().filter(|binding| binding["feature"] == 45).count(), 3);
}

#[tokio::test]
async fn a_killed_server_remembers_everything_that_it_answered() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path()).await;
    let root = running.root;
    let mut host = running.host(1);
    let number = registered(&running, &mut host, "a").await;
    let sealed = host.seal(&trial(81));
    let answered = sealed.send(running.address).await;
    running.kill();

    let running = Running::start(folder.path()).await;
    assert_eq!(running.root, root);
    assert_eq!(sealed.send(running.address).await.body, answered.body, "also the last answer");
    let (_, statement) = host.accept(&sealed, &answered);
    assert_eq!(statement.unwrap().number, number);
    assert_eq!(host.leased(running.address, 45).await.unwrap().refusal, None);
    assert_eq!(host.refused(running.address, &trial(99)).await.code, Some(Code::NO_LICENSE));
}

#[tokio::test]
async fn a_server_that_was_restored_goes_on_with_the_hosts_that_it_bound_since() {
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = Running::start(folder.path()).await;
    let mut host = running.host(1);
    let number = registered(&running, &mut host, "a").await;
    host.ok(running.address, &Call::Drop).await;
    running.server.store().close().await;
    running.kill();
    for file in ["license-server.db", "root.pub", "online.key", "key-set.json"] {
        std::fs::copy(folder.path().join(file), backup.path().join(file)).unwrap();
    }

    let running = Running::start(folder.path()).await;
    let mut other = running.host(2);
    for call in [Call::Activate { number: number.clone() }, trial(81), Call::CheckIn] {
        other.ok(running.address, &call).await;
    }
    running.kill();

    let restored = Running::start(backup.path()).await;
    assert_eq!(other.leased(restored.address, 33).await.unwrap().refusal, None);
    assert_eq!(restored.bindings(&number).await.len(), 1);
    let mut nobody = restored.host(3);
    assert_eq!(nobody.refused(restored.address, &Call::CheckIn).await.status, 404);
}

#[tokio::test]
async fn open_requests_are_answered_before_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or_default() };
    let running = Running::start_with(folder.path(), Options::default(), stopped).await;
    let at = running.address;
    let open = running.host(1).seal(&company("a")).send_head(at).await;
    stop.send(()).unwrap();
    assert_eq!(open.finish().await, 200);
    running.stopped().await;
    assert!(tokio::net::TcpStream::connect(at).await.is_err(), "nobody listens any more");
}
