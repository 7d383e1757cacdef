//! Rows from tables.

use std::collections::HashMap;

use license_core::crypto::PublicKey;
use license_types::{FeatureId, ProductId, Registration, RegistrationNumber, SessionId};
use sqlx::{SqliteConnection, query, sqlite::SqliteRow};

use super::{
    StoreError,
    catalogue::Sold,
    fields::{Fields, KnownKeys},
    former,
};
use crate::decide::{
    BarRow, BindingId, BindingRow, CouponMode, CouponRow, CouponUse, CustomerId, CustomerRow, Ended, EndedBy,
    GrantRow, HostRow, ReplyRow, Rows, SeatRow, UsedDays, UsedHere, Wanted, log::Chain,
};

/// The most hosts that are looked at for a fact that they share with the one that asks, the latest first.
/// Whoever is left out is taken for another machine: it has its seat and its trial for itself, and its key is
/// replaced by nobody. A machine has a few keys in its life; a fact that more have is no fact about a machine.
pub(super) const MAX_TWINS: u32 = 64;

/// The most bindings of a host that are loaded, whatever it went through; the latest ones say how it stands.
pub(super) const MAX_BINDINGS: u32 = 16;

/// The rows that are wanted, and those that they lead to.
pub(super) async fn rows(
    db: &mut SqliteConnection,
    sold: &Sold,
    wanted: &Wanted,
) -> Result<Rows, StoreError> {
    let known = KnownKeys::new(&wanted.hosts);
    let hosts: Vec<String> = wanted.hosts.iter().map(PublicKey::to_string).collect();
    let mut rows = Rows { catalogue: sold.catalogue(db).await?, ..Rows::default() };

    let twins = serde_json::to_string(&twins(db, wanted, &hosts).await?)?;
    let found = query(
        "SELECT * FROM host WHERE key IN (SELECT value FROM json_each(?1)) OR id = ?3
            OR key IN (SELECT value FROM json_each(?2))",
    );
    let found = found.bind(serde_json::to_string(&hosts)?).bind(twins);
    let found = found.bind(wanted.host_id.as_ref().map(|id| &id.0)).fetch_all(&mut *db).await?;
    rows.hosts = found.iter().map(|row| read_host(row, &known)).collect::<Result<_, _>>()?;

    let mut keys: Vec<String> = rows.hosts.iter().map(|host| host.key.to_string()).collect();
    keys.extend(hosts.iter().cloned());
    keys.sort_unstable();
    keys.dedup();
    // Who asks for a host by its id wants to see all of them.
    let most = if wanted.host_id.is_some() { u32::MAX } else { MAX_BINDINGS };
    rows.bindings = bindings(db, &known, &keys, most).await?;

    let is_wanted = |key: &PublicKey| {
        wanted.hosts.contains(key) || wanted.host_id.as_ref().is_some_and(|id| *id == key.id())
    };
    let own = rows.bindings.iter().filter(|binding| is_wanted(&binding.host));
    let mut ids: Vec<&str> = own.map(|binding| binding.customer.0.as_str()).collect();
    rows.former = former::numbers(db, wanted).await?;
    let others = former::customers(db, wanted, &rows.former).await?;
    ids.extend(others.iter().map(String::as_str));
    let numbers: Vec<&str> = wanted.numbers.iter().map(RegistrationNumber::as_str).collect();
    let found = query(
        "SELECT * FROM customer WHERE id IN (SELECT value FROM json_each(?1))
            OR number IN (SELECT value FROM json_each(?2)) OR email_key IN (SELECT value FROM json_each(?3))
            OR id IN (SELECT customer FROM license_grant WHERE id = ?4)
            OR id IN (SELECT used_by FROM coupon WHERE digest = ?5)",
    );
    let found = found.bind(serde_json::to_string(&ids)?).bind(serde_json::to_string(&numbers)?);
    let found =
        found.bind(serde_json::to_string(&wanted.email_keys)?).bind(&wanted.grant).bind(&wanted.coupon);
    let found = found.fetch_all(&mut *db).await?;
    rows.customers = found.iter().map(read_customer).collect::<Result<_, _>>()?;

    let ids: Vec<&str> = rows.customers.iter().map(|customer| customer.id.0.as_str()).collect();
    let ids = serde_json::to_string(&ids)?;
    add_bindings(db, &known, &mut rows.bindings, &ids).await?;
    let found = query("SELECT * FROM license_grant WHERE customer IN (SELECT value FROM json_each(?1))");
    let found = found.bind(&ids).fetch_all(&mut *db).await?;
    rows.grants = found.iter().map(read_grant).collect::<Result<_, _>>()?;
    let found =
        query("SELECT * FROM seat WHERE customer IN (SELECT value FROM json_each(?1)) AND freed_at IS NULL");
    let found = found.bind(&ids).fetch_all(&mut *db).await?;
    rows.seats = found.iter().map(read_seat).collect::<Result<_, _>>()?;
    let found = query("SELECT * FROM bar WHERE customer IN (SELECT value FROM json_each(?1))");
    let found = found.bind(&ids).fetch_all(&mut *db).await?;
    rows.bars = found.iter().map(|row| read_bar(row, &known)).collect::<Result<_, _>>()?;

    if wanted.every_host {
        let found =
            query("SELECT * FROM binding WHERE customer IN (SELECT value FROM json_each(?1)) ORDER BY rowid");
        let found = found.bind(&ids).fetch_all(&mut *db).await?;
        rows.bindings = found.iter().map(|row| read_binding(row, &known)).collect::<Result<_, _>>()?;
        let found = query(
            "SELECT * FROM host WHERE key IN (SELECT host FROM binding
              WHERE customer IN (SELECT value FROM json_each(?1)))",
        );
        let found = found.bind(&ids).fetch_all(&mut *db).await?;
        rows.hosts = found.iter().map(|row| read_host(row, &known)).collect::<Result<_, _>>()?;
    }
    if let Some(digest) = &wanted.coupon {
        let found = query("SELECT * FROM coupon WHERE digest = ?1").bind(digest);
        rows.coupon = found.fetch_optional(&mut *db).await?.as_ref().map(read_coupon).transpose()?;
    }
    if let Some(batch) = &wanted.batch {
        let found = query("SELECT * FROM coupon WHERE batch = ?1 ORDER BY rowid").bind(batch);
        let found = found.fetch_all(&mut *db).await?;
        rows.batch = found.iter().map(read_coupon).collect::<Result<_, _>>()?;
    }
    if !wanted.coupons.is_empty() {
        let found = query("SELECT * FROM coupon WHERE digest IN (SELECT value FROM json_each(?1))");
        let found = found.bind(serde_json::to_string(&wanted.coupons)?).fetch_all(&mut *db).await?;
        rows.batch = found.iter().map(read_coupon).collect::<Result<_, _>>()?;
    }
    if let Some(session) = &wanted.session {
        let found = query("SELECT * FROM seat WHERE session = ?1").bind(&session.0);
        rows.seat = found.fetch_optional(&mut *db).await?.as_ref().map(read_seat).transpose()?;
    }
    if let Some(product) = wanted.trials {
        let found = query(
            "SELECT * FROM license_grant
              WHERE trial = 1 AND product = ?1 AND made_on IN (SELECT value FROM json_each(?2))",
        );
        let found = found.bind(product.0).bind(serde_json::to_string(&keys)?).fetch_all(&mut *db).await?;
        rows.trials = found.iter().map(read_grant).collect::<Result<_, _>>()?;
    }
    if !hosts.is_empty() {
        let found = query("SELECT * FROM reply WHERE host IN (SELECT value FROM json_each(?1))");
        let found = found.bind(serde_json::to_string(&hosts)?).fetch_all(&mut *db).await?;
        rows.replies = found.iter().map(|row| read_reply(row, &known)).collect::<Result<_, _>>()?;
    }
    Ok(rows)
}

/// The last bindings of each of the hosts, the one that is live and the last one that counts among them.
async fn bindings(
    db: &mut SqliteConnection,
    known: &KnownKeys,
    hosts: &[String],
    most: u32,
) -> Result<Vec<BindingRow>, StoreError> {
    let found = query(
        "SELECT binding.* FROM json_each(?1) AS asked JOIN binding ON binding.rowid IN (
             SELECT rowid FROM binding WHERE host = asked.value AND ended_at IS NULL
             UNION SELECT * FROM (SELECT rowid FROM binding WHERE host = asked.value
                 AND cleared_at IS NULL ORDER BY rowid DESC LIMIT 1)
             UNION SELECT * FROM
                 (SELECT rowid FROM binding WHERE host = asked.value ORDER BY rowid DESC LIMIT ?2))
         ORDER BY binding.rowid",
    );
    let found = found.bind(serde_json::to_string(hosts)?).bind(most).fetch_all(&mut *db).await?;
    found.iter().map(|row| read_binding(row, known)).collect()
}

/// Adds what rules ask of the earlier bindings of hosts that have more: the last ones that were lost, and the
/// last one to each of the customers.
async fn add_bindings(
    db: &mut SqliteConnection,
    known: &KnownKeys,
    bindings: &mut Vec<BindingRow>,
    customers: &str,
) -> Result<(), StoreError> {
    let mut loaded: HashMap<PublicKey, u32> = HashMap::new();
    for binding in bindings.iter() {
        *loaded.entry(binding.host).or_default() += 1;
    }
    let more = loaded.iter().filter(|(_, count)| **count >= MAX_BINDINGS);
    let more: Vec<String> = more.map(|(host, _)| host.to_string()).collect();
    if more.is_empty() {
        return Ok(());
    }
    let found = query(
        "SELECT binding.* FROM json_each(?1) AS asked JOIN binding ON binding.rowid IN (
             SELECT * FROM (SELECT rowid FROM binding WHERE host = asked.value
                 AND ended_by IN ('dropped', 'replaced') ORDER BY rowid DESC LIMIT ?2)
             UNION SELECT (SELECT rowid FROM binding WHERE host = asked.value
                 AND customer = owner.value ORDER BY rowid DESC LIMIT 1) FROM json_each(?3) AS owner)
         ORDER BY binding.rowid",
    );
    let found = found.bind(serde_json::to_string(&more)?).bind(MAX_BINDINGS).bind(customers);
    let found = found.fetch_all(&mut *db).await?;
    let mut earlier: Vec<BindingRow> =
        found.iter().map(|row| read_binding(row, known)).collect::<Result<_, _>>()?;
    earlier.retain(|binding| bindings.iter().all(|loaded| loaded.id != binding.id));
    bindings.splice(0..0, earlier);
    Ok(())
}

/// Hosts that may be the same machine as the wanted evidence is of: those that share a deciding fact with it.
async fn twins(
    db: &mut SqliteConnection,
    wanted: &Wanted,
    hosts: &[String],
) -> Result<Vec<String>, StoreError> {
    let mut twins = Vec::new();
    if wanted.evidence.0.is_empty() {
        return Ok(twins);
    }
    // A trial is for a host that is on a number or lost one; what it claims may bind it again.
    if wanted.trials.is_some() && wanted.numbers.is_empty() {
        let found = query("SELECT 1 FROM binding WHERE host IN (SELECT value FROM json_each(?1)) LIMIT 1");
        if found.bind(serde_json::to_string(hosts)?).fetch_optional(&mut *db).await?.is_none() {
            return Ok(twins);
        }
    }
    for fact in wanted.evidence.deciding() {
        let found = query("SELECT host FROM host_fact WHERE digest = ?1 ORDER BY id DESC LIMIT ?2");
        for row in &found.bind(&fact.digest).bind(MAX_TWINS).fetch_all(&mut *db).await? {
            twins.push(Fields(row).text("host")?);
        }
    }
    Ok(twins)
}

fn read_host(row: &SqliteRow, known: &KnownKeys) -> Result<HostRow, StoreError> {
    let row = Fields(row);
    Ok(HostRow {
        key: row.key("key", known)?,
        evidence: row.json("evidence")?,
        serial: row.number("serial")?,
        acknowledged: row.number("acknowledged")?,
        ratchet: row.json("ratchet")?,
        seen: row.number("seen")?,
        last_seen: row.time("last_seen")?,
        may_run_until: row.time("may_run_until")?,
    })
}

fn read_binding(row: &SqliteRow, known: &KnownKeys) -> Result<BindingRow, StoreError> {
    let row = Fields(row);
    let ended = match (row.optional_time("ended_at")?, row.optional_text("ended_by")?.as_deref()) {
        (None, None) => None,
        (Some(at), Some(by)) => {
            let by = match by {
                "left" => EndedBy::Left,
                "reset" => EndedBy::Reset,
                "dropped" => EndedBy::Dropped,
                "replaced" => EndedBy::Replaced,
                _ => return Err(StoreError::Unreadable { column: "ended_by" }),
            };
            Some(Ended { at, by, told_at: row.optional_time("told_at")? })
        }
        (Some(_), None) | (None, Some(_)) => return Err(StoreError::Unreadable { column: "ended_by" }),
    };
    Ok(BindingRow {
        id: BindingId(row.text("id")?),
        host: row.key("host", known)?,
        customer: CustomerId(row.text("customer")?),
        bound_at: row.time("bound_at")?,
        ended,
        cleared_at: row.optional_time("cleared_at")?,
    })
}

fn read_customer(row: &SqliteRow) -> Result<CustomerRow, StoreError> {
    let row = Fields(row);
    Ok(CustomerRow {
        id: CustomerId(row.text("id")?),
        number: row.parsed("number")?,
        registration: Registration {
            company: row.text("company")?,
            email: row.text("email")?,
            contact: row.text("contact")?,
            phone: row.optional_text("phone")?,
            tax_id: row.optional_text("tax_id")?,
        },
        company_key: row.text("company_key")?,
        email_key: row.text("email_key")?,
        created_at: row.time("created_at")?,
        suspended_at: row.optional_time("suspended_at")?,
        mailed: row.json("mailed")?,
        merged_into: row.optional_text("merged_into")?.map(CustomerId),
        log: Chain { length: row.number("log_length")?, hash: row.text("log_hash")? },
    })
}

fn read_grant(row: &SqliteRow) -> Result<GrantRow, StoreError> {
    let row = Fields(row);
    let used_days = match row.optional_time("counted_at")? {
        Some(counted_at) => Some(UsedDays { left: row.number("days_left")?, counted_at }),
        None => None,
    };
    Ok(GrantRow {
        id: row.text("id")?,
        customer: CustomerId(row.text("customer")?),
        product: ProductId(row.number("product")?),
        seats: row.number("seats")?,
        trial: row.flag("trial")?,
        made_on: row.optional_parsed("made_on")?,
        made_at: row.time("made_at")?,
        ends_at: row.optional_time("ends_at")?,
        used_days,
    })
}

fn read_seat(row: &SqliteRow) -> Result<SeatRow, StoreError> {
    let row = Fields(row);
    Ok(SeatRow {
        session: SessionId(row.text("session")?),
        customer: CustomerId(row.text("customer")?),
        feature: FeatureId(row.number("feature")?),
        slot: row.number("slot")?,
        binding: BindingId(row.text("binding")?),
        holder: row.optional_parsed("holder")?,
        captured_at: row.time("captured_at")?,
        freed_at: row.optional_time("freed_at")?,
        unproved: row.flag("unproved")?,
    })
}

fn read_bar(row: &SqliteRow, known: &KnownKeys) -> Result<BarRow, StoreError> {
    let row = Fields(row);
    Ok(BarRow {
        host: row.key("host", known)?,
        customer: CustomerId(row.text("customer")?),
        feature: FeatureId(row.number("feature")?),
        told_at: row.optional_time("told_at")?,
    })
}

pub(super) fn read_coupon(row: &SqliteRow) -> Result<CouponRow, StoreError> {
    let row = Fields(row);
    let used = match row.optional_time("used_at")? {
        None => None,
        Some(at) => Some(CouponUse {
            at,
            customer: CustomerId(row.text("used_by")?),
            here: match row.optional_parsed("used_on")? {
                None => None,
                Some(host) => Some(UsedHere {
                    host,
                    request_id: row.parsed("used_request")?,
                    grant: row.text("used_grant")?,
                    made: row.flag("used_made")?,
                }),
            },
        }),
    };
    Ok(CouponRow {
        digest: row.text("digest")?,
        product: ProductId(row.number("product")?),
        seats: row.number("seats")?,
        days: row.number("days")?,
        mode: if row.flag("extends")? { CouponMode::Extend } else { CouponMode::Add },
        issued_at: row.time("issued_at")?,
        blocked: row.flag("blocked")?,
        batch: row.optional_text("batch")?,
        used,
    })
}

fn read_reply(row: &SqliteRow, known: &KnownKeys) -> Result<ReplyRow, StoreError> {
    let row = Fields(row);
    Ok(ReplyRow {
        host: row.key("host", known)?,
        request_id: row.parsed("request_id")?,
        digest: row.text("digest")?,
        status: row.number("status")?,
        body: row.bytes("body")?,
    })
}
