//! Whose a TCP socket of this machine is: `NETLINK_SOCK_DIAG` of sock_diag(7), one question at a time.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use netlink_packet_core::{
    NLM_F_REQUEST, NLMSG_ERROR, NetlinkBuffer, NetlinkHeader, NetlinkMessage, NetlinkPayload, Parseable,
};
use netlink_packet_sock_diag::{
    AF_INET, AF_INET6, IPPROTO_TCP, SOCK_DIAG_BY_FAMILY, SockDiagMessage, TCP_ESTABLISHED, TCP_FIN_WAIT1,
    TCP_FIN_WAIT2,
    inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags},
};
use netlink_sys::{Socket, SocketAddr as Port, protocols::NETLINK_SOCK_DIAG};
use socket2::SockRef;

/// How long an answer is waited for. The kernel gives it before the question has been sent to the end, so that
/// this is never used up.
const PATIENCE: Duration = Duration::from_millis(100);

/// The longest answer that is read, in bytes. It is about 150, as nothing beyond the socket itself is asked for.
const LONGEST_ANSWER: usize = 4096;

/// The number of a question. Each has a netlink socket of its own, so that one number does for all.
const SEQUENCE: u32 = 1;

/// Why it is not known whose a socket is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    #[error("the kernel cannot be asked whose the connection is: {0}")]
    Kernel(#[from] io::Error),
    #[error("what came back was not the kernel's answer: {0}")]
    Answer(String),
    #[error(
        "no socket of this machine, in the gateway's network namespace, is the other end of the connection"
    )]
    NotFound,
    #[error("the other end of the connection has been closed")]
    Closed,
    #[error("the connection has ended")]
    Ended,
}

/// A TCP socket as the kernel knows it.
#[derive(Debug)]
pub(super) struct TcpSocket {
    uid: u32,
    inode: u32,
    state: u8,
}

impl TcpSocket {
    /// The socket from `source` to `destination`. Blocks for microseconds.
    pub(super) fn find(source: SocketAddr, destination: SocketAddr) -> Result<Self, Unknown> {
        let id = id(source, destination);
        let socket = Socket::new(NETLINK_SOCK_DIAG)?;
        SockRef::from(&socket).set_read_timeout(Some(PATIENCE))?;
        socket.send_to(&question(&id)?, &Port::new(0, 0), 0)?;
        let mut answer = [0; LONGEST_ANSWER];
        let (len, from) = socket.recv_from(&mut answer.as_mut_slice(), 0)?;
        if from.port_number() != 0 {
            return Err(Unknown::Answer(format!("it is from the netlink port {}", from.port_number())));
        }
        Self::read(answer.get(..len).unwrap_or_default(), &id)
    }

    /// Reads the answer to the question for the socket `id`.
    fn read(answer: &[u8], id: &SocketId) -> Result<Self, Unknown> {
        let wrong = |error: &dyn ToString| Unknown::Answer(error.to_string());
        let answer = NetlinkBuffer::new_checked(answer).map_err(|error| wrong(&error))?;
        if answer.sequence_number() != SEQUENCE {
            return Err(wrong(&"it is to another question"));
        }
        match (answer.message_type(), answer.payload()) {
            (NLMSG_ERROR, [a, b, c, d, ..]) => {
                let code = i32::from_ne_bytes([*a, *b, *c, *d]);
                let error = io::Error::from_raw_os_error(code.wrapping_neg());
                Err(if error.kind() == io::ErrorKind::NotFound { Unknown::NotFound } else { error.into() })
            }
            (SOCK_DIAG_BY_FAMILY, payload) => {
                let found = InetResponseHeader::parse(payload).map_err(|error| wrong(&error))?;
                // Where there is no such connection, the kernel gives a socket that listens on the port of its source.
                if !is_same(&found.socket_id, id) {
                    return Err(Unknown::NotFound);
                }
                Ok(Self { uid: found.uid, inode: found.inode, state: found.state })
            }
            (kind, _) => Err(wrong(&format!("it is a message of type {kind}"))),
        }
    }

    /// The user whose it is, if a process still has it open.
    ///
    /// The kernel says user 0 of a socket that its process has closed, since nobody has it any more; such a
    /// socket has no inode.
    pub(super) fn owner(&self) -> Result<u32, Unknown> {
        let is_connected = matches!(self.state, TCP_ESTABLISHED | TCP_FIN_WAIT1 | TCP_FIN_WAIT2);
        if is_connected && self.inode != 0 { Ok(self.uid) } else { Err(Unknown::Closed) }
    }

    /// Whether it is the socket with this inode number.
    pub(super) fn is(&self, inode: u64) -> bool {
        inode != 0 && u64::from(self.inode) == inode
    }
}

/// How the kernel is asked for the socket from `source` to `destination`.
fn id(source: SocketAddr, destination: SocketAddr) -> SocketId {
    SocketId {
        source_port: source.port(),
        destination_port: destination.port(),
        source_address: source.ip().to_canonical(),
        destination_address: destination.ip().to_canonical(),
        interface_id: match source {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(source) => source.scope_id(),
        },
        // Any: INET_DIAG_NOCOOKIE of linux/inet_diag.h.
        cookie: [0xff; 8],
    }
}

/// The message that asks for the socket `id`.
fn question(id: &SocketId) -> Result<Vec<u8>, Unknown> {
    let family = match (id.source_address, id.destination_address) {
        (IpAddr::V4(_), IpAddr::V4(_)) => AF_INET,
        (IpAddr::V6(_), IpAddr::V6(_)) => AF_INET6,
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return Err(Unknown::NotFound),
    };
    let request = InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: id.clone(),
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    header.sequence_number = SEQUENCE;
    let payload = NetlinkPayload::InnerMessage(SockDiagMessage::InetRequest(request));
    let mut message = NetlinkMessage::new(header, payload);
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    Ok(bytes)
}

/// Whether both mean the same connection, seen from the same end.
fn is_same(found: &SocketId, asked: &SocketId) -> bool {
    found.source_port == asked.source_port
        && found.destination_port == asked.destination_port
        && found.source_address.to_canonical() == asked.source_address
        && found.destination_address.to_canonical() == asked.destination_address
}

#[cfg(test)]
mod tests;
