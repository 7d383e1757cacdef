//! The HTTP interface of today's MikoPBX, `http://127.0.0.1:8223/license.api/<method>`, answered by licensed.
//!
//! The gateway holds no license and decides nothing: it asks the daemon, as any client does, and says in
//! MikoPBX's words what it answered. [`api`] is that interface, [`http`] carries it, [`perform`] turns one
//! into the other.

pub mod api;
pub mod caller;
pub mod daemon;
pub mod flags;
pub mod flights;
pub mod http;
pub mod number;
pub mod perform;
pub mod pulse;
pub mod remembered;
pub mod service;
