//! The first activation without a person: a number that lies ready for the daemon.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use end_to_end::{Host, World, waiting};
use nix::sys::signal::Signal;

/// A file with the number of another host of the company, and a host that is told of it.
fn with_number_file(world: &World, number: &str, mode: u32) -> (PathBuf, Host) {
    let folder = world.folder.path();
    let file = folder.join("number");
    fs::write(&file, format!("{number}\n")).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    let config = folder.join("with-number.toml");
    fs::write(&config, format!("[host]\nnumber_file = '{}'\n", file.display())).unwrap();
    let host = Host::of(folder, "second", &world.server).flag("--config", config);
    (file, host)
}

fn is_bound(host: &Host) {
    let bound = waiting::until(|| (host.state() == "fresh").then_some(()));
    bound.unwrap_or_else(|| panic!("it is not activated: {:#}", host.status()));
}

fn warns(host: &Host) -> String {
    host.status()["warnings"].to_string()
}

#[test]
fn a_number_in_a_private_file_is_activated_and_a_reset_is_not_undone() {
    let (world, number) = World::registered();
    let (_file, mut host) = with_number_file(&world, &number, 0o600);
    host.start();
    is_bound(&host);
    assert!(!warns(&host).contains("number"), "{}", warns(&host));

    host.licensectl(&["reset", "--yes"]).ended_with(0);
    for _ in 0..2 {
        host.stop(Signal::SIGTERM);
        host.start();
        assert_eq!(host.state(), "unregistered");
    }
    // Long enough for an activation: it took less the first time.
    waiting::pass(std::time::Duration::from_secs(1));
    assert_eq!(host.state(), "unregistered");
}

#[test]
fn a_credential_is_activated_once_the_license_server_is_there() {
    let (mut world, number) = World::registered();
    let credentials = world.folder.path().join("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::write(credentials.join("licensed.number"), &number).unwrap();
    world.server.kill();
    let host = Host::of(world.folder.path(), "second", &world.server);
    let mut host = host.variable("CREDENTIALS_DIRECTORY", &credentials);
    host.start();
    host.daemon().wait_for_log("is not activated yet");
    assert!(warns(&host).contains("licensed.number"), "{}", warns(&host));
    world.server.start();
    is_bound(&host);
}

#[test]
fn a_number_that_is_refused_is_said_and_not_asked_again() {
    let world = World::new();
    let unknown = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";
    let (file, mut host) = with_number_file(&world, unknown, 0o600);
    host.start();
    let log = host.daemon().wait_for_log("was refused");
    assert!(log.contains("2026") && !log.contains(unknown), "{log}");
    // The log is a moment ahead of what is published.
    let said = waiting::until(|| Some(warns(&host)).filter(|said| said.contains("2026")))
        .expect("status says so, too");
    assert!(said.contains(path_of(&file)) && !said.contains(unknown), "{said}");
    assert_eq!(host.state(), "unregistered");
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_command_to_run() {
    let (world, number) = World::registered();
    let (file, mut host) = with_number_file(&world, &number, 0o644);
    host.start();
    let command = format!("chmod 600 {}", file.display());
    assert!(host.daemon().wait_for_log(&command).contains("is not used"));
    assert!(warns(&host).contains(&command), "{}", warns(&host));
    assert_eq!(host.state(), "unregistered");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    host.stop(Signal::SIGTERM);
    host.start();
    is_bound(&host);
}

fn path_of(file: &Path) -> &str {
    file.to_str().unwrap()
}
