//! A machine becomes an image for others: `licensectl deprovision`.

use std::fs;

use end_to_end::{Host, World, world::copy_files};

/// Runs `licensectl deprovision`; the daemon has to end well by itself. Gives the warnings.
fn deprovision(host: &mut Host) -> String {
    let done = host.licensectl(&["deprovision", "--yes"]).ended_with(0).json();
    let message = done["message"].as_str().unwrap();
    assert!(message.contains("the next start makes a new host"), "{message}");
    let status = host.daemon().wait_for_end();
    assert!(status.success(), "{status}; its log:\n{}", host.daemon().log());
    host.kill();
    assert_eq!(host.state_files(), ["lock"]);
    done["warnings"].to_string()
}

#[test]
fn an_image_holds_no_key_and_its_copies_are_hosts_of_their_own() {
    let (mut world, number) = World::registered();
    let before = world.host.licensectl(&["host"]).ended_with(0).json()["key"].clone();
    assert_eq!(deprovision(&mut world.host), "[]", "the license server was told");
    assert_eq!(world.server.bindings(&number).len(), 0, "and its seat is free");

    let grant = ["grant", "add", "--number", &number, "--product", "11", "--seats", "2", "--forever"];
    world.server.admin(&grant).ended_with(0);
    let mut keys = vec![before];
    let mut copies: Vec<Host> = Vec::new();
    for name in ["first", "second"] {
        let mut copy = Host::of(world.folder.path(), name, &world.server);
        copy_files(&world.host.state_dir(), &copy.state_dir());
        copy.start();
        assert_eq!(copy.state(), "unregistered");
        copies.push(copy);
    }
    for copy in &copies {
        copy.licensectl(&["activate", &number]).ended_with(0);
    }
    for copy in &copies {
        copy.recheck();
        assert_eq!(copy.check(33), "granted fresh");
        assert_eq!(copy.status()["warnings"].to_string(), "[]");
        let key = copy.licensectl(&["host"]).ended_with(0).json()["key"].clone();
        assert!(!keys.contains(&key), "{key} was there before");
        keys.push(key);
    }
    assert_eq!(world.server.captured(&number, 33), 2);
}

#[test]
fn without_the_license_server_it_says_what_to_drop() {
    let (mut world, number) = World::registered();
    let key = world.host.licensectl(&["host"]).ended_with(0).json()["key"].as_str().unwrap().to_owned();
    world.server.kill();
    let warnings = deprovision(&mut world.host);
    assert!(warnings.contains("binding drop") && warnings.contains(&key), "{warnings}");
    assert!(!warnings.contains(&number), "{warnings}");
    world.server.start();
    assert_eq!(world.server.captured(&number, 33), 1);
    world.server.admin(&["binding", "drop", "--number", &number, "--host", &key]).ended_with(0);
    assert_eq!(world.server.captured(&number, 33), 0, "the command of the warning works");
}

#[test]
fn a_host_that_was_never_registered_has_nobody_to_tell() {
    let mut world = World::new();
    assert_eq!(deprovision(&mut world.host), "[]");
}

#[test]
fn a_power_cut_in_the_middle_is_made_up_for_at_the_next_start() {
    let (mut world, _number) = World::registered();
    let key = world.host.licensectl(&["host"]).json()["key"].clone();
    world.host.kill();
    let folder = world.host.state_dir();
    fs::write(folder.join("deprovisioned"), "").unwrap();
    fs::remove_file(folder.join("host.key")).unwrap();
    world.host.start();
    assert_eq!(world.host.state(), "unregistered");
    assert_ne!(world.host.licensectl(&["host"]).json()["key"], key);
    assert!(!folder.join("deprovisioned").exists());
}

#[test]
fn a_host_shows_what_tells_it_and_what_is_sent() {
    let world = World::new();
    let shown = world.host.licensectl(&["host"]).ended_with(0).json();
    assert_eq!(shown["known_by"], "configured");
    let facts = shown["facts"].as_array().unwrap();
    assert_eq!(facts[0]["kind"], "configured");
    assert_eq!(facts[0]["value"], "**x", "the end of pbx");
    assert_eq!(facts[0]["digest"].as_str().unwrap().len(), 64);
    let others = &facts[1..];
    assert!(
        others.iter().all(|fact| fact["unused"] == "configured" && fact["digest"].is_null()),
        "{shown:#}"
    );
}
