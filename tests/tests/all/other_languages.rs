//! docs/protocol.md alone is enough to write a client: the one in tests/python was written from it.

use end_to_end::{Host, World, bystanders};
use serde_json::{Value, json};

/// What the Python client has read in each encoding says what `licensectl` says.
fn agrees(host: &Host, feature: u32, verdict: &str) {
    assert_eq!(host.check(feature), verdict);
    let checked = host.checked(feature);
    let said = bystanders::python_client(host, feature);
    assert_eq!(said["json"], said["bincode"], "the two encodings say the same");
    let said = &said["json"];
    for field in ["feature", "product", "message", "session", "seats", "last_answer"] {
        assert_eq!(said[field], checked[field], "{field}: {said}");
    }
    let (name, facts) = said["verdict"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(*name, checked["verdict"]);
    match name.as_str() {
        "granted" => {
            assert_eq!(facts["until"], checked["until"]);
            let basis = match checked["basis"].as_str().unwrap() {
                "fresh" => json!("fresh"),
                _ => json!({ "offline": { "since": checked["since"] } }),
            };
            assert_eq!(facts["basis"], basis);
        }
        "denied" => assert_eq!(facts["code"], checked["code"]),
        _ => {
            assert_eq!(facts["code"], checked["code"]);
            assert_eq!(facts["may_run"], checked["may_run"]);
        }
    }
}

#[test]
fn a_client_that_was_written_from_the_page_gets_every_verdict_in_both_encodings() {
    let mut world = World::new();
    agrees(&world.host, 45, "indeterminate 2009");
    world.host.register();
    agrees(&world.host, 9999, "denied 2008");
    world.host.activate_coupon(&world.server.coupon(81));
    agrees(&world.host, 45, "granted fresh");
    world.server.kill();
    world.host.recheck_in_vain();
    agrees(&world.host, 45, "granted offline");
}

#[test]
fn it_can_read_that_nobody_speaks_its_encoding() {
    let world = World::new();
    let said: Value = bystanders::python_client(&world.host, 33);
    assert_eq!(said["unsupported"], json!({ "kind": "unsupported", "versions": [1], "encodings": [0, 1] }));
}
