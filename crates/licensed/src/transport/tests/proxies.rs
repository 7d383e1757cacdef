//! A proxy on the way.

use std::sync::{Arc, Mutex};

use license_types::Code;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::*;

const HTML: &str = "<html><h1>Access denied</h1></html>";

/// A proxy that lets `anna` with the password `S3CRET` through, to one server, whatever name is asked for.
struct Gate {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Gate {
    /// `server` is where it leads; `None` if it lets nobody through.
    async fn new(server: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let requests = asked.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let head = head(&mut stream).await;
                requests.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
                // RFC 7617: base64 of anna:S3CRET.
                let is_known = head.to_lowercase().contains("proxy-authorization: basic ")
                    && head.contains("YW5uYTpTM0NSRVQ=");
                let page = |status| reply(status, "Content-Type: text/html\r\n", HTML);
                match server {
                    Some(server) if is_known => {
                        tokio::spawn(async move {
                            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                            let mut server = TcpStream::connect(server).await.unwrap();
                            let _cut = copy_bidirectional(&mut stream, &mut server).await;
                        });
                    }
                    Some(_) => stream.write_all(page(407).as_bytes()).await.unwrap(),
                    None => stream.write_all(page(403).as_bytes()).await.unwrap(),
                }
            }
        });
        Self { address, asked, task }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// What a call to the license server comes to through `proxy`: the status, or code and words.
async fn call(proxy: &str, authority: &Authority) -> Result<u16, (Code, String)> {
    let url = "https://lic.example.com";
    let proxy = Proxy::parse(proxy).unwrap();
    let transport = HttpTransport::new(&urls(&[url.to_owned()]), Some(&authority.file()), &proxy).unwrap();
    let answer = transport.exchange(request()).await;
    answer.map(|answer| answer.status).map_err(|error| {
        let why = error.no_answer(url);
        let message = why.message.to(Language::English);
        assert!(!why.maybe_delivered && !message.contains("S3CRET"), "{message}");
        (why.code, message)
    })
}

async fn server(authority: &Authority) -> Server {
    let tls = authority.tls(&["lic.example.com"], 2026);
    Server::new("127.0.0.1:0", Some(tls), &reply(200, "", "{}")).await
}

#[tokio::test]
async fn a_proxy_with_a_password_leads_to_the_license_server() {
    let authority = Authority::new();
    let server = server(&authority).await;
    let proxy = Gate::new(Some(server.address)).await;
    assert_eq!(call(&format!("http://anna:S3CRET@{}", proxy.address), &authority).await, Ok(200));
    assert_eq!(proxy.asked(), ["CONNECT lic.example.com:443 HTTP/1.1"], "it looks the name up itself");
    assert_eq!(server.answered(), 1);
}

#[tokio::test]
async fn a_proxy_that_wants_another_password_is_no_connection_and_says_so() {
    let authority = Authority::new();
    let server = server(&authority).await;
    let proxy = Gate::new(Some(server.address)).await;
    for user in ["", "anna:S3CRETS@", "anna@"] {
        let (code, message) = call(&format!("http://{user}{}", proxy.address), &authority).await.unwrap_err();
        assert_eq!(code, Code::CONNECTION_FAILED);
        assert!(message.contains("407") && message.contains("user and a password"), "{message}");
        assert!(message.contains(&proxy.address.to_string()), "{message}");
    }
    assert_eq!(server.answered(), 0);
}

#[tokio::test]
async fn a_proxy_that_lets_nobody_through_is_no_connection_and_no_refusal() {
    let proxy = Gate::new(None).await;
    let (code, message) =
        call(&format!("http://anna:S3CRET@{}", proxy.address), &Authority::new()).await.unwrap_err();
    assert_eq!(code, Code::CONNECTION_FAILED);
    assert!(message.contains("does not let the call through"), "{message}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let gone = nobody("http");
    let (code, message) = call(&gone, &Authority::new()).await.unwrap_err();
    assert_eq!(code, Code::CONNECTION_FAILED);
    assert!(message.contains(&format!("through the proxy {gone}")), "{message}");
    let (code, message) = call("http://proxy.invalid:3128", &Authority::new()).await.unwrap_err();
    assert_eq!(code, Code::LOOKUP_FAILED);
    assert!(message.contains("the proxy http://proxy.invalid:3128"), "{message}");
}

#[tokio::test]
async fn a_proxy_that_looks_into_tls_is_not_trusted_and_that_is_explained() {
    let companies = Authority::called("the company's proxy");
    let server = server(&companies).await;
    let proxy = Gate::new(Some(server.address)).await;
    let (code, message) =
        call(&format!("http://anna:S3CRET@{}", proxy.address), &Authority::new()).await.unwrap_err();
    assert_eq!(code, Code::TLS_FAILED);
    assert!(message.contains("proxy") && message.contains("ca_file"), "{message}");
    assert_eq!(server.answered(), 0, "nothing was told to it");
}

#[tokio::test]
async fn what_is_on_this_host_never_goes_through_a_proxy() {
    let server = Server::new("127.0.0.1:0", None, &reply(200, "", "{}")).await;
    let proxy = Gate::new(None).await;
    let setting = Proxy::parse(&format!("http://{}", proxy.address)).unwrap();
    let transport =
        HttpTransport::new(&urls(&[format!("http://{}", server.address)]), None, &setting).unwrap();
    assert_eq!(transport.exchange(request()).await.unwrap().status, 200);
    assert!(proxy.asked().is_empty());
}
