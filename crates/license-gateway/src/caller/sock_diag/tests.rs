use std::net::{Ipv4Addr, TcpListener, TcpStream};

use netlink_packet_core::{Emitable, NLMSG_DONE, NLMSG_NOOP};
use netlink_packet_sock_diag::{TCP_CLOSE_WAIT, TCP_LISTEN, TCP_SYN_SENT, TCP_TIME_WAIT};
use nix::errno::Errno;

use super::*;

const CLIENT: ([u8; 4], u16) = ([127, 0, 0, 1], 40_000);
const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 8_223);

/// What is asked for.
fn asked() -> SocketId {
    id(CLIENT.into(), SERVER.into())
}

/// A message as the kernel sends it.
fn message(kind: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.length = u32::try_from(16 + payload.len()).unwrap();
    header.message_type = kind;
    header.sequence_number = sequence;
    let mut bytes = vec![0; 16];
    header.emit(&mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

/// The kernel's answer for the socket `id`, of user 33.
fn found(id: &SocketId) -> Vec<u8> {
    let header = InetResponseHeader {
        family: if id.source_address.is_ipv4() { AF_INET } else { AF_INET6 },
        state: TCP_ESTABLISHED,
        timer: None,
        socket_id: id.clone(),
        recv_queue: 0,
        send_queue: 0,
        uid: 33,
        inode: 4711,
    };
    let mut payload = vec![0; header.buffer_len()];
    header.emit(&mut payload);
    message(SOCK_DIAG_BY_FAMILY, SEQUENCE, &payload)
}

#[test]
fn the_answer_to_the_question_is_read() {
    let socket = TcpSocket::read(&found(&asked()), &asked()).unwrap();
    assert_eq!(socket.owner().unwrap(), 33);
    assert!(socket.is(4711) && !socket.is(4712) && !socket.is(0));
}

#[test]
fn the_same_addresses_mapped_to_ipv6_are_the_same() {
    let mut mapped = asked();
    mapped.source_address = Ipv4Addr::LOCALHOST.to_ipv6_mapped().into();
    mapped.destination_address = mapped.source_address;
    assert_eq!(TcpSocket::read(&found(&mapped), &asked()).unwrap().owner().unwrap(), 33);
}

#[test]
fn an_answer_for_other_addresses_finds_nothing() {
    let changes: [fn(&mut SocketId); 4] = [
        |id| id.source_port += 1,
        |id| id.destination_port = 0,
        |id| id.source_address = Ipv4Addr::new(127, 0, 0, 2).into(),
        |id| id.destination_address = Ipv4Addr::UNSPECIFIED.into(),
    ];
    for change in changes {
        let mut other = asked();
        change(&mut other);
        assert!(matches!(TcpSocket::read(&found(&other), &asked()), Err(Unknown::NotFound)), "{other:?}");
    }
}

#[test]
fn errors_of_the_kernel_are_told_apart() {
    let read = |code: i32| TcpSocket::read(&message(NLMSG_ERROR, SEQUENCE, &code.to_ne_bytes()), &asked());
    assert!(matches!(read(-(Errno::ENOENT as i32)), Err(Unknown::NotFound)));
    assert!(
        matches!(read(-1), Err(Unknown::Kernel(error)) if error.kind() == io::ErrorKind::PermissionDenied)
    );
    for code in [0, 1, i32::MIN, i32::MAX] {
        assert!(matches!(read(code), Err(Unknown::Kernel(_))), "{code}");
    }
}

#[test]
fn an_answer_to_another_question_or_of_another_kind_is_none() {
    let payload = found(&asked()).split_off(16);
    for (kind, sequence) in [
        (SOCK_DIAG_BY_FAMILY, SEQUENCE + 1),
        (NLMSG_ERROR, SEQUENCE + 1),
        (NLMSG_NOOP, SEQUENCE),
        (NLMSG_DONE, SEQUENCE),
        (SOCK_DIAG_BY_FAMILY + 1, SEQUENCE),
    ] {
        let answer = TcpSocket::read(&message(kind, sequence, &payload), &asked());
        assert!(matches!(answer, Err(Unknown::Answer(_))), "{kind} {sequence}");
    }
}

#[test]
fn no_garbage_is_an_answer() {
    let whole = found(&asked());
    for len in 0..whole.len() {
        assert!(TcpSocket::read(&whole[..len], &asked()).is_err(), "the first {len} bytes");
    }
    for kind in [NLMSG_ERROR, SOCK_DIAG_BY_FAMILY] {
        for len in [0, 1, 2, 3, 48] {
            assert!(TcpSocket::read(&message(kind, SEQUENCE, &vec![0xff; len]), &asked()).is_err());
        }
    }
    for length in [0_u32, 1, 15, 16, 17, u32::MAX] {
        let mut lying = whole.clone();
        lying[..4].copy_from_slice(&length.to_ne_bytes());
        assert!(TcpSocket::read(&lying, &asked()).is_err(), "it says {length} bytes");
    }
    // What says which socket it is: family, ports, addresses.
    for at in [16, 20, 21, 22, 23, 24, 27, 40, 43] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        assert!(TcpSocket::read(&flipped, &asked()).is_err(), "byte {at}");
    }
}

#[test]
fn only_a_socket_that_is_open_and_connected_has_an_owner() {
    let owner = |state, inode| TcpSocket { uid: 0, inode, state }.owner();
    for state in [TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2] {
        assert_eq!(owner(state, 7).unwrap(), 0);
        assert!(matches!(owner(state, 0), Err(Unknown::Closed)), "state {state} without an inode");
    }
    for state in [0, TCP_SYN_SENT, TCP_TIME_WAIT, TCP_CLOSE_WAIT, TCP_LISTEN, u8::MAX] {
        assert!(matches!(owner(state, 7), Err(Unknown::Closed)), "state {state}");
    }
}

#[test]
fn a_listening_socket_is_not_taken_for_a_client() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = SocketAddr::from(SERVER);
    assert!(matches!(TcpSocket::find(listener.local_addr().unwrap(), other), Err(Unknown::NotFound)));
}

#[test]
fn addresses_of_two_families_are_no_connection() {
    let found = TcpSocket::find(CLIENT.into(), "[::1]:8223".parse().unwrap());
    assert!(matches!(found, Err(Unknown::NotFound)));
}

#[test]
fn a_socket_that_was_closed_has_no_owner() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    let (_server, peer) = listener.accept().unwrap();
    assert_eq!(TcpSocket::find(peer, address).unwrap().owner().unwrap(), peer_cred::own_uid());
    drop(client);
    let closed = TcpSocket::find(peer, address).unwrap();
    assert_eq!(closed.inode, 0);
    assert!(matches!(closed.owner(), Err(Unknown::Closed)));
}
