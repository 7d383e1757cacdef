//! SIGKILL again and again, in the middle of everything that people and modules do at once. Afterwards the daemon
//! answers, finishes what was begun by itself, and nobody is needed.

use std::{
    array,
    collections::BTreeSet,
    env,
    sync::{
        RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use end_to_end::{
    LicenseServer, World,
    waiting::{self, Stopwatch},
};
use license_client::{
    Client, ClientError,
    ipc::{ErrorKind, State},
    types::{FeatureId, ProductId},
};
use serde_json::json;

use crate::chance;

/// How often the daemon is killed; `LICENSED_TEST_KILLS` says it otherwise.
const KILLS: usize = 30;

/// Who acts at once.
const ACTORS: usize = 4;

/// A kill comes within this time after the daemon answers, which is many acts, or so long after its start, which
/// hits its first writes.
const MOMENTS: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(60)];

/// Within this time after its start the daemon answers: a hundred times what it needs.
const ANSWERS: Duration = Duration::from_secs(5);

/// Products with the feature that a host takes a seat of.
const PRODUCTS: [(u32, u32); 6] = [(31, 41), (81, 45), (96, 50), (127, 51), (129, 53), (131, 54)];

/// Coupons of each product. When they are used up they are refused, which keeps the daemon busy too.
const COUPONS: usize = 40;

/// States that a daemon whose license server answers does not leave by itself, or has no reason to be in.
const NEEDS_SOMEBODY: [&str; 5] = ["recovering", "refused", "lapsed", "pending", "host_changed"];

const ACTS: [&str; 8] = ["check", "recheck", "activate", "coupon", "trial", "capture", "release", "reset"];

/// Everybody who acts, and what they act with.
struct Crowd {
    numbers: [String; 2],
    coupons: Vec<String>,
    /// Held by each act, and by whoever wants quiet.
    quiet: RwLock<()>,
    is_over: AtomicBool,
    done: [AtomicUsize; ACTS.len()],
}

impl Crowd {
    /// Does one thing or another until it is over.
    fn act(&self, mut client: Client, mut random: fastrand::Rng) {
        while !self.is_over.load(Ordering::Relaxed) {
            // Poisoned when the test has failed.
            let Ok(acting) = self.quiet.read() else { return };
            let act = match random.u8(0..32) {
                0..4 => 0,
                4..8 => 1,
                8..13 => 2,
                13..18 => 3,
                18..21 => 4,
                21..26 => 5,
                26..31 => 6,
                _ => 7,
            };
            let ended = self.perform(ACTS[act], &mut client, &mut random);
            drop(acting);
            match ended {
                Ok(()) => drop(self.done[act].fetch_add(1, Ordering::Relaxed)),
                Err(ClientError::Failed(failure)) => {
                    let is_usual =
                        matches!(failure.kind, ErrorKind::Refused | ErrorKind::Busy | ErrorKind::Overtaken);
                    assert!(is_usual, "{}: {failure:?}", ACTS[act]);
                }
                // It was killed.
                Err(_) => waiting::pass(Duration::from_millis(1)),
            }
        }
    }

    fn perform(&self, act: &str, client: &mut Client, random: &mut fastrand::Rng) -> Result<(), ClientError> {
        let (product, feature) = PRODUCTS[random.usize(..PRODUCTS.len())];
        let feature = FeatureId(feature);
        match act {
            "recheck" => client.recheck().map(drop),
            "activate" => client.activate(self.numbers[random.usize(..2)].parse().unwrap()).map(drop),
            "coupon" => {
                let coupon = &self.coupons[random.usize(..self.coupons.len())];
                client.activate_coupon(coupon.parse().unwrap()).map(drop)
            }
            "trial" => client.add_trial(ProductId(product)).map(drop),
            "capture" => client.capture(feature, None, random.bool()).map(drop),
            "release" => match client.check(feature)?.session {
                Some(session) => client.release(session).map(drop),
                None => client.ensure(feature).map(drop),
            },
            "reset" => client.reset().map(drop),
            _ => client.check(feature).map(drop),
        }
    }
}

/// The seats that the daemon says it holds, if there is nothing that it has yet to finish.
fn held(client: &mut Client) -> Option<BTreeSet<String>> {
    let status = client.status().unwrap();
    let is_settled = match status.warnings.as_slice() {
        [] => matches!(status.state, State::Fresh | State::Unregistered),
        // The license server does not know of the reset yet, or worse.
        _ => false,
    };
    let features = [33].into_iter().chain(PRODUCTS.map(|(_, feature)| feature)).map(FeatureId).collect();
    let sessions = client.check_many(features).unwrap().into_iter().filter_map(|found| found.session);
    is_settled.then(|| sessions.map(|session| session.0).collect())
}

/// The seats that the license server gave to hosts of these numbers.
fn given(server: &LicenseServer, numbers: &[String]) -> BTreeSet<String> {
    let seats = numbers.iter().flat_map(|number| server.bindings(number));
    seats.map(|seat| seat["session"].as_str().unwrap().to_owned()).collect()
}

/// What holds as soon as the daemon runs again.
fn nothing_is_lost(world: &mut World, when: &str) {
    let state = world.host.state();
    assert!(!NEEDS_SOMEBODY.contains(&state.as_str()), "{when}: {state}");
    let files = world.host.state_files();
    assert!(!files.iter().any(|file| file.contains("unreadable")), "{when}: {files:?}");
    let log = world.host.daemon().log();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{when}: {log}");
}

#[test]
fn a_busy_daemon_that_is_killed_again_and_again_needs_nobody() {
    let kills = env::var("LICENSED_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut random = chance::generator();
    let (mut world, first) = World::registered();
    let other = world.another_host("other");
    let second = other.register_as("Another company", "office@another.example").json()["number"].clone();
    other.licensectl(&["reset", "--yes"]).ended_with(0);
    let crowd = Crowd {
        numbers: [first, second.as_str().unwrap().to_owned()],
        coupons: PRODUCTS.iter().flat_map(|(product, _)| world.server.coupons(*product, COUPONS)).collect(),
        quiet: RwLock::new(()),
        is_over: AtomicBool::new(false),
        done: array::from_fn(|_| AtomicUsize::new(0)),
    };
    thread::scope(|scope| {
        let actors = [(); ACTORS].map(|()| (world.host.client(), random.fork()));
        for (client, random) in actors {
            scope.spawn(|| crowd.act(client, random));
        }
        for kill in 1..=kills {
            let during_start = random.u8(..4) == 0;
            let longest = MOMENTS[usize::from(during_start)];
            let moment = Duration::from_micros(random.u64(..u64::try_from(longest.as_micros()).unwrap()));
            waiting::pass(if during_start { Duration::ZERO } else { moment });
            world.host.kill();
            if during_start {
                world.host.kill_while_it_starts(moment);
            }
            let quiet = crowd.quiet.write().unwrap();
            let started = Stopwatch::start();
            world.host.start();
            let when = format!("kill {kill}, {moment:?} after the start of what was killed");
            nothing_is_lost(&mut world, &when);
            assert!(started.elapsed() < ANSWERS, "{when}: answers after {:?}", started.elapsed());
            let mut client = world.host.client();
            let settled = waiting::until(|| {
                let (held, given) = (held(&mut client), given(&world.server, &crowd.numbers));
                (held == Some(given)).then_some(())
            });
            assert!(
                settled.is_some(),
                "{when}: {:#?}, {:?} instead of {:?}",
                world.host.status(),
                held(&mut client),
                given(&world.server, &crowd.numbers)
            );
            drop(quiet);
        }
        crowd.is_over.store(true, Ordering::Relaxed);
    });
    for (act, done) in ACTS.iter().zip(&crowd.done) {
        println!("{act}: {}", done.load(Ordering::Relaxed));
        assert!(done.load(Ordering::Relaxed) > 0, "{act} was never done");
    }
    for number in &crowd.numbers {
        let copies = world.server.admin(&["binding", "copies", "--number", number, "--json"]).ended_with(0);
        assert_eq!(copies.json(), json!([]), "it was only killed");
    }
    world.host.licensectl(&["activate", &crowd.numbers[0]]).ended_with(0);
    world.host.recheck();
    assert_eq!(world.host.check(33), "granted fresh");
}
