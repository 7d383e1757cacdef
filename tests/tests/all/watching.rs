//! A watch on the wire: what it tells, and how it ends.

use end_to_end::{World, wire::Wire};
use license_client::ClientError;
use license_client::types::{FeatureId, Verdict};
use license_ipc::{Answer, Change, Encoding, ErrorKind, Request, State};
use nix::sys::signal::Signal;

fn change(answer: Answer) -> Change {
    let name = answer.name();
    let Answer::Change(change) = answer else { panic!("no change, but {name}") };
    *change
}

#[test]
fn a_watcher_is_told_everything_and_then_each_change_in_its_own_encoding() {
    let (world, number) = World::with_coupon();
    for encoding in [Encoding::Json, Encoding::Binary] {
        let mut wire = Wire::to(&world.host);
        let whole = change(wire.ask(&Request::Watch, encoding).answer());
        assert!(whole.whole && !whole.missed, "{whole:?}");
        assert_eq!(whole.state, State::Fresh);
        let features: Vec<_> = whole.entitlements.iter().map(|it| it.feature).collect();
        assert!(features.contains(&FeatureId(33)) && features.contains(&FeatureId(45)), "{features:?}");

        world.server.drop_all(&number);
        let refused = change(wire.answer());
        assert!(!refused.whole && !refused.missed, "{refused:?}");
        assert_eq!(refused.state, State::Refused);
        let verdicts = refused.entitlements.iter().map(|it| &it.verdict);
        assert_eq!(refused.entitlements.len(), features.len(), "{refused:?}");
        assert!(verdicts.clone().all(|verdict| matches!(verdict, Verdict::Denied { .. })), "{refused:?}");
        world.host.licensectl(&["activate", &number]).ended_with(0);
        world.host.licensectl(&["capture", "45", "--reclaim"]).ended_with(0);
    }
}

#[test]
fn a_client_that_ends_at_once_gets_everything_and_then_the_end() {
    let (world, _number) = World::registered();
    let mut wire = Wire::to(&world.host);
    wire.ask(&Request::Watch, Encoding::Binary).end();
    assert!(change(wire.answer()).whole);
    wire.is_closed();
}

#[test]
fn whatever_follows_a_watch_ends_it() {
    let (world, _number) = World::registered();
    let mut wire = Wire::to(&world.host);
    wire.ask(&Request::Status, Encoding::Json).ask(&Request::Watch, Encoding::Json);
    assert!(matches!(wire.answer(), Answer::Status(_)));
    assert!(change(wire.answer()).whole);
    wire.ask(&Request::Status, Encoding::Json);
    assert_eq!(wire.failure(), "malformed json");
    wire.is_closed();
}

#[test]
fn a_stop_ends_every_watch_with_the_reason() {
    let (mut world, _number) = World::registered();
    let mut watch = world.host.client().watch().unwrap();
    assert!(watch.next().unwrap().unwrap().whole);
    let mut wire = Wire::to(&world.host);
    assert!(change(wire.ask(&Request::Watch, Encoding::Json).answer()).whole);
    world.host.stop(Signal::SIGTERM);
    assert_eq!(wire.failure(), "draining json");
    wire.is_closed();
    match watch.next() {
        Some(Err(ClientError::Failed(failure))) => assert_eq!(failure.kind, ErrorKind::Draining),
        other => panic!("no failure: {other:?}"),
    }
    assert!(watch.next().is_none());
}

#[test]
fn a_killed_daemon_ends_the_watch() {
    let (mut world, _number) = World::registered();
    let mut watch = world.host.client().watch().unwrap();
    assert!(watch.next().unwrap().unwrap().whole);
    world.host.kill();
    let end = watch.next();
    assert!(matches!(end, Some(Err(ClientError::Closed))), "{end:?}");
}

#[test]
fn a_watcher_that_left_gives_its_place_back() {
    let (world, _number) = World::registered();
    // More than twice as many as one user has places.
    for _ in 0..600 {
        assert!(world.host.client().watch().unwrap().next().unwrap().unwrap().whole);
    }
    world.host.client().status().unwrap();
}
