//! The events that the journal knows by a fixed id: `MESSAGE_ID=`. What each means and what to do is in
//! `systemd/catalog`, for `journalctl -x`. An id never changes its meaning.

use license_core::state::Phase;
use license_types::{Code, Verdict};

/// The daemon answers.
pub const READY: &str = "1767bac197af485f8bfebeaf2678bda8";
/// The configuration was read again.
pub const CONFIGURED: &str = "7c2f601d65c743bdbe0a28209fd4c5b8";
/// The configuration is wrong, and the one from before stays.
pub const CONFIGURATION_WRONG: &str = "a3c5418fda224b10bde2310d6cf069c2";
/// There is a lease, and the license server answers.
pub const BOUND: &str = "48cafe559de747778acb66709c30a1e9";
/// There is no registration number (2009).
pub const UNREGISTERED: &str = "7774a09184e440ef9abc7faa08de9889";
/// The name of the license server cannot be looked up (1011).
pub const LOOKUP_FAILED: &str = "a906f1696dab4b4599827c60d882b837";
/// There is no connection to the license server (1012).
pub const CONNECTION_FAILED: &str = "90667a56ed72420ca34dd8b9b145775f";
/// There is no trusted TLS session with the license server (1013).
pub const TLS_FAILED: &str = "4e437a5867464e3db1dbe979703caf86";
/// The license server gives no usable answer (1014).
pub const NO_ANSWER: &str = "ba536617fdc74ec59601355d9e2551af";
/// The lease has ended without an answer.
pub const LAPSED: &str = "8b22b9788dd044e8a7b60b50b531c9e5";
/// There is other hardware than before.
pub const HOST_CHANGED: &str = "a87ac2b71474499882575a5a93090f0d";
/// What was held is lost.
pub const STATE_LOST: &str = "3fd9181185174744aa0a5df844b40c7d";
/// This host waits for a person: it is a copy, or moved too often.
pub const PENDING: &str = "47ba4ef236b64af0a2c8c6cf33a6c902";
/// There is no license, or it is bound to another host (2008).
pub const NO_LICENSE: &str = "21aac7c2444e424c87382782c0a39516";
/// The license has expired (2011).
pub const EXPIRED: &str = "7524b2e2936a4f9499697c29b67bfbf9";
/// The e-mail has a number, for another company (2022).
pub const EMAIL_TAKEN: &str = "6fb615368fb4429c9793b55eff7daef0";
/// The number is not valid or not known (2009, 2026).
pub const NUMBER_UNKNOWN: &str = "e78001d5e61246818e18f2a9a0587093";
/// The coupon cannot be used (2037, 2040, 2041, 2057).
pub const COUPON_REFUSED: &str = "15f9b27bc4d04b91a54e674e7ed4caf1";
/// This host was registered before, with other data (2051).
pub const HOST_REGISTERED: &str = "072134973b9c4725b4c14abdc4144ed4";
/// The license server refused for another reason.
pub const REFUSED: &str = "296456b7b43148c39d362ff8fb29f7c3";
/// The time that the license server's last word counts runs out.
pub const LEASE_RUNS_OUT: &str = "07cbdf5d67854fcb96f819afa56966db";
/// The state cannot be written.
pub const NOT_STORED: &str = "16c10fd89c4a4c9481dace2014a1a16e";
/// The state can be written again.
pub const STORED_AGAIN: &str = "7c4d399329684b81a162e0e51359a336";
/// The clock of this host is off.
pub const CLOCK_WRONG: &str = "5b16fdf0373b4c0a9f853cdf5ea2f326";
/// A caller may not do what it asked for.
pub const NOT_PERMITTED: &str = "33b8664064a84ca08e1475ec740cfd40";
/// A user holds as many seats as one user may.
pub const TOO_MANY_SEATS: &str = "e366c758da2e4cccbb84a90c6919f02c";
/// The host key was damaged, and there is a new one.
pub const NEW_HOST_KEY: &str = "75d0caddf5bf437ca1c8eaaad9056502";
/// A file of the state was damaged, and is set aside.
pub const STATE_DAMAGED: &str = "1bc65a8195034d4cb48b63f36f4188a8";
/// A feature is granted that was not.
pub const FEATURE_GRANTED: &str = "4cdb7d6bdc044b4888552e33fa9c834e";
/// A feature is denied that was not.
pub const FEATURE_DENIED: &str = "d3d6e95cfb4242409bf09b0c7e5ed8ff";
/// Nobody knows any more whether a feature is granted.
pub const FEATURE_UNKNOWN: &str = "23521bf1b1c54e1eadcc516d3cc278be";
/// This host is removed.
pub const DEPROVISIONED: &str = "945232cf782e4718b621e911929339d4";

/// The event that a code is, of an outage or of a refusal.
#[must_use]
pub const fn of_code(code: Code) -> &'static str {
    match code {
        Code::LOOKUP_FAILED => LOOKUP_FAILED,
        Code::CONNECTION_FAILED => CONNECTION_FAILED,
        Code::TLS_FAILED => TLS_FAILED,
        Code::NO_ANSWER => NO_ANSWER,
        Code::NO_LICENSE => NO_LICENSE,
        Code::EXPIRED => EXPIRED,
        Code::EMAIL_TAKEN => EMAIL_TAKEN,
        Code::KEY_ERROR | Code::KEY_UNKNOWN => NUMBER_UNKNOWN,
        Code::COUPON_NUMBER | Code::COUPON_UNKNOWN | Code::COUPON_USED | Code::COUPON_BLOCKED => {
            COUPON_REFUSED
        }
        Code::HOST_REGISTERED => HOST_REGISTERED,
        _ => REFUSED,
    }
}

/// The event that a state is, and its name; no event for what passes by itself.
#[must_use]
pub fn of_state(phase: Phase, code: Option<Code>) -> (Option<&'static str>, &'static str) {
    let by_code = code.map(of_code);
    match phase {
        Phase::Unregistered => (Some(UNREGISTERED), "unregistered"),
        Phase::Registering => (None, "registering"),
        Phase::Fresh => (Some(BOUND), "fresh"),
        Phase::Offline => (by_code, "offline"),
        Phase::HostChanged => (Some(HOST_CHANGED), "host_changed"),
        Phase::Lapsed => (Some(LAPSED), "lapsed"),
        Phase::Refused => (by_code, "refused"),
        Phase::Pending => (Some(PENDING), "pending"),
        Phase::Recovering => (Some(STATE_LOST), "recovering"),
        Phase::Draining => (None, "draining"),
    }
}

/// The event that a verdict is, and its name.
#[must_use]
pub const fn of_verdict(verdict: &Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Granted { .. } => (FEATURE_GRANTED, "granted"),
        Verdict::Denied { .. } => (FEATURE_DENIED, "denied"),
        Verdict::Indeterminate { .. } => (FEATURE_UNKNOWN, "indeterminate"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The ids in a text, each once.
    fn ids<'t>(lines: impl Iterator<Item = &'t str>) -> BTreeSet<&'t str> {
        let (mut found, mut count) = (BTreeSet::new(), 0);
        for id in lines.inspect(|_| count += 1) {
            assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            found.insert(id);
        }
        assert_eq!(found.len(), count, "an id stands for one event");
        found
    }

    #[test]
    fn both_catalogs_explain_every_event_and_nothing_else() {
        let source = include_str!("event.rs").lines().filter(|line| line.starts_with("pub const "));
        let events = ids(source.filter_map(|line| line.split('"').nth(1)));
        assert!(events.len() > 20, "{events:?}");
        for catalog in [
            include_str!("../../../systemd/catalog/licensed.catalog"),
            include_str!("../../../systemd/catalog/licensed.ru.catalog"),
        ] {
            assert_eq!(ids(catalog.lines().filter_map(|line| line.strip_prefix("-- "))), events);
            for entry in catalog.split("\n-- ").skip(1) {
                let (head, body) = entry.split_once("\n\n").unwrap();
                assert!(head.contains("\nSubject: ") && head.contains("\nDefined-By: licensed\n"), "{entry}");
                assert!(!body.trim().is_empty(), "{entry}");
            }
        }
    }
}
