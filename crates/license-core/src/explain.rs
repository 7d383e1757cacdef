//! Why a feature comes to what it comes to: the facts in the order in which [`State::entitlement`] weighs
//! them. The last one is the verdict itself; of those before it, the one that decided bears its code.

use license_texts::{Language, Text, text};
use license_types::{Code, Fact, FactKind, FeatureId, RegistrationNumber, UnixTime};

use crate::{
    state::{Binding, DEFAULT_RUN_ON, Held, State},
    statement::{Kind, Lease, LeasedFeature},
    time::Now,
};

impl State {
    /// The facts that lead to the verdict on `feature`, for this host and no user, in `language`.
    #[must_use]
    pub fn explain(&self, feature: FeatureId, language: Language, now: Now) -> Vec<Fact> {
        let mut facts = match &self.binding {
            Binding::Unregistered { since } => self.unregistered_since(self.unix_at(*since, now)),
            Binding::Lost { number, since } => {
                let run_until = self.unix_at(since.saturating_add(DEFAULT_RUN_ON), now);
                let lost = fact(FactKind::Lost, text!("fact-lost"))
                    .at(self.unix_at(*since, now))
                    .code(self.why_unknown());
                number.iter().map(bound_to).chain([lost, run_on(run_until)]).collect()
            }
            Binding::Held(held) => self.stated(held, feature, now),
        };
        facts.extend(self.weather(now));
        let entitlement = self.entitlement(feature, None, language, now);
        let (code, message) = (entitlement.verdict.code(), Text::verbatim(entitlement.message));
        facts.push(Weighed { code, ..fact(FactKind::Verdict, message) });
        facts.into_iter().map(|fact| fact.to(language)).collect()
    }

    fn unregistered_since(&self, since: UnixTime) -> Vec<Weighed> {
        let none = fact(FactKind::Number, text!("fact-no-number"));
        let under_way =
            self.is_registering().then(|| fact(FactKind::Registration, text!("fact-registration")));
        [none.at(since).code(Code::KEY_ERROR)].into_iter().chain(under_way).collect()
    }

    fn stated(&self, held: &Held, feature: FeatureId, now: Now) -> Vec<Weighed> {
        let statement = held.statement();
        let signed = text!("fact-statement", serial = statement.serial);
        let number = match &statement.kind {
            Kind::Lease(_) => bound_to(&statement.number),
            Kind::Refusal(_) => uses(&statement.number),
        };
        let mut facts = vec![number, fact(FactKind::Statement, signed).at(statement.issued_at)];
        match &statement.kind {
            Kind::Refusal(refusal) => {
                let refused = text!("fact-refusal", reason = refusal.said());
                facts.push(fact(FactKind::Refusal, refused).code(refusal.code));
            }
            Kind::Lease(lease) => match lease.features.iter().find(|row| row.feature == feature) {
                None => {
                    let unlisted = text!("fact-unlisted", feature = feature);
                    facts.push(fact(FactKind::Feature, unlisted).code(Code::NO_LICENSE));
                }
                Some(row) => {
                    let (name, product) = (&row.name, row.product);
                    let listed = text!("fact-listed", feature = feature, name = name, product = product);
                    facts.push(fact(FactKind::Feature, listed));
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
    fn terms(&self, held: &Held, lease: &Lease, row: &LeasedFeature, now: Now) -> Vec<Weighed> {
        let honoured_until = lease.honours(row);
        let ends = held.honours(honoured_until);
        let mut facts = Vec::new();
        if ends > held.age_at(honoured_until) {
            facts.push(fact(FactKind::Grace, text!("fact-grace")).at(held.unix_at(ends)));
        }
        if now.age > ends {
            let run_until = ends.saturating_add(lease.runs_on(row));
            let ended = fact(FactKind::Lease, text!("fact-lease-ended"));
            facts.push(ended.at(honoured_until).code(self.why_unknown()));
            facts.push(run_on(held.unix_at(run_until)));
            return facts;
        }
        facts.push(fact(FactKind::Lease, text!("fact-lease")).at(honoured_until));
        facts.extend(row.expires_at.map(|expiry| match held.unix_at(now.age) {
            now if now >= expiry => {
                fact(FactKind::Expiry, text!("fact-expired")).at(expiry).code(Code::EXPIRED)
            }
            _ => fact(FactKind::Expiry, text!("fact-expiry")).at(expiry),
        }));
        facts
    }

    /// How it stands with the license server.
    fn weather(&self, now: Now) -> Vec<Weighed> {
        let contact = &self.contact;
        let since = contact
            .offline_since
            .map(|since| fact(FactKind::Offline, text!("fact-offline")).at(self.unix_at(since, now)));
        let failure = contact.last_failure.as_ref().map(|failure| {
            fact(FactKind::Failure, text!("fact-failure", why = failure.said()))
                .at(self.unix_at(failure.at, now))
                .code(failure.code)
        });
        let next = self.due().map(|due| {
            let next = fact(FactKind::NextCheck, text!("fact-next-check"));
            next.at(self.unix_at(due.max(now.age), now))
        });
        since.into_iter().chain(failure).chain(next).collect()
    }

    fn why_unknown(&self) -> Code {
        self.contact.last_failure.as_ref().map_or(Code::NO_ANSWER, |failure| failure.code)
    }
}

/// A fact before it is known who reads it.
struct Weighed {
    kind: FactKind,
    at: Option<UnixTime>,
    code: Option<Code>,
    message: Text,
}

fn fact(kind: FactKind, message: Text) -> Weighed {
    Weighed { kind, at: None, code: None, message }
}

impl Weighed {
    fn at(self, at: UnixTime) -> Self {
        Self { at: Some(at), ..self }
    }

    fn code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    fn to(self, language: Language) -> Fact {
        let Self { kind, at, code, message } = self;
        Fact { kind, at, code, message: message.to(language) }
    }
}

fn bound_to(number: &RegistrationNumber) -> Weighed {
    fact(FactKind::Number, text!("fact-bound", number = number))
}

/// A host that is refused may be bound no more.
fn uses(number: &RegistrationNumber) -> Weighed {
    fact(FactKind::Number, text!("fact-number-in-use", number = number))
}

fn run_on(until: UnixTime) -> Weighed {
    fact(FactKind::RunOn, text!("fact-run-on")).at(until)
}

fn seat(row: &LeasedFeature) -> Weighed {
    let (captured, total, own) = (row.seats.captured, row.seats.total, row.held.len());
    match row.refusal {
        Some(Code::NO_LICENSE) => {
            let none = text!("fact-no-seat", captured = captured, total = total);
            fact(FactKind::Seat, none).code(Code::NO_LICENSE)
        }
        Some(code) => fact(FactKind::Seat, Text::meaning(code)).code(code),
        None if row.per_user => {
            let by_users = text!("fact-seats-of-users", own = own, captured = captured, total = total);
            fact(FactKind::Seat, by_users)
        }
        None => fact(FactKind::Seat, text!("fact-seat", captured = captured, total = total)),
    }
}
