//! A proxy on the way.

use license_client::ipc::Ping;
use license_texts::{Text, text};

use super::{joined, listed, session};
use crate::{
    findings::{Connected, ProxySaid, ProxyWay, Server},
    report::{Cause, Check},
};

pub(super) fn checks(server: &Server, way: &ProxyWay, ping: Option<&Ping>) -> Vec<Check> {
    let is_well = server.sessions.iter().any(session::is_well);
    let mut checks = vec![proxy(server, way, ping).about(way.url.as_str())];
    for it in &server.sessions {
        let found = session::checks(it, server).into_iter().map(|check| check.about(server.url.as_str()));
        checks.extend(found.map(|check| if is_well { check.beside() } else { check }));
    }
    checks
}

fn proxy(server: &Server, way: &ProxyWay, ping: Option<&Ping>) -> Check {
    let (url, from) = (way.url.as_str(), way.from.as_str());
    match &way.said {
        None => unreachable(server, way),
        Some(ProxySaid::Open) => Check::ok("proxy", text!("doctor-proxy", proxy = url, origin = from)),
        // The daemon keeps the password to itself: it was asked without one here.
        Some(ProxySaid::Status(407)) if ping.is_some_and(|it| it.failure.is_none()) => {
            Check::ok("proxy", text!("doctor-proxy-by-daemon", proxy = url, origin = from))
        }
        Some(ProxySaid::Status(407)) => {
            let message = text!("doctor-proxy-credentials", proxy = url, origin = from);
            Check::failed("proxy", Cause::ProxyCredentials, message)
        }
        Some(ProxySaid::Status(status)) => {
            let status = status.to_string();
            let message = text!("doctor-proxy-refuses", proxy = url, origin = from, status = status);
            Check::failed("proxy", Cause::ProxyRefuses, message)
        }
        Some(ProxySaid::Nonsense(why)) => {
            let why = Text::verbatim(why.as_str());
            let message = text!("doctor-proxy-nonsense", proxy = url, origin = from, why = why);
            Check::failed("proxy", Cause::ProxyUnreachable, message)
        }
    }
}

fn unreachable(server: &Server, way: &ProxyWay) -> Check {
    let (url, from) = (way.url.as_str(), way.from.as_str());
    let message = match server.connects.iter().find(|it| it.outcome != Connected::Yes) {
        None => {
            let resolvers = server.lookup.as_ref().map_or_else(String::new, |it| listed(&it.resolvers));
            text!("doctor-proxy-no-address", proxy = url, origin = from, resolvers = resolvers)
        }
        Some(connect) => {
            let why = match &connect.outcome {
                Connected::Yes => Text::verbatim(""),
                Connected::Refused => text!("doctor-why-refused"),
                Connected::Dropped => text!("doctor-why-dropped"),
                Connected::NoRoute(why) | Connected::Failed(why) => Text::verbatim(why.as_str()),
            };
            let address = joined(&[connect.address]);
            text!("doctor-proxy-unreachable", proxy = url, origin = from, address = address, why = why)
        }
    };
    Check::failed("proxy", Cause::ProxyUnreachable, message)
}
