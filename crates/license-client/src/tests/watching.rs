//! What changes, by both clients.

use license_ipc::{Change, State};

use super::*;

fn change(message: &str) -> Change {
    Change {
        whole: false,
        missed: false,
        more: false,
        state: State::Fresh,
        code: None,
        message: message.to_owned(),
        entitlements: Vec::new(),
    }
}

fn told(message: &str) -> Vec<u8> {
    framed(&Answer::Change(Box::new(change(message))))
}

/// A daemon that says these frames to who watches, and closes.
fn saying(frames: &[Vec<u8>]) -> FakeDaemon {
    FakeDaemon::start(vec![Turn::Cut(frames.concat())])
}

/// What each client is told until an error, and the error.
fn heard_by_both(frames: &[Vec<u8>]) -> Vec<(Vec<String>, ClientError)> {
    let daemon = saying(frames);
    let mut watch = Client::with(daemon.settings()).watch().unwrap();
    let mut heard = Vec::new();
    let error = loop {
        match watch.next().unwrap() {
            Ok(change) => heard.push(change.message),
            Err(error) => break error,
        }
    };
    assert!(watch.next().is_none(), "nothing comes after the end");
    assert_eq!(daemon.requests(), [Request::Watch]);
    #[allow(unused_mut, reason = "with the feature `tokio` there is a second client")]
    let mut outcomes = vec![(heard, error)];
    #[cfg(feature = "tokio")]
    {
        let daemon = saying(frames);
        let outcome = on_tokio(async {
            let mut watch = crate::AsyncClient::with(daemon.settings()).watch().await.unwrap();
            let mut heard = Vec::new();
            loop {
                match watch.next().await {
                    Ok(change) => heard.push(change.message),
                    Err(error) => break (heard, error),
                }
            }
        });
        outcomes.push(outcome);
    }
    outcomes
}

#[test]
fn every_change_comes_and_at_last_why_it_ended() {
    let stopping = Failure { kind: ErrorKind::Draining, code: None, message: "stopping".to_owned() };
    let frames = [told("one"), told("two"), told("three"), framed(&Answer::Error(stopping))];
    for (heard, error) in heard_by_both(&frames) {
        assert_eq!(heard, ["one", "two", "three"]);
        assert!(matches!(error, ClientError::Failed(Failure { kind: ErrorKind::Draining, .. })), "{error:?}");
    }
}

#[test]
fn an_end_between_two_changes_is_not_repaired_and_one_inside_is_told_apart() {
    for (heard, error) in heard_by_both(&[told("one")]) {
        assert_eq!(heard, ["one"]);
        assert!(matches!(error, ClientError::Closed), "{error:?}");
    }
    for (heard, error) in heard_by_both(&[told("one"), vec![0, 0, 0, 9, 1]]) {
        assert_eq!(heard, ["one"]);
        assert!(matches!(error, ClientError::HalfFrame { got: 5, missing: 8 }), "{error:?}");
    }
    for (_, error) in heard_by_both(&[told("one"), framed(&done())]) {
        assert!(matches!(error, ClientError::Unexpected { answer: "done" }), "{error:?}");
    }
}

#[test]
fn a_daemon_that_goes_away_before_the_first_answer_is_asked_once_more() {
    let daemon = FakeDaemon::start(vec![Turn::Cut(Vec::new()), Turn::Cut(told("one"))]);
    let mut watch = Client::with(daemon.settings()).watch().unwrap();
    assert_eq!(watch.next().unwrap().unwrap(), change("one"));
    assert_eq!(daemon.requests(), [Request::Watch, Request::Watch]);
}

#[test]
fn a_change_that_comes_in_pieces_is_put_together_over_several_waits() {
    let daemon = FakeDaemon::start(vec![Turn::Drip([told("one"), told("two")].concat())]);
    let mut watch = Client::with(daemon.settings()).watch().unwrap();
    assert_eq!(watch.next_within(Duration::ZERO).unwrap(), Some(change("one")));
    let mut waits = 0;
    let two = loop {
        waits += 1;
        if let Some(change) = watch.next_within(Duration::from_millis(60)).unwrap() {
            break change;
        }
    };
    assert_eq!(two, change("two"));
    assert!(waits > 1, "{waits}");
}

#[test]
fn a_watch_by_hand_leaves_no_connection_behind() {
    let daemon = FakeDaemon::start(vec![
        Turn::Cut([told("one"), told("two")].concat()),
        Turn::Answer(vec![framed(&done())]),
    ]);
    let mut client = Client::with(daemon.settings());
    assert!(matches!(client.request(&Request::Watch).unwrap(), Answer::Change(_)));
    assert_eq!(client.request(&Request::Status).unwrap(), done());
}
