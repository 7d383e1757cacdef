//! The daemon, its socket and its disk.

use std::fs;

use end_to_end::{BrokenWorld, Host};

pub(crate) fn daemon_is_stopped() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    world.kill();
    world
}

pub(crate) fn caller_is_in_no_group() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    world.nobody_asks();
    world
}

pub(crate) fn state_is_unreadable() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    world.kill();
    for file in ["state", "state.previous", "host.key"] {
        fs::write(world.host.state_dir().join(file), "").unwrap();
    }
    world.start();
    world
}

pub(crate) fn disk_is_full() -> BrokenWorld {
    let mut world = BrokenWorld::still_whole();
    let folder = world.host.state_dir();
    world.small_file_system(&folder, "1m");
    world.start();
    world.number = world.at_the_host(Host::register);
    world.at_the_host(|_| {
        // Until not a byte is left.
        let filled = fs::write(folder.join("something-else"), vec![0; 1 << 21]);
        assert!(filled.is_err(), "the disk is not full");
    });
    let coupon = world.server.coupon(81);
    world.at_the_host(|host| host.licensectl(&["coupon", &coupon]));
    world
}
