use proptest::{prelude::*, sample::select};

use super::*;

fn redacted(text: &str) -> String {
    String::from_utf8(redact(text.as_bytes(), &["pbx-kazan-17".to_owned()]).text).unwrap()
}

#[test]
fn what_is_secret_is_hidden_and_the_rest_stays() {
    let cases = [
        // Numbers and coupons, in any form that a log may have them in.
        ("key MIKO-AB1CD-EF2GH-IJ3KL-MN4OP is new", "key MIKO-…-MN4OP is new"),
        ("coupon MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP", "coupon MIKOUPD-…-MN4OP"),
        ("miko-ab1cd-ef2gh-ij3kl-mn4op", "miko-…-mn4op"),
        ("MIKO%2DAB1CD%2DEF2GH%2DIJ3KL%2DMN4OP", "MIKO%2D…%2DMN4OP"),
        ("MIKO%252dAB1CD%252dEF2GH%252dIJ3KL%252dMN4OP", "MIKO%252d…%252dMN4OP"),
        (r"MIKO\x2dAB1CD\x2dEF2GH\u002dIJ3KL\\u002dMN4OP", r"MIKO\x2d…\\u002dMN4OP"),
        ("MIKO–AB1CD–EF2GH–IJ3KL–MN4OP", "MIKO–…–MN4OP"),
        ("MIKO AB1CD EF2GH IJ3KL MN4OP", "MIKO … MN4OP"),
        ("MIKOAB1CDEF2GHIJ3KLMN4OP", "MIKO…MN4OP"),
        ("MIKO-AB1CD-EF2\n    GH-IJ3KL-\r\nMN4OP end", "MIKO-…\n-\r\nMN4OP end"),
        ("cut off: MIKO-AB1CD-EF2GH-IJ", "cut off: MIKO-…"),
        ("MIKO-AB1CD-MIKO-ZZ1CD-EF2GH-IJ3KL-MN4OP", "MIKO-AB1CD-MIKO-…-MN4OP"),
        ("MIKO-*****-*****-*****-MN4OP", "MIKO-*****-*****-*****-MN4OP"),
        // URLs.
        ("proxy http://bob:pw@proxy:3128 answers", "proxy http://…@proxy:3128 answers"),
        ("http://bob:p@s/s?w#d@proxy:3128", "http://…"),
        ("http://bob:p%20w%22%40@proxy:3128/", "http://…@proxy:3128/"),
        ("https_proxy=bob:pw@proxy:3128", "https_proxy=…@proxy:3128"),
        ("http://bob:p\n  w@proxy", "http://…\n@proxy"),
        ("next=http%3A%2F%2Fbob%3Ap%2520w%40proxy", "next=http%3A%2F%2F…%40proxy"),
        ("GET https://lic.example/v1/x?key=a%20b&c=d HTTP/1.1", "GET https://lic.example/v1/x?… HTTP/1.1"),
        ("\"GET /license.api/ping?a=b'c\" 200", "\"GET /license.api/ping?…\" 200"),
        ("https://lic.example:443/v1/keys", "https://lic.example:443/v1/keys"),
        // Headers.
        ("Authorization: Basic dXNlcjpwYXNz\nHost: x", "Authorization:…\nHost: x"),
        ("proxy-authorization: Basic dXNl\n cjpwYXNz\nHost: x", "proxy-authorization:…\n\nHost: x"),
        ("Authorization: Basic dXNl\ncjpwYXNz\nHost: x", "Authorization:…\n\nHost: x"),
        (r"\r\nProxy-Authorization: Basic dXNlcjpw\r\n", r"\r\nProxy-Authorization:…"),
        ("sent Basic dXNlcjpwYXNz to it", "sent Basic … to it"),
        ("a basic configuration", "a basic configuration"),
        // By name.
        (r#"{"session":"s-7f3a","feature":45}"#, r#"{"session":"…","feature":45}"#),
        (r#"{"session":null,"seats":null}"#, r#"{"session":null,"seats":null}"#),
        (r#"{\"session\":\"s-7f3a\"}"#, r#"{\"session\":\"…\"}"#),
        ("released session=s-7f3a feature=45", "released session=… feature=45"),
        ("%22session%22%3A%22s-7f3a%22 x", "%22session%22%3A… x"),
        ("password = \"a\"b c\"\nlog = \"info\"", "password = \"…\"\nlog = \"info\""),
        ("LICENSED_HOST_ID=abc", "LICENSED_HOST_ID=…"),
        ("host.id = 'abc d'", "host.id = '…'"),
        (
            "proxy_credentials_file = \"/etc/licensed/proxy\"",
            "proxy_credentials_file = \"/etc/licensed/proxy\"",
        ),
        (
            "COMMAND=licensectl register --contact \"Ivan P\" --phone 5550001",
            "COMMAND=licensectl register --contact \"…\" --phone …",
        ),
        ("this host is PBX-Kazan-17.", "this host is …."),
        (
            "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----…\n\n-----END PRIVATE KEY-----",
        ),
        // People.
        ("mail to ivan.petrov@example.com is sent", "mail to …@example.com is sent"),
        ("to иван@пример.рф, then", "to …@пример.рф, then"),
        ("to=ivan%40example.com", "to=…%40example.com"),
        ("call +7 (495) 000-11-22 now", "call +… now"),
        ("call 8 (800) 555-35-35.", "call …."),
        ("tel=84950001122", "tel=…"),
        ("84950001122 rang", "… rang"),
        // What support needs.
        (
            "2026-11-24T22:45:30.123456+0000 pbx licensed[4711]: serial 42, next check in 14400 s",
            "2026-11-24T22:45:30.123456+0000 pbx licensed[4711]: serial 42, next check in 14400 s",
        ),
        (
            "default via 192.168.10.1 dev eth0 proto dhcp metric 100",
            "default via 192.168.10.1 dev eth0 proto dhcp metric 100",
        ),
        ("fe80::5054:ff:fe12:3456/64 00:50:56:12:34:56", "fe80::5054:ff:fe12:3456/64 00:50:56:12:34:56"),
        ("key 5f0c44e8a9b04f6e8d1b2c3d4e5f6071", "key 5f0c44e8a9b04f6e8d1b2c3d4e5f6071"),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .map(|(text, expected)| (text, redacted(text), expected))
        .filter(|(_, shown, expected)| shown != expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_was_hidden_is_counted_once() {
    let text = b"MIKO-AB1CD-EF2GH-IJ3KL-MN4OP http://a:b@c MIKO-AB1CD-EF2GH-IJ3KL-MN4OP i@example.com";
    let hidden: Vec<_> = redact(text, &[]).hidden.into_iter().collect();
    assert_eq!(hidden, [("credentials", 1), ("e-mail", 1), ("number", 2)]);
}

/// How a secret may be written: each byte by itself.
fn written(secret: &str, how: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, byte) in secret.bytes().enumerate() {
        match how[at % how.len()] {
            0 => out.extend(format!("%{byte:02X}").bytes()),
            1 => out.extend(format!("%25{byte:02x}").bytes()),
            2 => out.extend(format!("\\x{byte:02x}").bytes()),
            3 => out.extend(format!("\\\\u{byte:04x}").bytes()),
            _ => out.push(byte),
        }
    }
    out
}

/// What somebody can read in a text who undoes encodings and line ends.
fn readable(text: &[u8]) -> String {
    String::from_utf8_lossy(View::decoded(text).joined().text()).to_uppercase()
}

fn number() -> impl Strategy<Value = String> {
    let group = "[A-Z0-9]{5}";
    (select(vec!["MIKO", "MIKOUPD"]), group, group, group, group)
        .prop_map(|(prefix, a, b, c, d)| format!("{prefix}-{a}-{b}-{c}-{d}"))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(select(br#" %2\"'-:=/?@&MIKO5A\n"#.to_vec()), 0..40),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_number_survives_wherever_it_stands(
        number in number(),
        how in prop::collection::vec(0_u8..12, 1..30),
        breaks in prop::collection::vec((0_usize..30, select(vec!["\n", "\r\n", "\n    ", "\x1a", "\u{0}"])), 0..4),
        before in bytes(),
        after in bytes(),
        lower in any::<bool>(),
    ) {
        let shown = if lower { number.to_lowercase() } else { number.clone() };
        let mut text = before;
        // An unfinished encoding takes what follows for its end, as every reader of it does.
        text.push(b' ');
        for (at, c) in shown.chars().enumerate() {
            for (_, broken) in breaks.iter().filter(|(place, _)| *place == at) {
                text.extend(broken.bytes());
            }
            text.extend(written(&c.to_string(), &[how[at % how.len()]]));
        }
        text.extend(after);
        let secret = &number[number.find('-').unwrap() + 1..number.len() - 6];
        let text = redact(&text, &[]).text;
        prop_assert!(!readable(&text).contains(secret), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn no_secret_with_a_name_or_a_place_survives(
        secret in "[A-Za-z0-9][A-Za-z0-9!$(*_.~-]{6,18}[A-Za-z0-9]",
        how in prop::collection::vec(0_u8..12, 1..30),
        (begin, end) in select(vec![
            ("http://bob:", "@proxy:3128"),
            ("http://", "@proxy"),
            ("https_proxy=bob:", "@proxy:3128"),
            ("/v1/x?key=", " HTTP/1.1"),
            ("https://lic.example/?", ""),
            ("Authorization: Basic ", "\n"),
            ("proxy-authorization: ", "\n"),
            ("Authorization: Basic\n  ", "\n"),
            ("session=", " "),
            ("\"session\":\"", "\"}"),
            ("\\\"session\\\":\\\"", "\\\"}"),
            ("\"password\": \"", "\""),
            ("host.id = \"", "\""),
            ("mail ", "@example.com"),
        ]),
        before in prop::collection::vec(any::<u8>(), 0..40),
        after in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let text = [&before[..], b"\n", begin.as_bytes(), &written(&secret, &how), end.as_bytes(), b"\n", &after].concat();
        let text = redact(&text, &[]).text;
        prop_assert!(!readable(&text).contains(&secret.to_uppercase()), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn no_known_secret_survives(secret in "[a-z]{2}[a-zа-я0-9 -]{4,20}[a-z]", how in prop::collection::vec(0_u8..12, 1..30), before in bytes()) {
        let text = [&before[..], b" ", &written(&secret, &how), b" "].concat();
        let text = redact(&text, std::slice::from_ref(&secret)).text;
        prop_assert!(!readable(&text).contains(&secret.to_uppercase().replace(' ', "")));
    }

    #[test]
    fn nothing_panics_and_lines_stay_lines(text in prop::collection::vec(any::<u8>(), 0..400)) {
        let lines = |text: &[u8]| text.split(|&byte| byte == b'\n').count();
        prop_assert_eq!(lines(&redact(&text, &["abcd".to_owned()]).text), lines(&text));
    }
}
