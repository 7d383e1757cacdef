//! Who may change the license of the host, and who may not. The requests are right; it is who makes them that counts.

use std::{
    fs,
    net::{Shutdown, SocketAddr},
    time::Duration,
};

use end_to_end::{
    Gateway, HttpWire, World,
    host::{COMPANY, EMAIL},
    http_wire::{HttpAnswer, get, post, with_headers},
    nobody::open_to_all,
    programs,
    service::Service,
    somebody::{connected, process_asks, socket, uid_of},
};
use nix::sys::signal::Signal;

use crate::gateway_bad_input::{good, is_served, is_well, keeps_its_number};

/// A user who may nothing, and whom the kernel also puts in place of those whom it cannot name.
pub(crate) const NOBODY: u32 = 65_534;

/// A user who is not in `/etc/passwd`.
pub(crate) const STRANGER: u32 = 47_110;

/// What is announced as a form.
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// A request to every restricted method that works out.
fn restricted(number: &str, coupon: &str) -> [(&'static str, String); 5] {
    [
        (
            "gettrial",
            format!("companyname={COMPANY}&email={EMAIL}&contact=A&tel=&inn=&description=&product=11"),
        ),
        ("addtrial", "product=11".to_owned()),
        ("activatecoupon", format!("coupon={coupon}")),
        ("sendmetrics", format!("key={number}&PBXname=MikoPBX%402026.1")),
        ("changekey", format!("key={number}")),
    ]
}

/// The request that does the most harm.
fn reset() -> Vec<u8> {
    post("changekey", "key=")
}

/// The request that does the most harm, with another header.
fn reset_with(header: &str) -> Vec<u8> {
    with_headers("POST", "changekey", &[FORM, header], "key=")
}

/// What is answered to a user.
pub(crate) fn asks(uid: u32, gateway: &Gateway, request: impl AsRef<[u8]>) -> HttpAnswer {
    connected(uid, gateway.address()).send(request).answer()
}

/// A registered host, its gateway, and its number.
fn registered() -> (World, Gateway, String) {
    let (world, gateway) = World::with_gateway();
    let number = world.host.client().license_info(None).unwrap().number;
    (world, gateway, number)
}

#[test]
fn root_and_the_web_server_change_the_license() {
    let (world, gateway, number) = registered();
    for uid in [0, uid_of("www-data")] {
        for (method, form) in restricted(&number, &world.server.coupon(81)) {
            let answer = asks(uid, &gateway, post(method, form));
            assert_eq!(answer.status, 200, "{method} as {uid}: {answer:#?}");
            answer.result();
        }
    }
    asks(uid_of("www-data"), &gateway, reset()).result();
    assert!(world.host.status()["number"].is_null(), "that is what the others must not do");
}

#[test]
fn nobody_else_does_and_the_journal_tells_who_tried() {
    let (world, gateway, number) = registered();
    let coupon = world.server.coupon(81);
    for uid in [NOBODY, STRANGER, uid_of("daemon")] {
        let mut wire = connected(uid, gateway.address());
        for (method, form) in restricted(&number, &coupon) {
            let answer = wire.send(post(method, form)).answer();
            assert_eq!(answer.status, 403, "{method} as {uid}: {answer:#?}");
            let error = answer.error();
            assert!(error.contains(method) && error.contains("--allow-user"), "{error}");
            let log = gateway.log();
            let line = log.lines().rfind(|line| line.contains("may not change the license")).unwrap();
            assert!(line.contains(&format!("method=\"{method}\"")), "{line}");
            assert!(line.contains(&format!("caller=uid {uid}")), "{line}");
        }
        // Nothing is wrong with the connection.
        wire.send(good()).answer().result();
        assert_eq!(asks(uid, &gateway, reset()).status, 403);
    }
    keeps_its_number(&world);
    assert_eq!(world.host.check(45), "denied 2008", "the coupon is not used");
    is_well(&gateway);
}

#[test]
fn a_process_of_another_user_is_told_from_ours() {
    let (world, gateway, number) = registered();
    let ask = |uid, form: &str| {
        let request = with_headers("POST", "changekey", &[FORM, "Connection: close"], form);
        let request = String::from_utf8(request).unwrap();
        process_asks(uid, &format!("tcp://{}", gateway.address()), &request)
    };
    let refused = ask(NOBODY, "key=");
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    keeps_its_number(&world);
    let done = ask(uid_of("www-data"), &format!("key={number}"));
    assert!(done.starts_with("HTTP/1.1 200 "), "{done}");
    is_well(&gateway);
}

#[test]
fn everybody_may_ask_and_is_not_told_who_the_owner_is() {
    let (world, gateway, number) = registered();
    let license = |uid, form: &str| asks(uid, &gateway, post("getlicenseinfo", form));
    for uid in [NOBODY, STRANGER] {
        for path in ["featureavailable?feature=33", "capturefeature?feature=33", "ping"] {
            asks(uid, &gateway, get(&format!("/license.api/{path}"))).result();
        }
        for form in [String::new(), "key=".to_owned(), format!("key={number}")] {
            let xml = license(uid, &form).result();
            assert!(xml.contains("companyname") && !xml.contains("romashka"), "{xml}");
        }
        let other = license(uid, "key=MIKO-AAAAA-AAAAA-AAAAA-AAAAA");
        assert_eq!(other.status, 403, "{other:#?}");
        other.error();
    }
    for uid in [0, uid_of("www-data")] {
        assert!(license(uid, "").result().contains("romashka"));
        assert_eq!(license(uid, "key=MIKO-AAAAA-AAAAA-AAAAA-AAAAA").status, 400);
    }
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn the_configured_users_take_the_place_of_the_default_ones() {
    let (world, _number) = World::registered();
    let key_file = world.folder.path().join("license.key");
    let mut gateway = Gateway::beside(&world.host, &key_file).flag("--allow-user", "daemon,47110");
    gateway.start();
    for uid in [0, uid_of("www-data"), NOBODY] {
        let answer = asks(uid, &gateway, reset());
        assert_eq!(answer.status, 403, "{uid}, and the gateway's own user is root: {answer:#?}");
    }
    keeps_its_number(&world);
    for uid in [STRANGER, uid_of("daemon")] {
        asks(uid, &gateway, post("addtrial", "product=11")).result();
    }
    is_well(&gateway);
    for user in ["no-such-user", "nobody"] {
        let mut command = programs::program("license-gateway");
        command
            .args(["--listen", "127.0.0.1:0", "--allow-user", user])
            .arg("--socket")
            .arg(world.host.socket());
        let mut fails = Service::start(command, &world.folder.path().join("fails.log"));
        assert_eq!(fails.wait_for_end().code(), Some(1));
        assert!(fails.log().contains(&format!("user \"{user}\"")), "{}", fails.log());
    }
}

#[test]
fn a_change_comes_as_a_form_by_post_alone() {
    let (world, gateway, _number) = registered();
    let mut wire = HttpWire::to(gateway.address());
    for verb in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let answer = wire.send(with_headers(verb, "changekey", &[FORM], "key=")).answer();
        assert_eq!(answer.status, 405, "{verb}: {answer:#?}");
        answer.error();
        assert!(!answer.head.to_ascii_lowercase().contains("access-control"), "{answer:#?}");
    }
    for kind in ["text/plain", "multipart/form-data", "application/json"] {
        let kind = format!("Content-Type: {kind}");
        let answer = wire.send(with_headers("POST", "changekey", &[&kind], "key=")).answer();
        assert_eq!(answer.status, 415, "{kind}: {answer:#?}");
        answer.error();
    }
    assert_eq!(wire.send(post("changekey?key=", "")).answer().status, 400);
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn a_request_for_another_host_is_refused() {
    let (world, gateway, _number) = registered();
    let ask = |request: Vec<u8>, host: &str| {
        let request = String::from_utf8(request).unwrap().replacen("Host: 127.0.0.1\r\n", host, 1);
        HttpWire::to(gateway.address()).send(request).answer()
    };
    for host in [
        "evil.example",
        "evil.example:8223",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "localhost:8223:8223",
        "localhost:port",
        "192.168.1.1",
        "0.0.0.0",
        "[::]",
        "2130706433",
        "",
        "localhost, evil.example",
    ] {
        for request in [reset(), good(), post("getlicenseinfo", "")] {
            let answer = ask(request, &format!("Host: {host}\r\n"));
            assert_eq!(answer.status, 403, "{host:?}: {answer:#?}");
            answer.error();
        }
    }
    for hosts in ["", "Host: 127.0.0.1\r\nHost: evil.example\r\n", "Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n"] {
        for request in [reset(), good()] {
            let answer = ask(request, hosts);
            assert_eq!(answer.status, 400, "{hosts:?}: {answer:#?}");
            answer.error();
        }
    }
    keeps_its_number(&world);
    for host in ["127.0.0.1:8223", "localhost", "LOCALHOST:8223", "[::1]:8223", "127.8.2.23"] {
        ask(good(), &format!("Host: {host}\r\n")).result();
    }
    is_well(&gateway);
}

#[test]
fn a_request_of_a_page_is_refused() {
    let (world, gateway, _number) = registered();
    for header in [
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: ",
        "origin: http://127.0.0.1:8223",
        "Origin: http://localhost",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
    ] {
        let ask = with_headers("GET", "featureavailable?feature=33", &[header], "");
        for request in [reset_with(header), ask] {
            let answer = HttpWire::to(gateway.address()).send(request).answer();
            assert_eq!(answer.status, 403, "{header}: {answer:#?}");
            answer.error();
        }
    }
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn who_sends_and_closes_before_it_is_looked_at_is_nobody() {
    let (world, mut gateway, _number) = registered();
    // So that the connections are closed before the gateway can look whose they are. Of some it sees in time that
    // the client has left, and does not look at all.
    gateway.process().signal(Signal::SIGSTOP);
    for round in 0..48 {
        let client = socket(if round % 2 == 0 { 0 } else { NOBODY });
        client.set_linger((round % 3 == 0).then_some(Duration::ZERO)).unwrap();
        client.connect(&address(&gateway).into()).unwrap();
        client.send(&reset()).unwrap();
    }
    gateway.process().signal(Signal::SIGCONT);
    is_served(&gateway);
    keeps_its_number(&world);
    let log = gateway.log();
    assert!(!log.contains("caller=uid"), "{log}");
    is_well(&gateway);
}

/// A client of that user from a port of its own choice, which resets its connection instead of closing it.
fn client_from(port: SocketAddr, uid: u32, gateway: &Gateway) -> HttpWire {
    let client = socket(uid);
    client.set_reuse_address(true).unwrap();
    client.set_linger(Some(Duration::ZERO)).unwrap();
    client.bind(&port.into()).unwrap();
    client.connect(&address(gateway).into()).unwrap();
    HttpWire::over(client.into())
}

#[test]
fn the_next_user_of_a_port_does_not_answer_for_the_last() {
    let (world, mut gateway, _number) = registered();
    // An address of loopback that nobody else uses.
    let port = "127.71.3.10:40710".parse().unwrap();
    let mut nobodys = client_from(port, NOBODY, &gateway);
    nobodys.send(good()).answer().result();
    // The gateway knows the connection, and has yet to read what it brings when the port is root's.
    gateway.process().signal(Signal::SIGSTOP);
    nobodys.send(reset());
    drop(nobodys);
    let mut roots = client_from(port, 0, &gateway);
    gateway.process().signal(Signal::SIGCONT);
    roots.send(good()).answer().result();
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn who_shuts_down_its_writing_side_is_taken_for_nobody_else() {
    let (world, gateway, _number) = registered();
    for uid in [0, NOBODY] {
        let mut wire = connected(uid, gateway.address());
        wire.send(post("addtrial", "product=81"));
        wire.stream().shutdown(Shutdown::Write).unwrap();
        // The gateway may take it for a client that has left.
        let answer = wire.answer();
        match (uid, answer.status) {
            (0, 200) => drop(answer.result()),
            (0, 400) | (NOBODY, 400 | 403) => drop(answer.error()),
            other => panic!("{other:?}: {answer:#?}"),
        }
        wire.is_closed();
    }
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn who_comes_from_another_network_namespace_is_nobody() {
    let (world, _number) = World::registered();
    let key_file = world.folder.path().join("license.key");
    // Its socket is of ours, it itself is in one of its own: as with a port that a container publishes.
    let mut gateway = Gateway::beside(&world.host, &key_file).activated().within(&["unshare", "--net"]);
    gateway.start();
    let answer = asks(0, &gateway, reset());
    assert_eq!(answer.status, 403, "{answer:#?}");
    answer.error();
    assert!(gateway.log().contains("who calls over TCP cannot be told"), "{}", gateway.log());
    assert!(gateway.log().contains("caller=unknown (no socket of this machine"), "{}", gateway.log());
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn the_unix_socket_knows_its_callers_too() {
    let (world, number) = World::registered();
    let socket = world.folder.path().join("gateway.sock");
    let key_file = world.folder.path().join("license.key");
    let mut gateway = Gateway::beside(&world.host, &key_file).flag("--listen-unix", &socket);
    gateway.start();
    let ask = |uid, method, form: &str| {
        let request = with_headers("POST", method, &[FORM, "Connection: close"], form);
        process_asks(uid, &format!("unix://{}", socket.display()), &String::from_utf8(request).unwrap())
    };
    let done = ask(0, "changekey", &format!("key={number}"));
    assert!(done.starts_with("HTTP/1.1 200 "), "{done}");
    open_to_all(&socket);
    fs::set_permissions(world.folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let refused = ask(NOBODY, "changekey", "key=");
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert!(gateway.log().contains(&format!("caller=uid {NOBODY}")), "{}", gateway.log());
    keeps_its_number(&world);
    let asked = ask(NOBODY, "featureavailable", "feature=33");
    assert!(asked.starts_with("HTTP/1.1 200 "), "{asked}");
    let done = ask(uid_of("www-data"), "addtrial", "product=11");
    assert!(done.starts_with("HTTP/1.1 200 "), "{done}");
    is_well(&gateway);
}

#[test]
fn the_gateway_listens_on_loopback_alone() {
    let (world, _number) = World::registered();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:0.0.0.0]:0"] {
        let mut command = programs::program("license-gateway");
        command.args(["--listen", address]).arg("--socket").arg(world.host.socket());
        let mut fails = Service::start(command, &world.folder.path().join("fails.log"));
        assert_eq!(fails.wait_for_end().code(), Some(1), "{address}");
        assert!(fails.log().contains("is not on loopback"), "{}", fails.log());
    }
}

/// Where the gateway listens.
fn address(gateway: &Gateway) -> SocketAddr {
    gateway.address().parse().unwrap()
}
