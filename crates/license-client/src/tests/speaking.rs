//! A client of another language than English, by both clients.

use license_types::Language;

use super::*;

fn greeting() -> Request {
    Request::Language { tag: "ru".to_owned() }
}

/// What the daemon says to a greeting.
fn greeted() -> Vec<u8> {
    framed(&Answer::Done(Done { message: String::new(), warnings: Vec::new() }))
}

/// What came of the checks of one client, and what came to the daemon.
type Outcome = (Vec<Result<Answer, ClientError>>, Vec<Request>);

/// The outcomes of that many checks by one client who speaks Russian, and what came to the daemon, for each client.
fn checks_by_both(count: usize, turns: fn() -> Vec<Turn>) -> Vec<Outcome> {
    let daemon = FakeDaemon::start(turns());
    let mut client = Client::with(daemon.settings().language(Language::Russian));
    let outcome = (0..count).map(|_| client.request(&check())).collect();
    drop(client);
    #[allow(unused_mut, reason = "with the feature `tokio` there is a second client")]
    let mut outcomes = vec![(outcome, daemon.requests())];
    #[cfg(feature = "tokio")]
    {
        let daemon = FakeDaemon::start(turns());
        let settings = daemon.settings().language(Language::Russian);
        let outcome = on_tokio(async {
            let mut client = crate::AsyncClient::with(settings);
            let mut outcome = Vec::new();
            for _ in 0..count {
                outcome.push(client.request(&check()).await);
            }
            outcome
        });
        outcomes.push((outcome, daemon.requests()));
    }
    outcomes
}

#[test]
fn the_language_is_said_once_on_each_connection() {
    let turns = || vec![Turn::Answer(vec![greeted(), framed(&done()), framed(&done())])];
    for (outcomes, requests) in checks_by_both(2, turns) {
        assert!(
            outcomes.iter().all(|outcome| matches!(outcome, Ok(answer) if *answer == done())),
            "{outcomes:?}"
        );
        assert_eq!(requests, [greeting(), check(), check()]);
    }
}

#[test]
fn a_repeated_request_is_said_in_that_language_too() {
    let turns = || {
        let whole = vec![greeted(), framed(&done())];
        vec![Turn::Answer(vec![greeted()]), Turn::Answer(whole)]
    };
    for (outcomes, requests) in checks_by_both(1, turns) {
        assert!(matches!(&outcomes[..], [Ok(answer)] if *answer == done()), "{outcomes:?}");
        assert_eq!(requests, [greeting(), greeting(), check()]);
    }
}

#[test]
fn a_daemon_that_turns_a_client_away_at_its_first_word_is_heard() {
    let turns = || {
        let busy = Failure { kind: ErrorKind::Busy, code: None, message: "full".to_owned() };
        vec![Turn::Cut(framed(&Answer::Error(busy)))]
    };
    for (outcomes, _) in checks_by_both(1, turns) {
        let Some(Err(ClientError::Failed(failure))) = outcomes.first() else { panic!("{outcomes:?}") };
        assert_eq!(failure.kind, ErrorKind::Busy);
    }
}

#[test]
fn a_watch_is_in_that_language() {
    let first = license_ipc::Change {
        whole: true,
        missed: false,
        more: false,
        state: license_ipc::State::Fresh,
        code: None,
        message: "Привязан.".to_owned(),
        entitlements: Vec::new(),
    };
    let turns = vec![Turn::Answer(vec![greeted(), framed(&Answer::Change(Box::new(first.clone())))])];
    let daemon = FakeDaemon::start(turns);
    let mut watch = Client::with(daemon.settings().language(Language::Russian)).watch().unwrap();
    assert_eq!(watch.next().unwrap().unwrap(), first);
    assert_eq!(daemon.requests(), [greeting(), Request::Watch]);
}
