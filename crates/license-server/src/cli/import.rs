//! The command line of `admin import`.

use std::path::PathBuf;

use clap::Args;

/// The files of `admin import`, each CSV with a header or a JSON list of objects.
#[derive(Debug, Default, Args)]
#[command(after_help = COLUMNS)]
#[group(required = true, multiple = true)]
pub struct ImportFiles {
    /// Features that products can contain.
    #[arg(long, value_name = "FILE")]
    pub features: Option<PathBuf>,
    /// Products.
    #[arg(long, value_name = "FILE")]
    pub products: Option<PathBuf>,
    /// Customers and their numbers.
    #[arg(long, value_name = "FILE")]
    pub customers: Option<PathBuf>,
    /// What numbers hold.
    #[arg(long, value_name = "FILE")]
    pub grants: Option<PathBuf>,
    /// Coupons.
    #[arg(long, value_name = "FILE")]
    pub coupons: Option<PathBuf>,
    /// Captured seats, and the hosts that hold them.
    #[arg(long, value_name = "FILE")]
    pub bindings: Option<PathBuf>,
}

const COLUMNS: &str = "\
Columns (those in brackets may be left out):
  features:   id, [name], [per_user]
  products:   id, [name], [features], [refresh], [honoured], [run_on], [trial_days]
  customers:  number, [company], [email], [contact], [phone], [tax_id], [created]
  grants:     number, id, product, seats, [ends], [trial], [days_left]
  coupons:    coupon (or its SHA-256), product, [seats], days, [mode], [state], [number], [used], [issued], [batch]
  bindings:   number, feature, [holder], [product_uuid], [machine_id], [board_serial], [host_id]

Something new needs more: a feature its name, a product name and features, a customer company, email and contact.
What is known stays as it is where a file has no column for it. Grants, coupons and bindings are taken over once:
those that are known stay as they are here. A grant is known by its id, which the other system gave it.
A host is recognised by product_uuid and machine_id or board_serial, or by its configured host_id.
Times are 2026-11-24 or 2026-11-24T10:00:00Z. Nothing is imported while a single record is in error.";
