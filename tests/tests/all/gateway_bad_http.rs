//! What is no HTTP, too much of it or too slow is answered where an answer is possible, and nobody else notices.

use std::{net::Shutdown, thread, time::Duration};

use end_to_end::{
    HttpWire, World,
    http_wire::{get, post, with_headers},
    waiting::{self, Stopwatch},
};
use socket2::SockRef;

use crate::gateway_bad_input::{good, is_refused, is_served, is_well, keeps_its_number};

/// A chunked request whose body is this.
fn chunked(body: &str) -> Vec<u8> {
    let head = "POST /license.api/featureavailable HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    [head, body].concat().into_bytes()
}

/// A request that resets the number, as a smuggler would hide it in another.
fn hidden() -> String {
    String::from_utf8(post("changekey", "key=")).unwrap()
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let (_world, gateway) = World::with_gateway();
    let many = |count: usize, len: usize| {
        let headers: Vec<_> = (0..count).map(|at| format!("X-{at}: {}", "a".repeat(len))).collect();
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        with_headers("GET", "featureavailable?feature=33", &headers, "")
    };
    is_refused(&gateway, 431, "100 headers", many(100, 1));
    is_refused(&gateway, 431, "100,000 headers", many(100_000, 1));
    is_refused(&gateway, 431, "a header of 32 KB", many(1, 32 << 10));
    is_refused(&gateway, 431, "a header of 4 MB", many(1, 4 << 20));
    is_refused(&gateway, 431, "headers of 60 KB", many(60, 1 << 10));
    let long = |len: usize| get(&format!("/license.api/featureavailable?feature=33&x={}", "a".repeat(len)));
    is_refused(&gateway, 431, "a request line of 32 KB", long(32 << 10));
    is_refused(&gateway, 431, "a request line of 4 MB", long(4 << 20));
    is_refused(&gateway, 431, "a verb of 1 MB", "A".repeat(1 << 20));
    let mut wire = HttpWire::to(gateway.address());
    wire.send(many(40, 100)).answer().result();
    is_well(&gateway);
}

#[test]
fn what_is_no_http_is_told_so_and_the_connection_ends() {
    let (_world, gateway) = World::with_gateway();
    let tls_hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03\x4f\x8a\x00\x11\x22\x33\x44\x55\x66\x77";
    let cases: [(&str, &[u8]); 15] = [
        ("a TLS hello", tls_hello),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0"),
        ("HTTP/0.9", b"GET /license.api/featureavailable?feature=33\r\n"),
        ("HTTP/1.2", b"GET / HTTP/1.2\r\nHost: localhost\r\n\r\n"),
        ("HTTP/3.0", b"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n"),
        ("no version", b"GET / \r\nHost: localhost\r\n\r\n"),
        ("SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n"),
        ("a frame of licensed", b"\0\0\0\x0a\x01\x01\"status\"\r\n\r\n"),
        ("zeros", &[0; 64]),
        ("a NUL in the path", b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("a NUL in a header", b"GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n"),
        ("a header without a colon", b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n"),
        ("a header without a name", b"GET / HTTP/1.1\r\n: localhost\r\n\r\n"),
        ("a space before the colon", b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"),
        ("a folded header", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n"),
    ];
    for (what, bytes) in cases {
        let mut wire = HttpWire::to(gateway.address());
        let answer = wire.send(bytes).answer();
        assert_eq!(answer.status, 400, "{what}: {answer:#?}");
        answer.error();
        wire.is_closed();
        is_served(&gateway);
    }
    is_well(&gateway);
}

#[test]
fn a_request_that_is_cut_off_is_told_so() {
    let (_world, gateway) = World::with_gateway();
    let form = post("featureavailable", "feature=33");
    for request in [good(), form] {
        for cut in 1..request.len() {
            let mut wire = HttpWire::to(gateway.address());
            wire.send(&request[..cut]).stream().shutdown(Shutdown::Write).unwrap();
            let answer = wire.answer();
            assert_eq!(answer.status, 400, "cut after {cut}: {answer:#?}");
            answer.error();
            wire.is_closed();
        }
    }
    // Who says nothing is told nothing: it is no error to connect and leave.
    let mut wire = HttpWire::to(gateway.address());
    wire.stream().shutdown(Shutdown::Write).unwrap();
    wire.is_closed();
    is_well(&gateway);
}

#[test]
fn http_1_0_is_spoken_with_a_host_and_without() {
    let (_world, gateway) = World::with_gateway();
    for host in ["", "Host: 127.0.0.1\r\n", "Host: localhost:8223\r\n"] {
        let mut wire = HttpWire::to(gateway.address());
        let ask = format!("GET /license.api/featureavailable?feature=33 HTTP/1.0\r\n{host}\r\n");
        wire.send(&ask).answer().result();
        wire.is_closed();
        let mut wire = HttpWire::to(gateway.address());
        let stays = ask.replace("\r\n\r\n", "\r\nConnection: keep-alive\r\n\r\n");
        wire.send(&stays).answer().result();
        wire.send(&ask).answer().result();
        wire.is_closed();
        let mut wire = HttpWire::to(gateway.address());
        wire.send(&stays).answer().result();
        wire.send("\0bad\r\n\r\n").answer().error();
        wire.is_closed();
    }
    // Chunks are of HTTP/1.1.
    let chunks = String::from_utf8(chunked("a\r\nfeature=33\r\n0\r\n\r\n")).unwrap();
    is_refused(&gateway, 400, "chunks in HTTP/1.0", chunks.replace("HTTP/1.1", "HTTP/1.0"));
    is_well(&gateway);
}

#[test]
fn requests_that_come_at_once_are_answered_in_their_order() {
    let (_world, gateway) = World::with_gateway();
    let mut wire = HttpWire::to(gateway.address());
    wire.send(
        [good(), get("/nowhere"), post("featureavailable", "feature=33"), get("/license.api/ping")].concat(),
    );
    let statuses: Vec<_> = (0..4).map(|_| wire.answer().status).collect();
    assert_eq!(statuses, [200, 404, 200, 200]);
    let mut wire = HttpWire::to(gateway.address());
    wire.send(good().repeat(500));
    for _ in 0..500 {
        assert_eq!(wire.answer().status, 200);
    }
    is_well(&gateway);
}

#[test]
fn nothing_is_read_behind_the_last_request() {
    let (world, gateway) = World::with_gateway();
    let last = with_headers("GET", "featureavailable?feature=33", &["Connection: close"], "");
    for more in [hidden(), "garbage".to_owned(), "\r\n".to_owned()] {
        let mut wire = HttpWire::to(gateway.address());
        let answer = wire.send([&last, more.as_bytes()].concat()).answer();
        assert_eq!(answer.status, 200, "{answer:#?}");
        wire.is_closed();
    }
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn garbage_between_requests_ends_the_connection() {
    let (world, gateway) = World::with_gateway();
    for garbage in ["garbage\r\n\r\n", "\0\0\0\0", "HTTP/1.1 200 OK\r\n\r\n"] {
        let mut wire = HttpWire::to(gateway.address());
        wire.send(good()).answer().result();
        let answer = wire.send([garbage, &hidden()].concat()).answer();
        assert_eq!(answer.status, 400, "{garbage:?}: {answer:#?}");
        answer.error();
        wire.is_closed();
    }
    // RFC 9112 wants an empty line before a request to be overlooked.
    let mut wire = HttpWire::to(gateway.address());
    wire.send(good()).answer().result();
    wire.send([b"\r\n", &good()[..]].concat()).answer().result();
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn chunks_are_read_and_bad_ones_refused() {
    let (_world, gateway) = World::with_gateway();
    for body in [
        "a\r\nfeature=33\r\n0\r\n\r\n",
        "8\r\nfeature=\r\n2\r\n33\r\n0\r\n\r\n",
        "A;name=value\r\nfeature=33\r\n0\r\n\r\n",
        "000a\r\nfeature=33\r\n0\r\nTrailer: x\r\n\r\n",
    ] {
        let mut wire = HttpWire::to(gateway.address());
        wire.send(chunked(body)).answer().result();
        wire.send(good()).answer().result();
    }
    let flood = format!("a;{}\r\nfeature=33\r\n0\r\n\r\n", "x".repeat(1 << 20));
    let trailers = format!("a\r\nfeature=33\r\n0\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    for body in [
        "x\r\nfeature=33\r\n0\r\n\r\n",
        "-a\r\nfeature=33\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nfeature=33\r\n0\r\n\r\n",
        "3\r\nfeature=33\r\n0\r\n\r\n",
        "a\nfeature=33\n0\n\n",
        &flood,
        &trailers,
    ] {
        let what = &body[..body.len().min(40)];
        let mut wire = HttpWire::to(gateway.address());
        let answer = wire.send(chunked(body)).answer();
        assert_eq!(answer.status, 400, "{what:?}: {answer:#?}");
        answer.error();
        wire.is_closed();
        is_served(&gateway);
    }
    is_well(&gateway);
}

#[test]
fn a_request_whose_length_is_in_doubt_hides_no_other() {
    let (world, gateway) = World::with_gateway();
    let head = "POST /license.api/featureavailable HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n";
    let hidden = hidden();
    for lengths in [
        "Content-Length: -1\r\n",
        "Content-Length: +10\r\n",
        "Content-Length: 0x0a\r\n",
        "Content-Length: ten\r\n",
        "Content-Length: \r\n",
        "Content-Length: 10, 10\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 10\r\nContent-Length: 11\r\n",
        "Content-Length: 0\r\nContent-Length: 10\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 10\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    ] {
        let mut wire = HttpWire::to(gateway.address());
        let answer = wire.send(format!("{head}{lengths}\r\nfeature=33{hidden}")).answer();
        assert_eq!(answer.status, 400, "{lengths}: {answer:#?}");
        answer.error();
        wire.is_closed();
        is_served(&gateway);
    }
    // Chunks go before a length, and the connection ends, as RFC 9112 has it.
    for lengths in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: nonsense\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let mut wire = HttpWire::to(gateway.address());
        let answer = wire.send(format!("{head}{lengths}\r\na\r\nfeature=33\r\n0\r\n\r\n{hidden}")).answer();
        if answer.status == 200 {
            answer.result()
        } else {
            answer.error()
        };
        wire.is_closed();
    }
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn a_length_that_is_too_short_cuts_the_form_and_the_rest_is_no_request() {
    let (world, gateway) = World::with_gateway();
    let request = String::from_utf8(post("featureavailable", "feature=33&x=1")).unwrap();
    let mut wire = HttpWire::to(gateway.address());
    wire.send(request.replace("Content-Length: 14", "Content-Length: 10")).answer().result();
    assert_eq!(wire.answer().status, 400);
    wire.is_closed();
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn who_sends_too_slowly_is_cut_in_time_and_nobody_waits_for_it() {
    let (_world, gateway) = World::with_gateway();
    let address = gateway.address();
    let head = good();
    let body = String::from_utf8(post("addtrial", "product=11")).unwrap().replace(": 10\r\n", ": 100\r\n");
    thread::scope(|scope| {
        // One stops in the head, one in the body; two others send a byte now and then.
        let stalled = [&head[..30], body.as_bytes()].map(|begun| {
            scope.spawn(move || {
                let mut wire = HttpWire::to(address);
                let sent = Stopwatch::start();
                let answer = wire.send(begun).answer();
                wire.is_closed();
                (answer, sent.elapsed())
            })
        });
        let head = "GET /license.api/featureavailable?feature=33 HTTP/1.1\r\nX: ";
        let trickling = [head, &body].map(|begun| {
            scope.spawn(move || {
                let mut wire = HttpWire::to(address);
                let sent = Stopwatch::start();
                wire.send(begun);
                let mut trickle = HttpWire::over(wire.stream().try_clone().unwrap());
                let dripping = scope.spawn(move || {
                    for _ in 0..75 {
                        trickle.send("a");
                        waiting::pass(Duration::from_millis(200));
                    }
                });
                let answer = wire.answer();
                let took = sent.elapsed();
                dripping.join().unwrap();
                (answer, took)
            })
        });
        for _ in 0..20 {
            let asked = Stopwatch::start();
            is_served(&gateway);
            assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        }
        for slow in stalled.into_iter().chain(trickling) {
            let (answer, took) = slow.join().unwrap();
            assert_eq!(answer.status, 408, "{answer:#?}");
            answer.error();
            assert!(answer.is_the_last(), "{answer:#?}");
            assert!(took < Duration::from_secs(15), "{took:?}");
        }
    });
    is_well(&gateway);
}

#[test]
fn connections_that_are_reset_at_once_keep_nobody_out() {
    let (_world, gateway) = World::with_gateway();
    for at in 0..500 {
        let mut wire = HttpWire::to(gateway.address());
        SockRef::from(wire.stream()).set_linger(Some(Duration::ZERO)).unwrap();
        if at % 2 == 0 {
            wire.send(good());
        }
    }
    let asked = Stopwatch::start();
    is_served(&gateway);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    is_well(&gateway);
}

#[test]
fn who_waits_for_leave_to_send_gets_it() {
    let (_world, gateway) = World::with_gateway();
    let form = ["Content-Type: application/x-www-form-urlencoded", "Expect: 100-continue"];
    let request = String::from_utf8(with_headers("POST", "featureavailable", &form, "feature=33")).unwrap();
    let (head, body) = request.split_at(request.len() - 10);
    let mut wire = HttpWire::to(gateway.address());
    assert_eq!(wire.send(head).head().unwrap(), "HTTP/1.1 100 Continue");
    wire.send(body).answer().result();
    wire.send(good()).answer().result();
    // An expectation that nobody knows is none.
    let mut wire = HttpWire::to(gateway.address());
    let answer = wire.send(request.replace("100-continue", "a miracle")).answer();
    assert!([200, 417].contains(&answer.status), "{answer:#?}");
    is_well(&gateway);
}

#[test]
fn a_whole_url_is_a_request_for_its_host() {
    let (_world, gateway) = World::with_gateway();
    let ask = |url: &str, host: &str| {
        format!("GET {url}/license.api/featureavailable?feature=33 HTTP/1.1\r\nHost: {host}\r\n\r\n")
    };
    for url in ["http://127.0.0.1:8223", "http://localhost", "http://[::1]:8223"] {
        HttpWire::to(gateway.address()).send(ask(url, "127.0.0.1")).answer().result();
    }
    for (url, host) in [
        ("http://lic.example", "127.0.0.1"),
        ("http://127.0.0.1", "lic.example"),
        ("https://lic.example", "lic.example"),
        ("http://127.0.0.1@lic.example", "127.0.0.1"),
    ] {
        is_refused(&gateway, 403, url, ask(url, host));
    }
    is_well(&gateway);
}
