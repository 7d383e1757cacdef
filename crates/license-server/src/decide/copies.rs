//! Copies of a host: who asks under its key, and what the owner hears of it.

use license_core::{api::Call, host::Evidence};
use license_texts::text;

use super::{
    Caller, CustomerId, Desk, HostRow, Refusal,
    log::Deed,
    mail::MailKind,
    ratchet::{CopyStanding, Finding, Quoted, Ratchet},
};

/// What a request shows of its host.
pub(super) struct Turned {
    /// Who asks.
    pub(super) caller: Caller,
    /// The hardware of the host itself.
    pub(super) evidence: Evidence,
    /// Its copies.
    pub(super) ratchet: Ratchet,
    /// What is new.
    pub(super) finding: Option<Finding>,
}

impl Turned {
    /// What is known before the request is looked at.
    pub(super) fn of(host: Option<&HostRow>) -> Self {
        let (evidence, ratchet) =
            host.map(|host| (host.evidence.clone(), host.ratchet.clone())).unwrap_or_default();
        Self { caller: Caller::Host, evidence, ratchet, finding: None }
    }
}

impl Caller {
    /// What it is told, if it may not go on.
    pub(super) fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Host | Self::Copy(CopyStanding::Duplicate) => None,
            Self::Copy(CopyStanding::Pending | CopyStanding::Refused) => Some(Refusal::Copy),
            Self::Restless => Some(Refusal::Restless),
        }
    }

    /// Whether what it is told stands until a person decides.
    pub(super) fn is_pending(self) -> bool {
        match self {
            Self::Copy(CopyStanding::Pending) | Self::Restless => true,
            Self::Host | Self::Copy(CopyStanding::Duplicate | CopyStanding::Refused) => false,
        }
    }
}

impl Desk<'_> {
    /// Finds out who asks. A copy that may not go on hears of it by a statement when it checks in; what
    /// else it wants comes to nothing, and its reset does not concern the host.
    pub(super) fn turn_ratchet(&mut self, call: &Call) -> Result<(), Refusal> {
        let quoted = Quoted {
            serial: self.asked.proved.as_ref().map_or(0, |proved| proved.serial),
            evidence: self.asked.evidence,
            last: self.own_serial(),
            next: self.next_serial(),
            now: self.now,
        };
        let (caller, finding) = self.turned.ratchet.turn(&mut self.turned.evidence, quoted);
        (self.turned.caller, self.turned.finding) = (caller, finding);
        if caller == Caller::Copy(CopyStanding::Duplicate) {
            self.warnings.push(text!("server-warning-duplicate"));
        }
        match call {
            Call::CheckIn | Call::LicenseInfo { .. } | Call::Drop | Call::SendMetrics { .. } => Ok(()),
            Call::Register(_)
            | Call::Activate { .. }
            | Call::Capture { .. }
            | Call::Release { .. }
            | Call::Coupon { .. }
            | Call::Trial { .. }
            | Call::WouldCapture { .. } => caller.refusal().map_or(Ok(()), Err),
        }
    }

    /// Whether a copy asks that may not go on.
    pub(super) fn is_refused_copy(&self) -> bool {
        self.turned.caller.refusal() == Some(Refusal::Copy)
    }

    /// Puts what the request showed into the log of the number, and tells its owner.
    pub(super) fn tell_of_finding(&mut self, customer: &CustomerId) {
        let Some(finding) = self.turned.finding else { return };
        let host = self.asked.host.id();
        let (kind, deed) = match finding {
            Finding::Moved => (MailKind::Moved, Deed::Moved { host }),
            Finding::TooManyMoves => (MailKind::Moved, Deed::TooManyMoves { host }),
            Finding::Copies { serial, differs } => {
                (MailKind::CopyFound, Deed::CopyFound { host, serial, differs })
            }
        };
        self.draft.note(customer, deed);
        self.draft.mail(customer, kind, Some(self.asked.host.id()));
    }
}

#[cfg(test)]
mod tests {
    use license_core::statement::Kind;
    use license_texts::Text;
    use license_types::Code;

    use super::{
        super::testing::{World, capture, key, number},
        *,
    };

    /// Host 1, and a copy of it on the hardware of host `onto` that has called, too.
    fn copied(onto: u8) -> (World, u64, u64) {
        let mut world = World::registered(1);
        let old = world.serial(1);
        world.ok(1, &Call::CheckIn);
        let host = world.serial(1);
        world.hold(1, old);
        for _ in 0..2 {
            world.decide_with(1, onto, &Call::CheckIn).unwrap();
        }
        let copy = world.serial(1);
        world.hold(1, host);
        let decision = world.decide(1, &Call::CheckIn).unwrap();
        let differs = onto != 1;
        let serial = if differs { copy } else { world.serial(1) };
        assert_eq!(decision.notable(), [Deed::CopyFound { host: key(1).id(), serial, differs }]);
        let host = world.serial(1);
        (world, host, copy)
    }

    #[test]
    fn a_copy_on_other_hardware_is_denied_and_the_host_is_not() {
        let (mut world, host, copy) = copied(2);
        let before = world.rows.host(&key(1)).unwrap().clone();
        world.hold(1, copy);
        let told = world.decide_with(1, 2, &Call::CheckIn).unwrap().answer.statement.unwrap();
        let Kind::Refusal(refusal) = told.kind else { panic!("a copy works on") };
        assert_eq!((refusal.code, told.number), (Code::NO_LICENSE, number('A')));
        assert!(refusal.reason.contains("copy of another host"), "{}", refusal.reason);
        assert!(refusal.pending, "until somebody decides");
        let activate = Call::Activate { number: number('A') };
        for call in [activate, capture(33)] {
            assert_eq!(world.decide_with(1, 2, &call), Err(Refusal::Copy), "{call:?}");
        }
        let seats = world.rows.seats.clone();
        assert!(world.decide_with(1, 2, &Call::Drop).unwrap().writes.is_empty());
        assert_eq!(world.rows.seats, seats);
        let after = world.rows.host(&key(1)).unwrap();
        assert_eq!((after.may_run_until, &after.evidence), (before.may_run_until, &before.evidence));
        world.hold(1, host);
        assert_eq!(world.refusal_of(1, 33), None, "the host works on");
    }

    #[test]
    fn copies_on_the_same_hardware_share_one_seat_with_a_warning() {
        let (mut world, host, copy) = copied(1);
        world.hold(1, host);
        let answer = world.ok(1, &capture(33));
        assert_eq!(answer.warnings, [Text::known("server-warning-duplicate")]);
        let host = world.serial(1);
        world.hold(1, copy);
        assert_eq!(world.ok(1, &Call::CheckIn).warnings, []);
        world.hold(1, host);
        assert_eq!(world.refusal_of(1, 33), None);
        assert_eq!(world.rows.seats.len(), 1);
    }
}
