//! What the state comes to, in one word.

use super::{Binding, LeaseWarning, State};
use crate::{statement::Kind, time::Now};

/// What the state comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// There is no number.
    Unregistered,
    /// There is no number, and one is being registered or activated; nobody knows yet what came of it.
    Registering,
    /// There is a lease, and the last attempt reached the license server.
    Fresh,
    /// There is a lease, and the license server is away.
    Offline,
    /// There is a lease, and it was given to other hardware: a move, a new board, or a copy. The license
    /// server is to be told first.
    HostChanged,
    /// The lease has ended without another answer.
    Lapsed,
    /// The license server said no.
    Refused,
    /// The license server said no until a person decides: this is a copy of another host, or it moved too
    /// often.
    Pending,
    /// What was held is lost; the license server is asked for it.
    Recovering,
    /// The daemon is stopping.
    Draining,
}

impl State {
    /// What the state comes to now.
    #[must_use]
    pub fn phase(&self, now: Now) -> Phase {
        if self.draining {
            return Phase::Draining;
        }
        match &self.binding {
            Binding::Unregistered { .. } if self.is_registering() => Phase::Registering,
            Binding::Unregistered { .. } => Phase::Unregistered,
            Binding::Lost { .. } => Phase::Recovering,
            Binding::Held(held) => match &held.statement.kind {
                Kind::Refusal(refusal) if refusal.pending => Phase::Pending,
                Kind::Refusal(_) => Phase::Refused,
                Kind::Lease(lease) if now.age > held.ends_at(lease) => Phase::Lapsed,
                Kind::Lease(_) if self.host_changed => Phase::HostChanged,
                Kind::Lease(_) if self.contact.offline_since.is_some() => Phase::Offline,
                Kind::Lease(_) => Phase::Fresh,
            },
        }
    }

    /// What a person should know of a lease that runs out while the license server is away.
    #[must_use]
    pub fn lease_warning(&self, now: Now) -> Option<LeaseWarning> {
        let (held, lease) = self.lease()?;
        self.contact.offline_since?;
        held.warning(lease, now.age)
    }
}
