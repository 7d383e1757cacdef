//! The answer to "may this feature run?", from the state alone.
//!
//! The order is *refusal, lease, outage*: what the license server refused stays refused, a lease is
//! honoured whatever the network does, and only after its end nobody knows.

use license_texts::{Language, Text, text};
use license_types::{Basis, Code, Entitlement, FeatureId, Holder, Seats, UnixTime, Verdict};

use crate::{
    state::{Binding, DEFAULT_RUN_ON, Held, State},
    statement::{HeldSeat, Kind, Lease, LeasedFeature},
    time::Now,
};

impl State {
    /// What `feature` comes to on this host now, for `holder` if it is counted by user. Its sentences are in
    /// `language`.
    #[must_use]
    pub fn entitlement(
        &self,
        feature: FeatureId,
        holder: Option<&Holder>,
        language: Language,
        now: Now,
    ) -> Entitlement {
        let listed =
            self.lease().and_then(|(_, lease)| lease.features.iter().find(|row| row.feature == feature));
        let verdict = self.verdict(feature, holder, language, now);
        Entitlement {
            feature,
            product: listed.map(|row| row.product),
            message: message(feature, listed, &verdict).to(language),
            verdict,
            session: listed.and_then(|row| self.seat(row, holder)).map(|seat| seat.session.clone()),
            seats: listed.map(|row| self.seats(row)),
            last_answer: self.held().map(|held| held.statement().issued_at),
            next_check: self.due().map(|due| self.unix_at(due, now)),
        }
    }

    fn verdict(&self, feature: FeatureId, holder: Option<&Holder>, language: Language, now: Now) -> Verdict {
        match &self.binding {
            Binding::Unregistered { since } => Verdict::Indeterminate {
                code: Code::KEY_ERROR,
                since: self.unix_at(*since, now),
                // A registration is under way whose outcome nobody knows yet: not the moment to stop a module.
                may_run: self.is_registering(),
            },
            Binding::Lost { since, .. } => Verdict::Indeterminate {
                code: self.last_code(),
                since: self.unix_at(*since, now),
                may_run: now.age.saturating_since(*since) < DEFAULT_RUN_ON,
            },
            Binding::Held(held) => match &held.statement().kind {
                Kind::Refusal(refusal) => {
                    Verdict::Denied { code: refusal.code, reason: refusal.said().to(language) }
                }
                Kind::Lease(lease) => self.leased(held, lease, feature, holder, language, now),
            },
        }
    }

    fn leased(
        &self,
        held: &Held,
        lease: &Lease,
        feature: FeatureId,
        holder: Option<&Holder>,
        language: Language,
        now: Now,
    ) -> Verdict {
        let denied = |code| Verdict::Denied { code, reason: Text::meaning(code).to(language) };
        let Some(row) = lease.features.iter().find(|row| row.feature == feature) else {
            return denied(Code::NO_LICENSE);
        };
        let no_seat = |reason: Text| Verdict::Denied { code: Code::NO_LICENSE, reason: reason.to(language) };
        match row.refusal {
            Some(Code::NO_LICENSE) if row.seats.is_free() => return no_seat(text!("seat-is-free")),
            Some(Code::NO_LICENSE) if row.seats.total > 0 => return no_seat(text!("seats-are-taken")),
            Some(code) => return denied(code),
            None => {}
        }
        match (row.seat(holder), self.seat(row, holder)) {
            // It was given back here, and the license server does not know yet.
            (Some(_), None) => return no_seat(text!("seat-is-free")),
            (None, _) if row.per_user && holder.is_some() => return denied(Code::NO_LICENSE),
            (None | Some(_), _) => {}
        }
        let honoured_until = lease.honours(row);
        let ends = held.honours(honoured_until);
        if now.age > ends {
            let run_until = ends.saturating_add(lease.runs_on(row));
            return Verdict::Indeterminate {
                code: self.last_code(),
                since: honoured_until,
                may_run: now.age < run_until,
            };
        }
        match row.expires_at {
            Some(expiry) if held.unix_at(now.age) >= expiry => {
                Verdict::Indeterminate { code: Code::EXPIRED, since: expiry, may_run: true }
            }
            expiry => Verdict::Granted {
                until: expiry.unwrap_or(UnixTime(i64::MAX)).min(honoured_until),
                basis: match self.contact.offline_since {
                    Some(since) => Basis::Offline { since: held.unix_at(since) },
                    None => Basis::Fresh,
                },
            },
        }
    }

    /// The seat of `holder`, or of this host, unless it was given back.
    fn seat<'a>(&self, row: &'a LeasedFeature, holder: Option<&Holder>) -> Option<&'a HeldSeat> {
        row.seat(holder).filter(|seat| !self.released.contains(&seat.session))
    }

    /// How many seats there are, less those that this host gave back.
    fn seats(&self, row: &LeasedFeature) -> Seats {
        let given_back = row.held.iter().filter(|seat| self.released.contains(&seat.session)).count();
        let given_back = u32::try_from(given_back).unwrap_or(u32::MAX);
        Seats { captured: row.seats.captured.saturating_sub(given_back), ..row.seats }
    }

    /// The code of the last failure, for when nobody knows and that is why.
    fn last_code(&self) -> Code {
        self.contact.last_failure.as_ref().map_or(Code::NO_ANSWER, |failure| failure.code)
    }
}

fn message(feature: FeatureId, listed: Option<&LeasedFeature>, verdict: &Verdict) -> Text {
    let subject = match listed {
        Some(row) => {
            text!("feature-of-product", name = &row.name, feature = feature, product = row.product)
        }
        None => text!("feature-unlisted", feature = feature),
    };
    match verdict {
        Verdict::Granted { basis: Basis::Fresh, .. } => text!("verdict-granted", feature = subject),
        Verdict::Granted { basis: Basis::Offline { .. }, .. } => {
            text!("verdict-granted-offline", feature = subject)
        }
        Verdict::Denied { code, reason } => {
            text!("verdict-denied", code = *code, feature = subject, reason = reason)
        }
        Verdict::Indeterminate { code, may_run: true, .. } => {
            text!("verdict-unknown-may-run", code = *code, feature = subject, reason = Text::meaning(*code))
        }
        Verdict::Indeterminate { code, may_run: false, .. } => {
            text!(
                "verdict-unknown-may-not-run",
                code = *code,
                feature = subject,
                reason = Text::meaning(*code)
            )
        }
    }
}
