//! The command line of `admin`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use license_core::crypto::KeyId;
use license_types::RegistrationNumber;

use super::{
    CouponCommand, CustomerCommand, FeatureCommand, GrantCommand, HostCommand, ImportFiles, LogCommand,
    ProductCommand, host::key_id,
};

/// Ten years: longer is a mistake in typing.
pub(crate) const MAX_DAYS: u32 = 3_660;

/// `admin`
#[derive(Debug, Args)]
pub struct Admin {
    /// The folder of keys and database.
    #[arg(long, value_name = "FOLDER", env = "LICENSE_SERVER_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: AdminCommand,
}

/// What the vendor asks for.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Print the root's public key: the line that hosts have in a trust.d/*.pub file.
    PublicKey,
    /// List, rotate and revoke the keys that sign.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Write a backup of the database into a new file, also while the server runs.
    Backup {
        /// The file, which must not exist. Root writes it as the owner of the data folder.
        file: PathBuf,
        /// Put the keys into it too: the root key if it is here, the online key, the key set.
        #[arg(long)]
        with_keys: bool,
    },
    /// Restore a backup into the data folder, on which no server may run. The database that is there is
    /// set aside; keys that are there stay, unless those of the backup are newer.
    Restore {
        /// The backup. Root reads it as the owner of the data folder.
        file: PathBuf,
    },
    /// Issue coupons, find them, block them, take their use back.
    #[command(subcommand)]
    Coupon(CouponCommand),
    /// List and drop bindings, and say which copy of a host it is.
    #[command(subcommand)]
    Binding(BindingCommand),
    /// Look after companies and their numbers.
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Show hosts, and clear what they were.
    #[command(subcommand)]
    Host(HostCommand),
    /// Show and verify the logs of numbers.
    #[command(subcommand)]
    Log(LogCommand),
    /// List, add and end what numbers hold.
    #[command(subcommand)]
    Grant(GrantCommand),
    /// List and add what is sold, and set how its licenses are handled.
    #[command(subcommand)]
    Product(ProductCommand),
    /// Add what products contain.
    #[command(subcommand)]
    Feature(FeatureCommand),
    /// Take over what another system knows: all of the files, or nothing. It can be repeated.
    Import {
        /// The files. Root reads them as the owner of the data folder.
        #[command(flatten)]
        files: ImportFiles,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// `admin key`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// List the online keys.
    List,
    /// Make a new online key that signs from now on; a running server takes it up by itself.
    Rotate {
        /// The file of the root key, if it is not in the data folder.
        #[arg(long, value_name = "FILE")]
        root_key: Option<PathBuf>,
    },
    /// Revoke an online key: nothing that it signed counts any more. If it is the one that signs, a new
    /// one is made.
    Revoke {
        /// The id of the key; `admin key list` shows it.
        id: String,
        /// The file of the root key, if it is not in the data folder.
        #[arg(long, value_name = "FILE")]
        root_key: Option<PathBuf>,
    },
    /// Write the root key into a new file, so that it can be kept elsewhere.
    ExportRoot {
        /// The file, which must not exist.
        file: PathBuf,
        /// Remove it from the data folder then; rotating needs --root-key from there on.
        #[arg(long)]
        remove: bool,
    },
}

/// `admin binding`
#[derive(Debug, Subcommand)]
pub enum BindingCommand {
    /// List the captured features of a number.
    List {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
    },
    /// Drop hosts of a number, or one captured feature, so that the license can be used elsewhere.
    #[command(group(ArgGroup::new("which").required(true).args(["all", "host", "session"])))]
    Drop {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
        /// Drop every host of the number.
        #[arg(long)]
        all: bool,
        /// Drop one host of the number and free its seats; the id of its key.
        #[arg(long, value_name = "HOST", value_parser = key_id)]
        host: Option<KeyId>,
        /// Free one captured feature. The host stays on the number; it takes the feature again by a
        /// person's word alone.
        #[arg(long)]
        session: Option<String>,
        /// Free the seats and no more: the hosts stay on the number, and whoever asks first takes the
        /// seats, the same hosts too. Nothing is moved by that for sure.
        #[arg(long)]
        free_only: bool,
        /// Do not ask before --all. Without a terminal nobody is asked.
        #[arg(long)]
        yes: bool,
    },
    /// List the hosts of a number that have copies, or changed their hardware too often.
    Copies {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
    },
    /// Let a host go on with the hardware that it has now; with --serial, say that this copy is the host,
    /// and that what was the host is a copy that may not go on.
    Accept {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
        /// The id of the host's key.
        #[arg(long, value_name = "HOST", value_parser = key_id)]
        host: KeyId,
        /// The serial of the copy, as `binding copies` shows it.
        #[arg(long)]
        serial: Option<u64>,
    },
    /// Say that a copy of a host may not go on.
    Refuse {
        /// The number.
        #[arg(long)]
        number: RegistrationNumber,
        /// The id of the host's key.
        #[arg(long, value_name = "HOST", value_parser = key_id)]
        host: KeyId,
        /// The serial of the copy, as `binding copies` shows it.
        #[arg(long)]
        serial: u64,
    },
}
