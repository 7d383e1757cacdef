//! Answers for people: plain text, one screen, local time.

use std::fmt::{self, Display, Write};

use jiff::{Timestamp, tz::TimeZone};
use license_client::{
    ipc::{
        Answer, Captured, Change, Configuration, Explanation, HostReport, LicenseInfo, NamedFeature, Ping,
        Setting, Status,
    },
    types::{Basis, Code, Entitlement, Fact, FactKind, LicensedProduct, UnixTime, Verdict},
};

/// An answer as text, with times in `zone`.
pub(crate) fn answer(answer: &Answer, zone: &TimeZone) -> String {
    let mut page = Page { text: String::new(), zone };
    match answer {
        Answer::Entitlement(it) => page.entitlement(it),
        Answer::Entitlements(all) => all.iter().for_each(|it| page.entitlement(it)),
        Answer::Captured(Captured { session, entitlement }) => {
            page.line(format_args!("Session: {session}"));
            page.entitlement(entitlement);
        }
        Answer::Status(status) => page.status(status),
        Answer::LicenseInfo(info) => page.license_info(info),
        Answer::Registered { number } => {
            page.line(format_args!("Registration number: {}", number.as_str()));
            page.line(format_args!(
                "This host is bound to it. Keep the number: it holds all licenses of the company."
            ));
        }
        Answer::Done(done) => {
            page.line(format_args!("{}", done.message));
            page.warnings(&done.warnings);
        }
        Answer::Change(change) => page.change(change),
        Answer::Metrics { text } => text.lines().for_each(|line| page.line(format_args!("{line}"))),
        Answer::Features(features) => features.features.iter().for_each(|it| page.feature(it)),
        Answer::Explanation(explanation) => page.explanation(explanation),
        Answer::Host(report) => page.host(report),
        Answer::Configuration(it) => page.configuration(it),
        Answer::Ping(ping) => page.ping(ping),
        Answer::Error(failure) => page.line(format_args!("{failure}")),
    }
    page.text.truncate(page.text.trim_end().len());
    page.text
}

/// What is being written.
struct Page<'z> {
    text: String,
    zone: &'z TimeZone,
}

impl Page<'_> {
    /// Writes a line. Texts of the license server cannot steer the terminal, nor begin a line.
    fn line(&mut self, words: fmt::Arguments<'_>) {
        let words = words.to_string();
        self.text.extend(words.chars().map(|c| if c.is_control() { ' ' } else { c }));
        self.text.push('\n');
    }

    fn field(&mut self, label: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.line(format_args!("  {label:<14} {value}"));
        }
    }

    fn warnings(&mut self, warnings: &[String]) {
        for warning in warnings {
            self.line(format_args!("Warning: {warning}"));
        }
    }

    /// A point in time, or the bare seconds where the calendar ends.
    fn time(&self, at: UnixTime) -> String {
        match Timestamp::from_second(at.0) {
            Ok(at) => at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
            Err(_) => format!("{at} s"),
        }
    }

    fn feature(&mut self, it: &NamedFeature) {
        let entitlement = &it.entitlement;
        let seats =
            entitlement.seats.map(|seats| format!(", total {}, captured {}", seats.total, seats.captured));
        let verdict = self.in_words(&entitlement.verdict);
        self.line(format_args!(
            "{:>6}  {}: {}{verdict}{}",
            entitlement.feature,
            it.name,
            in_parentheses(entitlement.verdict.code()),
            seats.unwrap_or_default()
        ));
    }

    fn explanation(&mut self, it: &Explanation) {
        self.verdict(&it.entitlement);
        let facts = it.facts.iter().filter(|fact| fact.kind != FactKind::Verdict);
        for Fact { at, code, message, .. } in facts {
            let at = at.map(|at| self.time(at)).unwrap_or_default();
            self.line(format_args!("  {at:<27} {}{message}", in_parentheses(*code)));
        }
    }

    fn change(&mut self, change: &Change) {
        if change.missed {
            self.line(format_args!("Changes were missed; this is everything."));
        }
        self.line(format_args!("{}: {}{}", change.state, in_parentheses(change.code), change.message));
        change.entitlements.iter().for_each(|it| self.verdict(it));
    }

    fn entitlement(&mut self, it: &Entitlement) {
        self.verdict(it);
        self.field(
            "seats",
            it.seats.map(|seats| format!("total {}, captured {}", seats.total, seats.captured)),
        );
        self.field("session", it.session.as_ref());
        self.field("last answer", it.last_answer.map(|at| self.time(at)));
        self.field("next check", it.next_check.map(|at| self.time(at)));
    }

    fn verdict(&mut self, it: &Entitlement) {
        let mut what = format!("Feature {}", it.feature);
        if let Some(product) = it.product {
            // Writing to a string cannot fail.
            let _ = write!(what, " (product {product})");
        }
        let verdict = self.in_words(&it.verdict);
        self.line(format_args!("{what}: {verdict}"));
        self.line(format_args!("  {}", it.message));
    }

    fn in_words(&self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Granted { until, basis: Basis::Fresh } => {
                format!("granted, honoured until {}", self.time(*until))
            }
            Verdict::Granted { until, basis: Basis::Offline { since } } => {
                format!("granted, honoured until {}, offline since {}", self.time(*until), self.time(*since))
            }
            Verdict::Denied { .. } => "denied".to_owned(),
            Verdict::Indeterminate { since, may_run: true, .. } => {
                format!("nobody knows since {}; what runs may go on", self.time(*since))
            }
            Verdict::Indeterminate { since, may_run: false, .. } => {
                format!("nobody knows since {}; it may not run", self.time(*since))
            }
        }
    }

    fn status(&mut self, status: &Status) {
        self.warnings(&status.warnings);
        self.line(format_args!("licensed {}: {}", status.version, status.state));
        self.line(format_args!("{}{}", in_parentheses(status.code), status.message));
        self.field("number", status.number.as_ref());
        self.field("company", status.company.as_ref());
        self.field("server", status.server.as_ref());
        self.field("serial", status.serial);
        self.field("last answer", status.last_answer.map(|at| self.time(at)));
        let failure = status.last_failure.as_ref();
        self.field(
            "last failure",
            failure.map(|it| format!("{} ({}) {}", self.time(it.at), it.code, it.message)),
        );
        self.field("next check", status.next_check.map(|at| self.time(at)));
        self.field("protocol", Some(format!("{}, statements {}", status.protocol, status.statement_schema)));
        self.field("honoured until", status.honoured_until.map(|at| self.time(at)));
    }

    fn configuration(&mut self, it: &Configuration) {
        self.line(format_args!("# {}", it.file));
        for Setting { name, value } in &it.options {
            self.line(format_args!("{name} = {value}"));
        }
    }

    fn ping(&mut self, ping: &Ping) {
        match &ping.failure {
            None => self.line(format_args!("{} answers", ping.server)),
            Some(failure) => self.line(format_args!("({}) {}", failure.code, failure.message)),
        }
        self.field("stage", ping.failure.as_ref().map(|failure| failure.stage.name()));
        self.field("took", Some(format!("{} ms", ping.took_ms)));
        self.field("asked", (ping.age > 0).then(|| format!("{} s ago", ping.age)));
    }

    fn license_info(&mut self, info: &LicenseInfo) {
        let customer = &info.customer;
        self.line(format_args!("{}, as of {}", info.number, self.time(info.as_of)));
        self.field("company", Some(&customer.company));
        self.field("contact", Some(&customer.contact));
        self.field("e-mail", Some(&customer.email));
        self.field("phone", Some(&customer.phone).filter(|phone| !phone.is_empty()));
        for product in &info.products {
            self.product(product);
        }
    }

    fn host(&mut self, report: &HostReport) {
        self.line(format_args!("Host {}", report.key));
        self.line(format_args!("{}", report.message));
        for fact in &report.facts {
            let from = fact.source.as_ref().map_or_else(String::new, |source| format!("  {source}"));
            match (&fact.value, &fact.unused) {
                (Some(value), None) => self.line(format_args!("  {:<14} {value}{from}", fact.kind)),
                (_, why) => {
                    let why = why.as_deref().unwrap_or("missing").replace('_', " ");
                    self.line(format_args!("  {:<14} not used: {why}{from}", fact.kind));
                }
            }
            if let Some(digest) = &fact.digest {
                self.line(format_args!("  {:<14} is sent as {digest}", ""));
            }
        }
    }

    fn product(&mut self, product: &LicensedProduct) {
        let trial = if product.trial { ", trial" } else { "" };
        let end = match product.expires_at {
            Some(at) => format!("expires {}", self.time(at)),
            None => "for ever".to_owned(),
        };
        self.line(format_args!("Product {} {}{trial}, {end}", product.product, product.name));
        for feature in &product.features {
            let seats = feature.seats;
            self.line(format_args!(
                "  feature {} {}: total {}, captured {}",
                feature.feature, feature.name, seats.total, seats.captured
            ));
        }
    }
}

fn in_parentheses(code: Option<Code>) -> String {
    code.map_or_else(String::new, |code| format!("({code}) "))
}

#[cfg(test)]
mod tests {
    use license_client::{
        ipc::{Done, FeaturePage, HostFact, NoAnswer, State},
        types::{Customer, FeatureId, ProductFeature, ProductId, Seats, SessionId},
    };

    use super::*;

    fn shown(it: &Answer) -> String {
        answer(it, &TimeZone::fixed(jiff::tz::offset(3)))
    }

    fn entitlement(verdict: Verdict, message: &str) -> Entitlement {
        Entitlement {
            feature: FeatureId(45),
            product: Some(ProductId(81)),
            verdict,
            message: message.to_owned(),
            session: Some(SessionId("s-1".to_owned())),
            seats: Some(Seats { total: 3, captured: 1 }),
            last_answer: Some(UnixTime(1_800_000_000)),
            next_check: None,
        }
    }

    #[test]
    fn a_check_says_what_who_and_when_in_local_time() {
        let basis = Basis::Offline { since: UnixTime(1_800_014_400) };
        let verdict = Verdict::Granted { until: UnixTime(1_802_592_000), basis };
        assert_eq!(
            shown(&Answer::Entitlement(entitlement(verdict, "Feature 45 may run."))),
            "Feature 45 (product 81): granted, honoured until 2027-02-14 11:00:00 +03, offline since 2027-01-15 15:00:00 +03\n\
             \x20 Feature 45 may run.\n\
             \x20 seats          total 3, captured 1\n\
             \x20 session        s-1\n\
             \x20 last answer    2027-01-15 11:00:00 +03"
        );
    }

    #[test]
    fn several_features_and_a_captured_seat_show_the_same_lines() {
        let denied = Verdict::Denied { code: Code::NO_LICENSE, reason: "No.".to_owned() };
        let one = entitlement(denied, "(2008) No.");
        let single = shown(&Answer::Entitlement(one.clone()));
        assert!(single.starts_with("Feature 45 (product 81): denied\n  (2008) No.\n"), "{single}");
        assert_eq!(
            shown(&Answer::Entitlements(vec![one.clone(), one.clone()])),
            format!("{single}\n{single}")
        );
        let captured = Captured { session: SessionId("s-1".to_owned()), entitlement: one };
        assert_eq!(shown(&Answer::Captured(captured)), format!("Session: s-1\n{single}"));
    }

    #[test]
    fn nobody_knows_is_told_with_whether_it_may_run() {
        for (may_run, words) in [(true, "what runs may go on"), (false, "it may not run")] {
            let verdict = Verdict::Indeterminate { code: Code::NO_ANSWER, since: UnixTime(0), may_run };
            let text = shown(&Answer::Entitlement(entitlement(verdict, "(1014) Nobody knows.")));
            assert!(text.contains(words) && !text.contains("denied"), "{text}");
        }
    }

    #[test]
    fn a_change_tells_the_state_and_what_its_features_come_to() {
        let denied = Verdict::Denied { code: Code::NO_LICENSE, reason: "No.".to_owned() };
        let change = |missed| Change {
            whole: missed,
            missed,
            more: false,
            state: State::Refused,
            code: Some(Code::NO_LICENSE),
            message: "Dropped.".to_owned(),
            entitlements: vec![entitlement(denied.clone(), "(2008) No.")],
        };
        let text = "refused: (2008) Dropped.\nFeature 45 (product 81): denied\n  (2008) No.";
        assert_eq!(shown(&Answer::Change(Box::new(change(false)))), text);
        let missed = shown(&Answer::Change(Box::new(change(true))));
        assert_eq!(missed, format!("Changes were missed; this is everything.\n{text}"));
    }

    #[test]
    fn features_are_a_line_each() {
        let denied = Verdict::Denied { code: Code::NO_LICENSE, reason: "No.".to_owned() };
        let feature =
            NamedFeature { name: "amoCRM".to_owned(), entitlement: entitlement(denied, "(2008) No.") };
        let page = FeaturePage { features: vec![feature.clone(), feature], next: None };
        let line = "    45  amoCRM: (2008) denied, total 3, captured 1";
        assert_eq!(shown(&Answer::Features(page)), format!("{line}\n{line}"));
    }

    #[test]
    fn an_explanation_is_the_verdict_and_its_facts_with_their_times() {
        let denied = Verdict::Denied { code: Code::NO_LICENSE, reason: "No.".to_owned() };
        let fact = |kind, at, code, message: &str| Fact { kind, at, code, message: message.to_owned() };
        let facts = vec![
            fact(FactKind::Statement, Some(UnixTime(0)), None, "Signed at this time."),
            fact(FactKind::Seat, None, Some(Code::NO_LICENSE), "No seat."),
            fact(FactKind::Verdict, None, Some(Code::NO_LICENSE), "(2008) No."),
        ];
        let explanation = Explanation { entitlement: entitlement(denied, "(2008) No."), facts };
        assert_eq!(
            shown(&Answer::Explanation(Box::new(explanation))),
            "Feature 45 (product 81): denied\n\
             \x20 (2008) No.\n\
             \x20 1970-01-01 03:00:00 +03     Signed at this time.\n\
             \x20                             (2008) No seat."
        );
    }

    #[test]
    fn a_status_is_one_screen_with_the_warnings_first() {
        let status = Status {
            version: "0.1.0".to_owned(),
            state: State::Offline,
            number: Some("MIKO-*****-*****-*****-MN4OP".to_owned()),
            company: Some("ООО «Ромашка»".to_owned()),
            server: None,
            code: Some(Code::CONNECTION_FAILED),
            message: "Away.".to_owned(),
            serial: Some(7),
            last_answer: None,
            last_failure: Some(NoAnswer {
                code: Code::CONNECTION_FAILED,
                message: "Refused.".to_owned(),
                at: UnixTime(0),
            }),
            next_check: Some(UnixTime(0)),
            honoured_until: None,
            warnings: vec!["The disk is full.".to_owned()],
            protocol: 1,
            statement_schema: "1.0".to_owned(),
            bound_since: None,
            number_changes: 0,
            last_refusal: None,
        };
        assert_eq!(
            shown(&Answer::Status(Box::new(status))),
            "Warning: The disk is full.\n\
             licensed 0.1.0: offline\n\
             (1012) Away.\n\
             \x20 number         MIKO-*****-*****-*****-MN4OP\n\
             \x20 company        ООО «Ромашка»\n\
             \x20 serial         7\n\
             \x20 last failure   1970-01-01 03:00:00 +03 (1012) Refused.\n\
             \x20 next check     1970-01-01 03:00:00 +03\n\
             \x20 protocol       1, statements 1.0"
        );
    }

    #[test]
    fn the_license_is_listed_by_product_and_feature() {
        let product = |trial, expires_at| LicensedProduct {
            product: ProductId(81),
            name: "amoCRM".to_owned(),
            trial,
            expires_at,
            features: vec![ProductFeature {
                feature: FeatureId(45),
                name: "amoCRM module".to_owned(),
                seats: Seats { total: 3, captured: 1 },
            }],
        };
        let info = LicenseInfo {
            number: "MIKO-*****-*****-*****-MN4OP".to_owned(),
            customer: Customer {
                company: "C".to_owned(),
                contact: "N".to_owned(),
                email: "E".to_owned(),
                phone: String::new(),
            },
            products: vec![product(true, Some(UnixTime(0))), product(false, None)],
            as_of: UnixTime(0),
        };
        assert_eq!(
            shown(&Answer::LicenseInfo(info)),
            "MIKO-*****-*****-*****-MN4OP, as of 1970-01-01 03:00:00 +03\n\
             \x20 company        C\n\
             \x20 contact        N\n\
             \x20 e-mail         E\n\
             Product 81 amoCRM, trial, expires 1970-01-01 03:00:00 +03\n\
             \x20 feature 45 amoCRM module: total 3, captured 1\n\
             Product 81 amoCRM, for ever\n\
             \x20 feature 45 amoCRM module: total 3, captured 1"
        );
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
            HostFact { unused: Some("missing".to_owned()), ..fact("disk", None) },
        ];
        let (key, known_by) = ("408520d8eb6fb771".to_owned(), "hardware".to_owned());
        let report = HostReport { key, known_by, message: "Known by its hardware.".to_owned(), facts };
        assert_eq!(
            shown(&Answer::Host(report)),
            "Host 408520d8eb6fb771\n\
             Known by its hardware.\n\
             \x20 machine_id     ****cdef  /etc/machine-id\n\
             \x20                is sent as 00ff\n\
             \x20 product_uuid   not used: not permitted  /sys/class/dmi/id/product_uuid\n\
             \x20 disk           not used: missing"
        );
    }

    #[test]
    fn a_text_of_the_license_server_cannot_steer_the_terminal() {
        let message = "Bound.\u{1b}[2J\r\nFeature 45: granted".to_owned();
        let text = shown(&Answer::Done(Done { message, warnings: vec!["a\u{7}b".to_owned()] }));
        assert_eq!(text, "Bound. [2J  Feature 45: granted\nWarning: a b");
    }

    #[test]
    fn a_time_beyond_the_calendar_is_shown_as_seconds() {
        let verdict = Verdict::Granted { until: UnixTime(i64::MAX), basis: Basis::Fresh };
        let text = shown(&Answer::Entitlement(entitlement(verdict, "")));
        assert!(text.contains("honoured until 9223372036854775807 s"), "{text}");
    }
}
