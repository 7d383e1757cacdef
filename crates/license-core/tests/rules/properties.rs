//! What holds for every history of events, however it comes.

use std::time::Duration;

use crate::world::{HELD, Host, answer, at, lease, online, problem, refusal, statement};
use license_core::{
    api::Call,
    crypto::{Nonce, SigningKey},
    host::Evidence,
    outcome::HttpAnswer,
    schedule,
    state::{Event, PreparedCall},
    statement::Kind,
    time::{Age, Clock, Now, Reading},
};
use license_types::{Code, UnixTime, Verdict};
use proptest::prelude::*;

/// Something that goes wrong with a check-in.
#[derive(Debug, Clone)]
enum Fault {
    Transport(u16),
    Http(u16, Vec<u8>),
    Problem(u16, u16),
    ForgedRefusal { serial: u64, right_nonce: bool, right_key: bool, flip: Option<usize> },
    Restart { off: u64 },
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (1011_u16..=1014).prop_map(Fault::Transport),
        (100_u16..600, any::<Vec<u8>>()).prop_map(|(status, body)| Fault::Http(status, body)),
        (400_u16..600, prop_oneof![Just(2008_u16), Just(2011), Just(2026), any::<u16>()])
            .prop_map(|(status, code)| Fault::Problem(status, code)),
        (0_u64..9, any::<bool>(), any::<bool>(), any::<Option<usize>>()).prop_map(
            |(serial, right_nonce, right_key, flip)| Fault::ForgedRefusal {
                serial,
                right_nonce,
                right_key,
                flip
            }
        ),
        (0_u64..400_000).prop_map(|off| Fault::Restart { off }),
    ]
}

impl Fault {
    /// Whether it is no fault at all, but the license server's word.
    fn is_genuine(&self) -> bool {
        matches!(self, Self::ForgedRefusal { serial, right_nonce: true, right_key: true, flip: None } if *serial > 1)
    }

    fn answer(&self, call: &PreparedCall) -> HttpAnswer {
        match self {
            Self::Http(status, body) => HttpAnswer {
                status: *status,
                content_type: Some("application/problem+json".to_owned()),
                retry_after: None,
                body: body.clone(),
            },
            Self::Problem(status, code) => problem(*status, Code(*code)),
            Self::ForgedRefusal { serial, right_nonce, right_key, flip } => {
                let nonce = if *right_nonce { call.nonce } else { Nonce([0; 32]) };
                let key = if *right_key { online() } else { SigningKey::from_bytes(&[8; 32]) };
                let mut statement = statement(*serial, nonce, refusal()).sign(&key).unwrap();
                if let Some(flip) = flip {
                    let bit = flip % (statement.payload.0.len() * 8);
                    statement.payload.0[bit / 8] ^= 1 << (bit % 8);
                }
                let body = license_core::api::ApiAnswer {
                    statement: Some(statement),
                    receipt: None,
                    keys: crate::world::keys(),
                    session: None,
                    license: None,
                    warnings: Vec::new(),
                    warnings_ru: Vec::new(),
                };
                let body = serde_json::to_vec(&body).unwrap();
                HttpAnswer { status: 200, content_type: None, retry_after: None, body }
            }
            Self::Transport(_) | Self::Restart { .. } => HttpAnswer::default(),
        }
    }

    fn happen(&self, host: &mut Host, now: Now) {
        match self {
            Self::Transport(code) => host.check_in_vain(Code(*code), now),
            Self::Restart { off } => {
                let off = Duration::from_secs(*off);
                host.step(
                    Event::Started { booted: true, off, evidence: Evidence::default(), fraction: 0.3 },
                    now,
                );
            }
            Self::Http(..) | Self::Problem(..) | Self::ForgedRefusal { .. } => {
                host.check_in(now, |call| self.answer(call));
            }
        }
    }
}

proptest! {
    #[test]
    fn a_fault_never_turns_into_denied(faults in prop::collection::vec((fault(), 0_u64..5_000_000), 1..20)) {
        let mut host = Host::bound();
        let mut second = 0;
        for (fault, wait) in faults.iter().filter(|(fault, _)| !fault.is_genuine()) {
            second += wait;
            fault.happen(&mut host, at(second));
            let verdict = host.verdict(HELD, at(second));
            prop_assert!(!matches!(verdict, Verdict::Denied { .. }), "{fault:?} gave {verdict:?}");
        }
    }

    #[test]
    fn only_a_verified_statement_with_our_nonce_changes_what_is_held(fault in fault()) {
        let mut host = Host::bound();
        let before = host.state.held().map(|held| held.signed().clone());
        fault.happen(&mut host, at(60));
        let changed = host.state.held().map(|held| held.signed().clone()) != before;
        prop_assert_eq!(changed, fault.is_genuine(), "{:?}", fault);
    }

    #[test]
    fn a_lease_ends_when_the_time_that_passed_says_so_and_not_when_the_wall_clock_does(wall in any::<i64>(), run in 0_u64..5_000_000) {
        let host = Host::bound();
        let now = Now { wall: UnixTime(wall), ..at(run) };
        prop_assert_eq!(host.verdict(HELD, now), host.verdict(HELD, at(run)));
    }

    #[test]
    fn turning_the_clock_back_gains_nothing(
        boots in prop::collection::vec((0_u64..1_000_000, -1_000_000_i64..1_000_000, any::<bool>()), 1..30),
    ) {
        // Each boot runs for a while; before the next one somebody sets the clock by `step` seconds.
        let (mut record, mut age, mut wall, mut uptime) = (None, Age::default(), 1_790_000_000, Duration::ZERO);
        let mut ran = Duration::ZERO;
        for (index, (run, step, reboot)) in boots.iter().enumerate() {
            let boot_id = if *reboot { uptime = Duration::ZERO; index.to_string() } else { "same".to_owned() };
            wall += step;
            let reading = Reading { boot_id, since_boot: uptime, wall: UnixTime(wall) };
            let (clock, _) = Clock::resume(record.as_ref(), age, &reading);
            prop_assert!(clock.age(uptime) >= age, "time ran backwards");
            uptime += Duration::from_secs(*run);
            wall += i64::try_from(*run).unwrap();
            ran += Duration::from_secs(*run);
            age = clock.age(uptime);
            record = Some(clock.record(uptime, UnixTime(wall), None));
            prop_assert!(age >= Age::default().saturating_add(ran), "time that the machine ran was not counted");
        }
    }

    #[test]
    fn the_next_check_is_within_its_bounds(failures in 0_u32..50, fraction in 0.0..1.0, step in 0_u64..100_000) {
        let mut host = Host::bound();
        for _ in 0..failures {
            host.check_in_vain(Code::NO_ANSWER, at(60));
        }
        let call = host.call(Call::CheckIn, at(60));
        let retry_step = Duration::from_secs(step);
        let event = Event::Ended { call: Box::new(call), outcome: crate::world::no_answer(Code::NO_ANSWER), retry_step, fraction };
        host.step(event, at(60));
        let wait = host.state.due().unwrap().saturating_since(at(60).age);
        prop_assert!(wait >= schedule::FIRST_RETRY / 2 && wait <= schedule::LONGEST_RETRY);

        host.check_in(at(60), |call| answer(&statement(2, call.nonce, Kind::Lease(lease())), &online()));
        let wait = host.state.due().unwrap().saturating_since(at(60).age);
        prop_assert!(wait >= crate::world::REFRESH.mul_f64(0.9) && wait <= crate::world::REFRESH.mul_f64(1.1));
    }
}
