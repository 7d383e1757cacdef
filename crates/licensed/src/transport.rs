//! HTTP to the license server, and what its failures are called.

use std::{
    error::Error,
    fmt, fs, io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use license_core::{
    api::{LONG_POLL, MAX_ANSWER_BODY},
    outcome::{HttpAnswer, NoAnswer},
};
use license_types::Code;
use reqwest::{
    Certificate, Client, Method, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect, retry,
};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a whole call may take: within the 20 s that the longest waiting caller allows.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// One call to the license server, as it goes over the wire.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
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
    pub const fn call(path: &'static str, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        Self { method: Method::POST, timeout: CALL_TIMEOUT, path, headers, body }
    }

    /// A wait for news.
    #[must_use]
    pub const fn wait(path: &'static str, headers: Vec<(&'static str, String)>) -> Self {
        let timeout = LONG_POLL.saturating_add(CALL_TIMEOUT);
        Self { method: Method::GET, timeout, path, headers, body: Vec::new() }
    }
}

/// Who carries calls to the license server. A seam: in tests and simulations somebody else does, and
/// lost, cut, HTML and 5xx answers pass the real classification all the same.
pub trait Exchange: Send + Sync + 'static {
    /// Sends a request. Whatever HTTP answer comes back is `Ok`.
    fn exchange(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpAnswer, TransportError>> + Send;

    /// Where calls go, for messages.
    fn url(&self) -> &str;
}

/// The URL of a license server: `https`, or `http` on the loopback interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
    /// Checks a URL from the configuration.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        // What stands before an `@` or behind a `?` may be a secret.
        let Ok(url) = Url::parse(text) else {
            let shown = if text.contains(['@', '?']) { "(not shown)" } else { text };
            return Err(UrlError { url: shown.to_owned(), why: "it is no URL" });
        };
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let shown = format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default());
        let refuse = |why| UrlError { url: shown.clone(), why };
        let host = url.host_str().ok_or(refuse("it names no host"))?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback =
            host == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(refuse("it may hold neither user, password, query nor fragment"));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback => Ok(Self(url)),
            "http" => Err(refuse("http:// is for the loopback interface alone; use https://")),
            _ => Err(refuse("it must begin with https://")),
        }
    }

    /// [`Self::parse`], where an empty text stands for none.
    pub fn optional(text: &str) -> Result<Option<Self>, UrlError> {
        if text.is_empty() { Ok(None) } else { Self::parse(text).map(Some) }
    }

    fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Why a URL is none of a license server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the license server URL {url} cannot be used: {why}, such as https://lic.example.com")]
pub struct UrlError {
    url: String,
    why: &'static str,
}

/// HTTP by reqwest.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: Client,
    url: String,
}

impl HttpTransport {
    /// Prepares calls to `server`. Certificates are checked against the platform's roots and those of
    /// `ca_file`, if there is one.
    pub fn new(server: &ServerUrl, ca_file: Option<&Path>) -> Result<Self, SetupError> {
        let mut builder = Client::builder()
            .user_agent(concat!("licensed/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect would send a signed request to somebody else; retries are the schedule's.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .dns_resolver(SystemResolver)
            .https_only(!server.is_plain());
        if server.is_plain() {
            // What is on this host is never behind a proxy, whatever the environment says.
            builder = builder.no_proxy();
        }
        if let Some(path) = ca_file {
            let cannot = |source| SetupError::CaFile { path: path.to_owned(), source };
            let pem = fs::read(path).map_err(cannot)?;
            let certificates = Certificate::from_pem_bundle(&pem)
                .map_err(|error| cannot(io::Error::new(io::ErrorKind::InvalidData, error)))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(SetupError::Client)?;
        Ok(Self { client, url: server.0.as_str().trim_end_matches('/').to_owned() })
    }
}

/// Why HTTP cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The additional CA file cannot be used.
    #[error("cannot use the CA file {path}: {source}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The TLS library cannot be used.
    #[error("cannot set up TLS: {0}")]
    Client(reqwest::Error),
}

impl Exchange for HttpTransport {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let mut call = self.client.request(request.method, format!("{}{}", self.url, request.path));
        call = call.timeout(request.timeout);
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        call = call.header(CONTENT_TYPE, "application/json").body(request.body);
        let mut response = call.send().await.map_err(|error| TransportError::of(&error))?;
        let header =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut answer = HttpAnswer {
            status: response.status().as_u16(),
            content_type: header(CONTENT_TYPE),
            retry_after: header(RETRY_AFTER)
                .and_then(|value| value.trim().parse().ok())
                .map(Duration::from_secs),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(|error| TransportError::of(&error))? {
            if answer.body.len() + chunk.len() > MAX_ANSWER_BODY {
                return Err(TransportError {
                    kind: TransportErrorKind::Body,
                    detail: "it is too long".to_owned(),
                });
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    fn url(&self) -> &str {
        &self.url
    }
}

/// The resolver of the system, with errors that can be told from those of a connection.
#[derive(Debug)]
struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(LookupError)?;
            let addresses: Vec<SocketAddr> = found.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct LookupError(io::Error);

/// Why there is no HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// At which stage it failed.
    pub kind: TransportErrorKind,
    /// The innermost cause, in words.
    pub detail: String,
}

/// The stage at which a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The name of the server has no address.
    Lookup,
    /// No connection.
    Connect,
    /// No trusted TLS session.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke before the whole answer was there, or the answer is no HTTP.
    Body,
}

impl TransportError {
    /// Whoever carried the request broke.
    pub(crate) fn broken(error: &impl ToString) -> Self {
        Self { kind: TransportErrorKind::Body, detail: error.to_string() }
    }

    fn of(error: &reqwest::Error) -> Self {
        // Only a failure to connect proves that nothing was delivered: TLS can break in mid-answer too.
        let is_connect = error.is_connect();
        let mut kind = match (is_connect, error.is_timeout()) {
            (true, _) => TransportErrorKind::Connect,
            (false, true) => TransportErrorKind::Timeout,
            (false, false) => TransportErrorKind::Body,
        };
        let mut innermost: &(dyn Error + 'static) = error;
        loop {
            if is_connect && innermost.is::<LookupError>() {
                kind = TransportErrorKind::Lookup;
            } else if is_connect && innermost.is::<rustls::Error>() {
                kind = TransportErrorKind::Tls;
            }
            // An io::Error hides the error that it wraps from `source`.
            let wrapped = innermost.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            match wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| innermost.source()) {
                Some(source) => innermost = source,
                None => break,
            }
        }
        Self { kind, detail: innermost.to_string() }
    }

    /// What it means to the schedule and to people. `url` is where the call went.
    #[must_use]
    pub fn no_answer(&self, url: &str) -> NoAnswer {
        use TransportErrorKind::{Body, Connect, Lookup, Timeout, Tls};
        let (code, what) = match self.kind {
            Lookup => (Code::LOOKUP_FAILED, "Host lookup failed for"),
            Connect => (Code::CONNECTION_FAILED, "No connection to"),
            Tls => (Code::TLS_FAILED, "No trusted TLS session with"),
            Timeout => (Code::NO_ANSWER, "No answer in time from"),
            Body => (Code::NO_ANSWER, "No complete answer from"),
        };
        NoAnswer {
            code,
            message: format!("{what} {url}: {}", self.detail),
            maybe_delivered: matches!(self.kind, Timeout | Body),
            retry_after: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for good in
            ["https://lic.example.com", "http://127.0.0.1:8080", "http://[::1]:1/", "http://localhost:9/base"]
        {
            assert!(ServerUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://lic.example.com",
            "http://127.0.0.1.example.com",
            "http://192.168.0.1",
            "ftp://127.0.0.1",
            "lic.example.com",
            "",
            "https://user:secret@lic.example.com",
            "https://lic.example.com/?key=1",
        ] {
            let error = ServerUrl::parse(bad).unwrap_err();
            assert!(error.to_string().contains("cannot be used"), "{bad}");
        }
        let error = ServerUrl::parse("http://lic.example.com").unwrap_err();
        assert!(error.to_string().contains("use https://"), "{error}");
        let error = ServerUrl::parse("https://user:S3CRET@lic.example.com/?k=T0K").unwrap_err().to_string();
        assert!(
            error.contains("lic.example.com") && !error.contains("S3CRET") && !error.contains("T0K"),
            "{error}"
        );
    }

    fn request() -> HttpRequest {
        HttpRequest::call("/v1/check-in", Vec::new(), b"{}".to_vec())
    }

    async fn kind_of(url: &str) -> TransportErrorKind {
        let transport = HttpTransport::new(&ServerUrl::parse(url).unwrap(), None).unwrap();
        transport.exchange(request()).await.unwrap_err().kind
    }

    #[tokio::test]
    async fn each_stage_has_its_own_failure() {
        // A name under .invalid never resolves (RFC 6761).
        assert_eq!(kind_of("https://license-server.invalid").await, TransportErrorKind::Lookup);

        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = closed.local_addr().unwrap();
        drop(closed);
        assert_eq!(kind_of(&format!("http://{address}")).await, TransportErrorKind::Connect);

        // Says something and hangs up: no TLS, and no HTTP either.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let rude = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.readable().await.unwrap();
                stream.try_write(b"220 mail.example.com ready\r\n").unwrap();
            }
        });
        assert_eq!(kind_of(&format!("https://{address}")).await, TransportErrorKind::Tls);
        assert_eq!(kind_of(&format!("http://{address}")).await, TransportErrorKind::Body);
        rude.abort();
    }
}
