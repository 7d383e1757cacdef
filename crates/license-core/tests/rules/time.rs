//! Time as a host lives through it: whatever its clocks say, a lease lasts as long as it was promised, and not longer
//! than the time that the host ran.

use std::time::Duration;

use license_core::{
    host::Evidence,
    state::{Event, Phase},
    statement::Kind,
    time::{Age, Clock, ClockRecord, Now, Reading},
};
use license_types::UnixTime;
use proptest::prelude::*;

use crate::world::{HELD, HONOURED, Host, answer, lease, online, statement};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const TEN_YEARS: i64 = 10 * 365 * 86_400;
/// What a good clock says at the beginning; the license server's clock is right.
const TODAY: i64 = 1_790_000_000;

/// What happens to a machine.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Runs {
        hours: u64,
    },
    Suspended {
        hours: u64,
    },
    ClockIsSet {
        by: i64,
    },
    DaemonRestarts,
    /// Off for so long; at the boot the clock is wrong by so much more than before.
    PowerOff {
        hours: u64,
        clock: BootClock,
    },
    ClockFileIsLost,
    /// Somebody puts the clock file of the beginning back.
    ClockFileIsRestored,
}

/// What the clock of the machine says at a boot.
#[derive(Debug, Clone, Copy)]
enum BootClock {
    /// It went on.
    Kept,
    /// There is no battery.
    Since1970,
    Set {
        by: i64,
    },
}

/// A machine with a daemon that stores the time as the real one does, and what really passed.
struct Machine {
    host: Host,
    /// What passed since the beginning.
    real: u64,
    /// What the daemon could see of it for certain: all but the time that the machine was off.
    on: u64,
    /// By how much the wall clock is wrong.
    wrong: i64,
    boot: u64,
    booted_at: u64,
    clock: Clock,
    file: Option<ClockRecord>,
    first_file: ClockRecord,
}

impl Machine {
    /// A host that is given a lease by its first call.
    fn bound(wrong: i64) -> Self {
        let reading =
            Reading { boot_id: "0".to_owned(), since_boot: Duration::ZERO, wall: UnixTime(TODAY + wrong) };
        let (clock, _) = Clock::resume(None, Age::default(), &reading);
        let file = clock.record(Duration::ZERO, reading.wall, None);
        let mut machine = Self {
            host: Host::new(),
            real: 0,
            on: 0,
            wrong,
            boot: 0,
            booted_at: 0,
            clock,
            file: Some(file.clone()),
            first_file: file,
        };
        let now = machine.now();
        let number = crate::world::number();
        let call = machine.host.call(license_core::api::Call::Activate { number }, now);
        let said = statement(1, call.nonce, Kind::Lease(lease()));
        let outcome = machine.host.judge(&call, &answer(&said, &online()));
        machine.host.end(call, outcome, now);
        machine
    }

    fn since_boot(&self) -> Duration {
        Duration::from_secs(self.real - self.booted_at)
    }

    fn wall(&self) -> UnixTime {
        UnixTime(TODAY + i64::try_from(self.real).unwrap() + self.wrong)
    }

    fn now(&self) -> Now {
        Now { age: self.clock.age(self.since_boot()), wall: self.wall() }
    }

    /// Stores the time, as every 10 minutes and at a stop.
    fn save(&mut self) {
        let estimated = self.host.state.held().map(|held| held.unix_at(self.now().age));
        self.file = Some(self.clock.record(self.since_boot(), self.wall(), estimated));
        self.host.state.age = self.now().age;
    }

    fn start(&mut self) {
        let reading =
            Reading { boot_id: self.boot.to_string(), since_boot: self.since_boot(), wall: self.wall() };
        let (clock, resumed) = Clock::resume(self.file.as_ref(), self.host.state.age, &reading);
        self.clock = clock;
        let evidence = Evidence::default();
        let started = Event::Started { booted: resumed.booted, off: resumed.off, evidence, fraction: 0.5 };
        self.host.step(started, self.now());
        self.save();
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Runs { hours } | Happening::Suspended { hours } => {
                self.real += hours * HOUR;
                self.on += hours * HOUR;
                self.save();
            }
            Happening::ClockIsSet { by } => {
                self.wrong += by;
                self.save();
            }
            Happening::DaemonRestarts => self.start(),
            Happening::PowerOff { hours, clock } => {
                self.real += hours * HOUR;
                self.boot += 1;
                self.booted_at = self.real;
                match clock {
                    BootClock::Kept => {}
                    BootClock::Since1970 => self.wrong = -TODAY - i64::try_from(self.real).unwrap(),
                    BootClock::Set { by } => self.wrong += by,
                }
                self.start();
            }
            Happening::ClockFileIsLost => self.file = None,
            Happening::ClockFileIsRestored => self.file = Some(self.first_file.clone()),
        }
    }

    fn phase(&self) -> Phase {
        self.host.state.phase(self.now())
    }
}

fn set() -> impl Strategy<Value = i64> {
    prop_oneof![-TEN_YEARS..TEN_YEARS, -2 * 86_400..2 * 86_400_i64]
}

fn happening() -> impl Strategy<Value = Happening> {
    let clock = prop_oneof![
        3 => Just(BootClock::Kept),
        1 => Just(BootClock::Since1970),
        1 => set().prop_map(|by| BootClock::Set { by }),
    ];
    prop_oneof![
        4 => (1..200_u64).prop_map(|hours| Happening::Runs { hours }),
        1 => (1..400_u64).prop_map(|hours| Happening::Suspended { hours }),
        1 => set().prop_map(|by| Happening::ClockIsSet { by }),
        1 => Just(Happening::DaemonRestarts),
        2 => (0..400_u64, clock).prop_map(|(hours, clock)| Happening::PowerOff { hours, clock }),
        1 => Just(Happening::ClockFileIsLost),
        1 => Just(Happening::ClockFileIsRestored),
    ]
}

/// What happens to a machine whose clock nobody touches and whose battery is good.
fn honest() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => (1..200_u64).prop_map(|hours| Happening::Runs { hours }),
        1 => (1..400_u64).prop_map(|hours| Happening::Suspended { hours }),
        1 => Just(Happening::DaemonRestarts),
        1 => (0..400_u64).prop_map(|hours| Happening::PowerOff { hours, clock: BootClock::Kept }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn time_never_runs_back_and_what_ran_is_counted(story in prop::collection::vec(happening(), 1..40)) {
        let mut machine = Machine::bound(0);
        let mut age = machine.now().age;
        for happening in story {
            machine.happens(happening);
            let now = machine.now().age;
            prop_assert!(now >= age, "{happening:?}: time ran backwards");
            prop_assert!(now >= Age::default().saturating_add(Duration::from_secs(machine.on)), "{happening:?}");
            age = now;
        }
        if machine.on > HONOURED.as_secs() + DAY {
            prop_assert_eq!(machine.phase(), Phase::Lapsed, "a lease lasts no longer than promised, and a day of grace");
        }
    }

    #[test]
    fn with_good_clocks_a_lease_ends_when_it_should(story in prop::collection::vec(honest(), 1..40)) {
        let mut machine = Machine::bound(0);
        for happening in story {
            machine.happens(happening);
            prop_assert_eq!(machine.now().age, Age::default().saturating_add(Duration::from_secs(machine.real)));
            let held = machine.host.state.held().unwrap();
            prop_assert_eq!(held.unix_at(machine.now().age).0, crate::world::ISSUED.0 + i64::try_from(machine.real).unwrap());
            if machine.real <= HONOURED.as_secs() {
                prop_assert_eq!(machine.phase(), Phase::Fresh);
            }
        }
    }

    #[test]
    fn steps_of_the_clock_within_a_boot_change_nothing(
        steps in prop::collection::vec((1..100_u64, -TEN_YEARS..TEN_YEARS), 1..30),
    ) {
        let mut machine = Machine::bound(0);
        for (hours, by) in steps {
            machine.happens(Happening::ClockIsSet { by });
            machine.happens(Happening::Runs { hours });
            machine.happens(Happening::DaemonRestarts);
            prop_assert_eq!(machine.now().age, Age::default().saturating_add(Duration::from_secs(machine.real)));
        }
    }

    #[test]
    fn a_clock_that_jumped_ahead_while_the_machine_was_off_leaves_a_day(
        ran in 0..20 * 24_u64, by in 31 * 86_400..TEN_YEARS, clock_is_lost: bool,
    ) {
        let mut machine = Machine::bound(0);
        machine.happens(Happening::Runs { hours: ran });
        if clock_is_lost {
            machine.happens(Happening::ClockFileIsLost);
        }
        machine.happens(Happening::PowerOff { hours: 1, clock: BootClock::Set { by } });
        prop_assert_eq!(machine.phase(), Phase::Fresh);
        machine.happens(Happening::Runs { hours: 24 });
        prop_assert!(machine.host.verdict(HELD, machine.now()).may_run());
        let again = Happening::PowerOff { hours: 1, clock: BootClock::Set { by: TEN_YEARS } };
        machine.happens(again);
        machine.happens(Happening::Runs { hours: 25 });
        prop_assert_eq!(machine.phase(), Phase::Lapsed, "once for a lease");
    }
}

#[test]
fn a_clock_that_is_turned_back_daily_for_a_year_gains_no_time_that_the_machine_ran() {
    let mut machine = Machine::bound(0);
    let mut lapsed_on = None;
    for day in 0..365 {
        machine.happens(Happening::Runs { hours: 8 });
        machine.happens(Happening::ClockIsSet { by: -86_400 });
        machine.happens(Happening::PowerOff { hours: 16, clock: BootClock::Set { by: -86_400 } });
        if machine.phase() == Phase::Lapsed {
            lapsed_on.get_or_insert(day);
        }
    }
    assert_eq!(lapsed_on, Some(90), "30 days of 24 hours are 90 of 8");
}

#[test]
fn a_host_without_a_clock_battery_loses_nothing() {
    let mut machine = Machine::bound(-TODAY);
    for day in 0..30 {
        assert_eq!(machine.phase(), Phase::Fresh, "day {day}");
        // The network brings the right time, and takes a while.
        machine.happens(Happening::Runs { hours: 1 });
        let wrong = machine.wrong;
        machine.happens(Happening::ClockIsSet { by: -wrong });
        machine.happens(Happening::Runs { hours: 8 });
        machine.happens(Happening::PowerOff { hours: 15, clock: BootClock::Since1970 });
    }
    assert_eq!(machine.phase(), Phase::Fresh);
}

#[test]
fn a_boot_in_1970_that_is_cut_short_costs_nothing_at_the_next_boot_with_a_good_clock() {
    let mut machine = Machine::bound(0);
    machine.happens(Happening::PowerOff { hours: 1, clock: BootClock::Since1970 });
    let wrong = machine.wrong;
    machine.happens(Happening::PowerOff { hours: 1, clock: BootClock::Set { by: -wrong } });
    let hours = machine.now().age.saturating_since(Age::default()).as_secs() / HOUR;
    assert!(hours <= 2, "{hours} hours, and not 56 years");
    assert_eq!(machine.phase(), Phase::Fresh);
}

#[test]
fn an_old_clock_file_takes_no_time_back() {
    let mut machine = Machine::bound(0);
    machine.happens(Happening::Runs { hours: 20 * 24 });
    let age = machine.now().age;
    machine.happens(Happening::ClockFileIsRestored);
    machine.happens(Happening::PowerOff { hours: 0, clock: BootClock::Since1970 });
    assert!(machine.now().age >= age, "the state knows an age too");
    machine.happens(Happening::Runs { hours: 11 * 24 });
    assert_eq!(machine.phase(), Phase::Lapsed);
    machine.happens(Happening::ClockFileIsRestored);
    machine.happens(Happening::PowerOff { hours: 0, clock: BootClock::Set { by: 0 } });
    assert_eq!(machine.phase(), Phase::Lapsed, "it ended while the machine ran, and has no day of grace");
}
