//! What the examination comes to: checks, and the one cause.

use license_client::types::{Code, FeatureId};
use license_texts::{Language, Text};
use serde_json::{Value, json};

/// The version of the JSON form. It grows by optional fields; a change of meaning is a new major.
pub const SCHEMA: &str = "1.0";

/// What was found, in order, and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Every check, in the order in which one stands in the way of the next.
    pub checks: Vec<Check>,
    /// What a capture of the feature would come to, if one was asked about.
    pub feature: Option<Prospect>,
    /// How long it took.
    pub took_ms: u64,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `dns`, `tls` and the like.
    pub id: &'static str,
    /// The URL, path or name that it is about.
    pub subject: Option<String>,
    /// The address family that it is about.
    pub family: Option<Family>,
    /// How it is.
    pub result: Outcome,
    /// What it is called, if it is at fault by itself.
    pub cause: Option<Cause>,
    /// The licensing code that follows from it.
    pub code: Option<Code>,
    /// What was seen.
    pub message: Text,
    /// What to do.
    pub next: Option<Text>,
}

/// How a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// A person should look at it, and it is nobody's cause.
    Warning,
    /// It stands in the way.
    Failed,
}

impl Outcome {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
        }
    }
}

/// What a capture of a feature would come to now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// The feature.
    pub feature: FeatureId,
    /// Yes, no, or nobody knows.
    pub would_be: WouldBe,
    /// The code of what is no yes.
    pub code: Option<Code>,
    /// The same in words.
    pub message: Text,
}

/// Yes, no, or nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WouldBe {
    /// A capture would succeed.
    Granted,
    /// The license server would refuse it.
    Denied,
    /// Nobody knows.
    Indeterminate,
}

impl WouldBe {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Indeterminate => "indeterminate",
        }
    }
}

macro_rules! causes {
    ($($variant:ident $id:literal => $exit:literal, $doc:literal;)+) => {
        /// What is wrong, by its stable name. In this order one hides the next: of several the first is the cause.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Cause {
            $(#[doc = $doc] $variant,)+
        }

        impl Cause {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name, for scripts.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)+
                }
            }

            /// The exit code of the tool, as documented for all of its commands.
            #[must_use]
            pub const fn exit_code(self) -> u8 {
                match self {
                    $(Self::$variant => $exit,)+
                }
            }
        }
    };
}

causes! {
    SocketNotPermitted "socket-not-permitted" => 5, "The caller may not open the socket.";
    StateUnreadable "state-unreadable" => 7, "The stored state cannot be read.";
    DiskFull "disk-full" => 7, "There is no room for the state.";
    DaemonNotRunning "daemon-not-running" => 3, "Nobody listens on the socket.";
    DaemonNotAnswering "daemon-not-answering" => 3, "Somebody listens on the socket and gives no usable answer.";
    NoServerConfigured "no-server-configured" => 4, "No license server is configured.";
    NoRootKey "no-root-key" => 4, "There is no root key, so no license server is believed.";
    DnsNoAnswer "dns-no-answer" => 4, "No resolver answers.";
    DnsNoAddress "dns-no-address" => 4, "The name of the license server has no address.";
    DnsWrong "dns-wrong" => 4, "The name leads to an address that cannot be the license server's.";
    NoRoute "no-route" => 4, "No address of the license server has a route.";
    CaptivePortal "captive-portal" => 4, "Something on the way answers instead, and wants a browser.";
    ConnectionRefused "connection-refused" => 4, "The connection is refused.";
    ConnectionDropped "connection-dropped" => 4, "The connection is not answered.";
    ProxyUnreachable "proxy-unreachable" => 4, "The proxy cannot be reached.";
    ProxyCredentials "proxy-credentials" => 4, "The proxy wants a user and a password, or others.";
    ProxyRefuses "proxy-refuses" => 4, "The proxy does not let the call through.";
    ClockWrong "clock-wrong" => 4, "The clock of this host is wrong.";
    CertificateExpired "certificate-expired" => 4, "The certificate has expired.";
    CertificateNotYetValid "certificate-not-yet-valid" => 4, "The certificate is not valid yet.";
    CertificateSelfSigned "certificate-self-signed" => 4, "The certificate is signed by itself.";
    CertificateWrongHost "certificate-wrong-host" => 4, "The certificate is for another name.";
    CertificateMiddlebox "certificate-middlebox" => 4, "The certificate is by an authority that is not trusted.";
    TlsFailed "tls-failed" => 4, "There is no TLS session, for another reason.";
    NotALicenseServer "not-a-license-server" => 4, "What answers is no license server.";
    ServerError "server-error" => 4, "The license server answers with an error.";
    NumberUnknown "number-unknown" => 1, "The license server does not know the number.";
    BoundElsewhere "bound-elsewhere" => 1, "Another host has the seat.";
    LicenseExpired "license-expired" => 1, "The license has expired.";
    RegistrationRefused "registration-refused" => 6, "The registration was refused.";
    CouponUsed "coupon-used" => 6, "The coupon was activated before.";
    CouponUnknown "coupon-unknown" => 6, "The coupon does not exist, or is for another number.";
    CouponBlocked "coupon-blocked" => 6, "The coupon is blocked.";
    NotRegistered "not-registered" => 4, "This host has no number.";
    LeaseLapsed "lease-lapsed" => 4, "The lease has ended.";
    FeatureUnknown "feature-unknown" => 1, "The license does not list the feature.";
}

impl Report {
    /// The one cause: of the failed checks the one that stands in front of the others.
    #[must_use]
    pub fn cause(&self) -> Option<&Check> {
        let failed = self.checks.iter().filter(|check| check.result == Outcome::Failed);
        failed
            .filter_map(|check| Some((check.cause?, check)))
            .min_by_key(|(cause, _)| *cause)
            .map(|(_, check)| check)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.cause().is_none() && self.feature.as_ref().is_none_or(|it| it.would_be == WouldBe::Granted)
    }

    /// How the tool ends. What a capture would come to decides, unless something stands in the way of asking.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let cause = self.cause().and_then(|check| check.cause);
        match (&self.feature, cause) {
            (Some(prospect), None) => match prospect.would_be {
                WouldBe::Granted => 0,
                WouldBe::Denied => 1,
                WouldBe::Indeterminate => 4,
            },
            (_, cause) => cause.map_or(0, Cause::exit_code),
        }
    }

    /// The report as JSON, in English whoever reads it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "healthy": self.is_healthy(),
            "cause": self.cause().map(Check::to_json),
            "checks": self.checks.iter().map(Check::to_json).collect::<Vec<_>>(),
            "feature": self.feature.as_ref().map(|it| json!({
                "feature": it.feature,
                "code": it.code,
                "would_be": it.would_be.name(),
                "message": it.message.to(Language::English),
            })),
            "took_ms": self.took_ms,
        })
    }
}

impl Check {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "subject": self.subject,
            "family": self.family.map(Family::name),
            "result": self.result.name(),
            "cause": self.cause.map(Cause::id),
            "code": self.code,
            "message": self.message.to(Language::English),
            "next": self.next.as_ref().map(|next| next.to(Language::English)),
        })
    }
}
