//! Everything works, and the license is not what was expected.

use end_to_end::{Answered, BrokenWorld, Host};

/// What a command of the host came to, which has to be refused with a code.
fn refused(world: &BrokenWorld, arguments: &[&str], code: u32) {
    let answered: Answered = world.at_the_host(|host: &Host| host.licensectl(arguments));
    assert_eq!(answered.failure(), format!("refused {code}"), "{answered:#?}");
}

pub(crate) fn host_is_new() -> BrokenWorld {
    let mut world = BrokenWorld::still_whole();
    world.start();
    world
}

pub(crate) fn number_is_unknown() -> BrokenWorld {
    let world = host_is_new();
    refused(&world, &["activate", "MIKO-AAAAA-BBBBB-CCCCC-DDDDD"], 2026);
    world
}

pub(crate) fn another_host_has_the_seat() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.server.drop_all(&world.number);
    let other = world.another_host();
    world.here.does(|| other.licensectl(&["activate", &world.number])).ended_with(0);
    world.at_the_host(|host| host.licensectl(&["recheck"]));
    world
}

pub(crate) fn coupon_was_used() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    let coupon = world.server.coupon(81);
    let other = world.another_host();
    world.here.does(|| {
        other.register_as("ООО «Лютик»", "office@lutik.example").ended_with(0);
        other.activate_coupon(&coupon);
    });
    refused(&world, &["coupon", &coupon], 2041);
    world
}

pub(crate) fn nobody_sells_the_feature() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    world.question = &["9999"];
    world
}
