//! What clients may take of the daemon.

use std::time::Duration;

/// Bounds on what clients may take of the daemon, so that no one of them keeps it from the others (design,
/// section 6). A peer that goes over one gets an answer that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one uid.
    pub connections_per_uid: usize,
    /// How long a connection may rest between two requests.
    pub idle_timeout: Duration,
    /// How long a frame may take from its first byte to its last, and an answer until it is taken.
    pub frame_timeout: Duration,
    /// Requests that wait for the license server.
    pub waiting_requests: usize,
    /// Of those, requests of one uid other than root.
    pub waiting_requests_per_uid: usize,
    /// Seats that one uid who is no administrator may hold by capture. Captures that wait at the same moment
    /// may go over it, by as many as may wait.
    pub seats_per_uid: usize,
}

/// A PHP worker keeps a connection open; PBXs run tens of them.
const CONNECTIONS: usize = 512;

/// Half of all, so that one user's runaway script leaves room for the others.
const CONNECTIONS_PER_UID: usize = 256;

/// Longer than a busy worker pauses; what is closed is opened again by the next request.
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);

/// A local socket takes a frame in well under a millisecond; a machine that swaps takes seconds.
const FRAME_TIMEOUT: Duration = Duration::from_secs(10);

/// More than a PBX has modules that could ask at once.
const WAITING_REQUESTS: usize = 64;

/// A quarter of all, so that one user's script leaves room for the others and for people.
const WAITING_REQUESTS_PER_UID: usize = 16;

/// A module captures a seat for each of its users, all under the uid of the web server. More users than a PBX
/// of this kind has; a loop that invents users stops here.
const SEATS_PER_UID: usize = 1_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            connections_per_uid: CONNECTIONS_PER_UID,
            idle_timeout: IDLE_TIMEOUT,
            frame_timeout: FRAME_TIMEOUT,
            waiting_requests: WAITING_REQUESTS,
            waiting_requests_per_uid: WAITING_REQUESTS_PER_UID,
            seats_per_uid: SEATS_PER_UID,
        }
    }
}
