//! A license server that is restored from a backup of before its hosts were bound.

use std::{fs, path::Path, process::Command, thread};

use end_to_end::{
    Answered, Host, World, programs,
    service::Service,
    waiting::{self, Stopwatch},
};
use serde_json::Value;

use crate::chance;

/// Numbers with the one seat that every number has, and as many hosts.
const SINGLE: usize = 25;

/// Of these numbers, how many lose their first host before the backup. The others lose it after, and the
/// backup still knows it.
const GIVEN_UP_BEFORE: usize = 13;

/// Hosts on one number with a seat for each.
const TOGETHER: usize = 25;

/// How often a restore is killed: enough to hit each of its few steps, in two seconds.
const MOMENTS: usize = 40;

/// Does the same with all hosts at once.
fn at_once<T: Send>(hosts: &mut [Host], act: impl Fn(&mut Host, usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> =
            hosts.iter_mut().enumerate().map(|(n, host)| scope.spawn(move || act(host, n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Hosts whose daemons run.
fn hosts(world: &World, name: &str, count: usize) -> Vec<Host> {
    let of = |n| Host::of(world.folder.path(), &format!("{name}-{n}"), &world.server);
    let mut hosts: Vec<_> = (0..count).map(of).collect();
    at_once(&mut hosts, |host, _| host.start());
    hosts
}

fn restoring(data: &Path, backup: &str) -> Command {
    let mut restore = programs::program("license-server");
    restore.args(["admin", "--json", "--data-dir"]).arg(data).args(["restore", backup]);
    restore
}

fn restore(data: &Path, backup: &str) -> Value {
    Answered::by(&mut restoring(data, backup)).ended_with(0).json()
}

#[test]
fn fifty_hosts_that_were_bound_since_the_backup_go_on() {
    let mut world = World::prepared();
    let server = &mut world.server;
    let issue = ["coupon", "issue", "--product", "11", "--count", "1", "--days", "365", "--seats", "25"];
    let coupon = server.admin(&issue).ended_with(0).stdout.trim().to_owned();
    world.host.start();
    let together = world.host.register();
    world.host.activate_coupon(&coupon);
    let first = hosts(&world, "first", SINGLE);
    let mut numbers = Vec::new();
    // One after the other: of one network only a few may register at once.
    for (n, host) in first.iter().enumerate() {
        let registered = host.register_as(&format!("Company {n}"), &format!("{n}@example.com"));
        numbers.push(registered.ended_with(0).json()["number"].as_str().unwrap().to_owned());
    }
    for (host, number) in first.iter().zip(&numbers).take(GIVEN_UP_BEFORE) {
        host.licensectl(&["reset", "--yes"]).ended_with(0);
        // The daemon tells the license server in its own time.
        let freed = || (world.server.captured(number, 33) == 0).then_some(());
        assert!(waiting::until(freed).is_some(), "{}", world.server.log());
    }
    drop(first);
    // It would hear of the others, and prove what it was told since the backup as they do.
    world.host.kill();

    let backup = world.folder.path().join("backup");
    let backup = backup.to_str().unwrap();
    let said = world.server.admin(&["backup", backup, "--json"]).ended_with(0).json();
    assert_eq!((&said["online_key"], &said["root_key"]), (&false.into(), &false.into()));

    for number in &numbers[GIVEN_UP_BEFORE..] {
        world.server.drop_all(number);
    }
    let mut since = hosts(&world, "since", SINGLE + TOGETHER);
    let serials = at_once(&mut since, |host, n| {
        let number = numbers.get(n).unwrap_or(&together);
        host.licensectl(&["activate", number]).ended_with(0);
        host.recheck();
        assert_eq!(host.check(33), "granted fresh", "host {n} before the restore");
        serial(host)
    });

    world.server.kill();
    let restored = restore(world.server.data(), backup);
    assert!(restored["replaced"].is_string() && restored["keys_from_backup"] == false, "{restored}");
    world.server.start();
    for round in 1..=2 {
        let later = at_once(&mut since, |host, n| {
            host.recheck();
            assert_eq!(host.check(33), "granted fresh", "host {n}, check {round}");
            serial(host)
        });
        for (n, (before, later)) in serials.iter().zip(later).enumerate() {
            assert!(later >= before + round, "host {n}: serial {later} follows {before}");
        }
    }
    for number in &numbers {
        assert_eq!(world.server.captured(number, 33), 1, "the seat is given once");
    }
    assert_eq!(world.server.captured(&together, 33), TOGETHER + 1);

    let log = world.server.log();
    let noted: Vec<_> = log.lines().filter(|line| line.contains("noted")).collect();
    assert_eq!(noted.len(), since.len(), "{log}");
    assert!(noted.iter().all(|line| line.contains("deed=\"restored\"")), "{noted:#?}");
    for host in &mut since {
        let log = host.daemon().log();
        assert!(!log.contains("ERROR") && !log.contains("copy of another host"), "{log}");
    }
}

fn serial(host: &Host) -> u64 {
    host.status()["serial"].as_u64().unwrap()
}

#[test]
fn a_restore_that_is_killed_leaves_the_database_of_before_or_that_of_the_backup() {
    let (mut world, number) = World::registered();
    let backup = world.folder.path().join("backup");
    let backup = backup.to_str().unwrap();
    world.server.admin(&["backup", backup, "--with-keys"]).ended_with(0);
    world.server.kill();
    let data = world.server.data().to_owned();
    let took = Stopwatch::start();
    restore(&data, backup);
    let took = took.elapsed();
    let (mut random, mut restored) = (chance::generator(), 0);
    for moment in 0..MOMENTS {
        // The seat is in the backup alone.
        world.server.drop_all(&number);
        let log = world.folder.path().join("restore.log");
        let restore = Service::start(restoring(&data, backup), &log);
        waiting::pass(took.mul_f64(random.f64() * 1.2));
        drop(restore);
        let seats = world.server.captured(&number, 33);
        assert!(seats <= 1, "moment {moment}: {seats}");
        restored += seats;
    }
    println!("{restored} of {MOMENTS} came to their end");
    restore(&data, backup);
    let left_behind = |name: &str| name.starts_with(".restoring") || name.ends_with("-wal");
    let files = fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.filter(|name| left_behind(name)).collect::<Vec<_>>(), Vec::<String>::new());
    world.server.start();
    world.host.recheck();
    assert_eq!(world.host.check(33), "granted fresh");
}
