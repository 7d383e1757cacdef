//! The answer to "may this feature run?", from the state alone.
//!
//! The order is *refusal, lease, outage*: what the license server refused stays refused, a lease is
//! honoured whatever the network does, and only after its end nobody knows.

use license_types::{Basis, Code, Entitlement, FeatureId, Holder, Seats, UnixTime, Verdict};

use crate::{
    state::{Binding, DEFAULT_RUN_ON, Held, State},
    statement::{HeldSeat, Kind, Lease, LeasedFeature},
    time::Now,
};

/// Why a feature is denied of which the number has a seat to give.
const SEAT_IS_FREE: &str =
    "This host holds no seat of it. One is free: enable the module again, or run `licensectl capture`.";

/// Why a feature is denied of which others have all the seats.
const SEATS_ARE_TAKEN: &str = "This host holds no seat of it, and all seats of the license are taken by other hosts. Free one \
                               there, have its binding dropped at the vendor, or get one more.";

impl State {
    /// What `feature` comes to on this host now, for `holder` if it is counted by user.
    #[must_use]
    pub fn entitlement(&self, feature: FeatureId, holder: Option<&Holder>, now: Now) -> Entitlement {
        let listed =
            self.lease().and_then(|(_, lease)| lease.features.iter().find(|row| row.feature == feature));
        let verdict = self.verdict(feature, holder, now);
        Entitlement {
            feature,
            product: listed.map(|row| row.product),
            message: message(feature, listed, &verdict),
            verdict,
            session: listed.and_then(|row| self.seat(row, holder)).map(|seat| seat.session.clone()),
            seats: listed.map(|row| self.seats(row)),
            last_answer: self.held().map(|held| held.statement().issued_at),
            next_check: self.due().map(|due| self.unix_at(due, now)),
        }
    }

    fn verdict(&self, feature: FeatureId, holder: Option<&Holder>, now: Now) -> Verdict {
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
                    Verdict::Denied { code: refusal.code, reason: refusal.reason.clone() }
                }
                Kind::Lease(lease) => self.leased(held, lease, feature, holder, now),
            },
        }
    }

    fn leased(
        &self,
        held: &Held,
        lease: &Lease,
        feature: FeatureId,
        holder: Option<&Holder>,
        now: Now,
    ) -> Verdict {
        let denied = |code: Code| Verdict::Denied { code, reason: code.meaning().to_owned() };
        let Some(row) = lease.features.iter().find(|row| row.feature == feature) else {
            return denied(Code::NO_LICENSE);
        };
        let no_seat = |reason: &str| Verdict::Denied { code: Code::NO_LICENSE, reason: reason.to_owned() };
        match row.refusal {
            Some(Code::NO_LICENSE) if row.seats.is_free() => return no_seat(SEAT_IS_FREE),
            Some(Code::NO_LICENSE) if row.seats.total > 0 => return no_seat(SEATS_ARE_TAKEN),
            Some(code) => return denied(code),
            None => {}
        }
        match (row.seat(holder), self.seat(row, holder)) {
            // It was given back here, and the license server does not know yet.
            (Some(_), None) => return no_seat(SEAT_IS_FREE),
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

fn message(feature: FeatureId, listed: Option<&LeasedFeature>, verdict: &Verdict) -> String {
    let subject = match listed {
        Some(row) => format!("{} (feature {feature}, product {})", row.name, row.product),
        None => format!("Feature {feature}"),
    };
    match verdict {
        Verdict::Granted { basis: Basis::Fresh, .. } => format!("{subject} is licensed."),
        Verdict::Granted { basis: Basis::Offline { .. }, .. } => {
            format!("{subject} is licensed. The license server is away; its last word counts.")
        }
        Verdict::Denied { code, reason } => format!("({code}) {subject}: {reason}"),
        Verdict::Indeterminate { code, may_run, .. } => {
            let running = if *may_run { "What already runs may go on." } else { "It may not run." };
            format!("({code}) {subject}: {} {running}", code.meaning())
        }
    }
}
