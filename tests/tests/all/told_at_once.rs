//! What changes at the license server reaches the modules of a host at once, and not at the next check only.

use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use end_to_end::{
    Host, World, bystanders,
    waiting::{LONGEST, Stopwatch, pass, until},
};
use license_client::types::{FeatureId, Verdict};
use license_ipc::{Change, State};
use serde_json::Value;

/// 70 % of the 5 s within which `watch` and the verdict are to follow a drop.
const AT_ONCE: Duration = Duration::from_millis(3_500);

/// Watches a host, and gives what is told from the first change on.
fn watch(host: &Host) -> mpsc::Receiver<(Change, Stopwatch)> {
    let mut watch = host.client().watch().unwrap();
    assert!(watch.next().unwrap().unwrap().whole);
    let (sender, told) = mpsc::channel();
    thread::spawn(move || {
        for change in watch.map_while(Result::ok) {
            if sender.send((change, Stopwatch::start())).is_err() {
                return;
            }
        }
    });
    told
}

fn is_denied(change: &Change, feature: u32) -> bool {
    change
        .entitlements
        .iter()
        .any(|it| it.feature == FeatureId(feature) && matches!(it.verdict, Verdict::Denied { .. }))
}

#[test]
fn a_drop_is_told_by_watch_and_check_before_the_next_check_is_due() {
    let (world, number) = World::with_coupon();
    assert_eq!(world.host.check(45), "granted fresh");
    let told = watch(&world.host);
    let dropped = Stopwatch::start();
    world.server.drop_all(&number);
    until(|| (world.host.check(45) == "denied 2008").then_some(())).expect("the drop is known");
    let checked = dropped.elapsed();
    let (change, since) = told.recv_timeout(LONGEST).expect("the drop is told");
    let watched = dropped.elapsed().saturating_sub(since.elapsed());
    assert!(is_denied(&change, 45), "{change:?}");
    assert_eq!(change.state, State::Refused);
    println!("after the drop began: check says so after {checked:?}, watch after {watched:?}");
    assert!(checked < AT_ONCE && watched < AT_ONCE, "check: {checked:?}, watch: {watched:?}");
}

#[test]
fn without_news_a_host_goes_by_its_schedule_and_a_watcher_with_it() {
    let (mut world, number) = World::with_coupon();
    world.server.kill();
    world.server.restart_with(vec!["--long-polls".to_owned(), "0".to_owned()]);
    world.host.recheck();
    let told = watch(&world.host);
    world.server.drop_all(&number);
    pass(Duration::from_secs(2));
    assert_eq!(world.host.check(45), "granted fresh", "it is not told, and not worse off");
    assert!(told.try_recv().is_err(), "and nor is who watches");
    world.host.recheck();
    assert_eq!(world.host.check(45), "denied 2008");
    let (change, _) = told.recv_timeout(AT_ONCE).expect("the drop is told");
    assert!(is_denied(&change, 45), "{change:?}");
}

/// A program that prints a line of JSON for each change. It is killed with the value.
struct Printed {
    program: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Printed {
    fn by(mut command: Command) -> Self {
        let mut program = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        Self { program, lines }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
    }
}

/// The line tells that much, and of feature 45 that verdict.
fn tells(line: &Value, whole: bool, state: &str, features: &str, verdict: &str) {
    assert_eq!((&line["whole"], &line["state"]), (&whole.into(), &state.into()), "{line}");
    let features = line[features].as_array().unwrap();
    let feature = features.iter().find(|it| it["feature"] == 45).unwrap();
    assert_eq!(feature["verdict"], verdict, "{line}");
}

#[test]
fn the_tool_and_php_print_a_change_a_line_as_it_comes() {
    let (world, number) = World::with_coupon();
    let mut tool = Printed::by(world.host.licensectl_command(&["watch"]));
    let mut php = Printed::by(bystanders::php_watch(&world.host));
    tells(&tool.next(), true, "fresh", "entitlements", "granted");
    tells(&php.next(), true, "fresh", "features", "granted");
    world.server.drop_all(&number);
    tells(&tool.next(), false, "refused", "entitlements", "denied");
    tells(&php.next(), false, "refused", "features", "denied");
}

#[test]
fn a_php_watch_goes_on_after_a_restart_of_the_daemon() {
    let (mut world, _number) = World::with_coupon();
    let mut php = Printed::by(bystanders::php_watch(&world.host));
    tells(&php.next(), true, "fresh", "features", "granted");
    world.host.crash();
    tells(&php.next(), true, "fresh", "features", "granted");
}
