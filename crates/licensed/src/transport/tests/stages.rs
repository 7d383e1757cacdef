//! Each stage at which a call can fail, and what else comes with an answer.

use std::sync::Arc;

use super::*;

async fn kind_of(url: &str) -> TransportErrorKind {
    let transport = HttpTransport::new(&urls(&[url.to_owned()]), None, &Proxy::None).unwrap();
    transport.exchange(request()).await.unwrap_err().kind
}

#[tokio::test]
async fn each_stage_has_its_own_failure() {
    // A name under .invalid never resolves (RFC 6761).
    assert_eq!(kind_of("https://license-server.invalid").await, TransportErrorKind::Lookup);
    assert_eq!(kind_of(&nobody("http")).await, TransportErrorKind::Connect);

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

/// Never answers.
struct Silent;

impl Resolve for Silent {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_name_server_is_a_failed_lookup_and_no_failed_connection() {
    let names: Arc<dyn Resolve> = Arc::new(Silent);
    let servers = urls(&["https://lic.example.com".to_owned()]);
    let authority = Authority::new();
    let transport =
        HttpTransport::with_resolver(&servers, Some(&authority.file()), &Proxy::None, &names).unwrap();
    let error = transport.exchange(request()).await.unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Lookup);
    assert!(error.detail.to(Language::English).contains("no name server answers"), "{error:?}");
}

#[tokio::test]
async fn a_pause_is_read_from_the_answer_and_its_own_date() {
    let headers = "Date: Tue, 24 Nov 2026 10:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 10:02:00 GMT\r\n";
    let server = Server::new("127.0.0.1:0", None, &reply(503, headers, "")).await;
    let transport =
        HttpTransport::new(&urls(&[format!("http://{}", server.address)]), None, &Proxy::None).unwrap();
    let answer = transport.exchange(request()).await.unwrap();
    assert_eq!((answer.status, answer.retry_after), (503, Some(Duration::from_mins(2))));
}
