//! A client of another user.

use std::{net::TcpStream, process::Command, thread};

use nix::unistd::{Uid, User, setfsuid};
use socket2::Socket;

use crate::{Answered, HttpWire, bystanders::interpreter};

/// Sends its second argument to the socket of its first, and prints what comes back.
const CALL: &str = "$s = stream_socket_client($argv[1]); fwrite($s, $argv[2]); echo stream_get_contents($s);";

/// The user of that name.
pub fn uid_of(name: &str) -> u32 {
    User::from_name(name).unwrap().unwrap_or_else(|| panic!("there is no user {name}")).uid.as_raw()
}

/// Does something as that user, as far as the kernel notes who makes a socket: it looks at the file system user id
/// of the thread.
pub fn as_user<T: Send>(uid: u32, does: impl FnOnce() -> T + Send) -> T {
    assert!(Uid::effective().is_root(), "this test becomes another user: run it as root");
    let does = || {
        setfsuid(Uid::from_raw(uid));
        does()
    };
    thread::scope(|scope| scope.spawn(does).join()).unwrap()
}

/// A connection of that user to `127.0.0.1:PORT`.
pub fn connected(uid: u32, address: &str) -> HttpWire {
    HttpWire::over(as_user(uid, || TcpStream::connect(address).unwrap()))
}

/// A TCP socket of that user.
pub fn socket(uid: u32) -> Socket {
    as_user(uid, || Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap())
}

/// What comes back when a process of that user sends a request to `tcp://127.0.0.1:PORT` or `unix:///PATH`, until the
/// connection is closed.
pub fn process_asks(uid: u32, address: &str, request: &str) -> String {
    let _there = interpreter("php", &["--version"], "php-cli");
    let mut php = Command::new("setpriv");
    php.arg(format!("--reuid={uid}")).args(["--regid=nogroup", "--clear-groups", "php", "-r", CALL]);
    Answered::by(php.args(["--", address, request])).ended_with(0).stdout
}
