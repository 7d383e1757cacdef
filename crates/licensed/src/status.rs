//! What the daemon says about itself, in words and as the answer to `status` and `license_info`.

use license_core::{
    schema,
    state::{FailedAttempt, LeaseWarning, Phase, State as CoreState},
    statement::{Kind, Lease, Refusal, Statement},
    time::Now,
};
use license_ipc::{ErrorKind, LicenseInfo, NoAnswer, RefusedCommand, State, Status, frame};
use license_texts::{Language, Text, text};
use license_types::{Code, Customer};

use crate::{
    reply::{self, Failure},
    skew::Skew,
    snapshot::Snapshot,
};

/// What to do when no license server is configured.
#[must_use]
pub const fn no_server() -> Text {
    text!("no-server")
}

/// What to do when there is no root key.
#[must_use]
pub fn no_root(trust_path: &str) -> Text {
    text!("no-root-key", path = trust_path)
}

/// The code of a state that is no plain "bound".
#[must_use]
pub fn code(state: &CoreState, now: Now) -> Option<Code> {
    let last = state.contact.last_failure.as_ref().map(|failure| failure.code);
    match state.phase(now) {
        Phase::Unregistered | Phase::Registering => Some(Code::KEY_ERROR),
        Phase::Fresh | Phase::Draining => None,
        Phase::Offline | Phase::HostChanged => last,
        Phase::Lapsed | Phase::Recovering => Some(last.unwrap_or(Code::NO_ANSWER)),
        Phase::Refused | Phase::Pending => state.held().and_then(|held| match &held.statement().kind {
            Kind::Refusal(refusal) => Some(refusal.code),
            Kind::Lease(_) => None,
        }),
    }
}

/// What the state means and what to do, in a sentence or two.
#[must_use]
pub fn message(snapshot: &Snapshot, now: Now) -> Text {
    let state = &snapshot.state;
    let last = state.contact.last_failure.as_ref();
    let why = last.map_or(text!("status-not-asked"), FailedAttempt::said).clause();
    match state.phase(now) {
        Phase::Registering if last.is_none() => text!("status-registering"),
        Phase::Registering => text!("status-registering-unknown", why = why),
        Phase::Unregistered if snapshot.server.is_none() => {
            text!("status-unregistered-without-server", what_to_do = no_server())
        }
        Phase::Unregistered => text!("status-unregistered"),
        Phase::Fresh => text!("status-fresh"),
        Phase::HostChanged => text!("status-host-changed", why = why),
        Phase::Draining => text!("status-draining"),
        Phase::Offline => text!("status-offline", why = why),
        Phase::Lapsed => text!("status-lapsed", why = why),
        Phase::Recovering => text!("status-recovering", why = why),
        Phase::Refused | Phase::Pending => {
            state.refusal().map_or(Text::meaning(Code::NO_LICENSE), Refusal::said)
        }
    }
}

/// Code and message in one line, for the log, for systemd and as an answer.
#[must_use]
pub fn line(snapshot: &Snapshot, now: Now) -> Text {
    reply::with_code(code(&snapshot.state, now), message(snapshot, now))
}

/// The answer to `status`.
#[must_use]
pub fn report(snapshot: &Snapshot, language: Language, now: Now) -> Status {
    let state = &snapshot.state;
    let held = state.held();
    let lease = state.lease();
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        state: match state.phase(now) {
            Phase::Unregistered => State::Unregistered,
            Phase::Fresh => State::Fresh,
            Phase::Offline => State::Offline,
            Phase::Lapsed => State::Lapsed,
            Phase::Refused => State::Refused,
            Phase::Recovering => State::Recovering,
            Phase::Registering => State::Registering,
            Phase::HostChanged => State::HostChanged,
            Phase::Pending => State::Pending,
            Phase::Draining => State::Draining,
        },
        number: state.number().map(license_types::RegistrationNumber::masked),
        company: lease.map(|(_, lease)| lease.customer.company.clone()),
        server: snapshot.server.clone(),
        code: code(state, now),
        message: message(snapshot, now).to(language),
        serial: held.map(|held| held.statement().serial),
        last_answer: held.map(|held| held.statement().issued_at),
        last_failure: state.contact.last_failure.as_ref().map(|failure| NoAnswer {
            code: failure.code,
            message: failure.said().to(language),
            at: state.unix_at(failure.at, now),
        }),
        next_check: state.due().map(|due| state.unix_at(due.max(now.age), now)),
        honoured_until: lease.map(|(_, lease)| lease.honoured_until),
        warnings: reply::all(&warnings(snapshot, now), language),
        protocol: frame::VERSION,
        statement_schema: schema::SCHEMA.to_owned(),
        bound_since: lease.and(state.bound_since),
        number_changes: state.number_changes,
        last_refusal: snapshot.last_refusal.map(|last| RefusedCommand {
            request: last.request.to_owned(),
            code: Some(last.code),
            message: Text::meaning(last.code).to(language),
            at: state.unix_at(last.at, now),
        }),
    }
}

fn warnings(snapshot: &Snapshot, now: Now) -> Vec<Text> {
    let state = &snapshot.state;
    let skew = snapshot.server_time.and_then(|server| Skew::of(server, now)).map(Skew::sentence);
    let server = snapshot.server.is_none().then(no_server);
    let unbind = state.unbind.then(|| text!("reset-is-not-told"));
    let seats = state.released.len();
    let released = (seats > 0).then(|| text!("releases-are-not-told", seats = seats));
    let lease = state.lease_warning(now).map(runs_out);
    let is_bare = state.lease().is_some_and(|(_, lease)| {
        !lease.features.is_empty() && lease.features.iter().all(|feature| feature.refusal.is_some())
    });
    let bare = is_bare.then(|| text!("no-seat-at-all"));
    let (store_fault, note) = (snapshot.store_fault.clone(), snapshot.note.clone());
    let known = [store_fault, server, lease, bare, unbind, released, note, skew];
    known.into_iter().flatten().collect()
}

/// What to say of a lease that runs out.
#[must_use]
pub fn runs_out(LeaseWarning { percent, left }: LeaseWarning) -> Text {
    let hours = left.as_secs() / 3600;
    let left = if hours >= 48 {
        text!("amount-days", count = hours / 24)
    } else {
        text!("amount-hours", count = hours)
    };
    text!("lease-runs-out", percent = percent, left = left)
}

/// The answer to `license_info`: what the lease says. E-mail and phone are masked unless `in_full`.
pub fn license_info(snapshot: &Snapshot, in_full: bool) -> Result<LicenseInfo, Failure> {
    let (statement, lease) = leased(snapshot)?;
    let number = &statement.number;
    Ok(LicenseInfo {
        number: if in_full { number.as_str().to_owned() } else { number.masked() },
        customer: if in_full { lease.customer.clone() } else { masked(&lease.customer) },
        products: lease.products.clone(),
        as_of: statement.issued_at,
    })
}

/// The lease, or why there is none.
pub fn leased(snapshot: &Snapshot) -> Result<(&Statement, &Lease), Failure> {
    let Some(held) = snapshot.state.held() else {
        return Err(Failure::by_code(ErrorKind::Refused, Code::KEY_ERROR));
    };
    match &held.statement().kind {
        Kind::Refusal(refusal) => {
            Err(Failure { kind: ErrorKind::Refused, code: Some(refusal.code), message: refusal.said() })
        }
        Kind::Lease(lease) => Ok((held.statement(), lease)),
    }
}

/// A customer as readers see it: enough to recognise one's own, too little to write to.
fn masked(customer: &Customer) -> Customer {
    let email = match customer.email.split_once('@') {
        Some((name, domain)) => format!("{}***@{domain}", name.chars().take(1).collect::<String>()),
        None => String::new(),
    };
    let digits = customer.phone.chars().count();
    let phone =
        customer.phone.chars().enumerate().map(|(at, c)| if at + 2 < digits { '*' } else { c }).collect();
    Customer { email, phone, ..customer.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_enough_to_recognise_and_no_more() {
        let customer = Customer {
            company: "ООО «Ромашка»".to_owned(),
            contact: "Иван".to_owned(),
            email: "ivan@example.com".to_owned(),
            phone: "+74950001122".to_owned(),
        };
        let masked = masked(&customer);
        assert_eq!((masked.email.as_str(), masked.phone.as_str()), ("i***@example.com", "**********22"));
        assert_eq!(masked.company, customer.company);
    }
}
