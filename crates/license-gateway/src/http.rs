//! HTTP on loopback and on a Unix socket.

mod connection;
mod form;
mod listen;
mod request;
mod response;
mod wire;

pub use connection::{Door, serve};
pub use listen::{ListenError, Listener, activated, bind_tcp, bind_unix};
