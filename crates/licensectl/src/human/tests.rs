use jiff::tz::TimeZone;
use license_client::{
    ipc::{FeaturePage, LicenseInfo, NoAnswer, PingFailure, RefusedCommand, Stage, Status},
    types::{Customer, FeatureId, LicensedProduct, ProductFeature, ProductId, SessionId, UnixTime},
};
use license_texts::Language;

use super::*;
use crate::{screen::Look, told::Overview};

/// 2027-01-15 11:00 in Moscow.
const NOW: i64 = 1_800_000_000;

fn reader(language: Language, width: Option<usize>) -> Reader {
    let zone = TimeZone::fixed(jiff::tz::offset(3));
    Reader { language, look: Look { width, is_styled: false }, zone, now: UnixTime(NOW) }
}

fn shown(it: Answer) -> String {
    told(&Told::Answer(it), &reader(Language::English, None))
}

fn in_russian(it: Answer) -> String {
    told(&Told::Answer(it), &reader(Language::Russian, None))
}

fn ago(seconds: i64) -> UnixTime {
    UnixTime(NOW - seconds)
}

fn ahead(seconds: i64) -> UnixTime {
    UnixTime(NOW + seconds)
}

const DAY: i64 = 86_400;

fn granted() -> Verdict {
    Verdict::Granted { until: ahead(30 * DAY), basis: Basis::Fresh }
}

fn denied() -> Verdict {
    Verdict::Denied { code: Code::NO_LICENSE, reason: "No.".to_owned() }
}

fn entitlement(verdict: Verdict, message: &str) -> Entitlement {
    Entitlement {
        feature: FeatureId(45),
        product: Some(ProductId(81)),
        verdict,
        message: message.to_owned(),
        session: Some(SessionId("s-1".to_owned())),
        seats: Some(Seats { total: 3, captured: 1 }),
        last_answer: Some(ago(180)),
        next_check: None,
    }
}

fn feature(id: u32, verdict: Verdict) -> NamedFeature {
    let entitlement = Entitlement { feature: FeatureId(id), ..entitlement(verdict, "") };
    NamedFeature { name: format!("Feature {id}"), entitlement }
}

fn product(id: u32, feature: u32, trial: bool, expires_at: Option<UnixTime>) -> LicensedProduct {
    let seats = Seats { total: 3, captured: 1 };
    let name = format!("Feature {feature}");
    LicensedProduct {
        product: ProductId(id),
        name: format!("Product {id}"),
        trial,
        expires_at,
        features: vec![ProductFeature { feature: FeatureId(feature), name, seats }],
    }
}

fn overview() -> Overview {
    let failure = NoAnswer { code: Code::CONNECTION_FAILED, message: "Refused.".to_owned(), at: ago(60) };
    let refusal = RefusedCommand {
        request: "activate_coupon".to_owned(),
        code: Some(Code::COUPON_USED),
        message: "Used.".to_owned(),
        at: ago(3 * 3600),
    };
    let status = Status {
        number: Some("MIKO-*****-*****-*****-MN4OP".to_owned()),
        company: Some("ООО «Ромашка»".to_owned()),
        server: Some("https://license.example".to_owned()),
        code: Some(Code::CONNECTION_FAILED),
        message: "Away.".to_owned(),
        serial: Some(7),
        last_answer: Some(ago(2 * 3600)),
        last_failure: Some(failure),
        next_check: Some(ahead(90)),
        honoured_until: Some(ahead(30 * DAY)),
        warnings: vec!["The disk is full.".to_owned()],
        bound_since: Some(ago(54 * DAY)),
        last_refusal: Some(refusal),
        ..overview::tests::status(State::Offline)
    };
    let products = vec![product(11, 33, false, None), product(81, 45, true, Some(ahead(14 * DAY)))];
    let offline = Verdict::Granted { until: ahead(30 * DAY), basis: Basis::Offline { since: ago(60) } };
    Overview {
        status,
        products: Some(products),
        features: Some(vec![feature(33, offline), feature(45, denied())]),
    }
}

#[test]
fn the_first_screen_has_the_warnings_first_and_what_to_do_last() {
    let overview = Told::Overview(Box::new(overview()));
    assert_eq!(
        told(&overview, &reader(Language::English, None)),
        "Warning: The disk is full.\n\
         \n\
         ● offline (licensed 0.1.0)\n\
         \x20 (1012) Away.\n\
         \x20 company         ООО «Ромашка»\n\
         \x20 number          MIKO-*****-*****-*****-MN4OP\n\
         \x20 bound since     2026-11-22 11:00 +03 (54 days ago)\n\
         \x20 license server  https://license.example\n\
         \x20 last answer     2027-01-15 09:00 +03 (2 h ago)\n\
         \x20 last failure    2027-01-15 10:59 +03 (60 s ago) (1012) Refused.\n\
         \x20 next check      2027-01-15 11:01 +03 (in 90 s)\n\
         \x20 lease to        2027-02-14 11:00 +03 (in 30 days)\n\
         \x20 serial          7\n\
         \n\
         Product 11 Product 11, for ever\n\
         \x20 33  Feature 33  granted, offline  total 3, captured 1\n\
         \n\
         Product 81 Product 81, trial, expires 2027-01-29 11:00 +03 (in 14 days)\n\
         \x20 45  Feature 45  (2008) denied  total 3, captured 1\n\
         \n\
         Refused: `licensectl coupon`, 2027-01-15 08:00 +03 (3 h ago): (2041) Used.\n\
         \n\
         Next: licensectl doctor"
    );
}

#[test]
fn the_first_screen_is_told_in_russian() {
    let overview = Told::Overview(Box::new(overview()));
    assert_eq!(
        told(&overview, &reader(Language::Russian, None)),
        "Внимание: The disk is full.\n\
         \n\
         ● сервер лицензий недоступен (licensed 0.1.0)\n\
         \x20 (1012) Away.\n\
         \x20 компания            ООО «Ромашка»\n\
         \x20 номер               MIKO-*****-*****-*****-MN4OP\n\
         \x20 привязан с          2026-11-22 11:00 +03 (54 дня назад)\n\
         \x20 сервер лицензий     https://license.example\n\
         \x20 последний ответ     2027-01-15 09:00 +03 (2 ч назад)\n\
         \x20 последний сбой      2027-01-15 10:59 +03 (60 с назад) (1012) Refused.\n\
         \x20 следующая проверка  2027-01-15 11:01 +03 (через 90 с)\n\
         \x20 действует до        2027-02-14 11:00 +03 (через 30 дней)\n\
         \x20 номер ответа        7\n\
         \n\
         Продукт 11 Product 11, бессрочно\n\
         \x20 33  Feature 33  разрешено, без связи  всего 3, занято 1\n\
         \n\
         Продукт 81 Product 81, пробная, истекает 2027-01-29 11:00 +03 (через 14 дней)\n\
         \x20 45  Feature 45  (2008) отказано  всего 3, занято 1\n\
         \n\
         Отказано: `licensectl coupon`, 2027-01-15 08:00 +03 (3 ч назад): (2041) Used.\n\
         \n\
         Дальше: licensectl doctor"
    );
}

#[test]
fn the_first_screen_fits_a_narrow_terminal() {
    let overview = Told::Overview(Box::new(overview()));
    let text = told(&overview, &reader(Language::English, Some(44)));
    assert_eq!(
        text,
        "Warning: The disk is full.\n\
         \n\
         ● offline (licensed 0.1.0)\n\
         \x20 (1012) Away.\n\
         \x20 company: ООО «Ромашка»\n\
         \x20 number: MIKO-*****-*****-*****-MN4OP\n\
         \x20 bound since: 2026-11-22 11:00 +03 (54 days\n\
         \x20     ago)\n\
         \x20 license server: https://license.example\n\
         \x20 last answer: 2027-01-15 09:00 +03 (2 h\n\
         \x20     ago)\n\
         \x20 last failure: 2027-01-15 10:59 +03 (60 s\n\
         \x20     ago) (1012) Refused.\n\
         \x20 next check: 2027-01-15 11:01 +03 (in 90 s)\n\
         \x20 lease to: 2027-02-14 11:00 +03 (in 30\n\
         \x20     days)\n\
         \x20 serial: 7\n\
         \n\
         Product 11 Product 11, for ever\n\
         \x20 33 · Feature 33 · granted, offline · total\n\
         \x20     3, captured 1\n\
         \n\
         Product 81 Product 81, trial, expires\n\
         \x20 2027-01-29 11:00 +03 (in 14 days)\n\
         \x20 45 · Feature 45 · (2008) denied · total 3,\n\
         \x20     captured 1\n\
         \n\
         Refused: `licensectl coupon`, 2027-01-15\n\
         \x20 08:00 +03 (3 h ago): (2041) Used.\n\
         \n\
         Next: licensectl doctor"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 44), "{text}");
}

#[test]
fn who_may_not_see_the_license_is_told_of_its_features() {
    let Overview { status, .. } = overview();
    let status = Status { warnings: Vec::new(), last_refusal: None, ..status };
    let it = Overview { status, products: None, features: Some(vec![feature(45, granted())]) };
    let text = told(&Told::Overview(Box::new(it)), &reader(Language::English, None));
    assert!(text.contains("\n  45  Feature 45  granted  total 3, captured 1\n"), "{text}");
}

#[test]
fn a_check_says_what_who_and_when_in_local_time() {
    assert_eq!(
        shown(Answer::Entitlement(entitlement(granted(), "Feature 45 may run."))),
        "Feature 45 (product 81): granted, honoured until 2027-02-14 11:00 +03 (in 30 days)\n\
         \x20 Feature 45 may run.\n\
         \x20 seats        total 3, captured 1\n\
         \x20 session      s-1\n\
         \x20 last answer  2027-01-15 10:57 +03 (3 min ago)"
    );
}

#[test]
fn several_features_and_a_captured_seat_show_the_same_lines() {
    let one = entitlement(denied(), "(2008) No.");
    let single = shown(Answer::Entitlement(one.clone()));
    assert!(single.starts_with("Feature 45 (product 81): denied\n  (2008) No.\n"), "{single}");
    let both = Answer::Entitlements(vec![one.clone(), one.clone()]);
    assert_eq!(shown(both), format!("{single}\n{single}"));
    let captured = Captured { session: SessionId("s-1".to_owned()), entitlement: one };
    assert_eq!(shown(Answer::Captured(captured)), format!("Session: s-1\n{single}"));
}

#[test]
fn nobody_knows_is_told_with_whether_it_may_run() {
    for (may_run, words) in [(true, "what runs may go on"), (false, "it may not run")] {
        let verdict = Verdict::Indeterminate { code: Code::NO_ANSWER, since: ago(0), may_run };
        let text = shown(Answer::Entitlement(entitlement(verdict, "(1014) Nobody knows.")));
        assert!(text.contains(words) && !text.contains("denied"), "{text}");
    }
}

#[test]
fn a_change_tells_the_state_and_what_its_features_come_to() {
    let change = |missed| Change {
        whole: missed,
        missed,
        more: false,
        state: State::Refused,
        code: Some(Code::NO_LICENSE),
        message: "Dropped.".to_owned(),
        entitlements: vec![entitlement(denied(), "(2008) No.")],
    };
    let text = "refused: (2008) Dropped.\nFeature 45 (product 81): denied\n  (2008) No.";
    assert_eq!(shown(Answer::Change(Box::new(change(false)))), text);
    let missed = shown(Answer::Change(Box::new(change(true))));
    assert_eq!(missed, format!("Changes were missed; this is everything.\n{text}"));
}

#[test]
fn features_are_a_row_each() {
    let page = FeaturePage { features: vec![feature(45, denied()), feature(145, granted())], next: None };
    assert_eq!(
        shown(Answer::Features(page)),
        "  45   Feature 45   (2008) denied  total 3, captured 1\n\
         \x20 145  Feature 145  granted        total 3, captured 1"
    );
}

#[test]
fn an_explanation_is_the_verdict_its_facts_with_time_and_source_and_the_way_out() {
    let fact = |kind, at, code, message: &str| Fact { kind, at, code, message: message.to_owned() };
    let facts = vec![
        fact(FactKind::Statement, Some(UnixTime(0)), None, "Signed at this time."),
        fact(FactKind::Failure, None, Some(Code::NO_ANSWER), "No seat."),
        fact(FactKind::Verdict, None, Some(Code::NO_LICENSE), "(2008) No."),
    ];
    let explanation = || {
        Answer::Explanation(Box::new(Explanation {
            entitlement: entitlement(denied(), "(2008) No."),
            facts: facts.clone(),
        }))
    };
    assert_eq!(
        shown(explanation()),
        "Feature 45 (product 81): denied\n\
         \x20 (2008) No.\n\
         \n\
         \x20 1970-01-01 03:00:00 +03  license server  Signed at this time.\n\
         \x20                          network         (1014) No seat.\n\
         \n\
         Way out: There is no license for this feature, or it is bound to another host. Look in the cabinet: if there is a live license, drop its binding in the Sessions monitor; if not, ask for one.\n\
         Next: licensectl doctor 45"
    );
    let russian = in_russian(explanation());
    assert!(russian.contains("\nЧто делать: Нет лицензии на эту функцию"), "{russian}");
    assert!(russian.ends_with("\nДальше: licensectl doctor 45"), "{russian}");
}

#[test]
fn the_way_out_of_a_refusal_is_what_the_refusal_says() {
    let message = "(2008) Feature 45: Dropped. Activate the number again.";
    let refusal = Fact { kind: FactKind::Refusal, at: None, code: None, message: "Dropped.".to_owned() };
    let it = Explanation { entitlement: entitlement(denied(), message), facts: vec![refusal] };
    assert_eq!(
        shown(Answer::Explanation(Box::new(it))),
        format!(
            "Feature 45 (product 81): denied\n\n    license server  Dropped.\n\nWay out: {message}\nNext: licensectl doctor 45"
        )
    );
}

#[test]
fn the_license_is_listed_by_product_and_feature() {
    let info = || LicenseInfo {
        number: "MIKO-*****-*****-*****-MN4OP".to_owned(),
        customer: Customer {
            company: "C".to_owned(),
            contact: "N".to_owned(),
            email: "E".to_owned(),
            phone: String::new(),
        },
        products: vec![product(81, 45, true, Some(ago(5 * DAY))), product(11, 33, false, None)],
        as_of: ago(30),
    };
    assert_eq!(
        shown(Answer::LicenseInfo(info())),
        "MIKO-*****-*****-*****-MN4OP as of 2027-01-15 10:59 +03 (30 s ago)\n\
         \x20 company  C\n\
         \x20 contact  N\n\
         \x20 e-mail   E\n\
         \n\
         Product 81 Product 81, trial, expired 2027-01-10 11:00 +03 (5 days ago)\n\
         \x20 45  Feature 45  total 3, captured 1\n\
         \n\
         Product 11 Product 11, for ever\n\
         \x20 33  Feature 33  total 3, captured 1"
    );
    assert!(in_russian(Answer::LicenseInfo(info())).contains("\nПродукт 11 Product 11, бессрочно\n"));
}

#[test]
fn a_host_shows_what_counts_what_does_not_and_what_is_sent() {
    let fact = |kind: &str, source: Option<&str>| HostFact {
        kind: kind.to_owned(),
        source: source.map(str::to_owned),
        unused: None,
        value: None,
        digest: None,
    };
    let facts = vec![
        HostFact {
            value: Some("****cdef".to_owned()),
            digest: Some("00ff".to_owned()),
            ..fact("machine_id", Some("/etc/machine-id"))
        },
        HostFact {
            unused: Some("not_permitted".to_owned()),
            ..fact("product_uuid", Some("/sys/class/dmi/id/product_uuid"))
        },
        HostFact { unused: Some("made_up_later".to_owned()), ..fact("disk", None) },
    ];
    let (key, known_by) = ("408520d8eb6fb771".to_owned(), "hardware".to_owned());
    let report = HostReport { key, known_by, message: "Known by its hardware.".to_owned(), facts };
    assert_eq!(
        shown(Answer::Host(report)),
        "Host 408520d8eb6fb771\n\
         Known by its hardware.\n\
         \n\
         \x20 machine_id    ****cdef                 /etc/machine-id\n\
         \x20                                        is sent as 00ff\n\
         \x20 product_uuid  not used: not permitted  /sys/class/dmi/id/product_uuid\n\
         \x20 disk          not used: made up later"
    );
}

#[test]
fn a_configuration_shows_the_way_to_each_server_and_every_option() {
    let way = |url: &str, proxy: Option<&str>, from: Option<&str>| ServerWay {
        url: url.to_owned(),
        proxy: proxy.map(str::to_owned),
        proxy_from: from.map(str::to_owned),
    };
    let it = Configuration {
        file: "/etc/licensed/licensed.toml".to_owned(),
        state_dir: "/var/lib/licensed".to_owned(),
        trust: vec!["/etc/licensed/trust.d".to_owned()],
        root_keys: 2,
        ca_file: None,
        servers: vec![
            way("https://a.example", Some("http://proxy:3128"), Some("HTTPS_PROXY")),
            way("https://b.example", None, None),
        ],
        options: vec![Setting { name: "log".to_owned(), value: "\"info\"".to_owned() }],
    };
    assert_eq!(
        shown(Answer::Configuration(Box::new(it))),
        "file            /etc/licensed/licensed.toml\n\
         state           /var/lib/licensed\n\
         root keys       /etc/licensed/trust.d (2 root keys)\n\
         license server  https://a.example through http://proxy:3128 (HTTPS_PROXY)\n\
         license server  https://b.example directly\n\
         \n\
         log = \"info\""
    );
}

#[test]
fn a_ping_says_how_old_its_answer_is() {
    let mut ping = Ping { server: "https://a".to_owned(), took_ms: 42, age: 0, failure: None };
    assert_eq!(shown(Answer::Ping(ping.clone())), "https://a answers\n  took   42 ms\n  asked  now");
    ping.age = 7;
    ping.failure =
        Some(PingFailure { stage: Stage::Tls, code: Code::TLS_FAILED, message: "No session.".to_owned() });
    assert_eq!(
        in_russian(Answer::Ping(ping)),
        "(1013) No session.\n  этап    tls\n  заняло  42 мс\n  запрос  7 с назад"
    );
}

#[test]
fn modules_are_called_by_their_names() {
    let modules = vec![
        Module::Checked {
            name: "ModuleAmoCrm".to_owned(),
            path: "a/module.json".into(),
            entitlement: Box::new(entitlement(denied(), "(2008) No.")),
        },
        Module::Free { name: "ModulePhoneBook".to_owned(), path: "b/module.json".into(), product: None },
        Module::Unreadable { path: "c/module.json".into(), why: text!("tool-module-no-object") },
    ];
    assert_eq!(
        told(&Told::Modules(modules), &reader(Language::English, None)),
        "ModuleAmoCrm: Feature 45 (product 81): denied\n\
         \x20 (2008) No.\n\
         \x20 seats        total 3, captured 1\n\
         \x20 session      s-1\n\
         \x20 last answer  2027-01-15 10:57 +03 (3 min ago)\n\
         ModulePhoneBook: free, needs no license\n\
         c/module.json: no JSON object"
    );
}

#[test]
fn a_text_of_the_license_server_cannot_steer_the_terminal() {
    let message = "Bound.\u{1b}[2J\r\nFeature 45: granted".to_owned();
    let text = shown(Answer::Done(Done { message, warnings: vec!["a\u{7}b".to_owned()] }));
    assert_eq!(text, "Bound. [2J Feature 45: granted\nWarning: a b");
}

#[test]
fn a_time_beyond_the_calendar_is_shown_as_seconds() {
    let verdict = Verdict::Granted { until: UnixTime(i64::MAX), basis: Basis::Fresh };
    let text = shown(Answer::Entitlement(entitlement(verdict, "")));
    assert!(text.contains("honoured until 9223372036854775807 s"), "{text}");
}
