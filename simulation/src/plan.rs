//! What happens to a run and when, drawn before it starts: faults of every kind, and what people do meanwhile.

use license_types::FeatureId;

use crate::{
    clock::{DAY, HOUR, MINUTE, Moment, SECOND},
    disk::Which,
    network::Weather,
};

/// Features of the simulated customers, with the product that gives them: MikoPBX itself, two that are bought,
/// the second of which ends, and one that is had by a coupon.
pub(crate) const MIKOPBX: FeatureId = FeatureId(33);
pub(crate) const BOUGHT: FeatureId = FeatureId(45);
pub(crate) const ENDING: FeatureId = FeatureId(50);
pub(crate) const BY_COUPON: FeatureId = FeatureId(54);
pub(crate) const FEATURES: [FeatureId; 4] = [MIKOPBX, BOUGHT, ENDING, BY_COUPON];

/// When everybody is registered and has its seats.
const SETTLED: u64 = 30 * MINUTE;

/// The last faults of a restored server end this long before all others do: every host has called by then.
const AFTER_RESTORE: u64 = 10 * HOUR;

/// By how much wall clocks jump, in seconds.
const TEN_YEARS: i64 = 10 * 365 * 24 * 3600;

/// What a person wants of a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Register,
    Activate { number: usize },
    Recheck,
    Capture { feature: FeatureId, reclaim: bool },
    Release { feature: FeatureId },
    Coupon,
}

/// Something that happens from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    // Faults.
    Weather { host: usize, weather: Weather, span: u64 },
    ServerDown { span: u64 },
    BackUp,
    Restore,
    PowerCut { host: usize, off: u64, torn: Vec<Which>, wall_error: Option<i64> },
    Kill { host: usize, down: u64 },
    StopAtWrite { host: usize, after: u32 },
    WallJump { host: usize, error: i64 },
    Suspend { host: usize, span: u64 },
    DiskFull { host: usize, room: u32, span: u64 },
    DiskFree { host: usize },
    Snapshot { host: usize },
    Revert { host: usize, with_memory: bool },
    Copy { host: usize, same_hardware: bool },
    Move { host: usize },
    Reinstall { host: usize },
    Rumour { host: usize },
    // What people do.
    Wish { host: usize, wish: Wish },
    Reset { host: usize },
    Sell,
    DropHost { host: usize },
    DropSeat { seat: usize, for_good: bool },
    Suspended { number: usize, is: bool },
}

/// A run before it starts.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) hosts: usize,
    pub(crate) numbers: usize,
    /// Seats of the bought feature, and of MikoPBX.
    pub(crate) seats: [u32; 2],
    /// After how many days the ending feature ends.
    pub(crate) days: u32,
    pub(crate) deeds: Vec<(Moment, Deed)>,
    pub(crate) faults_end: Moment,
}

impl Plan {
    /// The plan of a seed.
    pub(crate) fn draw(chance: &mut fastrand::Rng) -> Self {
        let hosts = chance.usize(2..=4);
        let span = match chance.u32(..20) {
            0..13 => chance.u64(DAY..3 * DAY),
            13..19 => chance.u64(3 * DAY..9 * DAY),
            // Long enough for a lease to end.
            _ => chance.u64(34 * DAY..45 * DAY),
        };
        let mut plan = Self {
            hosts,
            numbers: if hosts > 2 { chance.usize(1..=2) } else { 1 },
            seats: [chance.u32(1..=2), chance.u32(1..=4)],
            days: chance.u32(1..5),
            deeds: Vec::new(),
            faults_end: Moment(SETTLED + span),
        };
        plan.settle(chance);
        let count = chance.usize(6..24);
        // Copies, moves and reinstallations of one host mean nothing together; one run has one of them.
        let kind = chance.u32(..6);
        if kind == 1 {
            plan.restore(chance);
        }
        for _ in 0..count {
            let at = Moment(SETTLED).after(chance.u64(..span));
            plan.fault(at, kind, chance);
        }
        for _ in 0..chance.usize(..8) {
            let at = Moment(SETTLED).after(chance.u64(..span));
            plan.wish(at, chance);
        }
        if kind == 0 {
            let (host, same_hardware) = (chance.usize(..hosts), chance.bool());
            plan.add(Moment(SETTLED).after(chance.u64(..span)), Deed::Copy { host, same_hardware });
        }
        plan.deeds.retain(|(at, _)| *at < plan.faults_end);
        plan.deeds.sort_by_key(|(at, _)| *at);
        plan
    }

    fn add(&mut self, at: Moment, deed: Deed) {
        self.deeds.push((at, deed));
    }

    /// In fine weather everybody registers and takes seats.
    fn settle(&mut self, chance: &mut fastrand::Rng) {
        let last = self.hosts - 1;
        self.add(Moment(MINUTE), Deed::Wish { host: 0, wish: Wish::Register });
        if self.numbers == 2 {
            self.add(Moment(2 * MINUTE), Deed::Wish { host: last, wish: Wish::Register });
        }
        self.add(Moment(4 * MINUTE), Deed::Sell);
        for host in 1..self.hosts {
            if host < last || self.numbers == 1 {
                let at = Moment(5 * MINUTE).after(host as u64 * 20 * SECOND);
                self.add(at, Deed::Wish { host, wish: Wish::Activate { number: 0 } });
            }
        }
        for host in 0..self.hosts {
            for feature in [MIKOPBX, BOUGHT, ENDING] {
                let at = Moment(10 * MINUTE).after(chance.u64(..5 * MINUTE));
                self.add(at, Deed::Wish { host, wish: Wish::Capture { feature, reclaim: false } });
            }
        }
    }

    fn restore(&mut self, chance: &mut fastrand::Rng) {
        let span = self.faults_end.0 - SETTLED;
        let backup = Moment(SETTLED).after(chance.u64(..span / 2));
        let restored = backup.after(chance.u64(5 * MINUTE..span / 3));
        // A seat that is given between the two has to be proved by its host.
        let host = chance.usize(..self.hosts);
        let (release, capture) =
            (Wish::Release { feature: MIKOPBX }, Wish::Capture { feature: MIKOPBX, reclaim: true });
        self.add(backup, Deed::Wish { host, wish: release });
        self.add(backup.after(MINUTE), Deed::BackUp);
        self.add(backup.after(2 * MINUTE), Deed::Wish { host, wish: capture });
        self.add(restored, Deed::Restore);
        self.faults_end = Moment(self.faults_end.0.max(restored.after(AFTER_RESTORE).0));
    }

    fn fault(&mut self, at: Moment, kind: u32, chance: &mut fastrand::Rng) {
        let host = chance.usize(..self.hosts);
        let (left, long) = (self.faults_end.0.saturating_sub(at.0).max(SECOND), chance.u32(..4) == 0);
        let span = chance.u64(SECOND..if long { 7 * DAY } else { 6 * HOUR }).min(left);
        let ten_years = if chance.bool() { TEN_YEARS } else { -TEN_YEARS };
        let deed = match chance.u32(..22) {
            0..7 => Deed::Weather { host, weather: Weather::BAD[chance.usize(..Weather::BAD.len())], span },
            7 => Deed::ServerDown { span: span.min(12 * HOUR) },
            8 | 9 => {
                let mut torn = [Which::Current, Which::Previous, Which::Clock].to_vec();
                torn.retain(|_| chance.u32(..3) == 0);
                let wall_error = (chance.u32(..3) == 0).then_some(ten_years);
                Deed::PowerCut { host, off: span, torn, wall_error }
            }
            10 => Deed::Kill { host, down: span.min(10 * MINUTE) },
            11 | 12 => Deed::StopAtWrite { host, after: chance.u32(..3) },
            13 => Deed::WallJump { host, error: ten_years },
            14 | 15 => Deed::Suspend { host, span: if chance.bool() { (7 * DAY).min(left) } else { span } },
            16 => Deed::DiskFull { host, room: chance.u32(..3), span },
            17 | 18 => {
                self.add(at, Deed::Snapshot { host });
                let with_memory = chance.bool();
                return self.add(at.after(span), Deed::Revert { host, with_memory });
            }
            // A host that moves more often waits for a person's word, and a snapshot moves it back.
            19 if kind == 2 && !self.deeds.iter().any(|(_, deed)| matches!(deed, Deed::Move { .. })) => {
                Deed::Move { host }
            }
            20 if kind == 3 => {
                self.add(at, Deed::Reinstall { host });
                let wish =
                    Wish::Activate { number: if host + 1 == self.hosts { self.numbers - 1 } else { 0 } };
                return self.add(at.after(chance.u64(MINUTE..HOUR)), Deed::Wish { host, wish });
            }
            _ => Deed::Rumour { host },
        };
        self.add(at, deed);
    }

    fn wish(&mut self, at: Moment, chance: &mut fastrand::Rng) {
        let host = chance.usize(..self.hosts);
        let feature = FEATURES[chance.usize(..FEATURES.len())];
        let wish = match chance.u32(..14) {
            0 => Wish::Recheck,
            1..5 => Wish::Capture { feature, reclaim: chance.bool() },
            5 | 6 => Wish::Release { feature },
            7 => Wish::Coupon,
            8 => Wish::Activate { number: chance.usize(..self.numbers) },
            9 => {
                self.add(at, Deed::Reset { host });
                let wish = Wish::Activate { number: chance.usize(..self.numbers) };
                return self.add(at.after(chance.u64(MINUTE..6 * HOUR)), Deed::Wish { host, wish });
            }
            10 => return self.add(at, Deed::DropHost { host }),
            11 | 12 => {
                return self.add(at, Deed::DropSeat { seat: chance.usize(..6), for_good: chance.bool() });
            }
            _ => {
                let number = chance.usize(..self.numbers);
                self.add(at, Deed::Suspended { number, is: true });
                return self.add(at.after(chance.u64(MINUTE..DAY)), Deed::Suspended { number, is: false });
            }
        };
        self.add(at, Deed::Wish { host, wish });
    }
}
