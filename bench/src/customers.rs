//! Customers with a number, the free product, and one bound host each.

use std::{convert::Infallible, error::Error, path::Path};

use license_core::{
    crypto::{PublicKey, SigningKey, sha256_hex},
    host::{Evidence, Fact, FactKind},
};
use license_server::{
    LicenseServer, clock,
    decide::{
        BindingId, BindingRow, CustomerId, CustomerRow, Draft, GrantRow, HostRow, Rows, SeatRow, Wanted,
        Write,
        log::{Actor, Chain},
        ratchet::Ratchet,
    },
};
use license_types::{FeatureId, ProductId, Registration, SessionId};

/// Customers of one transaction.
const BATCH: usize = 500;

/// The key of a host.
pub(crate) fn key(host: usize) -> SigningKey {
    let digest = sha256_hex(format!("host {host}").as_bytes());
    let mut seed = [0; 32];
    seed.copy_from_slice(&digest.as_bytes()[..32]);
    SigningKey::from_bytes(&seed)
}

/// The number of a customer.
pub(crate) fn number(customer: usize) -> String {
    format!("MIKO-BENCH-BENCH-{:05}-{:05}", customer / 100_000, customer % 100_000)
}

/// Its hardware.
pub(crate) fn evidence(host: usize) -> Evidence {
    let facts = [(FactKind::ProductUuid, "p"), (FactKind::MachineId, "m")];
    Evidence(facts.iter().map(|(kind, name)| Fact::new(*kind, &format!("{name}{host}"))).collect())
}

/// Makes a data folder with so many.
pub(crate) async fn load(folder: &Path, customers: usize) -> Result<(), Box<dyn Error>> {
    let server = LicenseServer::open(folder).await?;
    for first in (0..customers).step_by(BATCH) {
        let fill = |rows: Rows| {
            let mut draft = Draft::new(rows, Actor::Server, clock::now());
            (first..customers.min(first + BATCH)).for_each(|index| add(&mut draft, index));
            Ok::<_, Infallible>((draft.finish().0, ()))
        };
        let Ok(()) = server.store().transaction(&Wanted::default(), fill).await?;
    }
    server.store().close().await;
    Ok(())
}

fn add(draft: &mut Draft, index: usize) {
    let now = draft.now;
    let (customer, binding) =
        (CustomerId(format!("customer {index}")), BindingId(format!("binding {index}")));
    let host = PublicKey::of(&key(index));
    let email = format!("office@company{index}.example");
    let Ok(number) = number(index).parse() else { return };
    draft.write(Write::AddCustomer(CustomerRow {
        id: customer.clone(),
        number,
        registration: Registration {
            company: format!("Company {index}"),
            email: email.clone(),
            contact: "A person".to_owned(),
            phone: None,
            tax_id: None,
        },
        company_key: format!("company {index}"),
        email_key: email,
        created_at: now,
        suspended_at: None,
        merged_into: None,
        mailed: [].into(),
        log: Chain::default(),
    }));
    draft.write(Write::AddGrant(GrantRow {
        id: format!("grant {index}"),
        customer: customer.clone(),
        product: ProductId::MIKOPBX,
        seats: 1,
        trial: false,
        made_on: None,
        made_at: now,
        ends_at: None,
        used_days: None,
    }));
    draft.write(Write::SaveHost(HostRow {
        key: host,
        evidence: evidence(index),
        serial: 0,
        acknowledged: 0,
        ratchet: Ratchet::default(),
        seen: 0,
        last_seen: now,
        may_run_until: now,
    }));
    let (id, host_customer) = (binding.clone(), customer.clone());
    draft.write(Write::Bind(BindingRow {
        id,
        host,
        customer: host_customer,
        bound_at: now,
        ended: None,
        cleared_at: None,
    }));
    draft.write(Write::TakeSeat(SeatRow {
        session: SessionId(format!("seat {index}")),
        customer,
        feature: FeatureId::MIKOPBX,
        slot: 0,
        binding,
        holder: None,
        captured_at: now,
        freed_at: None,
        unproved: false,
    }));
}
