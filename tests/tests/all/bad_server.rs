//! A license server that is away, slow or somebody else, while it is asked: queries are answered as fast as
//! before, with the same verdict, and the failure has its right name.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use end_to_end::{
    Host, World,
    bad_server::{BadServer, Manner},
    waiting::{self, Stopwatch},
};
use license_client::{
    Client, ClientError,
    types::{Basis, FeatureId, Verdict},
};

/// Rounds of peace, and as many of bad weather, in turns, at least. The calmest of each are compared: what else a
/// machine does makes single rounds forty times slower, and what bad weather does it does in every round.
const ROUNDS: usize = 3;

/// So many rounds there are at most, on a machine that has few calm moments.
const MOST_ROUNDS: usize = 60;

/// Checks of a round. A round takes a tenth of a second.
const CHECKS: usize = 2_000;

/// The pause after a recheck: several end in each round, where they end at once.
const PAUSE: Duration = Duration::from_millis(15);

/// A p99 below this is fast enough in any weather: it is four times what a machine takes to wake the two
/// sides of a check that is busy with something else.
const FAST: Duration = Duration::from_micros(200);

/// A host with a lease, one connection to its daemon, and what stands where its license server was.
struct Weather {
    host: Host,
    client: Client,
    server: BadServer,
    _world: World,
}

impl Weather {
    fn new() -> Self {
        let mut world = World::prepared();
        let server = BadServer::in_front_of(world.folder.path(), world.server.address());
        let host = Host::of(world.folder.path(), "behind", &world.server);
        let mut host = host.flag("--server", server.url()).flag("--ca-file", server.ca_file());
        host.start();
        host.register();
        host.activate_coupon(&world.server.coupon(81));
        world.host.kill();
        let client = host.client();
        Self { host, client, server, _world: world }
    }

    /// One check; how long it took.
    fn check(&mut self) -> Duration {
        let asked = Stopwatch::start();
        let found = self.client.check(FeatureId(45)).unwrap();
        let took = asked.elapsed();
        assert!(matches!(found.verdict, Verdict::Granted { .. }), "{found:?}");
        took
    }

    fn checks(&mut self) -> Duration {
        let mut times: Vec<Duration> = (0..CHECKS).map(|_| self.check()).collect();
        times.sort_unstable();
        times[times.len() * 99 / 100]
    }

    /// The p99 while the license server is asked again and again, which always ends like that: `done`,
    /// `no_answer 1014`. In the last round it is waited for.
    fn asked(&mut self, manner: Manner, end: &str, is_last: bool) -> Duration {
        self.server.is(manner);
        let (over, rechecks) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let mut asking = self.host.client();
        let before = self.server.calls();
        let p99 = thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let ended = asking.recheck().map_or_else(|error| said(&error), |_| "done".to_owned());
                    // Else the weather has changed meanwhile.
                    if !over.load(Ordering::Relaxed) {
                        rechecks.lock().unwrap().push(ended);
                    }
                    waiting::pass(PAUSE);
                }
            });
            assert!(waiting::until(|| (self.server.calls() > before).then_some(())).is_some(), "no call");
            let p99 = self.checks();
            if is_last {
                let ended = waiting::until(|| {
                    self.check();
                    (!rechecks.lock().unwrap().is_empty()).then_some(())
                });
                assert!(ended.is_some(), "no recheck ends");
                assert!(!self.is_fresh(), "{manner:?}");
            }
            over.store(true, Ordering::Relaxed);
            // What is still waited for ends with this.
            self.server.is(Manner::Well);
            p99
        });
        let ended = rechecks.into_inner().unwrap();
        assert!(ended.iter().all(|it| it == end), "{manner:?}: {ended:?}");
        p99
    }

    /// The p99 in peace. Who is answered asks again, so that a license server that fails at once is compared with
    /// one that answers at once, and one that does not answer with none that is asked.
    fn in_peace(&mut self, manner: Manner) -> Duration {
        self.host.recheck();
        assert!(self.is_fresh(), "before {manner:?}");
        match manner {
            Manner::Silent | Manner::Trickles => self.checks(),
            Manner::Well | Manner::Fails | Manner::Html | Manner::Huge | Manner::Untrusted => {
                self.asked(Manner::Well, "done", false)
            }
        }
    }

    fn is_fresh(&mut self) -> bool {
        let verdict = self.client.check(FeatureId(45)).unwrap().verdict;
        matches!(verdict, Verdict::Granted { basis: Basis::Fresh, .. })
    }
}

fn said(error: &ClientError) -> String {
    let ClientError::Failed(failure) = error else { panic!("{error}") };
    let code = failure.code.map_or_else(String::new, |code| format!(" {code}"));
    format!("{}{code}", failure.kind.name())
}

#[test]
fn in_bad_weather_a_check_takes_no_longer_and_says_the_same() {
    let mut weather = Weather::new();
    for (manner, failure) in [
        (Manner::Silent, "no_answer 1012"),
        (Manner::Trickles, "no_answer 1014"),
        (Manner::Fails, "no_answer 1014"),
        (Manner::Html, "no_answer 1014"),
        (Manner::Huge, "no_answer 1014"),
        (Manner::Untrusted, "no_answer 1013"),
    ] {
        let (mut peace, mut bad) = (Duration::MAX, Duration::MAX);
        for round in 1..=MOST_ROUNDS {
            peace = peace.min(weather.in_peace(manner));
            bad = bad.min(weather.asked(manner, failure, false));
            if round >= ROUNDS && bad <= (2 * peace).max(FAST) {
                break;
            }
        }
        weather.asked(manner, failure, true);
        println!("{manner:?}: p99 {bad:?}, in peace {peace:?}");
        assert!(bad <= (2 * peace).max(FAST), "{manner:?}: p99 {bad:?}, in peace {peace:?}");
    }
}
