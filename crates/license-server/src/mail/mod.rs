//! Mail to the owners of numbers.
//!
//! A decision puts a mail into the outbox in the same transaction as everything else; the [`sender`] sends
//! it later, again and again, so that a mail server that is down loses nothing. A [`letter`] holds a number
//! and ids, and no text of a request: nobody can have this server write to somebody what he wants.

pub mod letter;
pub mod sender;
pub mod transport;

pub use self::{sender::Sender, transport::Transport};
