//! The scenes, in the order in which a host lives through them.

use std::fs;

use end_to_end::{host::COMPANY, nobody};

use super::stage::Stage;

const UNKNOWN_NUMBER: &str = "MIKO-AAAAA-BBBBB-CCCCC-DDDDD";
const UNKNOWN_COUPON: &str = "MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD";

pub(super) fn play(stage: &mut Stage) {
    before_anything(stage);
    not_registered(stage);
    registered(stage);
    seats(stage);
    questions(stage);
    not_permitted(stage);
    support(stage);
    no_answer(stage);
    dropped(stage);
    the_end(stage);
}

fn before_anything(stage: &mut Stage) {
    stage.say("help", &["--help"]);
    stage.say("help-check", &["check", "--help"]);
    stage.say("no-command", &[]);
    stage.say("status-daemon-down", &["status"]);
    stage.say("check-daemon-down", &["check", "45"]);
    let config = stage.world.folder.path().join("pbx.toml");
    stage.say("doctor-daemon-down", &["doctor", "--config", config.to_str().unwrap()]);
    stage.say("usage-unknown-command", &["licence"]);
}

fn not_registered(stage: &mut Stage) {
    stage.world.host.start();
    stage.say("status-unregistered", &["status"]);
    stage.say("check-unregistered", &["check", "33"]);
    stage.say("doctor-unregistered", &["doctor"]);
    stage.say("recheck-unregistered", &["recheck"]);
    stage.say("info-unregistered", &["info"]);
    stage.say("features-unregistered", &["features"]);
    stage.say("activate-malformed", &["activate", "MIKO-AB1CD-EF2GH"]);
    stage.say("activate-unknown", &["activate", UNKNOWN_NUMBER]);
    stage.say("activate-no-terminal", &["activate"]);
    stage.say("coupon-unregistered", &["coupon", UNKNOWN_COUPON]);
    stage.say("register-incomplete", &["register", "--company", COMPANY]);
}

fn registered(stage: &mut Stage) {
    let company = ["register", "--company", COMPANY, "--email", "office@romashka.example"];
    stage.say(
        "register",
        &[&company[..], &["--contact", "Иван Петров", "--phone", "+7 495 000-11-22"]].concat(),
    );
    let number = stage.world.host.number();
    stage.knows(&number, '1');
    let other = ["register", "--company", "ООО «Лютик»", "--email", "office@romashka.example"];
    stage.say("register-refused", &[&other[..], &["--contact", "Иван Петров"]].concat());
    stage.say("status-registered", &["status"]);

    let coupon = stage.world.server.coupon(81);
    stage.knows(&coupon, '2');
    stage.say("coupon", &["coupon", &coupon]);
    stage.say("coupon-used", &["coupon", &coupon]);
    stage.say("coupon-unknown", &["coupon", UNKNOWN_COUPON]);
    stage.say("trial", &["trial", "85"]);
    stage.say("trial-unknown", &["trial", "9998"]);
    stage.say("activate", &["activate", &number]);
    stage.knows_sessions();
}

fn seats(stage: &mut Stage) {
    stage.say("check", &["check", "45"]);
    stage.say("check-denied", &["check", "9999"]);
    stage.say("check-many", &["check", "33", "45", "9999"]);
    let modules = stage.world.folder.path().join("modules");
    for (name, json) in [
        ("ModuleAmoCrm", r#"{"moduleUniqueID":"ModuleAmoCrm","lic_product_id":81,"lic_feature_id":"45"}"#),
        ("ModulePhoneBook", r#"{"moduleUniqueID":"ModulePhoneBook"}"#),
        ("ModuleUnsold", r#"{"moduleUniqueID":"ModuleUnsold","lic_feature_id":9999}"#),
    ] {
        fs::create_dir_all(modules.join(name)).unwrap();
        fs::write(modules.join(name).join("module.json"), json).unwrap();
    }
    stage.say("check-modules", &["check", "--modules", modules.to_str().unwrap()]);
    let broken = stage.world.folder.path().join("module.json");
    fs::write(&broken, "{").unwrap();
    stage.say("check-no-module", &["check", "--module", broken.to_str().unwrap()]);

    stage.say("capture", &["capture", "45"]);
    stage.say("capture-refused", &["capture", "9999"]);
    stage.knows_sessions();
    let features = stage.world.host.licensectl(&["features"]).json();
    let held = features.as_array().unwrap().iter().find(|it| it["feature"] == 45).unwrap();
    let session = held["session"].as_str().unwrap().to_owned();
    stage.say("release", &["release", &session]);
    stage.say("release-unknown", &["release", "s-unknown"]);
    stage.say("capture-again", &["capture", "45", "--reclaim"]);
    stage.knows_sessions();
}

fn questions(stage: &mut Stage) {
    stage.say("status", &["status"]);
    stage.say_until_interrupted("status-watch", &["status", "--watch"]);
    stage.say_until_interrupted("watch", &["watch"]);
    stage.say("info", &["info"]);
    stage.say("info-unknown", &["info", UNKNOWN_NUMBER]);
    stage.say("features", &["features"]);
    stage.say("explain", &["explain", "45"]);
    stage.say("explain-unknown", &["explain", "9999"]);
    stage.say("doctor", &["doctor"]);
    stage.say("doctor-feature", &["doctor", "45"]);
    stage.say("doctor-feature-unknown", &["doctor", "9999"]);
    stage.say("host", &["host"]);
    stage.say("config", &["config"]);
    stage.say("ping", &["ping"]);
    stage.say("recheck", &["recheck"]);
    stage.say("reload", &["reload"]);
    stage.say("metrics", &["metrics"]);
    stage.say("send-metrics", &["send-metrics", "CountSipExtensions=12", "PBXLanguage=ru-ru"]);
}

fn not_permitted(stage: &mut Stage) {
    stage.say_as_nobody("status-not-permitted", &["status"]);
    nobody::open_to_all(&stage.world.host.socket());
    stage.say_as_nobody("reset-not-permitted", &["reset", "--yes"]);
    stage.say("reset-no-terminal", &["reset"]);
}

fn support(stage: &mut Stage) {
    let archive = stage.world.folder.path().join("support.tar.gz");
    let output = archive.to_str().unwrap().to_owned();
    stage.say("bundle", &["bundle", "--output", &output]);
    stage.say("bundle-exists", &["bundle", "--output", &output]);
}

fn no_answer(stage: &mut Stage) {
    stage.world.server.kill();
    stage.say("recheck-no-answer", &["recheck"]);
    stage.say("status-offline", &["status"]);
    stage.say("check-offline", &["check", "45"]);
    stage.say("explain-offline", &["explain", "45"]);
    stage.say("doctor-no-answer", &["doctor", "45"]);
    stage.say("coupon-no-answer", &["coupon", UNKNOWN_COUPON]);
    stage.world.server.start();
}

fn dropped(stage: &mut Stage) {
    // The coupon of which nobody knows what became of it is asked about once more.
    stage.say("coupon-after-no-answer", &["coupon", UNKNOWN_COUPON]);
    let number = stage.world.host.number();
    stage.world.server.drop_all(&number);
    stage.say("recheck-dropped", &["recheck"]);
    stage.say("status-dropped", &["status"]);
    stage.say("check-dropped", &["check", "45"]);
    stage.say("explain-dropped", &["explain", "45"]);
    stage.say("doctor-dropped", &["doctor", "45"]);
    stage.say("activate-after-drop", &["activate", &number]);
    stage.knows_sessions();
}

fn the_end(stage: &mut Stage) {
    stage.say("reset", &["reset", "--yes"]);
    stage.say("deprovision", &["deprovision", "--yes"]);
}
