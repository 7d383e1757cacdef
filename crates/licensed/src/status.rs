//! What the daemon says about itself, in words and as the answer to `status` and `license_info`.

use license_core::{
    schema,
    state::{LeaseWarning, Phase, State as CoreState},
    statement::{Kind, Lease, Statement},
    time::Now,
};
use license_ipc::{ErrorKind, Failure, LicenseInfo, NoAnswer, RefusedCommand, State, Status, frame};
use license_types::{Code, Customer};

use crate::{skew::Skew, snapshot::Snapshot};

/// What to do when no license server is configured.
pub const NO_SERVER: &str = "No license server is configured. Set `server` in /etc/licensed/licensed.toml, or start \
                             licensed with --server URL.";

/// What to do when there is no root key.
#[must_use]
pub fn no_root(trust_path: &str) -> String {
    format!(
        "There is no root key of the license server, so nothing that it says can be believed. Put its public key \
         into {trust_path}, then reload licensed."
    )
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
pub fn message(snapshot: &Snapshot, now: Now) -> String {
    let state = &snapshot.state;
    // It becomes the end of a sentence, whoever wrote it.
    let why = state.contact.last_failure.as_ref().map_or("it was not asked yet", |failure| &failure.message);
    let why = why.trim_end_matches('.');
    match state.phase(now) {
        Phase::Registering if state.contact.last_failure.is_none() => {
            "A number is being registered or activated; the license server has not answered yet.".to_owned()
        }
        Phase::Registering => {
            format!("A number is being registered or activated, and nobody knows yet what came of it: {why}.")
        }
        Phase::Unregistered if snapshot.server.is_none() => {
            format!("This host has no registration number. {NO_SERVER}")
        }
        Phase::Unregistered => {
            "This host has no registration number. Register, or activate a number.".to_owned()
        }
        Phase::Fresh => "Bound; the license server answers.".to_owned(),
        Phase::HostChanged => format!(
            "Bound, on other hardware than before: a move, a new board, or a copy. The license server is told at the \
             next check, and its last lease is honoured: {why}."
        ),
        Phase::Draining => "The daemon is stopping.".to_owned(),
        Phase::Offline => format!("Bound; the license server is away and its last lease is honoured: {why}."),
        Phase::Lapsed => format!("The lease has ended without an answer of the license server: {why}."),
        Phase::Recovering => format!("What was held is lost; the license server is asked for it: {why}."),
        Phase::Refused | Phase::Pending => match state.held().map(|held| &held.statement().kind) {
            Some(Kind::Refusal(refusal)) => refusal.reason.clone(),
            Some(Kind::Lease(_)) | None => Code::NO_LICENSE.meaning().to_owned(),
        },
    }
}

/// Code and message in one line, for the log, for systemd and as an answer.
#[must_use]
pub fn line(snapshot: &Snapshot, now: Now) -> String {
    let message = message(snapshot, now);
    match code(&snapshot.state, now) {
        Some(code) => format!("({code}) {message}"),
        None => message,
    }
}

/// The answer to `status`.
#[must_use]
pub fn report(snapshot: &Snapshot, now: Now) -> Status {
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
        message: message(snapshot, now),
        serial: held.map(|held| held.statement().serial),
        last_answer: held.map(|held| held.statement().issued_at),
        last_failure: state.contact.last_failure.as_ref().map(|failure| NoAnswer {
            code: failure.code,
            message: failure.message.clone(),
            at: state.unix_at(failure.at, now),
        }),
        next_check: state.due().map(|due| state.unix_at(due.max(now.age), now)),
        honoured_until: lease.map(|(_, lease)| lease.honoured_until),
        warnings: warnings(snapshot, now),
        protocol: frame::VERSION,
        statement_schema: schema::SCHEMA.to_owned(),
        bound_since: lease.and(state.bound_since),
        number_changes: state.number_changes,
        last_refusal: snapshot.last_refusal.map(|last| RefusedCommand {
            request: last.request.to_owned(),
            code: Some(last.code),
            message: last.code.meaning().to_owned(),
            at: state.unix_at(last.at, now),
        }),
    }
}

fn warnings(snapshot: &Snapshot, now: Now) -> Vec<String> {
    let state = &snapshot.state;
    let skew = snapshot.server_time.and_then(|server| Skew::of(server, now)).map(|skew| skew.to_string());
    let server = snapshot.server.is_none().then(|| NO_SERVER.to_owned());
    // Before the first attempt has failed it is being told.
    let unbind = (state.unbind && state.contact.last_failure.is_some())
        .then(|| "The license server does not know yet that this host was reset.".to_owned());
    let seats = state.released.len();
    let released = (seats > 0).then(|| {
        format!("The license server does not know yet that this host gave {seats} of its seats back.")
    });
    let lease = state.lease_warning(now).map(runs_out);
    let is_bare = state.lease().is_some_and(|(_, lease)| {
        !lease.features.is_empty() && lease.features.iter().all(|feature| feature.refusal.is_some())
    });
    let bare = is_bare.then(|| {
        "This host holds no seat of its license: no feature may run here. See `licensectl features`."
            .to_owned()
    });
    let (store_fault, note) = (snapshot.store_fault.clone(), snapshot.note.clone());
    let known = [store_fault, server, lease, bare, unbind, released, note, skew];
    known.into_iter().flatten().collect()
}

/// What to say of a lease that runs out.
#[must_use]
pub fn runs_out(LeaseWarning { percent, left }: LeaseWarning) -> String {
    let hours = left.as_secs() / 3600;
    let left = if hours >= 48 { format!("{} days", hours / 24) } else { format!("{hours} hours") };
    format!(
        "{percent} % of the time that the license server's last word counts is over: {left} are left. Make the license \
         server reachable, then run `licensectl recheck`."
    )
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
    let refused =
        |code: Code, message: String| Failure { kind: ErrorKind::Refused, code: Some(code), message };
    let Some(held) = snapshot.state.held() else {
        return Err(refused(Code::KEY_ERROR, Code::KEY_ERROR.meaning().to_owned()));
    };
    match &held.statement().kind {
        Kind::Refusal(refusal) => Err(refused(refusal.code, refusal.reason.clone())),
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
