//! The first screen, modules, and both languages.

use std::fs;

use license_client::{
    ipc::{Answer, ErrorKind, Failure, Request},
    types::{Code, FeatureId},
};

use crate::{
    daemon::{done, run_with, serving, stderr, stdout, with_answer, with_answers},
    samples,
};

const RUSSIAN: (&str, &str) = ("LANG", "ru_RU.UTF-8");
const UTC: (&str, &str) = ("TZ", "UTC");

#[test]
fn the_first_screen_is_told_in_the_language_of_the_locale() {
    let (output, asked) = with_answers(&[RUSSIAN, UTC], &["status"], "", samples::answer);
    assert_eq!(output.status.code(), Some(0));
    let features = Request::Features { cursor: None };
    assert_eq!(asked, [Request::Status, Request::LicenseInfo { key: None }, features]);
    let screen = stdout(&output);
    assert!(screen.starts_with("Внимание: The disk"), "{screen}");
    assert!(screen.contains("\nПродукт 81 amoCRM, пробная, истекает 20"), "{screen}");
    assert!(screen.contains("  45  amoCRM  (2008) отказано  всего 1, занято 1\n"), "{screen}");
    assert!(screen.ends_with("\nДальше: licensectl explain 45\n"), "{screen}");
    assert!(!screen.contains('\x1b'), "no colours where there is no terminal: {screen}");
}

#[test]
fn colours_are_there_where_they_are_asked_for() {
    let coloured = |variables: &[(&str, &str)], args: &[&str]| {
        let (output, _) = with_answers(variables, args, "", samples::answer);
        stdout(&output).contains("\x1b[31m")
    };
    assert!(coloured(&[], &["status", "--color=always"]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &["status"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["status"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--color", "never", "status"]));
}

#[test]
fn a_daemon_that_shows_no_license_shows_how_it_is_all_the_same() {
    let answer = |request: &Request| {
        let failure = Failure { kind: ErrorKind::NotPermitted, code: None, message: "No.".to_owned() };
        if *request == Request::Status { samples::answer(request) } else { Answer::Error(failure) }
    };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _asked = serving(&socket, answer);
    let output = run_with(&[], &socket, &["status"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("● fresh (licensed 0.1.0)"), "{}", stdout(&output));
    let output = run_with(&[], &socket, &["status", "--json"], "");
    assert!(stdout(&output).ends_with("\"products\":null,\"features\":null}\n"), "{}", stdout(&output));
}

#[test]
fn what_goes_wrong_is_told_in_the_language_of_the_locale_and_to_scripts_in_english() {
    let nowhere = "/nonexistent/socket".as_ref();
    let output = run_with(&[RUSSIAN], nowhere, &["status"], "");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).starts_with("licensectl: нет сокета /nonexistent/socket"), "{output:?}");
    let output = run_with(&[RUSSIAN], nowhere, &["status", "--json"], "");
    assert!(stdout(&output).contains("\"there is no socket /nonexistent/socket"), "{output:?}");
}

#[test]
fn without_a_command_the_ones_that_matter_are_told() {
    for (variables, words) in [(&[][..], "What is needed most"), (&[RUSSIAN], "Самое нужное")] {
        let output = run_with(variables, "/nonexistent".as_ref(), &[], "");
        assert_eq!(output.status.code(), Some(2), "a script whose command got lost is told so");
        assert!(stderr(&output).contains(words) && stdout(&output).is_empty(), "{output:?}");
    }
    let output = run_with(&[RUSSIAN], "/nonexistent".as_ref(), &["check", "--help"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("Использование: licensectl check"), "{output:?}");
}

#[test]
fn modules_are_asked_for_by_their_files_and_the_worst_counts() {
    let folder = tempfile::tempdir().unwrap();
    let module = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("module.json"), text).unwrap();
        path.join("module.json").display().to_string()
    };
    let base = module("ModuleBase", r#"{"moduleUniqueID":"ModuleBase","lic_feature_id":33}"#);
    let free = module("ModuleFree", r#"{"lic_feature_id":"0"}"#);
    let check = |args: &[&str]| {
        let (output, asked) = with_answers(&[], args, "", samples::answer);
        (output.status.code().unwrap(), stdout(&output).to_owned(), asked)
    };
    let (code, text, asked) = check(&["check", "--module", &base, "--module", &free]);
    assert_eq!((code, asked), (0, vec![Request::CheckMany { features: vec![FeatureId(33)] }]));
    assert!(text.starts_with("ModuleBase: Feature 33 (product 11): granted"), "{text}");
    assert!(text.ends_with("ModuleFree: free, needs no license\n"), "{text}");

    let broken = module("ModuleBroken", "{");
    let all = folder.path().display().to_string();
    let (code, text, _) = check(&["check", "--modules", &all]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains(&format!("{broken}: no JSON object")), "{text}");

    module("ModuleAmoCrm", r#"{"lic_product_id":"81","lic_feature_id":"45"}"#);
    let (code, text, _) = check(&["check", "--modules", &all, "--json"]);
    assert_eq!(code, 1, "{text}");

    let empty = tempfile::tempdir().unwrap();
    for nothing in [empty.path().to_str().unwrap(), "/nonexistent"] {
        let output = run_with(&[], "/nonexistent".as_ref(), &["check", "--modules", nothing], "");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn a_script_registers_with_one_object() {
    let object = r#"{"company":"C","email":"E","contact":"N","phone":"1"}"#;
    let (output, asked) = with_answers(&[], &["register", "--json", "-"], object, samples::answer);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let [Request::Register(company)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((company.company.as_str(), company.phone.as_deref()), ("C", Some("1")));

    for (args, input, kind) in [
        (&["register", "--json", "-"][..], "{\"company\":1}", "malformed"),
        (&["register", "--json", "--email", "E"], "", "usage"),
        (&["activate", "--json"], "", "usage"),
        (&["coupon", "--json"], "", "usage"),
    ] {
        let output = run_with(&[], "/nonexistent".as_ref(), args, input);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stdout(&output).contains(&format!("\"kind\":\"{kind}\"")), "{args:?}: {output:?}");
    }
    let output = run_with(&[], "/nonexistent".as_ref(), &["register", "--email", "E"], "");
    assert!(stderr(&output).contains("--company --contact"), "{output:?}");
}

#[test]
fn counts_of_the_pbx_are_sent_by_name() {
    let (output, asked) =
        with_answer(&["send-metrics", "PBXname=MikoPBX@2024.1", "CountSipExtensions=12"], "", &done());
    assert_eq!(output.status.code(), Some(0));
    let metrics = [("PBXname", "MikoPBX@2024.1"), ("CountSipExtensions", "12")];
    let metrics = metrics.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(asked, Request::SendMetrics { metrics: metrics.into() });
}

#[test]
fn a_recheck_that_ends_in_a_refusal_ends_with_one() {
    let refused = |code| {
        let failure = Failure { kind: ErrorKind::Refused, code: Some(code), message: "No.".to_owned() };
        with_answer(&["recheck", "--json"], "", &Answer::Error(failure)).0
    };
    let dropped = refused(Code::NO_LICENSE);
    assert_eq!(dropped.status.code(), Some(1));
    assert!(stdout(&dropped).contains(r#""code":2008,"kind":"refused""#), "{dropped:?}");
    assert_eq!(refused(Code::KEY_ERROR).status.code(), Some(6), "there is no number to ask about");
}
