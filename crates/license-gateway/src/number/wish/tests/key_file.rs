//! What follows from the number in the key file.

use super::*;

#[test]
fn a_host_without_a_number_adopts_the_one_in_the_file() {
    play(&[(ABSENT, "rest"), (UNREGISTERED, "rest"), (file(A), "rest"), (UNREGISTERED, "ask A")]);
    play(&[
        (file(A), "rest"),
        (UNREGISTERED, "ask A"),
        (UNKNOWN, "rest"),
        (UNREGISTERED, "ask A"),
        (done(A), "fulfilled A"),
        (bound(A), "rest"),
    ]);
}

#[test]
fn a_host_that_is_being_registered_adopts_nothing() {
    play(&[(file(A), "rest"), (UNKNOWN, "rest"), (bound(B), "differs A")]);
    play(&[(offered(A, Binding::Unknown), "rest"), (UNREGISTERED, "rest")]);
}

#[test]
fn a_reset_is_not_undone_by_the_file() {
    // After an adoption, after a refusal, after it was seen to be the same.
    play(&[(file(A), "rest"), (UNREGISTERED, "ask A"), (done(A), "fulfilled A"), (UNREGISTERED, "rest")]);
    play(&[(file(A), "rest"), (UNREGISTERED, "ask A"), (refused(A), "refused A"), (UNREGISTERED, "rest")]);
    play(&[(file(A), "rest"), (bound(A), "rest"), (UNREGISTERED, "rest")]);
    // Nor when the PBX starts, wipes its folder and writes the file again, nor when it is cut off for a moment.
    play(&[
        (file(A), "rest"),
        (bound(A), "rest"),
        (UNREGISTERED, "rest"),
        (ABSENT, "rest"),
        (UNREGISTERED, "rest"),
        (file(A), "rest"),
        (UNREGISTERED, "rest"),
        (UNUSABLE, "rest"),
        (file(A), "rest"),
        (UNREGISTERED, "rest"),
    ]);
}

#[test]
fn the_moment_in_which_the_file_is_written_is_no_change() {
    let mut state = State::default();
    for event in [file(A), bound(A), EMPTY, file(A)] {
        (state, _) = state.step(event);
    }
    assert_eq!(state.step(UNREGISTERED).1, Decision::Rest);
}

#[test]
fn a_file_that_changes_counts_anew() {
    play(&[
        (file(A), "rest"),
        (bound(A), "rest"),
        (file(B), "rest"),
        (bound(A), "differs B"),
        (file(A), "rest"),
        (UNREGISTERED, "ask A"),
    ]);
    play(&[
        (file(A), "rest"),
        (bound(A), "rest"),
        (EMPTY, "rest"),
        (EMPTY, "rest"),
        (file(A), "rest"),
        (UNREGISTERED, "ask A"),
    ]);
    play(&[
        (file(A), "rest"),
        (UNREGISTERED, "ask A"),
        (refused(A), "refused A"),
        (file(B), "rest"),
        (UNREGISTERED, "ask B"),
    ]);
}

#[test]
fn another_number_in_the_file_is_said_once_and_changes_nothing() {
    play(&[
        (file(B), "rest"),
        (bound(A), "differs B"),
        (bound(A), "rest"),
        (file(B), "rest"),
        (bound(A), "rest"),
    ]);
    play(&[
        (file(B), "rest"),
        (bound(A), "differs B"),
        (file(C), "rest"),
        (bound(A), "differs C"),
        (file(B), "rest"),
        (bound(A), "differs B"),
    ]);
}

#[test]
fn a_file_that_changes_while_its_number_is_adopted_ends_that() {
    play(&[
        (file(A), "rest"),
        (UNREGISTERED, "ask A"),
        (file(B), "rest"),
        (done(A), "rest"),
        (UNREGISTERED, "ask B"),
    ]);
    play(&[
        (file(A), "rest"),
        (UNREGISTERED, "ask A"),
        (EMPTY, "rest"),
        (EMPTY, "rest"),
        (UNREGISTERED, "rest"),
    ]);
    // At boot it is away for a while; the PBX still has its number.
    play(&[(file(A), "rest"), (UNREGISTERED, "ask A"), (ABSENT, "rest"), (UNREGISTERED, "ask A")]);
}

#[test]
fn what_a_person_wants_comes_before_the_file() {
    play(&[
        (file(A), "rest"),
        (UNREGISTERED, "ask A"),
        (wished(B), "ask B"),
        (UNREGISTERED, "ask B"),
        (done(B), "fulfilled B"),
        (bound(B), "differs A"),
        (file(B), "rest"),
        (bound(B), "rest"),
        (UNREGISTERED, "rest"),
    ]);
}

#[test]
fn a_wish_that_was_refused_is_not_adopted_from_the_file_that_follows() {
    play(&[
        (wished(B), "ask B"),
        (UNREGISTERED, "ask B"),
        (refused(B), "refused B"),
        (file(B), "rest"),
        (UNREGISTERED, "rest"),
    ]);
    // Nor is the number of before, which lies there until the PBX writes the file.
    play(&[
        (file(A), "rest"),
        (bound(A), "rest"),
        (UNREGISTERED, "rest"),
        (wished(B), "ask B"),
        (UNREGISTERED, "ask B"),
        (refused(B), "refused B"),
        (UNREGISTERED, "rest"),
        (file(B), "rest"),
        (UNREGISTERED, "rest"),
    ]);
}

#[test]
fn a_reset_by_the_pbx_is_not_undone_by_a_file_that_it_has_not_emptied_yet() {
    for before in [A, B] {
        play(&[
            (file(before), "rest"),
            (bound(A), if before == A { "rest" } else { "differs B" }),
            (RESET, "ask none"),
            (bound(A), "ask none"),
            (done(""), "fulfilled none"),
            (UNREGISTERED, "rest"),
            (file(before), "rest"),
            (UNREGISTERED, "rest"),
        ]);
    }
}

#[test]
fn a_reset_by_the_pbx_holds_for_what_turns_up_in_a_file_that_could_not_be_used() {
    let reset =
        [(bound(A), "rest"), (RESET, "ask none"), (bound(A), "ask none"), (done(""), "fulfilled none")];
    let turns_up = [(UNUSABLE, "rest"), (file(A), "rest"), (UNREGISTERED, "rest")];
    play(&[&[(UNUSABLE, "rest")], &reset[..], &turns_up].concat());
    play(&[&[(file(A), "rest"), (UNUSABLE, "rest")], &reset[..], &turns_up].concat());
    let counts_anew = [(file(B), "rest"), (UNREGISTERED, "ask B")];
    play(&[&[(UNUSABLE, "rest")], &reset[..], &turns_up, &counts_anew].concat());
    play(&[&[(UNUSABLE, "rest")], &reset[..], &[(ABSENT, "rest")], &counts_anew].concat());
}

#[test]
fn a_backup_that_is_restored_after_a_reset_by_the_pbx_brings_its_number_back() {
    for gone in [ABSENT, EMPTY] {
        play(&[
            (file(A), "rest"),
            (bound(A), "rest"),
            (RESET, "ask none"),
            (bound(A), "ask none"),
            (done(""), "fulfilled none"),
            (gone.clone(), "rest"),
            (gone, "rest"),
            (UNREGISTERED, "rest"),
            (file(A), "rest"),
            (UNREGISTERED, "ask A"),
        ]);
    }
}
