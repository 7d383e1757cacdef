//! When an answer turns by time alone, so that who waits for changes need not ask again and again.

use std::time::Duration;

use crate::{
    state::{Binding, DEFAULT_RUN_ON, Held, State},
    statement::Lease,
    time::{Age, Now},
};

/// The least step of an [`Age`].
const NEXT: Duration = Duration::from_millis(1);

impl State {
    /// The first moment after `now` at which the phase or a verdict may be another one without an event: a lease
    /// ends, what runs may not go on any more, or an expiry passes. `None` if there is no such moment.
    #[must_use]
    pub fn turns_at(&self, now: Now) -> Option<Age> {
        let moments = match &self.binding {
            Binding::Unregistered { .. } => Vec::new(),
            Binding::Lost { since, .. } => vec![since.saturating_add(DEFAULT_RUN_ON)],
            Binding::Held(held) => held.lease().map(|lease| turns(held, lease)).unwrap_or_default(),
        };
        moments.into_iter().filter(|at| *at > now.age).min()
    }
}

/// Every moment at which something of the lease turns.
fn turns(held: &Held, lease: &Lease) -> Vec<Age> {
    let mut moments = vec![held.ends_at(lease).saturating_add(NEXT)];
    for row in lease.features.iter().filter(|row| row.refusal.is_none()) {
        let honoured_until = lease.honours(row);
        let ends = held.honours(honoured_until);
        let run_on = lease.runs_on(row);
        moments.extend([ends.saturating_add(NEXT), ends.saturating_add(run_on)]);
        moments.extend(row.expires_at.map(|expiry| held.age_at(expiry)));
    }
    moments
}
