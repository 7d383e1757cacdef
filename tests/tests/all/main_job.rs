//! A host registers, is bound, and its modules run; the license server goes away and they still run; the
//! binding is dropped and they do not. Whoever asks gets the same answer.

use end_to_end::{Host, World, bystanders};

/// Feature 33, 45 and 9999, after everybody who can ask has said the same.
fn everybody_says(host: &Host, expected: [&str; 3]) {
    let found = [33, 45, 9999].map(|feature| host.check(feature));
    assert_eq!(found, expected, "licensectl");
    assert_eq!([33, 45, 9999].map(|feature| host.verdict_in_rust(feature)), expected, "the Rust client");
    let modules = bystanders::php_loader(host);
    let said = ["ModulePhoneBook", "ModuleAmoCrm", "ModuleUnsold"].map(|module| modules[module].as_str());
    assert_eq!(said, ["granted", expected[1], expected[2]], "the PHP client");
}

#[test]
fn modules_run_while_the_license_holds_and_everybody_is_told_the_same() {
    let mut world = World::new();
    everybody_says(&world.host, ["indeterminate 2009"; 3]);

    let number = world.host.register();
    everybody_says(&world.host, ["granted fresh", "denied 2008", "denied 2008"]);

    world.host.activate_coupon(&world.server.coupon(81));
    everybody_says(&world.host, ["granted fresh", "granted fresh", "denied 2008"]);

    world.server.kill();
    assert_eq!(world.host.recheck_in_vain(), "no_answer 1012");
    everybody_says(&world.host, ["granted offline", "granted offline", "denied 2008"]);

    world.host.crash();
    everybody_says(&world.host, ["granted offline", "granted offline", "denied 2008"]);

    world.server.start();
    world.host.recheck();
    everybody_says(&world.host, ["granted fresh", "granted fresh", "denied 2008"]);

    world.server.drop_all(&number);
    world.host.recheck();
    everybody_says(&world.host, ["denied 2008"; 3]);
}
