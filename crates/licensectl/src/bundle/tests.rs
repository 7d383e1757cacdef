use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
};

use flate2::read::GzDecoder;
use nix::{sys::stat::Mode, unistd::mkfifo};
use tempfile::TempDir;

use super::*;

const NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";

/// A machine in a folder: its files, and programs that are scripts.
struct Machine {
    folder: TempDir,
    places: Places,
}

impl Machine {
    fn new() -> Self {
        let folder = TempDir::with_prefix_in("licensectl-bundle-", "/dev/shm").unwrap();
        let root = folder.path().join("root");
        let bin = folder.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let path = format!("{}:/bin:/usr/bin", bin.display()).into();
        let places = Places {
            root,
            path,
            tool: bin.join("licensectl"),
            socket: folder.path().join("no.sock"),
            patience: Duration::from_secs(2),
        };
        let machine = Self { folder, places };
        machine.program("licensectl", "echo '{\"state\":\"fresh\"}'");
        machine.program("journalctl", "exit 1");
        machine.program("systemctl", "echo active");
        machine.program("ip", "echo 1: lo");
        machine.file("proc/sys/kernel/hostname", "pbx.example\n");
        machine.file("etc/licensed/licensed.toml", "log = \"info\"\n");
        machine
    }

    fn file(&self, path: &str, text: &str) -> PathBuf {
        let path = self.places.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.folder.path().join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("support.tar.gz")
    }

    fn make(&self) -> Result<Bundle, NoArchive> {
        Bundle::make_at(Some(self.output()), &self.places, Timestamp::UNIX_EPOCH)
    }

    /// Makes an archive. Gives its files by name, without the folder.
    fn made(&self) -> BTreeMap<String, String> {
        self.make().unwrap_or_else(|it| panic!("{}", it.why.to(Language::English)));
        let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(self.output()).unwrap()));
        let files = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            let name =
                name.strip_prefix("licensed-support-pbx.example-1970-01-01T00-00-00Z/").unwrap().to_owned();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            (name, text)
        });
        files.collect()
    }

    fn why_not(&self) -> String {
        self.make().unwrap_err().why.to(Language::English)
    }

    fn left_out(&self, name: &str) -> String {
        let made = self.make().unwrap_or_else(|it| panic!("{}", it.why.to(Language::English)));
        let left = made.manifest.left_out.into_iter().find(|it| it.name == name);
        left.unwrap_or_else(|| panic!("{name} is in")).why.to(Language::English)
    }
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[test]
fn an_archive_holds_what_support_asks_for_and_says_what_it_does_not() {
    let machine = Machine::new();
    machine.file("etc/resolv.conf", "nameserver 192.0.2.1\n");
    let files = machine.made();
    assert_eq!(files["status.json"], "{\"state\":\"fresh\"}\n");
    assert_eq!(files["network/resolv.conf"], "nameserver 192.0.2.1\n");
    assert_eq!(files["units"], "active\n");
    let manifest: serde_json::Value = serde_json::from_str(&files["manifest.json"]).unwrap();
    let names = |list: &str| {
        let list = manifest[list].as_array().unwrap().iter();
        list.map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut all = names("entries");
    all.extend(names("left_out"));
    for part in PARTS {
        assert!(all.iter().any(|name| name == part.name), "{} is told nowhere", part.name);
    }
    for name in names("entries") {
        assert!(files.contains_key(&name), "{name}");
    }
    let left = manifest["left_out"].as_array().unwrap();
    assert!(
        left.iter().any(|it| it["name"] == "host.key" && it["why"] == "what it holds never leaves this host")
    );
    assert!(
        left.iter()
            .any(|it| it["name"] == "network/hosts" && it["why"].as_str().unwrap().contains("/etc/hosts"))
    );
    assert_eq!(fs::metadata(machine.output()).unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn the_state_folder_is_measured_and_not_read() {
    let machine = Machine::new();
    machine.file("var/lib/licensed/host.key", "the secret of this host");
    let files = machine.made();
    assert!(files["state-folder"].contains(" 23 ") && files["state-folder"].contains(" host.key\n"));
    assert!(files.values().all(|text| !text.contains("the secret of this host")));
}

#[test]
fn secrets_of_old_logs_and_of_the_configuration_are_hidden_everywhere() {
    let machine = Machine::new();
    machine.file(
        "etc/licensed/licensed.toml",
        "host.id = \"pbx-kazan-17\" # ours\nproxy = \"http://bob:pw@proxy:3128\"\n",
    );
    machine.program(
        "journalctl",
        &format!("echo key {NUMBER} of PBX-Kazan-17; echo session=s-7f3a mail to i@example.com"),
    );
    let files = machine.made();
    let all: String = files.values().cloned().collect();
    for secret in ["AB1CD", "bob", "pw@", "azan", "s-7f3a", "i@example"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    assert!(files["log/licensed.log"].contains("MIKO-…-MN4OP"));
    let manifest: serde_json::Value = serde_json::from_str(&files["manifest.json"]).unwrap();
    assert_eq!((&manifest["hidden"]["number"], &manifest["hidden"]["e-mail"]), (&2.into(), &2.into()));
}

#[test]
fn the_last_words_of_a_program_that_fails_hold_no_secret_either() {
    let machine = Machine::new();
    machine.program("systemctl", &format!("echo no {NUMBER} >&2; exit 1"));
    let files = machine.made();
    assert!(files["manifest.json"].contains("no MIKO-…-MN4OP"), "{}", files["manifest.json"]);
}

#[test]
fn without_a_journal_the_lines_of_the_program_are_taken_from_the_log_of_all() {
    let machine = Machine::new();
    let lines = format!(
        "Nov 24 10:00:00 pbx licensed[7]: key {NUMBER}\nNov 24 10:00:01 pbx asterisk[9]: call from 101\n\
         Nov 24 10:00:02 pbx license-gateway: listening\n"
    );
    machine.file("var/log/messages", &lines);
    let files = machine.made();
    assert_eq!(files["log/licensed.log"], "Nov 24 10:00:00 pbx licensed[7]: key MIKO-…-MN4OP\n");
    assert_eq!(files["log/license-gateway.log"], "Nov 24 10:00:02 pbx license-gateway: listening\n");
}

#[test]
fn of_a_log_of_a_gigabyte_the_end_is_there_at_once() {
    let machine = Machine::new();
    let path = machine.file("var/log/licensed.log", "");
    let mut log = fs::File::options().write(true).open(path).unwrap();
    log.set_len(1 << 30).unwrap();
    log.seek(SeekFrom::End(0)).unwrap();
    for line in 0..100_000 {
        writeln!(log, "line {line} of {NUMBER} and more words that fill it").unwrap();
    }
    let files = machine.made();
    let log = &files["log/licensed.log"];
    assert!(log.len() <= raw::MOST && log.len() > raw::MOST / 2, "{}", log.len());
    assert!(
        log.starts_with("line ") && log.ends_with("line 99999 of MIKO-…-MN4OP and more words that fill it\n")
    );
    assert!(files["manifest.json"].contains("\"cut\": true"));
}

#[test]
fn a_configuration_that_is_a_pipe_keeps_nobody_waiting() {
    let machine = Machine::new();
    let path = machine.file("etc/licensed/licensed.toml", "");
    fs::remove_file(&path).unwrap();
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    assert!(machine.left_out(CONFIG_FILE).contains("no regular file"));
}

#[test]
fn a_program_that_never_ends_loses_itself_alone() {
    let machine = Machine::new();
    machine.program("ip", "sleep 600");
    machine.program("systemctl", "echo active; sleep 600");
    let files = machine.made();
    assert_eq!(files["units"], "active\n");
    assert!(!files.contains_key("network/addresses") && files.contains_key("status.json"));
}

#[test]
fn the_archive_replaces_nothing_and_follows_no_link() {
    let machine = Machine::new();
    fs::write(machine.output(), "mine").unwrap();
    assert!(machine.why_not().contains("is there already"));
    assert_eq!(fs::read(machine.output()).unwrap(), b"mine");
    fs::remove_file(machine.output()).unwrap();

    let target = machine.folder.path().join("target");
    for target_is_there in [false, true] {
        if target_is_there {
            fs::write(&target, "mine").unwrap();
        }
        symlink(&target, machine.output()).unwrap();
        assert!(machine.why_not().contains("is there already"));
        assert_eq!(fs::read(&target).ok(), target_is_there.then(|| b"mine".to_vec()));
        fs::remove_file(machine.output()).unwrap();
    }
}

#[test]
fn an_archive_that_cannot_be_made_leaves_nothing() {
    let machine = Machine::new();
    let nowhere = machine.folder.path().join("no/support.tar.gz");
    let why = Bundle::make_at(Some(nowhere), &machine.places, Timestamp::UNIX_EPOCH).unwrap_err();
    assert!(why.is_usage && why.why.to(Language::English).contains("there is no"));
    let mut archive = Archive::begin(&machine.output(), "f".to_owned(), Timestamp::UNIX_EPOCH).ok().unwrap();
    archive.add("part", b"text").unwrap();
    assert!(!machine.output().exists());
    fs::write(machine.output(), "mine").unwrap();
    assert!(archive.finish().unwrap_err().why.to(Language::English).contains("is there already"));
    assert_eq!(fs::read(machine.output()).unwrap(), b"mine");
}

#[test]
fn the_tool_itself_looks_for_programs_where_only_root_puts_them() {
    let machine = Machine::new();
    machine.program("licensectl", "echo \"$PATH\"");
    assert_eq!(machine.made()["doctor.txt"].trim(), machine.places.path.to_str().unwrap());
}

/// Only root can give files away.
#[test]
fn in_the_folder_of_somebody_else_no_link_leads_anywhere() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    let [theirs, ours] = ["theirs", "ours"].map(|name| machine.folder.path().join(name));
    fs::create_dir(&theirs).unwrap();
    fs::create_dir(&ours).unwrap();
    fs::write(ours.join("secret"), "shadow").unwrap();
    std::os::unix::fs::chown(&theirs, Some(65534), Some(65534)).unwrap();
    // Even one that root made: there it can be moved.
    symlink(&ours, theirs.join("folder")).unwrap();
    symlink(ours.join("secret"), theirs.join("file")).unwrap();
    fs::hard_link(ours.join("secret"), theirs.join("name")).unwrap();
    for path in ["folder/secret", "file", "name"] {
        let why = path::file(&theirs.join(path)).unwrap_err().to(Language::English);
        assert!(why.contains("link"), "{path}: {why}");
    }
    let through = Some(theirs.join("folder/support.tar.gz"));
    assert!(Bundle::make_at(through, &machine.places, Timestamp::UNIX_EPOCH).is_err());
    assert_eq!(fs::read_dir(&ours).unwrap().count(), 1);

    let there = theirs.join("support.tar.gz");
    Bundle::make_at(Some(there.clone()), &machine.places, Timestamp::UNIX_EPOCH).unwrap();
    let found = fs::symlink_metadata(there).unwrap();
    assert_eq!((found.uid(), found.mode() & 0o7777), (0, 0o600));
}

#[test]
fn a_link_that_only_we_could_make_is_followed() {
    let machine = Machine::new();
    machine.file("usr/lib/os-release", "ID=debian\n");
    fs::create_dir_all(machine.places.root.join("etc")).unwrap();
    symlink("../usr/lib/os-release", machine.places.root.join("etc/os-release")).unwrap();
    assert_eq!(machine.made()["versions/os-release"], "ID=debian\n");
}
