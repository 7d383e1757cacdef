//! A coupon that is activated again, since nobody heard what came of it: whoever was killed meanwhile.

use std::time::Duration;

use end_to_end::{
    Pbx, World,
    middlebox::{Middlebox, Reply, Request, Upstream},
    pbx::Playing,
    waiting::{pass, until},
};
use serde_json::{Value, json};

/// How long the answer to a coupon takes.
const SLOWNESS: Duration = Duration::from_millis(1500);

/// Less than that: the call is on its way.
const IN_MID_CALL: Duration = Duration::from_millis(500);

/// A PBX whose coupons are answered slowly, and a coupon for feature 50.
fn slow() -> (World, Middlebox, Pbx, Value) {
    let (world, middlebox) = World::intercepted();
    let pbx = Pbx::on(&world.host);
    let coupon = json!({ "coupon": world.server.coupon(96) });
    middlebox.now(answers_late);
    (world, middlebox, pbx, coupon)
}

/// The license server does it at once, and its answer is late.
fn answers_late(request: &Request, upstream: &Upstream) -> Reply {
    let reply = upstream.ask(request);
    if request.path.contains("coupon") {
        pass(SLOWNESS);
    }
    reply
}

fn begins(pbx: &Pbx, coupon: &Value) -> Playing {
    pbx.begins(&json!([{ "step": "call", "method": "activatecoupon", "parameters": coupon }]))
}

fn is_activated(world: &World) {
    until(|| (world.host.check(50) == "granted fresh").then_some(())).unwrap();
}

/// Activates it again: that gives the first outcome, and it counts once. After that it was activated already.
fn again(world: &World, pbx: &Pbx, coupon: &Value) {
    assert_eq!(pbx.calls("activatecoupon", coupon).came_to(), "200");
    is_activated(world);
    assert_eq!(world.host.checked(50)["seats"]["total"], 1);
}

fn is_used(pbx: &Pbx, coupon: &Value) {
    assert_eq!(pbx.calls("activatecoupon", coupon).came_to(), "403 2041");
}

#[test]
fn a_gateway_that_is_killed_in_mid_call_and_asked_again_at_once() {
    let (world, _middlebox, mut pbx, coupon) = slow();
    let lost = begins(&pbx, &coupon);
    pass(IN_MID_CALL);
    pbx.gateway.crash();
    lost.ends_anyhow();
    again(&world, &pbx, &coupon);
}

#[test]
fn a_gateway_that_is_killed_in_mid_call_and_asked_again_later() {
    let (world, _middlebox, mut pbx, coupon) = slow();
    let lost = begins(&pbx, &coupon);
    pass(IN_MID_CALL);
    pbx.gateway.crash();
    lost.ends_anyhow();
    is_activated(&world);
    again(&world, &pbx, &coupon);
    is_used(&pbx, &coupon);
}

#[test]
fn a_daemon_that_is_killed_in_mid_call_and_asked_again_at_once() {
    let (mut world, _middlebox, pbx, coupon) = slow();
    let lost = begins(&pbx, &coupon);
    pass(IN_MID_CALL);
    world.host.crash();
    assert_eq!(lost.ends()[0].calls[0].status(), 503, "no answer is no success");
    again(&world, &pbx, &coupon);
}

#[test]
fn a_daemon_that_is_killed_in_mid_call_and_asked_again_later() {
    let (mut world, _middlebox, pbx, coupon) = slow();
    let lost = begins(&pbx, &coupon);
    pass(IN_MID_CALL);
    world.host.crash();
    lost.ends();
    is_activated(&world);
    again(&world, &pbx, &coupon);
    is_used(&pbx, &coupon);
}

#[test]
fn both_killed_in_mid_call_and_asked_again_later() {
    let (mut world, _middlebox, mut pbx, coupon) = slow();
    let lost = begins(&pbx, &coupon);
    pass(IN_MID_CALL);
    pbx.gateway.kill();
    world.host.crash();
    lost.ends_anyhow();
    pbx.gateway.start();
    is_activated(&world);
    again(&world, &pbx, &coupon);
    is_used(&pbx, &coupon);
}

#[test]
fn a_coupon_whose_first_outcome_was_heard_was_activated_already() {
    let (_world, _middlebox, pbx, coupon) = slow();
    assert_eq!(pbx.calls("activatecoupon", &coupon).came_to(), "200");
    is_used(&pbx, &coupon);
}

#[test]
fn the_first_outcome_is_that_of_the_number_that_the_host_had_then() {
    for killed in [true, false] {
        is_told_to_its_number_alone(killed);
    }
}

fn is_told_to_its_number_alone(killed: bool) {
    let (mut world, _middlebox, pbx, coupon) = slow();
    if killed {
        let lost = begins(&pbx, &coupon);
        pass(IN_MID_CALL);
        world.host.crash();
        lost.ends();
    } else {
        pbx.calls_and_hangs_up("activatecoupon", &coupon, IN_MID_CALL);
    }
    is_activated(&world);
    let other = world.another_host("other-company");
    let other = other.register_as("ООО «Василёк»", "office@vasilek.example").ended_with(0).json();
    assert_eq!(pbx.calls("changekey", &json!({ "key": other["number"] })).came_to(), "200");
    is_used(&pbx, &coupon);
}
