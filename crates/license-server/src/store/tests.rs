//! The store against the rows in memory.

use std::fs;

use license_core::{
    crypto::{PublicKey, RequestId, SigningKey},
    host::{Evidence, Fact, FactKind},
};
use license_types::{FeatureId, ProductId, Registration, SessionId, UnixTime};

use super::{
    Store, StoreError,
    load::{MAX_BINDINGS, MAX_TWINS},
};
use crate::decide::{
    BarRow, BindingId, BindingRow, CouponMode, CouponRow, CouponUse, CustomerId, CustomerRow, Ended, EndedBy,
    GrantRow, HostRow, ReplyRow, Rows, SeatRow, UsedDays, UsedHere, Wanted, Write,
    log::{Actor, Chain, Deed, LogRow},
    mail::{MailKind, MailRow},
    ratchet::Ratchet,
};
use crate::{catalogue::Catalogue, data_dir::DataDir};

pub(super) async fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let path = DataDir::open(dir.path()).unwrap().database().unwrap();
    let store = Store::open(&path).await.unwrap();
    (dir, store)
}

fn key(host: u8) -> PublicKey {
    PublicKey::of(&SigningKey::from_bytes(&[host; 32]))
}

/// One that waits for a person's word.
fn ratchet() -> Ratchet {
    serde_json::from_str(r#"{"waits_since":3}"#).unwrap()
}

fn evidence() -> Evidence {
    Evidence(vec![Fact::new(FactKind::ProductUuid, "p"), Fact::new(FactKind::MachineId, "m")])
}

pub(super) fn seat(session: &str, slot: u32) -> SeatRow {
    SeatRow {
        session: SessionId(session.to_owned()),
        customer: CustomerId("c".to_owned()),
        feature: FeatureId(45),
        slot,
        binding: BindingId("b".to_owned()),
        holder: None,
        captured_at: UnixTime(5),
        freed_at: None,
        unproved: false,
    }
}

pub(super) fn host(id: u8) -> HostRow {
    HostRow {
        key: key(id),
        evidence: evidence(),
        serial: 1,
        acknowledged: 0,
        ratchet: Ratchet::default(),
        seen: 0,
        last_seen: UnixTime(14),
        may_run_until: UnixTime(15),
    }
}

pub(super) fn bar(feature: u32) -> BarRow {
    let customer = CustomerId("c".to_owned());
    BarRow { host: key(1), customer, feature: FeatureId(feature), told_at: None }
}

/// One of each, in an order in which a decision could write them.
#[expect(clippy::too_many_lines, reason = "a table: one row for each write")]
pub(super) fn writes() -> Vec<Write> {
    let customer = CustomerId("c".to_owned());
    let binding = BindingId("b".to_owned());
    let product = ProductId(81);
    vec![
        Write::AddCustomer(CustomerRow {
            id: customer.clone(),
            number: "MIKO-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap(),
            registration: Registration {
                company: "ООО «Ромашка»".to_owned(),
                email: "A@example.com".to_owned(),
                contact: "N".to_owned(),
                phone: Some("1".to_owned()),
                tax_id: None,
            },
            company_key: "ооо «ромашка»".to_owned(),
            email_key: "a@example.com".to_owned(),
            created_at: UnixTime(1),
            suspended_at: None,
            mailed: [(MailKind::Number, UnixTime(1))].into(),
            merged_into: None,
            log: Chain::default(),
        }),
        Write::AddGrant(GrantRow {
            id: "g".to_owned(),
            customer: customer.clone(),
            product,
            seats: 2,
            trial: true,
            made_on: Some(key(1)),
            made_at: UnixTime(2),
            ends_at: Some(UnixTime(3)),
            used_days: Some(UsedDays { left: 9, counted_at: UnixTime(2) }),
        }),
        Write::Bind(BindingRow {
            id: binding.clone(),
            host: key(1),
            customer: customer.clone(),
            bound_at: UnixTime(4),
            ended: None,
            cleared_at: None,
        }),
        Write::TakeSeat(SeatRow {
            holder: "DOMAIN\\иванов".parse().ok(), unproved: true, ..seat("s1", 0)
        }),
        Write::ProveSeat { session: SessionId("s1".to_owned()) },
        Write::TakeSeat(seat("s2", 1)),
        Write::FreeSeat {
            session: SessionId("s2".to_owned()),
            customer: customer.clone(),
            feature: FeatureId(45),
            at: UnixTime(6),
        },
        Write::Bar(bar(45)),
        Write::SaveHost(HostRow {
            key: key(1),
            evidence: evidence(),
            serial: 7,
            acknowledged: 6,
            ratchet: ratchet(),
            seen: 5,
            last_seen: UnixTime(8),
            may_run_until: UnixTime(9),
        }),
        Write::MarkTold { host: key(1), at: UnixTime(10) },
        Write::AddCoupon(CouponRow {
            digest: "d".to_owned(),
            product,
            seats: 3,
            days: 4,
            mode: CouponMode::Extend,
            issued_at: UnixTime(11),
            blocked: false,
            batch: Some("spring".to_owned()),
            used: None,
        }),
        Write::UseCoupon {
            digest: "d".to_owned(),
            used: CouponUse {
                at: UnixTime(12),
                customer: customer.clone(),
                here: Some(UsedHere {
                    host: key(1),
                    request_id: RequestId([1; 16]),
                    grant: "g".to_owned(),
                    made: true,
                }),
            },
        },
        Write::KeepReply(ReplyRow {
            host: key(1),
            request_id: RequestId([1; 16]),
            digest: "x".to_owned(),
            status: 200,
            body: vec![0, 255],
        }),
        Write::SetEnd {
            grant: "g".to_owned(),
            customer: customer.clone(),
            ends_at: Some(UnixTime(30)),
            used_days: Some(UsedDays { left: 8, counted_at: UnixTime(20) }),
        },
        Write::CountDay {
            grant: "g".to_owned(),
            used_days: UsedDays { left: 7, counted_at: UnixTime(21) },
            ends_at: UnixTime(31),
        },
        Write::Mail(MailRow {
            kind: MailKind::CopyFound,
            customer: customer.clone(),
            host: Some(key(1).id()),
            made_at: UnixTime(22),
        }),
        Write::SaveMetrics {
            host: key(1),
            at: UnixTime(22),
            metrics: [("a".to_owned(), "b".to_owned())].into(),
        },
        Write::Log(LogRow::after(
            &Chain::default(),
            &customer,
            UnixTime(23),
            &Actor::Server,
            &Deed::Registered,
        )),
    ]
}

fn everything() -> Wanted {
    Wanted {
        hosts: vec![key(1)],
        evidence: evidence(),
        coupon: Some("d".to_owned()),
        session: Some(SessionId("s2".to_owned())),
        trials: Some(ProductId(81)),
        ..Wanted::default()
    }
}

pub(super) async fn apply(store: &Store, writes: Vec<Write>) -> Result<(), StoreError> {
    store.transaction(&Wanted::default(), |_| Ok::<_, ()>((writes, ()))).await.map(|_| ())
}

pub(super) async fn rows(store: &Store, wanted: &Wanted) -> Rows {
    store.transaction(wanted, |rows| Ok::<_, ()>((Vec::new(), rows))).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_store_does_what_the_rows_do_in_memory() {
    let (_dir, store) = store().await;
    let mut expected = rows(&store, &everything()).await;
    assert_eq!(*expected.catalogue, Catalogue::initial());
    let mut applied = writes();
    apply(&store, applied.clone()).await.unwrap();
    // What follows finds rows to change.
    let binding = BindingId("b".to_owned());
    let [dropped, next] = ["b1", "b2"].map(|id| BindingId(id.to_owned()));
    let ended = |by| Ended { at: UnixTime(13), by, told_at: None };
    let bind = |id: &BindingId| {
        let (id, customer, bound_at) = (id.clone(), bar(45).customer, UnixTime(13));
        Write::Bind(BindingRow { id, host: key(2), customer, bound_at, ended: None, cleared_at: None })
    };
    let more = vec![
        bind(&dropped),
        Write::Unbind {
            binding: dropped,
            host: key(2),
            customer: bar(45).customer,
            ended: ended(EndedBy::Dropped),
        },
        bind(&next),
        Write::MoveSeats { from: binding.clone(), to: next.clone() },
        Write::Unbind { binding, host: key(1), customer: bar(45).customer, ended: ended(EndedBy::Replaced) },
        Write::SaveHost(host(2)),
        Write::TakeSeat(SeatRow { binding: next, ..seat("s3", 1) }),
        Write::MarkTold { host: key(2), at: UnixTime(16) },
        Write::Bar(bar(50)),
        Write::LiftBar { host: key(1), customer: bar(50).customer, feature: FeatureId(50) },
        // Told again: the first time counts.
        Write::MarkTold { host: key(1), at: UnixTime(17) },
        Write::MarkTold { host: key(2), at: UnixTime(18) },
    ];
    apply(&store, more.clone()).await.unwrap();
    applied.extend(more);
    for write in &applied {
        expected.apply(write);
    }

    let wanted = Wanted { numbers: vec!["MIKO-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap()], ..everything() };
    let mut found = rows(&store, &wanted).await;
    assert_eq!(found.seat.take().unwrap().freed_at, Some(UnixTime(6)));
    assert_eq!(found.trials, expected.grants);
    assert_eq!(found.seats.len(), 2, "the one that was moved, and one that was taken");
    found.trials.clear();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn live_rows_are_found_by_what_leads_to_them() {
    let (_dir, store) = store().await;
    apply(&store, writes()).await.unwrap();
    let number = "MIKO-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap();
    let cases = [
        ("host", Wanted { hosts: vec![key(1)], ..Wanted::default() }, true),
        ("number", Wanted { numbers: vec![number], ..Wanted::default() }, true),
        ("e-mail", Wanted { email_keys: vec!["a@example.com".to_owned()], ..Wanted::default() }, true),
        ("another host", Wanted { hosts: vec![key(3)], ..Wanted::default() }, false),
        ("nothing", Wanted::default(), false),
    ];
    for (name, wanted, found) in cases {
        let rows = rows(&store, &wanted).await;
        let sizes = (rows.customers.len(), rows.grants.len(), rows.seats.len(), rows.bars.len());
        assert_eq!(sizes, if found { (1, 1, 1, 1) } else { (0, 0, 0, 0) }, "{name}");
    }
    let twins = Wanted { hosts: vec![key(3)], evidence: evidence(), ..Wanted::default() };
    let rows = rows(&store, &twins).await;
    assert_eq!((rows.hosts.len(), rows.bindings.len()), (1, 1));
    assert_eq!(rows.hosts[0].evidence, evidence());
}

#[tokio::test]
async fn evidence_that_changes_is_found_under_the_new_facts_alone() {
    let (_dir, store) = store().await;
    let host = |facts| Write::SaveHost(HostRow { evidence: facts, ..host(1) });
    apply(&store, vec![host(evidence())]).await.unwrap();
    let other = Evidence(vec![Fact::new(FactKind::MachineId, "other")]);
    apply(&store, vec![host(other.clone())]).await.unwrap();
    for (facts, found) in [(evidence(), 0), (other, 1)] {
        let wanted = Wanted { evidence: facts, ..Wanted::default() };
        assert_eq!(rows(&store, &wanted).await.hosts.len(), found);
    }
}

#[tokio::test]
async fn a_fact_that_many_hosts_share_loads_a_few_of_them() {
    let (_dir, store) = store().await;
    let board = Fact::new(FactKind::BoardSerial, "Default string");
    let hosts = (0..2 * MAX_TWINS).map(|number| {
        let own = Fact::new(FactKind::ProductUuid, &number.to_string());
        let mut secret = [7; 32];
        secret[..4].copy_from_slice(&number.to_be_bytes());
        let key = PublicKey::of(&SigningKey::from_bytes(&secret));
        Write::SaveHost(HostRow { key, evidence: Evidence(vec![own, board.clone()]), ..host(1) })
    });
    apply(&store, writes().into_iter().chain(hosts).collect()).await.unwrap();
    let own = |number: u32| Fact::new(FactKind::ProductUuid, &number.to_string());
    let most = usize::try_from(MAX_TWINS).unwrap();
    let cases = [
        ("the fact decides nothing", vec![own(3), board.clone()], 1),
        ("it is all that is known", vec![board.clone()], most),
        ("two facts decide", vec![own(3), Fact::new(FactKind::MachineId, "m"), board.clone()], 2),
    ];
    for (name, facts, found) in cases {
        let wanted = Wanted { evidence: Evidence(facts), ..Wanted::default() };
        assert_eq!(rows(&store, &wanted).await.hosts.len(), found, "{name}");
    }
}

#[tokio::test]
async fn a_trial_of_a_host_that_has_no_number_looks_for_no_other_host() {
    let (_dir, store) = store().await;
    apply(&store, writes()).await.unwrap();
    let trial = |host| Wanted {
        hosts: vec![key(host)],
        evidence: evidence(),
        trials: Some(ProductId(81)),
        ..Wanted::default()
    };
    assert_eq!(rows(&store, &trial(3)).await.hosts, []);
    apply(&store, vec![Write::SaveHost(host(2))]).await.unwrap();
    assert_eq!(rows(&store, &trial(1)).await.hosts.len(), 2);
}

#[tokio::test]
async fn a_host_that_comes_and_goes_has_few_of_its_bindings_loaded() {
    let (_dir, store) = store().await;
    let mut history = writes();
    let other = CustomerId("c2".to_owned());
    let Some(Write::AddCustomer(customer)) = history.first().cloned() else { panic!("no customer") };
    let number = "MIKO-BBBBB-BBBBB-BBBBB-BBBBB".parse().unwrap();
    let email_key = "b@example.com".to_owned();
    history.push(Write::AddCustomer(CustomerRow {
        id: other.clone(),
        number,
        email_key,
        ..customer.clone()
    }));
    history.push(Write::SaveHost(host(3)));
    for count in 0..10 * MAX_BINDINGS {
        // Once on the other number, then dropped from its own, then on and off.
        let (customer, by) = match count {
            0 => (other.clone(), EndedBy::Left),
            1 => (customer.id.clone(), EndedBy::Dropped),
            _ => (customer.id.clone(), EndedBy::Reset),
        };
        let (id, at) = (BindingId(format!("b{count}")), UnixTime(i64::from(count)));
        let binding = BindingRow {
            id: id.clone(),
            host: key(3),
            customer: customer.clone(),
            bound_at: at,
            ended: None,
            cleared_at: None,
        };
        history.push(Write::Bind(binding));
        let ended = Ended { at, by, told_at: None };
        history.push(Write::Unbind { binding: id, host: key(3), customer, ended });
    }
    apply(&store, history).await.unwrap();
    let ids = |rows: Rows| rows.bindings.into_iter().map(|binding| binding.id.0).collect::<Vec<_>>();
    let last: Vec<String> = (9 * MAX_BINDINGS..10 * MAX_BINDINGS).map(|count| format!("b{count}")).collect();

    let mut wanted = Wanted { hosts: vec![key(3)], ..Wanted::default() };
    let found = ids(rows(&store, &wanted).await);
    assert_eq!((&found[0][..], &found[1..]), ("b1", &last[..]), "that it was dropped is news still");
    wanted.numbers = vec!["MIKO-BBBBB-BBBBB-BBBBB-BBBBB".parse().unwrap()];
    let found = ids(rows(&store, &wanted).await);
    assert_eq!((&found[..2], found.len()), (&["b0".to_owned(), "b1".to_owned()][..], 2 + last.len()));
    let shown = Wanted { host_id: Some(key(3).id()), ..Wanted::default() };
    assert_eq!(rows(&store, &shown).await.bindings.len(), 10 * last.len(), "an admin sees all");
}

#[tokio::test]
async fn a_slot_is_given_once_even_if_a_decision_were_wrong() {
    let (_dir, store) = store().await;
    apply(&store, writes()).await.unwrap();
    let twice = vec![Write::TakeSeat(seat("s3", 0))];
    assert!(matches!(apply(&store, twice).await, Err(StoreError::Query(_))));
    apply(&store, vec![Write::TakeSeat(seat("s4", 1))]).await.unwrap();
}

#[tokio::test]
async fn a_session_that_was_freed_can_be_taken_again_and_a_live_one_cannot() {
    let (_dir, store) = store().await;
    apply(&store, writes()).await.unwrap();
    let session = SessionId("s4".to_owned());
    let (customer, feature) = (CustomerId("c".to_owned()), FeatureId(45));
    let free = Write::FreeSeat { session, customer, feature, at: UnixTime(9) };
    let take = || Write::TakeSeat(seat("s4", 1));
    apply(&store, vec![take(), free, take()]).await.unwrap();
    assert!(matches!(apply(&store, vec![take()]).await, Err(StoreError::Query(_))));
}

#[tokio::test]
async fn a_failed_transaction_leaves_nothing_behind() {
    let (_dir, store) = store().await;
    let mut broken = writes();
    broken.push(Write::TakeSeat(seat("s3", 0)));
    apply(&store, broken).await.unwrap_err();
    assert!(rows(&store, &everything()).await.customers.is_empty());
    let refused = store.transaction(&everything(), |_| Err::<(Vec<Write>, ()), _>("no")).await.unwrap();
    assert_eq!(refused, Err("no"));
}

#[tokio::test]
async fn the_database_is_the_truth_about_the_catalogue() {
    let dir = tempfile::tempdir().unwrap();
    let path = DataDir::open(dir.path()).unwrap().database().unwrap();
    let store = Store::open(&path).await.unwrap();
    sqlx::query("UPDATE product SET name = 'Renamed' WHERE id = 81").execute(&store.pool).await.unwrap();
    store.close().await;
    let store = Store::open(&path).await.unwrap();
    let catalogue = rows(&store, &Wanted::default()).await.catalogue;
    assert_eq!(catalogue.product_name(ProductId(81)), "Renamed");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    fs::write(&path, "no database at all, but long enough for a header".repeat(100)).unwrap();
    let error = Store::open(&path).await.unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn what_came_into_the_log_is_found_once() {
    let (_dir, store) = store().await;
    let start = store.log_end().await.unwrap();
    assert_eq!(store.changed_since(start).await.unwrap(), (start, [].into()));
    apply(&store, writes()).await.unwrap();
    let (end, changed) = store.changed_since(start).await.unwrap();
    assert_eq!(changed, [CustomerId("c".to_owned())].into());
    assert_eq!(
        (store.log_end().await.unwrap(), store.changed_since(end).await.unwrap()),
        (end, (end, [].into()))
    );
}
