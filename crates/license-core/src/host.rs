//! Host evidence: what tells that two keys are on the same machine.
//!
//! A host *is* its key pair. Hardware facts are weighted evidence beside it, and leave the host only as
//! HMAC-SHA256 with a fixed application id, so that they cannot be compared with anything else.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::crypto::hex;
#[cfg(feature = "schema")]
use crate::json_schema;

/// The HMAC key. Fixed, so that a reinstalled host gives the same evidence; and our own, so that
/// another program's digests of the same facts do not match (machine-id(5) asks for that).
const APPLICATION_ID: &[u8] = b"licensed host evidence 5b1c1f0e-6f0b-4f4c-9d0b-0c1f8f7c2a11";

/// A kind of hardware fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// An id that a person configured; it stands alone.
    Configured,
    /// `/etc/machine-id`: of the installation.
    MachineId,
    /// DMI product UUID: of the machine, or of the virtual machine.
    ProductUuid,
    /// DMI board serial number.
    BoardSerial,
    /// Permanent address of a network interface.
    Nic,
    /// Serial number or world-wide id of a disk.
    Disk,
    /// A kind that a newer version knows.
    #[serde(other)]
    Unknown,
}

impl FactKind {
    /// The kinds that this version knows.
    #[cfg(feature = "schema")]
    pub(crate) const KNOWN: [Self; 6] =
        [Self::Configured, Self::MachineId, Self::ProductUuid, Self::BoardSerial, Self::Nic, Self::Disk];

    /// The kinds of hardware that a machine tells by itself.
    pub const HARDWARE: [Self; 5] =
        [Self::MachineId, Self::ProductUuid, Self::BoardSerial, Self::Nic, Self::Disk];

    /// What goes into the digest for this kind. It never changes: evidence would not match any more.
    const fn label(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::MachineId => "machine-id",
            Self::ProductUuid => "product-uuid",
            Self::BoardSerial => "board-serial",
            Self::Nic => "nic",
            Self::Disk => "disk",
            Self::Unknown => "unknown",
        }
    }

    /// How much a fact of this kind says. The product UUID outweighs the rest: it survives a
    /// reinstallation, and virtual machines have hardly anything else of their own. Disk and network
    /// interface are replaced, added and taken out in a machine's life: together they weigh less than any
    /// change that makes another machine of it, so that a daemon that does not read them yet and one that
    /// does are the same host.
    const fn weight(self) -> u32 {
        match self {
            Self::Configured => 8,
            Self::ProductUuid => 6,
            Self::MachineId => 4,
            Self::BoardSerial => 3,
            Self::Nic => 2,
            Self::Disk => 1,
            Self::Unknown => 0,
        }
    }
}

/// One fact, as it leaves the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fact {
    /// Its kind.
    pub kind: FactKind,
    /// HMAC-SHA256 of kind and value, in hex.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{64}$")))]
    pub digest: String,
}

impl Fact {
    /// The fact that `value` is this host's `kind`.
    #[must_use]
    pub fn new(kind: FactKind, value: &str) -> Self {
        // The kind is part of the message: equal values of different kinds are different facts.
        let message = format!("{}\0{}", kind.label(), value.trim().to_ascii_lowercase());
        let digest = Hmac::<Sha256>::new_from_slice(APPLICATION_ID)
            .map(|mac| hex(&mac.chain_update(message).finalize().into_bytes()))
            .unwrap_or_default();
        Self { kind, digest }
    }
}

/// What is known of a host's hardware. Empty in a container: there the key alone counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("maxItems" = MAX_FACTS, "allOf" = json_schema::each_kind_once())))]
#[serde(transparent)]
pub struct Evidence(pub Vec<Fact>);

/// The most facts of one host: the kinds of today, and room for those of tomorrow.
const MAX_FACTS: usize = 16;

/// The least common weight at which one host may go on in the place of another. A machine id and a disk
/// are below it: machines that were made from one image have the same.
const IDENTIFIES: u32 = 6;

impl Evidence {
    /// Whether both are of the same machine: more than half of the weight of the longer list matches.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.facts(), other.facts());
        common_weight(&ours, &theirs) * 2 > weight(&ours).max(weight(&theirs))
    }

    /// Whether they [match](Self::matches) by so much that one host may go on in the place of the other.
    #[must_use]
    pub fn identifies(&self, other: &Self) -> bool {
        self.matches(other) && common_weight(&self.facts(), &other.facts()) >= IDENTIFIES
    }

    /// Facts of which whoever [matches](Self::matches) shares one: the lightest ones, up to half of the
    /// weight, do not suffice without. A board serial that thousands have is seldom among them.
    #[must_use]
    pub fn deciding(&self) -> Vec<&Fact> {
        let mut facts: Vec<&Fact> = self.facts().into_iter().collect();
        facts.sort_by_key(|fact| fact.kind.weight());
        let total: u32 = facts.iter().map(|fact| fact.kind.weight()).sum();
        let mut lighter = 0;
        facts.retain(|fact| {
            lighter += fact.kind.weight();
            lighter * 2 > total
        });
        facts
    }

    /// Whether the same host cannot have both without a change of its hardware: of the kinds that both
    /// know, half of the weight or more is different. What only one knows says nothing.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.facts(), other.facts());
        let kinds: BTreeSet<FactKind> = theirs.iter().map(|fact| fact.kind).collect();
        let compared = ours.iter().filter(|fact| kinds.contains(&fact.kind));
        let total: u32 = compared.map(|fact| fact.kind.weight()).sum();
        total > 0 && common_weight(&ours, &theirs) * 2 <= total
    }

    /// Whether it is an id that somebody chose, and that somebody else may guess.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.0.iter().any(|fact| fact.kind == FactKind::Configured)
    }

    /// Whether each fact is a digest, and of a kind of its own: whoever sends it may send anything. Kinds
    /// that a newer version knows cannot be told apart; there are a few of them at most.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_digest = |text: &str| text.len() == 64 && text.bytes().all(is_digit);
        let known = self.0.iter().map(|fact| fact.kind).filter(|kind| *kind != FactKind::Unknown);
        let kinds: BTreeSet<FactKind> = known.clone().collect();
        kinds.len() == known.count()
            && self.0.len() <= MAX_FACTS
            && self.0.iter().all(|fact| is_digest(&fact.digest))
    }

    /// The facts, each once.
    fn facts(&self) -> BTreeSet<&Fact> {
        self.0.iter().collect()
    }
}

fn weight(facts: &BTreeSet<&Fact>) -> u32 {
    facts.iter().map(|fact| fact.kind.weight()).sum()
}

fn common_weight(ours: &BTreeSet<&Fact>, theirs: &BTreeSet<&Fact>) -> u32 {
    ours.intersection(theirs).map(|fact| fact.kind.weight()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(facts: &[(FactKind, &str)]) -> Evidence {
        Evidence(facts.iter().map(|(kind, value)| Fact::new(*kind, value)).collect())
    }

    #[test]
    fn most_facts_must_match() {
        use FactKind::{BoardSerial, Configured, MachineId, ProductUuid};
        let host = evidence(&[(MachineId, "m1"), (ProductUuid, "P1"), (BoardSerial, "b1")]);
        let cases = [
            ("the same", evidence(&[(MachineId, "m1"), (ProductUuid, "p1\n"), (BoardSerial, "b1")]), true),
            ("reinstalled", evidence(&[(MachineId, "m2"), (ProductUuid, "p1"), (BoardSerial, "b1")]), true),
            ("cloned disk", evidence(&[(MachineId, "m1"), (ProductUuid, "p2"), (BoardSerial, "b2")]), false),
            ("swapped kinds", evidence(&[(MachineId, "p1"), (ProductUuid, "m1")]), false),
            ("nothing known", evidence(&[]), false),
            ("another kind of host", evidence(&[(Configured, "m1")]), false),
        ];
        for (name, other, same) in cases {
            assert_eq!(host.matches(&other), same, "{name}");
            assert_eq!(other.matches(&host), same, "{name}, the other way round");
        }
        assert!(!evidence(&[]).matches(&evidence(&[])), "two containers are not the same host");
    }

    /// What a machine can tell, with disk `disk` and network interface `nic`.
    fn whole(machine: &str, disk: &str, nic: &str) -> Evidence {
        use FactKind::{BoardSerial, Disk, MachineId, Nic, ProductUuid};
        evidence(&[
            (MachineId, machine),
            (ProductUuid, machine),
            (BoardSerial, machine),
            (Disk, disk),
            (Nic, nic),
        ])
    }

    /// The evidence without some kinds.
    fn without(it: &Evidence, kinds: &[FactKind]) -> Evidence {
        Evidence(it.0.iter().filter(|fact| !kinds.contains(&fact.kind)).cloned().collect())
    }

    #[test]
    fn another_disk_or_network_interface_makes_no_other_machine() {
        use FactKind::{BoardSerial, MachineId};
        let host = whole("a", "d1", "n1");
        for changed in [whole("a", "d2", "n1"), whole("a", "d1", "n2"), whole("a", "d2", "n2")] {
            assert!(host.identifies(&changed) && !host.contradicts(&changed), "{changed:?}");
            let reinstalled = Evidence(
                without(&changed, &[MachineId]).0.into_iter().chain([Fact::new(MachineId, "new")]).collect(),
            );
            assert!(host.identifies(&reinstalled), "{reinstalled:?}");
        }
        // The disk moved, and its machine id with it.
        let moved = Evidence(
            without(&whole("b", "d1", "n2"), &[MachineId])
                .0
                .into_iter()
                .chain([Fact::new(MachineId, "a")])
                .collect(),
        );
        assert!(!host.matches(&moved) && host.contradicts(&moved));
        let virtual_host = without(&host, &[BoardSerial]);
        assert!(!virtual_host.matches(&moved), "so it is without a board serial");
    }

    #[test]
    fn a_daemon_that_reads_more_is_the_same_host() {
        use FactKind::{BoardSerial, Disk, MachineId, Nic, ProductUuid};
        let new = whole("a", "d", "n");
        let unreadable: [&[FactKind]; 4] =
            [&[], &[BoardSerial], &[ProductUuid, BoardSerial], &[MachineId, BoardSerial]];
        for kinds in unreadable {
            let (new, old) = (without(&new, kinds), without(&new, &[kinds, &[Disk, Nic]].concat()));
            for (one, other) in [(&old, &new), (&new, &old)] {
                assert!(one.matches(other) && !one.contradicts(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn whoever_matches_shares_a_deciding_fact() {
        use FactKind::{BoardSerial, Configured, Disk, MachineId, Nic, ProductUuid, Unknown};
        let kinds = [Configured, MachineId, ProductUuid, BoardSerial, Nic, Disk, Unknown];
        let facts = kinds.map(|kind| ["same", "other"].map(|value| Fact::new(kind, value)));
        // Of each kind one knows nothing or a value, and the other nothing, the same or another one.
        let chosen = |mut number: usize, choices: usize| {
            let facts = facts.iter().filter_map(|values| {
                let value = number % choices;
                number /= choices;
                value.checked_sub(1).map(|at| values[at].clone())
            });
            Evidence(facts.collect())
        };
        let others: Vec<Evidence> = (0..3_usize.pow(7)).map(|number| chosen(number, 3)).collect();
        for one in (0..2_usize.pow(7)).map(|number| chosen(number, 2)) {
            let deciding = one.deciding();
            for other in others.iter().filter(|other| one.matches(other)) {
                assert!(other.0.iter().any(|fact| deciding.contains(&fact)), "{one:?} {other:?}");
            }
        }
        let host = evidence(&[(MachineId, "m"), (ProductUuid, "p"), (BoardSerial, "Default string")]);
        assert!(host.deciding().iter().all(|fact| fact.kind != BoardSerial), "it alone says too little");
    }

    #[test]
    fn only_facts_that_both_know_contradict() {
        use FactKind::{BoardSerial, Configured, MachineId, ProductUuid};
        let host = evidence(&[(MachineId, "m1"), (ProductUuid, "p1"), (BoardSerial, "b1")]);
        let cases = [
            ("the same", evidence(&[(MachineId, "m1"), (ProductUuid, "p1"), (BoardSerial, "b1")]), false),
            ("less is readable", evidence(&[(MachineId, "m1")]), false),
            ("nothing is readable", evidence(&[]), false),
            ("another kind of host", evidence(&[(Configured, "m1")]), false),
            ("reinstalled", evidence(&[(MachineId, "m2"), (ProductUuid, "p1"), (BoardSerial, "b1")]), false),
            ("disk in another one", evidence(&[(MachineId, "m1"), (ProductUuid, "p2")]), true),
            ("all is new", evidence(&[(MachineId, "m2"), (ProductUuid, "p2"), (BoardSerial, "b2")]), true),
        ];
        for (name, other, contradicts) in cases {
            assert_eq!(host.contradicts(&other), contradicts, "{name}");
            assert_eq!(other.contradicts(&host), contradicts, "{name}, the other way round");
        }
        assert!(!evidence(&[]).contradicts(&evidence(&[])));
    }

    #[test]
    fn a_repeated_fact_counts_once() {
        use FactKind::{BoardSerial, MachineId, ProductUuid};
        let host = evidence(&[(MachineId, "m"), (ProductUuid, "p"), (BoardSerial, "same everywhere")]);
        let repeated = evidence(&[(BoardSerial, "same everywhere"); 16]);
        assert!(!host.matches(&repeated) && !repeated.matches(&host));
        assert!(host.is_well_formed() && !repeated.is_well_formed());
        assert!(!Evidence(vec![Fact { kind: MachineId, digest: "x".repeat(60_000) }]).is_well_formed());
    }

    #[test]
    fn a_machine_id_and_a_disk_are_no_reason_to_take_a_place() {
        use FactKind::{Configured, Disk, MachineId, Nic, ProductUuid};
        for copied in [&[(MachineId, "of the image")][..], &[(Disk, "d")], &[(MachineId, "m"), (Disk, "d")]] {
            let copied = evidence(copied);
            assert!(copied.matches(&copied) && !copied.identifies(&copied), "{copied:?}");
        }
        let hosts = [&[(ProductUuid, "p")][..], &[(Configured, "pbx-7")], &[(MachineId, "m"), (Nic, "n")]];
        for one in hosts.map(evidence) {
            assert!(one.identifies(&one), "{one:?}");
        }
    }

    #[test]
    fn a_fact_does_not_show_its_value() {
        let fact = Fact::new(FactKind::MachineId, "0123456789abcdef0123456789abcdef");
        assert_eq!(fact.digest.len(), 64);
        assert!(!fact.digest.contains("0123456789abcdef"));
    }
}
