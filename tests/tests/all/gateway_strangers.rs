//! Users who may not change the license take the gateway from nobody, whatever they do with it.

use std::{
    collections::VecDeque,
    fs,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Duration,
};

use end_to_end::{
    Gateway, World,
    http_wire::{get, post},
    somebody::connected,
    waiting::{self, Stopwatch},
};

use crate::{
    gateway_bad_input::{good, is_served, is_well},
    gateway_callers::{NOBODY, STRANGER, asks},
};

/// Lets a thread end, also when the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn many_connections_keep_nobody_out() {
    let (world, _number) = World::registered();
    let key_file = world.folder.path().join("license.key");
    // As many files as would not do for all that the stranger opens in a second.
    let mut gateway = Gateway::beside(&world.host, &key_file).within(&["prlimit", "--nofile=300"]);
    gateway.start();
    let (address, ended) = (gateway.address(), AtomicBool::new(false));
    thread::scope(|scope| {
        let ends = Ends(&ended);
        let opening = scope.spawn(|| {
            let mut open = VecDeque::new();
            while !ended.load(Ordering::Relaxed) {
                let mut wire = connected(STRANGER, address);
                wire.send("GET /license.api/");
                open.push_back(wire);
                if open.len() > 2_000 {
                    open.pop_front();
                }
            }
            open.len()
        });
        let watch = Stopwatch::start();
        while watch.elapsed() < Duration::from_secs(4) {
            let asked = Stopwatch::start();
            is_served(&gateway);
            assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        }
        // Another stranger is told so, if it is not cut: there is a limit to that too.
        let mut over = connected(NOBODY, address);
        if let Some(answer) = over.send(good()).answer_or_end() {
            assert_eq!(answer.status, 503, "{answer:#?}");
            answer.error();
        }
        over.is_closed();
        drop(ends);
        assert!(opening.join().unwrap() > 300);
    });
    let served = || {
        let answer = connected(NOBODY, address).send(good()).answer_or_end();
        answer.is_some_and(|answer| answer.status == 200).then_some(())
    };
    waiting::until(served).unwrap_or_else(|| panic!("strangers are not served again"));
    is_well(&gateway);
}

#[test]
fn many_questions_leave_the_license_server_to_others() {
    let mut world = World::prepared();
    let config = world.folder.path().join("limited.toml");
    // As many as a gateway that is not root's may have.
    fs::write(&config, "[limits]\nwaiting_requests = 16\n").unwrap();
    world.host = world.host.flag("--config", &config);
    world.host.start();
    world.host.register();
    let mut gateway = Gateway::beside(&world.host, &world.folder.path().join("license.key"));
    gateway.start();
    let (address, ended, feature) = (gateway.address(), AtomicBool::new(false), AtomicU32::new(1_000));
    thread::scope(|scope| {
        let ends = Ends(&ended);
        let asking: Vec<_> = (0..40)
            .map(|_| {
                scope.spawn(|| {
                    let mut wire = connected(STRANGER, address);
                    let mut answers = 0;
                    while !ended.load(Ordering::Relaxed) {
                        let feature = feature.fetch_add(1, Ordering::Relaxed);
                        wire.send(get(&format!("/license.api/capturefeature?feature={feature}")))
                            .answer()
                            .error();
                        answers += 1;
                    }
                    answers
                })
            })
            .collect();
        for _ in 0..50 {
            asks(0, &gateway, post("addtrial", "product=11")).result();
            let asked = Stopwatch::start();
            is_served(&gateway);
            assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        }
        drop(ends);
        let answers: u32 = asking.into_iter().map(|asking| asking.join().unwrap()).sum();
        assert!(answers > 50, "{answers}");
    });
    is_well(&gateway);
}

#[test]
fn who_sends_slowly_does_not_hold_up_a_restart() {
    let (_world, mut gateway) = World::with_gateway();
    let body = String::from_utf8(post("featureavailable", "feature=33")).unwrap();
    let slow = [&good()[..30], &body.as_bytes()[..body.len() - 1], b""].map(|begun| {
        let mut wire = connected(STRANGER, gateway.address());
        wire.send(begun);
        wire
    });
    // The gateway has them all: it accepts in order.
    is_served(&gateway);
    let stopping = Stopwatch::start();
    gateway.stop();
    assert!(stopping.elapsed() < Duration::from_secs(3), "{:?}", stopping.elapsed());
    drop(slow);
    gateway.start();
    is_well(&gateway);
}
