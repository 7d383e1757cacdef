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

const PREFIX: &str = "Nov 25 00:00:00 pbx licensed[7]: ";

/// What is hidden in a line of syslog, `⏎` being where it was wrapped.
#[test]
fn no_log_daemon_terminal_or_way_to_write_keeps_a_secret() {
    let lines = [
        "key is MIKO-AB5⏎DE-FGHIJ-KLMNO-PQRST now",
        "proxy http://bob:SEC⏎RET4@proxy:3128",
        "host pbx-ka⏎zan-17 answers",
        "MIKO-AB5#012DE-FGHIJ-KLMNO-PQRST",
        r"MIKO\055AB5DE\055FGHIJ\055KLMNO\055PQRST",
        r"MIKO\x2dAB5DE\x2dFGHIJ\x2dKLMNO\x2dPQRST",
        r"MIKO\u{2d}AB5DE\u{2d}FGHIJ\u{2d}KLM\u{200b}NO\u{2d}PQRST",
        "MIKO&#45;AB5DE&#x2d;FGHIJ&#045;KLMNO&amp;#45;PQRST",
        "MIKO-AB\u{1b}[1;31m5DE-FGHIJ\u{1b}[0m-KLMNO-PQRST",
        "MIKO-AB5#033[1mDE-FGHIJ-KL#033[0mMNO-PQRST",
        "MIKO-AB5DE-FGH\u{1b}]8;;x\u{7}IJ-KLMNO-PQRST",
        "MIKO-AB\u{ad}5DE-FG\u{200b}HIJ-KL\u{feff}MNO\u{2060}-PQRST",
        "MIKO%E2%80%91AB5DE-FG%E2%80%8BHIJ-KLMNO-PQRST",
        "AB5DE-FGHIJ-KLMNO-PQRST",
        "number AB5⏎DE-FGHIJ-KLMNO-PQRST",
        "accessToken=SECRET4 x",
        r#"{"userPassword":"SECRET4","a":1}"#,
        "proxy_pass=SECRET4",
        "proxyPass: SECRET4",
        "pass=SECRET4",
        "sid=SECRET4",
        "sess=SECRET4",
        "coupon=SECRET4",
        "key=SECRET4",
        "password => SECRET4",
        r#""company":"SECRET4""#,
        "company: SECRET4 and SECRET4",
        "contact_name=SECRET4 SECRET4 seats=3",
        "GET /x;jsessionid=SECRET4 200",
        "<password>SECRET4</password>",
        "&lt;password&gt;SECRET4&lt;/password&gt;",
        "%3Cpassword%3ESECRET4%3C%2Fpassword%3E",
        "<SESSIONID>SECRET4</SESSIONID>",
        r#"<session id="SECRET4"/>"#,
        "password is SECRET4",
        "the password is hunter for now",
        "token SECRET4",
        "session SECRET4 ended",
        "api key SECRET4",
        "session s-7f3a ended",
        "http://user:SECRE TC4@proxy",
        "user:SEC\"RET4@proxy",
        "http://user:SEC\"RET4@proxy",
        r#"authorization header Digest username="SECRET4", response="SECRET4""#,
        "ИНН: 7701234567",
        "инн 7701234567",
        "INN 7701234567",
        "pass\u{200b}word=SECRET4",
        "pass\u{1b}[1mword=\u{1b}[0mSECRET4",
        "p%61ssword=SECRET4",
        "user[password]=SECRET4",
        "X-Auth-Token: SECRET4",
        "x-api-key: SECRET4",
        "Authorization Bearer SECRET4",
        "PGPASSWORD=SECRET4 psql",
        r#"{"clientSecret": "SECRET4"}"#,
        "curl -u bob:SECRET4 https://lic.example",
        "Привязка: SECRET4",
        "пароль: SECRET4",
        "Пароль SECRET4",
        "Телефон: 5550-SECRET4",
        "Контакт: Иван SECRET4",
        "\\u0438\\u043d\\u043d: 7701234567",
    ];
    let secrets = [
        "FGHIJ",
        "KLMNO",
        "HIJ-KL",
        "MNO",
        "SEC",
        "RET4",
        "TC4",
        "kazan",
        "7f3a",
        "hunter",
        "7701234567",
        "pbx-ka",
    ];
    let mut shown: Vec<_> = lines
        .into_iter()
        .map(|line| {
            let line = format!("{PREFIX}{line}\n").replace('⏎', &format!("\n{PREFIX}"));
            redact(line.as_bytes(), &["pbx-kazan-17".to_owned()]).text
        })
        .collect();
    for other in
        ["2026-11-25T00:00:00.5+0300 pbx licensed[7]: ", "Nov  5 00:00:00 pbx user.info licensed[7]: "]
    {
        let line =
            format!("{other}MIKO-AB5DE-FG\n{other}HIJ-KL\r\n{other}MNO-PQRST http://a:b\n{other}SEC@proxy");
        shown.push(redact(line.as_bytes(), &[]).text);
    }
    shown.push(redact(b"pass\xffword=SECRET4", &[]).text);
    let shown = shown.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned());
    let wrong: Vec<_> = shown.filter(|line| secrets.iter().any(|secret| line.contains(secret))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_ordinary_line_stays_as_it_is() {
    let lines = [
        "licensed 1.4.2 (linux 6.1.0-44-amd64) starts, protocol 3",
        "MESSAGE_ID=5f0c44e8a9b04f6e8d1b2c3d4e5f6071 _BOOT_ID=0f8fad5bd9cb469fa16570867728950e",
        "boot id 0f8fad5b-d9cb-469f-a165-70867728950e",
        "error sending request for url (https://lic.example.com:443/v1/check): connection refused (os error 111)",
        "https://lic.example.com/v1/keys answers 503; next try in 30 s",
        "proxy http://proxy.example:3128 refuses (407 Proxy Authentication Required)",
        "code LICENSE-SEATS-TAKEN (2049) for feature 45",
        "host name pbx-17.office.example, resolver 192.0.2.1#53",
        "key_id=7 keyboard: us, keys: 3, monkey 5",
        "the session is released, no session is left",
        "password required, token expired, session ended",
        "a token is missing",
        "the key of this host is kept in /var/lib/licensed/host.key",
        "session: null, token: none",
        "key: MIKO-*****-*****-*****-MN4OP",
        r#"{"key":{"state":"bound"},"seats":[1,2],"session":null,"feature":45}"#,
        "compass: north; bypass=1; passed: 4",
        "0600 0 0 2048 1732488330 host.key",
        "systemd[1]: Started licensed.service - licensing daemon.",
        "Active: active (running) since Tue 2026-11-24 22:45:30 UTC; 1h 2min ago",
        "nameserver 192.0.2.1 # from DHCP",
        "проверка через 30 с, лицензия действует до 2027-01-01",
    ];
    let changed: Vec<_> = lines
        .into_iter()
        .flat_map(|line| [line.to_owned(), format!("{PREFIX}{line}\n{PREFIX}next line")])
        .map(|line| (redacted(&line), line))
        .filter(|(shown, line)| shown != line)
        .collect();
    assert!(changed.is_empty(), "{changed:#?}");
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
            4 => out.extend(format!("\\{byte:03o}").bytes()),
            5 => out.extend(format!("&#{byte};").bytes()),
            _ => out.push(byte),
        }
    }
    out
}

/// What somebody can read in a text who undoes encodings and line ends.
fn readable(text: &[u8]) -> String {
    String::from_utf8_lossy(View::decoded(text).clean().joined().text()).to_uppercase()
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn no_number_survives_wherever_it_stands(
        number in number(),
        how in prop::collection::vec(0_u8..16, 1..30),
        breaks in prop::collection::vec((0_usize..30, select(vec!["\n", "\r\n", "\n    ", "\x1a", "\u{0}", "\nNov 25 00:00:00 pbx licensed[7]: ", "\x1b[1m", "\u{200b}", "#012"])), 0..4),
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
        how in prop::collection::vec(0_u8..16, 1..30),
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
            ("accessToken=", " "),
            ("<password>", "</password>"),
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
    fn no_known_secret_survives(secret in "[a-z]{2}([ -]?[a-zа-я0-9]){4,12}", how in prop::collection::vec(0_u8..16, 1..30), before in bytes()) {
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
