//! What starts, what does not and why, what signals do, and who may do what.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    process::Stdio,
    time::Duration,
};

use end_to_end::{
    Answered, Host, World,
    nobody::{Nobody, open_to_all},
    notify::ServiceManager,
    silent::SilentServer,
    waiting::Stopwatch,
    wire::Wire,
    world,
};
use license_client::types::FeatureId;
use license_core::crypto::{PublicKey, SigningKey};
use license_ipc::{Answer, Encoding, Request};
use nix::sys::signal::Signal;

/// What open requests are given to end in after a stop, and the share of it that a test allows.
const DRAIN: Duration = Duration::from_secs(5);
const AT_MOST: f64 = 0.7;

#[test]
fn a_second_daemon_on_the_socket_ends_with_a_clear_error_and_the_first_goes_on() {
    let (world, _number) = World::registered();
    let second = Host::new(world.folder.path(), "second").flag("--socket", world.host.socket());
    let said = second.fails_to_start();
    assert!(said.contains("is in use by another process"), "{said}");
    assert!(said.contains(world.host.socket().to_str().unwrap()), "{said}");
    assert_eq!(world.host.check(33), "granted fresh");
}

#[test]
fn a_second_daemon_on_the_state_folder_ends_with_a_clear_error_and_the_first_goes_on() {
    let (world, _number) = World::registered();
    let second = Host::new(world.folder.path(), "second").flag("--state-dir", world.host.state_dir());
    let said = second.fails_to_start();
    assert!(said.contains("is in use by another licensed"), "{said}");
    assert!(said.contains(world.host.state_dir().to_str().unwrap()), "{said}");
    world.host.recheck();
    assert_eq!(world.host.check(33), "granted fresh");
}

#[test]
fn a_stale_socket_is_replaced() {
    let folder = world::folder();
    let mut host = Host::new(folder.path(), "pbx");
    drop(UnixListener::bind(host.socket()).unwrap());
    assert!(host.socket().exists(), "it is stale");
    host.start();
    assert_eq!(host.check(33), "indeterminate 2009");
}

#[test]
fn a_file_in_the_way_is_left_alone() {
    let folder = world::folder();
    let host = Host::new(folder.path(), "pbx");
    fs::write(host.socket(), "precious").unwrap();
    let said = host.fails_to_start();
    assert!(said.contains("is no socket") && said.contains("listen elsewhere"), "{said}");
    assert_eq!(fs::read_to_string(host.socket()).unwrap(), "precious");
}

#[test]
fn a_plain_http_server_elsewhere_is_refused_and_so_is_nonsense() {
    let folder = world::folder();
    for (url, why) in [
        ("http://lic.example.com", "use https://"),
        ("http://192.0.2.1:8080", "use https://"),
        ("ftp://127.0.0.1", "https://"),
        ("lic.example.com", "it is no URL"),
    ] {
        let said = Host::new(folder.path(), "pbx").flag("--server", url).fails_to_start();
        assert!(said.contains(url) && said.contains(why), "{url}: {said}");
    }
}

#[test]
fn without_a_license_server_the_daemon_starts_and_says_what_to_set() {
    let folder = world::folder();
    let trust = folder.path().join("root.pub");
    fs::write(&trust, PublicKey::of(&SigningKey::from_bytes(&[1; 32])).to_string()).unwrap();
    let mut host = Host::new(folder.path(), "pbx").flag("--trust", trust);
    host.start();
    assert_eq!(host.check(33), "indeterminate 2009");
    let registered = host.register_as("C", "c@example.com").ended_with(4);
    assert_eq!(registered.failure(), "no_answer 1014");
    assert!(registered.message().contains("--server"), "{registered:?}");
    assert!(host.status()["message"].as_str().unwrap().contains("No license server is configured"));
}

#[test]
fn without_a_root_key_the_daemon_starts_believes_nobody_and_names_the_folder() {
    let mut world = World::prepared();
    let trust = world.folder.path().join("trust.d");
    fs::create_dir(&trust).unwrap();
    world.host = world.host.flag("--trust", &trust);
    world.host.start();
    let named = trust.to_str().unwrap();
    world.host.daemon().wait_for_log(named);
    let registered = world.host.register_as("C", "c@example.com").ended_with(4);
    assert_eq!(registered.failure(), "no_answer 1014");
    assert!(registered.message().contains(named), "{registered:?}");
    assert_eq!(world.host.check(33), "indeterminate 2009");

    fs::write(trust.join("vendor.pub"), world.server.public_key()).unwrap();
    world.host.daemon().signal(Signal::SIGHUP);
    world.host.daemon().wait_for_log("the configuration is read again; root keys: [] → [");
    world.host.register();
    assert_eq!(world.host.check(33), "granted fresh");
}

/// A host that was stopped while it registered with a license server that says nothing: the daemon will
/// repeat that at its next start, as soon as it can.
fn in_the_middle_of_a_registration(world: &World) -> (SilentServer, Host) {
    let mut server = SilentServer::new();
    let trust = world.folder.path().join("root.pub");
    let mut host =
        Host::new(world.folder.path(), "silent").flag("--server", server.url()).flag("--trust", trust);
    host.start();
    let register = ["register", "--company", "C", "--email", "c@example.com", "--contact", "N"];
    let mut asking = host.licensectl_command(&register).stdout(Stdio::null()).spawn().unwrap();
    server.is_called();
    host.kill();
    assert_eq!(asking.wait().unwrap().code(), Some(7), "the daemon was killed");
    (server, host)
}

#[test]
fn the_daemon_is_ready_before_the_network_and_tells_the_service_manager() {
    let world = World::prepared();
    let (mut server, host) = in_the_middle_of_a_registration(&world);
    let mut manager = ServiceManager::new(world.folder.path());
    let mut host = host.variable("NOTIFY_SOCKET", manager.path());
    host.start();
    assert_eq!(manager.is_told(), "READY=1");
    server.is_called();
    let asked = Stopwatch::start();
    assert_eq!(host.check(33), "indeterminate 2009");
    assert!(asked.elapsed() < Duration::from_secs(1), "the license server has not answered yet");
    let status = manager.is_told();
    assert!(status.starts_with("STATUS=") && status.contains("being registered or activated"), "{status}");
    host.stop(Signal::SIGTERM);
    assert_eq!(manager.is_told(), "STOPPING=1");
}

#[test]
fn a_command_that_waits_behind_one_without_an_answer_is_told_while_its_client_is_there() {
    let (mut world, _) = World::registered();
    world.server.kill();
    let mut server = SilentServer::at(world.server.address());
    let trial = |product| world.host.licensectl_command(&["trial", product]);
    let mut first = trial("81").stdout(Stdio::null()).spawn().unwrap();
    server.is_called();
    let second = Answered::by(&mut trial("31")).ended_with(4);
    assert_eq!(second.failure(), "no_answer 1014");
    assert_eq!(first.wait().unwrap().code(), Some(4));
}

#[test]
fn a_stop_ends_well_and_soon_even_with_clients_and_a_call_under_way() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let world = World::prepared();
        let (mut server, host) = in_the_middle_of_a_registration(&world);
        let mut host = host.variable("LICENSED_LOG", "debug");
        host.start();
        server.is_called();
        let mut idle = Wire::to(&host);
        let check = Request::Check { feature: FeatureId(33), holder: None };
        assert!(matches!(idle.ask(&check, Encoding::Json).answer(), Answer::Entitlement(_)));
        let mut waiting = Wire::to(&host);
        waiting
            .ask(&Request::Activate { key: "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP".parse().unwrap() }, Encoding::Json);
        host.daemon().wait_for_log("asked request=\"activate\"");

        let stopping = Stopwatch::start();
        host.stop(signal);
        let took = stopping.elapsed();
        assert!(took < DRAIN.mul_f64(AT_MOST), "{signal}: {took:?}");
        assert_eq!(waiting.failure(), "draining json", "{signal}");
        waiting.is_closed();
        idle.is_closed();
        assert!(!host.socket().exists(), "{signal}");
    }
}

#[test]
fn a_stopped_daemon_takes_up_where_it_was() {
    let (mut world, _number) = World::with_coupon();
    let before = world.host.lasting(45);
    world.host.stop(Signal::SIGTERM);
    let gone = world.host.licensectl(&["check", "45"]).ended_with(3);
    assert_eq!(gone.failure(), "not_reachable");
    world.host.start();
    assert_eq!(world.host.lasting(45), before);
}

#[test]
fn a_user_outside_the_groups_may_not_ask_and_who_may_ask_may_not_change() {
    let (world, number) = World::registered();
    let socket = world.host.socket();
    let nobody = Nobody::in_folder(world.folder.path());

    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o660);
    let outside = nobody.licensectl(&socket, &["check", "33"]).ended_with(5);
    assert_eq!(outside.failure(), "not_permitted");
    // The group licensed is not on this machine, so that nobody can join it.
    assert!(outside.message().contains("run the command as root"), "{outside:?}");

    open_to_all(&socket);
    nobody.licensectl(&socket, &["check", "33"]).ended_with(0);
    let info = nobody.licensectl(&socket, &["info"]).ended_with(0);
    assert!(!info.stdout.contains(&number) && !info.stdout.contains("office@"), "{info:?}");
    for arguments in [
        &["reset", "--yes"][..],
        &["recheck"],
        &["reload"],
        &["activate", &number],
        &["register", "--company", "C", "--email", "c@example.com", "--contact", "N"],
    ] {
        let refused = nobody.licensectl(&socket, arguments).ended_with(5);
        assert_eq!(refused.failure(), "not_permitted", "{arguments:?}");
        assert!(refused.message().contains("licensed-admin"), "{refused:?}");
    }
    assert_eq!(world.host.check(33), "granted fresh");
}
