//! The name of the license server leads nowhere, or astray.

use end_to_end::{
    BrokenWorld,
    broken_world::{LICENSE_SERVER, SERVER},
};

pub(crate) fn resolver_is_silent() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.names.fall_silent();
    world
}

pub(crate) fn resolver_is_gone() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    // Nothing listens at that port of the license server.
    world.asks_resolver(SERVER[0]);
    world
}

pub(crate) fn name_does_not_exist() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.names.forget();
    world
}

pub(crate) fn name_leads_into_the_office() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.names.know(LICENSE_SERVER, &["192.168.1.1".parse().unwrap()]);
    world
}

pub(crate) fn name_leads_to_nothing() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    // As filters for advertisements answer.
    world.names.know(LICENSE_SERVER, &["0.0.0.0".parse().unwrap(), "::".parse().unwrap()]);
    world
}

pub(crate) fn hosts_file_says_otherwise() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    world.writes("hosts", &format!("127.0.0.1 localhost\n127.0.0.1 {LICENSE_SERVER}\n"), "/etc/hosts");
    world
}
