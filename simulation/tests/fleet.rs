//! The shape of a fleet's curve, with fewer hosts; `cargo xtask prove` has a million.

use simulation::fleet::{Event, run, svg};

/// Ratios do not depend on the number of hosts, but for the noise of few: over 5 minutes it is small.
const MINUTES: usize = 5;

#[test]
fn after_an_outage_and_after_a_power_cut_nobody_comes_in_a_crowd() {
    for event in [Event::Outage, Event::PowerCut] {
        let curve = run(20_000, event, 1);
        assert!(curve.peak(MINUTES) <= 5.0, "{event:?}: {} times the steady mean", curve.peak(MINUTES));
        assert!(curve.peak(MINUTES) > 2.0, "{event:?}: hosts did come back together");
        assert!(curve.fresh_after <= 75 * 60, "{event:?}: {} s", curve.fresh_after);
    }
}

#[test]
fn a_drawing_is_the_same_for_the_same_fleet() {
    let drawn = || svg(&run(1000, Event::Outage, 7));
    assert_eq!(drawn(), drawn());
    assert!(drawn().starts_with("<svg ") && drawn().ends_with("</svg>\n"));
}
