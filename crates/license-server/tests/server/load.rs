//! Many at once, and a server that dies in the middle.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use license_core::{
    api::Call,
    statement::{Kind, Statement},
};
use license_server::http::Options;
use license_types::{Coupon, RegistrationNumber, SessionId};
use sqlx::{Row, SqlitePool, sqlite::SqliteConnectOptions};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{Served, admin, ok},
    host::Host,
    running::{Running, capture, registered, trial},
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
const HOSTS: usize = 40;
const KILLS: usize = 12;

/// Of so many calls the first answer of one is lost on the way, beside those that a kill takes.
const LOST: usize = 4;

/// What decides when the server is killed.
const SEED: u64 = 20_261_124;

/// What came of all calls so far.
#[derive(Debug, Default)]
struct Progress {
    answered: AtomicUsize,
    lost: AtomicUsize,
}

/// What hosts have after their calls, if each had its effect once.
#[derive(Debug, Default)]
struct Expected {
    /// Coupons that were used, each a grant.
    coupons: i64,
    /// Trials, each a grant.
    trials: i64,
    /// How often a host went to another number, the first one included.
    bindings: i64,
    /// Seats of 45 that were ever taken.
    taken: i64,
    /// Those that are held.
    held: i64,
}

/// One of the hosts, with two numbers between which it changes.
struct Worker {
    address: SocketAddr,
    host: Host,
    numbers: [RegistrationNumber; 2],
    coupons: Vec<Coupon>,
    progress: Arc<Progress>,
}

impl Worker {
    /// A call until it is answered, as a daemon does it: the same bytes under the same id. Its first answer
    /// may be lost on the way: a kill seldom falls between what was stored and the answer.
    async fn insist(&mut self, call: &Call, is_lost: bool) -> Statement {
        let sealed = self.host.seal(call);
        if is_lost {
            let _lost = sealed.try_send(self.address).await;
        }
        let response = loop {
            if let Some(response) = sealed.try_send(self.address).await {
                break response;
            }
            self.progress.lost.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(3)).await;
        };
        self.progress.answered.fetch_add(1, Ordering::Relaxed);
        self.host.accept(&sealed, &response).1.unwrap()
    }

    /// Coupons, trials, activations, captures and releases in turn.
    async fn work(mut self) -> Expected {
        // A machine gets the trial of a product once, on whichever number it is.
        let products = [[31, 96], [127, 129]];
        let (mut on, mut trials, mut held) = (0, BTreeSet::new(), None);
        let mut expected = Expected::default();
        for turn in 0..CALLS / HOSTS {
            let call = match (turn % 10, &held) {
                (0, _) => {
                    on = (turn / 10) % 2;
                    expected.bindings += 1;
                    Call::Activate { number: self.numbers[on].clone() }
                }
                (1, _) => {
                    expected.coupons += 1;
                    Call::Coupon { coupon: self.coupons.pop().unwrap() }
                }
                (5, _) => {
                    let product = products[on][(turn / 20) % 2];
                    trials.insert(product);
                    trial(product)
                }
                (_, Some(session)) => Call::Release { session: SessionId::clone(session) },
                (_, None) => capture(45),
            };
            let statement = self.insist(&call, (turn + turn / 10) % LOST == 0).await;
            assert_eq!(statement.number, self.numbers[on], "{call:?}");
            let Kind::Lease(lease) = statement.kind else { panic!("a refusal of {call:?}") };
            let seat = lease.features.into_iter().find(|row| row.feature.0 == 45);
            let now = seat.and_then(|row| Some(row.held.first()?.session.clone()));
            match call {
                Call::Activate { .. } | Call::Release { .. } => assert_eq!(now, None, "{call:?}"),
                Call::Coupon { .. } | Call::Capture { .. } => assert!(now.is_some(), "{call:?}"),
                Call::Trial { .. } => assert_eq!(now, held, "{call:?}"),
                Call::Register(_)
                | Call::CheckIn
                | Call::LicenseInfo { .. }
                | Call::SendMetrics { .. }
                | Call::Drop
                | Call::WouldCapture { .. } => panic!("{call:?} is not among these calls"),
            }
            expected.taken += i64::from(now.is_some() && now != held);
            held = now;
        }
        expected.trials = i64::try_from(trials.len()).unwrap();
        expected.held = i64::from(held.is_some());
        expected
    }
}

/// Kills the server after numbers of answers that chance gives, and starts it again; until the test ended.
fn kill(folder: &Path, mut served: Served, progress: &Progress, ended: &CancellationToken) -> Served {
    let mut random = SEED;
    let mut moments: Vec<usize> = std::iter::repeat_with(|| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % (CALLS - CALLS / 10)
    })
    .take(KILLS)
    .collect();
    moments.sort_unstable();
    for moment in moments {
        while progress.answered.load(Ordering::Relaxed) < moment {
            if ended.is_cancelled() {
                return served;
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        let address = served.address;
        drop(served);
        served = Served::start_for_load(folder, address);
    }
    served
}

/// Two numbers for each host, as they come from another system.
fn imported(folder: &Path) -> Vec<RegistrationNumber> {
    let numbers: Vec<String> = (0..2 * HOSTS).map(|id| format!("MIKO-{id:05}-AAAAA-AAAAA-AAAAA")).collect();
    let customers = folder.join("customers.csv");
    let lines = numbers.iter().map(|number| format!("{number},Company,{number}@example.com,Somebody\n"));
    let text = format!("number,company,email,contact\n{}", lines.collect::<String>());
    std::fs::write(&customers, text).unwrap();
    ok(admin(folder, &format!("import --customers {}", customers.display())));
    numbers.into_iter().map(|number| number.parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_among_10000_calls_does_each_of_them_once() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let root = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let each = CALLS / HOSTS / 10;
    let issue = format!("coupon issue --product 81 --count {} --days 9", each * HOSTS);
    let issued = ok(admin(folder.path(), &issue));
    let coupons: Vec<Coupon> = issued.lines().map(|line| line.parse().unwrap()).collect();
    let numbers = imported(folder.path());
    let served = Served::start_for_load(folder.path(), ([127, 0, 0, 1], 0).into());
    let progress = Arc::new(Progress::default());

    let mut workers = Vec::new();
    for (id, (numbers, coupons)) in (1..).zip(numbers.chunks(2).zip(coupons.chunks(each))) {
        let worker = Worker {
            address: served.address,
            host: Host::new(id, root),
            numbers: numbers.to_vec().try_into().unwrap(),
            coupons: coupons.to_vec(),
            progress: Arc::clone(&progress),
        };
        workers.push(tokio::spawn(worker.work()));
    }
    let ended = CancellationToken::new();
    let _a_failure_is_an_end = ended.clone().drop_guard();
    let (path, watched) = (folder.path().to_owned(), Arc::clone(&progress));
    let killer = tokio::task::spawn_blocking(move || kill(&path, served, &watched, &ended));
    let mut expected = Expected::default();
    for worker in workers {
        let one = worker.await.unwrap();
        expected.coupons += one.coupons;
        expected.trials += one.trials;
        expected.bindings += one.bindings;
        expected.taken += one.taken;
        expected.held += one.held;
    }
    killer.await.unwrap().stop();
    assert_eq!(progress.answered.load(Ordering::Relaxed), CALLS);
    assert!(progress.lost.load(Ordering::Relaxed) >= KILLS, "no call was open at a kill; seed {SEED}");

    let of_45 = "json_extract(details, '$.feature') = 45";
    for (table, rows) in [
        ("coupon WHERE used_at IS NOT NULL".to_owned(), expected.coupons),
        ("license_grant WHERE product = 81".to_owned(), expected.coupons),
        ("log WHERE deed = 'coupon_used'".to_owned(), expected.coupons),
        ("license_grant WHERE trial = 1".to_owned(), expected.trials),
        ("binding".to_owned(), expected.bindings),
        ("log WHERE deed = 'bound'".to_owned(), expected.bindings),
        ("binding WHERE ended_at IS NULL".to_owned(), i64::try_from(HOSTS).unwrap()),
        ("seat WHERE feature = 45".to_owned(), expected.taken),
        (format!("log WHERE deed = 'captured' AND {of_45}"), expected.taken),
        ("seat WHERE feature = 45 AND freed_at IS NULL".to_owned(), expected.held),
    ] {
        assert_eq!(rows_in(folder.path(), &table).await, rows, "{table}; seed {SEED}");
    }
    let verified: serde_json::Value =
        serde_json::from_str(&ok(admin(folder.path(), "log verify --json"))).unwrap();
    assert_eq!((&verified["chains"], &verified["broken"]), (&(2 * HOSTS).into(), &0.into()));
}

async fn rows_in(folder: &Path, table: &str) -> i64 {
    let options = SqliteConnectOptions::new().filename(folder.join("license-server.db"));
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let query = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")));
    let rows = query.fetch_one(&pool).await.unwrap().get(0);
    pool.close().await;
    rows
}
