//! The host key, and facts of machines that these tests make up.

use std::os::unix::fs::{PermissionsExt, symlink};

use license_core::host::{Fact, FactKind};

use super::*;

/// The namespace of process ids of a machine that is no container.
const MACHINE: &str = "pid:[4026531836]";

/// A machine below a folder of its own.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new(files: &[(&str, &str)]) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for (path, content) in files {
            machine.write(path, content);
        }
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn write(&self, path: &str, content: &str) {
        fs::write(self.path(path), content).unwrap();
    }

    fn link(&self, path: &str, to: &str) {
        symlink(to, self.path(path)).unwrap();
    }

    /// A disk or a network interface; `place` is what its link in /sys/block or /sys/class/net says.
    fn device(&self, class: &str, place: &str, attributes: &[(&str, &str)]) {
        let name = place.rsplit('/').next().unwrap();
        let up = "../".repeat(1 + class.matches('/').count());
        self.link(&format!("sys/{class}/{name}"), &format!("{up}devices/{place}"));
        for (attribute, value) in attributes {
            self.write(&format!("sys/devices/{place}/{attribute}"), value);
        }
    }

    fn disk(&self, place: &str, attributes: &[(&str, &str)]) {
        self.device("block", place, attributes);
        fs::create_dir_all(self.path(&format!("sys/devices/{place}/device/x"))).unwrap();
    }

    fn nic(&self, place: &str, address: &str) {
        self.device("class/net", place, &[("address", address), ("type", "1\n"), ("device/x", "")]);
    }

    fn look(&self) -> Findings {
        self.look_with(None)
    }

    fn look_with(&self, credentials: Option<&Path>) -> Findings {
        Sources { root: self.0.path(), credentials, configured: None }.look()
    }

    fn value(&self, kind: FactKind) -> Result<String, Unused> {
        value(&self.look(), kind)
    }
}

fn value(findings: &Findings, kind: FactKind) -> Result<String, Unused> {
    findings.facts.iter().find(|found| found.kind == kind).unwrap().value.clone()
}

fn whole() -> Machine {
    let machine = Machine::new(&[
        ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
        ("sys/class/dmi/id/product_uuid", "4C4C4544-0042-3010-8054-B7C04F503432\n"),
        ("sys/class/dmi/id/board_serial", "/B7C0432/CN129635\n"),
    ]);
    machine.disk("pci0/ata1/block/sda", &[("device/wwid", "naa.5002538e40a1b2c3\n"), ("removable", "0\n")]);
    machine.nic("pci0/net/eno1", "a4:bf:01:23:45:67\n");
    machine
}

#[test]
fn every_kind_of_fact_is_read_below_the_root_folder() {
    let findings = whole().look();
    assert_eq!(findings.basis, Basis::Hardware);
    let expected = [
        (FactKind::MachineId, "0123456789abcdef0123456789abcdef"),
        (FactKind::ProductUuid, "4c4c4544-0042-3010-8054-b7c04f503432"),
        (FactKind::BoardSerial, "/b7c0432/cn129635"),
        (FactKind::Nic, "a4:bf:01:23:45:67"),
        (FactKind::Disk, "naa.5002538e40a1b2c3"),
    ];
    assert_eq!(findings.evidence().0, expected.map(|(kind, value)| Fact::new(kind, value)));
    assert!(findings.evidence().is_well_formed());
}

#[test]
fn a_machine_that_tells_nothing_is_no_fault() {
    let findings = Machine::new(&[]).look();
    assert_eq!(findings.evidence(), Evidence::default());
    assert!(findings.facts.iter().all(|found| found.value == Err(Unused::Missing)), "{findings:?}");
}

#[test]
fn a_credential_comes_before_the_file_that_only_root_may_read() {
    let (machine, credentials) = (whole(), Machine::new(&[("dmi-product-uuid", "ABCD-1\n")]));
    let uuid =
        |machine: &Machine| value(&machine.look_with(Some(credentials.0.path())), FactKind::ProductUuid);
    assert_eq!(uuid(&machine), Ok("abcd-1".to_owned()));
    // What a unit gives where a machine has no DMI.
    for nothing in ["", "\n"] {
        credentials.write("dmi-product-uuid", nothing);
        assert_eq!(uuid(&machine), machine.value(FactKind::ProductUuid));
        assert_eq!(uuid(&Machine::new(&[])), Err(Unused::Missing));
    }
    credentials.write("dmi-product-uuid", "Default string");
    assert_eq!(uuid(&Machine::new(&[])), Err(Unused::Placeholder));
}

#[test]
fn a_value_that_every_board_has_tells_nothing() {
    let values = [
        "None",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF",
        "Default string",
        "To Be Filled By O.E.M.",
    ];
    for placeholder in values {
        let machine = Machine::new(&[("sys/class/dmi/id/board_serial", placeholder)]);
        assert_eq!(machine.value(FactKind::BoardSerial), Err(Unused::Placeholder), "{placeholder}");
    }
}

#[test]
fn disks_that_are_not_the_machines_own_do_not_count() {
    let machine = Machine::new(&[]);
    machine.disk("pci0/usb1/1-1/block/sda", &[("device/wwid", "naa.1111")]);
    machine.disk("pci0/ata2/block/sr0", &[("device/wwid", "naa.2222"), ("removable", "1\n")]);
    machine.device("block", "virtual/block/loop0", &[("serial", "3333")]);
    machine.disk("pci0/block/sdb", &[("device/wwid", "t10.ATA     QEMU HARDDISK           QM00001")]);
    assert_eq!(machine.value(FactKind::Disk), Err(Unused::Placeholder));
    machine.disk("pci0/nvme/nvme0/nvme0n1", &[("device/serial", "S5GXNX0R  \n"), ("wwid", "eui.00253")]);
    assert_eq!(machine.value(FactKind::Disk), Ok("s5gxnx0r".to_owned()));
    machine.disk("pci0/virtio1/block/vda", &[("serial", "disk-1")]);
    assert_eq!(machine.value(FactKind::Disk), Ok("disk-1".to_owned()), "the first in order of several");
}

#[test]
fn disks_that_a_hypervisor_counts_tell_nothing() {
    for counted in ["QM00003", "drive-scsi0", "00000000000000000001", "VMware NVME_0000"] {
        let machine = Machine::new(&[]);
        machine.disk("pci0/block/sda", &[("device/serial", counted)]);
        assert_eq!(machine.value(FactKind::Disk), Err(Unused::Placeholder), "{counted}");
    }
}

#[test]
fn network_interfaces_that_are_not_the_machines_own_do_not_count() {
    let machine = Machine::new(&[]);
    machine.device("class/net", "virtual/net/docker0", &[("address", "00:11:22:33:44:55")]);
    machine.nic("pci0/usb2/2-1/net/enx0", "00:22:22:33:44:55");
    machine.device(
        "class/net",
        "pci0/net/ib0",
        &[("address", "00:33:22:33:44:55"), ("type", "32"), ("device/x", "")],
    );
    assert_eq!(machine.value(FactKind::Nic), Err(Unused::Missing));
    for (name, address) in [
        ("a", "52:54:00:12:34:56"),
        ("b", "01:00:5e:00:00:01"),
        ("c", "00:00:00:00:00:00"),
        ("d", "nonsense"),
    ] {
        machine.nic(&format!("pci0/net/{name}"), address);
        assert_eq!(machine.value(FactKind::Nic), Err(Unused::Placeholder), "{address}");
    }
    let random = [("address", "00:44:22:33:44:55"), ("addr_assign_type", "1\n"), ("device/x", "")];
    machine.device("class/net", "pci0/net/vf0", &random);
    assert_eq!(machine.value(FactKind::Nic), Err(Unused::Placeholder));
    machine.nic("pci0/net/eth0", "B8:27:EB:12:34:56");
    assert_eq!(machine.value(FactKind::Nic), Ok("b8:27:eb:12:34:56".to_owned()));
    // Two cards that became one: both have the address of the first.
    for (name, permanent) in [("eth1", "a4:bf:01:00:00:02"), ("eth2", "a4:bf:01:00:00:01")] {
        let bonded = [
            ("address", "a4:bf:01:00:00:02"),
            ("addr_assign_type", "3\n"),
            ("bonding_slave/perm_hwaddr", permanent),
            ("device/x", ""),
        ];
        machine.device("class/net", &format!("pci1/net/{name}"), &bonded);
    }
    assert_eq!(machine.value(FactKind::Nic), Ok("a4:bf:01:00:00:01".to_owned()));
}

#[test]
fn what_comes_and_goes_makes_no_other_host() {
    let machine = whole();
    let before = machine.look().evidence();
    machine.nic("pci1/net/enp7s0", "00:15:17:00:00:01");
    machine.disk("pci1/block/sdb", &[("device/wwid", "naa.1")]);
    let after = machine.look().evidence();
    assert_ne!(before, after);
    assert!(before.identifies(&after) && !before.contradicts(&after));
}

#[test]
fn in_a_container_none_of_the_hosts_hardware_is_read() {
    type Sign = fn(&Machine);
    let signs: [(&str, Sign); 7] = [
        ("systemd", |machine| machine.write("run/systemd/container", "podman")),
        ("the container interface", |machine| machine.write("run/host/container-manager", "x")),
        ("docker", |machine| machine.write(".dockerenv", "")),
        ("podman", |machine| machine.write("run/.containerenv", "")),
        ("the first process", |machine| {
            machine.write("proc/1/environ", "PATH=/bin\0container=lxc\0TERM=linux\0");
        }),
        ("a namespace", |machine| machine.link("proc/self/ns/pid", "pid:[4026532201]")),
        ("both", |machine| {
            machine.write(".dockerenv", "");
            machine.link("proc/self/ns/pid", MACHINE);
        }),
    ];
    let credentials = Machine::new(&[("dmi-product-uuid", "of the machine around it")]);
    for (name, sign) in signs {
        let machine = whole();
        sign(&machine);
        let findings = machine.look_with(Some(credentials.0.path()));
        assert!(matches!(findings.basis, Basis::Container { .. }), "{name}");
        assert_eq!(findings.evidence(), Evidence::default(), "{name}");
        assert!(findings.facts.iter().all(|found| found.value == Err(Unused::Container)), "{name}");
    }
}

#[test]
fn a_virtual_machine_is_no_container() {
    let machine = whole();
    machine.link("proc/self/ns/pid", MACHINE);
    machine.write("proc/1/environ", "HOME=/\0container=\0my_container=1\0");
    machine.write("sys/class/dmi/id/sys_vendor", "QEMU");
    assert_eq!(machine.look().basis, Basis::Hardware);
}

#[test]
fn a_configured_id_stands_alone_in_a_container_too() {
    let machine = whole();
    for container in [false, true] {
        if container {
            machine.write(".dockerenv", "");
        }
        let findings =
            Sources { root: machine.0.path(), credentials: None, configured: Some("PBX-7") }.look();
        assert_eq!(findings.basis, Basis::Configured);
        assert_eq!(findings.evidence().0, [Fact::new(FactKind::Configured, "pbx-7")]);
    }
}

#[test]
fn what_may_not_be_read_is_told_apart_from_what_is_not_there() {
    let machine = whole();
    let uuid = machine.path("sys/class/dmi/id/product_uuid");
    fs::set_permissions(&uuid, fs::Permissions::from_mode(0o000)).unwrap();
    let found = machine.value(FactKind::ProductUuid);
    // Root reads it all the same.
    if fs::read(&uuid).is_err() {
        assert_eq!(found, Err(Unused::NotPermitted));
    }
    fs::remove_file(&uuid).unwrap();
    fs::create_dir(&uuid).unwrap();
    assert_eq!(machine.value(FactKind::ProductUuid), Err(Unused::Unreadable));
}

#[test]
fn the_host_key_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.key");
    let (key, _) = load_or_make_key(&path).unwrap();
    let (again, fault) = load_or_make_key(&path).unwrap();
    assert_eq!(again.to_bytes(), key.to_bytes());
    assert!(fault.is_none());
}

#[test]
fn a_damaged_host_key_is_set_aside_and_a_new_one_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.key");
    for damaged in ["", "00ff", &"zz".repeat(32), &"é".repeat(32)] {
        fs::write(&path, damaged).unwrap();
        let (key, fault) = load_or_make_key(&path).unwrap();
        let Some(StoreError::Unreadable { quarantine, .. }) = fault else { panic!("{damaged:?}: {fault:?}") };
        assert_eq!(fs::read_to_string(&quarantine).unwrap(), damaged);
        assert_eq!(load_or_make_key(&path).unwrap().0.to_bytes(), key.to_bytes());
    }
}
