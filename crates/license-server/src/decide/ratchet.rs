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
    /// The serial that the host quoted when it last changed its hardware, and the hardware before that: whoever
    /// quotes it again did not move.
    moved_from: Option<Abandoned>,
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
                let stayed = self.moved_from.take_if(|from| from.serial == quoted.serial);
                let before = stayed.map_or_else(|| known.clone(), |from| from.evidence);
                self.give_up(head, before);
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
        let evidence = std::mem::replace(known, quoted.evidence.clone());
        self.moved_from = Some(Abandoned { serial: quoted.serial, evidence });
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
mod tests;
