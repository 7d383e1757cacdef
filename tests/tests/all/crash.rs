//! SIGKILL, which stands for the power cut: at every step and at any moment. What was promised holds
//! afterwards, and what was asked for happens once.

use std::{thread, time::Duration};

use end_to_end::{
    World,
    middlebox::Reply,
    waiting::{self, Stopwatch},
};
use license_client::{
    Client, ClientError,
    types::{Code, FeatureId, SessionId},
};

use crate::chance;

/// How often the daemon and the license server are killed in the middle of something: enough to hit
/// each of the few writes of an act, in three seconds.
const MOMENTS: usize = 50;

#[test]
fn a_killed_daemon_says_the_same_as_before_at_every_step_of_its_life() {
    let mut world = World::new();
    survives(&mut world, "unregistered", "indeterminate 2009");
    let number = world.host.register();
    survives(&mut world, "registered", "denied 2008");
    world.host.activate_coupon(&world.server.coupon(81));
    survives(&mut world, "with a coupon", "granted fresh");
    world.server.kill();
    world.host.recheck_in_vain();
    survives(&mut world, "offline", "granted offline");
    world.server.start();
    world.server.drop_all(&number);
    world.host.recheck();
    survives(&mut world, "dropped", "denied 2008");
    world.host.licensectl(&["reset", "--yes"]).ended_with(0);
    survives(&mut world, "reset", "indeterminate 2009");
}

/// Kills the daemon and compares everything that it says about 33, 45 and 9999.
fn survives(world: &mut World, step: &str, verdict: &str) {
    assert_eq!(world.host.check(45), verdict, "{step}");
    let before = [33, 45, 9999].map(|feature| world.host.lasting(feature));
    world.host.crash();
    assert_eq!([33, 45, 9999].map(|feature| world.host.lasting(feature)), before, "{step}");
}

#[test]
fn a_coupon_whose_answer_was_lost_before_the_crash_is_activated_once_and_without_a_complaint() {
    let (mut world, middlebox) = World::intercepted();
    let coupon = world.server.coupon(81);
    middlebox.now(|request, upstream| Reply { status: 502, ..upstream.ask(request) });
    assert_eq!(world.host.licensectl(&["coupon", &coupon]).ended_with(4).failure(), "no_answer 1014");
    world.host.crash();
    middlebox.now(|request, upstream| upstream.ask(request));
    world.host.activate_coupon(&coupon);
    assert_eq!(world.host.checked(45)["seats"]["total"], 2, "one of each coupon");
}

#[test]
fn a_coupon_that_went_through_before_tls_broke_is_activated_once_and_without_a_complaint() {
    let (world, middlebox) = World::intercepted();
    let coupon = world.server.coupon(81);
    middlebox.answers_in_clear(true);
    assert_eq!(world.host.licensectl(&["coupon", &coupon]).ended_with(4).failure(), "no_answer 1014");
    middlebox.answers_in_clear(false);
    world.host.activate_coupon(&coupon);
    assert_eq!(world.host.checked(45)["seats"]["total"], 2, "one of each coupon");
}

/// What a module or a person does in the busy run.
#[derive(Debug, Clone)]
enum Act {
    Check,
    Recheck,
    Capture,
    Release(String),
    Coupon(String),
}

impl Act {
    /// Does it, and tells whether the daemon has said that it is done.
    fn perform(&self, client: &mut Client) -> Result<(), ClientError> {
        match self {
            Self::Check => client.check(FeatureId(45)).map(drop),
            Self::Recheck => client.recheck().map(drop),
            Self::Capture => client.capture(FeatureId(45), None, false).map(drop),
            Self::Release(session) => client.release(SessionId(session.clone())).map(drop),
            Self::Coupon(coupon) => client.activate_coupon(coupon.parse().unwrap()).map(drop),
        }
    }

    /// Whether this is how a repetition of what was done already is refused.
    fn was_done_before(&self, error: &ClientError) -> bool {
        let ClientError::Failed(failure) = error else { return false };
        match self {
            Self::Coupon(_) => failure.code == Some(Code::COUPON_USED),
            Self::Release(_) => failure.message.contains("holds no seat"),
            Self::Check | Self::Recheck | Self::Capture => false,
        }
    }
}

/// A host that is kept busy, and what has to be true of it.
struct Busy {
    world: World,
    number: String,
    random: fastrand::Rng,
    /// A moment in the middle of an act is before this.
    longest: Duration,
    coupons: usize,
    has_seat: bool,
}

impl Busy {
    fn new() -> Self {
        let (world, number) = World::with_coupon();
        let took = Stopwatch::start();
        world.host.client().recheck().unwrap();
        let longest = took.elapsed() * 2;
        Self { world, number, random: chance::generator(), longest, coupons: 1, has_seat: true }
    }

    /// The next act, and whether this host has a seat of feature 45 afterwards.
    fn next(&mut self) -> (Act, bool) {
        match self.random.u8(0..5) {
            0 => (Act::Check, self.has_seat),
            1 => (Act::Recheck, self.has_seat),
            2 => {
                self.coupons += 1;
                // It takes a seat for this host, if it has none.
                (Act::Coupon(self.world.server.coupon(81)), true)
            }
            _ if self.has_seat => {
                let session = self.world.host.checked(45)["session"].as_str().unwrap().to_owned();
                (Act::Release(session), false)
            }
            _ => (Act::Capture, true),
        }
    }

    /// Begins an act and does `kill` at some moment in it. Gives whether the act was said to be done.
    fn interrupt(&mut self, act: &Act, kill: fn(&mut World)) -> bool {
        let moment =
            Duration::from_micros(self.random.u64(0..=u64::try_from(self.longest.as_micros()).unwrap()));
        let mut client = self.world.host.client();
        let act = act.clone();
        let acting = thread::spawn(move || act.perform(&mut client).is_ok());
        waiting::pass(moment);
        kill(&mut self.world);
        acting.join().unwrap()
    }

    /// The verdict on 45 with and without a seat.
    fn verdict(has_seat: bool) -> &'static str {
        if has_seat { "granted" } else { "denied 2008" }
    }

    /// What holds in between: nothing is lost, and the verdict is one of those with these seats.
    fn nothing_is_lost(&self, seats: [bool; 2], when: &str) {
        let state = self.world.host.state();
        assert!(matches!(state.as_str(), "fresh" | "offline"), "{when}: {state}");
        let files = self.world.host.state_files();
        assert!(!files.iter().any(|file| file.contains("unreadable")), "{when}: {files:?}");
        let verdict = self.world.host.check(45);
        let possible = seats.map(Self::verdict);
        assert!(
            possible.iter().any(|it| verdict.starts_with(it)),
            "{when}: {verdict} is none of {possible:?}"
        );
    }

    /// Repeats an act, after which it has happened exactly once.
    fn repeat(&mut self, act: &Act, has_seat: bool, when: &str) {
        if let Err(error) = act.perform(&mut self.world.host.client()) {
            assert!(act.was_done_before(&error), "{when}: {error}");
        }
        self.world.host.recheck();
        self.has_seat = has_seat;
        assert!(self.world.host.check(45).starts_with(Self::verdict(has_seat)), "{when}");
        assert_eq!(self.world.host.checked(45)["seats"]["total"], self.coupons, "{when}: coupons");
        assert_eq!(self.world.server.captured(&self.number, 45), usize::from(has_seat), "{when}: seats");
        assert_eq!(self.world.server.captured(&self.number, 33), 1, "{when}: seats of 33");
    }
}

/// Kills something in the middle of [`MOMENTS`] acts, and lets it `come_back` each time.
fn survives_any_moment(kill: fn(&mut World), come_back: fn(&mut World)) {
    let mut busy = Busy::new();
    for moment in 0..MOMENTS {
        let before = busy.has_seat;
        let (act, after) = busy.next();
        let when = format!("moment {moment}, {act:?}");
        // What was said to be done is done; of the rest nobody knows.
        let possible = if busy.interrupt(&act, kill) { [after; 2] } else { [before, after] };
        come_back(&mut busy.world);
        busy.nothing_is_lost(possible, &when);
        busy.repeat(&act, after, &when);
    }
}

#[test]
fn a_daemon_that_is_killed_at_any_moment_loses_nothing_and_does_nothing_twice() {
    survives_any_moment(|world| world.host.kill(), |world| world.host.start());
}

#[test]
fn a_license_server_that_is_killed_at_any_moment_loses_nothing_and_does_nothing_twice() {
    survives_any_moment(
        |world| world.server.kill(),
        |world| {
            world.server.start();
            world.host.recheck();
            assert_eq!(world.host.state(), "fresh");
        },
    );
}
