//! Worlds in which one thing is broken, and what `licensectl doctor` calls it.
//!
//! Each is a host and an internet of its own, in network namespaces: `end_to_end::BrokenWorld`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "test code")]

mod certificates;
mod clocks;
mod connection;
mod daemons;
mod healthy;
mod licenses;
mod names;
mod proxy;

use std::{collections::BTreeSet, time::Duration};

use end_to_end::BrokenWorld;

/// The longest that anybody waits for `doctor`: 70 % of the 15 seconds that are promised.
const PATIENCE: Duration = Duration::from_millis(10_500);

/// A test for each world, and the table of what they are called.
macro_rules! worlds {
    ($($file:ident::$world:ident => $cause:literal, ends with $exit:literal, code $code:expr;)+) => {
        /// What each world is called.
        const TABLE: &[(&str, &str)] = &[$((stringify!($world), $cause)),+];

        $(#[test]
        fn $world() {
            is_called(&$file::$world(), $cause, $exit, $code);
        })+
    };
}

worlds! {
    names::resolver_is_silent => "dns-no-answer", ends with 4, code Some(1011);
    names::resolver_is_gone => "dns-no-answer", ends with 4, code Some(1011);
    names::name_does_not_exist => "dns-no-address", ends with 4, code Some(1011);
    names::name_leads_into_the_office => "dns-wrong", ends with 4, code Some(1012);
    names::name_leads_to_nothing => "dns-wrong", ends with 4, code Some(1012);
    names::hosts_file_says_otherwise => "dns-wrong", ends with 4, code Some(1012);
    connection::connection_is_refused => "connection-refused", ends with 4, code Some(1012);
    connection::connection_is_dropped => "connection-dropped", ends with 4, code Some(1012);
    connection::host_has_ipv6_and_the_server_ipv4 => "no-route", ends with 4, code Some(1012);
    connection::host_has_no_default_route => "no-route", ends with 4, code Some(1012);
    proxy::portal_wants_a_browser => "captive-portal", ends with 4, code Some(1013);
    proxy::proxy_wants_credentials => "proxy-credentials", ends with 4, code Some(1012);
    proxy::proxy_refuses => "proxy-refuses", ends with 4, code Some(1012);
    proxy::proxy_is_gone => "proxy-unreachable", ends with 4, code Some(1012);
    proxy::something_else_answers => "not-a-license-server", ends with 4, code Some(1014);
    proxy::server_is_being_repaired => "server-error", ends with 4, code Some(1014);
    certificates::certificate_has_expired => "certificate-expired", ends with 4, code Some(1013);
    certificates::certificate_is_self_signed => "certificate-self-signed", ends with 4, code Some(1013);
    certificates::certificate_is_for_another_host => "certificate-wrong-host", ends with 4, code Some(1013);
    certificates::certificate_is_a_middleboxs => "certificate-middlebox", ends with 4, code Some(1013);
    clocks::clock_is_two_hours_ahead => "clock-wrong", ends with 4, code None;
    clocks::clock_is_two_hours_ahead_of_a_certificate => "clock-wrong", ends with 4, code Some(1013);
    clocks::clock_is_in_1970 => "clock-wrong", ends with 4, code None;
    daemons::daemon_is_stopped => "daemon-not-running", ends with 3, code None;
    daemons::caller_is_in_no_group => "socket-not-permitted", ends with 5, code None;
    daemons::state_is_unreadable => "state-unreadable", ends with 7, code None;
    daemons::disk_is_full => "disk-full", ends with 7, code None;
    licenses::host_is_new => "not-registered", ends with 4, code None;
    licenses::number_is_unknown => "number-unknown", ends with 1, code None;
    licenses::another_host_has_the_seat => "bound-elsewhere", ends with 1, code None;
    licenses::coupon_was_used => "coupon-used", ends with 6, code None;
    licenses::nobody_sells_the_feature => "feature-unknown", ends with 1, code None;
}

/// `code` is that with which the daemon itself does not reach the license server: the world is what it claims to be.
fn is_called(world: &BrokenWorld, cause: &str, exit: i32, code: Option<u64>) {
    assert_eq!(world.ping(), code, "the daemon's own code");
    let diagnosis = world.diagnosed();
    assert_eq!(diagnosis.cause(), cause, "{diagnosis:#?}");
    assert_eq!(diagnosis.other_causes(), [""; 0], "{diagnosis:#?}");
    diagnosis.says_it_first();
    for answered in [&diagnosis.json, &diagnosis.english, &diagnosis.russian] {
        assert_eq!(answered.code, exit, "{diagnosis:#?}");
        assert_eq!(answered.stderr, "", "{diagnosis:#?}");
    }
    assert!(!diagnosis.progress.trim().is_empty(), "no progress on a terminal: {diagnosis:#?}");
    println!("{cause} after {:?} at most", diagnosis.took);
    assert!(diagnosis.took < PATIENCE, "{:?}: {diagnosis:#?}", diagnosis.took);
}

#[test]
fn what_support_meets_is_in_the_table_and_has_a_name_of_its_own() {
    let met = [
        "dns-no-answer",
        "dns-wrong",
        "connection-refused",
        "connection-dropped",
        "captive-portal",
        "proxy-credentials",
        "certificate-expired",
        "certificate-self-signed",
        "certificate-wrong-host",
        "certificate-middlebox",
        "no-route",
        "clock-wrong",
        "disk-full",
        "state-unreadable",
        "daemon-not-running",
        "socket-not-permitted",
        "number-unknown",
        "bound-elsewhere",
        "coupon-used",
        "feature-unknown",
    ];
    let called: BTreeSet<_> = TABLE.iter().map(|(_, cause)| *cause).collect();
    for cause in met {
        assert!(called.contains(cause), "no world is called {cause}");
    }
    let worlds: BTreeSet<_> = TABLE.iter().map(|(world, _)| *world).collect();
    assert_eq!(worlds.len(), TABLE.len(), "two worlds of one name");
}
