//! The runs that every change has to pass; `cargo xtask prove` makes more of them.

#[test]
fn in_two_hundred_runs_no_fault_is_a_no_and_every_host_heals() {
    let mut counts = simulation::Counts::default();
    for seed in 0..200 {
        match simulation::run(seed) {
            Ok(run) => counts.add(run),
            Err(failure) => panic!("{failure}"),
        }
    }
    assert!(counts.faults > 2000 && counts.statements > 10_000 && counts.copies > 10, "{counts:?}");
}
