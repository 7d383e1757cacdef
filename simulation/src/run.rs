//! One seed, one run: settle, suffer, heal, and be as the license server says.

use std::fmt;

use license_core::state::Binding;
use license_texts::Language;
use license_types::{Basis, Verdict};

use crate::{
    clock::{HOUR, MINUTE, Moment},
    oracle::Broken,
    plan::FEATURES,
    world::{Counts, World},
};

/// Within that time after the last fault everything is as it should be: the interval that the license server asks
/// for, with what the schedule may add to it. No retry takes longer: 70 minutes at most, and a host that is
/// switched on asks within 75.
const CHECK_INTERVAL: u64 = 4 * HOUR * 11 / 10 + 2 * MINUTE;

/// In how many check intervals of fine weather copies are found. Each has to call after the other.
const TO_FIND_COPIES: u64 = 3;

/// How many lines of a run are shown when it fails.
const SHOWN: usize = 60;

/// A run in which something did not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The run.
    pub seed: u64,
    /// What did not hold, and when.
    pub what: String,
    /// What happened, to the end.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self.trace.len().saturating_sub(SHOWN);
        for line in self.trace.iter().skip(skipped) {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "seed {}: {}", self.seed, self.what)?;
        write!(f, "the whole run: cargo xtask prove --seed {}", self.seed)
    }
}

/// Runs a seed. Twice if it fails, since the lines of a run are not written while nobody reads them.
pub fn run(seed: u64) -> Result<Counts, Box<Failure>> {
    if let (Ok(counts), _) = traced(seed, false) {
        return Ok(counts);
    }
    let (again, trace) = traced(seed, true);
    let what = again.err().unwrap_or_else(|| "it fails once and not again: chance leaks in".to_owned());
    Err(Box::new(Failure { seed, what, trace }))
}

/// Runs a seed; what came of it, and all that happened if that is wanted.
pub fn traced(seed: u64, is_traced: bool) -> (Result<Counts, String>, Vec<String>) {
    let mut world = match World::new(seed, is_traced) {
        Ok(world) => world,
        Err(broken) => return (Err(broken.to_string()), Vec::new()),
    };
    let done = world.live();
    let at = world.at;
    (done.map(|()| world.counts).map_err(|broken| format!("{at}: {broken}")), world.trace.lines)
}

impl World {
    fn live(&mut self) -> Result<(), Broken> {
        self.run_until(self.faults_end)?;
        self.heal()?;
        let healed = self.faults_end.after(CHECK_INTERVAL);
        self.run_until(healed)?;
        let is_copied = |world: &Self, host: usize| world.oracle.is_copied(&world.hosts[host].machine.public);
        let alone = (0..self.hosts.len()).filter(|host| !is_copied(self, *host));
        alone.into_iter().try_for_each(|host| self.has_converged(host))?;
        // What a copy has to tell may come in the last minute, and concerns the other one by its next check.
        self.run_until(healed.after(CHECK_INTERVAL))?;
        (0..self.hosts.len()).try_for_each(|host| self.has_converged(host))?;
        self.run_until(healed.after(TO_FIND_COPIES * CHECK_INTERVAL))?;
        self.copies_are_found()
    }

    /// All faults end.
    fn heal(&mut self) -> Result<(), Broken> {
        self.say(|| "--- all faults end".to_owned());
        self.down_until = Moment::default();
        self.lose_what_is_late();
        for index in 0..self.hosts.len() {
            let host = &mut self.hosts[index];
            host.weather_until = Moment::default();
            host.answers_since_end = 0;
            (host.machine.disk.room, host.machine.disk.dies_after) = (None, None);
            if host.is_suspended {
                self.resume_later(index, 0);
            } else if host.daemon.is_none() {
                self.boot_later(index, 0);
            }
        }
        self.run_until(self.at)
    }

    /// A host is as the rows of the license server say, and knows it afresh.
    fn has_converged(&self, index: usize) -> Result<(), Broken> {
        let host = &self.hosts[index];
        let (machine, not) = (&host.machine, |what: String| Broken(format!("host {index} {what}")));
        let Some(daemon) = &host.daemon else { return Err(not("does not run".to_owned())) };
        let (state, now) = (&daemon.state, daemon.now(machine, self.at));
        if let Some(pending) = &state.pending {
            return Err(not(format!("does not know what came of {}", pending.call.path())));
        }
        let (rows, time) = (self.server.rows(), self.at.unix());
        let is_bound = rows.bindings.iter().any(|row| row.host == machine.public && row.ended.is_none());
        let is_copied = self.oracle.is_copied(&machine.public);
        match &state.binding {
            Binding::Unregistered { .. } if state.unbind => {
                return Err(not("did not give its number up".to_owned()));
            }
            Binding::Unregistered { .. } if is_bound && !is_copied && !host.may_be_unaware => {
                return Err(not("is on a number and does not know it".to_owned()));
            }
            Binding::Lost { .. } if is_bound => return Err(not("did not recover what it lost".to_owned())),
            Binding::Unregistered { .. } | Binding::Lost { .. } => return Ok(()),
            Binding::Held(_) => {}
        }
        for feature in FEATURES {
            let verdict = state.entitlement(feature, None, Language::English, now).verdict;
            let should_be = self.oracle.is_granted(rows, &machine.public, feature, time);
            let is_fresh = matches!(verdict, Verdict::Granted { basis: Basis::Fresh, .. });
            let is_denied = matches!(verdict, Verdict::Denied { .. });
            if !(should_be && is_fresh || !should_be && is_denied || is_copied && is_denied) {
                let should_be = if should_be { "granted" } else { "denied" };
                return Err(not(format!("should have feature {feature} {should_be}, and has {verdict:?}")));
            }
        }
        Ok(())
    }

    /// Each copy that called is known to the license server.
    fn copies_are_found(&mut self) -> Result<(), Broken> {
        let mut copies = 0;
        for (index, host) in self.hosts.iter().enumerate().skip(self.plan.hosts) {
            let key = host.machine.public;
            let machines = || self.hosts.iter().filter(|other| other.machine.public == key);
            if machines().count() < 2 || machines().any(|machine| machine.answers_since_end < 2) {
                continue;
            }
            let row = self.server.rows().host(&key);
            if row.is_none_or(|row| row.ratchet.copies.is_empty()) {
                return Err(Broken(format!("host {index} is a copy and nobody knows")));
            }
            copies += 1;
        }
        self.counts.copies += copies;
        Ok(())
    }
}
