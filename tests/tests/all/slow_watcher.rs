//! A watcher that does not read, of a license so large that it does not fit the socket's buffer.

use std::{fmt::Write as _, fs, time::Duration};

use end_to_end::{
    World,
    waiting::{Stopwatch, pass, until},
    wire::Wire,
};
use license_client::types::FeatureId;
use license_ipc::{Answer, Change, Encoding, Request, State};

/// The product of the large license, and its features.
const PRODUCT: u32 = 5_000;
const FEATURES: std::ops::Range<u32> = 10_000..11_900;

/// How long an answer is offered (docs/protocol.md).
const OFFERED: Duration = Duration::from_secs(10);

/// A host with the largest license that anybody sells, about.
fn with_large_license() -> (World, String) {
    let (world, number) = World::registered();
    let mut features = String::from("id,name\n");
    for id in FEATURES {
        writeln!(features, "{id},Feature {id}").unwrap();
    }
    let features_file = world.folder.path().join("features.csv");
    fs::write(&features_file, features).unwrap();
    world.server.admin(&["import", "--features", features_file.to_str().unwrap()]).ended_with(0);
    let ids: Vec<String> = FEATURES.map(|id| id.to_string()).collect();
    let (product, ids) = (PRODUCT.to_string(), ids.join(","));
    let add = ["product", "add", &product, "--name", "Everything", "--features", &ids];
    world.server.admin(&add).ended_with(0);
    world.host.activate_coupon(&world.server.coupon(PRODUCT));
    (world, number)
}

/// A watcher that has asked and does not read.
fn not_reading(world: &World) -> Wire {
    let mut wire = Wire::to(&world.host);
    wire.ask(&Request::Watch, Encoding::Json);
    wire
}

/// The answers up to one that no other goes on with.
fn told(wire: &mut Wire) -> Vec<Change> {
    let mut changes = Vec::new();
    loop {
        let Answer::Change(change) = wire.answer() else { panic!("no change after {}", changes.len()) };
        changes.push(*change);
        if changes.last().is_some_and(|change| !change.more) {
            return changes;
        }
    }
}

#[test]
fn a_watcher_that_reads_late_is_told_that_it_missed_some_and_gets_everything_anew() {
    let (world, number) = with_large_license();
    let mut wire = not_reading(&world);
    pass(Duration::from_millis(500));
    world.server.drop_all(&number);
    until(|| (world.host.check(10_000) == "denied 2008").then_some(())).expect("the drop is known");
    world.host.licensectl(&["activate", &number]).ended_with(0);

    let before = told(&mut wire);
    assert_eq!((before[0].whole, before[0].missed, before[0].state), (true, false, State::Fresh));
    let features: usize = before.iter().map(|change| change.entitlements.len()).sum();
    assert!(features >= FEATURES.len() && before.len() == 4, "{features} in {}", before.len());

    let after = told(&mut wire);
    assert_eq!((after[0].whole, after[0].missed, after[0].state), (true, true, State::Fresh));
    assert!(after[0].entitlements.iter().any(|it| it.feature == FeatureId(10_000)));
}

#[test]
fn a_watcher_that_never_reads_is_cut_and_keeps_nobody_waiting() {
    let (world, _number) = with_large_license();
    let mut wire = not_reading(&world);
    let waiting = Stopwatch::start();
    while waiting.elapsed() < OFFERED + Duration::from_secs(2) {
        assert!(world.host.client().status().is_ok());
        pass(Duration::from_millis(200));
    }
    // What was in the buffer is there; the rest was given up.
    let received = wire.rest().len();
    let mut reader = not_reading(&world);
    let whole: usize = (0..4).map(|_| reader.frame().len()).sum();
    assert!((1_000..whole).contains(&received), "{received} of {whole} bytes");
}
