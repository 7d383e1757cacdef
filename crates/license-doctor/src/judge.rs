//! From what was seen to what is the matter. Pure: it does no I/O and reads no clock.

mod here;
mod license;
mod network;
#[cfg(test)]
mod tests;

use license_client::types::{Code, UnixTime};
use license_texts::{Text, text};

pub use self::license::command_of;

use crate::{
    findings::Findings,
    report::{Cause, Check, Family, Outcome, Report},
};

/// What the findings come to.
#[must_use]
pub fn judge(findings: &Findings, took_ms: u64) -> Report {
    let mut checks = here::checks(findings);
    checks.extend(network::checks(findings));
    let license = license::checks(findings);
    let is_sound = !checks.iter().chain(&license).any(|check| check.result == Outcome::Failed);
    checks.extend(network::clock(findings, is_sound));
    checks.extend(license);
    let mut report = Report { checks, feature: license::prospect(findings), took_ms };
    settle(&mut report);
    report
}

/// There is one cause: what failed behind it keeps no name of its own.
fn settle(report: &mut Report) {
    let Some(cause) = report.cause().and_then(|check| check.cause) else { return };
    for check in &mut report.checks {
        check.cause = check.cause.filter(|it| *it == cause);
    }
}

/// What is said of a check; the rest is added where it is known.
impl Check {
    fn new(id: &'static str, result: Outcome, message: Text) -> Self {
        Self { id, subject: None, family: None, result, cause: None, code: None, message, next: None }
    }

    fn ok(id: &'static str, message: Text) -> Self {
        Self::new(id, Outcome::Ok, message)
    }

    fn warning(id: &'static str, message: Text) -> Self {
        Self::new(id, Outcome::Warning, message)
    }

    /// At fault by itself, with what is to be done about such a fault.
    fn failed(id: &'static str, cause: Cause, message: Text) -> Self {
        let check = Self::new(id, Outcome::Failed, message);
        Self { cause: Some(cause), next: Some(next(cause)), code: code(cause), ..check }
    }

    fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    fn of(self, family: Option<Family>) -> Self {
        Self { family, ..self }
    }

    fn with_code(self, code: Option<Code>) -> Self {
        Self { code: code.or(self.code), ..self }
    }

    fn then(self, next: Text) -> Self {
        Self { next: Some(next), ..self }
    }

    /// The same where another way works: nobody's cause.
    fn beside(self) -> Self {
        match self.result {
            Outcome::Failed => Self { result: Outcome::Warning, cause: None, code: None, ..self },
            Outcome::Ok | Outcome::Warning => self,
        }
    }
}

/// What is to be done about a cause.
fn next(cause: Cause) -> Text {
    match cause {
        Cause::SocketNotPermitted => text!("doctor-next-socket"),
        Cause::StateUnreadable => text!("doctor-next-state"),
        Cause::DiskFull => text!("doctor-next-disk"),
        Cause::DaemonNotRunning => text!("doctor-next-daemon"),
        Cause::DaemonNotAnswering => text!("doctor-next-daemon-silent"),
        Cause::NoServerConfigured => text!("doctor-next-no-server"),
        Cause::NoRootKey => text!("doctor-next-no-key"),
        Cause::DnsNoAnswer => text!("doctor-next-dns-no-answer"),
        Cause::DnsNoAddress => text!("doctor-next-dns-no-address"),
        Cause::DnsWrong => text!("doctor-next-dns-wrong"),
        Cause::NoRoute => text!("doctor-next-no-route"),
        Cause::CaptivePortal => text!("doctor-next-portal"),
        Cause::ConnectionRefused => text!("doctor-next-refused"),
        Cause::ConnectionDropped => text!("doctor-next-dropped"),
        Cause::ProxyUnreachable => text!("doctor-next-proxy"),
        Cause::ProxyCredentials => text!("doctor-next-proxy-credentials"),
        Cause::ProxyRefuses => text!("doctor-next-proxy-refuses"),
        Cause::ClockWrong => text!("doctor-next-clock"),
        Cause::CertificateExpired | Cause::CertificateNotYetValid => text!("doctor-next-certificate-time"),
        Cause::CertificateSelfSigned | Cause::CertificateMiddlebox => {
            text!("doctor-next-certificate-authority")
        }
        Cause::CertificateWrongHost => text!("doctor-next-certificate-host"),
        Cause::TlsFailed => text!("doctor-next-tls"),
        Cause::NotALicenseServer => text!("doctor-next-not-a-server"),
        Cause::ServerError => text!("doctor-next-server-error"),
        Cause::NumberUnknown => text!("doctor-next-number-unknown"),
        Cause::BoundElsewhere => text!("doctor-next-bound-elsewhere"),
        Cause::LicenseExpired => text!("doctor-next-expired"),
        Cause::RegistrationRefused => text!("doctor-next-registration"),
        Cause::CouponUsed | Cause::CouponUnknown | Cause::CouponBlocked => text!("doctor-next-coupon"),
        Cause::NotRegistered => text!("doctor-next-not-registered"),
        Cause::LeaseLapsed => text!("doctor-next-lapsed"),
        Cause::FeatureUnknown => text!("doctor-next-feature"),
    }
}

/// The licensing code that a module meets by it.
const fn code(cause: Cause) -> Option<Code> {
    Some(match cause {
        Cause::DnsNoAnswer | Cause::DnsNoAddress => Code::LOOKUP_FAILED,
        Cause::DnsWrong
        | Cause::NoRoute
        | Cause::ConnectionRefused
        | Cause::ConnectionDropped
        | Cause::ProxyUnreachable
        | Cause::ProxyCredentials
        | Cause::ProxyRefuses => Code::CONNECTION_FAILED,
        Cause::CaptivePortal
        | Cause::CertificateExpired
        | Cause::CertificateNotYetValid
        | Cause::CertificateSelfSigned
        | Cause::CertificateMiddlebox
        | Cause::CertificateWrongHost
        | Cause::TlsFailed => Code::TLS_FAILED,
        Cause::NotALicenseServer | Cause::ServerError => Code::NO_ANSWER,
        Cause::NumberUnknown => Code::KEY_UNKNOWN,
        Cause::BoundElsewhere | Cause::FeatureUnknown => Code::NO_LICENSE,
        Cause::LicenseExpired => Code::EXPIRED,
        Cause::CouponUsed => Code::COUPON_USED,
        Cause::CouponUnknown => Code::COUPON_UNKNOWN,
        Cause::CouponBlocked => Code::COUPON_BLOCKED,
        Cause::NotRegistered => Code::KEY_ERROR,
        Cause::SocketNotPermitted
        | Cause::StateUnreadable
        | Cause::DiskFull
        | Cause::DaemonNotRunning
        | Cause::DaemonNotAnswering
        | Cause::NoServerConfigured
        | Cause::NoRootKey
        | Cause::ClockWrong
        | Cause::RegistrationRefused
        | Cause::LeaseLapsed => return None,
    })
}

/// A moment as people read it everywhere.
fn moment(time: UnixTime) -> String {
    jiff::Timestamp::from_second(time.0)
        .map_or_else(|_| time.to_string(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
