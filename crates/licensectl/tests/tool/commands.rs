//! What each command asks, prints and ends with.

use std::path::Path;

use license_client::{
    ipc::{Answer, Captured, ErrorKind, Failure, Ping, PingFailure, Request, Stage},
    types::{Code, FeatureId, Registration, SessionId},
};

use crate::daemon::{NUMBER, denied, done, granted, run, stderr, stdout, with_answer};

#[test]
fn a_check_prints_one_object_and_ends_with_the_code_of_the_verdict() {
    let check = Request::Check { feature: FeatureId(45), holder: None };
    let (output, asked) = with_answer(&["check", "45", "--json"], "", &Answer::Entitlement(denied()));
    assert_eq!(asked, check);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output)
            .starts_with(r#"{"feature":45,"product":null,"verdict":"denied","basis":null,"code":2008,"#)
    );

    let (output, asked) = with_answer(&["check", "45"], "", &Answer::Entitlement(granted()));
    assert_eq!((asked, output.status.code()), (check, Some(0)));
    assert!(stdout(&output).starts_with("Feature 45: granted, honoured until 20"), "{}", stdout(&output));
}

#[test]
fn several_features_are_asked_at_once_and_printed_as_a_list() {
    let answer = Answer::Entitlements(vec![granted(), denied()]);
    let (output, asked) = with_answer(&["--json", "check", "33", "45"], "", &answer);
    assert_eq!(asked, Request::CheckMany { features: vec![FeatureId(33), FeatureId(45)] });
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with(r#"[{"feature":45,"#) && stdout(&output).ends_with("}]\n"));
}

#[test]
fn a_user_is_named_for_one_feature_only() {
    let args = ["check", "48", "--holder", "DOMAIN\\иванов"];
    let (_, asked) = with_answer(&args, "", &Answer::Entitlement(granted()));
    let holder = Some("DOMAIN\\иванов".parse().unwrap());
    assert_eq!(asked, Request::Check { feature: FeatureId(48), holder });

    let output = run(Path::new("/nonexistent"), &["check", "48", "49", "--holder", "N"], "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_registration_prints_the_number() {
    let answer = Answer::Registered { number: NUMBER.parse().unwrap() };
    let args = ["register", "--company", "ООО «Ромашка»", "--email", "E", "--contact", "N", "--json"];
    let (output, asked) = with_answer(&args, "", &answer);
    let company = Registration {
        company: "ООО «Ромашка»".to_owned(),
        email: "E".to_owned(),
        contact: "N".to_owned(),
        phone: None,
        tax_id: None,
    };
    assert_eq!(asked, Request::Register(company));
    assert_eq!(stdout(&output), format!("{{\"number\":\"{NUMBER}\"}}\n"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_key_comes_from_the_command_line_or_from_standard_input() {
    let key = NUMBER.parse().unwrap();
    let activate = Request::Activate { key };
    let (output, asked) = with_answer(&["activate", NUMBER], "", &done());
    assert_eq!((asked, output.status.code()), (activate.clone(), Some(0)));
    assert_eq!(stdout(&output), "It is done.\nWarning: But.\n");
    let (_, asked) = with_answer(&["activate", "-"], &format!(" {}\n", NUMBER.to_lowercase()), &done());
    assert_eq!(asked, activate);

    let coupon = "MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP";
    let (_, asked) = with_answer(&["coupon", "-"], coupon, &done());
    assert_eq!(asked, Request::ActivateCoupon { coupon: coupon.parse().unwrap() });

    let (_, asked) = with_answer(&["info", "-"], NUMBER, &done());
    assert_eq!(asked, Request::LicenseInfo { key: Some(NUMBER.parse().unwrap()) });
}

#[test]
fn a_malformed_key_is_refused_before_anybody_is_asked_and_is_not_repeated() {
    // Where nobody listens a connection would end with 3.
    for (command, pattern) in [("activate", "^MIKO("), ("info", "^MIKO("), ("coupon", "^MIKOUPD(")] {
        let output = run(Path::new("/nonexistent"), &[command, "MIKO-SECRET"], "");
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(stderr(&output).contains(pattern) && !stderr(&output).contains("SECRET"), "{command}");

        let output = run(Path::new("/nonexistent"), &[command, "-", "--json"], "MIKO-SECRET");
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(
            stdout(&output).starts_with(r#"{"error":{"code":null,"kind":"malformed","message":"#)
                && !stdout(&output).contains("SECRET"),
            "{command}"
        );
    }
}

#[test]
fn a_seat_is_captured_and_released() {
    let answer = Answer::Captured(Captured { session: SessionId("s-1".to_owned()), entitlement: granted() });
    let (output, asked) = with_answer(&["capture", "45", "--reclaim", "--json"], "", &answer);
    assert_eq!(asked, Request::Capture { feature: FeatureId(45), holder: None, reclaim: true });
    assert!(stdout(&output).contains(r#""session":"s-1""#));
    assert_eq!(output.status.code(), Some(0));

    let (_, asked) = with_answer(&["release", "s-1"], "", &done());
    assert_eq!(asked, Request::Release { session: SessionId("s-1".to_owned()) });
}

#[test]
fn a_refusal_is_told_with_its_code() {
    let failure = Failure {
        kind: ErrorKind::Refused,
        code: Some(Code::COUPON_USED),
        message: "It was used.".to_owned(),
    };
    let (output, _) = with_answer(&["trial", "81"], "", &Answer::Error(failure.clone()));
    assert_eq!(output.status.code(), Some(6));
    assert_eq!((stdout(&output), stderr(&output)), ("", "licensectl: (2041) It was used.\n"));

    let (output, _) = with_answer(&["trial", "81", "--json"], "", &Answer::Error(failure));
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(
        stdout(&output),
        "{\"error\":{\"code\":2041,\"kind\":\"refused\",\"message\":\"It was used.\"}}\n"
    );
}

#[test]
fn counts_are_printed_as_they_are() {
    let text = "# TYPE licensed_connections gauge\nlicensed_connections 1\n# EOF\n".to_owned();
    let answer = Answer::Metrics { text: text.clone() };
    let (output, asked) = with_answer(&["metrics"], "", &answer);
    assert_eq!((asked, output.status.code()), (Request::Metrics, Some(0)));
    assert_eq!(stdout(&output), text);
    let (output, _) = with_answer(&["metrics", "--json"], "", &answer);
    assert!(stdout(&output).starts_with(r##"{"metrics":"# TYPE licensed_connections gauge\nlic"##));
}

#[test]
fn a_license_server_that_does_not_answer_ends_with_four() {
    let mut ping = Ping { server: "https://a".to_owned(), took_ms: 42, age: 0, failure: None };
    let (output, asked) = with_answer(&["ping"], "", &Answer::Ping(ping.clone()));
    assert_eq!((asked, output.status.code()), (Request::Ping, Some(0)));
    assert!(stdout(&output).contains("https://a answers") && stdout(&output).contains("42 ms"));

    let message = "No connection to https://a: refused".to_owned();
    ping.failure = Some(PingFailure { stage: Stage::Connect, code: Code::CONNECTION_FAILED, message });
    for arguments in [&["ping"][..], &["ping", "--json"]] {
        let (output, _) = with_answer(arguments, "", &Answer::Ping(ping.clone()));
        assert_eq!(output.status.code(), Some(4));
        assert!(
            stdout(&output).contains("1012") && stdout(&output).contains("connect"),
            "{}",
            stdout(&output)
        );
    }
}

#[test]
fn a_reset_needs_yes_where_nobody_can_be_asked() {
    let output = run(Path::new("/nonexistent"), &["reset"], "y\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--yes"));

    let (output, asked) = with_answer(&["reset", "--yes"], "", &done());
    assert_eq!((asked, output.status.code()), (Request::Reset, Some(0)));
}

#[test]
fn a_daemon_that_is_not_there_ends_with_three() {
    let output = run(Path::new("/nonexistent/socket"), &["status"], "");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).starts_with("licensectl: there is no socket /nonexistent/socket: is"));

    let output = run(Path::new("/nonexistent/socket"), &["status", "--json"], "");
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).starts_with(r#"{"error":{"code":null,"kind":"not_reachable","#));
}

#[test]
fn a_daemon_that_answers_nonsense_ends_with_seven() {
    let (output, _) = with_answer(&["recheck", "--json"], "", &Answer::Entitlement(granted()));
    assert_eq!(output.status.code(), Some(7));
    assert!(stdout(&output).starts_with(r#"{"error":{"code":null,"kind":"fault","#));
}

#[test]
fn a_command_line_that_is_not_understood_ends_with_two_also_for_scripts() {
    let output = run(Path::new("/nonexistent"), &["check", "--json", "abc"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).starts_with(r#"{"error":{"code":null,"kind":"usage","#));
    assert!(stderr(&output).contains("abc"));

    let output = run(Path::new("/nonexistent"), &["--help"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("Exit codes"));
}
