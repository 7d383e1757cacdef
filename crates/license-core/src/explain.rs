//! Why a feature comes to what it comes to: the facts in the order in which [`State::entitlement`] weighs
//! them. The last one is the verdict itself; of those before it, the one that decided bears its code.

use license_types::{Code, Fact, FactKind, FeatureId, RegistrationNumber, UnixTime};

use crate::{
    state::{Binding, DEFAULT_RUN_ON, Held, State},
    statement::{Kind, Lease, LeasedFeature},
    time::Now,
};

impl State {
    /// The facts that lead to the verdict on `feature`, for this host and no user.
    #[must_use]
    pub fn explain(&self, feature: FeatureId, now: Now) -> Vec<Fact> {
        let mut facts = match &self.binding {
            Binding::Unregistered { since } => self.unregistered_since(self.unix_at(*since, now)),
            Binding::Lost { number, since } => {
                let run_until = self.unix_at(since.saturating_add(DEFAULT_RUN_ON), now);
                let lost = "What was held cannot be used any more; the license server is asked for it.";
                let lost = fact(FactKind::Lost, lost).at(self.unix_at(*since, now)).code(self.why_unknown());
                number.iter().map(bound_to).chain([lost, run_on(run_until)]).collect()
            }
            Binding::Held(held) => self.stated(held, feature, now),
        };
        facts.extend(self.weather(now));
        let entitlement = self.entitlement(feature, None, now);
        let code = entitlement.verdict.code();
        facts.push(Fact { code, ..fact(FactKind::Verdict, entitlement.message) });
        facts
    }

    fn unregistered_since(&self, since: UnixTime) -> Vec<Fact> {
        let none = fact(FactKind::Number, "There is no registration number on this host since this time.");
        let under_way = "A registration is under way whose outcome is not known yet: what runs may go on.";
        let under_way = self.is_registering().then(|| fact(FactKind::Registration, under_way));
        [none.at(since).code(Code::KEY_ERROR)].into_iter().chain(under_way).collect()
    }

    fn stated(&self, held: &Held, feature: FeatureId, now: Now) -> Vec<Fact> {
        let statement = held.statement();
        let signed = format!("The license server signed its statement {} at this time.", statement.serial);
        let number = match &statement.kind {
            Kind::Lease(_) => bound_to(&statement.number),
            Kind::Refusal(_) => uses(&statement.number),
        };
        let mut facts = vec![number, fact(FactKind::Statement, signed).at(statement.issued_at)];
        match &statement.kind {
            Kind::Refusal(refusal) => {
                let message = format!("The license server refuses this host: {}", refusal.reason);
                facts.push(fact(FactKind::Refusal, message).code(refusal.code));
            }
            Kind::Lease(lease) => match lease.features.iter().find(|row| row.feature == feature) {
                None => {
                    let message = format!("The lease does not list feature {feature}.");
                    facts.push(fact(FactKind::Feature, message).code(Code::NO_LICENSE));
                }
                Some(row) => {
                    let message = format!(
                        "The lease lists feature {feature}: {}, of product {}.",
                        row.name, row.product
                    );
                    facts.push(fact(FactKind::Feature, message));
                    facts.push(seat(row));
                    if row.refusal.is_none() {
                        facts.extend(self.terms(held, lease, row, now));
                    }
                }
            },
        }
        facts
    }

    /// How long what the lease says counts.
    fn terms(&self, held: &Held, lease: &Lease, row: &LeasedFeature, now: Now) -> Vec<Fact> {
        let honoured_until = lease.honours(row);
        let ends = held.honours(honoured_until);
        let mut facts = Vec::new();
        if ends > held.age_at(honoured_until) {
            let message = "The lease seemed to end while this machine was off. Its clock may be wrong, so the lease \
                           counts to this time.";
            facts.push(fact(FactKind::Grace, message).at(held.unix_at(ends)));
        }
        if now.age > ends {
            let run_until = ends.saturating_add(lease.runs_on(row));
            let ended = fact(FactKind::Lease, "The lease ended at this time without another answer.");
            facts.push(ended.at(honoured_until).code(self.why_unknown()));
            facts.push(run_on(held.unix_at(run_until)));
            return facts;
        }
        let counts = "The lease counts to this time without another answer.";
        facts.push(fact(FactKind::Lease, counts).at(honoured_until));
        facts.extend(row.expires_at.map(|expiry| match held.unix_at(now.age) {
            now if now >= expiry => {
                let message = "It expired at this time as far as is known here; the license server has not said \
                               so yet, and what runs may go on.";
                fact(FactKind::Expiry, message).at(expiry).code(Code::EXPIRED)
            }
            _ => fact(FactKind::Expiry, "It expires at this time.").at(expiry),
        }));
        facts
    }

    /// How it stands with the license server.
    fn weather(&self, now: Now) -> Vec<Fact> {
        let contact = &self.contact;
        let since = contact.offline_since.map(|since| {
            fact(FactKind::Offline, "The license server is away since this time.")
                .at(self.unix_at(since, now))
        });
        let failure = contact.last_failure.as_ref().map(|failure| {
            let message = format!("The last attempt to ask it failed at this time: {}", failure.message);
            fact(FactKind::Failure, message).at(self.unix_at(failure.at, now)).code(failure.code)
        });
        let next = self.due().map(|due| {
            let next = fact(FactKind::NextCheck, "The license server is asked again at this time.");
            next.at(self.unix_at(due.max(now.age), now))
        });
        since.into_iter().chain(failure).chain(next).collect()
    }

    fn why_unknown(&self) -> Code {
        self.contact.last_failure.as_ref().map_or(Code::NO_ANSWER, |failure| failure.code)
    }
}

fn fact(kind: FactKind, message: impl Into<String>) -> Fact {
    Fact { kind, at: None, code: None, message: message.into() }
}

/// Makes the sentences above read as they are meant.
trait Told {
    fn at(self, at: UnixTime) -> Self;
    fn code(self, code: Code) -> Self;
}

impl Told for Fact {
    fn at(self, at: UnixTime) -> Self {
        Self { at: Some(at), ..self }
    }

    fn code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }
}

fn bound_to(number: &RegistrationNumber) -> Fact {
    fact(FactKind::Number, format!("This host is bound to {}.", number.masked()))
}

/// A host that is refused may be bound no more.
fn uses(number: &RegistrationNumber) -> Fact {
    fact(FactKind::Number, format!("This host uses the number {}.", number.masked()))
}

fn run_on(until: UnixTime) -> Fact {
    fact(FactKind::RunOn, "What already runs may go on to this time.").at(until)
}

fn seat(row: &LeasedFeature) -> Fact {
    let taken = format!("{} of {} are taken", row.seats.captured, row.seats.total);
    match row.refusal {
        Some(Code::NO_LICENSE) => {
            fact(FactKind::Seat, format!("This host holds no seat of it; {taken}.")).code(Code::NO_LICENSE)
        }
        Some(code) => fact(FactKind::Seat, code.meaning()).code(code),
        None if row.per_user => fact(
            FactKind::Seat,
            format!("Its seats are taken by users, {} by this host's; {taken}.", row.held.len()),
        ),
        None => fact(FactKind::Seat, format!("This host may use it; {taken}.")),
    }
}
