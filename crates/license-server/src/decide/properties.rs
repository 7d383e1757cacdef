//! What holds whatever hosts, their copies and the vendor do.

use std::collections::{BTreeMap, BTreeSet};

use license_core::statement::Kind;
use license_types::{FeatureId, ProductId};
use proptest::{collection::vec, prelude::*};

use super::{
    customer::{reinstate, suspend},
    drop::{self, Purpose, Which},
    grants, issued, log,
    ratchet::CopyStanding,
    term,
    testing::*,
    *,
};

/// A machine: under which key and on which hardware it calls, and the serial that it holds. Machines may
/// have a key in common: then one is a copy of the other.
#[derive(Debug, Clone, Copy)]
struct Machine {
    key: u8,
    hardware: u8,
    serial: u64,
}

/// Keys 1, 11 and 21 are the same machine, after reinstallations.
const MACHINES: [(u8, u8); 7] = [(1, 1), (2, 2), (3, 3), (11, 1), (21, 1), (1, 1), (1, 6)];

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A machine calls.
    Call { machine: usize, call: usize },
    /// A machine repeats its last request.
    Repeat,
    /// A machine becomes a copy of another one, with its key.
    Copy { from: usize, to: usize },
    /// The vendor does something with number A.
    Vendor(Deal),
    /// Hours pass.
    Pass(u16),
}

/// What the vendor does.
#[derive(Debug, Clone, Copy)]
enum Deal {
    DropAll,
    DropSeat(usize, Purpose),
    Suspend,
    Reinstate,
    AddGrant(u32),
    EndGrant(usize),
    Block(char),
    Undo(char),
}

fn step() -> impl Strategy<Value = Step> {
    let machine = 0..MACHINES.len();
    let deal = prop_oneof![
        Just(Deal::DropAll),
        (0..9_usize).prop_map(|seat| Deal::DropSeat(seat, Purpose::Move)),
        (0..9_usize).prop_map(|seat| Deal::DropSeat(seat, Purpose::FreeOnly)),
        Just(Deal::Suspend),
        Just(Deal::Reinstate),
        (1..3_u32).prop_map(Deal::AddGrant),
        (0..9_usize).prop_map(Deal::EndGrant),
        (0..COUPONS.len()).prop_map(|coupon| Deal::Block(COUPONS[coupon].0)),
        (0..COUPONS.len()).prop_map(|coupon| Deal::Undo(COUPONS[coupon].0)),
    ];
    prop_oneof![
        20 => (machine.clone(), 0..100_usize).prop_map(|(machine, call)| Step::Call { machine, call }),
        2 => Just(Step::Repeat),
        1 => (machine.clone(), machine).prop_map(|(from, to)| Step::Copy { from, to }),
        3 => deal.prop_map(Step::Vendor),
        2 => (1..400_u16).prop_map(Step::Pass),
    ]
}

/// Letter, product, seats, days, and whether it extends.
const COUPONS: [(char, u32, u32, u32, bool); 4] =
    [('A', 85, 1, 30, false), ('B', 81, 2, 20, false), ('C', 81, 1, 15, true), ('D', 96, 1, 10, true)];

/// What a machine may ask for.
fn call(kind: usize, world: &World) -> Call {
    let held = world.rows.seats.get(kind % 5).map(|seat| seat.session.clone());
    let coupon = |letter| Call::Coupon { coupon: coupon(letter) };
    let calls = [
        Call::Register(company("Acme")),
        Call::Register(company("Other")),
        Call::Activate { number: number('A') },
        Call::Activate { number: number('A') },
        Call::Activate { number: number('B') },
        Call::CheckIn,
        Call::CheckIn,
        Call::CheckIn,
        capture(33),
        capture(45),
        capture(48),
        Call::Capture { feature: FeatureId(45), holder: None, reclaim: true },
        Call::Capture { feature: FeatureId(48), holder: "user".parse().ok(), reclaim: false },
        Call::Release { session: held.unwrap_or_else(|| SessionId("none".to_owned())) },
        coupon('A'),
        coupon('B'),
        coupon('C'),
        coupon('D'),
        trial(81),
        trial(96),
        trial(11),
        Call::LicenseInfo { number: number('A') },
        Call::SendMetrics { metrics: [("a".to_owned(), "b".to_owned())].into() },
        Call::Drop,
        Call::WouldCapture { feature: FeatureId(45), holder: None },
    ];
    calls[kind % calls.len()].clone()
}

/// The world, and what was seen in it.
struct Run {
    world: World,
    machines: Vec<Machine>,
    /// The last serial that each key was given.
    issued: BTreeMap<u8, u64>,
    /// The last request that was answered, and the machine that asked.
    last: Option<(usize, RequestId, Call)>,
}

/// What the store loads of the bindings, with a lower limit: the last ones of each host, those that it lost,
/// the last one that counts, and the last one to each customer.
fn with_few_bindings(rows: &Rows) -> Vec<BindingRow> {
    let later = |index: usize, is_like: &dyn Fn(&BindingRow) -> bool| {
        let host = rows.bindings[index].host;
        rows.bindings[index + 1..].iter().filter(|row| row.host == host && is_like(row)).count()
    };
    let is_lost = |row: &BindingRow| row.ended.is_some_and(|ended| ended.by.refusal().is_some());
    let counts = |row: &BindingRow| row.cleared_at.is_none();
    let is_loaded = |(index, row): &(usize, &BindingRow)| {
        later(*index, &|_| true) < FEW_BINDINGS
            || (is_lost(row) && later(*index, &is_lost) < FEW_BINDINGS)
            || (counts(row) && later(*index, &counts) == 0)
            || later(*index, &|later| later.customer == row.customer) == 0
    };
    rows.bindings.iter().enumerate().filter(is_loaded).map(|(_, row)| row.clone()).collect()
}

/// As many as changes of a key are counted.
const FEW_BINDINGS: usize = 3;

impl Run {
    fn new() -> Self {
        let mut world = World::new();
        for (letter, product, seats, days, extends) in COUPONS {
            let mode = if extends { CouponMode::Extend } else { CouponMode::Add };
            world.issue_as(letter, product, seats, days, mode);
        }
        let machines = MACHINES.map(|(key, hardware)| Machine { key, hardware, serial: 0 });
        Self { world, machines: machines.into(), issued: BTreeMap::new(), last: None }
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let before = self.world.clone();
        match step {
            Step::Call { machine, call: kind } => {
                let call = call(kind, &self.world);
                self.call(machine, &call)?;
            }
            Step::Repeat => self.repeat()?,
            Step::Copy { from, to } => self.machines[to].serial = self.copied(from, to),
            Step::Vendor(deal) => self.deal(deal),
            Step::Pass(hours) => self.world.now.0 += i64::from(hours) * 3600,
        }
        self.seats_are_given_once(&before)?;
        self.days_are_counted_once(&before)?;
        self.what_is_suspended_stays(&before)?;
        self.each_log_verifies()?;
        self.coupons_and_trials_count_once()
    }

    /// The serial that a copy of `from` holds; without the same key it is no copy, and nothing happens.
    fn copied(&self, from: usize, to: usize) -> u64 {
        let (from, to) = (self.machines[from], self.machines[to]);
        if from.key == to.key { from.serial } else { to.serial }
    }

    fn call(&mut self, index: usize, call: &Call) -> Result<(), TestCaseError> {
        let Machine { key: id, hardware, serial } = self.machines[index];
        // A drawn number is new.
        self.world.next_number = if self.world.rows.customers.is_empty() { 'A' } else { 'B' };
        self.world.hold(id, serial);
        let may_not = |copy: &ratchet::HostCopy| {
            copy.serial == serial && matches!(copy.standing, CopyStanding::Pending | CopyStanding::Refused)
        };
        let is_refused =
            self.world.rows.host(&key(id)).is_some_and(|row| row.ratchet.copies.iter().any(may_not));
        let before = self.world.clone();
        let mut loaded = before.clone();
        loaded.rows.bindings = with_few_bindings(&before.rows);
        let decided = self.world.decide_with(id, hardware, call);
        prop_assert_eq!(&loaded.decide_with(id, hardware, call), &decided, "on few bindings: {:?}", call);
        match decided {
            Ok(decision) => {
                self.answered(index, call, &decision.answer)?;
                if is_refused {
                    let told = decision.answer.statement.map(|statement| statement.kind);
                    prop_assert!(!matches!(told, Some(Kind::Lease(_))), "a lease for a copy: {call:?}");
                    prop_assert_eq!(&before.rows.seats, &self.world.rows.seats);
                }
            }
            Err(_) => self.nothing_but_mail(&before)?,
        }
        Ok(())
    }

    fn answered(&mut self, index: usize, call: &Call, answer: &Answer) -> Result<(), TestCaseError> {
        self.last = Some((index, self.world.last_request, call.clone()));
        let Some(statement) = &answer.statement else { return Ok(()) };
        let machine = &mut self.machines[index];
        machine.serial = statement.serial;
        let last = self.issued.insert(machine.key, statement.serial);
        prop_assert!(last < Some(statement.serial), "serials of a key rise: {last:?}");
        let customer = self.world.rows.customer_by_number(&statement.number).unwrap();
        let is_lease = matches!(statement.kind, Kind::Lease(_));
        prop_assert!(!is_lease || customer.suspended_at.is_none(), "a lease of a suspended number");
        Ok(())
    }

    /// The kept answer is given again before the rules are asked. Where it is another one by now, the coupon
    /// itself knows the request.
    fn repeat(&mut self) -> Result<(), TestCaseError> {
        let Some((index, request, call)) = self.last.clone() else { return Ok(()) };
        let Machine { key: id, hardware, serial } = self.machines[index];
        // What `try_again` asks with is the hardware that belongs to the key.
        if !matches!(call, Call::Coupon { .. }) || id % 10 != hardware {
            return Ok(());
        }
        let before = self.world.rows.grants.clone();
        self.world.hold(id, serial);
        if let Ok(decision) = self.world.try_again(id, request, &call) {
            // That of a trial depends on the day.
            let paid = |grants: &[GrantRow]| {
                let paid = grants.iter().filter(|grant| !grant.trial);
                paid.map(|grant| grant.ends_at).collect::<Vec<_>>()
            };
            prop_assert_eq!(paid(&before), paid(&self.world.rows.grants), "a coupon counts once");
            self.answered(index, &call, &decision.answer)?;
        }
        Ok(())
    }

    fn deal(&mut self, deal: Deal) {
        let world = &mut self.world;
        if world.rows.customer_by_number(&number('A')).is_none() {
            return;
        }
        match deal {
            Deal::DropAll => world.drop_all(),
            Deal::DropSeat(index, purpose) => {
                let Some(seat) = world.rows.seats.get(index) else { return };
                let which = Which::Session(seat.session.clone());
                let number = world.number_of(&seat.customer);
                let _dropped = world.change(|draft| drop::drop(draft, &number, &which, purpose));
            }
            Deal::Suspend => drop(world.change(|draft| suspend(draft, &number('A')))),
            Deal::Reinstate => drop(world.change(|draft| reinstate(draft, &number('A')))),
            Deal::AddGrant(seats) => {
                // Unlike any that a request is decided with: ids are not drawn twice.
                let mut seed = [u8::try_from(world.log.len() % 251).unwrap(); 16];
                seed[0] = !seed[1];
                let drawn = Drawn { number: number('Z'), seed };
                let id = drawn.id("grant");
                if world.rows.grants.iter().all(|grant| grant.id != id) {
                    let add = |draft: &mut Draft| {
                        grants::add(draft, &number('A'), ProductId(81), seats, Some(20), &drawn)
                    };
                    world.change(add).unwrap();
                }
            }
            Deal::EndGrant(index) => {
                let Some(id) = world.rows.grants.get(index).map(|grant| grant.id.clone()) else { return };
                let _ended = world.change(|draft| grants::end(draft, &id));
            }
            Deal::Block(letter) => {
                let block = |draft: &mut Draft| issued::block(draft, &coupon(letter), true);
                world.change_coupon(letter, block).unwrap();
            }
            Deal::Undo(letter) => {
                // It can be used again, by whom ever.
                self.last = None;
                let _undone = world.change_coupon(letter, |draft| issued::undo(draft, &coupon(letter)));
            }
        }
    }

    /// A refusal writes nothing but that the owner gets a mail.
    fn nothing_but_mail(&self, before: &World) -> Result<(), TestCaseError> {
        let without_mail = |world: &World| {
            let mut rows = world.rows.clone();
            rows.customers.iter_mut().for_each(|row| row.mailed.clear());
            rows
        };
        prop_assert_eq!(without_mail(before), without_mail(&self.world));
        prop_assert_eq!(before.log.len(), self.world.log.len());
        Ok(())
    }

    fn seats_are_given_once(&self, before: &World) -> Result<(), TestCaseError> {
        let rows = &self.world.rows;
        let live = || rows.bindings.iter().filter(|binding| binding.ended.is_none());
        let hosts: BTreeSet<String> = live().map(|binding| binding.host.to_string()).collect();
        prop_assert_eq!(hosts.len(), live().count(), "a host is on one number");
        let (mut slots, mut holders) = (BTreeSet::new(), BTreeSet::new());
        for seat in &rows.seats {
            prop_assert!(slots.insert((&seat.customer, seat.feature, seat.slot)));
            prop_assert!(holders.insert((&seat.binding, seat.feature, &seat.holder)));
            let binding = live().find(|binding| binding.id == seat.binding);
            prop_assert_eq!(binding.map(|binding| &binding.customer), Some(&seat.customer));
            let is_new = before.rows.seats.iter().all(|old| old.session != seat.session);
            let pool = rows.pool(&seat.customer, seat.feature, self.world.now).unwrap();
            prop_assert!(!is_new || pool.counted().captured <= pool.total, "{:?}", pool.counted());
        }
        Ok(())
    }

    /// Of a trial, a day of use takes one day, and each day counts once.
    fn days_are_counted_once(&self, before: &World) -> Result<(), TestCaseError> {
        for grant in &self.world.rows.grants {
            let old = before.rows.grants.iter().find(|old| old.id == grant.id).and_then(|old| old.used_days);
            let (Some(old), Some(new)) = (old, grant.used_days) else { continue };
            prop_assert!(new.counted_at >= old.counted_at);
            if new.left < old.left && new.counted_at != old.counted_at {
                prop_assert_eq!(old.left - new.left, 1);
                prop_assert_eq!(new.counted_at, self.world.now);
                prop_assert!(!term::is_same_day(old.counted_at, new.counted_at));
            }
        }
        Ok(())
    }

    /// What a suspended number has does not become more.
    fn what_is_suspended_stays(&self, before: &World) -> Result<(), TestCaseError> {
        let suspended = before.rows.customers.iter().filter(|row| row.suspended_at.is_some());
        for row in suspended.filter(|row| self.world.rows.customer(&row.id).unwrap().suspended_at.is_some()) {
            let seats =
                |world: &World| world.rows.seats.iter().filter(|seat| seat.customer == row.id).count();
            let live = |world: &World| {
                let bindings = world.rows.bindings.iter().filter(|binding| binding.customer == row.id);
                bindings.filter(|binding| binding.ended.is_none()).count()
            };
            prop_assert!(seats(&self.world) <= seats(before) && live(&self.world) <= live(before));
        }
        Ok(())
    }

    fn each_log_verifies(&self) -> Result<(), TestCaseError> {
        for customer in &self.world.rows.customers {
            let mut chain = log::Chain::default();
            for line in self.world.log.iter().filter(|line| line.customer == customer.id) {
                prop_assert!(line.follows(&chain), "{line:?}");
                chain = line.end();
            }
            prop_assert_eq!(&chain, &customer.log);
        }
        Ok(())
    }

    fn coupons_and_trials_count_once(&self) -> Result<(), TestCaseError> {
        for (letter, ..) in COUPONS {
            let digest = coupon_digest(&coupon(letter));
            let is_its = |line: &&log::LogRow| line.details.contains(issued::shown(&digest));
            let count =
                |deed: &str| self.world.log.iter().filter(is_its).filter(|line| line.deed == deed).count();
            let (used, undone) = (count("coupon_used"), count("coupon_undone"));
            prop_assert!(
                used == undone || used == undone + 1,
                "coupon {letter}: {used} uses, {undone} undone"
            );
        }
        let mut trials = BTreeSet::new();
        for grant in self.world.rows.grants.iter().filter(|grant| grant.trial) {
            prop_assert!(trials.insert((&grant.customer, grant.product)), "one trial for a number");
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_hosts_copies_and_the_vendor_do_every_rule_holds(steps in vec(step(), 1..100)) {
        let mut run = Run::new();
        run.call(0, &Call::Register(company("Acme")))?;
        for step in steps {
            run.step(step)?;
        }
    }
}
