//! One client takes no more than its share, and none keeps the daemon from the others.

use std::{fs, path::PathBuf, thread, time::Duration};

use end_to_end::{
    World,
    nobody::{Nobody, open_to_all},
    waiting::{self, Stopwatch},
    wire::Wire,
};
use license_client::types::FeatureId;
use license_ipc::{Answer, Encoding, Request};

fn check() -> Request {
    Request::Check { feature: FeatureId(33), holder: None }
}

fn is_served(wire: &mut Wire) -> bool {
    matches!(wire.ask(&check(), Encoding::Json).answer(), Answer::Entitlement(_))
}

/// A connection that is served, as soon as those that ended have left their places.
fn served(world: &World) -> Wire {
    let connect = || {
        let mut wire = Wire::to(&world.host);
        is_served(&mut wire).then_some(wire)
    };
    waiting::until(connect).unwrap_or_else(|| panic!("there is no room"))
}

/// What a request is refused with: its kind and its words.
fn refused(wire: &mut Wire, request: &Request) -> String {
    let answer = wire.ask(request, Encoding::Json).answer();
    let Answer::Error(failure) = answer else { panic!("no failure: {answer:?}") };
    format!("{}: {}", failure.kind.name(), failure.message)
}

/// A license server, and a host whose `[limits]` are these. Gives its configuration file too.
fn limited(limits: &str) -> (World, PathBuf) {
    let mut world = World::prepared();
    let config = world.folder.path().join("limited.toml");
    fs::write(&config, format!("[limits]\n{limits}\n")).unwrap();
    world.host = world.host.flag("--config", &config);
    world.host.start();
    (world, config)
}

#[test]
fn one_user_over_the_limit_is_told_so_and_another_is_served() {
    let (world, _config) = limited("connections_per_uid = 2");
    let socket = world.host.socket();
    let nobody = Nobody::in_folder(world.folder.path());
    open_to_all(&socket);
    let mut within = [served(&world), served(&world)];
    let mut over = Wire::to(&world.host);
    let said = refused(&mut over, &check());
    assert!(said.starts_with("busy: ") && said.contains("limits.connections_per_uid"), "{said}");
    over.is_closed();
    nobody.licensectl(&socket, &["check", "33"]).ended_with(4);
    assert!(within.iter_mut().all(is_served), "those who were there stay");
    let [_, leaves] = within;
    drop(leaves);
    served(&world);
}

#[test]
fn the_daemon_has_no_more_connections_than_it_may() {
    let (world, _config) = limited("connections = 1");
    let mut only = served(&world);
    let said = refused(&mut Wire::to(&world.host), &check());
    assert!(said.starts_with("busy: ") && said.contains("(limits.connections)"), "{said}");
    assert!(is_served(&mut only));
}

#[test]
fn a_frame_that_stalls_is_cut_in_time_and_a_connection_that_rests_is_closed() {
    let (world, _config) = limited("frame_timeout = '300ms'\nidle_timeout = '1s'");
    let watch = Stopwatch::start();
    let mut rests = Wire::to(&world.host);
    assert!(is_served(&mut rests));
    let stalled = Stopwatch::start();
    let mut stalls = Wire::to(&world.host);
    stalls.send(&[0, 0, 0, 8, 1, 0]);
    assert_eq!(stalls.failure(), "malformed bincode");
    assert!(stalled.elapsed() >= Duration::from_millis(300), "{:?}", stalled.elapsed());
    stalls.is_closed();
    rests.is_closed();
    assert!(watch.elapsed() >= Duration::from_secs(1), "{:?}", watch.elapsed());
}

#[test]
fn who_takes_no_answer_holds_nobody_up_and_is_cut_in_time() {
    let (mut world, _config) = limited("frame_timeout = '1s'");
    let mut greedy = Wire::to(&world.host);
    // More answers than the kernel keeps, by far: the daemon has to wait for the reader.
    let greedy = thread::spawn(move || {
        let all = Request::CheckMany { features: (0..1_000).map(FeatureId).collect() };
        for _ in 0..500 {
            greedy.ask(&all, Encoding::Json);
        }
        greedy
    });
    let mut bystander = Wire::to(&world.host);
    let watch = Stopwatch::start();
    while watch.elapsed() < Duration::from_millis(500) {
        let asked = Stopwatch::start();
        assert!(is_served(&mut bystander));
        assert!(asked.elapsed() < Duration::from_millis(400), "{:?}", asked.elapsed());
    }
    assert!(!greedy.is_finished(), "the daemon waits for the one who does not read");
    world.host.register();
    // It is cut, so that writing fails.
    assert!(waiting::until(|| greedy.is_finished().then_some(())).is_some(), "it is never cut");
    let mut greedy = greedy.join().unwrap();
    let mut taken = 0;
    while greedy.frame_or_cut().is_some() {
        taken += 1;
    }
    assert!(taken < 500, "{taken}");
    assert!(!world.host.daemon().log().contains("panicked"));
}

#[test]
fn one_user_takes_no_more_seats_than_it_may_and_an_administrator_does() {
    let (world, _config) = limited("seats_per_uid = 1");
    let socket = world.host.socket();
    world.host.register();
    for _ in 0..3 {
        world.host.activate_coupon(&world.server.coupon(85));
    }
    let nobody = Nobody::in_folder(world.folder.path());
    open_to_all(&socket);
    let capture = |holder: &str| nobody.licensectl(&socket, &["capture", "48", "--holder", holder]);
    let session = capture("anna").ended_with(0).json()["session"].as_str().unwrap().to_owned();
    assert_eq!(capture("anna").ended_with(0).json()["session"], *session, "what is held is no new seat");
    let over = capture("boris").ended_with(5);
    assert_eq!(over.failure(), "not_permitted");
    assert!(over.message().contains("limits.seats_per_uid"), "{over:?}");

    world.host.licensectl(&["capture", "48", "--holder", "boris"]).ended_with(0);
    world.host.licensectl(&["capture", "48", "--holder", "vera"]).ended_with(0);
    nobody.licensectl(&socket, &["release", &session]).ended_with(0);
    capture("grigori").ended_with(0);
}

#[test]
fn a_reload_changes_the_limits_says_so_and_cuts_nobody() {
    let (world, config) = limited("connections_per_uid = 2");
    let mut within = [served(&world), served(&world)];
    fs::write(&config, "socket_group = 'wheel'\n[limits]\nconnections_per_uid = 1\n").unwrap();
    let answer = within[0].ask(&Request::Reload, Encoding::Json).answer();
    let Answer::Done(done) = answer else { panic!("not reloaded: {answer:?}") };
    assert!(done.message.contains("limits.connections_per_uid: 2 → 1"), "{done:?}");
    let restart = r#"socket_group: "licensed" → "wheel" needs a restart"#;
    assert!(done.warnings.iter().any(|warning| warning.contains(restart)), "{done:?}");
    assert!(within.iter_mut().all(is_served), "who is there stays");
    let [mut first, second] = within;
    drop(second);
    let said = refused(&mut Wire::to(&world.host), &check());
    assert!(said.starts_with("busy: "), "{said}");

    fs::write(&config, "[limits]\nconections_per_uid = 5\nconnections = 0\n").unwrap();
    let said = refused(&mut first, &Request::Reload);
    assert!(said.contains("`limits.conections_per_uid` in line 2") && said.contains("line 3"), "{said}");
    let said = refused(&mut Wire::to(&world.host), &check());
    assert!(said.starts_with("busy: "), "nothing of a bad file counts: {said}");
}
