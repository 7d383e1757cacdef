//! The way to a license server, step by step: all servers and families at once.

use std::{net::IpAddr, time::Duration};

use hyper::Uri;
use license_client::types::UnixTime;
use licensed::transport::ServerUrl;
use tokio::{net::TcpStream, task::JoinHandle, time};

use super::{
    Budget, Stage,
    host::{Known, Way},
    http, lookup,
    stream::{self, Stream},
    tls::{self, Trust},
};
use crate::{
    findings::{Connect, Lookup, Plain, ProxySaid, ProxyWay, ResolverSaid, Server, Session},
    report::Family,
};

/// The addresses of a family that are tried: one that is down is noticed beside one that is well.
const MOST_ADDRESSES: usize = 2;

/// How much longer than HTTPS plain HTTP is waited for.
const PLAIN: Duration = Duration::from_secs(1);

/// Goes to all of them.
pub(super) async fn all(known: &Known, certificate_time: UnixTime, budget: &Budget) -> Vec<Server> {
    if known.servers.is_empty() {
        return Vec::new();
    }
    let (ca_file, at) = (known.ca_file.clone(), certificate_time);
    let trust = tokio::task::spawn_blocking(move || Trust::load(ca_file.as_deref(), at)).await;
    let Ok(trust) = trust else { return Vec::new() };
    budget.tell(Stage::Lookup);
    let going: Vec<JoinHandle<Server>> = known
        .servers
        .iter()
        .map(|way| tokio::spawn(go(journey(way), trust.clone(), budget.clone())))
        .collect();
    let mut servers = Vec::new();
    for one in going {
        servers.extend(one.await.ok());
    }
    servers
}

/// What a walk to one server needs.
struct Journey {
    url: ServerUrl,
    proxy: Option<(licensed::transport::Through, String)>,
}

fn journey(way: &Way) -> Journey {
    Journey {
        url: way.url.clone(),
        proxy: way.proxy.clone().map(|through| (through, way.proxy_from.clone())),
    }
}

async fn go(Journey { url, proxy }: Journey, trust: Trust, budget: Budget) -> Server {
    let server = Server {
        url: url.to_string(),
        host: url.host().to_owned(),
        proxy: None,
        lookup: None,
        connects: Vec::new(),
        sessions: Vec::new(),
        plain: None,
    };
    match proxy {
        Some((through, from)) => by_proxy(server, &url, &through, from, &trust, &budget).await,
        None => directly(server, &url, &trust, &budget).await,
    }
}

async fn directly(mut server: Server, url: &ServerUrl, trust: &Trust, budget: &Budget) -> Server {
    server.lookup = lookup::look_up(url.host(), budget).await;
    let addresses = addresses(url.host(), server.lookup.as_ref());
    budget.tell(Stage::Connect);
    let is_public = !url.is_plain() && !url.is_loopback();
    let portal = addresses
        .first()
        .filter(|_| is_public)
        .map(|address| tokio::spawn(ask_plainly(*address, url.host().to_owned(), budget.clone())));
    let (connects, streams) = connect_all(&addresses, url.port(), budget).await;
    server.connects = connects;
    budget.tell(Stage::Speak);
    let speaking: Vec<JoinHandle<Session>> = streams
        .into_iter()
        .map(|(family, stream)| {
            let (url, trust, budget) = (url.clone(), trust.clone(), budget.clone());
            tokio::spawn(async move {
                Session { family: Some(family), ..speak(stream, &url, &trust, &budget).await }
            })
        })
        .collect();
    for one in speaking {
        server.sessions.extend(one.await.ok());
    }
    if let Some(portal) = portal {
        if server.sessions.iter().any(is_well) {
            portal.abort();
        } else {
            server.plain =
                time::timeout_at(budget.within(PLAIN), portal).await.ok().and_then(Result::ok).flatten();
        }
    }
    server
}

/// Whether nothing is left to explain.
fn is_well(session: &Session) -> bool {
    let is_trusted = session.tls.as_ref().is_none_or(|tls| tls.distrust.is_none() && tls.error.is_none());
    is_trusted && matches!(session.http, Some(crate::findings::Http::Answer { is_license_server: true, .. }))
}

async fn by_proxy(
    mut server: Server,
    url: &ServerUrl,
    through: &licensed::transport::Through,
    from: String,
    trust: &Trust,
    budget: &Budget,
) -> Server {
    let mut way = ProxyWay { url: through.url.clone(), from, said: None };
    let Some((host, port, is_tls)) = parts(&through.url) else {
        server.proxy = Some(way);
        return server;
    };
    server.lookup = lookup::look_up(&host, budget).await;
    budget.tell(Stage::Connect);
    let (connects, streams) = connect_all(&addresses(&host, server.lookup.as_ref()), port, budget).await;
    server.connects = connects;
    budget.tell(Stage::Speak);
    if let Some((_, stream)) = streams.into_iter().next() {
        let stream: Option<Box<dyn Stream>> = if is_tls {
            let (_, session) = tls::handshake(stream, &host, trust, budget).await;
            session.map(|session| Box::new(session) as Box<dyn Stream>)
        } else {
            Some(Box::new(stream))
        };
        way.said = Some(ProxySaid::Nonsense("there is no TLS session with it".to_owned()));
        if let Some(mut stream) = stream {
            let target = format!("{}:{}", bracketed(url.host()), url.port());
            let said = http::tunnel(&mut stream, &target, through.authorization.as_ref(), budget).await;
            if said == ProxySaid::Open {
                server.sessions.push(speak(stream, url, trust, budget).await);
            }
            way.said = Some(said);
        }
    }
    server.proxy = Some(way);
    server
}

/// Host, port and whether TLS is spoken to a proxy.
fn parts(url: &str) -> Option<(String, u16, bool)> {
    let uri: Uri = url.parse().ok()?;
    let is_tls = uri.scheme_str() == Some("https");
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some((host, uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }), is_tls))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// The addresses to go to, as the system finds them; as a resolver says where the system takes too long.
fn addresses(host: &str, lookup: Option<&Lookup>) -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> = match lookup {
        None => host.parse().into_iter().collect(),
        Some(lookup) if lookup.is_slow => lookup.resolvers.iter().flat_map(|it| said(&it.said)).collect(),
        Some(lookup) => lookup.found.clone(),
    };
    let mut seen: Vec<IpAddr> = Vec::new();
    all.retain(|address| {
        let of_family = seen.iter().filter(|known| known.is_ipv4() == address.is_ipv4()).count();
        let is_new = of_family < MOST_ADDRESSES && !seen.contains(address);
        seen.extend(is_new.then_some(*address));
        is_new
    });
    all
}

fn said(said: &ResolverSaid) -> Vec<IpAddr> {
    match said {
        ResolverSaid::Addresses(found) => found.clone(),
        ResolverSaid::NoSuchName
        | ResolverSaid::Failure(_)
        | ResolverSaid::Nothing
        | ResolverSaid::Unreachable(_) => Vec::new(),
    }
}

/// Connects to all at once. Of each family the first that is connected is kept.
async fn connect_all(
    addresses: &[IpAddr],
    port: u16,
    budget: &Budget,
) -> (Vec<Connect>, Vec<(Family, TcpStream)>) {
    let connecting: Vec<_> = addresses
        .iter()
        .map(|&address| {
            let budget = budget.clone();
            tokio::spawn(async move { stream::connect(address, port, &budget).await })
        })
        .collect();
    let (mut connects, mut streams) = (Vec::<Connect>::new(), Vec::<(Family, TcpStream)>::new());
    for one in connecting {
        let Ok((connect, stream)) = one.await else { continue };
        let family = connect.family();
        if let Some(stream) = stream.filter(|_| !streams.iter().any(|(known, _)| *known == family)) {
            streams.push((family, stream));
        }
        connects.push(connect);
    }
    (connects, streams)
}

/// Speaks TLS, if the URL asks for it, and HTTP.
async fn speak<S: Stream + 'static>(stream: S, url: &ServerUrl, trust: &Trust, budget: &Budget) -> Session {
    if url.is_plain() {
        return Session { family: None, tls: None, http: Some(http::keys(stream, url.base(), budget).await) };
    }
    let (tls, session) = tls::handshake(stream, url.host(), trust, budget).await;
    let http = match session {
        Some(session) => Some(http::keys(session, url.base(), budget).await),
        None => None,
    };
    Session { family: None, tls: Some(tls), http }
}

async fn ask_plainly(address: IpAddr, host: String, budget: Budget) -> Option<Plain> {
    let (_, stream) = stream::connect(address, 80, &budget).await;
    http::plain(stream?, &bracketed(&host), &budget).await
}
