//! Writes into tables.

use std::collections::HashMap;

use license_types::UnixTime;
use sqlx::{QueryBuilder, SqliteConnection, query};

use super::{StoreError, vendor};
use crate::decide::{CouponMode, HostRow, ReplyRow, Write};

/// The most rows of one statement: few enough for the number of its variables, and for keeping it prepared.
const ROWS: usize = 64;

/// Makes changes. Of each host the last row and the last answer count, and these are most of what is written,
/// so that they go out together; `known` are the hosts as they were loaded, if they were.
pub(super) async fn apply_all(
    db: &mut SqliteConnection,
    known: &[HostRow],
    writes: &[Write],
) -> Result<(), StoreError> {
    let (mut hosts, mut replies) = (HashMap::new(), HashMap::new());
    for write in writes {
        if let Write::SaveHost(row) = write {
            hosts.insert(row.key, row);
        } else if let Write::KeepReply(row) = write {
            replies.insert(row.host, row);
        } else {
            apply(db, write).await?;
        }
    }
    let hosts: Vec<&HostRow> = hosts.into_values().collect();
    for some in hosts.chunks(ROWS) {
        save_hosts(db, known, some).await?;
    }
    let replies: Vec<&ReplyRow> = replies.into_values().collect();
    for some in replies.chunks(ROWS) {
        keep_replies(db, some).await?;
    }
    Ok(())
}

/// Makes one change.
#[expect(clippy::too_many_lines, reason = "a table: one statement for each write")]
async fn apply(db: &mut SqliteConnection, write: &Write) -> Result<(), StoreError> {
    let statement = match write {
        Write::AddCustomer(row) => query(
            "INSERT INTO customer
             (id, number, company, email, contact, phone, tax_id, company_key, email_key, created_at,
              suspended_at, log_length, log_hash, mailed, merged_into)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )
        .bind(&row.id.0)
        .bind(row.number.as_str())
        .bind(&row.registration.company)
        .bind(&row.registration.email)
        .bind(&row.registration.contact)
        .bind(&row.registration.phone)
        .bind(&row.registration.tax_id)
        .bind(&row.company_key)
        .bind(&row.email_key)
        .bind(row.created_at.0)
        .bind(seconds(row.suspended_at))
        .bind(signed(row.log.length))
        .bind(&row.log.hash)
        .bind(serde_json::to_string(&row.mailed)?)
        .bind(row.merged_into.as_ref().map(|into| &into.0)),
        Write::AddGrant(row) => query(
            "INSERT INTO license_grant
             (id, customer, product, seats, trial, made_on, made_at, ends_at, days_left, counted_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .bind(&row.id)
        .bind(&row.customer.0)
        .bind(row.product.0)
        .bind(row.seats)
        .bind(row.trial)
        .bind(row.made_on.map(|host| host.to_string()))
        .bind(row.made_at.0)
        .bind(seconds(row.ends_at))
        .bind(row.used_days.map(|rest| rest.left))
        .bind(row.used_days.map(|rest| rest.counted_at.0)),
        Write::SetEnd { grant, customer: _, ends_at, used_days } => {
            query("UPDATE license_grant SET ends_at = ?2, days_left = ?3, counted_at = ?4 WHERE id = ?1")
                .bind(grant)
                .bind(seconds(*ends_at))
                .bind(used_days.map(|rest| rest.left))
                .bind(used_days.map(|rest| rest.counted_at.0))
        }
        Write::CountDay { grant, used_days, ends_at } => {
            query("UPDATE license_grant SET ends_at = ?2, days_left = ?3, counted_at = ?4 WHERE id = ?1")
                .bind(grant)
                .bind(ends_at.0)
                .bind(used_days.left)
                .bind(used_days.counted_at.0)
        }
        Write::SaveHost(row) => return save_hosts(db, &[], &[row]).await,
        Write::KeepReply(row) => return keep_replies(db, &[row]).await,
        Write::Bind(row) => {
            query("INSERT INTO binding (id, host, customer, bound_at) VALUES (?1, ?2, ?3, ?4)")
                .bind(&row.id.0)
                .bind(row.host.to_string())
                .bind(&row.customer.0)
                .bind(row.bound_at.0)
        }
        Write::Unbind { binding, host: _, customer: _, ended } => {
            let freed = query("UPDATE seat SET freed_at = ?2 WHERE binding = ?1 AND freed_at IS NULL");
            freed.bind(&binding.0).bind(ended.at.0).execute(&mut *db).await?;
            query("UPDATE binding SET ended_at = ?2, ended_by = ?3, told_at = ?4 WHERE id = ?1")
                .bind(&binding.0)
                .bind(ended.at.0)
                .bind(ended.by.as_str())
                .bind(seconds(ended.told_at))
        }
        Write::MoveSeats { from, to } => {
            query("UPDATE seat SET binding = ?2 WHERE binding = ?1 AND freed_at IS NULL")
                .bind(&from.0)
                .bind(&to.0)
        }
        Write::TakeSeat(row) => {
            // A host may prove a session again that was freed since the database was restored.
            let freed = query("DELETE FROM seat WHERE session = ?1 AND freed_at IS NOT NULL");
            freed.bind(&row.session.0).execute(&mut *db).await?;
            query(
                "INSERT INTO seat (session, customer, feature, slot, binding, holder, captured_at, unproved)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )
            .bind(&row.session.0)
            .bind(&row.customer.0)
            .bind(row.feature.0)
            .bind(row.slot)
            .bind(&row.binding.0)
            .bind(row.holder.as_ref().map(license_types::Holder::as_str))
            .bind(row.captured_at.0)
            .bind(row.unproved)
        }
        Write::FreeSeat { session, at, .. } => {
            query("UPDATE seat SET freed_at = ?2 WHERE session = ?1").bind(&session.0).bind(at.0)
        }
        Write::ProveSeat { session } => {
            query("UPDATE seat SET unproved = 0 WHERE session = ?1").bind(&session.0)
        }
        Write::Bar(row) => query(
            "INSERT INTO bar (host, customer, feature, told_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (customer, host, feature) DO UPDATE SET told_at = excluded.told_at",
        )
        .bind(row.host.to_string())
        .bind(&row.customer.0)
        .bind(row.feature.0)
        .bind(seconds(row.told_at)),
        Write::LiftBar { host, customer, feature } => {
            query("DELETE FROM bar WHERE host = ?1 AND customer = ?2 AND feature = ?3")
                .bind(host.to_string())
                .bind(&customer.0)
                .bind(feature.0)
        }
        Write::MarkTold { host, at } => {
            let bars = query("UPDATE bar SET told_at = ?2 WHERE host = ?1 AND told_at IS NULL");
            bars.bind(host.to_string()).bind(at.0).execute(&mut *db).await?;
            query(
                "UPDATE binding SET told_at = ?2
                  WHERE host = ?1 AND ended_by IN ('dropped', 'replaced') AND told_at IS NULL",
            )
            .bind(host.to_string())
            .bind(at.0)
        }
        Write::AddCoupon(row) => query(
            "INSERT INTO coupon (digest, product, seats, days, extends, issued_at, blocked, batch)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(&row.digest)
        .bind(row.product.0)
        .bind(row.seats)
        .bind(row.days)
        .bind(row.mode == CouponMode::Extend)
        .bind(row.issued_at.0)
        .bind(row.blocked)
        .bind(&row.batch),
        Write::UseCoupon { digest, used } => query(
            "UPDATE coupon SET used_at = ?2, used_by = ?3, used_on = ?4, used_request = ?5,
                    used_grant = ?6, used_made = ?7
              WHERE digest = ?1",
        )
        .bind(digest)
        .bind(used.at.0)
        .bind(&used.customer.0)
        .bind(used.here.as_ref().map(|here| here.host.to_string()))
        .bind(used.here.as_ref().map(|here| here.request_id.to_string()))
        .bind(used.here.as_ref().map(|here| &here.grant))
        .bind(used.here.as_ref().map(|here| here.made)),
        Write::SaveMetrics { host, at, metrics } => query(
            "INSERT INTO host_metrics (host, at, metrics) VALUES (?1, ?2, ?3)
             ON CONFLICT (host) DO UPDATE SET at = excluded.at, metrics = excluded.metrics",
        )
        .bind(host.to_string())
        .bind(at.0)
        .bind(serde_json::to_string(metrics)?),
        Write::Mail(row) => {
            let mailed = query("UPDATE customer SET mailed = json_set(mailed, '$.' || ?2, ?3) WHERE id = ?1");
            let mailed = mailed.bind(&row.customer.0).bind(row.kind.as_str()).bind(row.made_at.0);
            mailed.execute(&mut *db).await?;
            query(
                "INSERT INTO outbox (kind, customer, host, made_at, attempts, next_attempt, sent)
                 VALUES (?1, ?2, ?3, ?4, 0, ?4, 0)",
            )
            .bind(row.kind.as_str())
            .bind(&row.customer.0)
            .bind(row.host.as_ref().map(|host| &host.0))
            .bind(row.made_at.0)
        }
        Write::Edit(edit) => return vendor::apply(db, edit).await,
        Write::Log(row) => {
            let end = query("UPDATE customer SET log_length = ?2, log_hash = ?3 WHERE id = ?1");
            end.bind(&row.customer.0).bind(signed(row.seq)).bind(&row.hash).execute(&mut *db).await?;
            query(
                "INSERT INTO log (customer, seq, at, actor, deed, details, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .bind(&row.customer.0)
            .bind(signed(row.seq))
            .bind(row.at.0)
            .bind(&row.actor)
            .bind(&row.deed)
            .bind(&row.details)
            .bind(&row.hash)
        }
    };
    statement.execute(db).await?;
    Ok(())
}

/// The facts are written anew only if they changed: most calls of a host change the serial alone.
async fn save_hosts(
    db: &mut SqliteConnection,
    known: &[HostRow],
    hosts: &[&HostRow],
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(hosts.len());
    for host in hosts {
        let evidence = serde_json::to_string(&host.evidence)?;
        rows.push((host, evidence, serde_json::to_string(&host.ratchet)?));
    }
    let mut saved = QueryBuilder::new(
        "INSERT INTO host (key, evidence, serial, acknowledged, ratchet, seen, last_seen, may_run_until, id) ",
    );
    saved.push_values(rows, |mut row, (host, evidence, ratchet)| {
        row.push_bind(host.key.to_string()).push_bind(evidence);
        row.push_bind(signed(host.serial)).push_bind(signed(host.acknowledged));
        row.push_bind(ratchet).push_bind(signed(host.seen));
        row.push_bind(host.last_seen.0).push_bind(host.may_run_until.0).push_bind(host.key.id().0);
    });
    saved.push(
        " ON CONFLICT (key) DO UPDATE SET evidence = excluded.evidence, serial = excluded.serial,
             acknowledged = excluded.acknowledged, ratchet = excluded.ratchet, seen = excluded.seen,
             last_seen = excluded.last_seen, may_run_until = excluded.may_run_until",
    );
    saved.build().execute(&mut *db).await?;
    let is_same =
        |host: &&HostRow| known.iter().any(|known| known.key == host.key && known.evidence == host.evidence);
    for host in hosts.iter().copied().filter(|host| !is_same(host)) {
        let key = host.key.to_string();
        query("DELETE FROM host_fact WHERE host = ?1").bind(&key).execute(&mut *db).await?;
        for fact in &host.evidence.0 {
            let row = query("INSERT INTO host_fact (digest, host) VALUES (?1, ?2)");
            row.bind(&fact.digest).bind(&key).execute(&mut *db).await?;
        }
    }
    Ok(())
}

async fn keep_replies(db: &mut SqliteConnection, replies: &[&ReplyRow]) -> Result<(), StoreError> {
    let mut kept = QueryBuilder::new("INSERT INTO reply (host, request_id, digest, status, body) ");
    kept.push_values(replies, |mut row, reply| {
        row.push_bind(reply.host.to_string()).push_bind(reply.request_id.to_string());
        row.push_bind(reply.digest.clone()).push_bind(reply.status).push_bind(reply.body.clone());
    });
    kept.push(
        " ON CONFLICT (host) DO UPDATE SET request_id = excluded.request_id, digest = excluded.digest,
             status = excluded.status, body = excluded.body",
    );
    kept.build().execute(db).await?;
    Ok(())
}

/// SQLite has no unsigned numbers; none of ours comes near the limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn seconds(time: Option<UnixTime>) -> Option<i64> {
    time.map(|time| time.0)
}
