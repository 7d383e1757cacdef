//! Online keys that are rotated and revoked while daemons are bound.

use std::fs;

use end_to_end::{Host, LicenseServer, World, waiting};
use serde_json::Value;

fn is_granted(host: &Host) -> bool {
    host.recheck();
    [33, 45].map(|feature| host.check(feature)) == ["granted fresh"; 2]
}

fn keys(server: &LicenseServer, command: &[&str]) -> Value {
    let json = [command, &["--json"]].concat();
    server.admin(&json).ended_with(0).json()
}

/// Waits until the running server signs with the key set of that version.
fn takes_up(server: &LicenseServer, version: u64) {
    let line = format!("version={version}");
    let taken_up = waiting::until(|| server.log().contains(&line).then_some(()));
    assert!(taken_up.is_some(), "{}", server.log());
}

#[test]
fn daemons_go_on_through_rotation_and_revocation_also_one_that_was_away() {
    let (mut world, number) = World::with_coupon();
    let first = keys(&world.server, &["key", "list"])["keys"][0]["id"].as_str().unwrap().to_owned();
    world.host.kill();
    let mut there = world.another_host("there");
    there.licensectl(&["activate", &number]).ended_with(0);

    keys(&world.server, &["key", "rotate"]);
    takes_up(&world.server, 2);
    there.recheck();
    keys(&world.server, &["key", "revoke", &first]);
    takes_up(&world.server, 3);
    there.recheck();
    assert_eq!(there.check(33), "denied 2008", "the one seat is the first host's: said with the new key");

    world.host.start();
    assert_eq!(world.host.check(33), "granted fresh", "it has not heard of the revocation");
    assert!(is_granted(&world.host));
    there.kill();
}

#[test]
fn a_running_server_signs_on_when_its_key_set_is_damaged() {
    let (world, _number) = World::with_coupon();
    let file = world.server.data().join("key-set.json");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, "damaged").unwrap();
    let says = |text: &str| waiting::until(|| world.server.log().contains(text).then_some(())).is_some();
    assert!(says("cannot take up the new key set"), "{}", world.server.log());
    assert!(is_granted(&world.host));
    fs::write(&file, whole).unwrap();
    assert!(says("took up a new key set"), "{}", world.server.log());
    assert!(is_granted(&world.host));
}

#[test]
fn a_thief_of_a_revoked_key_is_not_believed() {
    let (mut world, _number) = World::with_coupon();
    let stolen = world.folder.path().join("stolen");
    fs::create_dir(&stolen).unwrap();
    world.server.kill();
    let log = "license-server.db-wal";
    for name in ["root.pub", "online.key", "key-set.json", "license-server.db", log] {
        fs::copy(world.server.data().join(name), stolen.join(name)).unwrap();
    }
    world.server.start();
    let first = keys(&world.server, &["key", "list"])["keys"][0]["id"].as_str().unwrap().to_owned();
    keys(&world.server, &["key", "revoke", &first]);
    takes_up(&world.server, 2);
    assert!(is_granted(&world.host));

    let thief = LicenseServer::at(&stolen, &world.folder.path().join("thief.log"));
    world.host.kill();
    world.host = Host::of(world.folder.path(), "pbx", &world.server).flag("--server", thief.url());
    world.host.start();
    world.host.recheck_in_vain();
    let log = world.host.daemon().log();
    assert!(log.contains("which is revoked"), "{log}");
    assert_eq!([33, 45].map(|feature| world.host.check(feature)), ["granted offline"; 2]);
}
