//! A machine: its hardware, its clocks, its disk, and the daemon on it.

use std::time::Duration;

use license_core::{
    crypto::{PublicKey, SigningKey},
    host::{Evidence, Fact, FactKind},
    time::{Clock, Now, Reading},
};
use license_types::UnixTime;

use crate::{
    clock::Moment,
    daemon::{Daemon, Died},
    disk::Disk,
    network::Weather,
};

/// What the daemon runs on.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) key: SigningKey,
    pub(crate) public: PublicKey,
    /// Which board it is.
    pub(crate) hardware: u64,
    pub(crate) disk: Disk,
    boot: u64,
    /// The moment at which `CLOCK_BOOTTIME` was zero; before the start of the run for a machine that was
    /// revived with its memory.
    booted_at: i64,
    /// By how much the wall clock is wrong, in seconds.
    pub(crate) wall_error: i64,
}

impl Machine {
    pub(crate) fn new(key: SigningKey, hardware: u64) -> Self {
        let public = PublicKey::of(&key);
        Self { key, public, hardware, disk: Disk::default(), boot: 0, booted_at: 0, wall_error: 0 }
    }

    /// A new operating system on the same hardware.
    pub(crate) fn reinstall(&mut self, key: SigningKey) {
        self.public = PublicKey::of(&key);
        self.key = key;
        self.disk = Disk::default();
    }

    pub(crate) fn evidence(&self) -> Evidence {
        let fact = |kind, what: &str| Fact::new(kind, &format!("{what} {}", self.hardware));
        Evidence(vec![fact(FactKind::MachineId, "machine"), fact(FactKind::ProductUuid, "board")])
    }

    fn boot(&mut self, at: Moment, chance: &mut fastrand::Rng) {
        self.boot = chance.u64(..);
        self.booted_at = at.0.cast_signed();
    }

    /// The clock of the boot goes on from where it was `ago` milliseconds before.
    pub(crate) fn shift_boot(&mut self, ago: u64) {
        self.booted_at = self.booted_at.saturating_add(ago.cast_signed());
    }

    pub(crate) fn reading(&self, at: Moment) -> Reading {
        let since_boot = u64::try_from(at.0.cast_signed().saturating_sub(self.booted_at)).unwrap_or(0);
        Reading {
            boot_id: self.boot.to_string(),
            since_boot: Duration::from_millis(since_boot),
            wall: self.wall(at),
        }
    }

    fn wall(&self, at: Moment) -> UnixTime {
        UnixTime(at.unix().0.saturating_add(self.wall_error))
    }

    pub(crate) fn now(&self, clock: &Clock, at: Moment) -> Now {
        Now { age: clock.age(self.reading(at).since_boot), wall: self.wall(at) }
    }
}

/// A machine and what surrounds it.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) machine: Machine,
    /// The daemon, while it runs.
    pub(crate) daemon: Option<Daemon>,
    /// Attempts of daemons that stopped.
    attempts: u64,
    pub(crate) is_suspended: bool,
    pub(crate) weather: Weather,
    /// Until when the weather lasts.
    pub(crate) weather_until: Moment,
    /// Which wake-up counts; earlier ones are stale.
    pub(crate) alarm: u64,
    /// Whether it may be on a number and not know it, until a person activates it: its disk is that of an earlier
    /// day or empty, or somebody in between said that a reset was done. Nothing signs the answer to that.
    pub(crate) may_be_unaware: bool,
    /// Whether it stopped with a state that a full disk did not take: it goes on from an older one, like a machine that
    /// is set back to a snapshot and does not know of it.
    pub(crate) went_back: bool,
    /// Statements since the faults ended.
    pub(crate) answers_since_end: u32,
}

impl Host {
    pub(crate) fn new(key: SigningKey, hardware: u64) -> Self {
        Self {
            machine: Machine::new(key, hardware),
            daemon: None,
            attempts: 0,
            is_suspended: false,
            weather: Weather::Fine,
            weather_until: Moment::default(),
            alarm: 0,
            may_be_unaware: false,
            went_back: false,
            answers_since_end: 0,
        }
    }

    /// The machine is switched on; after a move the hardware may be another one.
    pub(crate) fn boot(&mut self, at: Moment, chance: &mut fastrand::Rng) -> Result<(), Died> {
        self.machine.boot(at, chance);
        self.start(at, chance)
    }

    /// The daemon is started, in the same boot.
    pub(crate) fn start(&mut self, at: Moment, chance: &mut fastrand::Rng) -> Result<(), Died> {
        self.machine.disk.dies_after = None;
        self.is_suspended = false;
        let daemon = Daemon::start(&mut self.machine, self.attempts, at, chance)?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// The daemon stops without a warning.
    pub(crate) fn stop(&mut self, at: Moment) {
        if let Some(daemon) = self.daemon.take() {
            self.attempts = daemon.attempts();
            if daemon.has_unsaved_state() {
                (self.may_be_unaware, self.went_back) = (true, true);
            }
            daemon.save_last_clock(&mut self.machine, at);
        }
        self.is_suspended = false;
    }

    /// The machine as it was `ago` milliseconds before, with its memory. What was under way then is not any more.
    pub(crate) fn revive(&mut self, saved: &Self, ago: u64) {
        let attempts = self.daemon.as_ref().map_or(self.attempts, Daemon::attempts);
        let (machine, daemon) = (saved.machine.clone(), saved.daemon.clone());
        (self.machine, self.daemon, self.attempts, self.is_suspended) = (machine, daemon, attempts, false);
        self.may_be_unaware = true;
        self.machine.shift_boot(ago);
        self.machine.disk.room = None;
        if let Some(daemon) = &mut self.daemon {
            daemon.cut_off();
            daemon.raise_attempts(attempts);
        }
    }

    /// The weather now.
    pub(crate) fn weather(&self, at: Moment) -> Weather {
        if at < self.weather_until { self.weather } else { Weather::Fine }
    }
}
