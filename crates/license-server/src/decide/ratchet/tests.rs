//! Who asks under the key of a host, by the serials and the hardware that are quoted.

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
fn a_copy_that_calls_before_its_original_does_not_take_its_place() {
    let mut key = Key::new();
    let mut host = Machine(0, "P");
    key.works(&mut host);
    key.works(&mut host);
    let mut copy = Machine(host.0, "Q");
    assert_eq!(
        key.call(&mut copy),
        (Caller::Host, Some(Finding::Moved)),
        "it may be the host on new hardware"
    );
    let mut found = None;
    for _ in 0..2 {
        let (caller, finding) = key.call(&mut host);
        assert_eq!(caller, Caller::Host, "the host works on");
        found = found.or(finding.filter(|finding| matches!(finding, Finding::Copies { .. })));
        key.call(&mut copy);
    }
    assert!(matches!(found, Some(Finding::Copies { differs: true, .. })), "{found:?}");
    for _ in 0..2 {
        assert_eq!(key.call(&mut copy).0, pending());
        key.works(&mut host);
    }
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
