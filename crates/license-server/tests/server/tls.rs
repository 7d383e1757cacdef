//! TLS by certificate files, on the program itself.

use std::{
    fs::{self, Permissions},
    io::BufRead,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use nix::sys::signal::Signal;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::cli::Served;

fn pem(what: &str, der: &[u8]) -> String {
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", BASE64.encode(der))
}

/// Writes a self-signed certificate for localhost and its key.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    fs::write(folder.join("cert.pem"), pem("CERTIFICATE", certificate.der())).unwrap();
    fs::write(folder.join("key.pem"), pem("PRIVATE KEY", &key.serialize_der())).unwrap();
    fs::set_permissions(folder.join("key.pem"), Permissions::from_mode(0o600)).unwrap();
    certificate.der().clone()
}

/// Whether a client that believes only `certificate` gets an answer.
async fn answers(served: &Served, certificate: &CertificateDer<'static>) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(served.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let Ok(mut stream) = TlsConnector::from(Arc::new(config)).connect(name, stream).await else {
        return false;
    };
    let request = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    // The server may leave without a goodbye.
    let _cut = stream.read_to_string(&mut answer).await;
    answer.ends_with("live\n")
}

/// Waits for a line of its log.
fn log_says(served: &mut Served, text: &str) {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert_ne!(served.log.read_line(&mut line).unwrap(), 0, "it ended before it said {text:?}");
    }
}

#[tokio::test]
async fn a_certificate_is_replaced_while_the_server_runs_and_a_bad_one_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let first = certify(files.path());
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| files.path().join(name));
    let flags = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let mut served = Served::start_with(folder.path(), &flags);
    assert!(answers(&served, &first).await);

    let second = certify(files.path());
    served.signal(Signal::SIGHUP);
    log_says(&mut served, "read the certificate again");
    assert!(answers(&served, &second).await && !answers(&served, &first).await);

    fs::write(&certificate, "no certificate").unwrap();
    served.signal(Signal::SIGHUP);
    log_says(&mut served, "cert.pem holds no certificate in PEM form");
    assert!(answers(&served, &second).await);

    // Whoever speaks no TLS is let go.
    let mut plain = TcpStream::connect(served.address).await.unwrap();
    plain.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _cut = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("live"));
    served.stop();
}

/// Why the program does not start with these files.
fn not_started(certificate: &Path, key: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_license-server"));
    program.args(["serve", "--listen", "192.0.2.1:9", "--data-dir"]).arg(&data);
    let output = program.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(!data.exists(), "no new server is left behind");
    error
}

#[test]
fn files_that_cannot_be_used_are_named_in_plain_words() {
    let (files, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    certify(files.path());
    certify(others.path());
    let path = |name: &str| files.path().join(name);
    let (certificate, key, other) = (path("cert.pem"), path("key.pem"), others.path().join("key.pem"));
    let write = |name: &str, text: &str| {
        fs::write(path(name), text).unwrap();
        fs::set_permissions(path(name), Permissions::from_mode(0o600)).unwrap();
        path(name)
    };
    let empty = write("empty.pem", "");
    let damaged = write("damaged.pem", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
    let nonsense = write("nonsense.pem", &pem("CERTIFICATE", b"no certificate"));
    let cases = [
        (&path("missing.pem"), &key, "cannot read ", "missing.pem: No such file"),
        (&certificate, &path("missing.pem"), "cannot read ", "missing.pem: No such file"),
        (&empty, &key, "empty.pem holds no certificate in PEM form", ""),
        (&certificate, &empty, "empty.pem holds no private key in PEM form", ""),
        (&key, &key, "key.pem holds no certificate in PEM form", ""),
        (&damaged, &key, "the certificate in ", "damaged.pem is damaged"),
        (&nonsense, &key, "the certificate in ", "nonsense.pem cannot be used"),
        (&certificate, &other, "is not the one of the certificate in ", "cert.pem"),
    ];
    for (certificate, key, says, names) in cases {
        let error = not_started(certificate, key);
        assert!(error.contains(says) && error.contains(names), "{error}");
    }
}

#[test]
fn the_log_says_whether_it_is_tls_and_warns_of_an_open_address_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    certify(files.path());
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| files.path().join(name));
    let flags = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    for (flags, says) in [(&flags[..], "tls=true"), (&[], "tls=false")] {
        let served = Served::start_with(folder.path(), flags);
        assert!(served.listening.contains(says), "{}", served.listening);
        assert!(served.listening.contains("mail=off"), "{}", served.listening);
        let log = served.stop();
        assert!(!log.contains("in the clear"), "{log}");
    }
}

#[test]
fn a_key_that_everybody_can_read_is_refused() {
    let files = tempfile::tempdir().unwrap();
    certify(files.path());
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| files.path().join(name));
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let error = not_started(&certificate, &key);
    assert!(error.contains("chmod o-r"), "{error}");
}
