//! A fleet: very many hosts by the daemon's own schedule, and what the license server sees of them.
//!
//! Each host is reduced to what its schedule depends on: when it asks next, and how often it failed. The delays
//! are those of `license_core::schedule` and `licensed::retry`. The license server answers without end while it
//! is up, so that nothing but the schedule shapes the curve.

mod svg;

use std::time::Duration;

use license_core::schedule;

pub use self::svg::svg;

const HOUR: usize = 3600;

/// The interval that the license server asks for.
pub const REFRESH: Duration = Duration::from_hours(4);

/// How long the fleet works undisturbed before anything happens.
const BEFORE: usize = 2 * HOUR;

/// How long it is watched. Long enough for the echo of a crowd one and two intervals later.
const WATCHED: usize = 24 * HOUR;

/// Over so many seconds requests are counted together.
pub const SLOT: usize = 60;

/// What happens to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The license server is down for 6 hours.
    Outage,
    /// All hosts lose power for an hour, and are switched on at the same moment.
    PowerCut,
}

impl Event {
    const fn span(self) -> usize {
        match self {
            Self::Outage => 6 * HOUR,
            Self::PowerCut => HOUR,
        }
    }

    /// When it is over, in seconds from the start.
    #[must_use]
    pub const fn over(self) -> usize {
        BEFORE + self.span()
    }
}

/// What the license server saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// How many hosts there are.
    pub hosts: u32,
    /// What happened.
    pub event: Event,
    /// Requests that were answered, in each [`SLOT`].
    pub answered: Vec<u32>,
    /// Requests that found nobody.
    pub failed: Vec<u32>,
    /// After how many seconds everybody had an answer again.
    pub fresh_after: usize,
}

impl Curve {
    /// Requests a second if all come evenly.
    #[must_use]
    pub fn steady(&self) -> f64 {
        f64::from(self.hosts) / REFRESH.as_secs_f64()
    }

    /// Answered requests a second at the peak after the event, over `slots` slots, as a multiple of the
    /// [steady](Self::steady) mean.
    #[must_use]
    pub fn peak(&self, slots: usize) -> f64 {
        let after = &self.answered[self.event.over() / SLOT..];
        let most = after.windows(slots).map(|window| window.iter().sum::<u32>()).max().unwrap_or_default();
        let seconds = u32::try_from(slots * SLOT).unwrap_or(u32::MAX);
        f64::from(most) / f64::from(seconds) / self.steady()
    }
}

/// Runs a fleet through an event.
#[must_use]
pub fn run(hosts: u32, event: Event, seed: u64) -> Curve {
    let mut chance = fastrand::Rng::with_seed(seed);
    // The ladder does not go on for ever.
    let steps: Vec<Duration> = (0..=32).map(licensed::retry::step).collect();
    let mut calendar: Vec<Vec<u32>> = vec![Vec::new(); WATCHED + 1];
    let enter = |calendar: &mut Vec<Vec<u32>>, at: usize, wait: Duration, host: u32| {
        // A second is the finest grain, and nobody asks twice in one.
        let next = at + usize::try_from(wait.as_secs()).unwrap_or(WATCHED).max(1);
        calendar[next.min(WATCHED)].push(host);
    };
    for host in 0..hosts {
        enter(&mut calendar, 0, REFRESH.mul_f64(chance.f64()), host);
    }
    let (mut failures, mut is_stale) = (vec![0_u8; hosts as usize], vec![false; hosts as usize]);
    let slots = WATCHED / SLOT;
    let (mut answered, mut failed) = (vec![0; slots], vec![0; slots]);
    let (mut stale, mut fresh_after) = (0, 0);
    let over = event.over();
    for at in 0..WATCHED {
        if at == over {
            (stale, is_stale) = (hosts, vec![true; hosts as usize]);
            if event == Event::PowerCut {
                for host in 0..hosts {
                    enter(&mut calendar, at, schedule::after_boot(false, chance.f64()), host);
                }
            }
        }
        let during = (BEFORE..over).contains(&at);
        for host in std::mem::take(&mut calendar[at]) {
            let index = host as usize;
            match event {
                // Without power nobody asks, and what was planned is forgotten.
                Event::PowerCut if during => {}
                Event::Outage if during => {
                    failed[at / SLOT] += 1;
                    failures[index] = failures[index].saturating_add(1).min(32);
                    let step = steps[usize::from(failures[index])];
                    enter(&mut calendar, at, schedule::after_failure(step, chance.f64(), None), host);
                }
                Event::PowerCut | Event::Outage => {
                    answered[at / SLOT] += 1;
                    failures[index] = 0;
                    if std::mem::take(&mut is_stale[index]) {
                        stale -= 1;
                        if stale == 0 {
                            fresh_after = at - over;
                        }
                    }
                    enter(&mut calendar, at, schedule::after_answer(REFRESH, chance.f64()), host);
                }
            }
        }
        if event == Event::PowerCut && at + 1 == over {
            calendar[over..].iter_mut().for_each(Vec::clear);
        }
    }
    Curve { hosts, event, answered, failed, fresh_after: if stale == 0 { fresh_after } else { WATCHED } }
}
