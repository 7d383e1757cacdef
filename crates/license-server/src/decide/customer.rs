//! What the vendor does with a customer: rename, suspend, give another number, merge two into one.

use license_core::crypto::KeyId;
use license_types::{Registration, RegistrationNumber, UnixTime};
use serde::Serialize;

use super::{
    CustomerId, CustomerRow, Draft, HostRow, Rows, SeatRow, Write,
    log::Deed,
    mail::{MailKind, MailRow},
    registration::{checked, comparable},
    vendor::{Edit, Unable, known},
};

/// What of a registration is entered anew; the rest stays. An empty phone or tax id deletes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Company name.
    pub company: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Contact person.
    pub contact: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Tax id.
    pub tax_id: Option<String>,
}

impl Changes {
    /// What an e-mail that was entered is compared by.
    #[must_use]
    pub fn email_key(&self) -> Option<String> {
        self.email.as_deref().map(comparable)
    }

    /// A registration with what is entered.
    pub(super) fn of(&self, known: &Registration) -> Registration {
        let entered = |new: &Option<String>, old: &String| new.clone().unwrap_or_else(|| old.clone());
        Registration {
            company: entered(&self.company, &known.company),
            email: entered(&self.email, &known.email),
            contact: entered(&self.contact, &known.contact),
            phone: self.phone.clone().or_else(|| known.phone.clone()),
            tax_id: self.tax_id.clone().or_else(|| known.tax_id.clone()),
        }
    }
}

/// Renames a customer, by the rules of registration; the names of the fields that differ now. The owner of
/// the new e-mail is among the rows, if it has one.
pub fn edit(
    draft: &mut Draft,
    number: &RegistrationNumber,
    changes: &Changes,
) -> Result<Vec<&'static str>, Unable> {
    let row = known(&draft.rows, number)?;
    let registration =
        checked(&changes.of(&row.registration)).map_err(|refusal| Unable::Field(refusal.problem().detail))?;
    let (company_key, email_key) = (comparable(&registration.company), comparable(&registration.email));
    require_free(&draft.rows, &email_key, Some(&row.id))?;
    let (new, old) = (&registration, &row.registration);
    let differs = [
        ("company", new.company != old.company),
        ("email", new.email != old.email),
        ("contact", new.contact != old.contact),
        ("phone", new.phone != old.phone),
        ("tax_id", new.tax_id != old.tax_id),
    ];
    let fields: Vec<_> = differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
    if !fields.is_empty() {
        let customer = row.id.clone();
        let fields = fields.clone();
        let edit = Edit::SetRegistration { customer, registration, company_key, email_key, fields };
        draft.write(Write::Edit(edit));
    }
    Ok(fields)
}

/// Whether nobody else has the e-mail. Its owner is among the rows, if it has one.
pub(super) fn require_free(rows: &Rows, email_key: &str, own: Option<&CustomerId>) -> Result<(), Unable> {
    let is_other = |other: &&CustomerRow| other.email_key == email_key && Some(&other.id) != own;
    let other = rows.customers.iter().find(is_other);
    other.map_or(Ok(()), |other| Err(Unable::EmailTaken { masked: other.number.masked() }))
}

/// Suspends a number; since when it is. Hosts are refused from their next call on.
pub fn suspend(draft: &mut Draft, number: &RegistrationNumber) -> Result<UnixTime, Unable> {
    let row = known(&draft.rows, number)?;
    if let Some(since) = row.suspended_at {
        return Ok(since);
    }
    let (customer, since) = (row.id.clone(), Some(draft.now));
    draft.write(Write::Edit(Edit::SetSuspended { customer, since }));
    Ok(draft.now)
}

/// Ends a suspension; `false` if there was none. Hosts come back by themselves.
pub fn reinstate(draft: &mut Draft, number: &RegistrationNumber) -> Result<bool, Unable> {
    let row = known(&draft.rows, number)?;
    let was_suspended = row.suspended_at.is_some();
    if was_suspended {
        let customer = row.id.clone();
        draft.write(Write::Edit(Edit::SetSuspended { customer, since: None }));
    }
    Ok(was_suspended)
}

/// What another number came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The new number, whole.
    pub number: String,
    /// Whose it is.
    pub company: String,
    /// The hosts that get the new number, the one that called last first.
    pub hosts: Vec<Follower>,
}

/// A host that gets a new number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Follower {
    /// The id of its key.
    pub host: KeyId,
    /// Its last call.
    pub last_seen: UnixTime,
}

/// Gives a customer the number `new`, and mails it to the owner. Nobody has the old one from then on; hosts
/// follow by their keys. All hosts of the number are among the rows.
pub fn replace_number(
    draft: &mut Draft,
    number: &RegistrationNumber,
    new: RegistrationNumber,
) -> Result<Replaced, Unable> {
    let row = known(&draft.rows, number)?;
    let (customer, company) = (row.id.clone(), row.registration.company.clone());
    let rows = &draft.rows;
    let bound = rows.bindings.iter().filter(|row| row.customer == customer && row.ended.is_none());
    let hosts = bound.filter_map(|binding| rows.host(&binding.host));
    let mut hosts: Vec<Follower> =
        hosts.map(|host| Follower { host: host.key.id(), last_seen: host.last_seen }).collect();
    hosts.sort_by_key(|host| std::cmp::Reverse(host.last_seen));
    let replaced = Replaced { number: new.as_str().to_owned(), company, hosts };
    draft.write(Write::Edit(Edit::SetNumber { customer: customer.clone(), number: new, at: draft.now }));
    // Without the pause between two mails: the number in an earlier one is of no use any more.
    let (kind, made_at) = (MailKind::Number, draft.now);
    draft.write(Write::Mail(MailRow { kind, customer, host: None, made_at }));
    Ok(replaced)
}

/// What went over in a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Grants, live and ended.
    pub grants: usize,
    /// Hosts that are bound.
    pub hosts: usize,
    /// Captured seats.
    pub seats: usize,
}

/// Merges one number into another, which has everything of both then. Seats keep their sessions. Hosts
/// follow by their keys: they take whatever number the server signs. All hosts of both are among the rows.
pub fn merge(
    draft: &mut Draft,
    from: &RegistrationNumber,
    into: &RegistrationNumber,
) -> Result<Merged, Unable> {
    let (from, into) = (known(&draft.rows, from)?.clone(), known(&draft.rows, into)?.clone());
    if from.id == into.id {
        return Err(Unable::SameNumber);
    }
    // Else a merge would end a suspension, or begin one, unsaid.
    if let Some(row) = [&from, &into].into_iter().find(|row| row.suspended_at.is_some()) {
        return Err(Unable::IsSuspended { masked: row.number.masked() });
    }
    let rows = &draft.rows;
    let mut seats: Vec<SeatRow> =
        rows.seats.iter().filter(|seat| seat.customer == from.id).cloned().collect();
    seats.sort_by_key(|seat| (seat.feature, seat.slot));
    let bindings = || rows.bindings.iter().filter(|binding| binding.customer == from.id);
    let hosts: Vec<HostRow> = bindings().filter_map(|binding| rows.host(&binding.host)).cloned().collect();
    let merged = Merged {
        grants: rows.grants.iter().filter(|grant| grant.customer == from.id).count(),
        hosts: bindings().filter(|binding| binding.ended.is_none()).count(),
        seats: seats.len(),
    };
    for seat in seats {
        let slot = draft.rows.first_gap(&into.id, seat.feature);
        let (session, customer) = (seat.session, into.id.clone());
        draft.write(Write::Edit(Edit::MoveSeat { session, customer, slot }));
    }
    draft.write(Write::Edit(Edit::Absorb { from: from.id.clone(), into: into.id.clone() }));
    draft.note(&into.id, Deed::Merged { from: from.id });
    // What they saw was the log of the other number: they are to hear of this one.
    for host in hosts {
        draft.write(Write::SaveHost(HostRow { seen: 0, ..host }));
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use license_core::{api::Call, statement::Kind};
    use license_types::{Code, FeatureId, SessionId};

    use super::{
        super::{
            CustomerId, Refusal,
            changed::awaited,
            testing::{World, capture, company, coupon, key, number, trial},
        },
        *,
    };

    /// Acme with number A on hosts 1 and 2, Other with number B on host 3; all may use amoCRM.
    fn two_numbers() -> World {
        let mut world = World::registered(1);
        world.issue('A', 81, 2, 30);
        world.ok(1, &Call::Coupon { coupon: coupon('A') });
        world.ok(2, &Call::Activate { number: number('A') });
        world.ok(2, &capture(45));
        world.register(3, "Other", 'B');
        world.issue('B', 81, 1, 60);
        world.ok(3, &Call::Coupon { coupon: coupon('B') });
        world
    }

    fn id(world: &World, letter: char) -> CustomerId {
        world.rows.customer_by_number(&number(letter)).unwrap().id.clone()
    }

    #[test]
    fn a_suspended_number_is_refused_by_every_call_and_comes_back_by_itself() {
        let session = SessionId("s".to_owned());
        let reclaim = Call::Capture { feature: FeatureId(45), holder: None, reclaim: true };
        let calls = [
            Call::Register(company("Acme")),
            Call::Activate { number: number('A') },
            capture(45),
            reclaim,
            Call::Release { session },
            Call::Coupon { coupon: coupon('C') },
            trial(96),
            trial(11),
            Call::LicenseInfo { number: number('A') },
            Call::SendMetrics { metrics: [("a".to_owned(), "b".to_owned())].into() },
        ];
        for call in calls {
            let mut world = two_numbers();
            world.issue('C', 81, 1, 30);
            world.change(|draft| suspend(draft, &number('A'))).unwrap();
            let before = world.rows.clone();
            assert_eq!(world.refused(1, &call), Refusal::Suspended, "{call:?}");
            assert_eq!(world.rows, before, "{call:?} changes nothing");
            let statement = world.ok(1, &Call::CheckIn).statement.unwrap();
            let Kind::Refusal(refusal) = statement.kind else { panic!("a lease of a suspended number") };
            assert_eq!(refusal.code, Code::NO_LICENSE);
            assert_eq!(world.refusal_of(3, 45), None, "another number is not concerned");
            world.change(|draft| reinstate(draft, &number('A'))).unwrap();
            assert_eq!(world.refusal_of(1, 45), None, "it has what it had");
        }
    }

    #[test]
    fn a_dropped_host_does_not_come_back_while_its_number_is_suspended() {
        let reclaim = Call::Capture { feature: FeatureId(45), holder: None, reclaim: true };
        for call in [reclaim, Call::Activate { number: number('A') }, trial(96)] {
            let mut world = two_numbers();
            world.drop_all();
            world.change(|draft| suspend(draft, &number('A'))).unwrap();
            let before = world.rows.clone();
            assert_eq!(world.refused(1, &call), Refusal::Suspended, "{call:?}");
            assert_eq!(world.rows, before, "{call:?}");
            world.change(|draft| reinstate(draft, &number('A'))).unwrap();
            world.ok(1, &call);
        }
    }

    #[test]
    fn a_host_of_a_suspended_number_may_leave_it() {
        let mut world = two_numbers();
        world.change(|draft| suspend(draft, &number('A'))).unwrap();
        world.ok(1, &Call::Drop);
        world.ok(1, &Call::Activate { number: number('B') });
    }

    #[test]
    fn a_suspension_that_is_there_stays_as_it_is() {
        let mut world = two_numbers();
        let since = world.change(|draft| suspend(draft, &number('A'))).unwrap();
        let lines = world.log.len();
        world.now.0 += 60;
        assert_eq!(world.change(|draft| suspend(draft, &number('A'))), Ok(since));
        assert_eq!(world.log.len(), lines);
        assert_eq!(world.change(|draft| reinstate(draft, &number('A'))), Ok(true));
        assert_eq!(world.change(|draft| reinstate(draft, &number('A'))), Ok(false));
    }

    #[test]
    fn a_customer_is_renamed_by_the_rules_of_registration() {
        // The changes, and the fields that differ then or what the error says.
        type Case = (Changes, Result<Vec<&'static str>, &'static str>);

        let text = |text: &str| Some(text.to_owned());
        let long = "x".repeat(257);
        let cases: [Case; 9] = [
            (Changes::default(), Ok(vec![])),
            (Changes { company: text("Acme"), ..Changes::default() }, Ok(vec![])),
            (Changes { company: text(" ACME "), ..Changes::default() }, Ok(vec!["company"])),
            (
                Changes { email: text("new@example.com"), phone: text("1"), ..Changes::default() },
                Ok(vec!["email", "phone"]),
            ),
            (Changes { email: text("ACME@example.com"), ..Changes::default() }, Ok(vec!["email"])),
            (Changes { email: text("OTHER@example.com"), ..Changes::default() }, Err("merge")),
            (Changes { email: text("nobody"), ..Changes::default() }, Err("e-mail address")),
            (Changes { contact: text(" "), ..Changes::default() }, Err("required")),
            (Changes { tax_id: Some(long), ..Changes::default() }, Err("longer")),
        ];
        for (changes, expected) in cases {
            let mut world = two_numbers();
            let before = world.rows.clone();
            let lines = world.log.len();
            let outcome = world.change(|draft| edit(draft, &number('A'), &changes));
            let logged: Vec<_> = world.log[lines..].iter().map(|line| line.details.clone()).collect();
            match (outcome, expected) {
                (Ok(fields), Ok(expected)) => {
                    assert_eq!(fields, expected, "{changes:?}");
                    assert_eq!(logged.len(), usize::from(!fields.is_empty()), "{changes:?}");
                    assert!(logged.iter().all(|line| !line.contains("example")), "{logged:?}");
                }
                (Err(error), Err(says)) => {
                    assert!(error.to_string().contains(says), "{changes:?}: {error}");
                    assert_eq!(world.rows, before, "{changes:?}");
                }
                (outcome, expected) => panic!("{changes:?}: {outcome:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn a_number_is_registered_again_by_the_new_data_alone() {
        let mut world = World::registered(1);
        let email = Some("new@example.com".to_owned());
        world.change(|draft| edit(draft, &number('A'), &Changes { email, ..Changes::default() })).unwrap();
        assert_eq!(world.refused(1, &Call::Register(company("Acme"))), Refusal::HostRegistered);
        let entered = Registration { email: "new@example.com".to_owned(), ..company("Acme") };
        assert_eq!(world.ok(1, &Call::Register(entered)).statement.unwrap().number, number('A'));
    }

    #[test]
    fn hosts_follow_to_the_new_number_and_nobody_has_the_old_one() {
        let mut world = two_numbers();
        let replaced = world.change(|draft| replace_number(draft, &number('A'), number('N'))).unwrap();
        let hosts: Vec<_> = replaced.hosts.iter().map(|host| host.host.clone()).collect();
        assert_eq!((replaced.company.as_str(), hosts), ("Acme", vec![key(1).id(), key(2).id()]));
        assert_eq!(awaited(&world.rows, &key(1)), Ok(None), "it is told at once");
        let mailed: Vec<_> = world.mails.iter().map(|mail| (mail.kind, mail.customer.clone())).collect();
        assert_eq!(mailed.last(), Some(&(MailKind::Number, id(&world, 'N'))), "an hour has not passed");
        assert_eq!(world.refused(4, &Call::Activate { number: number('A') }), Refusal::UnknownNumber);
        assert_eq!(world.refused(1, &Call::LicenseInfo { number: number('A') }), Refusal::UnknownNumber);
        for host in [1, 2] {
            let statement = world.ok(host, &Call::CheckIn).statement.unwrap();
            assert_eq!(statement.number, number('N'));
            assert_eq!(world.refusal_of(host, 45), None, "with its seat");
        }
        world.ok(4, &Call::Activate { number: number('N') });
        assert!(world.log.iter().all(|line| !line.details.contains("MIKO-")), "no number in the log");
    }

    #[test]
    fn a_merge_brings_grants_hosts_seats_and_sessions_together() {
        let mut world = two_numbers();
        let sessions = |world: &World| -> Vec<_> {
            world.rows.seats.iter().map(|seat| (seat.session.clone(), seat.feature)).collect()
        };
        let before = sessions(&world);
        let (from, into) = (id(&world, 'A'), id(&world, 'B'));
        let merged = world.change(|draft| merge(draft, &number('A'), &number('B'))).unwrap();
        assert_eq!(merged, Merged { grants: 2, hosts: 2, seats: 3 });
        assert_eq!(sessions(&world), before);
        let mut slots: Vec<_> = world.rows.seats.iter().map(|seat| (seat.feature.0, seat.slot)).collect();
        slots.sort_unstable();
        assert_eq!(slots, [(33, 0), (33, 1), (45, 0), (45, 1), (45, 2)]);
        assert!(world.rows.grants.iter().all(|grant| grant.customer == into));
        for host in [1, 2] {
            assert_eq!(awaited(&world.rows, &key(host)), Ok(None), "host {host} is told at once");
            let statement = world.ok(host, &Call::CheckIn).statement.unwrap();
            assert_eq!(statement.number, number('B'));
        }
        assert_eq!(world.leased(3, 45).unwrap().seats.total, 3);
        for host in 1..=3 {
            assert_eq!(world.refusal_of(host, 45), None, "host {host}");
        }
        let deeds_of = |customer: &CustomerId| -> Vec<_> {
            let lines = world.log.iter().filter(|line| line.customer == *customer);
            lines.map(|line| line.deed.as_str()).collect()
        };
        assert_eq!(deeds_of(&from).last(), Some(&"merged_into"));
        assert!(deeds_of(&into).contains(&"merged"));
    }

    #[test]
    fn a_number_that_was_merged_is_unknown_and_its_e_mail_free() {
        let mut world = two_numbers();
        world.change(|draft| merge(draft, &number('A'), &number('B'))).unwrap();
        assert_eq!(world.refused(4, &Call::Activate { number: number('A') }), Refusal::UnknownNumber);
        let again = world.change(|draft| merge(draft, &number('B'), &number('A')));
        let (masked, now) = (number('A').masked(), number('B').masked());
        assert_eq!(again, Err(Unable::FormerNumber { masked, now }));
        world.register(4, "Acme", 'C');
    }

    #[test]
    fn a_host_that_was_dropped_from_either_number_stays_barred() {
        let mut world = two_numbers();
        world.drop_feature(45);
        world.ok(3, &Call::Activate { number: number('A') });
        world.change(|draft| merge(draft, &number('A'), &number('B'))).unwrap();
        let into = id(&world, 'B');
        assert_eq!(world.rows.bars.len(), 1);
        assert_eq!(world.rows.bars[0].customer, into);
        assert_eq!(world.refused(1, &capture(45)), Refusal::Barred { feature: FeatureId(45) });
    }

    #[test]
    fn what_cannot_be_merged_is_left_as_it_is() {
        let cases: [(char, char, bool, &str); 4] = [
            ('A', 'A', false, "itself"),
            ('Z', 'B', false, "MIKO-*****-*****-*****-ZZZZZ"),
            ('A', 'Z', false, "MIKO-*****-*****-*****-ZZZZZ"),
            ('A', 'B', true, "reinstate"),
        ];
        for (from, into, suspended, says) in cases {
            let mut world = two_numbers();
            if suspended {
                world.change(|draft| suspend(draft, &number('A'))).unwrap();
            }
            let before = world.rows.clone();
            let error = world.change(|draft| merge(draft, &number(from), &number(into))).unwrap_err();
            assert!(error.to_string().contains(says), "{from} into {into}: {error}");
            assert_eq!(world.rows, before, "{from} into {into}");
        }
    }
}
