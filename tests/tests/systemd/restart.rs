//! Restarts under clients that never stop asking.

use end_to_end::SystemdBox;

use crate::asking::Clients;

const RESTARTS: usize = 3;

#[test]
fn no_query_fails_while_the_daemon_and_the_gateway_are_restarted() {
    let system = SystemdBox::installed();
    system.register();
    system.systemctl(&["start", "license-gateway.socket", "license-gateway"]);
    let clients = Clients::start(&system);
    let before = ["licensed", "license-gateway"].map(|unit| system.main_pid(unit));
    for _ in 0..RESTARTS {
        system.run(&["sleep", "0.5"]).ended_with(0);
        system.systemctl(&["restart", "licensed"]);
        system.run(&["sleep", "0.5"]).ended_with(0);
        system.systemctl(&["restart", "license-gateway"]);
    }
    assert_ne!(["licensed", "license-gateway"].map(|unit| system.main_pid(unit)), before);
    clients.end_well();
}
