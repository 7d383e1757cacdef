//! The built tool against a daemon that gives prepared answers.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use license_client::{
    ipc::{
        Answer, Captured, Done, Encoding, ErrorKind, Failure, Ping, PingFailure, Request, Stage,
        frame::{self, MAX_REQUEST, PREFIX},
    },
    types::{Basis, Code, Entitlement, FeatureId, Registration, SessionId, UnixTime, Verdict},
};

const NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

/// Runs the tool with `args` and `input`, against a daemon that gives `answer`. Returns what the daemon
/// was asked, too.
fn with_answer(args: &[&str], input: &str, answer: &Answer) -> (Output, Request) {
    let (output, asked) = with_answers(&[], args, input, |_| answer.clone());
    let [asked] = asked.try_into().unwrap();
    (output, asked)
}

/// The same for a tool with those variables, that asks several times.
fn with_answers(
    variables: &[(&str, &str)],
    args: &[&str],
    input: &str,
    answer: impl Fn(&Request) -> Answer + Sync,
) -> (Output, Vec<Request>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    thread::scope(|scope| {
        let daemon = scope.spawn(|| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while let Some(request) = received(&mut stream) {
                let answer = match &request {
                    Request::Language { .. } => {
                        Answer::Done(Done { message: String::new(), warnings: vec![] })
                    }
                    request => answer(request),
                };
                stream.write_all(&frame::encode_answer(&answer, Encoding::Binary).unwrap()).unwrap();
                asked.push(request);
            }
            asked.retain(|request| !matches!(request, Request::Language { .. }));
            asked
        });
        (run_with(variables, &path, args, input), daemon.join().unwrap())
    })
}

/// The next request, until the tool has ended.
fn received(stream: &mut UnixStream) -> Option<Request> {
    let mut prefix = [0; PREFIX];
    stream.read_exact(&mut prefix).ok()?;
    let mut body = vec![0; frame::body_len(prefix, MAX_REQUEST).unwrap()];
    stream.read_exact(&mut body).unwrap();
    Some(frame::decode_request(&body).unwrap().1)
}

fn run(socket: &Path, args: &[&str], input: &str) -> Output {
    run_with(&[], socket, args, input)
}

fn run_with(variables: &[(&str, &str)], socket: &Path, args: &[&str], input: &str) -> Output {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_licensectl"))
        .env_clear()
        .env("LICENSED_SOCKET", socket)
        .envs(variables.iter().copied())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A tool that does not read its input may have ended before it is written.
    let _ = tool.stdin.take().unwrap().write_all(input.as_bytes());
    tool.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

fn entitlement(verdict: Verdict) -> Entitlement {
    Entitlement {
        feature: FeatureId(45),
        product: None,
        verdict,
        message: "(2008) No license.".to_owned(),
        session: None,
        seats: None,
        last_answer: None,
        next_check: None,
    }
}

fn denied() -> Entitlement {
    entitlement(Verdict::Denied { code: Code::NO_LICENSE, reason: "No license.".to_owned() })
}

fn granted() -> Entitlement {
    entitlement(Verdict::Granted { until: UnixTime(1_800_000_000), basis: Basis::Fresh })
}

fn done() -> Answer {
    Answer::Done(Done { message: "It is done.".to_owned(), warnings: vec!["But.".to_owned()] })
}

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
