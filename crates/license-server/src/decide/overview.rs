//! All that is known of a number or of a host, for the vendor.

use license_core::{
    api::Metrics,
    crypto::KeyId,
    host::{Evidence, Fact, FactKind},
};
use license_types::{RegistrationNumber, UnixTime};
use serde::Serialize;

use super::{
    BindingRow, EndedBy, HostRow, Rows,
    grants::{self, ListedGrant},
    list::{self, Listed},
    ratchet::CopyStanding,
    vendor::{Unable, known},
};

/// A customer with all that the number holds. The number and the company's data are whole: this is for the
/// vendor's eyes, and never for a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// The number.
    pub number: String,
    /// The id that logs have.
    pub customer: String,
    /// Company name.
    pub company: String,
    /// E-mail address.
    pub email: String,
    /// Contact person.
    pub contact: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Tax id.
    pub tax_id: Option<String>,
    /// When it registered.
    pub created_at: UnixTime,
    /// Since when the number is suspended.
    pub suspended_at: Option<UnixTime>,
    /// What it holds, and held.
    pub grants: Vec<ListedGrant>,
    /// The hosts that are on the number, and those that were.
    pub hosts: Vec<ListedHost>,
    /// Captured seats.
    pub bindings: Vec<Listed>,
}

/// A host as the vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedHost {
    /// The id of its key.
    pub host: KeyId,
    /// The serial that it holds itself, whatever its copies hold: `licensectl status` shows it there.
    pub serial: u64,
    /// The last call under its key.
    pub last_seen: UnixTime,
    /// Its own last call; `None` if only copies called since they are told from it.
    pub host_seen: Option<UnixTime>,
    /// To when its last statement lets it run without another answer.
    pub may_run_until: UnixTime,
    /// Since when it waits for a person's word, since it changed its hardware too often.
    pub waits_since: Option<UnixTime>,
    /// Its copies under the same key.
    pub copies: Vec<ListedCopy>,
    /// Its bindings, live ones first.
    pub bindings: Vec<ListedBinding>,
    /// What it last said about itself.
    pub metrics: Option<ListedMetrics>,
}

/// A copy of a host as the vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedCopy {
    /// The serial that it holds: what it is called by until its next call. `licensectl status` shows it
    /// there.
    pub serial: u64,
    /// Its last call; `None` if it did not call since it is told from the host.
    pub last_seen: Option<UnixTime>,
    /// When it was found.
    pub since: UnixTime,
    /// How it stands.
    pub standing: CopyStanding,
    /// Whether its hardware is another one than the host's.
    pub differs: bool,
    /// What of its hardware is known to be otherwise than the host's.
    pub differs_in: Vec<FactKind>,
}

/// A binding as the vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedBinding {
    /// The number.
    pub number: String,
    /// Since when.
    pub bound_at: UnixTime,
    /// When it ended; `None` while it is live.
    pub ended_at: Option<UnixTime>,
    /// By whom: left, reset, dropped, replaced.
    pub ended_by: Option<&'static str>,
    /// When it was cleared.
    pub cleared_at: Option<UnixTime>,
}

/// What a host said about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedMetrics {
    /// When.
    pub at: UnixTime,
    /// What.
    pub metrics: Metrics,
}

impl ListedHost {
    fn of(rows: &Rows, host: &HostRow) -> Self {
        let mut bindings: Vec<&BindingRow> =
            rows.bindings.iter().filter(|binding| binding.host == host.key).collect();
        bindings.sort_by_key(|binding| (binding.ended.is_some(), std::cmp::Reverse(binding.bound_at)));
        let copies = host.ratchet.copies.iter().map(|copy| ListedCopy {
            serial: copy.serial,
            last_seen: copy.last_seen,
            since: copy.since,
            standing: copy.standing,
            differs: host.evidence.contradicts(&copy.evidence),
            differs_in: different(&host.evidence, &copy.evidence),
        });
        let bindings = bindings.into_iter().filter_map(|binding| {
            let ended = binding.ended;
            Some(ListedBinding {
                number: rows.customer(&binding.customer)?.number.as_str().to_owned(),
                bound_at: binding.bound_at,
                ended_at: ended.map(|ended| ended.at),
                ended_by: ended.map(|ended| EndedBy::as_str(ended.by)),
                cleared_at: binding.cleared_at,
            })
        });
        Self {
            host: host.key.id(),
            serial: host.ratchet.held_by_host(host.serial),
            last_seen: host.last_seen,
            host_seen: host.ratchet.host_seen(host.last_seen),
            may_run_until: host.may_run_until,
            waits_since: host.ratchet.waits_since,
            copies: copies.collect(),
            bindings: bindings.collect(),
            metrics: None,
        }
    }

    /// Whether a person has to say something about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let undecided = |copy: &ListedCopy| copy.standing != CopyStanding::Refused;
        self.waits_since.is_some() || self.copies.iter().any(undecided)
    }

    /// Whether it is on a number.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.bindings.iter().any(|binding| binding.ended_at.is_none())
    }
}

/// The kinds of facts that both have, and have otherwise.
fn different(one: &Evidence, other: &Evidence) -> Vec<FactKind> {
    let differs =
        |fact: &&Fact| other.0.iter().any(|there| there.kind == fact.kind && there.digest != fact.digest);
    one.0.iter().filter(differs).map(|fact| fact.kind).collect()
}

/// The hosts of a number: live ones first, and of them the one that called last.
pub fn hosts(rows: &Rows, number: &RegistrationNumber) -> Result<Vec<ListedHost>, Unable> {
    known(rows, number)?;
    let mut hosts: Vec<ListedHost> = rows.hosts.iter().map(|host| ListedHost::of(rows, host)).collect();
    hosts.sort_by_key(|host| (!host.is_bound(), std::cmp::Reverse(host.last_seen)));
    Ok(hosts)
}

/// Everything of a number. All its hosts are among the rows, and no others.
pub fn overview(rows: &Rows, number: &RegistrationNumber, now: UnixTime) -> Result<Overview, Unable> {
    let row = known(rows, number)?;
    let registration = row.registration.clone();
    Ok(Overview {
        number: row.number.as_str().to_owned(),
        customer: row.id.0.clone(),
        company: registration.company,
        email: registration.email,
        contact: registration.contact,
        phone: registration.phone,
        tax_id: registration.tax_id,
        created_at: row.created_at,
        suspended_at: row.suspended_at,
        grants: grants::list(rows, number, now)?,
        hosts: hosts(rows, number)?,
        bindings: list::list(rows, number, now).unwrap_or_default(),
    })
}

/// Everything of the host with that id.
pub fn host(rows: &Rows, id: &KeyId) -> Result<ListedHost, Unable> {
    let host = rows.hosts.iter().find(|host| host.key.id() == *id).ok_or(Unable::UnknownHost)?;
    Ok(ListedHost::of(rows, host))
}

#[cfg(test)]
mod tests {
    use license_core::api::Call;

    use super::{
        super::testing::{NOW, World, key, number, trial},
        *,
    };

    #[test]
    fn the_overview_has_everything_of_a_number() {
        let mut world = World::registered(1);
        world.ok(1, &trial(81));
        world.ok(2, &Call::Activate { number: number('A') });
        world.now.0 += 60;
        world.ok(2, &Call::Drop);
        let overview = overview(&world.rows, &number('A'), world.now).unwrap();
        assert_eq!((overview.number.as_str(), overview.company.as_str()), (number('A').as_str(), "Acme"));
        assert_eq!((overview.grants.len(), overview.bindings.len(), overview.suspended_at), (2, 2, None));
        let hosts: Vec<_> =
            overview.hosts.iter().map(|host| (host.host.clone(), host.bindings[0].ended_by)).collect();
        assert_eq!(hosts, [(key(1).id(), None), (key(2).id(), Some("reset"))]);
        assert_eq!(overview.hosts[0].may_run_until.0, NOW.0 + 37 * 24 * 3600);
        assert!(super::overview(&world.rows, &number('Z'), NOW).is_err());
    }

    #[test]
    fn host_and_copies_are_shown_with_what_each_of_them_holds() {
        let mut world = World::registered(1);
        let old = world.serial(1);
        world.ok(1, &Call::CheckIn);
        let held = world.serial(1);
        world.hold(1, old);
        for _ in 0..2 {
            world.now.0 += 60;
            world.decide_with(1, 2, &Call::CheckIn).unwrap();
        }
        let copy = (world.serial(1), None);
        world.now.0 += 60;
        world.hold(1, held);
        world.ok(1, &Call::CheckIn);
        let seen = |world: &World| {
            let shown = host(&world.rows, &key(1).id()).unwrap();
            let there = &shown.copies[0];
            assert_eq!(there.differs_in, [FactKind::ProductUuid]);
            assert_eq!(shown.copies.len(), 1);
            [(shown.serial, shown.host_seen), (there.serial, there.last_seen)]
        };
        let own = (world.serial(1), Some(world.now));
        assert_eq!(seen(&world), [own, copy], "a copy that did not call since");
        world.now.0 += 60;
        world.hold(1, copy.0);
        world.decide_with(1, 2, &Call::CheckIn).unwrap();
        assert_eq!(seen(&world), [own, (world.serial(1), Some(world.now))]);
    }

    #[test]
    fn a_host_is_shown_with_all_its_numbers() {
        let mut world = World::registered(1);
        world.register(2, "Other", 'B');
        world.now.0 += 60;
        world.ok(1, &Call::Activate { number: number('B') });
        let shown = host(&world.rows, &key(1).id()).unwrap();
        let bindings: Vec<_> =
            shown.bindings.iter().map(|binding| (binding.number.clone(), binding.ended_by)).collect();
        let [a, b] = ['A', 'B'].map(|letter| number(letter).as_str().to_owned());
        assert_eq!(bindings, [(b, None), (a, Some("left"))]);
        assert!(!shown.is_open() && shown.is_bound());
        assert_eq!(host(&world.rows, &key(3).id()), Err(Unable::UnknownHost));
    }
}
