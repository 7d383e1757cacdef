//! Copies of a host: a virtual machine that was cloned, and one that was set back to a snapshot.

use end_to_end::{Host, World, world::copy_files};

/// A host that starts with the files of another one.
fn copy_of(world: &World, name: &str, host_id: &str) -> Host {
    let copy = Host::of(world.folder.path(), name, &world.server).flag("--host-id", host_id);
    copy_files(&world.host.state_dir(), &copy.state_dir());
    copy
}

#[test]
fn a_copy_on_other_hardware_is_denied_and_the_host_works_on() {
    let (mut world, _number) = World::with_coupon();
    world.host.kill();
    let mut copy = copy_of(&world, "copy", "other-hardware");
    world.host.start();
    world.host.recheck();
    copy.start();
    copy.recheck();
    copy.recheck();
    assert_eq!(copy.check(45), "granted fresh", "until the host calls, it may be the host on new hardware");
    world.host.recheck();
    assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["granted fresh"; 2]);
    for _ in 0..2 {
        copy.recheck();
        assert_eq!([33, 45].map(|feature| copy.check(feature)), ["denied 2008"; 2]);
        world.host.recheck();
        assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["granted fresh"; 2]);
    }
    let reason = copy.checked(45)["message"].to_string();
    assert!(reason.contains("copy of another host"), "{reason}");
    assert_eq!((copy.state().as_str(), world.host.state().as_str()), ("pending", "fresh"));
}

#[test]
fn a_copy_that_calls_before_its_original_does_not_take_its_place() {
    let (mut world, _number) = World::with_coupon();
    world.host.kill();
    let mut copy = copy_of(&world, "copy", "other-hardware");
    copy.start();
    copy.recheck();
    world.host.start();
    for _ in 0..2 {
        world.host.recheck();
        assert_eq!((world.host.state().as_str(), world.host.check(45).as_str()), ("fresh", "granted fresh"));
        copy.recheck();
    }
    copy.recheck();
    assert_eq!((copy.state().as_str(), copy.check(45).as_str()), ("pending", "denied 2008"));
    world.host.recheck();
    assert_eq!((world.host.state().as_str(), world.host.check(45).as_str()), ("fresh", "granted fresh"));
}

#[test]
fn a_host_on_new_hardware_goes_on_and_says_so_until_the_license_server_knows() {
    let (mut world, _number) = World::with_coupon();
    world.host.kill();
    world.server.kill();
    let mut moved = copy_of(&world, "moved", "new-board");
    moved.start();
    moved.recheck_in_vain();
    assert_eq!((moved.state().as_str(), moved.check(45).as_str()), ("host_changed", "granted offline"));
    world.server.start();
    moved.recheck();
    assert_eq!((moved.state().as_str(), moved.check(45).as_str()), ("fresh", "granted fresh"));
}

#[test]
fn copies_on_the_same_hardware_share_one_seat() {
    let (mut world, number) = World::with_coupon();
    world.host.kill();
    let mut copy = copy_of(&world, "copy", "pbx");
    world.host.start();
    copy.start();
    for _ in 0..3 {
        for host in [&world.host, &copy] {
            host.recheck();
            assert_eq!([33, 45].map(|feature| host.check(feature)), ["granted fresh"; 2]);
        }
    }
    let bindings = world.server.bindings(&number);
    assert_eq!(bindings.len(), 2, "one seat of each feature: {bindings:?}");
}

#[test]
fn a_host_that_is_set_back_to_a_snapshot_goes_on() {
    let (mut world, _number) = World::with_coupon();
    world.host.kill();
    let snapshot = world.folder.path().join("snapshot");
    copy_files(&world.host.state_dir(), &snapshot);
    world.host.start();
    world.host.recheck();
    world.host.recheck();
    world.host.kill();
    copy_files(&snapshot, &world.host.state_dir());
    world.host.start();
    for _ in 0..3 {
        world.host.recheck();
        assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["granted fresh"; 2]);
    }
}
