//! Worlds in which one thing is broken, and what the daemon makes of it.
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

/// A test for each world: with which code the daemon does not reach the license server there, if it does not.
macro_rules! worlds {
    ($($file:ident::$world:ident => $code:expr;)+) => {
        $(#[test]
        fn $world() {
            assert_eq!($file::$world().ping(), $code);
        })+
    };
}

worlds! {
    names::resolver_is_silent => Some(1011);
    names::resolver_is_gone => Some(1011);
    names::name_does_not_exist => Some(1011);
    names::name_leads_into_the_office => Some(1012);
    names::name_leads_to_nothing => Some(1012);
    names::hosts_file_says_otherwise => Some(1012);
    connection::connection_is_refused => Some(1012);
    connection::connection_is_dropped => Some(1012);
    connection::host_has_ipv6_and_the_server_ipv4 => Some(1012);
    connection::host_has_no_default_route => Some(1012);
    proxy::portal_wants_a_browser => Some(1013);
    proxy::proxy_wants_credentials => Some(1012);
    proxy::proxy_refuses => Some(1012);
    proxy::proxy_is_gone => Some(1012);
    proxy::something_else_answers => Some(1014);
    proxy::server_is_being_repaired => Some(1014);
    certificates::certificate_has_expired => Some(1013);
    certificates::certificate_is_self_signed => Some(1013);
    certificates::certificate_is_for_another_host => Some(1013);
    certificates::certificate_is_a_middleboxs => Some(1013);
    clocks::clock_is_two_hours_ahead => None;
    clocks::clock_is_two_hours_ahead_of_a_certificate => Some(1013);
    clocks::clock_is_in_1970 => None;
    daemons::daemon_is_stopped => None;
    daemons::caller_is_in_no_group => None;
    daemons::state_is_unreadable => None;
    daemons::disk_is_full => None;
    licenses::host_is_new => None;
    licenses::number_is_unknown => None;
    licenses::another_host_has_the_seat => None;
    licenses::coupon_was_used => None;
    licenses::nobody_sells_the_feature => None;
}
