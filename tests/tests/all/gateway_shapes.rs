//! Every request of today's MikoPBX in every shape in which it has come, and every answer that it can get, read
//! as it reads it.

use std::{process::Command, time::Duration};

use end_to_end::{
    Answered, Host, Pbx, World, host::EMAIL, middlebox::Middlebox, silent::SilentServer, world,
};
use serde_json::{Value, json};

/// A company whose name is a trap for everybody who encodes or decodes once too often, or not at all.
const COMPANY: &str = r#"ООО "Ромашка" & 'Ко' <100%+1> %41 &amp; "#;

/// A number and a coupon that nobody has.
const UNKNOWN_NUMBER: &str = "MIKO-AB1CD-EF2GH-IJ3KL-MN4OP";
const UNKNOWN_COUPON: &str = "MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP";

/// Everything is answered in less than this; after 25 seconds a PBX takes no answer for a success.
const PROMISED: Duration = Duration::from_secs(20);

fn form(company: &str, email: &str) -> Value {
    json!({
        "companyname": company, "email": email, "contact": "Анна <Петрова> & Co", "tel": "+7 (495) 000-00-00",
        "inn": "7700000000", "description": "", "product": 11,
    })
}

/// A host with the PBX of [`COMPANY`], registered by it. Gives the number too.
fn registered() -> (World, Pbx, String) {
    let world = World::new();
    let pbx = Pbx::on(&world.host);
    let number = pbx.calls("gettrial", &form(COMPANY.trim(), EMAIL)).text().to_owned();
    (world, pbx, number)
}

#[test]
fn every_method_succeeds_in_every_shape_in_which_it_is_called() {
    let (world, pbx, number) = registered();
    assert!(number.len() == 28 && number.starts_with("MIKO-"), "{number:?}");
    assert_eq!(world.host.number(), number);

    for (method, parameters) in [
        ("changekey", json!({ "key": number })),
        ("addtrial", json!({ "product": 11 })),
        ("addtrial", json!({ "product": 96 })),
        ("activatecoupon", json!({ "coupon": format!(" {} ", world.server.coupon(81)) })),
        ("sendmetrics", json!({ "key": number, "PBXname": "MikoPBX@2026.1.12", "DMI": "a & b = \"c\"" })),
        ("getlicenseinfo", json!({})),
        ("getlicenseinfo", json!({ "key": "" })),
        ("getlicenseinfo", json!({ "key": number })),
        ("ping", json!({})),
    ] {
        let call = pbx.calls(method, &parameters);
        assert!(call.came_to() == "200" && call.understood() == "success", "{call:#?}");
    }
    for (method, parameters) in
        [("featureavailable", json!({ "feature": 45 })), ("capturefeature", json!({ "feature": "45" }))]
    {
        for shape in ["get", "post"] {
            let call = pbx.calls_as(shape, method, &parameters);
            assert!(call.came_to() == "200" && !call.text().is_empty(), "{shape}: {call:#?}");
        }
    }
    assert_eq!(pbx.calls("changekey", &json!({ "key": "" })).came_to(), "200");
    assert_eq!(world.host.state(), "unregistered");
}

#[test]
fn a_unix_socket_answers_as_the_port_does() {
    let world = World::new();
    let mut pbx = Pbx::prepared(&world.host);
    let socket = world.folder.path().join("gateway.sock");
    pbx.gateway = pbx.gateway.flag("--listen-unix", &socket);
    pbx.gateway.start();
    let number = pbx.calls_over(&socket, "gettrial", &form(COMPANY, EMAIL)).text().to_owned();
    assert_eq!(pbx.calls("gettrial", &form(COMPANY, EMAIL)).text(), number);
    for (method, parameters) in [
        ("capturefeature", json!({ "feature": 33 })),
        ("capturefeature", json!({ "feature": 45 })),
        ("getlicenseinfo", json!({})),
        ("activatecoupon", json!({ "coupon": UNKNOWN_COUPON })),
    ] {
        let [over_tcp, over_unix] =
            [pbx.calls(method, &parameters), pbx.calls_over(&socket, method, &parameters)];
        assert_eq!((over_tcp.status(), over_tcp.body()), (over_unix.status(), over_unix.body()), "{method}");
    }
}

#[test]
fn a_captured_feature_is_captured_again_and_given_back() {
    let (world, pbx, number) = registered();
    pbx.calls("activatecoupon", &json!({ "coupon": world.server.coupon(81) }));
    let session = pbx.calls("capturefeature", &json!({ "feature": 45 })).session().to_owned();
    for shape in ["get", "post"] {
        assert_eq!(pbx.calls_as(shape, "capturefeature", &json!({ "feature": 45 })).session(), session);
    }
    assert_eq!(world.server.captured(&number, 45), 1);

    for shape in ["get", "post"] {
        let session = pbx.calls("capturefeature", &json!({ "feature": 45 })).session().to_owned();
        let given_back = json!({ "session": session, "feature": 45 });
        assert_eq!(pbx.calls_as(shape, "releasefeature", &given_back).came_to(), "200");
        assert_eq!(world.host.check(45), "denied 2008");
        assert_eq!(world.server.captured(&number, 45), 0);
    }
    let again = pbx.calls("releasefeature", &json!({ "session": session, "feature": 45 }));
    assert_eq!((again.status(), again.understood()), (403, "as it is"), "nobody holds it");
}

#[test]
fn the_license_is_shown_to_the_letter() {
    let (world, pbx, number) = registered();
    let own = pbx.license();
    assert_eq!(own.attributes(), ["companyname", "contact", "email", "tel"], "and no key");
    let [mikopbx] = &own.products()[..] else { panic!("one product: {own:#?}") };
    assert_eq!(*mikopbx.0, json!({ "name": "MikoPBX", "expired": "", "trial": "0" }));
    let seat = json!({ "name": "MikoPBX base", "count": "1", "counteach": "1", "captured": "1" });
    assert_eq!(*mikopbx.1[0], seat);

    pbx.calls("activatecoupon", &json!({ "coupon": world.server.coupon(81) }));
    pbx.calls("addtrial", &json!({ "product": 85 }));
    let license = pbx.license();
    assert_eq!(license.attribute("companyname"), COMPANY.trim());
    assert_eq!(license.attribute("contact"), "Анна <Петрова> & Co");
    assert_eq!([license.attribute("email"), license.attribute("tel")], [EMAIL, "+7 (495) 000-00-00"]);
    assert_eq!(license.products().len(), 3);
    for (product, features) in license.products() {
        let named = ["name", "expired", "trial"].map(|name| product[name].as_str().unwrap());
        let ends = ends(&world.host, named[0]);
        assert_eq!(named[1], ends.as_ref().map_or("", |(day, _)| day), "{product:#}");
        assert_eq!(named[2] == "1", named[0].contains("1C"), "{product:#}");
        assert!(!features.is_empty(), "{product:#}");
        for feature in features {
            let attributes: Vec<_> = feature.as_object().unwrap().keys().collect();
            assert_eq!(attributes, ["captured", "count", "counteach", "name"], "{feature:#}");
        }
    }
    let (_, seconds) = ends(&world.host, "amoCRM integration").unwrap();
    assert_eq!(
        seconds % 86400,
        43200,
        "it ends at noon UTC of the day that is shown, so this is the first day without it"
    );

    let body = pbx.calls("getlicenseinfo", &json!({ "key": number })).body().to_owned();
    let encoded = serde_json::from_str::<Value>(&body).unwrap()["result"].as_str().unwrap().to_owned();
    assert!(!encoded.contains(['+', ' ', '<', '"', '&']), "what is form-decoded is encoded whole: {encoded}");
}

/// The day on which a product ends by the daemon's word, and the second.
fn ends(host: &Host, product: &str) -> Option<(String, i64)> {
    let info = host.licensectl(&["info"]).ended_with(0).json();
    let products = info["products"].as_array().unwrap();
    let found = products.iter().find(|found| product.contains(found["name"].as_str().unwrap())).unwrap();
    let seconds = found["expires_at"].as_i64()?;
    let date = Answered::by(Command::new("date").args(["--utc", "--date", &format!("@{seconds}"), "+%F"]));
    Some((date.ended_with(0).stdout.trim().to_owned(), seconds))
}

#[test]
fn a_refusal_says_its_code_in_the_way_that_is_looked_for() {
    let (world, pbx, number) = registered();
    let server = &world.server;
    let used = server.coupon(81);
    assert_eq!(pbx.calls("activatecoupon", &json!({ "coupon": used })).came_to(), "200");
    let blocked = server.coupon(81);
    server.admin(&["coupon", "block", &blocked]).ended_with(0);
    for (method, parameters, code) in [
        ("activatecoupon", json!({ "coupon": UNKNOWN_COUPON }), "2040"),
        ("activatecoupon", json!({ "coupon": "MIKOUPD" }), "2040"),
        ("activatecoupon", json!({ "coupon": used }), "2041"),
        ("activatecoupon", json!({ "coupon": blocked }), "2057"),
        ("gettrial", form("ООО «Василёк»", EMAIL), "2022"),
        ("gettrial", form(COMPANY, "other@romashka.example"), "2051"),
        ("getlicenseinfo", json!({ "key": UNKNOWN_NUMBER }), "wrong number"),
        ("getlicenseinfo", json!({ "key": "MIKO-2008" }), "wrong number"),
        ("changekey", json!({ "key": UNKNOWN_NUMBER }), "2026"),
        ("changekey", json!({ "key": "nonsense" }), "2026"),
        ("addtrial", json!({ "product": 9998 }), "2008"),
        ("featureavailable", json!({ "feature": 9999 }), "2008"),
        ("capturefeature", json!({ "feature": 9999 }), "2008"),
        ("releasefeature", json!({ "session": "s-2041", "feature": 45 }), "as it is"),
    ] {
        let call = pbx.calls(method, &parameters);
        assert_eq!(call.understood(), code, "{parameters}: {call:#?}");
        assert!((400..500).contains(&call.status()), "{call:#?}");
    }
    let wrong = pbx.calls("getlicenseinfo", &json!({ "key": UNKNOWN_NUMBER }));
    assert_eq!(wrong.came_to(), "400 2026");
    for feature in ["featureavailable", "capturefeature"] {
        assert_eq!(pbx.calls(feature, &json!({ "feature": 9999 })).came_to(), "403 2008");
    }
    assert_eq!(world.host.number(), number, "the old number stays");
    assert_eq!(pbx.asks(45), "200");
}

#[test]
fn an_expired_license_says_so() {
    let (world, pbx, number) = registered();
    let add = ["grant", "add", "--number", &number, "--product", "81", "--seats", "1", "--days", "1"];
    let added = world.server.admin(&add).ended_with(0).stdout;
    let grant = added.split([' ', ',']).nth(3).unwrap();
    assert_eq!(pbx.calls("capturefeature", &json!({ "feature": 45 })).came_to(), "200");
    world.server.admin(&["grant", "end", grant]).ended_with(0);
    world.host.recheck();
    for (method, shape) in [("featureavailable", "get"), ("capturefeature", "post")] {
        let call = pbx.calls_as(shape, method, &json!({ "feature": 45 }));
        assert_eq!([call.came_to().as_str(), call.understood()], ["403 2011", "2011"]);
    }
}

#[test]
fn a_host_without_a_number_is_told_so() {
    let world = World::new();
    let pbx = Pbx::on(&world.host);
    for (method, parameters, understood) in [
        ("featureavailable", json!({ "feature": 33 }), "2009"),
        ("capturefeature", json!({ "feature": 33 }), "2009"),
        ("addtrial", json!({ "product": 81 }), "2009"),
        ("activatecoupon", json!({ "coupon": world.server.coupon(81) }), "2037"),
        ("getlicenseinfo", json!({}), "2009"),
    ] {
        let call = pbx.calls(method, &parameters);
        assert_eq!(call.understood(), understood, "{call:#?}");
    }
    assert_eq!(pbx.calls("changekey", &json!({ "key": "" })).came_to(), "200", "there is nothing to forget");
}

/// What the PBX is told by a host that cannot reach its license server, by whatever it asks for at once.
fn without_answer(pbx: &Pbx, number: &str, code: &str) {
    let asked = [
        ("getlicenseinfo", json!({ "key": UNKNOWN_NUMBER })),
        ("gettrial", form("ООО «Василёк»", "office@vasilek.example")),
        ("activatecoupon", json!({ "coupon": UNKNOWN_COUPON })),
        ("addtrial", json!({ "product": 96 })),
        ("changekey", json!({ "key": UNKNOWN_NUMBER })),
        ("capturefeature", json!({ "feature": 45 })),
    ];
    let steps = asked
        .map(|(method, parameters)| json!({ "step": "call", "method": method, "parameters": parameters }));
    let all: Vec<_> = steps.iter().map(|step| pbx.begins(&json!([step]))).collect();
    for asking in all {
        let call = asking.ends().remove(0).only_call();
        assert!(call.error().starts_with(&format!("({code}) ")), "{call:#?}");
        assert!((502..=504).contains(&call.status()), "{call:#?}");
        assert_eq!(call.error().contains("Host lookup failed"), code == "1011", "{call:#?}");
        assert!(call.took() < PROMISED, "{call:#?}");
        if call.method() == "getlicenseinfo" {
            assert_eq!(call.understood(), "no answer", "{call:#?}");
        }
    }
    assert_eq!(pbx.asks(33), "200", "what is held goes on");
    let own = pbx.calls("getlicenseinfo", &json!({ "key": number }));
    assert_eq!(own.came_to(), "200", "the license that is held is known: {own:#?}");
}

/// A host with a license whose license server is elsewhere from now on.
fn moved_to(url: &str) -> (World, Pbx, String) {
    let (mut world, mut pbx, number) = registered();
    pbx.gateway.kill();
    world.host.kill();
    world.host = world.host.flag("--server", url);
    world.host.start();
    pbx.gateway.start();
    (world, pbx, number)
}

#[test]
fn a_name_that_is_not_found_is_said_in_the_words_that_the_pbx_knows() {
    let (_world, pbx, number) = moved_to("https://licenses.invalid");
    without_answer(&pbx, &number, "1011");
    let told = pbx.calls("addtrial", &json!({ "product": 96 }));
    assert_eq!(told.understood(), "host lookup failed");
}

#[test]
fn a_closed_port_is_no_connection() {
    let (mut world, pbx, number) = registered();
    world.server.kill();
    without_answer(&pbx, &number, "1012");
}

#[test]
fn an_unknown_authority_is_said_to_be_one() {
    let folder = world::folder();
    let middlebox = Middlebox::new(folder.path(), "127.0.0.1:1");
    let (_world, pbx, number) = moved_to(&middlebox.url());
    without_answer(&pbx, &number, "1013");
}

#[test]
fn a_silent_license_server_is_waited_for_but_not_too_long() {
    let silent = SilentServer::new();
    let (_world, pbx, number) = moved_to(&silent.url());
    without_answer(&pbx, &number, "1014");
}
