//! Every code that the server can give, with its texts, over HTTP from the running program.

use std::{collections::BTreeSet, path::Path};

use license_core::{
    api::Call,
    crypto::{PublicKey, RequestId},
    host::{Fact, FactKind},
    statement::Kind,
};
use license_server::decide::Refusal;
use license_types::{Code, Coupon, FeatureId, ProductId, Registration, RegistrationNumber};

use crate::{
    cli::{Served, admin, ok},
    host::{Host, Response},
    running::{capture, company, trial},
};

/// A server with its vendor, and what was refused so far.
struct Desk<'f> {
    folder: &'f Path,
    root: PublicKey,
    served: Served,
    codes: BTreeSet<u16>,
}

impl Desk<'_> {
    fn host(&self, id: u8) -> Host {
        Host::new(id, self.root)
    }

    fn vendor(&self, arguments: &str) -> String {
        ok(admin(self.folder, arguments))
    }

    fn coupon(&self, product: u32) -> Coupon {
        self.vendor(&format!("coupon issue --product {product} --count 1 --days 30")).trim().parse().unwrap()
    }

    /// A host that registers a company.
    async fn registered(&self, id: u8, name: &str) -> (Host, RegistrationNumber) {
        let mut host = self.host(id);
        let (_, statement) = host.ok(self.served.address, &company(name)).await;
        (host, statement.unwrap().number)
    }

    /// Ends what the number got last of a product.
    fn end_grant(&self, number: &RegistrationNumber, product: u32) {
        let listed = self.vendor(&format!("grant list --number {} --json", number.as_str()));
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let grants = listed.as_array().unwrap();
        let grant = grants.iter().find(|grant| grant["product"] == product).unwrap();
        self.vendor(&format!("grant end {}", grant["id"].as_str().unwrap()));
    }

    async fn refuses(&mut self, host: &mut Host, call: &Call, refusal: &Refusal) {
        let response = host.seal(call).send(self.served.address).await;
        self.is_refused(&response, call, refusal);
    }

    /// The answer is that refusal, with its code and a sentence in each language.
    fn is_refused(&mut self, response: &Response, call: &Call, refusal: &Refusal) {
        let problem = response.problem();
        assert_eq!(problem, refusal.problem(), "{call:?}");
        self.codes.insert(problem.code.unwrap().0);
        let is_russian = |c: char| ('а'..='я').contains(&c.to_lowercase().next().unwrap_or(c)) || c == 'ё';
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
        let russian = |text: &str| text.chars().filter(|c| is_russian(*c)).count();
        assert_eq!(russian(&problem.detail), 0, "{}", problem.detail);
        // Names of fields and products alone are in Latin letters, and commands between backticks.
        let words: String = problem.detail_ru.split('`').step_by(2).collect();
        let rest = letters(&words) - russian(&words);
        assert!(letters(&problem.detail_ru) > 15 && rest < 10, "{}", problem.detail_ru);
        for text in [&problem.title, &problem.detail, &problem.detail_ru] {
            let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
            assert!(digits < Some(4), "MikoPBX would take it for a code: {text}");
        }
    }
}

#[tokio::test]
async fn every_code_is_reached_with_its_text_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let root = ok(admin(folder.path(), "public-key")).parse().unwrap();
    let served = Served::start_with(folder.path(), &["--rate-limits", "off"]);
    let mut desk = Desk { folder: folder.path(), root, served, codes: BTreeSet::new() };
    nobody_knows_the_host(&mut desk).await;
    what_is_registered_already(&mut desk).await;
    what_the_number_has(&mut desk).await;
    coupons(&mut desk).await;
    who_may_use_the_number(&mut desk).await;
    copies_and_moves(&mut desk).await;
    let all = [2008, 2009, 2011, 2022, 2026, 2037, 2040, 2041, 2051, 2057];
    assert_eq!(desk.codes, all.into());
    assert_eq!(desk.vendor("log verify --json").matches("\"broken\": 0").count(), 1);
}

async fn nobody_knows_the_host(desk: &mut Desk<'_>) {
    let number: RegistrationNumber = "MIKO-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap();
    let coupon = desk.coupon(81);
    let cases = [
        (Call::CheckIn, Refusal::UnknownHost),
        (capture(33), Refusal::NoNumber),
        (trial(11), Refusal::NoNumber),
        (Call::Coupon { coupon }, Refusal::CouponWithoutNumber),
        (Call::Activate { number: number.clone() }, Refusal::UnknownNumber),
        (Call::LicenseInfo { number }, Refusal::UnknownNumber),
    ];
    let mut stranger = desk.host(9);
    for (call, refusal) in cases {
        desk.refuses(&mut stranger, &call, &refusal).await;
    }
}

async fn what_is_registered_already(desk: &mut Desk<'_>) {
    let (mut host, _) = desk.registered(1, "registered").await;
    let Call::Register(mine) = company("registered") else { panic!("no registration") };
    let other_company = Registration { company: "Other".to_owned(), ..mine.clone() };
    let other_email = Registration { email: "other@example.com".to_owned(), ..mine.clone() };
    let mut stranger = desk.host(9);
    let cases = [
        (false, other_company, Refusal::EmailOfAnotherCompany),
        (true, mine.clone(), Refusal::RegisteredOnAnotherHost),
        (false, other_email, Refusal::HostRegistered),
    ];
    for (by_stranger, registration, refusal) in cases {
        let host = if by_stranger { &mut stranger } else { &mut host };
        desk.refuses(host, &Call::Register(registration), &refusal).await;
    }
    let nameless = Registration { company: String::new(), ..mine };
    let problem = stranger.refused(desk.served.address, &Call::Register(nameless)).await;
    assert_eq!(
        problem,
        Refusal::FieldMissing { field: "company" }.problem(),
        "no code: it is no license matter"
    );
}

async fn what_the_number_has(desk: &mut Desk<'_>) {
    let (mut host, number) = desk.registered(2, "licensed").await;
    let mut other = desk.host(3);
    let at = desk.served.address;
    let (activated, _) = other.ok(at, &Call::Activate { number: number.clone() }).await;
    let [en, ru] = [&activated.warnings, &activated.warnings_ru].map(|warnings| warnings.concat());
    assert!(en.contains("(feature 33) is free for this host") && ru.contains("(функция 33)"), "{en} {ru}");
    for product in [31, 96] {
        host.ok(at, &trial(product)).await;
        desk.end_grant(&number, product);
    }
    host.ok(at, &Call::Coupon { coupon: desk.coupon(81) }).await;
    let feature = |feature, product: Option<u32>| (FeatureId(feature), product.map(ProductId));
    let not_licensed = |(feature, product)| Refusal::NotLicensed { feature, product };
    let cases = [
        (false, capture(51), not_licensed(feature(51, Some(127)))),
        (false, capture(999), not_licensed(feature(999, None))),
        (false, trial(999), Refusal::NotSold { product: ProductId(999) }),
        (false, capture(41), Refusal::Expired { feature: FeatureId(41), product: Some(ProductId(31)) }),
        (false, trial(96), Refusal::TrialSpent { product: ProductId(96) }),
        (true, capture(45), Refusal::NoSeatFree { feature: FeatureId(45), product: Some(ProductId(81)) }),
    ];
    for (by_other, call, refusal) in cases {
        let host = if by_other { &mut other } else { &mut host };
        desk.refuses(host, &call, &refusal).await;
    }
    assert_eq!(host.leased(at, 41).await.unwrap().refusal, Some(Code::EXPIRED));
    let session = host.leased(at, 45).await.unwrap().held[0].session.0.clone();
    desk.vendor(&format!("binding drop --number {} --session {session}", number.as_str()));
    desk.refuses(&mut host, &capture(45), &Refusal::Barred { feature: FeatureId(45) }).await;
}

async fn coupons(desk: &mut Desk<'_>) {
    let (mut host, _) = desk.registered(4, "coupons").await;
    let (used, blocked) = (desk.coupon(81), desk.coupon(81));
    desk.vendor(&format!("coupon block {}", blocked.as_str()));
    host.ok(desk.served.address, &Call::Coupon { coupon: used.clone() }).await;
    let cases = [
        ("MIKOUPD-AAAAA-AAAAA-AAAAA-AAAAA".parse().unwrap(), Refusal::CouponUnknown),
        (used, Refusal::CouponUsed),
        (blocked, Refusal::CouponBlocked),
    ];
    for (coupon, refusal) in cases {
        desk.refuses(&mut host, &Call::Coupon { coupon }, &refusal).await;
    }
}

/// What a host is told that may not use its number; by a signed statement, too, when it checks in.
async fn who_may_use_the_number(desk: &mut Desk<'_>) {
    let at = desk.served.address;
    let cases = [
        (5, Some("binding drop --all --number"), Refusal::Dropped),
        (6, Some("customer suspend --number"), Refusal::Suspended),
        (7, None, Refusal::Replaced),
    ];
    for (id, command, refusal) in cases {
        let (mut host, number) = desk.registered(id, &format!("c{id}")).await;
        match command {
            Some(command) => drop(desk.vendor(&format!("{command} {}", number.as_str()))),
            None => drop(host.with_key(70).ok(at, &Call::Activate { number }).await),
        }
        desk.refuses(&mut host, &capture(33), &refusal).await;
        assert_told(&mut host, desk, &refusal).await;
    }
}

async fn assert_told(host: &mut Host, desk: &Desk<'_>, refusal: &Refusal) {
    let (_, statement) = host.ok(desk.served.address, &Call::CheckIn).await;
    let Kind::Refusal(told) = statement.unwrap().kind else { panic!("a lease in spite of {refusal:?}") };
    let problem = refusal.problem();
    let said = (Some(told.code), told.reason, told.reason_ru);
    assert_eq!(said, (problem.code, problem.detail, problem.detail_ru));
}

async fn copies_and_moves(desk: &mut Desk<'_>) {
    let machine = |name: &str| vec![Fact::new(FactKind::ProductUuid, name)];
    let at = desk.served.address;
    let (mut host, _) = desk.registered(8, "copied").await;
    let mut copy = host.with_evidence(machine("the copy's"));
    host.ok(at, &Call::CheckIn).await;
    let mut calls = (100_u8..).map(|id| RequestId([id; 16]));
    for id in calls.by_ref().take(2) {
        // The ids of its requests are not those of the host.
        let sealed = copy.seal_as(id, &Call::CheckIn);
        copy.accept(&sealed, &sealed.send(at).await);
    }
    host.ok(at, &Call::CheckIn).await;
    let sealed = copy.seal_as(calls.next().unwrap(), &capture(33));
    desk.is_refused(&sealed.send(at).await, &capture(33), &Refusal::Copy);

    let (mut host, _) = desk.registered(10, "moved").await;
    for place in ["first", "second", "third", "fourth"] {
        host = host.with_evidence(machine(place));
        host.ok(at, &Call::CheckIn).await;
    }
    desk.refuses(&mut host, &capture(33), &Refusal::Restless).await;
    assert_told(&mut host, desk, &Refusal::Restless).await;
}
