//! Replay: a repeated request gets the same answer, byte for byte, and has one effect.
//!
//! Only the last answer is kept, so the id alone does not tell a request that somebody recorded and
//! sends again later. Its serial does: the host has confirmed a higher one by then.

use license_core::{
    api::Problem,
    crypto::{PublicKey, RequestId, sha256_hex},
};

use license_texts::text;

use super::{Desk, Refusal, ReplyRow, Rows, problem};

/// What is known of a request before it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'r> {
    /// It is new.
    Never,
    /// It was answered: this is the answer again.
    Answered(&'r ReplyRow),
    /// Another request had its id.
    Reused,
}

/// What a request's repetition is recognised by, beside host and id.
#[must_use]
pub fn digest(method: &str, path: &str, body: &[u8]) -> String {
    sha256_hex(format!("{method}\n{path}\n{}", sha256_hex(body)).as_bytes())
}

/// Whether the host's last answer was to this request.
#[must_use]
pub fn seen<'r>(rows: &'r Rows, host: &PublicKey, request_id: &RequestId, digest: &str) -> Seen<'r> {
    match rows.replies.iter().find(|reply| reply.host == *host) {
        Some(last) if last.request_id != *request_id => Seen::Never,
        Some(last) if last.digest == digest => Seen::Answered(last),
        Some(_) => Seen::Reused,
        None => Seen::Never,
    }
}

/// The answer to another request under an id that was used.
#[must_use]
pub fn reused() -> Problem {
    problem(422, None, "The request id was used for another request", &text!("server-reused-id"))
}

impl Desk<'_> {
    /// Refuses what the host signed before it confirmed a later statement. A host whose answers were lost
    /// confirmed nothing. One that lost its state starts at serial 0; it registers, activates or checks
    /// in first, and those are not asked.
    pub(super) fn require_current(&self) -> Result<(), Refusal> {
        if self.asked.serial < self.acknowledged() { Err(Refusal::OutOfDate) } else { Ok(()) }
    }

    /// The highest serial that the host said it holds.
    pub(super) fn acknowledged(&self) -> u64 {
        self.draft.rows.host(&self.asked.host).map_or(0, |host| host.acknowledged)
    }
}

#[cfg(test)]
mod tests {
    use license_core::{api::Call, statement::Kind};

    use super::{
        super::testing::{World, capture, company, coupon, key, number, trial},
        *,
    };

    /// Host 1 on number A with a coupon and a seat of 45, and what it could ask for.
    fn calls() -> (World, Vec<Call>) {
        let mut world = World::registered(1);
        world.issue('A', 81, 1, 30);
        world.issue('B', 81, 1, 30);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        let session = world.rows.seats.last().unwrap().session.clone();
        let coupon = Call::Coupon { coupon: coupon('B') };
        (world, vec![Call::Drop, Call::Release { session }, capture(45), coupon, trial(85)])
    }

    #[test]
    fn a_recorded_request_has_no_effect_once_the_host_has_confirmed_a_later_statement() {
        let (mut world, calls) = calls();
        let recorded = world.serial(1);
        world.ok(1, &Call::CheckIn);
        world.ok(1, &Call::CheckIn);
        for call in calls {
            let mut world = world.clone();
            let (now, before) = (world.serial(1), world.rows.clone());
            world.hold(1, recorded);
            assert_eq!(world.refused(1, &call), Refusal::OutOfDate, "{call:?}");
            assert_eq!(world.rows, before, "{call:?}");
            world.hold(1, now);
            assert!(world.decide(1, &call).is_ok(), "{call:?}, sent anew");
        }
    }

    #[test]
    fn a_host_whose_answers_were_lost_is_not_refused() {
        let (mut world, calls) = calls();
        let held = world.serial(1);
        for _ in 0..5 {
            world.ok(1, &Call::CheckIn);
            world.hold(1, held);
        }
        assert!(world.rows.host(&key(1)).unwrap().serial > held + 4);
        for call in calls {
            assert!(world.clone().decide(1, &call).is_ok(), "{call:?}");
        }
    }

    #[test]
    fn a_host_that_lost_its_state_checks_in_first() {
        let calls = [Call::CheckIn, Call::Activate { number: number('A') }, Call::Register(company("Acme"))];
        for call in calls {
            let (mut world, _) = self::calls();
            world.ok(1, &Call::CheckIn);
            world.hold(1, 0);
            assert_eq!(world.refused(1, &capture(45)), Refusal::OutOfDate);
            let statement = world.ok(1, &call).statement.unwrap();
            assert!(matches!(statement.kind, Kind::Lease(_)), "{call:?}");
            world.ok(1, &capture(45));
        }
    }

    #[test]
    fn a_serial_that_was_never_issued_confirms_nothing() {
        let mut world = World::registered(1);
        let held = world.serial(1);
        world.hold(1, u64::MAX);
        world.ok(1, &Call::CheckIn);
        assert_eq!(world.rows.host(&key(1)).unwrap().acknowledged, held);
        world.ok(1, &capture(33));
    }

    #[test]
    fn a_late_repetition_of_a_coupon_is_known_by_its_id() {
        let mut world = World::registered(1);
        world.issue('A', 81, 1, 30);
        let held = world.serial(1);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        let request = world.last_request;
        world.ok(1, &Call::CheckIn);
        world.hold(1, held);
        world.ok_again(1, request, &Call::Coupon { coupon: coupon('A') });
        let grants = world.rows.grants.iter().filter(|grant| grant.product.0 == 81);
        assert_eq!(grants.count(), 1);
    }

    #[test]
    fn a_request_is_known_by_id_and_content() {
        let last = ReplyRow {
            host: key(1),
            request_id: RequestId([1; 16]),
            digest: digest("POST", "/v1/trial", b"{}"),
            status: 200,
            body: b"answer".to_vec(),
        };
        let rows = Rows { replies: vec![last.clone()], ..Rows::default() };
        let other = digest("POST", "/v1/coupon", b"{}");
        assert_eq!(seen(&rows, &key(1), &RequestId([1; 16]), &last.digest), Seen::Answered(&last));
        assert_eq!(seen(&rows, &key(1), &RequestId([1; 16]), &other), Seen::Reused);
        assert_eq!(seen(&rows, &key(1), &RequestId([2; 16]), &last.digest), Seen::Never);
        assert_eq!(seen(&rows, &key(2), &RequestId([1; 16]), &last.digest), Seen::Never);
    }
}
