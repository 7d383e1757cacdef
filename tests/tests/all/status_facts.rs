//! What `status` tells to who looks for the cause of a trouble.

use end_to_end::World;
use license_client::{ClientError, types::FeatureId};
use license_ipc::ErrorKind;

#[test]
fn since_when_it_is_bound_and_how_often_its_number_changed_outlives_a_crash() {
    let (mut world, number) = World::registered();
    let bound = world.host.client().status().unwrap();
    assert!(bound.bound_since.is_some() && bound.number_changes == 1, "{bound:?}");
    world.host.crash();
    world.host.recheck();
    let after = world.host.client().status().unwrap();
    assert_eq!((after.bound_since, after.number_changes), (bound.bound_since, 1));

    world.server.drop_all(&number);
    match world.host.client().recheck() {
        Err(ClientError::Failed(failure)) => {
            assert_eq!((failure.kind, failure.code.unwrap().0), (ErrorKind::Refused, 2008));
        }
        other => panic!("a success after the drop: {other:?}"),
    }
    let dropped = world.host.client().status().unwrap();
    assert_eq!((dropped.bound_since, dropped.number_changes), (None, 1), "{dropped:?}");
    let explained = world.host.client().explain(FeatureId(33)).unwrap();
    assert!(explained.facts[0].message.contains("uses the number"), "{explained:?}");

    world.host.licensectl(&["activate", &number]).ended_with(0);
    assert!(world.host.client().status().unwrap().bound_since >= bound.bound_since);
    world.host.licensectl(&["reset", "--yes"]).ended_with(0);
    let reset = world.host.client().status().unwrap();
    assert_eq!((reset.bound_since, reset.number_changes), (None, 2));
    assert!(reset.warnings.is_empty(), "the license server knows: {reset:?}");
}

#[test]
fn the_last_refusal_is_told_without_what_was_refused() {
    let (mut world, _number) = World::registered();
    let coupon = world.server.coupon(81);
    world.host.activate_coupon(&coupon);
    world.host.licensectl(&["coupon", &coupon]).ended_with(6);
    let last = world.host.client().status().unwrap().last_refusal.unwrap();
    assert_eq!((last.request.as_str(), last.code.unwrap().0), ("activate_coupon", 2041));
    assert!(!format!("{last:?}").contains(&coupon[8..13]), "{last:?}");
    world.host.activate_coupon(&world.server.coupon(81));
    assert_eq!(world.host.client().status().unwrap().last_refusal, None);
    world.host.licensectl(&["coupon", &coupon]).ended_with(6);
    world.host.crash();
    assert_eq!(world.host.client().status().unwrap().last_refusal, None);
}
