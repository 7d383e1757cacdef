//! What changes at the license server reaches the modules of a host at once, and not at the next check only.

use std::time::Duration;

use end_to_end::{
    World,
    waiting::{Stopwatch, pass, until},
};

/// 70 % of the 5 s within which the verdict is to follow a drop.
const AT_ONCE: Duration = Duration::from_millis(3_500);

#[test]
fn a_drop_is_known_before_the_next_check_is_due() {
    let (world, number) = World::with_coupon();
    assert_eq!(world.host.check(45), "granted fresh");
    let dropped = Stopwatch::start();
    world.server.drop_all(&number);
    until(|| (world.host.check(45) == "denied 2008").then_some(())).expect("the drop is known");
    assert!(dropped.elapsed() < AT_ONCE, "after {:?}", dropped.elapsed());
}

#[test]
fn without_news_a_host_goes_by_its_schedule() {
    let (mut world, number) = World::with_coupon();
    world.server.kill();
    world.server.restart_with(vec!["--long-polls".to_owned(), "0".to_owned()]);
    world.host.recheck();
    world.server.drop_all(&number);
    pass(Duration::from_secs(2));
    assert_eq!(world.host.check(45), "granted fresh", "it is not told, and not worse off");
    world.host.recheck();
    assert_eq!(world.host.check(45), "denied 2008");
}
