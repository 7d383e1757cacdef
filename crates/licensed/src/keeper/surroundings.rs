//! What happens around the daemon: the machine was suspended, or the network is back.
//!
//! Nobody tells; the keeper looks at each wake-up, which is at least once a minute.

use std::{collections::BTreeSet, fs, time::Duration};

use license_core::state::Event;

use crate::clock;

/// A suspend of less is none: the two clocks are read one after the other.
const SHORTEST_SUSPEND: Duration = Duration::from_secs(10);

/// The route tables of IPv4 and IPv6; see proc_net(5).
const ROUTE_TABLES: [&str; 2] = ["/proc/net/route", "/proc/net/ipv6_route"];

/// What was seen at the last look.
#[derive(Debug)]
pub(super) struct Surroundings {
    suspended: Duration,
    /// The routes while the license server is away; there is no other reason to read them.
    routes: Option<BTreeSet<String>>,
}

impl Surroundings {
    /// What is around at the start.
    pub(super) fn now() -> Self {
        Self { suspended: clock::suspended(), routes: None }
    }

    /// Looks around; what has happened since the last look.
    pub(super) fn look(&mut self, is_offline: bool, fraction: f64) -> Option<Event> {
        let read =
            || ROUTE_TABLES.iter().filter_map(|path| fs::read_to_string(path).ok()).collect::<String>();
        let routes = is_offline.then(|| routes(&read()));
        self.compare(clock::suspended(), routes, fraction)
    }

    /// What has happened, if that is what is seen now.
    fn compare(
        &mut self,
        suspended: Duration,
        routes: Option<BTreeSet<String>>,
        fraction: f64,
    ) -> Option<Event> {
        let slept = suspended.saturating_sub(self.suspended) >= SHORTEST_SUSPEND;
        let opened = match (&self.routes, &routes) {
            (Some(before), Some(now)) => !now.is_subset(before),
            (None | Some(_), None | Some(_)) => false,
        };
        self.suspended = suspended;
        self.routes = routes;
        match (slept, opened) {
            (true, _) => Some(Event::Resumed { fraction }),
            (false, true) => Some(Event::NetworkReturned { fraction }),
            (false, false) => None,
        }
    }
}

/// The routes of a table that lead somewhere.
fn routes(table: &str) -> BTreeSet<String> {
    table.lines().filter_map(route).collect()
}

/// Interface, destination and gateway of a route: without the counters, which always change. The loopback interface
/// leads nowhere.
fn route(line: &str) -> Option<String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (interface, route) = match fields[..] {
        // IPv6: destination, its length, source, its length, next hop, metric, two counters, flags, interface.
        [destination, length, _, _, gateway, _, _, _, _, interface] => {
            (interface, format!("{interface} {destination}/{length} {gateway}"))
        }
        // IPv4: interface, destination, gateway, flags, three counters, mask, and more.
        [interface, destination, gateway, _, _, _, _, mask, ..] if mask.len() == 8 => {
            (interface, format!("{interface} {destination}/{mask} {gateway}"))
        }
        _ => return None,
    };
    (interface != "lo").then_some(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IPV4: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t7\t0\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
";
    const IPV6: &str = "\
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000009 00450003     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000004 00000009 80200001       lo
";

    fn seen(suspended: u64, table: Option<&str>) -> (Duration, Option<BTreeSet<String>>) {
        (Duration::from_secs(suspended), table.map(routes))
    }

    fn surroundings() -> Surroundings {
        Surroundings { suspended: Duration::ZERO, routes: None }
    }

    #[test]
    fn a_route_is_one_whatever_went_over_it() {
        let all = routes(&format!("{IPV4}{IPV6}"));
        assert_eq!(all.len(), 3, "{all:?}");
        let used =
            format!("{IPV4}{IPV6}").replace("\t7\t", "\t9\t").replace("00000009 0045", "0000000a 0045");
        assert_eq!(routes(&used), all);
        assert_ne!(
            routes(&IPV4.replace("0100A8C0", "FE00A8C0")),
            routes(IPV4),
            "another gateway is another way"
        );
    }

    #[test]
    fn the_network_is_back_when_a_route_came_while_the_license_server_was_away() {
        let (fraction, bare) = (0.5, IPV4.lines().next().unwrap());
        let back = Some(Event::NetworkReturned { fraction });
        let mut around = surroundings();
        let looks = [
            (None, None, "the license server answers: nobody looks"),
            (Some(bare), None, "the first look is what the rest is compared with"),
            (Some(bare), None, "nothing came"),
            (Some(IPV4), back.clone(), "routes came"),
            (Some(IPV4), None, "they are there"),
            (Some(bare), None, "they went"),
            (Some(IPV6), back, "others came"),
            (None, None, "the license server answers again"),
            (Some(IPV4), None, "an outage with a network"),
        ];
        for (table, event, why) in looks {
            let (suspended, routes) = seen(0, table);
            assert_eq!(around.compare(suspended, routes, fraction), event, "{why}");
        }
    }

    #[test]
    fn a_suspend_is_noticed_once() {
        let mut around = surroundings();
        for (suspended, resumed) in [(0, false), (9, false), (18, false), (3600, true), (3600, false)] {
            let (suspended, routes) = seen(suspended, None);
            let event = resumed.then_some(Event::Resumed { fraction: 0.1 });
            assert_eq!(around.compare(suspended, routes, 0.1), event, "{suspended:?}");
        }
    }
}
