//! The keeper against a license server that signs like a real one and misbehaves on demand.

mod features;
mod refusals;
mod seats;
mod untold;
mod watching;
mod world;

use license_core::state::Phase;
use license_texts::Language;
use license_types::{ProductId, RegistrationNumber, SessionId, Verdict};

use self::world::{FakeServer, Mood, World, lock};
use super::*;
use crate::store::Loaded;

const FEATURE: FeatureId = FeatureId(45);

fn number() -> RegistrationNumber {
    "MIKO-AAAAA-BBBBB-CCCCC-DDDDD".parse().unwrap()
}

fn activate() -> Call {
    Call::Activate { number: number() }
}

fn capture() -> Call {
    Call::Capture { feature: FEATURE, holder: None, reclaim: false }
}

fn failure(result: CallResult) -> (ErrorKind, Option<Code>) {
    let failure = result.unwrap_err();
    (failure.kind, failure.code)
}

#[tokio::test]
async fn an_activation_is_on_disk_before_it_is_answered() {
    let world = World::bound().await;
    assert_eq!(world.phase(), Phase::Fresh);
    let Loaded { state, faults, .. } = world.store.load().unwrap();
    assert!(faults.is_empty());
    assert_eq!(state.unwrap().number(), Some(&number()));
}

#[tokio::test]
async fn equal_calls_are_one_request_and_all_are_answered() {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let first = world.call(capture());
    world.requests(2).await;
    let others: Vec<_> = (0..5).map(|_| world.call(capture())).collect();
    tokio::task::yield_now().await;
    while !others.iter().all(JoinHandle::is_finished) {
        world.server.release.notify_one();
        tokio::task::yield_now().await;
    }
    for call in others.into_iter().chain([first]) {
        assert_eq!(call.await.unwrap().unwrap().session, Some(SessionId("s1".to_owned())));
    }
    assert_eq!(world.server.paths(), ["/v1/activate", "/v1/capture"]);
}

#[tokio::test]
async fn a_second_call_waits_for_the_first() {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let first = world.call(capture());
    world.requests(2).await;
    let second = world.call(Call::CheckIn);
    world.mood(Mood::Good);
    world.server.release.notify_one();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(world.server.paths(), ["/v1/activate", "/v1/capture", "/v1/check-in"]);
}

#[tokio::test]
async fn a_call_with_a_lost_answer_is_repeated_to_the_letter() {
    let world = World::new();
    world.mood(Mood::LosesAnswers);
    assert_eq!(failure(world.keeper.call(activate(), 0).await), (ErrorKind::NoAnswer, Some(Code::NO_ANSWER)));
    assert_eq!(
        world.store.load().unwrap().state.unwrap().pending.map(|pending| pending.call),
        Some(activate())
    );
    world.mood(Mood::Good);
    world.keeper.call(activate(), 0).await.unwrap();
    let requests = lock(&world.server.requests);
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[0].headers, requests[1].headers);
}

#[tokio::test]
async fn a_call_that_never_went_out_is_drawn_anew() {
    let world = World::new();
    world.mood(Mood::Down);
    assert_eq!(
        failure(world.keeper.call(activate(), 0).await),
        (ErrorKind::NoAnswer, Some(Code::CONNECTION_FAILED))
    );
    world.mood(Mood::Good);
    world.keeper.call(activate(), 0).await.unwrap();
    let requests = lock(&world.server.requests);
    assert_ne!(requests[0].headers, requests[1].headers);
}

#[tokio::test]
async fn a_module_does_not_wait_for_an_outage() {
    let world = World::bound().await;
    world.mood(Mood::Down);
    assert_eq!(failure(world.keeper.call(Call::CheckIn, 0).await).1, Some(Code::CONNECTION_FAILED));
    let asked = world.server.paths().len();
    let result = world.keeper.call_automatically(capture(), 1000).await;
    assert_eq!(failure(result), (ErrorKind::NoAnswer, Some(Code::CONNECTION_FAILED)));
    assert_eq!(world.server.paths().len(), asked, "it did not go online");
    assert_eq!(failure(world.keeper.call(capture(), 1000).await).0, ErrorKind::NoAnswer);
    assert_eq!(world.server.paths().len(), asked + 1, "a person's did");
}

#[tokio::test]
async fn a_refused_seat_is_not_asked_for_again_before_something_changed() {
    let world = World::bound().await;
    world.mood(Mood::Refuses(Code::NO_LICENSE));
    for _ in 0..3 {
        let result = world.keeper.call_automatically(capture(), 1000).await;
        assert_eq!(failure(result), (ErrorKind::Refused, Some(Code::NO_LICENSE)));
    }
    assert_eq!(world.server.paths(), ["/v1/activate", "/v1/capture"]);
    world.mood(Mood::Good);
    world.keeper.call(Call::CheckIn, 0).await.unwrap();
    world.keeper.call_automatically(capture(), 1000).await.unwrap();
}

#[tokio::test]
async fn what_is_known_without_the_license_server_is_said_without_it() {
    let world = World::new();
    let coupon = "MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD".parse().unwrap();
    assert_eq!(failure(world.keeper.call(Call::Coupon { coupon }, 0).await).1, Some(Code::COUPON_NUMBER));
    for call in [Call::CheckIn, capture(), Call::Trial { product: ProductId(81) }] {
        assert_eq!(failure(world.keeper.call(call, 0).await), (ErrorKind::Refused, Some(Code::KEY_ERROR)));
    }
    assert!(world.server.paths().is_empty());
}

#[tokio::test]
async fn without_a_root_key_nothing_goes_out_and_the_folder_is_named() {
    let world = World::with_roots(Vec::new());
    let failure = world.keeper.call(activate(), 0).await.unwrap_err();
    assert!(failure.to_string().contains("/etc/licensed/trust.d"), "{failure}");
    assert!(world.server.paths().is_empty());
}

#[tokio::test]
async fn what_is_due_and_cannot_be_sent_is_a_failed_attempt_and_no_busy_loop() {
    let world = World::with(Vec::new(), State::lost);
    let snapshots = &mut world.keeper.snapshots.clone();
    let snapshot = snapshots.wait_for(|snapshot| snapshot.state.contact.failures > 0).await.unwrap().clone();
    let failure = snapshot.state.contact.last_failure.as_ref().unwrap();
    let why = failure.said().to(Language::English);
    assert!(why.contains("/etc/licensed/trust.d"), "{why}");
    assert!(snapshot.state.due().unwrap() > world.keeper.now().age, "the next attempt is later");
    assert!(world.server.paths().is_empty());
}

#[tokio::test]
async fn a_reset_does_not_wait_and_leaves_nobody_waiting() {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let hanging = world.call(capture());
    world.requests(2).await;
    world.keeper.reset().await.unwrap();
    assert_eq!(failure(hanging.await.unwrap()).0, ErrorKind::Overtaken);
    assert_eq!(world.phase(), Phase::Unregistered);
    world.requests(3).await;
    assert_eq!(world.server.paths()[2], "/v1/drop", "the server is told at once");
}

#[tokio::test]
async fn news_make_a_check_sooner_and_come_from_one_wait_at_a_time() {
    let world = World::new();
    let mut waits = world.server.waits.subscribe();
    tokio::task::yield_now().await;
    assert_eq!(*waits.borrow(), 0, "there is no number to hear of");
    world.keeper.call(activate(), 0).await.unwrap();
    for news in 1..=2 {
        waits.wait_for(|waits| *waits == news).await.unwrap();
        assert_eq!(world.server.paths().len(), news);
        world.server.news.notify_one();
        world.requests(news + 1).await;
        assert_eq!(world.server.paths().last(), Some(&"/v1/check-in"));
    }
}

#[tokio::test]
async fn nobody_waits_for_news_during_an_outage() {
    let world = World::bound().await;
    let mut waits = world.server.waits.subscribe();
    waits.wait_for(|waits| *waits == 1).await.unwrap();
    world.mood(Mood::Down);
    world.server.news.notify_one();
    world.requests(2).await;
    time::sleep(Duration::from_secs(2)).await;
    assert_eq!((*waits.borrow(), world.phase()), (1, Phase::Offline));
}

#[tokio::test]
async fn a_stop_answers_everybody_who_waits() {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let calls = [world.call(capture()), world.call(Call::CheckIn)];
    world.requests(2).await;
    world.stop.cancel();
    world.task.await.unwrap();
    for call in calls {
        assert_eq!(failure(call.await.unwrap()).0, ErrorKind::Draining);
    }
    assert_eq!(failure(world.keeper.call(capture(), 0).await).0, ErrorKind::Draining);
    assert!(world.store.load_clock().unwrap().is_some());
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_stops_nothing_and_is_said() {
    let world = World::new();
    std::fs::remove_dir_all(world.folder.path()).unwrap();
    world.keeper.call(activate(), 0).await.unwrap();
    world.keeper.call(capture(), 0).await.unwrap();
    let snapshot = world.keeper.snapshot();
    let fault = snapshot.store_fault.as_ref().unwrap().to(Language::English);
    assert!(fault.contains("kept in memory"), "{fault}");
    let verdict = snapshot.state.entitlement(FEATURE, None, Language::English, world.keeper.now()).verdict;
    assert!(matches!(verdict, Verdict::Granted { .. }));
}

// The clock is paused: it goes on when all wait, to the next deadline.
#[tokio::test(start_paused = true)]
async fn a_disk_that_can_be_written_again_is_written_without_another_change() {
    let world = World::new();
    std::fs::remove_dir_all(world.folder.path()).unwrap();
    world.keeper.call(activate(), 0).await.unwrap();
    std::fs::create_dir(world.folder.path()).unwrap();
    let mut snapshots = world.keeper.snapshots.clone();
    snapshots.wait_for(|snapshot| snapshot.store_fault.is_none()).await.unwrap();
    assert_eq!(world.store.load().unwrap().state.unwrap().number(), Some(&number()));
}

#[tokio::test]
async fn what_waits_is_overtaken_by_a_reset_too() {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let calls = [world.call(capture()), world.call(Call::Trial { product: ProductId(81) })];
    world.requests(2).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    world.mood(Mood::Good);
    world.keeper.reset().await.unwrap();
    for call in calls {
        assert_eq!(failure(call.await.unwrap()).0, ErrorKind::Overtaken);
    }
    world.requests(3).await;
    assert_eq!(world.server.paths()[2..], ["/v1/drop"], "no call of before the reset goes out after it");
    assert_eq!(world.phase(), Phase::Unregistered);
}

#[tokio::test]
async fn an_unknown_outcome_is_cleared_up_before_anything_new_is_sent() {
    let world = World::bound().await;
    world.mood(Mood::LosesAnswers);
    failure(world.keeper.call(capture(), 0).await);
    world.mood(Mood::Good);
    world.keeper.call(Call::Trial { product: ProductId(81) }, 0).await.unwrap();
    assert_eq!(world.server.paths()[1..], ["/v1/capture", "/v1/capture", "/v1/trial"]);
    let requests = lock(&world.server.requests);
    assert_eq!(requests[1].body, requests[2].body);
    assert_eq!(world.keeper.snapshot().state.pending, None);
}

#[tokio::test]
async fn an_unknown_outcome_is_not_forgotten_over_something_new() {
    let world = World::bound().await;
    let trial = || world.keeper.call(Call::Trial { product: ProductId(81) }, 0);
    world.mood(Mood::LosesAnswers);
    failure(world.keeper.call(capture(), 0).await);
    assert_eq!(failure(trial().await).0, ErrorKind::NoAnswer);
    world.mood(Mood::Good);
    trial().await.unwrap();
    assert_eq!(world.server.paths()[1..], ["/v1/capture", "/v1/capture", "/v1/capture", "/v1/trial"]);
    let requests = lock(&world.server.requests);
    assert!(requests[2..4].iter().all(|request| request.body == requests[1].body), "the same id each time");
}

#[tokio::test]
async fn a_busy_reader_does_not_keep_the_license_servers_word_from_this_host() {
    let world = World::with(vec![PublicKey::of(&FakeServer::root())], State::lost);
    world.mood(Mood::Refuses(Code::NO_LICENSE));
    for user in 0..20 {
        let holder = format!("user {user}").parse().ok();
        let call = Call::Capture { feature: FeatureId(48), holder, reclaim: false };
        failure(world.keeper.call(call, 1000).await);
    }
    assert!(world.keeper.snapshot().state.contact.last_attempt.is_some());
    let ended = world.keeper.snapshot().state.contact.failures;
    assert!(ended >= 1, "a check-in came to its end: {:?}", world.server.paths());
}

#[tokio::test]
async fn one_user_does_not_fill_the_queue() {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let under_way = world.call(capture());
    world.requests(2).await;
    let product = |id: usize| Call::Trial { product: ProductId(u32::try_from(id).unwrap()) };
    let waiting: Vec<_> =
        (0..Limits::default().waiting_requests_per_uid).map(|id| world.call(product(id))).collect();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(failure(world.keeper.call(product(99), 1000).await).0, ErrorKind::Busy);
    let keeper = world.keeper.clone();
    let of_root = tokio::spawn(async move { keeper.call(product(99), 0).await });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!of_root.is_finished() && !under_way.is_finished());
    assert!(waiting.iter().all(|call| !call.is_finished()));
}

#[tokio::test]
async fn past_the_limit_the_answer_is_busy() {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let under_way = world.call(capture());
    world.requests(2).await;
    let product = |id: usize| Call::Trial { product: ProductId(u32::try_from(id).unwrap()) };
    let most = Limits::default().waiting_requests;
    let calls = (0..most).map(|id| {
        let keeper = world.keeper.clone();
        tokio::spawn(async move { keeper.call(product(id), 0).await })
    });
    let waiting: Vec<_> = calls.collect();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(failure(world.keeper.call(product(most), 0).await).0, ErrorKind::Busy);
    assert!(!under_way.is_finished() && waiting.iter().all(|call| !call.is_finished()));
}

#[tokio::test]
async fn other_limits_count_at_once() {
    let world = World::bound().await;
    world.mood(Mood::Hangs);
    let under_way = world.call(capture());
    world.requests(2).await;
    let limits = Limits { waiting_requests: 2, waiting_requests_per_uid: 1, ..Limits::default() };
    let settings = Settings {
        exchange: Some(world.server.clone()),
        roots: vec![PublicKey::of(&FakeServer::root())],
        trust_path: String::new(),
        trust_is_faulty: false,
        limits,
    };
    world.keeper.configure(settings).await.unwrap();
    let product = |id| Call::Trial { product: ProductId(id) };
    let mut waiting = vec![world.call(product(1))];
    tokio::task::yield_now().await;
    let said = |result: CallResult| result.unwrap_err().to_string();
    assert!(said(world.keeper.call(product(2), 1000).await).contains("waiting_requests_per_uid"));
    let keeper = world.keeper.clone();
    waiting.push(tokio::spawn(async move { keeper.call(product(3), 0).await }));
    tokio::task::yield_now().await;
    assert!(said(world.keeper.call(product(4), 0).await).contains("(limits.waiting_requests)"));
    assert!(!under_way.is_finished() && waiting.iter().all(|call| !call.is_finished()));
}

fn says_that_the_clock_is_off(world: &World) -> bool {
    let report = crate::status::report(&world.keeper.snapshot(), Language::English, world.keeper.now());
    report.warnings.iter().any(|warning| warning.contains("clock of this host"))
}

#[tokio::test]
async fn a_clock_that_is_off_is_said_by_an_answer_that_is_new() {
    // That license server signs a time that is long ago.
    let world = World::new();
    world.mood(Mood::LosesAnswers);
    world.keeper.call(activate(), 0).await.unwrap_err();
    assert!(!says_that_the_clock_is_off(&world));
    world.mood(Mood::Good);
    world.keeper.call(activate(), 0).await.unwrap();
    assert!(!says_that_the_clock_is_off(&world), "what is repeated may have been answered long ago");
    world.keeper.call(Call::CheckIn, 0).await.unwrap();
    assert!(says_that_the_clock_is_off(&world));
    assert_eq!(world.phase(), Phase::Fresh, "and it changes nothing");
}

#[tokio::test]
async fn a_host_that_is_removed_leaves_nothing_and_writes_nothing_more() {
    let world = World::bound().await;
    assert_eq!(world.keeper.deprovision().await.unwrap(), Vec::<Text>::new());
    assert_eq!(world.server.paths(), ["/v1/activate", "/v1/drop"]);
    world.stop.cancelled().await;
    world.task.await.unwrap();
    let files = std::fs::read_dir(world.folder.path()).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["lock"]);
    assert_eq!(failure(world.keeper.call(Call::CheckIn, 0).await), (ErrorKind::Draining, None));
}

fn note(world: &World) -> Option<String> {
    world.keeper.snapshot().note.as_ref().map(|note| note.to(Language::English))
}

#[tokio::test]
async fn a_number_that_lies_ready_is_activated_while_there_never_was_one() {
    let world = World::with_number(Mood::Good, State::unregistered);
    while world.phase() != Phase::Fresh {
        tokio::task::yield_now().await;
    }
    assert_eq!(note(&world), None);
    world.keeper.reset().await.unwrap();
    world.requests(2).await;
    assert_eq!(world.server.paths(), ["/v1/activate", "/v1/drop"]);

    let given_up = |now| State { given_up: true, ..State::unregistered(now) };
    for state in [given_up, State::lost] {
        let world = World::with_number(Mood::Good, state);
        assert_eq!(note(&world), None);
        world.keeper.reset().await.unwrap();
        assert!(!world.server.paths().contains(&"/v1/activate"));
    }
}

#[tokio::test]
async fn a_refusal_ends_it_and_a_fault_on_the_way_is_tried_again_later() {
    let world = World::with_number(Mood::Refuses(Code::KEY_UNKNOWN), State::unregistered);
    while !note(&world).is_some_and(|note| note.contains("refused") && note.contains("2026")) {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.server.paths().len(), 1);

    for mood in [Mood::RefusesWithoutCode, Mood::Down] {
        let world = World::with_number(mood, State::unregistered);
        while world.keeper.snapshot().state.contact.failures == 0 {
            tokio::task::yield_now().await;
        }
        let snapshot = world.keeper.snapshot();
        let next = snapshot.state.contact.next_check.unwrap();
        assert!(next.saturating_since(world.keeper.now().age) > Duration::from_secs(1), "{mood:?}");
        assert!(
            snapshot.note.as_ref().is_some_and(|note| note.to(Language::English).contains("as soon as")),
            "{mood:?}"
        );
        assert_eq!(world.server.paths(), ["/v1/activate"], "{mood:?}");
    }
}

#[tokio::test]
async fn who_carries_calls_is_told_whether_a_license_server_answered() {
    let world = World::bound().await;
    lock(&world.server.judged).clear();
    for (mood, expected) in [
        (Mood::Good, &[true][..]),
        (Mood::Refuses(Code::NO_LICENSE), &[true]),
        (Mood::LosesAnswers, &[false]),
        // Nothing was delivered, so that it is known already.
        (Mood::Down, &[]),
    ] {
        world.mood(mood);
        let _result = world.keeper.call(Call::CheckIn, 0).await;
        assert_eq!(std::mem::take(&mut *lock(&world.server.judged)), expected, "{mood:?}");
    }
}
