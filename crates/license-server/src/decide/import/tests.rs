//! The rules of an import, kind by kind.

use license_core::{
    api::Call,
    host::{Evidence, Fact, FactKind},
    statement::MAX_FEATURES,
};
use license_types::{Code, FeatureId, RegistrationNumber, UnixTime};

use super::{
    super::{
        CouponMode, Drawn, coupon_digest,
        customer::Changes,
        log::Chain,
        product::PolicyChanges,
        testing::{NOW, World, capture, coupon as plain, number, trial},
    },
    *,
};

const DAY: i64 = 24 * 3600;

fn drawn() -> Drawn {
    Drawn { number: number('Z'), seed: [77; 16] }
}

fn of_company(number: RegistrationNumber, name: &str) -> Customer {
    let text = |text: &str| Some(text.to_owned());
    let changes = Changes {
        company: text(name),
        email: text(&format!("{name}@example.com")),
        contact: text("Somebody"),
        ..Changes::default()
    };
    Customer { number, changes, created_at: Some(UnixTime(5)) }
}

fn of_product(id: &str, seats: u32, term: Term) -> Grant {
    Grant { number: number('A'), id: id.to_owned(), product: ProductId(81), seats, trial: false, term }
}

fn of_coupon(letter: char, state: State) -> Coupon {
    Coupon {
        digest: coupon_digest(&plain(letter)),
        product: ProductId(81),
        seats: 2,
        days: 30,
        mode: CouponMode::Add,
        batch: Some("old".to_owned()),
        issued_at: None,
        state,
    }
}

/// What is known of a machine of [`World`].
fn of_machine(id: u8, feature: u32) -> Binding {
    let evidence = [(FactKind::ProductUuid, "machine"), (FactKind::MachineId, "id")];
    let evidence = evidence.map(|(kind, what)| Fact::new(kind, &format!("{what} {id}")));
    let (number, feature, holder) = (number('A'), FeatureId(feature), None);
    Binding { number, feature, holder, evidence: Evidence(evidence.into()) }
}

/// Imports into a world; an import that fails changes nothing.
fn import(
    world: &mut World,
    take: impl FnOnce(&mut super::super::Draft) -> Result<Outcome, Misfit>,
) -> Result<Outcome, (&'static str, String)> {
    let before = world.rows.clone();
    let outcome = world.change(take).map_err(|misfit| (misfit.column, misfit.to_string()));
    let is_change = matches!(outcome, Ok(Outcome::Added | Outcome::Changed(_)));
    assert_eq!(world.rows != before, is_change, "{outcome:?}");
    for row in &world.rows.customers {
        let mut chain = Chain::default();
        for line in world.log.iter().filter(|line| line.customer == row.id) {
            assert!(line.follows(&chain), "{line:?}");
            chain = line.end();
        }
        assert_eq!(chain, row.log);
    }
    outcome
}

fn fails(outcome: Result<Outcome, (&'static str, String)>, column: &str, says: &str) {
    let (at, reason) = outcome.unwrap_err();
    assert!(at == column && reason.contains(says), "{at}: {reason}");
}

#[test]
fn an_imported_customer_has_its_number_a_line_in_the_log_and_no_mail() {
    let mut world = World::new();
    let record = of_company(number('A'), "Acme");
    let mut take = |record: &Customer| import(&mut world, |draft| customer(draft, record, &drawn()));
    assert_eq!(take(&record), Ok(Outcome::Added));
    assert_eq!(take(&record), Ok(Outcome::Same));
    assert_eq!((world.log.len(), world.mails.len()), (1, 0));
    assert_eq!((world.log[0].actor.as_str(), world.log[0].deed.as_str()), ("admin:root", "registered"));
    assert_eq!(world.rows.customers[0].created_at, UnixTime(5));
    let statement = world.ok(1, &Call::Activate { number: number('A') }).statement.unwrap();
    assert_eq!(statement.number, number('A'));
}

#[test]
fn of_a_known_customer_only_what_the_record_has_is_changed() {
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (Changes { phone: text("1"), ..Changes::default() }, Ok(Outcome::Changed(vec!["phone"]))),
        (Changes { company: text(" Acme "), ..Changes::default() }, Ok(Outcome::Same)),
        (Changes { company: text("ACME"), ..Changes::default() }, Ok(Outcome::Changed(vec!["company"]))),
        (Changes { contact: text(""), ..Changes::default() }, Err(("contact", "required"))),
        (Changes { email: text("nobody"), ..Changes::default() }, Err(("email", "no e-mail"))),
        (Changes { email: text("OTHER@example.com"), ..Changes::default() }, Err(("email", "MIKO-*****-"))),
        (Changes { tax_id: Some("9".repeat(257)), ..Changes::default() }, Err(("tax_id", "longer"))),
    ];
    for (changes, expected) in cases {
        let mut world = World::registered(1);
        world.register(2, "Other", 'B');
        let record = Customer { number: number('A'), changes, created_at: None };
        let outcome = import(&mut world, |draft| customer(draft, &record, &drawn()));
        match expected {
            Ok(expected) => assert_eq!(outcome, Ok(expected)),
            Err((column, says)) => fails(outcome, column, says),
        }
    }
}

#[test]
fn a_new_customer_needs_all_that_a_registration_needs() {
    for column in ["company", "email", "contact"] {
        let mut world = World::new();
        let mut record = of_company(number('A'), "Acme");
        let changes = &mut record.changes;
        match column {
            "company" => changes.company = None,
            "email" => changes.email = None,
            _ => changes.contact = None,
        }
        fails(import(&mut world, |draft| customer(draft, &record, &drawn())), column, "required");
    }
}

#[test]
fn a_repeated_import_knows_customer_and_grants_by_the_number_from_before() {
    let mut world = World::new();
    let acme = of_company(number('A'), "Acme");
    let order = of_product("ord-1", 2, Term::Forever);
    import(&mut world, |draft| customer(draft, &acme, &drawn())).unwrap();
    import(&mut world, |draft| grant(draft, &order)).unwrap();
    world.change(|draft| super::super::customer::replace_number(draft, &number('A'), number('N'))).unwrap();
    let renamed = of_company(number('A'), "New");
    let changed = import(&mut world, |draft| customer(draft, &renamed, &drawn()));
    assert_eq!(changed, Ok(Outcome::Changed(vec!["company", "email"])));
    for letter in ['A', 'N'] {
        let again = Grant { number: number(letter), ..order.clone() };
        assert_eq!(import(&mut world, |draft| grant(draft, &again)), Ok(Outcome::Same), "{letter}");
    }
    let more = of_product("ord-2", 1, Term::Forever);
    assert_eq!(import(&mut world, |draft| grant(draft, &more)), Ok(Outcome::Added));
    assert_eq!((world.rows.customers.len(), world.rows.grants.len()), (1, 2));
    world.ok(1, &Call::Activate { number: number('N') });
    assert_eq!(world.refused(2, &Call::Activate { number: number('A') }).code(), Some(Code::KEY_UNKNOWN));
}

#[test]
fn a_repeated_import_knows_the_grants_of_a_merged_number() {
    let mut world = World::registered(1);
    world.register(2, "Other", 'B');
    let order = of_product("ord-1", 2, Term::Forever);
    import(&mut world, |draft| grant(draft, &order)).unwrap();
    let before = world.rows.grants.len();
    world.change(|draft| super::super::customer::merge(draft, &number('A'), &number('B'))).unwrap();
    for letter in ['A', 'B'] {
        let again = Grant { number: number(letter), ..order.clone() };
        assert_eq!(import(&mut world, |draft| grant(draft, &again)), Ok(Outcome::Same), "{letter}");
    }
    assert_eq!(world.rows.grants.len(), before);
    world.register(3, "Third", 'C');
    let elsewhere = Grant { number: number('C'), ..order };
    fails(import(&mut world, |draft| grant(draft, &elsewhere)), "number", &number('B').masked());
}

#[test]
fn an_email_of_another_number_and_a_merged_number_are_refused() {
    let mut world = World::registered(1);
    let taken = of_company(number('B'), "ACME");
    fails(import(&mut world, |draft| customer(draft, &taken, &drawn())), "email", &number('A').masked());
    world.register(2, "Other", 'B');
    world.change(|draft| super::super::customer::merge(draft, &number('A'), &number('B'))).unwrap();
    let merged = of_company(number('A'), "New");
    fails(import(&mut world, |draft| customer(draft, &merged, &drawn())), "number", &number('B').masked());
}

#[test]
fn what_is_sold_is_added_and_renamed_and_never_changes_what_it_is() {
    let of_feature =
        |id, name: &str, per_user| Feature { id: FeatureId(id), name: Some(name.to_owned()), per_user };
    let of_product = |id, name: Option<&str>, features: Option<&[u32]>, trial_days| Product {
        id: ProductId(id),
        name: name.map(str::to_owned),
        features: features.map(|ids| ids.iter().copied().map(FeatureId).collect()),
        policy: PolicyChanges { trial_days, ..PolicyChanges::default() },
    };
    let mut world = World::new();
    let features = [
        (of_feature(600, "Fax", Some(true)), Ok(Outcome::Added)),
        (of_feature(600, "Fax", None), Ok(Outcome::Same)),
        (of_feature(600, "Faxes", Some(true)), Ok(Outcome::Changed(vec!["name"]))),
        (of_feature(600, "Faxes", Some(false)), Err(("per_user", "here it is true"))),
        (Feature { name: None, ..of_feature(601, "", None) }, Err(("name", "must have"))),
        (of_feature(601, " ", None), Err(("name", "required"))),
    ];
    for (record, expected) in features {
        let outcome = import(&mut world, |draft| feature(draft, &record));
        match expected {
            Ok(expected) => assert_eq!(outcome, Ok(expected), "{record:?}"),
            Err((column, says)) => fails(outcome, column, says),
        }
    }
    let products = [
        (of_product(500, Some("Fax"), Some(&[600, 33]), Some(14)), Ok(Outcome::Added)),
        (of_product(500, Some("Fax"), Some(&[33, 600]), Some(14)), Ok(Outcome::Same)),
        (of_product(500, None, None, None), Ok(Outcome::Same)),
        (of_product(500, Some("F"), None, Some(15)), Ok(Outcome::Changed(vec!["name", "trial_days"]))),
        (of_product(500, None, Some(&[600]), None), Err(("features", "33,600"))),
        (of_product(500, None, None, Some(999)), Err(("trial_days", "366"))),
        (of_product(501, Some("New"), None, None), Err(("features", "must have"))),
        (of_product(501, Some("New"), Some(&[999]), None), Err(("features", "999"))),
    ];
    for (record, expected) in products {
        let outcome = import(&mut world, |draft| product(draft, &record));
        match expected {
            Ok(expected) => assert_eq!(outcome, Ok(expected), "{record:?}"),
            Err((column, says)) => fails(outcome, column, says),
        }
    }
}

#[test]
fn no_more_features_are_taken_over_than_fit_a_statement() {
    let mut world = World::new();
    let known = world.rows.catalogue.features.len();
    world.sell_many(MAX_FEATURES - known);
    let record = Feature { id: FeatureId(9), name: Some("One more".to_owned()), per_user: None };
    fails(import(&mut world, |draft| feature(draft, &record)), "id", "no more fit");
}

#[test]
fn a_grant_is_taken_over_once_and_lives_on_here() {
    let mut world = World::registered(1);
    let until = Term::Until(UnixTime(NOW.0 + 40 * DAY));
    let take = |world: &mut World, record: &Grant| import(world, |draft| grant(draft, record));
    assert_eq!(take(&mut world, &of_product("7", 2, until)), Ok(Outcome::Added));
    assert_eq!(take(&mut world, &of_product("7", 2, until)), Ok(Outcome::Same));
    assert_eq!(take(&mut world, &of_product("8", 1, Term::Forever)), Ok(Outcome::Added));
    world.ok(1, &capture(45));
    assert_eq!(world.leased(1, 45).unwrap().seats.total, 3);
    fails(take(&mut world, &of_product("7", 3, until)), "id", "2 × product 81");

    world.issue_as('A', 81, 1, 10, CouponMode::Extend);
    world.ok(1, &Call::Coupon { coupon: plain('A') });
    assert_eq!(take(&mut world, &of_product("7", 2, until)), Ok(Outcome::Kept), "the coupon counts");
}

#[test]
fn a_trial_goes_on_with_the_days_that_are_left_and_is_not_given_again() {
    for (left, code) in [(9, None), (0, Some(Code::EXPIRED))] {
        let mut world = World::registered(1);
        let record = Grant { trial: true, ..of_product("t", 1, Term::DaysLeft(left)) };
        assert_eq!(import(&mut world, |draft| grant(draft, &record)), Ok(Outcome::Added));
        world.now.0 += 2 * DAY;
        assert_eq!(world.decide(1, &trial(81)).err().and_then(|refusal| refusal.code()), code, "{left} days");
        assert_eq!(world.rows.grants.iter().filter(|grant| grant.trial).count(), 1);
        let again = import(&mut world, |draft| grant(draft, &record));
        let expected = if left == 0 { Outcome::Same } else { Outcome::Kept };
        assert_eq!(again, Ok(expected), "a day was used");
    }
}

#[test]
fn a_grant_that_makes_no_sense_is_refused() {
    let cases = [
        (Grant { number: number('Z'), ..of_product("7", 1, Term::Forever) }, "number", "MIKO-*****"),
        (Grant { product: ProductId(999), ..of_product("7", 1, Term::Forever) }, "product", "999"),
        (Grant { trial: true, ..of_product("7", 1, Term::Forever) }, "ends", "trial"),
        (of_product("7", 1, Term::DaysLeft(3)), "days_left", "trials alone"),
    ];
    for (record, column, says) in cases {
        let mut world = World::registered(1);
        fails(import(&mut world, |draft| grant(draft, &record)), column, says);
    }
}

#[test]
fn a_coupon_stands_here_as_it_stood_there() {
    let used = State::Used { number: number('A'), at: Some(UnixTime(7)) };
    let cases = [
        (State::Unused, None),
        (State::Blocked, Some(Code::COUPON_BLOCKED)),
        (used, Some(Code::COUPON_USED)),
    ];
    for (state, code) in cases {
        let mut world = World::registered(1);
        let record = of_coupon('A', state.clone());
        let outcome = world.change_batch(|draft| coupon(draft, &record));
        assert_eq!(outcome, Ok(Outcome::Added));
        let again = world.change_batch(|draft| coupon(draft, &record));
        assert_eq!(again, Ok(Outcome::Same), "{state:?}");
        let outcome = world.decide(1, &Call::Coupon { coupon: plain('A') });
        assert_eq!(outcome.err().and_then(|refusal| refusal.code()), code, "{state:?}");
        let later = world.change_batch(|draft| coupon(draft, &record));
        assert_eq!(later, Ok(if code.is_none() { Outcome::Kept } else { Outcome::Same }), "{state:?}");
        let other = Coupon { days: 31, ..record };
        let misfit = world.change_batch(|draft| coupon(draft, &other)).unwrap_err();
        assert!(misfit.column == "coupon" && misfit.to_string().contains("30 days"), "{misfit}");
    }
}

#[test]
fn who_used_a_coupon_elsewhere_is_known_and_its_use_cannot_be_taken_back() {
    let mut world = World::registered(1);
    let unknown = of_coupon('A', State::Used { number: number('Z'), at: None });
    let misfit = world.change_batch(|draft| coupon(draft, &unknown)).unwrap_err();
    assert_eq!(misfit.column, "number");
    let record = of_coupon('A', State::Used { number: number('A'), at: None });
    world.change_batch(|draft| coupon(draft, &record)).unwrap();
    assert_eq!(world.log.last().unwrap().deed, "coupon_used");
    let undone =
        world.change_coupon('A', |draft| super::super::issued::undo(draft, &plain('A'))).unwrap_err();
    assert_eq!(undone, Unable::CouponUsedElsewhere);
}

#[test]
fn an_imported_host_keeps_its_seats_until_its_machine_comes_and_goes_on_with_them() {
    let mut world = World::registered(1);
    world.ok(1, &Call::Drop);
    import(&mut world, |draft| grant(draft, &of_product("7", 1, Term::Forever))).unwrap();
    let take = |world: &mut World, record: &Binding| import(world, |draft| binding(draft, record, &drawn()));
    for feature in [45, 33] {
        assert_eq!(take(&mut world, &of_machine(2, feature)), Ok(Outcome::Added));
        assert_eq!(take(&mut world, &of_machine(2, feature)), Ok(Outcome::Same));
    }
    assert_eq!(world.rows.bindings.iter().filter(|binding| binding.ended.is_none()).count(), 1);
    let sessions: Vec<_> = world.rows.seats.iter().map(|seat| seat.session.clone()).collect();

    world.ok(3, &Call::Activate { number: number('A') });
    assert_eq!(world.refused(3, &capture(45)).code(), Some(Code::NO_LICENSE), "the seat is held");
    world.ok(2, &Call::Activate { number: number('A') });
    assert_eq!(world.ok(2, &capture(45)).session.as_ref(), sessions.first(), "the same seat");
    assert_eq!(take(&mut world, &of_machine(2, 45)), Ok(Outcome::Same));
    let session = world.ok(2, &capture(45)).session.unwrap();
    world.ok(2, &Call::Release { session });
    assert_eq!(take(&mut world, &of_machine(2, 45)), Ok(Outcome::Kept), "it was given back");
}

#[test]
fn a_host_that_was_dropped_here_is_not_brought_back() {
    let mut world = World::registered(1);
    world.ok(1, &Call::Drop);
    import(&mut world, |draft| binding(draft, &of_machine(2, 33), &drawn())).unwrap();
    world.drop_all();
    assert_eq!(import(&mut world, |draft| binding(draft, &of_machine(2, 33), &drawn())), Ok(Outcome::Kept));
}

#[test]
fn a_binding_needs_a_seat_and_a_machine_that_can_be_recognised() {
    use FactKind::{BoardSerial, Configured, MachineId, ProductUuid};

    let with = |facts: &[(FactKind, &str)], feature| {
        let facts = facts.iter().map(|(kind, value)| Fact::new(*kind, value)).collect();
        Binding { evidence: Evidence(facts), ..of_machine(2, feature) }
    };
    let cases = [
        ("nothing", with(&[], 33), "recognised"),
        ("an image", with(&[(MachineId, "m")], 33), "recognised"),
        ("too little", with(&[(ProductUuid, "p")], 33), "recognised"),
        ("both kinds", with(&[(Configured, "c"), (ProductUuid, "p")], 33), "recognised"),
        ("no license", with(&[(ProductUuid, "p"), (BoardSerial, "b")], 45), "grants first"),
        ("no seat", with(&[(Configured, "c")], 33), "All seats"),
    ];
    for (name, record, says) in cases {
        let mut world = World::registered(1);
        let outcome = import(&mut world, |draft| binding(draft, &record, &drawn()));
        let (_, reason) = outcome.unwrap_err();
        assert!(reason.contains(says), "{name}: {reason}");
    }
}
