//! Disks and network interfaces that belong to the machine.
//!
//! Of several, the one whose number comes first in order stands for all: the kernel's names change from boot
//! to boot. One that is added or taken out may make another one the first; it weighs so little that the host
//! stays the same ([`license_core::host`]). What is plugged in from outside (USB), what a program made
//! (loop devices, bridges, the interfaces of containers) and numbers that every machine of a kind has do not
//! count.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::hardware::{Finding, Unused, is_individual, read};
use license_core::host::FactKind;

/// Where a disk says its number, below its folder. The serial number first: some kernels leave a wrong
/// world-wide id out, and others do not.
const DISK_NUMBERS: [&str; 4] = ["device/serial", "serial", "device/wwid", "wwid"];

/// The disk of the machine below `root`.
pub(super) fn disk(root: &Path) -> Finding {
    let disks = devices(root, "sys/block").into_iter().filter(|disk| !says(disk, "removable", "1"));
    let numbers = disks.filter_map(|disk| {
        let found = DISK_NUMBERS.map(|place| (disk.join(place), read(&disk.join(place), is_own_number)));
        let best = found.iter().position(|(_, value)| value.is_ok());
        let best = best.or_else(|| found.iter().position(|(_, value)| *value != Err(Unused::Missing)));
        best.and_then(|at| found.into_iter().nth(at))
    });
    first(FactKind::Disk, numbers)
}

/// The network interface of the machine below `root`.
pub(super) fn nic(root: &Path) -> Finding {
    let cards = devices(root, "sys/class/net").into_iter();
    // 1 is Ethernet and Wi-Fi: ARPHRD_ETHER in linux/if_arp.h.
    let cards = cards.filter(|card| !exists(card, "type") || says(card, "type", "1"));
    let addresses = cards.filter_map(|card| {
        // The slave of a bond has the address of the bond.
        let of_slave = card.join("bonding_slave/perm_hwaddr");
        // 0 is the address that the card came with: NET_ADDR_PERM in linux/netdevice.h.
        let is_permanent = !exists(&card, "addr_assign_type") || says(&card, "addr_assign_type", "0");
        let place = if of_slave.exists() { of_slave } else { card.join("address") };
        let value = read(&place, is_universal);
        (is_permanent || place.ends_with("perm_hwaddr")).then_some((place, value))
    });
    first(FactKind::Nic, addresses)
}

/// The devices of a class that are hardware of this machine.
fn devices(root: &Path, class: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root.join(class)) else { return Vec::new() };
    let mut devices: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    devices.retain(|device| exists(device, "device") && !is_plugged_in(device));
    devices.sort();
    devices
}

/// Whether a device is behind USB, by the place that its link in /sys names.
fn is_plugged_in(device: &Path) -> bool {
    let place = fs::read_link(device).unwrap_or_default();
    place.iter().any(|part| {
        let number = part.as_encoded_bytes().strip_prefix(b"usb");
        number.is_some_and(|number| number.first().is_some_and(u8::is_ascii_digit))
    })
}

fn exists(device: &Path, attribute: &str) -> bool {
    device.join(attribute).exists()
}

fn says(device: &Path, attribute: &str, value: &str) -> bool {
    fs::read_to_string(device.join(attribute)).is_ok_and(|text| text.trim() == value)
}

/// The first of the numbers that can be used; else why there is none.
fn first(kind: FactKind, numbers: impl Iterator<Item = (PathBuf, Result<String, Unused>)>) -> Finding {
    let mut found: Option<(PathBuf, Result<String, Unused>)> = None;
    for (place, value) in numbers {
        let is_better = match (&value, found.as_ref().map(|(_, value)| value)) {
            (Ok(value), Some(Ok(best))) => value < best,
            (Ok(_), Some(Err(_))) | (_, None) => true,
            (Err(_), Some(_)) => false,
        };
        if is_better {
            found = Some((place, value));
        }
    }
    match found {
        Some((place, value)) => Finding { kind, source: Some(place), value },
        None => Finding { kind, source: None, value: Err(Unused::Missing) },
    }
}

/// Whether a disk has that number alone. Hypervisors number the disks of each machine from the beginning.
fn is_own_number(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let last = value.split_whitespace().last().unwrap_or_default();
    let is_counted = last.trim_start_matches('0').len() < 3 && last.bytes().all(|byte| byte.is_ascii_digit());
    is_individual(&value)
        && !is_counted
        && !last.starts_with("qm0000")
        && !last.starts_with("drive-")
        && !value.starts_with("vmware nvme")
}

/// Whether an address is one that its maker gave to one card in the world (IEEE 802: the two lowest bits of
/// the first byte say *group* and *local*).
fn is_universal(value: &str) -> bool {
    let bytes: Option<Vec<u8>> =
        value.split(':').map(|byte| u8::from_str_radix(byte, 16).ok().filter(|_| byte.len() == 2)).collect();
    bytes.is_some_and(|bytes| bytes.len() == 6 && bytes[0].trailing_zeros() >= 2 && is_individual(value))
}
