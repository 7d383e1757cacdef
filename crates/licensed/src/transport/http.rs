//! HTTP by reqwest, to the license server that is in use.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use license_core::{api::MAX_ANSWER_BODY, outcome::HttpAnswer, time::Age};
use license_ipc::ServerWay;
use license_texts::{Language, text};
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, DATE, RETRY_AFTER},
    redirect, retry,
};
use tokio::time::{self, Instant};
use tracing::{info, warn};

use super::{
    CONNECT_TIMEOUT, Exchange, HttpRequest, LOOKUP_TIMEOUT, Moment, TransportError, TransportErrorKind,
    error::LookupError,
    is_sign_of_life,
    preference::Preference,
    proxy::{self, Proxy},
    retry_after,
    tls::{self, CertificateTime},
    url::ServerUrl,
};

/// HTTP by reqwest, to the license server that is in use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HttpTransport(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    servers: Vec<Server>,
    preference: Mutex<Preference>,
    time: Arc<CertificateTime>,
}

/// One of the license servers.
#[derive(Debug)]
struct Server {
    client: Client,
    url: String,
    /// The proxy on the way, for messages, and what says so.
    via: Option<(String, &'static str)>,
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
    /// There is no TLS.
    #[error(
        "cannot set up TLS: {0}; the certificate authorities of the system come with the package \
         ca-certificates"
    )]
    Tls(rustls::Error),
    /// The HTTP library cannot be used.
    #[error("cannot set up HTTP: {0}")]
    Client(reqwest::Error),
}

impl HttpTransport {
    /// Prepares calls to `servers`, of which the first is preferred. Certificates are checked against the
    /// platform's roots and those of `ca_file`, if there is one.
    pub fn new(servers: &[ServerUrl], ca_file: Option<&Path>, proxy: &Proxy) -> Result<Self, SetupError> {
        Self::with_resolver(servers, ca_file, proxy, &(Arc::new(SystemResolver) as Arc<dyn Resolve>))
    }

    pub(super) fn with_resolver(
        servers: &[ServerUrl],
        ca_file: Option<&Path>,
        proxy: &Proxy,
        resolver: &Arc<dyn Resolve>,
    ) -> Result<Self, SetupError> {
        let time = Arc::new(CertificateTime::default());
        let needs_tls = ca_file.is_some() || !servers.iter().all(ServerUrl::is_plain);
        let tls = if needs_tls { tls::config(ca_file, time.clone())? } else { tls::none()? };
        let server = |url: &ServerUrl| {
            let mut builder = Client::builder()
                .user_agent(concat!("licensed/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT)
                // A redirect would send a signed request to somebody else; retries are the schedule's.
                .redirect(redirect::Policy::none())
                .retry(retry::never())
                .dns_resolver(Arc::new(InTime(resolver.clone())))
                .tls_backend_preconfigured(tls.clone())
                .https_only(!url.is_plain())
                // The environment is looked at once, and by us.
                .no_proxy();
            let mut via = None;
            if let Some(way) = proxy::way(proxy, url)? {
                builder = builder.proxy(way.proxy);
                via = Some((way.shown, way.source));
            }
            let client = builder.build().map_err(SetupError::Client)?;
            Ok(Server { client, url: url.base().to_owned(), via })
        };
        let servers: Vec<Server> = servers.iter().map(server).collect::<Result<_, _>>()?;
        let preference = Mutex::new(Preference::new(servers.len()));
        Ok(Self(Arc::new(Shared { servers, preference, time })))
    }

    /// The servers, and the way to each.
    #[must_use]
    pub fn ways(&self) -> Vec<ServerWay> {
        let way = |server: &Server| ServerWay {
            url: server.url.clone(),
            proxy: server.via.as_ref().map(|(proxy, _)| proxy.clone()),
            proxy_from: server.via.as_ref().map(|(_, source)| (*source).to_owned()),
        };
        self.0.servers.iter().map(way).collect()
    }

    /// Sees, beside the calls, whether the first server is well again.
    pub(super) async fn try_first(self, moment: Moment) {
        let Some(first) = self.0.servers.first() else { return };
        let request = HttpRequest::probe(moment);
        let answer = first.send(&request, request.timeout).await;
        let is_well = answer.is_ok_and(|answer| is_sign_of_life(&answer));
        if is_well {
            info!(url = first.url, "the preferred license server answers again");
        }
        self.0.preference().tried(is_well, moment.age);
    }
}

impl Shared {
    fn preference(&self) -> MutexGuard<'_, Preference> {
        // It is whole between any two of its changes.
        self.preference.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange for HttpTransport {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let Shared { servers, time, .. } = &*self.0;
        let (moment, deadline) = (request.moment, Instant::now() + request.timeout);
        time.set(moment.latest);
        let plan = self.0.preference().begin(moment.age);
        if plan.try_first {
            tokio::spawn(self.clone().try_first(moment));
        }
        let mut failures: Vec<(usize, TransportError)> = Vec::new();
        for index in plan.order {
            let (Some(server), left) =
                (servers.get(index), deadline.saturating_duration_since(Instant::now()))
            else {
                break;
            };
            if left.is_zero() {
                break;
            }
            match server.send(&request, left).await {
                Err(error) if !error.is_maybe_delivered() => {
                    self.0.preference().failed(index, moment.age);
                    failures.push((index, error));
                }
                delivered => {
                    self.0.preference().reached(index);
                    if let Some((left, error)) = failures.first() {
                        let left = servers.get(*left).map_or("", |server| &server.url);
                        warn!(
                            "{}; {} is used instead",
                            error.message(left).to(Language::English),
                            server.url
                        );
                    }
                    return delivered;
                }
            }
        }
        self.0.preference().none_reached();
        // The first is in use again, so it comes first in what is said.
        failures.sort_by_key(|(index, _)| *index);
        let mut failures = failures.into_iter();
        let (_, mut error) = failures.next().unwrap_or_else(|| (0, TransportError::broken(&"nobody to ask")));
        for (index, other) in failures {
            let url = servers.get(index).map_or("", |server| &server.url);
            error.detail = text!("transport-also", first = error.detail, other = other.message(url));
        }
        Err(error)
    }

    fn url(&self) -> &str {
        let in_use = self.0.preference().in_use();
        self.0.servers.get(in_use).map_or("", |server| &server.url)
    }

    fn judge(&self, answered: bool, now: Age) {
        let mut preference = self.0.preference();
        if answered {
            preference.answered();
        } else {
            let in_use = preference.in_use();
            preference.failed(in_use, now);
        }
    }
}

impl Server {
    async fn send(&self, request: &HttpRequest, timeout: Duration) -> Result<HttpAnswer, TransportError> {
        let mut call = self.client.request(request.method.clone(), format!("{}{}", self.url, request.path));
        call = call.timeout(timeout);
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        call = call.header(CONTENT_TYPE, "application/json").body(request.body.clone());
        let failed = |error: reqwest::Error| {
            TransportError::of(&error, self.via.as_ref().map(|(proxy, _)| proxy.as_str()))
        };
        let mut response = call.send().await.map_err(failed)?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let mut answer = HttpAnswer {
            status: response.status().as_u16(),
            content_type: header(CONTENT_TYPE).map(str::to_owned),
            retry_after: header(RETRY_AFTER)
                .and_then(|text| retry_after::pause(text, header(DATE), request.moment.estimated)),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if answer.body.len() + chunk.len() > MAX_ANSWER_BODY {
                return Err(TransportError {
                    kind: TransportErrorKind::Body,
                    detail: text!("transport-too-long"),
                });
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

/// A resolver that takes its time, and no more of it than a lookup may take.
struct InTime(Arc<dyn Resolve>);

impl Resolve for InTime {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = self.0.resolve(name);
        Box::pin(async move {
            let late =
                |_| LookupError(io::Error::new(io::ErrorKind::TimedOut, "no name server answers in time"));
            time::timeout(LOOKUP_TIMEOUT, looking).await.map_err(late)?
        })
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
