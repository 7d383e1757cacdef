//! What becomes of clients when the gateway stops.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use end_to_end::{Gateway, Host, waiting::LONGEST, world};
use nix::sys::signal::Signal;

/// What is refused at once, and needs no daemon.
const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8223\r\nConnection: close\r\n\r\n";

#[test]
fn who_has_connected_before_a_stop_is_answered() {
    let folder = world::folder();
    let host = Host::new(folder.path(), "pbx");
    let mut gateway = Gateway::beside(&host, &folder.path().join("license.key"));
    gateway.start();
    let mut early = TcpStream::connect(gateway.address()).unwrap();
    early.set_read_timeout(Some(LONGEST)).unwrap();
    // It accepts in order: the one before this has a place.
    assert!(gateway.raw(ASK).starts_with("HTTP/1.1 "));

    gateway.process().signal(Signal::SIGTERM);
    gateway.process().wait_for_log("stopping");
    early.write_all(ASK).unwrap();
    let mut answer = String::new();
    early.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer:?}");
    assert!(gateway.process().wait_for_end().success());
}
