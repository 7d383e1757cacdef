//! A host whose state comes back from a backup: docs/operations.md, "State format".

use std::{fs, path::Path};

use end_to_end::{Host, World};
use nix::sys::signal::Signal;

/// What belongs into the backup of a PBX.
const BACKUP: [&str; 2] = ["host.key", "state"];

/// Copies files of a state folder.
fn copy(from: &Path, to: &Path, files: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for file in files {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

/// A host with a license, and a backup of it that is some checks old.
fn backed_up() -> (World, String) {
    let (world, number) = World::with_coupon();
    copy(&world.host.state_dir(), &world.folder.path().join("backup"), &BACKUP);
    for _ in 0..3 {
        world.host.recheck();
    }
    (world, number)
}

/// A daemon that starts with these files of the backup.
fn restored(world: &World, name: &str, files: &[&str]) -> Host {
    let mut host = Host::of(world.folder.path(), name, &world.server);
    copy(&world.folder.path().join("backup"), &host.state_dir(), files);
    host.start();
    host
}

#[test]
fn a_restored_host_goes_on_with_its_seats_on_the_same_hardware() {
    let (mut world, number) = backed_up();
    world.host.stop(Signal::SIGTERM);
    copy(&world.folder.path().join("backup"), &world.host.state_dir(), &BACKUP);
    for gone in ["clock", "state.previous"] {
        fs::remove_file(world.host.state_dir().join(gone)).unwrap();
    }
    world.host.start();
    assert_eq!(world.host.check(45), "granted fresh");
    world.host.recheck();
    assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["granted fresh"; 2]);
    assert_eq!(world.server.captured(&number, 45), 1);
}

#[test]
fn a_restored_host_goes_on_with_its_seats_on_new_hardware() {
    let (mut world, number) = backed_up();
    world.host.stop(Signal::SIGTERM);
    let moved = restored(&world, "new-hardware", &BACKUP);
    assert_eq!(moved.check(45), "granted fresh");
    moved.recheck();
    assert_eq!([33, 45].map(|feature| moved.check(feature)), ["granted fresh"; 2]);
    assert_eq!(world.server.captured(&number, 45), 1);
}

#[test]
fn of_a_restored_host_and_one_that_still_runs_the_one_on_other_hardware_waits() {
    let (world, number) = backed_up();
    let copied = restored(&world, "new-hardware", &BACKUP);
    copied.recheck();
    world.host.recheck();
    copied.licensectl(&["recheck"]);
    assert_eq!(world.host.check(45), "granted fresh");
    assert_eq!(copied.check(45), "denied 2008");
    assert_eq!(world.server.captured(&number, 45), 1);
}

#[test]
fn the_host_key_alone_has_its_place_when_the_number_is_activated() {
    let (mut world, number) = backed_up();
    world.host.stop(Signal::SIGTERM);
    for gone in ["clock", "state", "state.previous"] {
        fs::remove_file(world.host.state_dir().join(gone)).unwrap();
    }
    world.host.start();
    assert_eq!(world.host.check(45), "indeterminate 2009");
    world.host.licensectl(&["activate", &number]).ended_with(0);
    assert_eq!(world.host.check(45), "granted fresh");
    assert_eq!(world.server.captured(&number, 45), 1);
}

#[test]
fn the_state_alone_is_not_believed_and_the_same_hardware_has_its_place_when_the_number_is_activated() {
    let (mut world, number) = backed_up();
    world.host.stop(Signal::SIGTERM);
    for gone in ["clock", "host.key", "state.previous"] {
        fs::remove_file(world.host.state_dir().join(gone)).unwrap();
    }
    world.host.start();
    assert!(world.host.check(45).starts_with("indeterminate"), "nobody said no");
    world.host.licensectl(&["activate", &number]).ended_with(0);
    assert_eq!(world.host.check(45), "granted fresh");
    assert_eq!(world.server.captured(&number, 45), 1);

    let elsewhere = restored(&world, "new-hardware", &["state"]);
    assert!(elsewhere.check(45).starts_with("indeterminate"));
    elsewhere.licensectl(&["activate", &number]).ended_with(0);
    assert_eq!(elsewhere.check(45), "denied 2008", "there is no free seat");
    assert_eq!(world.host.check(45), "granted fresh");
}
