//! The license server, the daemon or the gateway itself is away: every call gets an answer in time, none is
//! refused a connection, and nothing that is held is refused.

use std::time::Duration;

use end_to_end::{
    Pbx, World,
    middlebox::{Middlebox, Reply, Request, Upstream},
    pbx::Call,
    silent::{DeafServer, SilentServer},
    waiting::{Stopwatch, pass, until},
};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// The daemon dies that often while it is asked.
const DEATHS: u32 = 4;

/// In this time an older caller hangs up (domain: "Callers give up after 25 s, an older one after 1 s").
const PATIENCE: Duration = Duration::from_secs(1);

/// A stop takes two seconds with a call that is not answered; that much more is for a loaded machine.
const RESTART: Duration = Duration::from_secs(6);

/// Nobody issued it.
const COUPON: &str = "MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD";

fn asked(feature: u32, times: u32) -> Value {
    json!({ "step": "call", "method": "featureavailable", "parameters": { "feature": feature }, "times": times })
}

/// A host that holds 33 and 45, could take 50, and is asked about all of them once.
fn licensed() -> (World, Pbx) {
    let (world, number) = World::with_coupon();
    let add = ["grant", "add", "--number", &number, "--product", "96", "--seats", "1", "--days", "30"];
    world.server.admin(&add).ended_with(0);
    world.host.recheck();
    assert!(world.host.checked(50)["seats"]["captured"] == 0, "it is free: {:#}", world.host.checked(50));
    let mut pbx = Pbx::prepared(&world.host);
    pbx.gateway = pbx.gateway.activated();
    pbx.gateway.start();
    assert_eq!([33, 45].map(|feature| pbx.asks(feature)), ["200"; 2]);
    (world, pbx)
}

/// The license server cannot be reached any more. 1,000 times is asked about what is held, and 20 times
/// about what is not; the daemon dies meanwhile.
fn is_asked_a_thousand_times(world: &mut World, pbx: &Pbx) {
    let not_held = pbx.begins(&json!([asked(50, 20)]));
    in_time(&not_held.ends().into_iter().flat_map(|played| played.calls).collect::<Vec<_>>(), "10");
    let held = pbx.begins(&json!([asked(45, 1000)]));
    for _ in 0..DEATHS {
        pass(Duration::from_millis(300));
        world.host.crash();
    }
    let calls: Vec<_> = held.ends().into_iter().flat_map(|played| played.calls).collect();
    assert_eq!(calls.len(), 1000);
    in_time(&calls, "200");
}

/// Each call was answered within [`PATIENCE`], with this status or a code that begins like this.
fn in_time(calls: &[Call], answer: &str) {
    let longest = calls.iter().map(Call::took).max().unwrap();
    println!("{} calls, the longest {longest:?}", calls.len());
    for call in calls {
        assert!(call.took() < PATIENCE, "{call:#?}");
        let came_to = call.came_to();
        assert!(came_to.rsplit(' ').next().unwrap().starts_with(answer), "{call:#?}");
    }
}

#[test]
fn a_license_server_that_says_nothing_delays_nobody() {
    let (mut world, pbx) = licensed();
    world.server.kill();
    let _silent = SilentServer::at(world.server.address());
    is_asked_a_thousand_times(&mut world, &pbx);
}

#[test]
fn a_network_that_swallows_packets_delays_nobody() {
    let (mut world, pbx) = licensed();
    world.server.kill();
    let _deaf = DeafServer::at(world.server.address());
    is_asked_a_thousand_times(&mut world, &pbx);
}

#[test]
fn while_the_daemon_is_away_what_was_known_is_said() {
    let (mut world, pbx) = licensed();
    world.host.kill();
    in_time(
        &pbx.begins(&json!([asked(45, 20)])).ends().into_iter().flat_map(|it| it.calls).collect::<Vec<_>>(),
        "200",
    );
    // Nobody knows about what was never asked: that is no refusal.
    let unknown = pbx.calls("featureavailable", &json!({ "feature": 51 }));
    assert!(unknown.status() >= 500 && unknown.took() < PATIENCE, "{unknown:#?}");
    assert!(
        unknown.error().starts_with("licensed does not answer"),
        "it is not the license server: {unknown:#?}"
    );
    let coupon = pbx.calls("activatecoupon", &json!({ "coupon": world.server.coupon(81) }));
    assert!(coupon.status() >= 500 && coupon.took() < Duration::from_secs(20), "{coupon:#?}");
    assert!(coupon.error().contains("licensed does not run"), "{coupon:#?}");
    world.host.start();
    assert_eq!([33, 45].map(|feature| pbx.asks(feature)), ["200"; 2]);
}

#[test]
fn a_daemon_that_hangs_delays_nobody() {
    let (mut world, pbx) = licensed();
    world.host.daemon().signal(Signal::SIGSTOP);
    let asking = [45, 33, 51].map(|feature| pbx.begins(&json!([asked(feature, 1)])));
    let coupon = json!({ "coupon": world.server.coupon(81) });
    let entering = pbx.begins(&json!([{ "step": "call", "method": "activatecoupon", "parameters": coupon }]));
    let held = json!({ "feature": 45 });
    let capturing = pbx.begins(&json!([{ "step": "call", "method": "capturefeature", "parameters": held }]));
    let calls = asking.map(|asking| asking.ends().remove(0).only_call());
    assert!(calls.iter().all(|call| call.took() < PATIENCE), "{calls:#?}");
    assert_eq!([&calls[0], &calls[1]].map(Call::came_to), ["200"; 2]);
    assert!(calls[2].status() >= 500, "nobody knows: {:#?}", calls[2]);
    let entered = entering.ends().remove(0).only_call();
    assert!(entered.status() >= 500 && entered.took() < Duration::from_secs(20), "{entered:#?}");
    let captured = capturing.ends().remove(0).only_call();
    assert_eq!(captured.came_to(), "200", "what is held is captured again");

    world.host.daemon().signal(Signal::SIGCONT);
    let activated = until(|| (pbx.calls("activatecoupon", &coupon).came_to() == "200").then_some(()));
    activated.expect("it has its first outcome");
    assert_eq!(world.host.checked(45)["seats"]["total"], 2);
}

#[test]
fn a_refusal_does_not_become_a_yes_while_the_daemon_is_away() {
    let (mut world, pbx) = licensed();
    assert_eq!(pbx.asks(9999), "403 2008");
    world.server.drop_all(&world.host.number());
    world.host.recheck();
    assert_eq!(pbx.asks(45), "403 2008");
    world.host.kill();
    for feature in [45, 9999] {
        assert_ne!(pbx.asks(feature), "200");
    }
}

#[test]
fn a_refusal_of_before_is_not_repeated_by_a_daemon_that_is_back() {
    let (world, number) = World::with_coupon();
    let mut other = world.another_host("other");
    other.licensectl(&["activate", &number]).ended_with(0);
    other.recheck();
    let pbx = Pbx::on(&other);
    assert_eq!(pbx.asks(45), "403 2008", "the one seat is the other host's");
    world.host.licensectl(&["reset", "--yes"]).ended_with(0);
    until(|| (world.server.captured(&number, 45) == 0).then_some(())).unwrap();
    for _ in 0..3 {
        other.crash();
        other.recheck();
        assert_eq!(pbx.asks(45), "200");
        let session = other.checked(45)["session"].as_str().unwrap().to_owned();
        other.licensectl(&["release", &session]).ended_with(0);
        assert_eq!(other.check(45), "denied 2008");
        pass(Duration::from_secs(1));
    }
}

#[test]
fn a_gateway_that_is_stopped_and_started_refuses_no_connection() {
    let (_world, mut pbx) = licensed();
    let asking = pbx.begins(&json!([asked(45, 600)]));
    for _ in 0..DEATHS {
        pass(Duration::from_millis(200));
        pbx.gateway.stop();
        pbx.gateway.start();
    }
    let calls: Vec<_> = asking.ends().into_iter().flat_map(|played| played.calls).collect();
    let longest = calls.iter().map(Call::took).max().unwrap();
    println!("{} calls, the longest {longest:?}", calls.len());
    assert!(calls.iter().all(|call| call.came_to() == "200"));

    // Nobody is there at all: the connection waits for the gateway.
    pbx.gateway.kill();
    let asking = pbx.begins(&json!([asked(45, 1)]));
    pass(Duration::from_millis(300));
    pbx.gateway.start();
    assert_eq!(asking.ends()[0].came_to(), ["featureavailable 200"]);
}

/// Passes everything on, and takes its time with answers about `slow`.
fn slow_in(slow: &'static str) -> impl FnMut(&Request, &Upstream) -> Reply + Send {
    move |request, upstream| {
        let reply = upstream.ask(request);
        if request.path.contains(slow) {
            pass(Duration::from_millis(1500));
        }
        reply
    }
}

fn intercepted() -> (World, Middlebox, Pbx) {
    let (world, middlebox) = World::intercepted();
    let pbx = Pbx::on(&world.host);
    (world, middlebox, pbx)
}

#[test]
fn a_coupon_whose_answer_was_not_waited_for_has_its_first_outcome() {
    let (world, middlebox, pbx) = intercepted();
    let coupon = json!({ "coupon": world.server.coupon(96) });
    middlebox.now(slow_in("coupon"));
    pbx.calls_and_hangs_up("activatecoupon", &coupon, Duration::from_millis(500));
    assert_eq!(pbx.calls("activatecoupon", &coupon).came_to(), "200");
    assert_eq!(pbx.asks(50), "200");
    assert_eq!(world.host.checked(50)["seats"]["total"], 1);
}

#[test]
fn a_coupon_whose_answer_came_when_nobody_listened_has_its_first_outcome() {
    let (world, middlebox, pbx) = intercepted();
    let coupon = json!({ "coupon": world.server.coupon(96) });
    middlebox.now(slow_in("coupon"));
    pbx.calls_and_hangs_up("activatecoupon", &coupon, Duration::from_millis(500));
    until(|| (world.host.check(50) == "granted fresh").then_some(())).expect("it is carried on");
    assert_eq!(pbx.calls("activatecoupon", &coupon).came_to(), "200");
    assert_eq!(world.host.checked(50)["seats"]["total"], 1);
}

#[test]
fn a_coupon_whose_answer_got_lost_on_the_way_has_its_first_outcome() {
    let (world, middlebox, pbx) = intercepted();
    let coupon = json!({ "coupon": world.server.coupon(96) });
    middlebox.answers_in_clear(true);
    let lost = pbx.calls("activatecoupon", &coupon);
    assert!(lost.status() >= 500 && lost.error().starts_with("(10"), "{lost:#?}");
    middlebox.answers_in_clear(false);
    assert_eq!(pbx.calls("activatecoupon", &coupon).came_to(), "200");
    assert_eq!(world.host.checked(50)["seats"]["total"], 1);
}

#[test]
fn a_coupon_during_which_the_daemon_dies_has_its_first_outcome() {
    let (mut world, middlebox, pbx) = intercepted();
    let coupon = json!({ "coupon": world.server.coupon(96) });
    middlebox.now(slow_in("coupon"));
    let step = json!({ "step": "call", "method": "activatecoupon", "parameters": coupon });
    let entering = pbx.begins(&json!([step]));
    pass(Duration::from_millis(700));
    world.host.crash();
    let lost = entering.ends().remove(0).only_call();
    assert!(lost.status() >= 500, "nobody knows: {lost:#?}");
    assert_eq!(pbx.calls("activatecoupon", &coupon).came_to(), "200");
    assert_eq!(world.host.checked(50)["seats"]["total"], 1);
}

#[test]
fn a_coupon_during_which_the_gateway_is_stopped_is_answered() {
    let (world, middlebox, mut pbx) = intercepted();
    let coupon = json!({ "coupon": world.server.coupon(96) });
    middlebox.now(slow_in("coupon"));
    let step = json!({ "step": "call", "method": "activatecoupon", "parameters": coupon });
    let entering = pbx.begins(&json!([step]));
    pass(Duration::from_millis(700));
    pbx.gateway.stop();
    assert_eq!(entering.ends()[0].came_to(), ["activatecoupon 200"]);
}

#[test]
fn a_license_server_that_says_nothing_does_not_hold_up_a_restart() {
    let (mut world, mut pbx) = licensed();
    world.server.kill();
    let mut server = SilentServer::at(world.server.address());
    let coupon = json!([{ "step": "call", "method": "activatecoupon", "parameters": { "coupon": COUPON } }]);
    let entering = pbx.begins(&coupon);
    server.is_called();
    let stopping = Stopwatch::start();
    pbx.gateway.stop();
    assert!(stopping.elapsed() < RESTART, "{:?}", stopping.elapsed());
    assert_eq!(entering.ends()[0].came_to(), ["activatecoupon 504 1014"]);
}

#[test]
fn a_fault_that_nobody_was_told_is_not_told_later() {
    let (world, middlebox, pbx) = intercepted();
    let coupon = json!({ "coupon": world.server.coupon(96) });
    middlebox.now(|_, _| {
        pass(Duration::from_millis(800));
        Reply::problem(500, &json!({}))
    });
    pbx.calls_and_hangs_up("activatecoupon", &coupon, Duration::from_millis(300));
    pass(Duration::from_secs(2));
    middlebox.now(|request, upstream| upstream.ask(request));
    assert_eq!(pbx.calls("activatecoupon", &coupon).came_to(), "200");
}

#[test]
fn a_registration_that_was_not_waited_for_gives_the_same_number_again() {
    let world = World::new();
    let pbx = Pbx::on(&world.host);
    let form = json!({ "companyname": "C & D", "email": "c@example.com", "contact": "A", "product": 11 });
    pbx.calls_and_hangs_up("gettrial", &form, Duration::from_millis(1));
    let number = pbx.calls("gettrial", &form).text().to_owned();
    assert_eq!(world.host.number(), number);
}
