use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::{net::UnixStream, process::CommandExt},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use nix::sched::{CloneFlags, unshare};
use socket2::{Domain, Socket, Type};

use super::*;

/// A user who may nothing.
const NOBODY: u32 = 65_534;

/// A listener on this address and a port that the system chooses.
fn listen(ip: &str) -> TcpListener {
    TcpListener::bind(format!("{ip}:0")).unwrap()
}

/// Connects to a listener; gives our end and the connection as the gateway notes it.
fn connect(listener: &TcpListener, to: SocketAddr) -> (TcpStream, TcpStream, TcpConnection) {
    let client = TcpStream::connect(to).unwrap();
    let (server, _) = listener.accept().unwrap();
    let connection = TcpConnection::of(&server).unwrap();
    (client, server, connection)
}

/// Whom the children of [`shell`] run as: nobody, if we may start such a process.
fn uid_of_children() -> u32 {
    if peer_cred::own_uid() == 0 { NOBODY } else { peer_cred::own_uid() }
}

/// A shell of another user, if we may start such a one.
fn shell(script: &str, address: SocketAddr) -> Child {
    let mut command = Command::new("bash");
    if peer_cred::own_uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
        .args(["-c", script, "bash", &address.ip().to_string(), &address.port().to_string()])
        .current_dir("/")
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// Why nobody knows who it is.
fn reason(caller: &Caller) -> &str {
    let Caller::Unknown(reason) = caller else { panic!("{caller}") };
    reason
}

#[test]
fn a_client_is_the_user_whose_socket_it_is() {
    for ip in ["127.0.0.1", "127.8.2.23", "[::1]", "[::ffff:127.0.0.1]"] {
        let listener = listen(ip);
        let (_client, _server, connection) = connect(&listener, listener.local_addr().unwrap());
        assert_eq!(Caller::of_tcp(&connection), Caller::User(peer_cred::own_uid()), "{ip}");
    }
}

#[test]
fn a_client_may_mix_ipv4_and_mapped_ipv6() {
    for (ip, to) in [("127.0.0.1", "[::ffff:127.0.0.1]"), ("[::ffff:127.0.0.1]", "127.0.0.1")] {
        let listener = listen(ip);
        let to = format!("{to}:{}", listener.local_addr().unwrap().port()).parse().unwrap();
        let (_client, _server, connection) = connect(&listener, to);
        assert_eq!(Caller::of_tcp(&connection), Caller::User(peer_cred::own_uid()), "{ip} from {to}");
    }
}

#[test]
fn a_client_of_another_user_is_that_user() {
    for ip in ["127.0.0.1", "[::1]"] {
        let listener = listen(ip);
        let address = listener.local_addr().unwrap();
        let mut child = shell("exec 3<>/dev/tcp/$1/$2; printf x >&3; read -r _ <&3; exit 0", address);
        let (mut server, _) = listener.accept().unwrap();
        server.read_exact(&mut [0]).unwrap();
        let connection = TcpConnection::of(&server).unwrap();
        assert_eq!(Caller::of_tcp(&connection), Caller::User(uid_of_children()), "{ip}");
        drop(server);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_client_that_sends_and_closes_is_nobody_and_never_root() {
    for ip in ["127.0.0.1", "[::1]"] {
        let listener = listen(ip);
        let mut child = shell("exec 3<>/dev/tcp/$1/$2; printf x >&3", listener.local_addr().unwrap());
        let (mut server, _) = listener.accept().unwrap();
        let connection = TcpConnection::of(&server).unwrap();
        assert!(child.wait().unwrap().success());
        server.read_exact(&mut [0]).unwrap();
        let caller = Caller::of_tcp(&connection);
        assert_eq!(reason(&caller), "the other end of the connection has been closed", "{ip}");
        assert!(!Allowed::resolve(&["0".to_owned()]).unwrap().has(&caller));
    }
}

#[test]
fn a_client_that_has_shut_down_its_writing_side_is_still_its_user() {
    let listener = listen("127.0.0.1");
    let (client, mut server, connection) = connect(&listener, listener.local_addr().unwrap());
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
    assert_eq!(Caller::of_tcp(&connection), Caller::User(peer_cred::own_uid()));
}

/// A client from a port of its own choice, which resets its connection instead of closing it.
fn resetting_client(from: SocketAddr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    socket.bind(&from.into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

#[test]
fn a_request_of_a_connection_that_was_reset_is_not_that_of_the_next_on_its_port() {
    let listener = listen("127.0.0.1");
    let address = listener.local_addr().unwrap();
    let from = listen("127.71.3.9").local_addr().unwrap();

    let mut first = resetting_client(from, address);
    let (mut first_server, _) = listener.accept().unwrap();
    let first_connection = TcpConnection::of(&first_server).unwrap();
    first.write_all(b"x").unwrap();
    drop(first);
    let gone = Caller::of_tcp(&first_connection);
    assert!(reason(&gone).starts_with("no socket of this machine"), "{gone}");

    let _second = resetting_client(from, address);
    let (second_server, _) = listener.accept().unwrap();
    let second_connection = TcpConnection::of(&second_server).unwrap();
    first_server.read_exact(&mut [0]).unwrap();
    assert_eq!(reason(&Caller::of_tcp(&first_connection)), "the connection has ended");
    assert_eq!(Caller::of_tcp(&second_connection), Caller::User(peer_cred::own_uid()));
}

#[test]
fn a_connection_of_another_network_namespace_is_nobodys() {
    let listener = listen("127.0.0.1");
    let (_client, _server, connection) = connect(&listener, listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        Caller::of_tcp(&connection)
    });
    let caller = asked.join().unwrap();
    assert!(reason(&caller).starts_with("no socket of this machine"), "{caller}");
    assert_eq!(Caller::of_tcp(&connection), Caller::User(peer_cred::own_uid()));
}

#[test]
fn it_shows_whether_the_kernel_tells_who_calls() {
    assert_eq!(probe(), Ok(()));
    // A network that has no loopback yet.
    let alone = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        probe()
    });
    assert!(alone.join().unwrap().is_err());
}

#[test]
fn a_client_of_a_unix_socket_is_its_user() {
    let (_client, server) = UnixStream::pair().unwrap();
    assert_eq!(Caller::of_unix(&server), Caller::User(peer_cred::own_uid()));
    let listener = listen("127.0.0.1");
    assert!(matches!(Caller::of_unix(&listener), Caller::Unknown(_)));
}

#[test]
fn a_line_of_the_journal_names_the_caller() {
    assert_eq!(Caller::User(33).to_string(), "uid 33");
    assert_eq!(
        Caller::Unknown("the connection has ended".to_owned()).to_string(),
        "unknown (the connection has ended)"
    );
}

#[test]
fn the_allowed_are_those_of_the_names_and_numbers_alone() {
    let allowed = Allowed::resolve(&["daemon".to_owned(), "4711".to_owned()]).unwrap();
    let daemon = User::from_name("daemon").unwrap().unwrap().uid.as_raw();
    assert!(allowed.has(&Caller::User(daemon)) && allowed.has(&Caller::User(4711)));
    for uid in [0, 33, peer_cred::own_uid(), NOBODY, u32::MAX] {
        assert!(!allowed.has(&Caller::User(uid)), "{uid}");
    }
    assert!(!allowed.has(&Caller::Unknown("4711".to_owned())));
}

#[test]
fn by_default_root_and_the_users_of_the_web_server_are_allowed() {
    let allowed = Allowed::resolve(&[]).unwrap();
    assert!(allowed.has(&Caller::User(0)));
    for name in ["www", "www-data"] {
        let user = User::from_name(name).unwrap();
        assert!(user.is_none_or(|user| allowed.has(&Caller::User(user.uid.as_raw()))), "{name}");
    }
    assert!(!allowed.has(&Caller::User(NOBODY)));
}

#[test]
fn a_configured_user_who_is_missing_or_stands_for_many_is_an_error() {
    let error = |name: &str| Allowed::resolve(&["root".to_owned(), name.to_owned()]).unwrap_err().to_string();
    assert_eq!(error("no-such-user"), "there is no user \"no-such-user\"");
    for name in ["nobody", "65534", "4294967295"] {
        assert!(error(name).starts_with(&format!("the user {name:?} stands for all")), "{name}");
    }
    for name in ["", "-1", "4294967296", "root "] {
        assert_eq!(error(name), format!("there is no user {name:?}"));
    }
}
