//! Many at once, and a server that dies in the middle.

use std::{net::SocketAddr, path::Path, time::Duration};

use license_core::{
    api::Call,
    statement::{Kind, Lease},
};
use license_server::http::Options;
use license_types::{Coupon, SessionId};
use sqlx::{Row, SqlitePool, sqlite::SqliteConnectOptions};

use crate::{
    cli::{Served, admin, ok},
    host::Host,
    running::{Running, capture, company, registered},
};

/// Clients, seats, and how often they compete.
const CLIENTS: u8 = 64;
const SEATS: u32 = 10;
const ROUNDS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_clients_exactly_10_get_one_of_10_seats_in_200_rounds() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let options = Options { rate_limits: false, ..Options::default() };
    let running = Running::start_with(folder.path(), options, std::future::pending()).await;
    let at = running.address;
    let mut first = running.host(1);
    let number = registered(&running, &mut first, "a").await;
    let coupon = running.coupon(81, SEATS).await;
    let (answer, _) = first.ok(at, &Call::Coupon { coupon }).await;
    assert_eq!(answer.warnings, Vec::<String>::new());
    let mut hosts = vec![first];
    for id in 2..=CLIENTS {
        let mut host = running.host(id);
        host.ok(at, &Call::Activate { number: number.clone() }).await;
        hosts.push(host);
    }
    // The coupon took a seat for the host that used it.
    let (answer, _) = hosts[0].ok(at, &capture(45)).await;
    hosts[0].ok(at, &Call::Release { session: answer.session.unwrap() }).await;

    for round in 0..ROUNDS {
        let captures: Vec<_> = hosts
            .drain(..)
            .map(|mut host| {
                tokio::spawn(async move {
                    let sealed = host.seal(&capture(45));
                    let response = sealed.send(at).await;
                    if response.status != 200 {
                        assert_eq!(response.problem().code.map(|code| code.0), Some(2008));
                        return (host, None);
                    }
                    let (answer, _) = host.accept(&sealed, &response);
                    (host, answer.session)
                })
            })
            .collect();
        let mut holders = Vec::new();
        for capture in captures {
            let (host, session) = capture.await.unwrap();
            holders.extend(session.map(|session| (hosts.len(), session)));
            hosts.push(host);
        }
        assert_eq!(holders.len(), usize::try_from(SEATS).unwrap(), "round {round}");
        for (index, session) in holders {
            hosts[index].ok(at, &Call::Release { session }).await;
        }
    }
}

/// Mutating calls in all, by so many hosts, and how often the server is killed among them.
const CALLS: usize = 10_000;
const HOSTS: u8 = 40;
const KILLS: usize = 12;

/// What a host has after its calls, if each had its effect once.
#[derive(Debug, Default)]
struct Expected {
    /// Coupons that it used, each a grant.
    coupons: i64,
    /// Seats of 45 that it ever took.
    taken: i64,
    /// The one that it holds.
    held: Option<SessionId>,
}

/// A call until it is answered, as a daemon does it: the same bytes under the same id.
async fn insist(address: SocketAddr, host: &mut Host, call: &Call) -> Lease {
    let sealed = host.seal(call);
    let response = loop {
        match sealed.try_send(address).await {
            Some(response) => break response,
            None => tokio::time::sleep(Duration::from_millis(3)).await,
        }
    };
    let (_, statement) = host.accept(&sealed, &response);
    let Kind::Lease(lease) = statement.unwrap().kind else { panic!("a refusal") };
    lease
}

/// The calls of one host: coupons, captures and releases in turn.
async fn work(address: SocketAddr, mut host: Host, coupons: Vec<Coupon>) -> Expected {
    let (mut expected, mut coupons) = (Expected::default(), coupons.into_iter());
    for turn in 0..CALLS / usize::from(HOSTS) {
        let call = match (&expected.held, turn % 5) {
            (_, 0) => Call::Coupon { coupon: coupons.next().unwrap() },
            (Some(session), _) => Call::Release { session: session.clone() },
            (None, _) => capture(45),
        };
        let lease = insist(address, &mut host, &call).await;
        let seats = lease.features.into_iter().find(|row| row.feature.0 == 45).unwrap().held;
        let held = seats.first().map(|seat| seat.session.clone());
        assert_eq!(held.is_some(), !matches!(call, Call::Release { .. }));
        expected.coupons += i64::from(matches!(call, Call::Coupon { .. }));
        expected.taken += i64::from(held.is_some() && expected.held.is_none());
        expected.held = held;
    }
    expected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_among_10000_calls_does_each_of_them_once() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let root = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let each = CALLS / usize::from(HOSTS) / 5;
    let issue = format!("coupon issue --product 81 --count {} --days 9", each * usize::from(HOSTS));
    let issued = ok(admin(folder.path(), &issue));
    let coupons: Vec<Coupon> = issued.lines().map(|line| line.parse().unwrap()).collect();
    let served = Served::start_for_load(folder.path(), ([127, 0, 0, 1], 0).into());
    let address = served.address;

    let mut workers = Vec::new();
    for (id, coupons) in (1..=HOSTS).zip(coupons.chunks(each)) {
        let mut host = Host::new(id, root);
        host.ok(address, &company(&format!("c{id}"))).await;
        workers.push(tokio::spawn(work(address, host, coupons.to_vec())));
    }
    let path = folder.path().to_owned();
    let killer = tokio::task::spawn_blocking(move || {
        let mut served = served;
        for kill in 0..KILLS {
            // Any moment will do, and the calls go on as fast as the server is there.
            std::thread::park_timeout(Duration::from_millis(100 + 150 * u64::try_from(kill % 5).unwrap()));
            drop(served);
            served = Served::start_for_load(&path, address);
        }
        served
    });
    let mut expected = Expected::default();
    let mut holding = 0;
    for worker in workers {
        let one = worker.await.unwrap();
        expected.coupons += one.coupons;
        expected.taken += one.taken;
        holding += i64::from(one.held.is_some());
    }
    killer.await.unwrap().stop();

    for (table, rows) in [
        ("coupon WHERE used_at IS NOT NULL", expected.coupons),
        ("license_grant WHERE product = 81", expected.coupons),
        ("seat WHERE feature = 45", expected.taken),
        ("seat WHERE feature = 45 AND freed_at IS NULL", holding),
        ("customer", i64::from(HOSTS)),
        ("log WHERE deed = 'coupon_used'", expected.coupons),
        ("log WHERE deed = 'captured' AND json_extract(details, '$.feature') = 45", expected.taken),
    ] {
        assert_eq!(rows_in(folder.path(), table).await, rows, "{table}");
    }
    let verified = ok(admin(folder.path(), "log verify"));
    assert!(verified.contains(&HOSTS.to_string()), "{verified}");
}

async fn rows_in(folder: &Path, table: &'static str) -> i64 {
    let options = SqliteConnectOptions::new().filename(folder.join("license-server.db"));
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let query = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")));
    let rows = query.fetch_one(&pool).await.unwrap().get(0);
    pool.close().await;
    rows
}
