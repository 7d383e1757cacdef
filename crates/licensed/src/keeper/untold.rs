//! Coupons that were activated and of which nobody heard: who asked was gone, or the daemon was. Whoever asks again
//! is told the first outcome, and not that the coupon was activated already.
//!
//! Coupons alone: all else that is asked again comes to the same again.

use std::time::Duration;

use license_core::{api::Call, outcome::Outcome, time::Age};
use license_types::{Coupon, RegistrationNumber};

use super::{Keeper, handle::Success};
use crate::transport::Exchange;

/// How long it is kept: who saw a failure tries again within the hour, or has found out by then.
const KEPT: Duration = Duration::from_hours(1);

/// The most that are kept; the oldest go first.
const MOST: usize = 16;

/// A coupon of whose activation nobody heard.
#[derive(Debug)]
pub(super) struct Untold {
    coupon: Coupon,
    number: RegistrationNumber,
    at: Age,
}

impl<E: Exchange> Keeper<E> {
    /// Notes that nobody heard what came of a call.
    pub(super) fn not_told(&mut self, call: &Call, outcome: &Outcome) {
        if let (Call::Coupon { coupon }, Outcome::Statement(_)) = (call, outcome) {
            self.coupon_not_told(coupon.clone());
        }
    }

    /// Notes that nobody heard that this coupon is activated.
    pub(super) fn coupon_not_told(&mut self, coupon: Coupon) {
        let Some(number) = self.state.number().cloned() else { return };
        let at = self.clock.now().age;
        self.untold.retain(|untold| untold.coupon != coupon);
        self.untold.push_back(Untold { coupon, number, at });
        if self.untold.len() > MOST {
            self.untold.pop_front();
        }
    }

    /// What came of a call of which nobody heard. It is told once. A coupon belongs to the number that it was
    /// activated for.
    pub(super) fn told_now(&mut self, call: &Call) -> Option<Success> {
        let Call::Coupon { coupon } = call else { return None };
        let now = self.clock.now().age;
        self.untold.retain(|untold| now.saturating_since(untold.at) < KEPT);
        let number = self.state.number();
        let found = |untold: &Untold| untold.coupon == *coupon && Some(&untold.number) == number;
        let at = self.untold.iter().position(found)?;
        self.untold.remove(at);
        Some(Success::nothing(self.snapshot()))
    }
}
