//! Why there is no HTTP answer, and what it is called.

use std::{error::Error, io, time::SystemTime};

use httpdate::fmt_http_date;
use license_core::outcome::NoAnswer;
use license_ipc::Stage;
use license_texts::{Text, text};
use license_types::Code;
use rustls::{CertificateError, pki_types::UnixTime};

/// Why there is no HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// At which stage it failed.
    pub kind: TransportErrorKind,
    /// The innermost cause.
    pub detail: Text,
}

/// The stage at which a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The name of the server has no address.
    Lookup,
    /// No connection.
    Connect,
    /// No trusted TLS session.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke before the whole answer was there, or the answer is no HTTP.
    Body,
}

/// The resolver's own failure, to be told from that of a connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct LookupError(pub(super) io::Error);

impl TransportError {
    /// Whoever carried the request broke.
    pub(crate) fn broken(error: &impl ToString) -> Self {
        Self { kind: TransportErrorKind::Body, detail: Text::verbatim(error.to_string()) }
    }

    /// Whether the request may have reached the license server all the same.
    #[must_use]
    pub const fn is_maybe_delivered(&self) -> bool {
        matches!(self.kind, TransportErrorKind::Timeout | TransportErrorKind::Body)
    }

    /// What `error` comes to. `via` is the proxy on the way.
    pub(super) fn of(error: &reqwest::Error, via: Option<&str>) -> Self {
        // Only a failure to connect proves that nothing was delivered: TLS can break in mid-answer too.
        let is_connect = error.is_connect();
        let mut kind = match (is_connect, error.is_timeout()) {
            (true, _) => TransportErrorKind::Connect,
            (false, true) => TransportErrorKind::Timeout,
            (false, false) => TransportErrorKind::Body,
        };
        let mut innermost: &(dyn Error + 'static) = error;
        let mut detail = None;
        loop {
            if is_connect && innermost.is::<LookupError>() {
                kind = TransportErrorKind::Lookup;
            } else if let Some(error) = innermost.downcast_ref().filter(|_| is_connect) {
                kind = TransportErrorKind::Tls;
                detail = explained(error);
            }
            // An io::Error hides the error that it wraps from `source`.
            let wrapped = innermost.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            match wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| innermost.source()) {
                Some(source) => innermost = source,
                None => break,
            }
        }
        let innermost = innermost.to_string();
        let detail = match (detail, via) {
            (Some(detail), _) => detail,
            (None, Some(proxy)) if is_connect => by_proxy(kind, &innermost, proxy),
            (None, _) => Text::verbatim(innermost),
        };
        Self { kind, detail }
    }

    /// What it means to the schedule and to people. `url` is where the call went.
    #[must_use]
    pub fn no_answer(&self, url: &str) -> NoAnswer {
        NoAnswer {
            code: self.kind.code(),
            message: self.message(url),
            maybe_delivered: self.is_maybe_delivered(),
            retry_after: None,
        }
    }

    /// What happened, in a sentence. `url` is where the call went.
    pub(crate) fn message(&self, url: &str) -> Text {
        use TransportErrorKind::{Body, Connect, Lookup, Timeout, Tls};
        let detail = self.detail.clone();
        match self.kind {
            Lookup => text!("transport-lookup", url = url, detail = detail),
            Connect => text!("transport-connect", url = url, detail = detail),
            Tls => text!("transport-tls", url = url, detail = detail),
            Timeout => text!("transport-timeout", url = url, detail = detail),
            Body => text!("transport-body", url = url, detail = detail),
        }
    }
}

impl TransportErrorKind {
    /// The stage, as clients know it.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Self::Lookup => Stage::Lookup,
            Self::Connect => Stage::Connect,
            Self::Tls => Stage::Tls,
            Self::Timeout | Self::Body => Stage::Answer,
        }
    }

    /// Its licensing code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Lookup => Code::LOOKUP_FAILED,
            Self::Connect => Code::CONNECTION_FAILED,
            Self::Tls => Code::TLS_FAILED,
            Self::Timeout | Self::Body => Code::NO_ANSWER,
        }
    }
}

/// A failure to connect through a proxy. The HTTP library gives what the proxy said in words alone.
fn by_proxy(kind: TransportErrorKind, innermost: &str, proxy: &str) -> Text {
    match innermost.strip_prefix("tunnel error: ") {
        Some("proxy authorization required") => text!("proxy-wants-credentials", proxy = proxy),
        Some(_) => text!("proxy-refuses", proxy = proxy),
        None if kind == TransportErrorKind::Lookup => {
            text!("proxy-lookup", proxy = proxy, error = innermost)
        }
        None => text!("proxy-on-the-way", proxy = proxy, error = innermost),
    }
}

/// A TLS failure that somebody on this side can do something about, with what that is.
fn explained(error: &rustls::Error) -> Option<Text> {
    let rustls::Error::InvalidCertificate(error) = error else { return None };
    if let CertificateError::ExpiredContext { time, not_after } = error {
        Some(text!("certificate-expired", end = date(*not_after), now = date(*time)))
    } else if let CertificateError::NotValidYetContext { time, not_before } = error {
        Some(text!("certificate-not-yet-valid", begin = date(*not_before), now = date(*time)))
    } else if *error == CertificateError::UnknownIssuer {
        Some(text!("certificate-of-unknown-issuer"))
    } else {
        None
    }
}

/// A date as HTTP writes it; the seconds where it is out of that calendar.
fn date(time: UnixTime) -> String {
    // HTTP knows years up to 9999.
    const END: u64 = 253_402_300_800;
    let since = std::time::Duration::from_secs(time.as_secs());
    match SystemTime::UNIX_EPOCH.checked_add(since).filter(|_| time.as_secs() < END) {
        Some(time) => fmt_http_date(time),
        None => time.as_secs().to_string(),
    }
}
