//! HTTP to the license server, and what its failures are called.

mod error;
mod http;
mod preference;
mod proxy;
mod retry_after;
#[cfg(test)]
mod tests;
mod tls;
mod url;

use std::time::Duration;

use license_core::{
    api::{KEYS_PATH, LONG_POLL},
    keys::SignedKeySet,
    outcome::HttpAnswer,
    state::State,
    time::{Age, Now},
};
use license_types::UnixTime;
use reqwest::Method;

pub(crate) use self::tls::authorities;
pub use self::{
    error::{TransportError, TransportErrorKind},
    http::{HttpTransport, SetupError},
    proxy::{CredentialsError, Proxy, ProxyError, ProxyUrl, Through, through},
    tls::verifier,
    url::{ServerUrl, UrlError},
};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the lookup of a name may take, as a part of that. A second is left: who ran out of time is to know
/// whether the name servers are silent or the address is.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a whole call may take, whatever number of servers it tries: within the 20 s that the longest
/// waiting caller allows.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// When this program was built; the build script says how that is known. No certificate that a license
/// server shows today was replaced before.
pub const BUILD_DATE: UnixTime = UnixTime(match i64::from_str_radix(env!("LICENSED_BUILD_DATE"), 10) {
    Ok(seconds) => seconds,
    Err(_) => 0,
});

/// The moment of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What pauses are counted in.
    pub age: Age,
    /// The time as the license server's signed time and the time since then tell; the wall clock's where
    /// nothing is held.
    pub estimated: UnixTime,
    /// The time at which certificates are checked: the latest of wall clock, estimated time and build date.
    ///
    /// A host that boots in 1970 has the right time by one of the other two. The latest of them can only
    /// be too late, and then certificates look expired: an outage, which takes nothing away. So no clock,
    /// set ahead or back, makes a certificate good again that had expired by the last signed time.
    pub latest: UnixTime,
}

impl Moment {
    /// The moment `now` of a host with `state`.
    #[must_use]
    pub fn of(state: &State, now: Now) -> Self {
        let estimated = state.unix_at(now.age, now);
        Self { age: now.age, estimated, latest: estimated.max(now.wall).max(BUILD_DATE) }
    }
}

/// One call to the license server, as it goes over the wire.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// When it is made.
    pub moment: Moment,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// The path below the server's URL.
    pub path: &'static str,
    /// Headers beside `Content-Type`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A call.
    #[must_use]
    pub const fn call(
        moment: Moment,
        path: &'static str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Self {
        Self { method: Method::POST, moment, timeout: CALL_TIMEOUT, path, headers, body }
    }

    /// A wait for news.
    #[must_use]
    pub const fn wait(moment: Moment, path: &'static str, headers: Vec<(&'static str, String)>) -> Self {
        let timeout = LONG_POLL.saturating_add(CALL_TIMEOUT);
        Self { method: Method::GET, moment, timeout, path, headers, body: Vec::new() }
    }

    /// A question that shows whether there is a license server, and changes nothing.
    #[must_use]
    pub const fn probe(moment: Moment) -> Self {
        Self {
            method: Method::GET,
            moment,
            timeout: CALL_TIMEOUT,
            path: KEYS_PATH,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// Whether that is what a license server answers to [`HttpRequest::probe`]. Nobody verifies it: it is a sign
/// of life, and no proof.
#[must_use]
pub fn is_sign_of_life(answer: &HttpAnswer) -> bool {
    answer.status == 200 && serde_json::from_slice::<SignedKeySet>(&answer.body).is_ok()
}

/// Who carries calls to the license server. A seam: in tests and simulations somebody else does, and
/// lost, cut, HTML and 5xx answers pass the real classification all the same.
pub trait Exchange: Send + Sync + 'static {
    /// Sends a request. Whatever HTTP answer comes back is `Ok`.
    fn exchange(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpAnswer, TransportError>> + Send;

    /// The license server in use. After a call it is the one that answered or failed, until
    /// [`Self::judge`] is told what came of it.
    fn url(&self) -> &str;

    /// Takes note of whether the last call, which may have been delivered, was answered as a license
    /// server answers. If it was not, the next call may go to another server.
    fn judge(&self, _answered: bool, _now: Age) {}
}
