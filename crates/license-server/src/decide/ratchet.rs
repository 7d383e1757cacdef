//! The clone ratchet: copies of a host are found by the serials that they hold (design, section 4).
//!
//! Each answer to a host carries a new serial, and each request the one that the host holds. A host that
//! holds an older one was rolled back, or lost an answer. If the serial that it gave up is held by
//! somebody after all, two copies are live.

use std::time::Duration;

use license_core::host::Evidence;
use license_types::UnixTime;
use serde::{Deserialize, Serialize};

/// How often a host may change its hardware within [`MOVES_COUNTED`] without a person's word.
const MAX_MOVES: usize = 3;

/// How long a change of hardware is counted: as long as the lease of what it left behind counts.
const MOVES_COUNTED: Duration = Duration::from_hours(30 * 24);

/// The most serials that are remembered as given up; each lost answer leaves one behind.
const MAX_ABANDONED: usize = 4;

/// The most copies that are told apart.
const MAX_COPIES: usize = 4;

/// What is known of the copies of a host key. Empty for nearly every host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ratchet {
    /// The serial that the host itself holds; 0 while the last one of the key is its.
    head: u64,
    /// Whether a serial was quoted that was issued after the last rollback.
    confirmed: bool,
    /// Serials that were given up.
    abandoned: Vec<Abandoned>,
    /// The last call of the host itself, since copies are told from it.
    head_seen: Option<UnixTime>,
    /// Copies beside the host itself.
    pub copies: Vec<HostCopy>,
    /// When the host changed its hardware.
    moves: Vec<UnixTime>,
    /// Since when the host waits for a person's word, since it changed its hardware too often.
    pub waits_since: Option<UnixTime>,
}

/// A serial that was given up by a rollback or a lost answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Abandoned {
    serial: u64,
    /// The hardware of the host before that.
    evidence: Evidence,
}

/// A copy of a host, under the same key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCopy {
    /// The serial that it holds.
    pub serial: u64,
    /// Its hardware.
    pub evidence: Evidence,
    /// When it was found.
    pub since: UnixTime,
    /// Its last call, since it is told from the host.
    pub last_seen: Option<UnixTime>,
    /// How it stands.
    pub standing: CopyStanding,
}

/// How a copy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyStanding {
    /// Its hardware is another one: it waits for a person's word.
    Pending,
    /// Its hardware is the same: it works on, with a warning.
    Duplicate,
    /// A person refused it.
    Refused,
}

/// Who asks under a host's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The host itself.
    Host,
    /// A copy of it.
    Copy(CopyStanding),
    /// The host itself, after too many changes of its hardware.
    Restless,
}

/// What a request shows beside who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The host has other hardware.
    Moved,
    /// The host has other hardware once too often.
    TooManyMoves,
    /// Two copies are live; the serial that the copy holds, and whether its hardware differs.
    Copies {
        /// The serial that the copy holds.
        serial: u64,
        /// Whether its hardware differs.
        differs: bool,
    },
}

/// A request as the ratchet sees it.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a> {
    /// The serial that the caller proves it holds; 0 for none.
    pub serial: u64,
    /// Its hardware.
    pub evidence: &'a Evidence,
    /// The serial of the last statement to the key.
    pub last: u64,
    /// The serial of the answer.
    pub next: u64,
    /// When.
    pub now: UnixTime,
}

impl Ratchet {
    /// The serial that the host itself holds, where `last` is the last one of its key.
    #[must_use]
    pub fn held_by_host(&self, last: u64) -> u64 {
        if self.head == 0 { last } else { self.head }
    }

    /// The last call of the host itself, where `last` is that of its key; `None` if only copies called since.
    #[must_use]
    pub fn host_seen(&self, last: UnixTime) -> Option<UnixTime> {
        if self.copies.is_empty() { Some(last) } else { self.head_seen }
    }

    /// Takes a request to a host whose hardware is known as `known`, which becomes what is known then.
    pub fn turn(&mut self, known: &mut Evidence, quoted: Quoted<'_>) -> (Caller, Option<Finding>) {
        let head = self.held_by_host(quoted.last);
        if quoted.serial == head || quoted.serial > quoted.last {
            self.confirmed = true;
            return self.goes_on(known, quoted);
        }
        if let Some(standing) = self.copy_of(known, quoted) {
            self.head = head;
            return (Caller::Copy(standing), None);
        }
        let given_up = self.abandoned.iter().position(|row| row.serial == quoted.serial);
        match given_up.map(|index| self.abandoned.remove(index)) {
            Some(fork) if self.confirmed => self.two_are_live(known, head, &fork.evidence, quoted),
            // Its serial was taken for given up, and nobody was seen with the one that was issued instead.
            Some(fork) => {
                known.clone_from(&fork.evidence);
                self.give_up(head, fork.evidence);
                self.confirmed = true;
                self.goes_on(known, quoted)
            }
            None => {
                self.give_up(head, known.clone());
                self.confirmed = false;
                self.goes_on(known, quoted)
            }
        }
    }

    /// The host itself has the answer.
    fn goes_on(&mut self, known: &mut Evidence, quoted: Quoted<'_>) -> (Caller, Option<Finding>) {
        let held = if self.copies.is_empty() { (0, None) } else { (quoted.next, Some(quoted.now)) };
        (self.head, self.head_seen) = held;
        if !known.contradicts(quoted.evidence) {
            self.waits_since = None;
            known.clone_from(quoted.evidence);
            return (Caller::Host, None);
        }
        self.moves.retain(|at| quoted.now < at.saturating_add(MOVES_COUNTED));
        if self.waits_since.is_some() || self.moves.len() >= MAX_MOVES {
            let is_new = self.waits_since.is_none();
            self.waits_since.get_or_insert(quoted.now);
            return (Caller::Restless, is_new.then_some(Finding::TooManyMoves));
        }
        self.moves.push(quoted.now);
        self.waits_since = None;
        known.clone_from(quoted.evidence);
        (Caller::Host, Some(Finding::Moved))
    }

    /// How the caller stands if it is a copy that is known. One that lost an answer is known by its
    /// hardware, where that tells it from the host.
    fn copy_of(&mut self, known: &Evidence, quoted: Quoted<'_>) -> Option<CopyStanding> {
        let by_serial = self.copies.iter().position(|copy| copy.serial == quoted.serial);
        let by_hardware = || {
            let differs = known.contradicts(quoted.evidence);
            self.copies.iter().position(|copy| differs && !copy.evidence.contradicts(quoted.evidence))
        };
        let index = by_serial.or_else(by_hardware)?;
        let copy = self.copies.get_mut(index)?;
        copy.serial = quoted.next;
        copy.last_seen = Some(quoted.now);
        Some(copy.standing)
    }

    /// The caller holds what was given up, and somebody else what was issued instead. Who has the
    /// hardware from before that is the host.
    fn two_are_live(
        &mut self,
        known: &mut Evidence,
        head: u64,
        before: &Evidence,
        quoted: Quoted<'_>,
    ) -> (Caller, Option<Finding>) {
        let (caller_differs, other_differs) =
            (before.contradicts(quoted.evidence), before.contradicts(known));
        let copy = |serial, evidence: &Evidence, last_seen, standing| {
            let (evidence, since) = (evidence.clone(), quoted.now);
            HostCopy { serial, evidence, since, last_seen, standing }
        };
        let (serial, differs, caller) = if other_differs && !caller_differs {
            self.add_copy(copy(head, known, self.head_seen, CopyStanding::Pending));
            (self.head, self.head_seen) = (quoted.next, Some(quoted.now));
            known.clone_from(quoted.evidence);
            (head, true, Caller::Host)
        } else {
            let differs = caller_differs && !other_differs;
            let standing = if differs { CopyStanding::Pending } else { CopyStanding::Duplicate };
            self.add_copy(copy(quoted.next, quoted.evidence, Some(quoted.now), standing));
            self.head = head;
            (quoted.next, differs, Caller::Copy(standing))
        };
        (caller, Some(Finding::Copies { serial, differs }))
    }

    fn give_up(&mut self, serial: u64, evidence: Evidence) {
        if serial == 0 {
            return;
        }
        self.abandoned.push(Abandoned { serial, evidence });
        if self.abandoned.len() > MAX_ABANDONED {
            self.abandoned.remove(0);
        }
    }

    /// A copy that a person refused is forgotten last.
    fn add_copy(&mut self, copy: HostCopy) {
        if self.copies.len() >= MAX_COPIES {
            let undecided = self.copies.iter().position(|copy| copy.standing != CopyStanding::Refused);
            self.copies.remove(undecided.unwrap_or(0));
        }
        self.copies.push(copy);
    }

    /// A person lets the host go on with the hardware that it has now; `false` if it does not wait for that.
    pub fn accept_moves(&mut self) -> bool {
        self.moves.clear();
        self.waits_since.take().is_some()
    }

    /// A person says that the copy with that serial is the host; what was the host is refused.
    /// `false` if there is no such copy.
    pub fn accept_copy(&mut self, serial: u64, known: &mut Evidence, last: u64, now: UnixTime) -> bool {
        let Some(index) = self.copies.iter().position(|copy| copy.serial == serial) else { return false };
        let accepted = self.copies.remove(index);
        let serial = self.held_by_host(last);
        let evidence = std::mem::replace(known, accepted.evidence);
        let (since, last_seen, standing) = (now, self.head_seen, CopyStanding::Refused);
        self.add_copy(HostCopy { serial, evidence, since, last_seen, standing });
        (self.head, self.head_seen) = (accepted.serial, accepted.last_seen);
        true
    }

    /// A person refuses the copy with that serial; `false` if there is none.
    pub fn refuse_copy(&mut self, serial: u64) -> bool {
        let copy = self.copies.iter_mut().find(|copy| copy.serial == serial);
        copy.map(|copy| copy.standing = CopyStanding::Refused).is_some()
    }
}

#[cfg(test)]
mod tests {
    use license_core::host::{Fact, FactKind};

    use super::*;

    fn hardware(name: &str) -> Evidence {
        Evidence(vec![Fact::new(FactKind::ProductUuid, name)])
    }

    /// A host key with its serials, and copies of the host that call under it.
    struct Key {
        ratchet: Ratchet,
        known: Evidence,
        last: u64,
        now: UnixTime,
    }

    /// A machine: the serial that it holds, and its hardware.
    #[derive(Clone)]
    struct Machine(u64, &'static str);

    impl Key {
        fn new() -> Self {
            let (ratchet, known) = (Ratchet::default(), Evidence::default());
            Self { ratchet, known, last: 0, now: UnixTime(0) }
        }

        /// The machine calls, but the answer is lost.
        fn lose(&mut self, machine: &Machine) -> (Caller, Option<Finding>) {
            let evidence = hardware(machine.1);
            let (last, next, now) = (self.last, self.last + 1, self.now);
            let quoted = Quoted { serial: machine.0, evidence: &evidence, last, next, now };
            self.last += 1;
            self.ratchet.turn(&mut self.known, quoted)
        }

        fn call(&mut self, machine: &mut Machine) -> (Caller, Option<Finding>) {
            let turned = self.lose(machine);
            machine.0 = self.last;
            turned
        }

        fn works(&mut self, machine: &mut Machine) {
            assert_eq!(self.call(machine), (Caller::Host, None), "{} at {}", machine.1, machine.0);
        }
    }

    fn pending() -> Caller {
        Caller::Copy(CopyStanding::Pending)
    }

    fn duplicate() -> Caller {
        Caller::Copy(CopyStanding::Duplicate)
    }

    /// A host that called a few times, and a copy of it from before that.
    fn copied(onto: &'static str) -> (Key, Machine, Machine) {
        let (mut key, mut host) = (Key::new(), Machine(0, "a"));
        key.works(&mut host);
        let copy = Machine(host.0, onto);
        for _ in 0..3 {
            key.works(&mut host);
        }
        (key, host, copy)
    }

    #[test]
    fn a_host_that_goes_on_leaves_nothing_behind() {
        let (key, _, _) = copied("a");
        assert_eq!(key.ratchet, Ratchet { confirmed: true, ..Ratchet::default() });
    }

    #[test]
    fn a_snapshot_that_is_restored_goes_on() {
        let (mut key, _, mut restored) = copied("a");
        for _ in 0..10 {
            key.works(&mut restored);
        }
        assert_eq!(key.ratchet.copies, []);
    }

    #[test]
    fn lost_answers_make_no_copy() {
        let (mut key, mut host, _) = copied("a");
        for lost in 0..20 {
            for _ in 0..lost {
                assert_eq!(key.lose(&host), (Caller::Host, None));
            }
            key.works(&mut host);
        }
        // The request that was given up arrives after the one that was made instead of it.
        let late = host.clone();
        key.works(&mut host);
        assert_eq!(key.lose(&late), (Caller::Host, None));
        for _ in 0..10 {
            key.works(&mut host);
        }
        assert_eq!(key.ratchet.copies, []);
    }

    #[test]
    fn a_copy_on_other_hardware_waits_and_the_host_works_on() {
        let (mut key, mut host, mut copy) = copied("b");
        assert_eq!(key.call(&mut copy), (Caller::Host, Some(Finding::Moved)), "nobody can know yet");
        key.works(&mut copy);
        let serial = copy.0;
        let found = Some(Finding::Copies { serial, differs: true });
        assert_eq!(key.call(&mut host), (Caller::Host, found));
        for _ in 0..5 {
            assert_eq!(key.call(&mut copy), (pending(), None));
            key.works(&mut host);
            assert_eq!(key.lose(&copy), (pending(), None), "also after a lost answer");
            assert_eq!(key.lose(&host), (Caller::Host, None));
            key.works(&mut host);
        }
        assert_eq!(key.ratchet.copies.len(), 1);
    }

    #[test]
    fn machines_that_take_turns_are_found_by_the_hardware_from_before() {
        let (mut key, mut host, mut copy) = copied("b");
        assert_eq!(key.call(&mut copy).1, Some(Finding::Moved));
        key.works(&mut host);
        let (caller, found) = key.call(&mut copy);
        assert_eq!((caller, found), (pending(), Some(Finding::Copies { serial: copy.0, differs: true })));
        key.works(&mut host);
    }

    #[test]
    fn copies_on_the_same_hardware_work_on_with_a_warning() {
        let (mut key, mut host, mut copy) = copied("a");
        key.works(&mut copy);
        key.works(&mut copy);
        let (caller, found) = key.call(&mut host);
        assert_eq!((caller, found), (duplicate(), Some(Finding::Copies { serial: host.0, differs: false })));
        for _ in 0..5 {
            key.works(&mut copy);
            assert_eq!(key.call(&mut host), (duplicate(), None));
        }
    }

    #[test]
    fn a_disk_that_moves_alone_is_an_honest_move() {
        let (mut key, mut host, _) = copied("a");
        host.1 = "b";
        assert_eq!(key.call(&mut host), (Caller::Host, Some(Finding::Moved)));
        key.works(&mut host);
    }

    #[test]
    fn the_fourth_move_in_30_days_waits_for_a_persons_word() {
        let (mut key, mut host, _) = copied("a");
        for hardware in ["b", "c", "d"] {
            host.1 = hardware;
            assert_eq!(key.call(&mut host), (Caller::Host, Some(Finding::Moved)));
        }
        host.1 = "e";
        assert_eq!(key.call(&mut host), (Caller::Restless, Some(Finding::TooManyMoves)));
        key.now.0 += 31 * 24 * 3600;
        assert_eq!(key.call(&mut host), (Caller::Restless, None), "it waits, however long");
        host.1 = "d";
        key.works(&mut host);
        host.1 = "e";
        assert_eq!(key.call(&mut host), (Caller::Host, Some(Finding::Moved)), "30 days later");
        assert!(!key.ratchet.accept_moves(), "it does not wait");
    }

    #[test]
    fn a_person_lets_a_host_move_on() {
        let (mut key, mut host, _) = copied("a");
        for hardware in ["b", "c", "d", "e"] {
            host.1 = hardware;
            key.call(&mut host);
        }
        assert!(key.ratchet.accept_moves());
        assert_eq!(key.call(&mut host), (Caller::Host, Some(Finding::Moved)));
        key.works(&mut host);
    }

    #[test]
    fn a_person_decides_about_a_copy() {
        for accept in [true, false] {
            let (mut key, mut host, mut copy) = copied("b");
            key.call(&mut copy);
            key.works(&mut copy);
            key.call(&mut host);
            let (last, now) = (key.last, key.now);
            if accept {
                assert!(key.ratchet.accept_copy(copy.0, &mut key.known, last, now));
            } else {
                assert!(key.ratchet.refuse_copy(copy.0));
            }
            let refused = Caller::Copy(CopyStanding::Refused);
            for _ in 0..3 {
                let (hosts, copies) = (key.call(&mut host), key.call(&mut copy));
                let expected = if accept { (refused, Caller::Host) } else { (Caller::Host, refused) };
                assert_eq!((hosts, copies), ((expected.0, None), (expected.1, None)), "accept: {accept}");
            }
        }
        assert!(!Ratchet::default().refuse_copy(7));
        assert!(!Ratchet::default().accept_copy(7, &mut Evidence::default(), 9, UnixTime(0)));
    }

    #[test]
    fn however_many_copies_call_little_is_kept() {
        let (mut key, host, _) = copied("a");
        let mut machines: Vec<Machine> = (0..30).map(|_| host.clone()).collect();
        for round in 0..300 {
            let index = (round * 7) % machines.len();
            key.call(&mut machines[index]);
        }
        assert!(serde_json::to_string(&key.ratchet).unwrap().len() < 4096);
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let (mut key, mut host, mut copy) = copied("b");
        key.call(&mut copy);
        key.works(&mut copy);
        key.call(&mut host);
        let stored = serde_json::to_string(&key.ratchet).unwrap();
        assert_eq!(serde_json::from_str::<Ratchet>(&stored).unwrap(), key.ratchet);
        assert_eq!(serde_json::from_str::<Ratchet>("{}").unwrap(), Ratchet::default());
    }
}
