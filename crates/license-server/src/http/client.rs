//! Who asks: the address of the client, also behind proxies, and the network it is in.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header::FORWARDED};
use ipnet::IpNet;

/// What proxies tell about the client.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Networks are what one customer gets from a provider: an IPv4 /24 and an IPv6 /64. In a smaller one,
/// one customer would count as many.
const IPV4_PREFIX: u8 = 24;
const IPV6_PREFIX: u8 = 64;

/// The other end of the connection; in the extensions of each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The client that a request comes from; in its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address; an IPv4 address is never written as IPv6.
    pub(crate) address: IpAddr,
    /// Whether the request was passed on and this is only who passed it.
    pub(crate) in_doubt: bool,
}

/// The network of a client: the unit that unsigned requests are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpNet);

impl Client {
    /// The client of a request, from its connection and headers.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Self {
        let lines = headers.get_all(FORWARDED_FOR).iter();
        let lines = lines.map(|line| line.to_str().unwrap_or("unreadable"));
        let address = client(peer, lines, proxies);
        let is_forwarded = headers.contains_key(FORWARDED_FOR) || headers.contains_key(FORWARDED);
        Self { address, in_doubt: is_forwarded && address == peer.to_canonical() }
    }

    /// Whether the client is on this machine or in one of those networks.
    pub(crate) fn is_local_or_in(&self, networks: &[IpNet]) -> bool {
        !self.in_doubt && (self.address.is_loopback() || contains(networks, self.address))
    }

    /// Its network.
    pub(crate) fn network(&self) -> Network {
        Network::of(self.address)
    }
}

impl Network {
    /// The network that an address is in.
    pub(crate) fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let prefix = if address.is_ipv4() { IPV4_PREFIX } else { IPV6_PREFIX };
        let network = IpNet::new(address, prefix).unwrap_or_else(|_| IpNet::from(address));
        Self(network.trunc())
    }
}

/// The client's address: the peer's, unless that is a proxy we trust. Then the rightmost address of
/// `X-Forwarded-For` that is no such proxy: what stands left of it was written by the client itself.
///
/// An entry that is no address ends the search at the proxy that passed it on.
fn client<'h>(peer: IpAddr, lines: impl DoubleEndedIterator<Item = &'h str>, proxies: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    let entries = lines.rev().flat_map(|line| line.rsplit(',')).map(str::trim);
    for entry in entries.filter(|entry| !entry.is_empty()) {
        if !contains(proxies, client) {
            break;
        }
        let Some(address) = address(entry) else { break };
        client = address.to_canonical();
    }
    client
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    bare.parse().ok().or_else(|| entry.parse().ok().map(|address: SocketAddr| address.ip()))
}

/// Whether an address is in one of the networks.
pub(crate) fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_client_is_the_last_one_that_no_trusted_proxy_is() {
        let proxies = networks(&["10.0.0.0/8", "fd00::/8"]);
        let cases: [(&str, &str, &[&str], &str); 16] = [
            ("no proxy", "203.0.113.7", &[], "203.0.113.7"),
            ("a client that claims to be another one", "203.0.113.7", &["198.51.100.1"], "203.0.113.7"),
            ("behind a proxy", "10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("a proxy that says nothing", "10.0.0.1", &[], "10.0.0.1"),
            ("a spoofed entry on the left", "10.0.0.1", &["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            ("a spoofed line before", "10.0.0.1", &["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
            ("a spoofed proxy on the left", "10.0.0.1", &["10.9.9.9, 203.0.113.7"], "203.0.113.7"),
            ("two proxies", "10.0.0.1", &["198.51.100.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            ("two proxies, a line each", "10.0.0.1", &["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
            ("a client in the proxies' network", "10.0.0.1", &["10.3.3.3"], "10.3.3.3"),
            ("no address", "10.0.0.1", &["203.0.113.7, unknown"], "10.0.0.1"),
            ("no address, behind two", "10.0.0.1", &["203.0.113.7, <x>, 10.0.0.2"], "10.0.0.2"),
            ("empty entries", "10.0.0.1", &["203.0.113.7, ,", ""], "203.0.113.7"),
            ("IPv6", "fd00::1", &["2001:db8::7, [2001:db8::8]"], "2001:db8::8"),
            ("ports", "fd00::1", &["203.0.113.7:5555, [fd00::2]:443"], "203.0.113.7"),
            ("IPv4 as IPv6", "::ffff:10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
        ];
        for (name, peer, lines, expected) in cases {
            let found = client(peer.parse().unwrap(), lines.iter().copied(), &proxies);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{name}");
        }
    }

    #[test]
    fn a_network_is_what_one_customer_has() {
        let cases = [
            ("203.0.113.7", "203.0.113.200", true),
            ("203.0.113.7", "203.0.114.7", false),
            ("2001:db8:0:1::7", "2001:db8:0:1:ffff::1", true),
            ("2001:db8:0:1::7", "2001:db8:0:2::7", false),
            ("203.0.113.7", "::ffff:203.0.113.8", true),
        ];
        let network = |text: &str| Client::of(text.parse().unwrap(), &HeaderMap::new(), &[]).network();
        for (one, other, same) in cases {
            assert_eq!(network(one) == network(other), same, "{one} and {other}");
        }
    }

    #[test]
    fn who_comes_through_a_proxy_that_names_nobody_is_not_local() {
        let by = |header, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header, value.parse().unwrap());
            headers
        };
        let near = networks(&["192.0.2.0/24"]);
        let proxies = networks(&["127.0.0.1/32"]);
        let cases: [(&str, HeaderMap, &[IpNet], bool); 10] = [
            ("127.0.0.1", HeaderMap::new(), &[], true),
            ("::1", HeaderMap::new(), &[], true),
            ("192.0.2.9", HeaderMap::new(), &[], true),
            ("203.0.113.7", HeaderMap::new(), &[], false),
            ("127.0.0.1", by(FORWARDED_FOR, "127.0.0.1"), &[], false),
            ("127.0.0.1", by("forwarded", "for=127.0.0.1"), &[], false),
            ("127.0.0.1", by("forwarded", "for=127.0.0.1"), &proxies, false),
            ("127.0.0.1", by(FORWARDED_FOR, "unknown"), &proxies, false),
            ("127.0.0.1", by(FORWARDED_FOR, "192.0.2.9"), &proxies, true),
            ("127.0.0.1", by(FORWARDED_FOR, "127.0.0.1, 203.0.113.7"), &proxies, false),
        ];
        for (peer, headers, proxies, is_local) in cases {
            let client = Client::of(peer.parse().unwrap(), &headers, proxies);
            assert_eq!(client.is_local_or_in(&near), is_local, "{peer} {headers:?}");
        }
    }
}
