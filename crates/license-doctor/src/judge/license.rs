//! What the license server says, as far as the daemon knows.

use license_client::{
    ipc::{NamedFeature, RefusedCommand, State, Status},
    types::{Code, FeatureId, Verdict},
};
use license_texts::{Text, text};

use super::moment;
use crate::{
    findings::{Daemon, Findings, Would},
    report::{Cause, Check, Prospect, WouldBe},
};

/// MikoPBX itself: registering and activating take its seat.
const BASE: FeatureId = FeatureId(33);

pub(super) fn checks(findings: &Findings) -> Vec<Check> {
    let Daemon::Answers(status) = &findings.daemon else { return Vec::new() };
    let mut checks = vec![binding(status)];
    checks.extend(lease(status));
    // Where the license server says what a feature comes to, a command of before is beside the point.
    let is_answered = findings.would.as_ref().is_some_and(|it| it.would_be != WouldBe::Indeterminate);
    let is_bound = matches!(status.state, State::Fresh | State::Offline | State::HostChanged);
    // Nor is another number that did not come to anything beside one that does.
    let is_beside = |it: &RefusedCommand| {
        is_answered || (is_bound && matches!(it.request.as_str(), "activate" | "register"))
    };
    checks.extend(status.last_refusal.as_ref().map(|refused| refusal(refused, is_beside(refused))));
    match &findings.would {
        Some(would) => checks.push(feature(would, findings.features.as_deref())),
        None => checks.extend(base(findings.features.as_deref().unwrap_or_default())),
    }
    checks
}

/// What a capture would come to, where somebody asked.
pub(super) fn prospect(findings: &Findings) -> Option<Prospect> {
    let would = findings.would.as_ref()?;
    let message = if would.message.is_empty() {
        text!("doctor-feature-no-answer")
    } else {
        Text::verbatim(would.message.as_str())
    };
    Some(Prospect { feature: would.feature, would_be: would.would_be, code: would.code, message })
}

fn binding(status: &Status) -> Check {
    let said = || Text::verbatim(status.message.as_str());
    let check = match status.state {
        State::Fresh => {
            let company = status.company.as_deref().unwrap_or("-");
            Check::ok(
                "license",
                text!("doctor-license", number = status.number.as_deref().unwrap_or("-"), company = company),
            )
        }
        // A refused command of a person may say more.
        State::Unregistered => Check::failed("license", Cause::NotRegistered, text!("doctor-license-none")),
        State::Refused | State::Pending => {
            let cause = status.code.and_then(cause_of).unwrap_or(Cause::BoundElsewhere);
            Check::failed("license", cause, said())
        }
        State::Lapsed => Check::failed("license", Cause::LeaseLapsed, said()),
        State::Offline | State::HostChanged | State::Recovering | State::Registering | State::Draining => {
            Check::warning("license", said())
        }
    };
    check.with_code(status.code)
}

/// What a code of the license server is called.
const fn cause_of(code: Code) -> Option<Cause> {
    Some(match code {
        Code::KEY_UNKNOWN => Cause::NumberUnknown,
        Code::NO_LICENSE => Cause::BoundElsewhere,
        Code::EXPIRED => Cause::LicenseExpired,
        Code::KEY_ERROR => Cause::NotRegistered,
        Code::COUPON_USED => Cause::CouponUsed,
        Code::COUPON_UNKNOWN | Code::COUPON_NUMBER => Cause::CouponUnknown,
        Code::COUPON_BLOCKED => Cause::CouponBlocked,
        Code::EMAIL_TAKEN | Code::HOST_REGISTERED => Cause::RegistrationRefused,
        _ => return None,
    })
}

fn lease(status: &Status) -> Option<Check> {
    let until = status.honoured_until?;
    Some(match status.state {
        State::Lapsed => {
            Check::failed("lease", Cause::LeaseLapsed, text!("doctor-lease-lapsed", until = moment(until)))
        }
        State::Fresh
        | State::Offline
        | State::HostChanged
        | State::Recovering
        | State::Registering
        | State::Draining
        | State::Unregistered
        | State::Refused
        | State::Pending => Check::ok("lease", text!("doctor-lease", until = moment(until))),
    })
}

/// The command of the tool that makes a request, by the request's name; of a later daemon's request the name itself.
#[must_use]
pub fn command_of(request: &str) -> &str {
    match request {
        "activate_coupon" => "coupon",
        "add_trial" => "trial",
        other => other,
    }
}

/// The last command of a person that came to nothing. A seat that was refused is a matter of its feature.
fn refusal(refused: &RefusedCommand, is_beside: bool) -> Check {
    let why = refused.code.map_or_else(|| Text::verbatim(refused.message.as_str()), Text::meaning);
    let command = command_of(&refused.request);
    let message = text!("doctor-command", command = command, at = moment(refused.at), why = why);
    let is_of_a_feature = matches!(refused.request.as_str(), "capture" | "ensure" | "add_trial");
    let check = match refused.code.and_then(cause_of).filter(|_| !is_of_a_feature && !is_beside) {
        Some(cause) => Check::failed("command", cause, message),
        None => Check::warning("command", message),
    };
    check.with_code(refused.code).about(command)
}

/// Whether MikoPBX itself has its seat; where the license does not list it, whether anything has one.
fn base(features: &[NamedFeature]) -> Option<Check> {
    let of_base: Vec<_> = features.iter().filter(|it| it.entitlement.feature == BASE).collect();
    let weighed = if of_base.is_empty() { features.iter().collect() } else { of_base };
    let denied = |it: &NamedFeature| match &it.entitlement.verdict {
        Verdict::Denied { code, .. } => Some(*code),
        Verdict::Granted { .. } | Verdict::Indeterminate { .. } => None,
    };
    let codes: Vec<Code> = weighed.iter().map(|it| denied(it)).collect::<Option<_>>()?;
    let (first, code) = weighed.first().zip(codes.first())?;
    let cause = cause_of(*code).unwrap_or(Cause::BoundElsewhere);
    let message = text!(
        "doctor-base",
        name = first.name.as_str(),
        why = Text::verbatim(first.entitlement.message.as_str())
    );
    let is_free = first.entitlement.seats.is_some_and(license_client::types::Seats::is_free);
    let subject = first.entitlement.feature.to_string();
    Some(if is_free && first.entitlement.feature != BASE {
        Check::warning("feature", message).about(subject)
    } else {
        Check::failed("feature", cause, message).with_code(Some(*code)).about(subject)
    })
}

fn feature(would: &Would, listed: Option<&[NamedFeature]>) -> Check {
    let said = if would.message.is_empty() {
        text!("doctor-feature-no-answer")
    } else {
        Text::verbatim(would.message.as_str())
    };
    let id = would.feature.to_string();
    let is_listed = listed.is_none_or(|all| all.iter().any(|it| it.entitlement.feature == would.feature));
    let check = match would.would_be {
        WouldBe::Granted => Check::ok("feature", text!("doctor-feature", feature = would.feature)),
        WouldBe::Denied if !is_listed && would.code == Some(Code::NO_LICENSE) => Check::failed(
            "feature",
            Cause::FeatureUnknown,
            text!("doctor-feature-unknown", feature = would.feature),
        ),
        WouldBe::Denied => {
            Check::failed("feature", would.code.and_then(cause_of).unwrap_or(Cause::BoundElsewhere), said)
        }
        WouldBe::Indeterminate => Check::warning("feature", said),
    };
    check.with_code(would.code).about(id)
}
