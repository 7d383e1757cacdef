//! TLS and HTTP of one connection.

use license_client::types::UnixTime;
use license_texts::{Text, text};

use super::super::moment;
use crate::{
    findings::{Certificate, Distrust, Http, Server, Session, Tls},
    report::{Cause, Check},
};

/// When the end of a certificate is said before it comes.
const SOON: i64 = 14 * 24 * 3600;

/// Whether a license server answers over a session that is trusted.
pub(super) fn is_well(session: &Session) -> bool {
    let is_trusted = session.tls.as_ref().is_none_or(|tls| tls.distrust.is_none() && tls.error.is_none());
    is_trusted && matches!(session.http, Some(Http::Answer { is_license_server: true, .. }))
}

/// Whether the certificate would be valid by the server's own clock.
pub(super) fn fails_by_clock(session: &Session, there: UnixTime) -> bool {
    let Some(Tls { chain, distrust: Some(Distrust::Expired | Distrust::NotYetValid), .. }) = &session.tls
    else {
        return false;
    };
    !chain.is_empty() && chain.iter().all(|it| it.not_before <= there && there <= it.not_after)
}

pub(super) fn checks(session: &Session, server: &Server) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(seen) = &session.tls {
        let check = tls(seen, server);
        let is_over = check.cause.is_some();
        checks.push(check);
        if is_over {
            return checks;
        }
    }
    checks.extend(session.http.as_ref().map(http));
    checks
}

fn tls(tls: &Tls, server: &Server) -> Check {
    let Some(leaf) = tls.chain.first() else {
        let why = Text::verbatim(tls.error.as_deref().unwrap_or_default());
        return Check::failed("tls", Cause::TlsFailed, text!("doctor-tls-failed", why = why));
    };
    match (&tls.distrust, &tls.error) {
        (Some(distrust), _) => distrusted(distrust, leaf, tls, server),
        (None, Some(why)) => {
            let why = Text::verbatim(why.as_str());
            Check::failed("tls", Cause::TlsFailed, text!("doctor-tls-failed", why = why))
        }
        (None, None) => {
            let (issuer, until) = (leaf.issuer.as_str(), moment(leaf.not_after));
            let message =
                text!("doctor-tls", subject = leaf.subject.as_str(), issuer = issuer, until = until);
            if leaf.not_after.0.saturating_sub(tls.checked_at.0) < SOON {
                Check::warning("tls", message).then(text!("doctor-next-certificate-soon"))
            } else {
                Check::ok("tls", message)
            }
        }
    }
}

fn distrusted(distrust: &Distrust, leaf: &Certificate, tls: &Tls, server: &Server) -> Check {
    let (subject, issuer) = (leaf.subject.as_str(), leaf.issuer.as_str());
    let by_nobody = || {
        if tls.chain.len() == 1 && subject == issuer {
            let message = text!("doctor-tls-self-signed", subject = subject);
            Check::failed("tls", Cause::CertificateSelfSigned, message)
        } else {
            let message = text!("doctor-tls-unknown-issuer", issuer = issuer, subject = subject);
            Check::failed("tls", Cause::CertificateMiddlebox, message)
        }
    };
    match distrust {
        Distrust::Expired => {
            let at = tls.chain.iter().map(|it| it.not_after).min().unwrap_or(leaf.not_after);
            let message = text!("doctor-tls-expired", subject = subject, issuer = issuer, at = moment(at));
            Check::failed("tls", Cause::CertificateExpired, message)
        }
        Distrust::NotYetValid => {
            let at = tls.chain.iter().map(|it| it.not_before).max().unwrap_or(leaf.not_before);
            let message = text!("doctor-tls-not-yet", subject = subject, issuer = issuer, at = moment(at));
            Check::failed("tls", Cause::CertificateNotYetValid, message)
        }
        Distrust::WrongHost => {
            let names = if leaf.names.is_empty() { subject.to_owned() } else { leaf.names.join(", ") };
            let message =
                text!("doctor-tls-wrong-host", host = server.host.as_str(), names = names, issuer = issuer);
            Check::failed("tls", Cause::CertificateWrongHost, message)
        }
        Distrust::UnknownIssuer => by_nobody(),
        Distrust::Other(_) if subject == issuer => by_nobody(),
        Distrust::NoRoots(why) => {
            let message = text!("doctor-tls-no-roots", why = Text::verbatim(why.as_str()));
            Check::failed("tls", Cause::TlsFailed, message).then(text!("doctor-next-no-roots"))
        }
        Distrust::Other(why) => {
            let why = Text::verbatim(why.as_str());
            Check::failed("tls", Cause::TlsFailed, text!("doctor-tls-failed", why = why))
        }
    }
}

fn http(http: &Http) -> Check {
    match http {
        Http::Answer { is_license_server: true, .. } => Check::ok("http", text!("doctor-http")),
        Http::Answer { status, .. } if *status >= 500 || *status == 429 => {
            Check::failed("http", Cause::ServerError, text!("doctor-http-error", status = status.to_string()))
        }
        Http::Answer { status, content_type, .. } => {
            let kind = if content_type.is_empty() { "-" } else { content_type.as_str() };
            let message = text!("doctor-http-other", status = status.to_string(), kind = kind);
            Check::failed("http", Cause::NotALicenseServer, message)
        }
        Http::None(why) => {
            let message = text!("doctor-http-none", why = Text::verbatim(why.as_str()));
            Check::failed("http", Cause::ServerError, message)
        }
    }
}
