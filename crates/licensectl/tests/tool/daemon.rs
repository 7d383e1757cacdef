//! A daemon that gives prepared answers, and the built tool that asks it.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Command, Output, Stdio},
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use license_client::{
    ipc::{
        Answer, Done, Encoding, Request,
        frame::{self, MAX_REQUEST, PREFIX},
    },
    types::{Basis, Code, Entitlement, FeatureId, UnixTime, Verdict},
};

pub(crate) const NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

/// Runs the tool with `args` and `input`, against a daemon that gives `answer`. Returns what the daemon
/// was asked, too.
pub(crate) fn with_answer(args: &[&str], input: &str, answer: &Answer) -> (Output, Request) {
    let (output, asked) = with_answers(&[], args, input, |_| answer.clone());
    let [asked] = asked.try_into().unwrap();
    (output, asked)
}

/// The same for a tool with those variables, that asks several times.
pub(crate) fn with_answers(
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
            conversation(&mut stream, &answer)
        });
        (run_with(variables, &path, args, input), daemon.join().unwrap())
    })
}

/// A daemon that answers whoever comes, and tells what it was asked.
pub(crate) fn serving(
    socket: &Path,
    answer: impl Fn(&Request) -> Answer + Clone + Send + 'static,
) -> Receiver<Request> {
    let listener = UnixListener::bind(socket).unwrap();
    let (tells, asked): (Sender<Request>, _) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (answer, tells) = (answer.clone(), tells.clone());
            thread::spawn(move || {
                conversation(&mut stream, |request| {
                    let _ = tells.send(request.clone());
                    answer(request)
                })
            });
        }
    });
    asked
}

/// Answers what is asked until the tool has ended or watches, and gives what was asked but for the language.
pub(crate) fn conversation(stream: &mut UnixStream, answer: impl Fn(&Request) -> Answer) -> Vec<Request> {
    let mut asked = Vec::new();
    while let Some(request) = received(stream) {
        let is_last = request == Request::Watch;
        let is_language = matches!(request, Request::Language { .. });
        let nothing = || Answer::Done(Done { message: String::new(), warnings: Vec::new() });
        let answer = if is_language { nothing() } else { answer(&request) };
        stream.write_all(&frame::encode_answer(&answer, Encoding::Binary).unwrap()).unwrap();
        asked.extend(Some(request).filter(|_| !is_language));
        if is_last {
            break;
        }
    }
    asked
}

/// The next request, until the tool has ended.
fn received(stream: &mut UnixStream) -> Option<Request> {
    let mut prefix = [0; PREFIX];
    stream.read_exact(&mut prefix).ok()?;
    let mut body = vec![0; frame::body_len(prefix, MAX_REQUEST).unwrap()];
    stream.read_exact(&mut body).unwrap();
    Some(frame::decode_request(&body).unwrap().1)
}

pub(crate) fn run(socket: &Path, args: &[&str], input: &str) -> Output {
    run_with(&[], socket, args, input)
}

pub(crate) fn run_with(variables: &[(&str, &str)], socket: &Path, args: &[&str], input: &str) -> Output {
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

pub(crate) fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

pub(crate) fn entitlement(verdict: Verdict) -> Entitlement {
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

pub(crate) fn denied() -> Entitlement {
    entitlement(Verdict::Denied { code: Code::NO_LICENSE, reason: "No license.".to_owned() })
}

pub(crate) fn granted() -> Entitlement {
    entitlement(Verdict::Granted { until: UnixTime(1_800_000_000), basis: Basis::Fresh })
}

pub(crate) fn done() -> Answer {
    Answer::Done(Done { message: "It is done.".to_owned(), warnings: vec!["But.".to_owned()] })
}
