//! `admin backup` and `admin restore`, as the vendor types them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use license_core::{api::Call, crypto::PublicKey};
use license_server::LicenseServer;
use license_types::{Coupon, RegistrationNumber};
use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    cli::{Served, admin, ok, program},
    host::Host,
    running::company,
};

/// A data folder, and room for backups beside it.
struct Vendor {
    folder: TempDir,
    data: PathBuf,
}

impl Vendor {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        ok(admin(&data, "public-key"));
        Self { folder, data }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `admin ... --json` answers.
    fn admin(&self, arguments: &str) -> Value {
        serde_json::from_str(&ok(admin(&self.data, &format!("{arguments} --json")))).unwrap()
    }

    fn backup(&self, name: &str, flags: &str) -> PathBuf {
        let file = self.path(name);
        self.admin(&format!("backup {} {flags}", file.display()));
        file
    }

    fn coupons(&self) -> u64 {
        self.admin("coupon issue --product 81 --count 1 --days 1").as_array().unwrap().len() as u64
    }
}

fn restore(data: &Path, file: &Path) -> Value {
    serde_json::from_str(&ok(admin(data, &format!("restore {} --json", file.display())))).unwrap()
}

/// Why a command failed, in its own words.
fn refused(data: &Path, arguments: &str) -> String {
    let output = admin(data, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

fn not_restored(data: &Path, file: &Path) -> String {
    refused(data, &format!("restore {}", file.display()))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn contains(file: &Path, secret: &str) -> bool {
    let bytes = fs::read(file).unwrap();
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test]
async fn a_backup_of_a_running_server_is_restored_with_what_it_knew() {
    let vendor = Vendor::new();
    let root: PublicKey = ok(admin(&vendor.data, "public-key")).parse().unwrap();
    let served = Served::start(&vendor.data);
    let mut host = Host::new(1, root);
    let (_, statement) = host.ok(served.address, &company("Ромашка")).await;
    let number: RegistrationNumber = statement.unwrap().number;
    let file = vendor.backup("backup", "");
    let coupons = vendor.admin("coupon issue --product 81 --count 1 --days 30");
    let coupon: Coupon = coupons[0]["coupon"].as_str().unwrap().parse().unwrap();
    host.ok(served.address, &Call::Coupon { coupon: coupon.clone() }).await;

    assert!(not_restored(&vendor.data, &file).contains("a license server runs on"));
    // Much of what it knew is in its log alone then.
    served.signal(Signal::SIGKILL);
    drop(served);
    let restored = restore(&vendor.data, &file);
    let aside = PathBuf::from(restored["replaced"].as_str().unwrap());
    assert_eq!(aside.parent(), Some(&*vendor.data));
    assert_eq!((restored["keys_from_backup"].as_bool(), mode(&aside)), (Some(false), 0o600));

    let served = Served::start(&vendor.data);
    assert_eq!(host.leased(served.address, 33).await.unwrap().refusal, None);
    assert!(host.leased(served.address, 45).await.is_none(), "the coupon came after the backup");
    let refused = host.refused(served.address, &Call::Coupon { coupon: coupon.clone() }).await;
    assert_eq!(refused.code.map(|code| code.0), Some(2040));
    served.stop();

    // What was set aside is a database, whole.
    let database = vendor.data.join("license-server.db");
    fs::copy(&aside, &database).unwrap();
    let list = format!("binding list --number {}", number.as_str());
    assert_eq!(vendor.admin(&list).as_array().unwrap().len(), 2);
}

#[test]
fn a_backup_is_closed_to_others_overwrites_nothing_and_says_what_is_in_it() {
    let vendor = Vendor::new();
    let keys = |json: &Value| [&json["online_key"], &json["root_key"]].map(|is| is.as_bool().unwrap());
    let secrets = || ["root.key", "online.key"].map(|name| fs::read_to_string(vendor.data.join(name)));
    let secrets = secrets().map(|secret| secret.unwrap().trim().to_owned());
    let export = format!("key export-root {} --remove", vendor.path("root.key").display());
    for (name, flags, before, expected) in [
        ("without", "", "", [false, false]),
        ("with", "--with-keys", "", [true, true]),
        ("online", "--with-keys", &*export, [true, false]),
    ] {
        if !before.is_empty() {
            vendor.admin(before);
        }
        let file = vendor.path(name);
        let said = vendor.admin(&format!("backup {} {flags}", file.display()));
        assert_eq!(keys(&said), expected, "{name}");
        let found = [1, 0].map(|index| contains(&file, &secrets[index]));
        assert_eq!((found, mode(&file)), (expected, 0o600), "{name}");

        let before = fs::read(&file).unwrap();
        let again = refused(&vendor.data, &format!("backup {}", file.display()));
        assert!(again.contains("exists") && fs::read(&file).unwrap() == before, "{again}");
    }
    assert_eq!(names(vendor.folder.path()), ["data", "online", "root.key", "with", "without"]);
    let said = ok(admin(&vendor.data, &format!("backup {}", vendor.path("text").display())));
    assert!(said.contains("keys are not in it"), "{said}");
    let nowhere = refused(&vendor.data, &format!("backup {}", vendor.path("no/folder").display()));
    assert!(nowhere.contains("no/folder"), "{nowhere}");
}

#[test]
fn a_server_is_restored_elsewhere_if_its_keys_are_in_the_backup() {
    let vendor = Vendor::new();
    let root = ok(admin(&vendor.data, "public-key"));
    let (without, with) = (vendor.backup("without", ""), vendor.backup("with", "--with-keys"));
    let new = vendor.path("new");
    fs::create_dir_all(new.join(".restoring")).unwrap();
    fs::write(new.join(".restoring/online.key"), "of a restore that was cut short").unwrap();
    let error = not_restored(&new, &without);
    assert!(error.contains("--with-keys"), "{error}");
    assert!(!new.join("license-server.db").exists());

    // Keys that were kept apart from it do, too.
    let apart = vendor.path("apart");
    fs::create_dir(&apart).unwrap();
    for name in ["root.pub", "online.key", "key-set.json"] {
        fs::copy(vendor.data.join(name), apart.join(name)).unwrap();
    }
    assert_eq!(restore(&apart, &without)["keys_from_backup"], false);
    assert_eq!(ok(admin(&apart, "public-key")), root);

    let restored = restore(&new, &with);
    assert_eq!(restored["replaced"], Value::Null);
    let keys = ["keys_from_backup", "root_key_from_backup"].map(|key| restored[key].as_bool().unwrap());
    assert_eq!(keys, [true, true]);
    assert_eq!(ok(admin(&new, "public-key")), root);
    ok(admin(&new, "key rotate"));
    let files = names(&new);
    let expected =
        ["key-set.json", "license-server.db", "lock", "online.key", "root.key", "root.pub", "serving"];
    assert_eq!(files, expected, "nothing is left behind");
    for file in files {
        assert_eq!(mode(&new.join(&file)), 0o600, "{file}");
    }
    let secret = fs::read_to_string(new.join("root.key")).unwrap();
    assert!(!contains(&new.join("license-server.db"), secret.trim()), "a secret in the database");
    Served::start(&new).stop();
}

#[test]
fn what_cannot_be_restored_changes_nothing() {
    let (vendor, other) = (Vendor::new(), Vendor::new());
    vendor.coupons();
    let sound = fs::read(vendor.backup("sound", "--with-keys")).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        fs::write(vendor.path(name), bytes).unwrap();
        vendor.path(name)
    };
    // A page in the middle, where rows are.
    let mut damaged = sound.clone();
    damaged[4096 * 3..4096 * 4].fill(0xff);
    let database = fs::read(vendor.data.join("license-server.db")).unwrap();
    let cases = [
        (file("empty", b""), "no backup"),
        (file("text", b"this is no database, but a text of some length"), "not a database"),
        (file("cut", &sound[..sound.len() / 2]), "cannot restore"),
        (file("damaged", &damaged), "cannot restore"),
        (file("database", &database), "no backup"),
        (vendor.path("missing"), "No such file"),
        (vendor.folder.path().to_owned(), "cannot read"),
        (other.backup("other", "--with-keys"), "move the folder away"),
    ];
    let before = names(&vendor.data);
    for (file, says) in cases {
        let error = not_restored(&vendor.data, &file);
        assert!(error.contains(says), "{}: {error}", file.display());
        let after: Vec<_> = names(&vendor.data).into_iter().filter(|name| name != "serving").collect();
        assert_eq!(after, before, "{}", file.display());
        assert_eq!(fs::read(vendor.data.join("license-server.db")).unwrap(), database);
    }
    ok(admin(&vendor.data, "coupon issue --product 81 --count 1 --days 1"));
}

#[test]
fn a_backup_of_a_newer_version_is_refused() {
    let vendor = Vendor::new();
    let file = vendor.backup("backup", "");
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (999, 'later', 1, x'00', 0)";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::ConnectOptions;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        sqlx::query(newer).execute(&mut options.connect().await.unwrap()).await.unwrap();
    });
    let error = not_restored(&vendor.data, &file);
    assert!(error.contains("newer version"), "{error}");
}

#[test]
fn keys_that_are_newer_than_the_backup_stay() {
    let vendor = Vendor::new();
    let old = vendor.backup("old", "--with-keys");
    let first = vendor.admin("key list")["keys"][0]["id"].as_str().unwrap().to_owned();
    vendor.admin(&format!("key revoke {first}"));
    let new = vendor.backup("new", "--with-keys");
    vendor.admin(&format!("key export-root {} --remove", vendor.path("root.key").display()));

    restore(&vendor.data, &old);
    let keys = vendor.admin("key list");
    assert_eq!((&keys["version"], &keys["keys"][0]["revoked"]), (&Value::from(2), &Value::from(true)));
    assert!(!vendor.data.join("root.key").exists(), "it was moved elsewhere");

    let another = vendor.path("another");
    for (file, version, from_backup) in [(&old, 1, true), (&new, 2, true), (&old, 2, false)] {
        let restored = restore(&another, file);
        assert_eq!(restored["keys_from_backup"], from_backup, "{}", file.display());
        let keys: Value = serde_json::from_str(&ok(admin(&another, "key list --json"))).unwrap();
        assert_eq!(keys["version"], version, "{}", file.display());
    }
    // Keys that are damaged are replaced, and set aside.
    fs::write(another.join("online.key"), "damaged").unwrap();
    assert_eq!(restore(&another, &new)["keys_from_backup"], true);
    assert!(names(&another).iter().any(|name| name.starts_with("online.key.before-")));
    ok(admin(&another, "key list"));
}

#[test]
fn a_damaged_database_is_set_aside_too() {
    let vendor = Vendor::new();
    let file = vendor.backup("backup", "");
    let database = vendor.data.join("license-server.db");
    fs::write(&database, "damaged, and no database any more").unwrap();
    let restored = restore(&vendor.data, &file);
    let aside = restored["replaced"].as_str().unwrap();
    assert!(fs::read_to_string(aside).unwrap().starts_with("damaged"));
    assert_eq!(vendor.coupons(), 1);
}

/// Leaves a data folder as a server that is killed does: its last writes are in the log alone.
fn killed(vendor: &Vendor) {
    let served = Served::start(&vendor.data);
    assert_eq!(vendor.coupons(), 1);
    served.signal(Signal::SIGKILL);
    drop(served);
    assert!(fs::metadata(vendor.data.join("license-server.db-wal")).unwrap().len() > 0);
}

fn set_aside(vendor: &Vendor, name: &str) -> usize {
    let name = format!("{name}.before-");
    names(&vendor.data).iter().filter(|found| found.starts_with(&name)).count()
}

#[test]
fn the_log_of_a_database_that_is_gone_or_damaged_is_not_played_into_the_restored_one() {
    type Damage = fn(&Path);
    let cases: [(&str, Damage); 3] = [
        ("gone", |path| fs::rename(path, path.with_extension("away")).unwrap()),
        ("emptied", |path| fs::write(path, "").unwrap()),
        ("overwritten", |path| fs::write(path, "no database ".repeat(4096)).unwrap()),
    ];
    for (name, damage) in cases {
        let vendor = Vendor::new();
        vendor.coupons();
        let file = vendor.backup("backup", "");
        killed(&vendor);
        damage(&vendor.data.join("license-server.db"));
        restore(&vendor.data, &file);
        assert_eq!(vendor.admin("coupon list").as_array().unwrap().len(), 1, "{name}");
        assert_eq!(set_aside(&vendor, "license-server.db-wal"), 1, "{name}");
        Served::start(&vendor.data).stop();
    }
}

/// Why `serve` does not start.
fn not_served(data: &Path) -> String {
    let mut program = program();
    // A server that starts after all ends here, since nobody can listen there.
    program.args(["serve", "--listen", "192.0.2.1:9", "--data-dir"]).arg(data);
    let output = program.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn no_database_is_made_where_one_was_lost() {
    let vendor = Vendor::new();
    killed(&vendor);
    let database = vendor.data.join("license-server.db");
    let away = vendor.path("away.db");
    fs::rename(&database, &away).unwrap();
    let error = not_served(&vendor.data);
    assert!(error.contains(database.to_str().unwrap()) && error.contains("admin restore"), "{error}");
    assert!(!database.exists());

    // To begin anew is said with an empty file; the log of the old one would be lost by that.
    fs::write(&database, "").unwrap();
    let error = not_served(&vendor.data);
    assert!(error.contains("license-server.db-wal is of a database that is not there"), "{error}");
    fs::rename(vendor.data.join("license-server.db-wal"), vendor.path("away.db-wal")).unwrap();
    Served::start(&vendor.data).stop();
}

#[test]
fn no_keys_are_made_for_a_database_that_lost_them() {
    let vendor = Vendor::new();
    for name in ["root.key", "root.pub", "online.key", "key-set.json"] {
        fs::remove_file(vendor.data.join(name)).unwrap();
    }
    let error = not_served(&vendor.data);
    assert!(error.contains("root.pub") && error.contains("backup"), "{error}");
    assert!(!vendor.data.join("root.key").exists());
}

#[test]
fn a_first_start_that_was_cut_short_goes_on_and_says_what_it_made() {
    let vendor = Vendor::new();
    // The order in which they are made, backwards; the database is empty before there is a key set.
    fs::remove_file(vendor.data.join("key-set.json")).unwrap();
    fs::write(vendor.data.join("license-server.db"), "").unwrap();
    let error = not_served(&vendor.data);
    assert!(error.contains("first start: made a new root key"), "{error}");
    let left = names(&vendor.data).into_iter().filter(|name| name.starts_with("license-server.db"));
    for name in left.chain(["key-set.json".to_owned()]) {
        fs::remove_file(vendor.data.join(name)).unwrap();
    }
    Served::start(&vendor.data).stop();
    let again = not_served(&vendor.data);
    assert!(!again.contains("first start"), "{again}");
}

#[test]
fn a_refused_restore_leaves_no_folder_behind() {
    let vendor = Vendor::new();
    let file = vendor.backup("without", "");
    let new = vendor.path("new");
    not_restored(&new, &file);
    assert!(!new.exists());
}

#[tokio::test]
async fn a_database_that_another_command_uses_is_not_replaced() {
    let vendor = Vendor::new();
    let file = vendor.backup("backup", "");
    let server = LicenseServer::open(&vendor.data).await.unwrap();
    let error = not_restored(&vendor.data, &file);
    assert!(error.contains("another program uses the database"), "{error}");
    server.store().close().await;
    restore(&vendor.data, &file);
}

#[test]
fn keys_among_the_credentials_of_the_service_are_found_and_left_there() {
    let vendor = Vendor::new();
    let credentials = vendor.path("credentials");
    fs::create_dir(&credentials).unwrap();
    let names = ["online.key", "root.key"];
    for name in names {
        fs::rename(vendor.data.join(name), credentials.join(name)).unwrap();
    }
    let read = |name: &str| fs::read_to_string(credentials.join(name)).unwrap();
    let before = names.map(read);
    let error = refused(&vendor.data, "key list");
    assert!(error.contains("online.key"), "{error}");
    let run = |arguments: &str| {
        let mut program = program();
        program.env("CREDENTIALS_DIRECTORY", &credentials).arg("admin").arg("--data-dir").arg(&vendor.data);
        ok(program.args(arguments.split_whitespace()).output().unwrap())
    };
    run("key rotate");
    run("key list");
    assert_eq!(names.map(read), before);
    let here = fs::read_to_string(vendor.data.join("online.key")).unwrap();
    assert_eq!(here.lines().count(), 1, "the new key alone");
    assert!(!here.contains(before[0].trim()) && !vendor.data.join("root.key").exists());
}
