//! What happens on a PBX of today, in the order in which it calls: numbers, coupons and modules come and go.

use std::fs;

use end_to_end::{Host, Pbx, World, host::EMAIL, waiting::until};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// A number that nobody has.
const UNKNOWN_NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

const AMO_CRM: &str = "ModuleAmoCrm";
const TELEGRAM: &str = "ModuleTelegramProvider";

/// A company whose license has seats for so many hosts, of which [`World::host`] has one: for 33 and 45.
fn company(hosts: u32) -> (World, String) {
    let (world, number) = World::with_coupon();
    for product in ["11", "81"] {
        for _ in 1..hosts {
            let add =
                ["grant", "add", "--number", &number, "--product", product, "--seats", "1", "--forever"];
            world.server.admin(&add).ended_with(0);
        }
    }
    (world, number)
}

/// Another host of the company, and its PBX.
fn another(world: &World, name: &str) -> (Host, Pbx) {
    let host = world.another_host(name);
    let pbx = Pbx::on(&host);
    (host, pbx)
}

fn has_number(host: &Host, number: &str) {
    let bound = until(|| (host.state() == "fresh" && host.number() == number).then_some(()));
    bound.unwrap_or_else(|| panic!("{number} is not adopted: {:#}", host.status()));
}

fn installs(pbx: &Pbx, module: &str, product: u32, feature: u32) -> Value {
    let step = json!({ "step": "install", "module": module, "product": product, "feature": feature });
    pbx.plays(&step).shown
}

fn enables(pbx: &Pbx, module: &str) -> Value {
    pbx.plays(&json!({ "step": "enable", "module": module })).shown
}

/// The PBX has [`AMO_CRM`], which runs.
fn runs_amo_crm(pbx: &Pbx) {
    assert_eq!(installs(pbx, AMO_CRM, 81, 45), "installed");
    assert_eq!(enables(pbx, AMO_CRM), "enabled");
}

#[test]
fn a_new_number_is_looked_at_and_binds_only_when_it_is_taken() {
    let (world, number) = company(2);
    let (host, pbx) = another(&world, "second");
    let call = pbx.calls("getlicenseinfo", &json!({ "key": number }));
    assert_eq!(call.came_to(), "200");
    assert_eq!(host.state(), "unregistered");
    assert_eq!(world.server.captured(&number, 33), 1);

    let entered = pbx.enters(&number);
    assert_eq!(entered.came_to(), ["getlicenseinfo 200", "changekey 200", "addtrial 200"]);
    assert_eq!([entered.shown["number"].as_str(), Some(entered.number())], [Some("success"), Some(&*number)]);
    assert_eq!(host.number(), number);
    assert_eq!(pbx.asks(33), "200");
    assert_eq!(world.server.captured(&number, 33), 2);
}

#[test]
fn a_number_that_is_not_the_current_one_can_be_looked_at_and_nothing_changes() {
    let (world, number) = company(1);
    let (host, pbx) = another(&world, "other-company");
    let own = host.register_as("ООО «Василёк»", "office@vasilek.example").ended_with(0).json();
    let call = pbx.calls("getlicenseinfo", &json!({ "key": number }));
    assert!(call.text().contains("amoCRM"), "{call:#?}");
    assert_eq!(own["number"], host.number());
    let shown = pbx.license();
    assert_eq!(shown.attribute("companyname"), "ООО «Василёк»");
    assert_eq!(shown.products().len(), 1);
}

#[test]
fn the_same_number_again_sends_nothing_and_is_right() {
    let (world, number) = company(1);
    let pbx = Pbx::on(&world.host);
    assert_eq!(pbx.enters(&number).came_to(), ["getlicenseinfo 200", "changekey 200", "addtrial 200"]);
    let again = pbx.enters(&number);
    assert_eq!((again.came_to().len(), &again.shown["number"]), (0, &json!("success")));
    assert_eq!([33, 45].map(|feature| pbx.asks(feature)), ["200"; 2]);

    // It was dropped in between: the PBX says "success" and sends nothing, so it is the file that has to help.
    world.host.licensectl(&["reset", "--yes"]).ended_with(0);
    pbx.does("boot");
    assert_eq!(pbx.enters(&number).came_to(), [""; 0]);
    assert_eq!(world.host.state(), "unregistered", "who resets on the host means it");
}

#[test]
fn a_wrong_number_changes_nothing_and_the_coupon_in_the_same_form_is_used() {
    let (world, number) = company(1);
    let pbx = Pbx::on(&world.host);
    pbx.enters(&number);
    let coupon = world.server.coupon(96);
    let step = json!({ "step": "enterNumber", "number": UNKNOWN_NUMBER, "coupon": coupon });
    let entered = pbx.plays(&step);
    assert_eq!(entered.came_to(), ["getlicenseinfo 400 2026", "activatecoupon 200"]);
    assert_eq!(entered.shown, json!({ "number": "wrong number", "coupon": "success" }));
    assert_eq!(entered.number(), number);
    assert_eq!([33, 45, 50].map(|feature| pbx.asks(feature)), ["200"; 3]);

    let (fresh, pbx) = another(&world, "fresh");
    let entered = pbx.plays(
        &json!({ "step": "enterNumber", "number": UNKNOWN_NUMBER, "coupon": world.server.coupon(96) }),
    );
    assert_eq!(entered.shown, json!({ "number": "wrong number", "coupon": "2037" }));
    assert_eq!(fresh.state(), "unregistered");
}

#[test]
fn a_company_registers_and_has_its_number_everywhere() {
    let world = World::new();
    let pbx = Pbx::on(&world.host);
    let form = json!({
        "companyname": "ООО «Ромашка»", "email": EMAIL, "contact": "Анна", "tel": "", "inn": "", "description": "",
    });
    let step = json!({ "step": "register", "form": form });
    let registered = pbx.plays(&step);
    assert_eq!(registered.came_to(), ["gettrial 200", "changekey 200"]);
    assert_eq!(world.host.number(), registered.number());
    assert_eq!(fs::read_to_string(pbx.key_file()).unwrap(), registered.number());
    assert_eq!(pbx.asks(33), "200");
    assert_eq!(pbx.plays(&step).number(), registered.number(), "the same data from the same host");
    let bindings = world.server.bindings(registered.number());
    assert_eq!(bindings.len(), 1, "{bindings:#?}");
}

#[test]
fn a_pbx_boots_and_everything_goes_on_without_a_call() {
    let (mut world, number) = company(1);
    let mut pbx = Pbx::on(&world.host);
    pbx.enters(&number);
    runs_amo_crm(&pbx);
    let goes_on = json!({ "MikoPBX": "success", AMO_CRM: "enabled" });
    // In any order: what starts first does not wait for what starts last.
    for gateway_first in [true, false] {
        pbx.gateway.stop();
        world.host.stop(Signal::SIGTERM);
        if gateway_first {
            pbx.gateway.start();
        }
        assert_eq!(pbx.does("boot").came_to(), [""; 0]);
        world.host.start();
        if !gateway_first {
            pbx.gateway.start();
        }
        assert_eq!(pbx.does("hourly").shown, goes_on);
        assert_eq!(world.host.number(), number);
    }
    assert_eq!(world.server.captured(&number, 45), 1);
}

#[test]
fn a_restored_backup_brings_its_number_to_a_new_host() {
    let (mut world, number) = company(1);
    let old = Pbx::on(&world.host);
    old.enters(&number);
    runs_amo_crm(&old);
    world.host.kill();
    world.server.drop_all(&number);

    // The file is there when the gateway starts, or it comes later.
    for (name, file_first) in [("restored", true), ("restored-later", false)] {
        let mut host = Host::of(world.folder.path(), name, &world.server);
        let mut pbx = Pbx::prepared(&host);
        pbx.restore(&old);
        if file_first {
            pbx.does("boot");
        }
        host.start();
        pbx.gateway.start();
        if !file_first {
            assert_eq!(pbx.asks(33), "403 2009");
            pbx.does("boot");
        }
        has_number(&host, &number);
        assert_eq!(pbx.does("hourly").shown, json!({ "MikoPBX": "success", AMO_CRM: "enabled" }));
        host.kill();
        world.server.drop_all(&number);
    }
}

#[test]
fn a_broker_is_swapped_for_the_gateway_and_the_number_comes_along() {
    let (world, number) = company(3);
    // The file of today's broker lies there.
    let host = world.another_host("with-file");
    let mut pbx = Pbx::prepared(&host);
    fs::create_dir_all(pbx.key_file().parent().unwrap()).unwrap();
    fs::write(pbx.key_file(), &number).unwrap();
    pbx.gateway.start();
    has_number(&host, &number);
    assert_eq!([33, 45].map(|feature| pbx.asks(feature)), ["200"; 2]);

    // Or it does not, and the daily report names the number.
    let (host, pbx) = another(&world, "with-report");
    let report = json!({ "key": number, "PBXname": "MikoPBX@2026.1.12", "CountSipExtensions": 12 });
    assert_eq!(pbx.calls("sendmetrics", &report).came_to(), "200");
    has_number(&host, &number);
    assert_eq!([33, 45].map(|feature| pbx.asks(feature)), ["200"; 2]);
}

#[test]
fn a_number_in_the_file_does_not_replace_another_one() {
    let (world, number) = company(2);
    let (host, pbx) = another(&world, "other-company");
    let own = host.register_as("ООО «Василёк»", "office@vasilek.example").ended_with(0).json();
    fs::create_dir_all(pbx.key_file().parent().unwrap()).unwrap();
    fs::write(pbx.key_file(), &number).unwrap();
    pbx.calls("sendmetrics", &json!({ "key": number, "PBXname": "MikoPBX@2026.1.12" }));
    assert_eq!(pbx.does("daily").shown["attributes"]["companyname"], "ООО «Василёк»");
    assert_eq!(own["number"], host.number());
}

#[test]
fn a_reset_ends_it_at_once_and_nothing_brings_the_number_back() {
    let (mut world, number) = company(1);
    let mut pbx = Pbx::on(&world.host);
    pbx.enters(&number);
    world.server.kill();
    let reset = pbx.does("reset");
    assert_eq!(reset.came_to(), ["changekey 200"]);
    assert_eq!((reset.number(), world.host.state().as_str()), ("", "unregistered"));
    assert_eq!(pbx.does("hourly").shown["MikoPBX"], "2009");
    pbx.gateway.crash();
    world.host.crash();
    pbx.does("boot");
    assert_eq!(pbx.asks(33), "403 2009");

    world.server.start();
    until(|| world.server.bindings(&number).is_empty().then_some(())).expect("the seats are given back");
    let entered = pbx.enters(&number);
    assert_eq!(
        entered.came_to(),
        ["changekey 200", "addtrial 200"],
        "the PBX knows the license for two minutes"
    );
    assert_eq!(pbx.asks(33), "200");
}

#[test]
fn a_number_that_is_entered_while_the_license_server_goes_away_is_taken_later() {
    let (mut world, number) = company(2);
    let (host, pbx) = another(&world, "second");
    world.server.kill();
    // The PBX asked when the network was still there, and then shows a success that it had not.
    let changed = pbx.calls("changekey", &json!({ "key": number }));
    assert!(changed.error().starts_with("(1012) "), "{changed:#?}");
    world.server.start();
    has_number(&host, &number);
    assert_eq!(pbx.asks(33), "200");
}

#[test]
fn a_second_pbx_of_the_company_needs_seats_of_its_own() {
    let (world, number) = company(1);
    let first = Pbx::on(&world.host);
    first.enters(&number);
    runs_amo_crm(&first);
    let (_host, second) = another(&world, "second");
    let entered = second.enters(&number);
    assert_eq!(entered.shown["number"], "success", "the number is right, although no seat is free");
    assert_eq!(installs(&second, AMO_CRM, 81, 45), "installed");
    assert_eq!(enables(&second, AMO_CRM), "DisabledByLicense 2008");
    assert_eq!(first.does("hourly").shown, json!({ "MikoPBX": "success", AMO_CRM: "enabled" }));

    second.plays(&json!({ "step": "enterNumber", "number": number, "coupon": world.server.coupon(81) }));
    assert_eq!(enables(&second, AMO_CRM), "enabled");
    assert_eq!(world.server.captured(&number, 45), 2);
    assert_eq!(first.does("hourly").shown, json!({ "MikoPBX": "success", AMO_CRM: "enabled" }));
}

/// The license goes from a host that is alive or not to another one.
fn moves(old_is_alive: bool) {
    let (mut world, number) = company(1);
    let old = Pbx::on(&world.host);
    old.enters(&number);
    runs_amo_crm(&old);
    if !old_is_alive {
        world.host.kill();
    }
    world.server.drop_all(&number);
    let (_host, new) = another(&world, "new");
    assert_eq!(new.enters(&number).shown["number"], "success");
    runs_amo_crm(&new);
    let runs = json!({ "MikoPBX": "success", AMO_CRM: "enabled" });
    assert_eq!(new.does("hourly").shown, runs);

    if !old_is_alive {
        world.host.start();
        // It would ask within 75 minutes by itself.
        world.host.recheck();
    }
    assert!(until(|| (old.asks(33) == "403 2008").then_some(())).is_some(), "it is told of the drop");
    let lost = json!({ "MikoPBX": "2008", AMO_CRM: "DisabledByLicense 2008" });
    assert_eq!(old.does("hourly").shown, lost);
    assert_eq!(enables(&old, AMO_CRM), "DisabledByLicense 2008", "it does not take its seat back");
    assert_eq!(new.does("hourly").shown, runs);
    assert_eq!(world.server.captured(&number, 45), 1);
}

#[test]
fn a_license_moves_from_a_host_that_is_alive() {
    moves(true);
}

#[test]
fn a_license_moves_from_a_host_that_is_dead_and_comes_back() {
    moves(false);
}

#[test]
fn a_trial_comes_with_the_installation() {
    let world = World::new();
    let pbx = Pbx::on(&world.host);
    assert_eq!(installs(&pbx, AMO_CRM, 81, 45), "no key");
    let number =
        pbx.calls("gettrial", &json!({ "companyname": "C", "email": EMAIL, "contact": "A", "product": 11 }));
    assert_eq!(pbx.enters(number.text()).shown["number"], "success");
    runs_amo_crm(&pbx);
    assert_eq!(pbx.license().product("amoCRM integration")["trial"], "1");
    assert_eq!(installs(&pbx, AMO_CRM, 81, 45), "installed", "a second trial is refused, and nobody minds");
    assert_eq!(enables(&pbx, AMO_CRM), "enabled");

    let step = json!({ "step": "installFromMarketplace", "module": TELEGRAM, "product": 96, "feature": 50 });
    let installed = pbx.plays(&step);
    assert_eq!(installed.came_to(), ["capturefeature 403 2008", "addtrial 200", "capturefeature 200"]);
    assert_eq!(enables(&pbx, TELEGRAM), "enabled");
    let again = pbx.plays(&step);
    assert_eq!(again.came_to(), ["capturefeature 200"], "what is held is captured again");
    assert_eq!(world.server.captured(number.text(), 50), 1);
}

#[test]
fn without_a_network_modules_run_for_thirty_days_and_seven_and_it_is_never_a_no() {
    let (mut world, number) = company(1);
    let mut pbx = Pbx::on(&world.host);
    pbx.enters(&number);
    runs_amo_crm(&pbx);
    world.server.kill();
    let runs = json!({ "MikoPBX": "success", AMO_CRM: "enabled" });
    let mut day = 0;
    for (until_day, state) in [
        (1, "granted offline"),
        (29, "granted offline"),
        (31, "indeterminate 1012"),
        (36, "indeterminate 1012"),
    ] {
        world.host.days_pass(until_day - day);
        pbx.gateway.crash();
        day = until_day;
        until(|| (world.host.check(45) == state).then_some(()))
            .unwrap_or_else(|| panic!("day {day}: {:#}", world.host.checked(45)));
        assert_eq!(pbx.does("hourly").shown, runs, "day {day}");
    }
    world.host.days_pass(4);
    pbx.gateway.crash();
    for feature in [33, 45] {
        until(|| (pbx.asks(feature) == "503 1012").then_some(())).expect("it ends");
    }
    let disabled = json!({ "MikoPBX": "as it is", AMO_CRM: "DisabledByLicense as it is" });
    assert_eq!(pbx.does("hourly").shown, disabled);

    world.server.start();
    world.host.recheck();
    assert_eq!([33, 45].map(|feature| pbx.asks(feature)), ["200"; 2]);
    assert_eq!(enables(&pbx, AMO_CRM), "enabled");
}
