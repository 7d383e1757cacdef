//! The way to the license servers.

mod proxy;
mod session;

use std::net::IpAddr;

use license_client::{
    ipc::{Ping, Stage},
    types::UnixTime,
};
use license_texts::{Text, text};

use super::moment;
use crate::{
    findings::{
        Connect, Connected, Distrust, Findings, Http, Lookup, Plain, Resolver, ResolverSaid, Server, Session,
    },
    report::{Cause, Check, Outcome},
};

/// From here on a wrong clock is said: less makes no trouble with logs and certificates.
const SKEW: i64 = 5 * 60;

pub(super) fn checks(findings: &Findings) -> Vec<Check> {
    let is_reached = findings.servers.iter().any(is_well);
    let mut checks: Vec<Check> = Vec::new();
    for server in &findings.servers {
        let found = of_server(server, findings.ping.as_ref());
        checks.extend(found.into_iter().map(|check| if is_reached { check.beside() } else { check }));
    }
    let is_explained = checks.iter().any(|check| check.result == Outcome::Failed);
    checks.extend(findings.ping.as_ref().map(|it| ping(it, is_explained)));
    checks
}

/// Whether a license server answers there as it should, by one family at least.
fn is_well(server: &Server) -> bool {
    server.sessions.iter().any(session::is_well)
}

fn of_server(server: &Server, ping: Option<&Ping>) -> Vec<Check> {
    if let Some(way) = &server.proxy {
        return proxy::checks(server, way, ping);
    }
    let is_well = is_well(server);
    let portal = server.plain.as_ref().filter(|plain| !is_well && is_portal(plain, server));
    let mut checks = Vec::new();
    checks.extend(server.lookup.as_ref().map(|lookup| dns(lookup, server, is_well || portal.is_some())));
    let is_connected = server.connects.iter().any(|it| it.outcome == Connected::Yes);
    let has_way = server.connects.iter().any(|it| !matches!(it.outcome, Connected::NoRoute(_)));
    for it in &server.connects {
        let check = connection(it);
        // Where one family has a way, the other need not have one.
        let is_beside = is_connected || has_way && matches!(it.outcome, Connected::NoRoute(_));
        checks.push(if is_beside { check.beside() } else { check }.of(Some(it.family())));
    }
    if let Some(plain) = portal {
        let whereto = plain.redirect_host.clone().unwrap_or_else(|| plain.status.to_string());
        checks.push(Check::failed("portal", Cause::CaptivePortal, text!("doctor-portal", whereto = whereto)));
    }
    for it in &server.sessions {
        let found = session::checks(it, server);
        checks.extend(
            found.into_iter().map(|check| if is_well { check.beside() } else { check }.of(it.family)),
        );
    }
    checks.into_iter().map(|check| check.about(server.url.as_str())).collect()
}

/// Whether what answers plain HTTP is no license server's: those send the reader to HTTPS on the same host.
fn is_portal(plain: &Plain, server: &Server) -> bool {
    let distrusts: Vec<_> = server
        .sessions
        .iter()
        .filter_map(|it| it.tls.as_ref())
        .filter_map(|tls| tls.distrust.as_ref())
        .collect();
    // A certificate of the right host that is only too old or too new is the server's own.
    if distrusts.iter().any(|it| matches!(it, Distrust::Expired | Distrust::NotYetValid)) {
        return false;
    }
    let is_sent_away = (300..400).contains(&plain.status)
        && plain.redirect_host.as_ref().is_some_and(|host| !host.eq_ignore_ascii_case(&server.host));
    let is_login_page = plain.status == 511 || plain.status == 200 && plain.is_page && !distrusts.is_empty();
    is_sent_away || is_login_page
}

fn dns(lookup: &Lookup, server: &Server, is_explained: bool) -> Check {
    let name = lookup.name.as_str();
    let from_resolvers: Vec<IpAddr> = lookup.resolvers.iter().flat_map(addresses).collect();
    let found = if lookup.found.is_empty() && lookup.is_slow { &from_resolvers } else { &lookup.found };
    let resolvers = Text::verbatim(listed(&lookup.resolvers));
    if found.is_empty() {
        let knows = |it: &Resolver| matches!(it.said, ResolverSaid::Addresses(_) | ResolverSaid::NoSuchName);
        return if lookup.resolvers.iter().any(knows) {
            let message = text!("doctor-dns-no-address", name = name, resolvers = resolvers);
            Check::failed("dns", Cause::DnsNoAddress, message)
        } else {
            let message = text!("doctor-dns-no-answer", name = name, resolvers = resolvers);
            Check::failed("dns", Cause::DnsNoAnswer, message)
        };
    }
    let shown = joined(found);
    if !is_explained {
        let differs =
            !from_resolvers.is_empty() && !from_resolvers.iter().any(|it| lookup.hosts_entry.contains(it));
        if !lookup.hosts_entry.is_empty() && differs {
            let message =
                text!("doctor-dns-hosts", name = name, addresses = shown, others = joined(&from_resolvers));
            return Check::failed("dns", Cause::DnsWrong, message)
                .then(text!("doctor-next-dns-hosts", name = name));
        }
        if found.iter().all(|address| cannot_be(*address, name)) {
            let message = text!("doctor-dns-wrong", name = name, addresses = shown, resolvers = resolvers);
            let check = Check::failed("dns", Cause::DnsWrong, message);
            return if lookup.hosts_entry.is_empty() {
                check
            } else {
                check.then(text!("doctor-next-dns-hosts", name = name))
            };
        }
    }
    let silent = lookup.resolvers.iter().any(|it| addresses(it).is_empty());
    if !lookup.hosts_entry.is_empty() {
        return Check::ok("dns", text!("doctor-dns-by-hosts", name = name, addresses = shown));
    }
    let message = text!("doctor-dns", name = name, addresses = shown, resolvers = resolvers);
    if silent && server.proxy.is_none() {
        Check::warning("dns", message).then(text!("doctor-next-dns-no-answer"))
    } else {
        Check::ok("dns", message)
    }
}

fn addresses(resolver: &Resolver) -> Vec<IpAddr> {
    match &resolver.said {
        ResolverSaid::Addresses(found) => found.clone(),
        ResolverSaid::NoSuchName
        | ResolverSaid::Failure(_)
        | ResolverSaid::Nothing
        | ResolverSaid::Unreachable(_) => Vec::new(),
    }
}

fn joined(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Each resolver with what it said, in the short words of the trade.
fn listed(resolvers: &[Resolver]) -> String {
    let one = |resolver: &Resolver| {
        let said = match &resolver.said {
            ResolverSaid::Addresses(found) if found.is_empty() => "NODATA".to_owned(),
            ResolverSaid::Addresses(_) => "NOERROR".to_owned(),
            ResolverSaid::NoSuchName => "NXDOMAIN".to_owned(),
            ResolverSaid::Failure(2) => "SERVFAIL".to_owned(),
            ResolverSaid::Failure(5) => "REFUSED".to_owned(),
            ResolverSaid::Failure(rcode) => format!("RCODE {rcode}"),
            ResolverSaid::Nothing => "timeout".to_owned(),
            ResolverSaid::Unreachable(why) => why.clone(),
        };
        format!("{}: {said}", resolver.address)
    };
    resolvers.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Whether no license server can be there. A company's own one may have a private address under a private name.
fn cannot_be(address: IpAddr, name: &str) -> bool {
    let is_private_name = !name.contains('.')
        || [".local", ".lan", ".internal", ".home.arpa", ".localdomain", ".corp", ".home"]
            .iter()
            .any(|end| name.trim_end_matches('.').to_ascii_lowercase().ends_with(end));
    let is_private = match address {
        IpAddr::V4(it) => it.is_private() || it.is_link_local(),
        IpAddr::V6(it) => it.is_unique_local() || it.is_unicast_link_local(),
    };
    address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || is_private && !is_private_name
}

fn connection(connect: &Connect) -> Check {
    let address = connect.address.to_string();
    match &connect.outcome {
        Connected::Yes => Check::ok("tcp", text!("doctor-tcp", address = address)),
        Connected::NoRoute(why) => {
            let message = text!("doctor-no-route", address = address, why = Text::verbatim(why.as_str()));
            Check::failed("route", Cause::NoRoute, message)
        }
        Connected::Refused => {
            Check::failed("tcp", Cause::ConnectionRefused, text!("doctor-tcp-refused", address = address))
        }
        Connected::Dropped => {
            Check::failed("tcp", Cause::ConnectionDropped, text!("doctor-tcp-dropped", address = address))
        }
        Connected::Failed(why) => {
            let message = text!("doctor-tcp-failed", address = address, why = Text::verbatim(why.as_str()));
            Check::failed("tcp", Cause::ConnectionDropped, message)
        }
    }
}

/// What the daemon says of reaching the license server. It is a cause only where the own way there is fine.
fn ping(ping: &Ping, is_explained: bool) -> Check {
    let check = match &ping.failure {
        None => Check::ok("ping", text!("doctor-ping", milliseconds = ping.took_ms)),
        Some(failure) => {
            let cause = match failure.stage {
                Stage::Lookup => Cause::DnsNoAnswer,
                Stage::Connect => Cause::ConnectionDropped,
                Stage::Tls => Cause::TlsFailed,
                Stage::Answer => Cause::NotALicenseServer,
            };
            let message = text!("doctor-ping-failed", why = Text::verbatim(failure.message.as_str()));
            let check = Check::failed("ping", cause, message).with_code(Some(failure.code));
            if is_explained { Check { cause: None, next: None, ..check } } else { check }
        }
    };
    check.about(ping.server.as_str())
}

/// The clock. It is the cause where a certificate fails by it, or where nothing else is wrong.
pub(super) fn clock(findings: &Findings, is_sound: bool) -> Option<Check> {
    let (there, explains) = server_time(findings)?;
    let skew = findings.wall.0.saturating_sub(there.0);
    if skew.saturating_abs() < SKEW {
        return Some(Check::ok("clock", text!("doctor-clock")));
    }
    // To the nearest minute: the answer took a second to come.
    let minutes = (skew.unsigned_abs() + 30) / 60;
    let amount = match minutes {
        0..=119 => text!("amount-minutes", count = minutes),
        120..=2879 => text!("amount-hours", count = minutes / 60),
        _ => text!("amount-days", count = minutes / (24 * 60)),
    };
    let (here, there) = (moment(findings.wall), moment(there));
    let message = if skew > 0 {
        text!("doctor-clock-ahead", amount = amount, here = here, there = there)
    } else {
        text!("doctor-clock-behind", amount = amount, here = here, there = there)
    };
    let check = Check::failed("clock", Cause::ClockWrong, message);
    Some(if explains || is_sound { check } else { check.beside() })
}

/// What time it is, by somebody else than this host, and whether a certificate fails by the difference.
fn server_time(findings: &Findings) -> Option<(UnixTime, bool)> {
    let sessions = || findings.servers.iter().flat_map(|server| &server.sessions);
    let date = |it: &Session| match &it.http {
        Some(Http::Answer { date, .. }) => *date,
        Some(Http::None(_)) | None => None,
    };
    let explaining = sessions().find_map(|it| date(it).filter(|there| session::fails_by_clock(it, *there)));
    if let Some(there) = explaining.filter(|there| findings.wall.0.abs_diff(there.0) >= SKEW.unsigned_abs()) {
        return Some((there, true));
    }
    if let Some(there) = sessions().filter(|it| session::is_well(it)).find_map(date) {
        return Some((there, false));
    }
    // No clock is right that is behind what the license server signed, or behind this program.
    let is_behind = findings.known_time.0.saturating_sub(findings.wall.0) >= SKEW;
    is_behind.then_some((findings.known_time, false))
}
