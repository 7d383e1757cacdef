//! What is no request of the gateway's is answered with a proper status and an `error`, and the next request works.

use end_to_end::{
    Gateway, HttpWire, World,
    http_wire::{get, post, with_headers},
};

use crate::chance;

/// A request that is always answered with a success.
pub(crate) fn good() -> Vec<u8> {
    get("/license.api/featureavailable?feature=33")
}

/// A client that behaves is served.
pub(crate) fn is_served(gateway: &Gateway) {
    let answer = HttpWire::to(gateway.address()).send(good()).answer();
    assert_eq!(answer.status, 200, "{answer:#?}");
    answer.result();
}

/// A request that is refused with this status. The next one works: on the same connection, unless the answer says
/// that it is the last.
pub(crate) fn is_refused(gateway: &Gateway, status: u16, what: &str, request: impl AsRef<[u8]>) -> String {
    let mut wire = HttpWire::to(gateway.address());
    let answer = wire.send(request).answer();
    assert_eq!(answer.status, status, "{what}: {answer:#?}");
    let error = answer.error();
    if answer.is_the_last() {
        wire.is_closed();
        is_served(gateway);
    } else {
        assert_eq!(wire.send(good()).answer().status, 200, "after {what}");
    }
    error
}

/// The host is registered still: no request has come through that resets it.
pub(crate) fn keeps_its_number(world: &World) {
    let status = world.host.status();
    assert!(status["number"].is_string(), "{status}");
}

/// The gateway has not noticed that anything was wrong with itself.
pub(crate) fn is_well(gateway: &Gateway) {
    is_served(gateway);
    let log = gateway.log();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}

#[test]
fn a_gateway_that_is_told_to_speaks_russian_and_names_the_codes_as_ever() {
    let (_world, mut gateway) = World::with_gateway();
    gateway.stop();
    let mut gateway = gateway.flag("--language", "ru");
    gateway.start();
    let error = is_refused(&gateway, 404, "no method", get("/license.api/nosuch"));
    assert!(error.starts_with("Такого метода нет. В /license.api/ есть getlicenseinfo, "), "{error}");
    let error = is_refused(&gateway, 400, "no parameter", get("/license.api/featureavailable"));
    assert_eq!(error, "Нет параметра feature.");
    let coupon = post("activatecoupon", "coupon=MIKO");
    let error = is_refused(&gateway, 403, "no coupon", coupon);
    assert_eq!(error, "(2040) Такого купона нет. Проверьте, нет ли опечатки.");
}

#[test]
fn what_names_no_method_is_not_found() {
    let (_world, gateway) = World::with_gateway();
    for path in [
        "/",
        "*",
        "/license.api",
        "/license.api/",
        "/license.api/nosuch",
        "/license.api/FeatureAvailable?feature=33",
        "/license.api/featureavailable/?feature=33",
        "/license.api/featureavailable/33",
        "/license.api/feature%61vailable?feature=33",
        "//license.api/featureavailable?feature=33",
        "/./license.api/featureavailable?feature=33",
        "/license.api/../license.api/featureavailable?feature=33",
        "/license.api/featureavailable;feature=33",
        "/featureavailable?feature=33",
    ] {
        is_refused(&gateway, 404, path, get(path));
        let error =
            is_refused(&gateway, 404, path, String::from_utf8(get(path)).unwrap().replacen("GET", "POST", 1));
        assert!(error.starts_with("There is no such method."), "{error}");
    }
    is_well(&gateway);
}

#[test]
fn a_feature_is_a_positive_32_bit_number() {
    let (_world, gateway) = World::with_gateway();
    for method in ["featureavailable", "capturefeature"] {
        for feature in [
            "abc",
            "-1",
            "0",
            "4294967296",
            "18446744073709551649",
            "",
            "%2B33",
            "33.0",
            "3e1",
            "0x21",
            "%D9%A3",
        ] {
            let path = format!("/license.api/{method}?feature={feature}");
            let error = is_refused(&gateway, 400, &path, get(&path));
            assert!(error.starts_with("The parameter feature is "), "{error}");
            is_refused(&gateway, 400, &path, post(method, format!("feature={feature}")));
        }
    }
    // The largest there is, and one with spaces around it, are numbers.
    let mut wire = HttpWire::to(gateway.address());
    let error = wire.send(get("/license.api/featureavailable?feature=4294967295")).answer().error();
    assert!(error.starts_with("(2008) "), "{error}");
    wire.send(get("/license.api/featureavailable?feature=+33%20")).answer().result();
    is_well(&gateway);
}

#[test]
fn a_parameter_that_is_missing_or_doubled_is_named() {
    let (world, gateway) = World::with_gateway();
    for (method, form, error) in [
        ("featureavailable", "", "The parameter feature is missing."),
        ("capturefeature", "Feature=33", "The parameter feature is missing."),
        ("releasefeature", "feature=33", "The parameter session is missing."),
        ("releasefeature", "session=1", "The parameter feature is missing."),
        ("addtrial", "", "The parameter product is missing."),
        ("activatecoupon", "coupon=", "The parameter coupon is missing."),
        ("changekey", "", "The parameter key is missing."),
        ("gettrial", "companyname=A&contact=B&product=11", "The parameter email is missing."),
        ("featureavailable", "feature=33&feature=33", "The parameter feature comes twice."),
        ("featureavailable", "feature=33&feature=41", "The parameter feature comes twice."),
        ("featureavailable", "feature=33&f%65ature=33", "The parameter feature comes twice."),
        ("changekey", "key=&key=", "The parameter key comes twice."),
        ("sendmetrics", "DMI=a&DMI=b", "The parameter DMI comes twice."),
    ] {
        let said = is_refused(&gateway, 400, form, post(method, form));
        assert_eq!(said, error, "{method}: {form}");
    }
    let twice = with_headers(
        "POST",
        "featureavailable?feature=33",
        &["Content-Type: application/x-www-form-urlencoded"],
        "feature=33",
    );
    assert_eq!(is_refused(&gateway, 400, "in both places", twice), "The parameter feature comes twice.");
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn what_is_no_form_is_refused() {
    let (_world, gateway) = World::with_gateway();
    let malformed: [&[u8]; 9] = [
        b"feature=33%",
        b"feature=33%3",
        b"feature=%zz",
        b"feature=33&x=%",
        b"%=33",
        b"feature=33&x=%ff",
        b"feature=33&x=%c3%28",
        b"feature=33&x=\xff",
        b"feature=33&x=%ED%A0%80",
    ];
    for form in malformed {
        let shown = String::from_utf8_lossy(form);
        let error = is_refused(&gateway, 400, &shown, post("featureavailable", form));
        assert_eq!(error, "The parameters are not percent-encoded UTF-8.", "{shown}");
        if !form.contains(&0xff) {
            is_refused(&gateway, 400, &shown, get(&format!("/license.api/featureavailable?{shown}")));
        }
    }
    let form = "application/x-www-form-urlencoded";
    for kind in [
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
        "",
        form.strip_suffix('d').unwrap(),
    ] {
        let headers = [format!("Content-Type: {kind}")];
        let request = with_headers("POST", "featureavailable", &[&headers[0]], "feature=33");
        is_refused(&gateway, 415, kind, request);
    }
    is_refused(&gateway, 415, "no content type", with_headers("POST", "featureavailable", &[], "feature=33"));
    for kind in
        [form, "Application/X-WWW-Form-URLEncoded", "application/x-www-form-urlencoded; charset=UTF-8"]
    {
        let headers = [format!("Content-Type: {kind}")];
        let request = with_headers("POST", "featureavailable", &[&headers[0]], "feature=33");
        HttpWire::to(gateway.address()).send(request).answer().result();
    }
    is_well(&gateway);
}

#[test]
fn a_form_that_is_too_large_is_refused() {
    let (_world, gateway) = World::with_gateway();
    let megabyte = format!("feature=33&x={}", "a".repeat(1 << 20));
    is_refused(&gateway, 413, "a body of 1 MB", post("featureavailable", &megabyte));
    is_refused(&gateway, 413, "a metric of 1 MB", post("sendmetrics", format!("DMI={megabyte}")));
    let endless = with_headers("POST", "featureavailable", &["Transfer-Encoding: chunked"], "");
    let endless = String::from_utf8(endless).unwrap().replace("Content-Length: 0\r\n", "");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x1_0000));
    is_refused(&gateway, 413, "chunks of 1 MB", format!("{endless}{}0\r\n\r\n", chunk.repeat(16)));

    let many = |count: u32| (0..count).map(|at| format!("p{at}=")).collect::<Vec<_>>().join("&");
    for count in [200, 8_000] {
        let error = is_refused(&gateway, 400, "many", post("featureavailable", many(count)));
        assert_eq!(error, "There are more than 128 parameters.");
    }
    is_refused(&gateway, 413, "10,000 parameters", post("featureavailable", many(10_000)));
    is_refused(
        &gateway,
        400,
        "many in the query",
        get(&format!("/license.api/featureavailable?{}", many(1_000))),
    );
    is_refused(&gateway, 400, "ampersands and one", post("addtrial", "&".repeat(60_000)));
    is_well(&gateway);
}

#[test]
fn other_verbs_are_refused() {
    let (_world, gateway) = World::with_gateway();
    for verb in ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", "get"] {
        let error =
            is_refused(&gateway, 405, verb, with_headers(verb, "featureavailable?feature=33", &[], ""));
        assert_eq!(error, "featureavailable is asked by GET or POST.");
        is_refused(&gateway, 405, verb, with_headers(verb, "changekey", &[], ""));
    }
    let mut wire = HttpWire::to(gateway.address());
    let head = wire.send(with_headers("HEAD", "featureavailable?feature=33", &[], "")).answer_to_head();
    assert_eq!(head.status, 405, "{head:?}");
    assert_eq!(wire.send(good()).answer().status, 200, "no body came");
    is_refused(&gateway, 404, "OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for target in ["127.0.0.1:8223", "example.org:443"] {
        let connect = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        let answer = HttpWire::to(gateway.address()).send(connect).answer();
        assert!([400, 403, 404, 405].contains(&answer.status), "{answer:#?}");
        answer.error();
    }
    is_well(&gateway);
}

#[test]
fn what_changes_something_takes_its_parameters_from_the_body_alone() {
    let (world, gateway) = World::with_gateway();
    for method in ["changekey", "gettrial", "addtrial", "activatecoupon", "sendmetrics", "getlicenseinfo"] {
        let path = format!("{method}?key=&product=11&coupon=MIKOUPD-AAAAA-AAAAA-AAAAA-AAAAA");
        is_refused(&gateway, 405, method, get(&format!("/license.api/{path}")));
        is_refused(&gateway, 400, method, post(&path, ""));
    }
    keeps_its_number(&world);
    is_well(&gateway);
}

#[test]
fn random_changes_of_a_request_do_no_harm() {
    let (world, gateway) = World::with_gateway();
    let mut random = chance::generator();
    let requests = [good(), post("capturefeature", "feature=33"), post("activatecoupon", "coupon=MIKOUPD-1")];
    for _ in 0..600 {
        let mut request = random.choice(&requests).unwrap().clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(0..request.len());
            match random.u8(0..4) {
                0 => request[at] = random.u8(..),
                1 => request.insert(at, random.u8(..)),
                2 if request.len() > 1 => drop(request.remove(at)),
                _ => request.truncate(at.max(1)),
            }
        }
        let mut wire = HttpWire::to(gateway.address());
        wire.send(&request);
        wire.stream().shutdown(std::net::Shutdown::Write).unwrap();
        // Whatever comes is whole; and a body that is an answer is one of ours.
        let shown = String::from_utf8_lossy(&request);
        while let Some(head) = wire.head() {
            assert!(head.starts_with("HTTP/1."), "{shown}: {head}");
            if request.starts_with(b"HEAD") {
                break;
            }
            let answer = wire.body_of(head);
            if answer.status == 200 {
                answer.result()
            } else {
                answer.error()
            };
        }
    }
    keeps_its_number(&world);
    is_well(&gateway);
}
