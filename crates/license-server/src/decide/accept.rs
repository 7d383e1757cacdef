//! A person's word about a host: which of two copies it is, and that it may have changed its hardware.

use license_core::crypto::KeyId;
use license_types::RegistrationNumber;

use super::{
    CustomerId, Draft, HostRow, Write,
    log::Deed,
    vendor::{Unable, known},
};

/// The host that is on the number, and the owner of that.
fn bound(draft: &Draft, number: &RegistrationNumber, host: &KeyId) -> Result<(CustomerId, HostRow), Unable> {
    let rows = &draft.rows;
    let customer = known(rows, number)?.id.clone();
    let is_it = |binding: &&super::BindingRow| {
        binding.customer == customer && binding.ended.is_none() && binding.host.id() == *host
    };
    let row = rows.bindings.iter().find(is_it).and_then(|binding| rows.host(&binding.host));
    row.cloned().map(|row| (customer, row)).ok_or(Unable::HostNotOnNumber)
}

/// The host may go on with the hardware that it has now.
pub fn accept_moves(draft: &mut Draft, number: &RegistrationNumber, host: &KeyId) -> Result<(), Unable> {
    let (customer, mut row) = bound(draft, number, host)?;
    if !row.ratchet.accept_moves() {
        return Err(Unable::NotWaiting);
    }
    draft.write(Write::SaveHost(row));
    draft.note(&customer, Deed::MovesAccepted { host: host.clone() });
    Ok(())
}

/// The copy with that serial is the host, and what was the host is a copy that may not go on.
pub fn accept_copy(
    draft: &mut Draft,
    number: &RegistrationNumber,
    host: &KeyId,
    serial: u64,
) -> Result<(), Unable> {
    let (customer, mut row) = bound(draft, number, host)?;
    if !row.ratchet.accept_copy(serial, &mut row.evidence, row.serial, draft.now) {
        return Err(Unable::NoCopy { serial });
    }
    draft.write(Write::SaveHost(row));
    draft.note(&customer, Deed::CopyAccepted { host: host.clone(), serial });
    Ok(())
}

/// The copy with that serial may not go on.
pub fn refuse_copy(
    draft: &mut Draft,
    number: &RegistrationNumber,
    host: &KeyId,
    serial: u64,
) -> Result<(), Unable> {
    let (customer, mut row) = bound(draft, number, host)?;
    if !row.ratchet.refuse_copy(serial) {
        return Err(Unable::NoCopy { serial });
    }
    draft.write(Write::SaveHost(row));
    draft.note(&customer, Deed::CopyRefused { host: host.clone(), serial });
    Ok(())
}

#[cfg(test)]
mod tests {
    use license_core::{api::Call, statement::Kind};

    use super::{
        super::testing::{World, key, number},
        *,
    };

    /// Host 1 and a copy of it on the hardware of host 2, which is found and waits; the serials of both.
    fn copied() -> (World, u64, u64) {
        let mut world = World::registered(1);
        let old = world.serial(1);
        world.ok(1, &Call::CheckIn);
        let host = world.serial(1);
        world.hold(1, old);
        for _ in 0..2 {
            world.decide_with(1, 2, &Call::CheckIn).unwrap();
        }
        let copy = world.serial(1);
        world.hold(1, host);
        world.ok(1, &Call::CheckIn);
        (world.clone(), world.serial(1), copy)
    }

    /// What a check-in from the hardware of `hardware` with that serial gets.
    fn is_leased(world: &mut World, hardware: u8, serial: u64) -> bool {
        world.hold(1, serial);
        let answer = world.decide_with(1, hardware, &Call::CheckIn).unwrap().answer;
        matches!(answer.statement.unwrap().kind, Kind::Lease(_))
    }

    #[test]
    fn a_persons_word_decides_which_copy_goes_on() {
        type Word = fn(&mut Draft, &RegistrationNumber, &KeyId, u64) -> Result<(), Unable>;
        // What a person says, and whether the host and the copy have a lease then.
        let cases: [(&str, Option<Word>, bool, bool); 3] = [
            ("nothing", None, true, false),
            ("accept", Some(accept_copy), false, true),
            ("refuse", Some(refuse_copy), true, false),
        ];
        for (name, word, host_runs, copy_runs) in cases {
            let (mut world, host, _) = copied();
            let copy = world.rows.hosts[0].ratchet.copies[0].serial;
            if let Some(word) = word {
                world.change(|draft| word(draft, &number('A'), &key(1).id(), copy)).unwrap();
                assert!(world.log.last().unwrap().deed.starts_with("copy_"), "{name}");
            }
            assert_eq!(is_leased(&mut world, 2, copy), copy_runs, "{name}: the copy");
            assert_eq!(is_leased(&mut world, 1, host), host_runs, "{name}: the host");
        }
    }

    #[test]
    fn a_host_that_moved_too_often_goes_on_after_a_persons_word() {
        let mut world = World::registered(1);
        let accept =
            |world: &mut World| world.change(|draft| accept_moves(draft, &number('A'), &key(1).id()));
        assert_eq!(accept(&mut world), Err(Unable::NotWaiting));
        for hardware in 2..=5 {
            let serial = world.serial(1);
            is_leased(&mut world, hardware, serial);
        }
        let serial = world.serial(1);
        assert!(!is_leased(&mut world, 5, serial), "the fourth change within 30 days");
        accept(&mut world).unwrap();
        assert_eq!(world.log.last().unwrap().deed, "moves_accepted");
        let serial = world.serial(1);
        assert!(is_leased(&mut world, 5, serial));
    }

    #[test]
    fn what_is_not_there_cannot_be_accepted_or_refused() {
        let (mut world, ..) = copied();
        let before = world.rows.clone();
        let host = key(1).id();
        let none = world.change(|draft| accept_copy(draft, &number('A'), &host, 999));
        assert_eq!(none, Err(Unable::NoCopy { serial: 999 }));
        let none = world.change(|draft| refuse_copy(draft, &number('A'), &host, 999));
        assert_eq!(none, Err(Unable::NoCopy { serial: 999 }));
        let other = world.change(|draft| accept_moves(draft, &number('A'), &key(2).id()));
        assert_eq!(other, Err(Unable::HostNotOnNumber));
        assert_eq!(world.rows, before);
    }
}
