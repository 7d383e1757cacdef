//! Names: what the system finds, and which resolver says what.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::{self, UdpSocket},
    time::{self, Instant},
};

use super::{Budget, dns_message};
use crate::{
    findings::{Lookup, Resolver, ResolverSaid},
    report::Family,
};

/// How long the system may look. glibc gives a silent resolver 5 seconds before it asks the next, and the daemon's
/// connection has 5 seconds with the look-up: what takes longer is none.
const SYSTEM: Duration = Duration::from_millis(4500);

/// How long a resolver may take. A name that nobody has asked for takes a second at most on a network that works.
const RESOLVER: Duration = Duration::from_secs(2);

/// When a question is repeated: packets get lost.
const AGAIN: Duration = Duration::from_millis(700);

/// The resolvers that glibc uses of those in resolv.conf.
const MOST_RESOLVERS: usize = 3;

const DNS_PORT: u16 = 53;

/// Looks a name up; `None` if it is an address.
pub(super) async fn look_up(name: &str, budget: &Budget) -> Option<Lookup> {
    if name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let resolv_conf = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let hosts_entry = in_hosts(&fs::read_to_string("/etc/hosts").unwrap_or_default(), name);
    let asked = nameservers(&resolv_conf);
    let resolvers = ask_all(&asked, name, budget);
    let system = time::timeout_at(budget.within(SYSTEM), net::lookup_host((name.to_owned(), 0)));
    tokio::pin!(system, resolvers);
    // Where every resolver is silent the system need not be waited for.
    let mut said = None;
    let system = loop {
        tokio::select! {
            found = &mut system => break Some(found),
            all = &mut resolvers, if said.is_none() => {
                let is_hopeless = all.iter().all(|it: &Resolver| it.said == ResolverSaid::Nothing);
                said = Some(all);
                if is_hopeless && hosts_entry.is_empty() {
                    break None;
                }
            }
        }
    };
    let resolvers = match said {
        Some(said) => said,
        None => resolvers.await,
    };
    let mut lookup = Lookup { name: name.to_owned(), hosts_entry, resolvers, ..Lookup::default() };
    match system {
        Some(Ok(Ok(found))) => {
            lookup.found = found.map(|address| address.ip()).collect::<BTreeSet<_>>().into_iter().collect();
        }
        Some(Ok(Err(error))) => lookup.error = Some(error.to_string()),
        Some(Err(_)) | None => lookup.is_slow = true,
    }
    Some(lookup)
}

/// The resolvers in resolv.conf(5); without one it is this host.
fn nameservers(resolv_conf: &str) -> Vec<IpAddr> {
    let of_line = |line: &str| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and_then(|_| words.next())?;
        address.split('%').next()?.parse().ok()
    };
    let found: Vec<IpAddr> = resolv_conf.lines().filter_map(of_line).take(MOST_RESOLVERS).collect();
    if found.is_empty() { vec![IpAddr::V4(Ipv4Addr::LOCALHOST)] } else { found }
}

/// The addresses of a name in hosts(5).
fn in_hosts(hosts: &str, name: &str) -> Vec<IpAddr> {
    let of_line = |line: &str| {
        let line = line.split('#').next()?;
        let mut words = line.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    };
    hosts.lines().filter_map(of_line).collect()
}

async fn ask_all(resolvers: &[IpAddr], name: &str, budget: &Budget) -> Vec<Resolver> {
    let end = budget.within(RESOLVER);
    let asking: Vec<_> = resolvers
        .iter()
        .map(|&address| {
            let name = name.to_owned();
            tokio::spawn(async move {
                let said = match time::timeout_at(end, ask(address, &name)).await {
                    Ok(Ok(said)) => said,
                    Ok(Err(error)) => ResolverSaid::Unreachable(error.to_string()),
                    Err(_) => ResolverSaid::Nothing,
                };
                Resolver { address, said }
            })
        })
        .collect();
    let mut all = Vec::new();
    for one in asking {
        all.extend(one.await.ok());
    }
    all
}

/// Asks one resolver for both families.
async fn ask(resolver: IpAddr, name: &str) -> std::io::Result<ResolverSaid> {
    let local = if resolver.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(local).await?;
    socket.connect(SocketAddr::new(resolver, DNS_PORT)).await?;
    let first = fastrand::u16(..u16::MAX);
    let questions: Vec<(u16, Vec<u8>)> = Family::ALL
        .into_iter()
        .zip(first..)
        .filter_map(|(family, id)| Some((id, dns_message::question(id, name, family)?)))
        .collect();
    if questions.is_empty() {
        return Ok(ResolverSaid::NoSuchName);
    }
    let mut said: Vec<(u16, ResolverSaid)> = Vec::new();
    let mut datagram = [0; 1500];
    while said.len() < questions.len() {
        for (id, question) in &questions {
            if !said.iter().any(|(known, _)| known == id) {
                socket.send(question).await?;
            }
        }
        let again = Instant::now() + AGAIN;
        while said.len() < questions.len() {
            let Ok(received) = time::timeout_at(again, socket.recv(&mut datagram)).await else { break };
            let message = datagram.get(..received?).unwrap_or_default();
            let mut new = questions.iter().filter(|(id, _)| !said.iter().any(|(known, _)| known == id));
            let found = new.find_map(|(id, _)| Some((*id, dns_message::answer(message, *id)?)));
            said.extend(found);
        }
    }
    Ok(together(said.into_iter().map(|(_, said)| said)))
}

/// What the answers for both families come to: addresses, else the first that is none.
fn together(answers: impl Iterator<Item = ResolverSaid>) -> ResolverSaid {
    let (mut addresses, mut other) = (Vec::new(), None);
    for said in answers {
        if let ResolverSaid::Addresses(found) = said {
            addresses.extend(found);
        } else {
            other = other.or(Some(said));
        }
    }
    other.filter(|_| addresses.is_empty()).unwrap_or(ResolverSaid::Addresses(addresses))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resolvers_are_those_that_the_system_uses() {
        let text = "# x\nsearch example.com\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\n nameserver x\n";
        assert_eq!(nameservers(text), ["192.0.2.1", "fe80::1"].map(|it| it.parse::<IpAddr>().unwrap()));
        assert_eq!(nameservers(""), [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }

    #[test]
    fn a_name_is_found_in_the_hosts_file_whole() {
        let text = "127.0.0.1 localhost\n192.0.2.9\tx lic.Example # lic2.example\nnonsense lic.example\n";
        assert_eq!(in_hosts(text, "lic.example"), ["192.0.2.9".parse::<IpAddr>().unwrap()]);
        assert!(in_hosts(text, "lic2.example").is_empty());
        assert!(in_hosts(text, "example").is_empty());
    }

    #[test]
    fn one_family_with_addresses_is_enough() {
        let found = || ResolverSaid::Addresses(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        assert_eq!(together([found(), ResolverSaid::Failure(2)].into_iter()), found());
        let none = || ResolverSaid::Addresses(Vec::new());
        assert_eq!(together([none(), ResolverSaid::NoSuchName].into_iter()), ResolverSaid::NoSuchName);
        assert_eq!(together([none(), none()].into_iter()), none());
    }
}
