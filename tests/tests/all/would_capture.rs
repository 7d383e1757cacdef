//! What a capture would come to: the license server is asked, and changes nothing.

use end_to_end::{Host, World, middlebox::Reply};
use license_client::{ClientError, types::FeatureId};
use serde_json::json;

/// What a capture of the feature would come to: `done`, or the failure.
fn asked(host: &Host, feature: u32) -> String {
    match host.client().would_capture(FeatureId(feature), None) {
        Ok(done) if done.warnings.is_empty() => "done".to_owned(),
        Ok(_) => "done by the last statement".to_owned(),
        Err(ClientError::Failed(failure)) => format!("{} {}", failure.kind.name(), failure.code.unwrap()),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn it_ends_as_a_capture_would_and_takes_no_seat() {
    let (mut world, number) = World::with_coupon();
    let second = world.another_host("second");
    assert_eq!(asked(&second, 45), "refused 2009");
    second.licensectl(&["activate", &number]).ended_with(0);
    assert_eq!(
        [45, 9999].map(|feature| asked(&world.host, feature)),
        ["done", "refused 2008"],
        "held, unknown"
    );
    assert_eq!(asked(&second, 45), "refused 2008", "the last seat is taken");

    world.server.drop_all(&number);
    world.host.recheck();
    assert_eq!(asked(&world.host, 45), "refused 2008", "it was dropped");
    second.licensectl(&["activate", &number]).ended_with(0);
    let serial = || second.client().status().unwrap().serial;
    let before = serial();
    assert_eq!([asked(&second, 45), asked(&second, 45)], ["done", "done"]);
    assert_eq!((serial(), world.server.captured(&number, 45)), (before, 0));
    assert_eq!(second.check(45), "denied 2008", "nobody took it");
    second.licensectl(&["capture", "45"]).ended_with(0);

    world.server.kill();
    assert_eq!(asked(&second, 45), "done by the last statement");
    assert_eq!(asked(&second, 31), "no_answer 1012");
}

#[test]
fn an_older_license_server_is_not_taken_for_a_refusal() {
    let (world, middlebox) = World::intercepted();
    middlebox.now(|request, upstream| match request.path.as_str() {
        "/v1/would-capture" => Reply::problem(
            404,
            &json!({ "status": 404, "title": "There is nothing here", "detail": "There is nothing here." }),
        ),
        _ => upstream.ask(request),
    });
    assert_eq!(asked(&world.host, 45), "done by the last statement");
    assert_eq!(asked(&world.host, 9999), "refused 2008");
    world.host.recheck();
    assert_eq!(world.host.check(45), "granted fresh");
}
