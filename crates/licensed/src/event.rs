//! The events that the journal knows by a fixed id: `MESSAGE_ID=`. What each means and what to do is told by
//! `journalctl -x`, from catalogs that are made of [`ALL`]. An id never changes its meaning.

use license_core::state::Phase;
use license_texts::Text;
use license_types::{Code, Verdict};

/// An event, and what the journal says of it.
#[derive(Debug)]
pub struct Explained {
    /// The `MESSAGE_ID` of its entries.
    pub id: &'static str,
    /// What it is.
    pub subject: Text,
    /// What it means and what to do.
    pub body: Text,
}

/// A name for each event, and all of them with their texts: `event-…-subject` and `event-…`.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $text:literal;)+) => {
        $($(#[$doc])* pub const $name: &str = $id;)+

        /// Every event.
        pub static ALL: [Explained; [$($id),+].len()] = [$(Explained {
            id: $id,
            subject: Text::known(concat!($text, "-subject")),
            body: Text::known($text),
        }),+];
    };
}

events! {
    /// The daemon answers.
    READY = "1767bac197af485f8bfebeaf2678bda8", "event-ready";
    /// The configuration was read again.
    CONFIGURED = "7c2f601d65c743bdbe0a28209fd4c5b8", "event-configured";
    /// The configuration is wrong, and the one from before stays.
    CONFIGURATION_WRONG = "a3c5418fda224b10bde2310d6cf069c2", "event-configuration-wrong";
    /// There is a lease, and the license server answers.
    BOUND = "48cafe559de747778acb66709c30a1e9", "event-bound";
    /// There is no registration number (2009).
    UNREGISTERED = "7774a09184e440ef9abc7faa08de9889", "event-unregistered";
    /// The name of the license server cannot be looked up (1011).
    LOOKUP_FAILED = "a906f1696dab4b4599827c60d882b837", "event-lookup-failed";
    /// There is no connection to the license server (1012).
    CONNECTION_FAILED = "90667a56ed72420ca34dd8b9b145775f", "event-connection-failed";
    /// There is no trusted TLS session with the license server (1013).
    TLS_FAILED = "4e437a5867464e3db1dbe979703caf86", "event-tls-failed";
    /// The license server gives no usable answer (1014).
    NO_ANSWER = "ba536617fdc74ec59601355d9e2551af", "event-no-answer";
    /// The lease has ended without an answer.
    LAPSED = "8b22b9788dd044e8a7b60b50b531c9e5", "event-lapsed";
    /// There is other hardware than before.
    HOST_CHANGED = "a87ac2b71474499882575a5a93090f0d", "event-host-changed";
    /// What was held is lost.
    STATE_LOST = "3fd9181185174744aa0a5df844b40c7d", "event-state-lost";
    /// This host waits for a person: it is a copy, or moved too often.
    PENDING = "47ba4ef236b64af0a2c8c6cf33a6c902", "event-pending";
    /// There is no license, or it is bound to another host (2008).
    NO_LICENSE = "21aac7c2444e424c87382782c0a39516", "event-no-license";
    /// The license has expired (2011).
    EXPIRED = "7524b2e2936a4f9499697c29b67bfbf9", "event-expired";
    /// The e-mail has a number, for another company (2022).
    EMAIL_TAKEN = "6fb615368fb4429c9793b55eff7daef0", "event-email-taken";
    /// The number is not valid or not known (2009, 2026).
    NUMBER_UNKNOWN = "e78001d5e61246818e18f2a9a0587093", "event-number-unknown";
    /// The coupon cannot be used (2037, 2040, 2041, 2057).
    COUPON_REFUSED = "15f9b27bc4d04b91a54e674e7ed4caf1", "event-coupon-refused";
    /// This host was registered before, with other data (2051).
    HOST_REGISTERED = "072134973b9c4725b4c14abdc4144ed4", "event-host-registered";
    /// The license server refused for another reason.
    REFUSED = "296456b7b43148c39d362ff8fb29f7c3", "event-refused";
    /// The time that the license server's last word counts runs out.
    LEASE_RUNS_OUT = "07cbdf5d67854fcb96f819afa56966db", "event-lease-runs-out";
    /// The state cannot be written.
    NOT_STORED = "16c10fd89c4a4c9481dace2014a1a16e", "event-not-stored";
    /// The state can be written again.
    STORED_AGAIN = "7c4d399329684b81a162e0e51359a336", "event-stored-again";
    /// The clock of this host is off.
    CLOCK_WRONG = "5b16fdf0373b4c0a9f853cdf5ea2f326", "event-clock-wrong";
    /// A caller may not do what it asked for.
    NOT_PERMITTED = "33b8664064a84ca08e1475ec740cfd40", "event-not-permitted";
    /// A user holds as many seats as one user may.
    TOO_MANY_SEATS = "e366c758da2e4cccbb84a90c6919f02c", "event-too-many-seats";
    /// The host key was damaged, and there is a new one.
    NEW_HOST_KEY = "75d0caddf5bf437ca1c8eaaad9056502", "event-new-host-key";
    /// A file of the state was damaged, and is set aside.
    STATE_DAMAGED = "1bc65a8195034d4cb48b63f36f4188a8", "event-state-damaged";
    /// A feature is granted that was not.
    FEATURE_GRANTED = "4cdb7d6bdc044b4888552e33fa9c834e", "event-feature-granted";
    /// A feature is denied that was not.
    FEATURE_DENIED = "d3d6e95cfb4242409bf09b0c7e5ed8ff", "event-feature-denied";
    /// Nobody knows any more whether a feature is granted.
    FEATURE_UNKNOWN = "23521bf1b1c54e1eadcc516d3cc278be", "event-feature-unknown";
    /// This host is removed.
    DEPROVISIONED = "945232cf782e4718b621e911929339d4", "event-deprovisioned";
}

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

    use license_texts::Language;

    use super::*;

    #[test]
    fn an_id_stands_for_one_event() {
        let ids: BTreeSet<_> = ALL.iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn every_event_and_nothing_else_is_explained_in_both_languages() {
        for (language, texts) in [
            (Language::English, include_str!("../../license-texts/texts/en/events.ftl")),
            (Language::Russian, include_str!("../../license-texts/texts/ru/events.ftl")),
        ] {
            let there = texts.lines().filter(|line| line.starts_with("event-")).count();
            assert_eq!(there, 2 * ALL.len(), "{language:?}");
            for event in &ALL {
                for text in [&event.subject, &event.body] {
                    let words = text.to(language);
                    // A text that is not there is told by its id.
                    assert!(words.contains(' ') && !words.contains('{'), "{}: {words}", event.id);
                }
            }
        }
    }
}
