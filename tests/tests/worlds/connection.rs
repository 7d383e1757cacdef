//! No connection to the license server.

use end_to_end::{
    BrokenWorld,
    broken_world::{LICENSE_SERVER, ROUTER, SERVER},
};

pub(crate) fn connection_is_refused() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.firewall(443, "reject with tcp reset");
    world
}

pub(crate) fn connection_is_dropped() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.firewall(443, "drop");
    world
}

pub(crate) fn host_has_ipv6_and_the_server_ipv4() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    world.names.know(LICENSE_SERVER, &[SERVER[0].parse().unwrap()]);
    world.loses_ipv4();
    world
}

pub(crate) fn host_has_no_default_route() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    // The name server is in the same network, and goes on to answer.
    world.asks_resolver(ROUTER[0]);
    world.here.runs("ip -4 route del default");
    world.here.runs("ip -6 route del default");
    world
}
