//! The clock of the host is wrong.

use end_to_end::{
    BrokenWorld,
    broken_world::{LICENSE_SERVER, certificate},
};

fn at(clock: &str) -> BrokenWorld {
    let mut world = BrokenWorld::healthy().clock(clock);
    world.restart();
    world
}

pub(crate) fn clock_is_two_hours_ahead() -> BrokenWorld {
    at("+2h")
}

pub(crate) fn clock_is_two_hours_ahead_of_a_certificate() -> BrokenWorld {
    let world = at("+2h");
    world.shows(certificate::signed_by(&world.authority, LICENSE_SERVER, -90 * 24..1));
    world
}

pub(crate) fn clock_is_in_1970() -> BrokenWorld {
    at("@1970-01-01 00:10:00")
}
