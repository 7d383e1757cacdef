//! Whether something of a host's number changed that the host does not know yet: for the long poll.

use license_core::crypto::PublicKey;

use super::{BindingRow, CustomerId, Refusal, Rows};

/// The customer whose log the host has to wait for; `None` if it is to check in now.
///
/// The log says more than the verdicts: a check-in too many is cheap, one too few is not. What a host did
/// itself it knows from the answer.
pub fn awaited(rows: &Rows, host: &PublicKey) -> Result<Option<CustomerId>, Refusal> {
    let row = rows.host(host).ok_or(Refusal::UnknownHost)?;
    // As for a check-in, what ended and was cleared counts for nothing.
    let counts = |binding: &&BindingRow| binding.host == *host && binding.cleared_at.is_none();
    let mine = rows.bindings.iter().filter(counts);
    let last = mine.max_by_key(|binding| (binding.ended.is_none(), binding.bound_at));
    let binding = last.ok_or(Refusal::NoNumber)?;
    let customer = rows.customer(&binding.customer).ok_or(Refusal::NoNumber)?;
    let is_known = customer.log.length == row.seen;
    Ok(is_known.then(|| customer.id.clone()))
}

#[cfg(test)]
mod tests {
    use std::mem;

    use license_core::api::Call;

    use super::{
        super::{
            Draft,
            clear::clear,
            drop::{Purpose, Which, drop},
            log::{Actor, Deed},
            testing::{World, capture, coupon, key, number, trial},
        },
        *,
    };

    type Change = fn(&mut World);

    fn is_to_check_in(world: &World, host: u8) -> bool {
        awaited(&world.rows, &key(host)).unwrap().is_none()
    }

    #[test]
    fn a_host_hears_of_what_others_do_and_not_of_itself() {
        let world = || {
            let mut world = World::registered(1);
            world.issue('A', 81, 2, 30);
            world.ok(2, &Call::Activate { number: number('A') });
            world.ok(1, &Call::CheckIn);
            world
        };
        let changes: [(&str, Change, bool); 8] = [
            ("nothing", |_| (), false),
            ("its own check-in", |world| mem::drop(world.ok(1, &Call::CheckIn)), false),
            ("its own trial", |world| mem::drop(world.ok(1, &trial(81))), false),
            ("a check-in of another host", |world| mem::drop(world.ok(2, &Call::CheckIn)), false),
            (
                "a coupon on another host",
                |world| mem::drop(world.ok(2, &Call::Coupon { coupon: coupon('A') })),
                true,
            ),
            ("a drop of everything", |world| world.drop_all(), true),
            ("a drop of its seat", |world| world.drop_session(0), true),
            (
                "a line of the vendor",
                |world| {
                    let mut draft = Draft::new(world.rows.clone(), Actor::Server, world.now);
                    let customer = draft.rows.customers[0].id.clone();
                    draft.note(&customer, Deed::Registered);
                    world.rows = draft.rows;
                },
                true,
            ),
        ];
        for (name, change, expected) in changes {
            let mut world = world();
            change(&mut world);
            assert_eq!(is_to_check_in(&world, 1), expected, "{name}");
            world.ok(1, &Call::CheckIn);
            assert!(!is_to_check_in(&world, 1), "{name}: it knows then");
        }
    }

    #[test]
    fn a_seat_that_another_host_takes_or_gives_back_is_news() {
        let mut world = World::registered(1);
        world.issue('A', 81, 1, 30);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        world.ok(2, &Call::Activate { number: number('A') });
        world.ok(1, &Call::CheckIn);
        world.drop_feature(45);
        world.ok(1, &Call::CheckIn);
        world.ok(2, &capture(45));
        assert!(is_to_check_in(&world, 1));
    }

    #[test]
    fn who_has_no_number_is_told_so() {
        let mut world = World::registered(1);
        assert_eq!(awaited(&world.rows, &key(2)), Err(Refusal::UnknownHost));
        world.ok(1, &Call::Drop);
        assert!(is_to_check_in(&world, 1), "its number ended");
    }

    #[test]
    fn a_host_that_was_cleared_hears_no_news_of_what_it_was_told() {
        let mut world = World::registered(1);
        world.register(2, "Other", 'B');
        world.drop_all();
        world.ok(1, &Call::CheckIn);
        world.ok(1, &Call::Activate { number: number('B') });
        world.change(|draft| drop(draft, &number('B'), &Which::All, Purpose::Move)).unwrap();
        world.ok(1, &Call::CheckIn);
        world.change(|draft| clear(draft, &number('B'), Some(&key(1).id()))).unwrap();
        world.ok(1, &Call::CheckIn);
        assert!(!is_to_check_in(&world, 1));
    }
}
