use license_client::{ipc::ErrorKind, types::Code};

use super::*;

mod key_file;

const A: &str = "MIKO-AAAAA-AAAAA-AAAAA-AAAAA";
const B: &str = "MIKO-BBBBB-BBBBB-BBBBB-BBBBB";
const C: &str = "MIKO-CCCCC-CCCCC-CCCCC-CCCCC";
const D: &str = "MIKO-DDDDD-DDDDD-DDDDD-DDDDD";

fn number(text: &str) -> RegistrationNumber {
    text.parse().unwrap()
}

fn wished(text: &str) -> Event {
    Event::Wished(Some(number(text)))
}

const RESET: Event = Event::Wished(None);
const UNREGISTERED: Event = Event::Seen(Binding::Unregistered, 0);
/// The same after somebody reset it.
const RESET_SINCE: Event = Event::Seen(Binding::Unregistered, 1);
const UNSEEN: Event = Event::Unseen;
const UNKNOWN: Event = Event::Seen(Binding::Unknown, 0);
const EMPTY: Event = Event::File(Content::Empty);
const ABSENT: Event = Event::File(Content::Absent);
const UNUSABLE: Event = Event::File(Content::Unusable);

fn masked(text: &str) -> Binding {
    Binding::Bound(number(text).masked())
}

fn bound(text: &str) -> Event {
    Event::Seen(masked(text), 0)
}

fn file(text: &str) -> Event {
    Event::File(Content::Number(number(text)))
}

fn offered(text: &str, binding: Binding) -> Event {
    Event::Offered(number(text), binding)
}

fn done(text: &str) -> Event {
    let done = Done { message: "Activated.".to_owned(), warnings: Vec::new() };
    Event::Answered(Some(text).filter(|text| !text.is_empty()).map(number), Ok(done))
}

fn failed(text: &str, kind: ErrorKind, code: Option<Code>) -> Event {
    let failure = Failure { kind, code, message: "So it is.".to_owned() };
    Event::Answered(Some(number(text)), Err(failure))
}

fn refused(text: &str) -> Event {
    failed(text, ErrorKind::Refused, Some(Code::KEY_UNKNOWN))
}

fn overtaken(text: &str) -> Event {
    failed(text, ErrorKind::Overtaken, None)
}

/// A decision in a word, with the last letter of the number that it is about.
fn word(state: &State, decision: &Decision) -> String {
    let letter = |number: &RegistrationNumber| number.as_str().chars().last().unwrap().to_string();
    let about = |wish: &Wish| wish.number.as_ref().map_or_else(|| "none".to_owned(), letter);
    match decision {
        Decision::Rest => "rest".to_owned(),
        Decision::Ask => format!("ask {}", about(state.kept.wish.as_ref().unwrap())),
        Decision::Fulfilled(wish, _) => format!("fulfilled {}", about(wish)),
        Decision::Refused(wish, _) => format!("refused {}", about(wish)),
        Decision::Overtaken(wish) => format!("overtaken {}", about(wish)),
        Decision::Differs { file, .. } => format!("differs {}", letter(file)),
    }
}

/// Plays it twice: in one go, and with a restart before each step.
#[track_caller]
fn play(steps: &[(Event, &str)]) {
    for restarts in [false, true] {
        let mut state = State::default();
        let mut looked = None;
        for (at, (event, expected)) in steps.iter().enumerate() {
            if restarts {
                let kept = serde_json::to_string(&state.kept).unwrap();
                let is_said = state.is_said;
                state = State::new(serde_json::from_str(&kept).unwrap());
                if let Some(file) = &looked {
                    (state, _) = state.step(Event::clone(file));
                }
                // It may be said once in each run; the table is about one.
                state.is_said = is_said;
            }
            if matches!(event, Event::File(_)) {
                looked = Some(event.clone());
            }
            let (next, decision) = state.step(event.clone());
            let found = word(&next, &decision);
            assert_eq!(found, *expected, "step {at}, {event:?}, with restarts: {restarts}");
            state = next;
        }
    }
}

#[test]
fn a_wish_is_asked_for_until_it_is_done() {
    play(&[
        (wished(B), "ask B"),
        (bound(A), "ask B"),
        (UNKNOWN, "ask B"),
        (bound(A), "ask B"),
        (done(B), "fulfilled B"),
        (bound(B), "rest"),
    ]);
}

#[test]
fn a_refusal_ends_a_wish() {
    play(&[(wished(B), "ask B"), (bound(A), "ask B"), (refused(B), "refused B"), (bound(A), "rest")]);
}

#[test]
fn a_wish_whose_answer_got_lost_is_fulfilled_when_the_number_is_seen() {
    play(&[(wished(B), "ask B"), (bound(A), "ask B"), (bound(B), "fulfilled B"), (bound(B), "rest")]);
    play(&[(RESET, "ask none"), (bound(A), "ask none"), (UNREGISTERED, "fulfilled none")]);
}

#[test]
fn the_number_that_the_host_has_already_is_asked_for_all_the_same() {
    // It may have been dropped, or be refused: that is why it is entered again.
    play(&[(wished(A), "ask A"), (bound(A), "ask A"), (bound(A), "ask A"), (done(A), "fulfilled A")]);
    play(&[(RESET, "ask none"), (UNREGISTERED, "ask none"), (done(""), "fulfilled none")]);
}

#[test]
fn a_newer_wish_replaces_the_older_one() {
    play(&[
        (wished(B), "ask B"),
        (bound(A), "ask B"),
        (wished(C), "ask C"),
        (done(B), "rest"),
        (refused(B), "rest"),
        (bound(A), "ask C"),
        (done(C), "fulfilled C"),
    ]);
}

#[test]
fn what_was_wished_before_may_still_come_and_is_nobody_elses_doing() {
    play(&[
        (wished(B), "ask B"),
        (bound(A), "ask B"),
        (wished(C), "ask C"),
        (bound(A), "ask C"),
        (bound(B), "ask C"),
        (bound(C), "fulfilled C"),
    ]);
    play(&[
        (wished(B), "ask B"),
        (wished(C), "ask C"),
        (wished(D), "ask D"),
        (bound(A), "ask D"),
        (bound(B), "ask D"),
        (bound(D), "fulfilled D"),
    ]);
    play(&[(RESET, "ask none"), (bound(A), "ask none"), (wished(B), "ask B"), (bound(A), "ask B")]);
    play(&[
        (RESET, "ask none"),
        (bound(A), "ask none"),
        (wished(B), "ask B"),
        (UNREGISTERED, "ask B"),
        (bound(B), "fulfilled B"),
    ]);
}

#[test]
fn what_somebody_else_decides_ends_a_wish() {
    play(&[(wished(B), "ask B"), (bound(A), "ask B"), (bound(C), "overtaken B"), (bound(C), "rest")]);
    play(&[(wished(B), "ask B"), (bound(A), "ask B"), (UNREGISTERED, "overtaken B")]);
    play(&[(wished(B), "ask B"), (UNREGISTERED, "ask B"), (bound(C), "overtaken B")]);
    play(&[(RESET, "ask none"), (bound(A), "ask none"), (bound(C), "overtaken none")]);
    play(&[(wished(B), "ask B"), (bound(A), "ask B"), (Event::Registered, "rest"), (bound(A), "rest")]);
}

#[test]
fn what_somebody_does_before_the_daemon_is_seen_again_stands() {
    play(&[
        (bound(A), "rest"),
        (RESET, "ask none"),
        (UNSEEN, "rest"),
        (bound(B), "overtaken none"),
        (bound(B), "rest"),
    ]);
    play(&[(bound(A), "rest"), (wished(B), "ask B"), (UNSEEN, "rest"), (bound(A), "ask B")]);
    play(&[(bound(A), "rest"), (wished(B), "ask B"), (UNSEEN, "rest"), (UNREGISTERED, "overtaken B")]);
    // What came of the last wish was not looked at.
    play(&[
        (bound(A), "rest"),
        (wished(B), "ask B"),
        (bound(A), "ask B"),
        (done(B), "fulfilled B"),
        (RESET, "ask none"),
        (UNSEEN, "rest"),
        (bound(B), "ask none"),
        (UNREGISTERED, "fulfilled none"),
    ]);
    // Where nothing is known of before, the first look counts.
    play(&[(RESET, "ask none"), (UNSEEN, "rest"), (bound(B), "ask none"), (bound(A), "overtaken none")]);
    play(&[(bound(A), "rest"), (Event::Registered, "rest"), (RESET, "ask none"), (bound(B), "ask none")]);
}

#[test]
fn what_the_daemon_has_when_something_is_wished_counts_and_not_what_it_had_before() {
    let mut state = State::default();
    for event in [bound(A), wished(B), UNKNOWN, bound(C)] {
        (state, _) = state.step(event);
    }
    assert!(state.kept.wish.is_some(), "the host had that number already");
    assert!(matches!(state.step(bound(D)).1, Decision::Overtaken(_)));
}

#[test]
fn a_number_that_is_not_known_is_nobody_elses_doing() {
    play(&[
        (wished(B), "ask B"),
        (bound(A), "ask B"),
        (UNKNOWN, "ask B"),
        (bound(A), "ask B"),
        (bound(B), "fulfilled B"),
    ]);
    play(&[(wished(B), "ask B"), (UNKNOWN, "ask B"), (bound(A), "ask B"), (bound(B), "fulfilled B")]);
}

#[test]
fn many_wishes_in_a_row_stay_few_on_the_disk() {
    let mut state = State::default();
    for at in 10_000..10_200 {
        (state, _) = state.step(wished(&format!("MIKO-AAAAA-AAAAA-AAAAA-{at}")));
        (state, _) = state.step(bound(A));
    }
    assert!(serde_json::to_string(&state.kept).unwrap().len() < 1000);
}

#[test]
fn a_number_by_sendmetrics_is_adopted_like_one_in_the_file() {
    play(&[
        (offered(A, Binding::Unregistered), "ask A"),
        (UNREGISTERED, "ask A"),
        (UNKNOWN, "rest"),
        (done(A), "fulfilled A"),
        (offered(A, Binding::Unregistered), "rest"),
        (UNREGISTERED, "rest"),
        (offered(B, Binding::Unregistered), "ask B"),
        (refused(B), "refused B"),
        (offered(B, Binding::Unregistered), "rest"),
    ]);
    // Seen to be the same, then reset.
    play(&[(offered(A, masked(A)), "rest"), (offered(A, Binding::Unregistered), "rest")]);
    // Another number than the host's changes nothing.
    play(&[(offered(B, masked(A)), "rest"), (bound(A), "rest")]);
    // A person's wish comes before it.
    play(&[(wished(B), "ask B"), (offered(A, Binding::Unregistered), "rest"), (UNREGISTERED, "ask B")]);
}

#[test]
fn an_adoption_ends_when_the_host_gets_another_number() {
    play(&[(offered(A, Binding::Unregistered), "ask A"), (bound(B), "overtaken A")]);
    // Whatever a person wanted before, whom nobody waits for any more.
    play(&[
        (wished(C), "ask C"),
        (Event::Registered, "rest"),
        (offered(A, Binding::Unregistered), "ask A"),
        (bound(B), "overtaken A"),
    ]);
    play(&[(file(A), "rest"), (UNREGISTERED, "ask A"), (bound(B), "overtaken A"), (UNREGISTERED, "rest")]);
}

#[test]
fn a_reset_that_overtakes_what_is_asked_for_ends_it() {
    play(&[
        (wished(B), "ask B"),
        (UNREGISTERED, "ask B"),
        (overtaken(B), "overtaken B"),
        (UNREGISTERED, "rest"),
        // MikoPBX writes it there all the same.
        (file(B), "rest"),
        (UNREGISTERED, "rest"),
    ]);
    play(&[
        (file(A), "rest"),
        (UNREGISTERED, "ask A"),
        (overtaken(A), "overtaken A"),
        (UNREGISTERED, "rest"),
        (file(B), "rest"),
        (UNREGISTERED, "ask B"),
    ]);
    play(&[
        (offered(A, Binding::Unregistered), "ask A"),
        (overtaken(A), "overtaken A"),
        (offered(A, Binding::Unregistered), "rest"),
    ]);
    // The reset of who wants another number.
    play(&[(wished(B), "ask B"), (wished(C), "ask C"), (overtaken(B), "rest"), (UNREGISTERED, "ask C")]);
}

#[test]
fn a_reset_of_a_host_without_a_number_ends_what_is_pursued_for_it() {
    play(&[
        (wished(B), "ask B"),
        (UNREGISTERED, "ask B"),
        (UNREGISTERED, "ask B"),
        (RESET_SINCE, "overtaken B"),
        (RESET_SINCE, "rest"),
        (file(B), "rest"),
        (RESET_SINCE, "rest"),
    ]);
    play(&[(wished(B), "ask B"), (UNREGISTERED, "ask B"), (UNKNOWN, "ask B"), (RESET_SINCE, "overtaken B")]);
    play(&[(file(A), "rest"), (UNREGISTERED, "ask A"), (RESET_SINCE, "overtaken A"), (RESET_SINCE, "rest")]);
    // While the daemon was away.
    play(&[(UNREGISTERED, "rest"), (wished(B), "ask B"), (UNSEEN, "rest"), (RESET_SINCE, "overtaken B")]);
    // Before it was wished.
    play(&[(UNREGISTERED, "rest"), (RESET_SINCE, "rest"), (wished(B), "ask B"), (RESET_SINCE, "ask B")]);
    // MikoPBX's own reset, whose answer got lost.
    play(&[(RESET, "ask none"), (UNREGISTERED, "ask none"), (RESET_SINCE, "fulfilled none")]);
    play(&[
        (UNREGISTERED, "rest"),
        (RESET, "ask none"),
        (wished(B), "ask B"),
        (UNSEEN, "rest"),
        (RESET_SINCE, "ask B"),
    ]);
    play(&[
        (UNREGISTERED, "rest"),
        (RESET, "ask none"),
        (done(""), "fulfilled none"),
        (wished(B), "ask B"),
        (UNSEEN, "rest"),
        (RESET_SINCE, "ask B"),
    ]);
}

#[test]
fn a_wish_that_a_reset_ended_is_not_adopted_from_the_file_that_follows() {
    play(&[
        (wished(B), "ask B"),
        (bound(A), "ask B"),
        (UNREGISTERED, "overtaken B"),
        (file(B), "rest"),
        (UNREGISTERED, "rest"),
    ]);
}

#[test]
fn debug_shows_no_number() {
    let (state, decision) = State::default().step(wished(B));
    let (state, differs) = state.step(file(A));
    let shown = format!("{state:?} {decision:?} {differs:?} {:?}", wished(C));
    assert!(!shown.contains("BBBBB-BBBBB") && !shown.contains("AAAAA-AAAAA"), "{shown}");
}
