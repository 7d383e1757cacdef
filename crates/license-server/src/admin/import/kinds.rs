//! What each file holds: its columns, and the records that they make.

use license_core::host::{Evidence, Fact, FactKind};
use license_types::{Coupon as PlainCoupon, FeatureId};

use super::fields::{Fields, end, flag, id, time, within};
use crate::{
    cli::{MAX_DAYS, MAX_SEATS, batch, duration},
    decide::{
        CouponMode, Draft, Drawn, Wanted, coupon_digest,
        customer::Changes,
        import::{self, Binding, Coupon, Customer, Feature, Grant, Misfit, Outcome, Product, State, Term},
        issued,
        product::PolicyChanges,
    },
};

/// A kind of records.
pub(super) trait Kind: Sized {
    /// What they are called.
    const NAME: &'static str;
    /// All columns.
    const COLUMNS: &'static [&'static str];
    /// Reads a record; `None` if a value is not in order, which is noted then.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
    /// The column and the value that no other record of the file has; `None` if there is none.
    fn key(&self) -> Option<(&'static str, String)>;
    /// What it is called in an answer.
    fn label(&self) -> String;
    /// What is to be loaded for it.
    fn want(&self, wanted: &mut Wanted);
    /// Takes it over.
    fn take(&self, draft: &mut Draft, drawn: &Drawn) -> Result<Outcome, Misfit>;
}

impl Kind for Feature {
    const NAME: &'static str = "features";
    const COLUMNS: &'static [&'static str] = &["id", "name", "per_user"];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required("id", id);
        let per_user = fields.optional("per_user", flag);
        Some(Self { id: id?, name: fields.text("name"), per_user })
    }

    fn key(&self) -> Option<(&'static str, String)> {
        Some(("id", self.id.to_string()))
    }

    fn label(&self) -> String {
        format!("feature {}", self.id)
    }

    fn want(&self, _: &mut Wanted) {}

    fn take(&self, draft: &mut Draft, _: &Drawn) -> Result<Outcome, Misfit> {
        import::feature(draft, self)
    }
}

impl Kind for Product {
    const NAME: &'static str = "products";
    const COLUMNS: &'static [&'static str] =
        &["id", "name", "features", "refresh", "honoured", "run_on", "trial_days"];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required("id", id);
        let features = fields.optional("features", ids);
        let policy = PolicyChanges {
            refresh: fields.optional("refresh", duration),
            honoured: fields.optional("honoured", duration),
            run_on: fields.optional("run_on", duration),
            trial_days: fields.optional("trial_days", within(1..=366)),
        };
        Some(Self { id: id?, name: fields.text("name"), features, policy })
    }

    fn key(&self) -> Option<(&'static str, String)> {
        Some(("id", self.id.to_string()))
    }

    fn label(&self) -> String {
        format!("product {}", self.id)
    }

    fn want(&self, _: &mut Wanted) {}

    fn take(&self, draft: &mut Draft, _: &Drawn) -> Result<Outcome, Misfit> {
        import::product(draft, self)
    }
}

/// Ids with commas, semicolons or spaces between them.
fn ids(text: &str) -> Result<Vec<FeatureId>, &'static str> {
    let parts = text.split([',', ';', ' ']).filter(|part| !part.is_empty());
    parts.map(id).collect::<Result<_, _>>().map_err(|_| "this is a list of ids, like 33,45")
}

impl Kind for Customer {
    const NAME: &'static str = "customers";
    const COLUMNS: &'static [&'static str] =
        &["number", "company", "email", "contact", "phone", "tax_id", "created"];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let number = fields.number();
        let created_at = fields.optional("created", time);
        let changes = Changes {
            company: fields.text("company"),
            email: fields.text("email"),
            contact: fields.text("contact"),
            phone: fields.text("phone"),
            tax_id: fields.text("tax_id"),
        };
        Some(Self { number: number?, changes, created_at })
    }

    fn key(&self) -> Option<(&'static str, String)> {
        Some(("number", self.number.as_str().to_owned()))
    }

    fn label(&self) -> String {
        self.number.masked()
    }

    fn want(&self, wanted: &mut Wanted) {
        wanted.numbers.push(self.number.clone());
        wanted.former = true;
        wanted.email_keys.extend(self.changes.email_key());
    }

    fn take(&self, draft: &mut Draft, drawn: &Drawn) -> Result<Outcome, Misfit> {
        import::customer(draft, self, drawn)
    }
}

impl Kind for Grant {
    const NAME: &'static str = "grants";
    const COLUMNS: &'static [&'static str] =
        &["number", "id", "product", "seats", "ends", "trial", "days_left"];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let number = fields.number();
        let of_theirs = fields.required("id", |text| Ok::<_, String>(text.to_owned()));
        let product = fields.required("product", id);
        let seats = fields.required("seats", within(1..=MAX_SEATS));
        let trial = fields.optional("trial", flag);
        let ends = fields.optional("ends", end);
        let days_left = fields.optional("days_left", within(0..=366));
        let term = match (ends, days_left) {
            (None, None) => Term::Forever,
            (Some(end), None) => Term::Until(end),
            (None, Some(days)) => Term::DaysLeft(days),
            (Some(_), Some(_)) => {
                fields.note("days_left", "a grant has an end or days of use that are left, not both");
                return None;
            }
        };
        let trial = trial.unwrap_or(false);
        Some(Self { number: number?, id: of_theirs?, product: product?, seats: seats?, trial, term })
    }

    fn key(&self) -> Option<(&'static str, String)> {
        Some(("id", self.id.clone()))
    }

    fn label(&self) -> String {
        format!("grant {} of {}", self.id, self.number.masked())
    }

    fn want(&self, wanted: &mut Wanted) {
        wanted.numbers.push(self.number.clone());
        wanted.grants.push(self.id_here());
        wanted.former = true;
    }

    fn take(&self, draft: &mut Draft, _: &Drawn) -> Result<Outcome, Misfit> {
        import::grant(draft, self)
    }
}

impl Kind for Coupon {
    const NAME: &'static str = "coupons";
    const COLUMNS: &'static [&'static str] =
        &["coupon", "product", "seats", "days", "mode", "state", "number", "used", "issued", "batch"];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let digest = fields.required("coupon", digest);
        let product = fields.required("product", id);
        let seats = fields.optional("seats", within(1..=MAX_SEATS));
        let days = fields.required("days", within(1..=MAX_DAYS));
        let mode = fields.optional("mode", mode);
        let batch = fields.optional("batch", batch);
        let issued_at = fields.optional("issued", time);
        let used_at = fields.optional("used", time);
        let state = match fields.text("state").unwrap_or_default().to_lowercase().as_str() {
            "" | "unused" => State::Unused,
            "blocked" => State::Blocked,
            // Without who used it, nobody could log in with it or ask what became of it.
            "used" => State::Used { number: fields.number()?, at: used_at },
            _ => {
                fields.note("state", "a coupon is unused, used or blocked");
                return None;
            }
        };
        let (seats, mode) = (seats.unwrap_or(1), mode.unwrap_or_default());
        Some(Self { digest: digest?, product: product?, seats, days: days?, mode, batch, issued_at, state })
    }

    fn key(&self) -> Option<(&'static str, String)> {
        Some(("coupon", self.digest.clone()))
    }

    fn label(&self) -> String {
        format!("coupon {}", issued::shown(&self.digest))
    }

    fn want(&self, wanted: &mut Wanted) {
        wanted.coupons.push(self.digest.clone());
        if let State::Used { number, .. } = &self.state {
            wanted.numbers.push(number.clone());
            wanted.former = true;
        }
    }

    fn take(&self, draft: &mut Draft, _: &Drawn) -> Result<Outcome, Misfit> {
        import::coupon(draft, self)
    }
}

/// The digest of a coupon, which may be given itself.
fn digest(text: &str) -> Result<String, String> {
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest {
        return Ok(text.to_ascii_lowercase());
    }
    let coupon: PlainCoupon = text.parse().map_err(|error| format!("{error}, or be its SHA-256 in hex"))?;
    Ok(coupon_digest(&coupon))
}

fn mode(text: &str) -> Result<CouponMode, &'static str> {
    match text.to_lowercase().as_str() {
        "add" => Ok(CouponMode::Add),
        "extend" => Ok(CouponMode::Extend),
        _ => Err("this is add or extend"),
    }
}

impl Kind for Binding {
    const NAME: &'static str = "bindings";
    const COLUMNS: &'static [&'static str] =
        &["number", "feature", "holder", "product_uuid", "machine_id", "board_serial", "host_id"];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let number = fields.number();
        let feature = fields.required("feature", id);
        let holder = fields.optional("holder", str::parse);
        let facts = [
            ("product_uuid", FactKind::ProductUuid),
            ("machine_id", FactKind::MachineId),
            ("board_serial", FactKind::BoardSerial),
            ("host_id", FactKind::Configured),
        ];
        let facts = facts.into_iter().filter_map(|(column, kind)| {
            fields.optional(column, |value| Ok::<_, String>(Fact::new(kind, value)))
        });
        let evidence = Evidence(facts.collect());
        Some(Self { number: number?, feature: feature?, holder, evidence })
    }

    fn key(&self) -> Option<(&'static str, String)> {
        None
    }

    fn label(&self) -> String {
        format!("feature {} of {}", self.feature, self.number.masked())
    }

    fn want(&self, wanted: &mut Wanted) {
        wanted.numbers.push(self.number.clone());
        wanted.former = true;
        wanted.every_host = true;
    }

    fn take(&self, draft: &mut Draft, drawn: &Drawn) -> Result<Outcome, Misfit> {
        import::binding(draft, self, drawn)
    }
}
