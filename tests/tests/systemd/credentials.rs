//! What systemd reads for a daemon that is not root.

use end_to_end::{SystemdBox, waiting};

#[test]
fn a_number_that_root_alone_may_read_is_activated_by_a_new_host() {
    let system = SystemdBox::installed();
    system.register();
    let number = system.licensectl(&["info"]).ended_with(0).json()["number"].as_str().unwrap().to_owned();
    system.systemctl(&["stop", "licensed.socket"]);
    system.licensectl(&["deprovision", "--yes"]).ended_with(0);
    system.wait_for("licensed", "ActiveState", |state| state == "inactive");

    system.sh(&format!("umask 077; echo {number} >/etc/licensed/number")).ended_with(0);
    system.systemctl(&["start", "licensed.socket", "licensed"]);
    let granted = waiting::until(|| (system.check("33") == "granted fresh").then_some(()));
    granted.unwrap_or_else(|| panic!("not activated: {}", system.log("licensed")));
    assert!(
        system.log("licensed").contains("/run/credentials/licensed.service/licensed.number is activated")
    );
}
