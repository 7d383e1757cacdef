//! A license server's place in the network: it answers every request with the same words.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// A certificate authority, whose certificate is in a file.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self::called("the license server's authority")
    }

    pub(super) fn called(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), pem(issuer.der())).unwrap();
        Self { issuer, folder }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// TLS with a certificate for `names` that is valid in one year alone.
    pub(super) fn tls(&self, names: &[&str], year: i32) -> TlsAcceptor {
        let mut params =
            CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        params.not_before = date_time_ymd(year, 1, 1);
        params.not_after = date_time_ymd(year + 1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(der))
}

/// A server that listens as long as it is kept.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    answered: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// Speaks HTTP, over TLS if it is given one, and says `reply` to every request.
    pub(super) async fn new(at: &str, tls: Option<TlsAcceptor>, reply: &str) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let answered = Arc::new(AtomicUsize::new(0));
        let (reply, count) = (reply.to_owned(), answered.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, reply, count) = (tls.clone(), reply.clone(), count.clone());
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, &reply, &count).await,
                        Some(tls) => {
                            // A client that does not like the certificate leaves.
                            if let Ok(stream) = tls.accept(stream).await {
                                answer(stream, &reply, &count).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, answered, task }
    }

    /// How many requests it answered.
    pub(super) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request, whose body is short, and hangs up.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, reply: &str, answered: &AtomicUsize) {
    let mut request = vec![0; 16_384];
    let mut got = 0;
    while !is_whole(&request[..got]) {
        match stream.read(&mut request[got..]).await {
            Ok(more) if more > 0 => got += more,
            Ok(_) | Err(_) => return,
        }
    }
    answered.fetch_add(1, Ordering::SeqCst);
    if stream.write_all(reply.as_bytes()).await.is_ok() {
        let _cut = stream.shutdown().await;
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// An HTTP answer with that status, more headers, and a body.
pub(super) fn reply(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} Words\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
}
