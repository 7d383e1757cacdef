//! Registration: a number for a company, and the host bound to it.

use std::collections::BTreeMap;

use license_core::crypto::{KeyId, PublicKey};
use license_types::{Registration, RegistrationNumber, UnixTime};
use unicode_normalization::UnicodeNormalization;

use super::{
    BindingRow, CustomerId, CustomerRow, Desk, Draft, Refusal, Rows, Write,
    log::{Actor, Chain},
    mail::{self, MailKind},
};

/// A text as it is compared: Unicode compatibility forms, case and spaces make no difference. Upper case
/// first: it unites what has several small letters, like `ß` and `ss`.
#[must_use]
pub fn comparable(text: &str) -> String {
    let upper = text.nfkc().collect::<String>().to_uppercase();
    let folded = upper.to_lowercase().nfkc().collect::<String>();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn field(name: &'static str, value: &str) -> Result<String, Refusal> {
    let value = value.trim();
    if value.chars().count() > Registration::MAX_CHARS {
        return Err(Refusal::FieldTooLong { field: name, limit: Registration::MAX_CHARS });
    }
    if value.chars().any(char::is_control) {
        return Err(Refusal::FieldControl { field: name });
    }
    Ok(value.to_owned())
}

pub(super) fn required(name: &'static str, value: &str) -> Result<String, Refusal> {
    let value = field(name, value)?;
    if value.is_empty() { Err(Refusal::FieldMissing { field: name }) } else { Ok(value) }
}

fn optional(name: &'static str, value: Option<&str>) -> Result<Option<String>, Refusal> {
    let value = field(name, value.unwrap_or_default())?;
    Ok(Some(value).filter(|value| !value.is_empty()))
}

/// The registration, trimmed, if every field is in order.
pub(super) fn checked(entered: &Registration) -> Result<Registration, Refusal> {
    let registration = Registration {
        company: required("company", &entered.company)?,
        email: required("email", &entered.email)?,
        contact: required("contact", &entered.contact)?,
        phone: optional("phone", entered.phone.as_deref())?,
        tax_id: optional("tax_id", entered.tax_id.as_deref())?,
    };
    let parts: Vec<&str> = registration.email.split('@').collect();
    let is_address = matches!(parts[..], [local, domain] if !local.is_empty() && !domain.is_empty());
    if is_address { Ok(registration) } else { Err(Refusal::NoEmail) }
}

impl CustomerRow {
    /// A new customer, whose registration is in order.
    pub(super) fn new(
        id: CustomerId,
        number: RegistrationNumber,
        registration: Registration,
        created_at: UnixTime,
    ) -> Self {
        Self {
            id,
            number,
            company_key: comparable(&registration.company),
            email_key: comparable(&registration.email),
            registration,
            created_at,
            suspended_at: None,
            mailed: BTreeMap::new(),
            merged_into: None,
            log: Chain::default(),
        }
    }
}

impl Desk<'_> {
    /// Whether this host was on a number before, and the vendor did not clear it.
    fn had_number(&self) -> bool {
        let mut bindings = self.draft.rows.bindings.iter();
        bindings.any(|row| row.cleared_at.is_none() && self.is_same_host(&row.host))
    }

    /// The order of the rules is the vendor's: whose the e-mail is comes before what the host did.
    pub(super) fn register(&mut self, entered: &Registration) -> Result<BindingRow, Refusal> {
        let registration = checked(entered)?;
        let company_key = comparable(&registration.company);
        let email_key = comparable(&registration.email);
        let known =
            self.draft.rows.customers.iter().find(|customer| customer.email_key == email_key).cloned();
        // An id that somebody chose can be guessed by somebody else.
        let by_machine = !self.asked.evidence.is_configured();
        let is_here = |key: &PublicKey| *key == self.asked.host || (by_machine && self.is_machine(key));
        let was_here = |customer: &CustomerId| {
            let mut bindings = self.draft.rows.bindings.iter();
            bindings.any(|row| row.customer == *customer && row.cleared_at.is_none() && is_here(&row.host))
        };
        match known {
            Some(customer) if customer.company_key != company_key => Err(Refusal::EmailOfAnotherCompany),
            Some(customer) if was_here(&customer.id) => self.settle(&customer.id),
            Some(_) => Err(Refusal::RegisteredOnAnotherHost),
            None if self.had_number() => Err(Refusal::HostRegistered),
            None => {
                let id = CustomerId(self.drawn.id("customer"));
                let number = self.drawn.number.clone();
                let customer = CustomerRow::new(id.clone(), number, registration, self.now);
                self.write(Write::AddCustomer(customer));
                self.draft.mail(&id, MailKind::Number, None);
                self.settle(&id)
            }
        }
    }
}

/// What is written although a registration is refused: the owner of the data hears of it by mail.
#[must_use]
pub fn notice(
    rows: Rows,
    entered: &Registration,
    refusal: &Refusal,
    host: KeyId,
    now: UnixTime,
) -> Vec<Write> {
    let mut draft = Draft::new(rows, Actor::Host(host.clone()), now);
    if let (Refusal::RegisteredOnAnotherHost, Some(customer)) =
        (refusal, mail::by_email(&draft.rows, &entered.email))
    {
        draft.mail(&customer, MailKind::RegisteredElsewhere, Some(host));
    }
    draft.finish().0
}

#[cfg(test)]
mod tests {
    use license_core::{api::Call, host::FactKind};
    use license_types::Code;

    use super::{
        super::testing::{World, company, number},
        *,
    };

    fn with_email(company_name: &str, email: &str) -> Call {
        Call::Register(Registration { email: email.to_owned(), ..company(company_name) })
    }

    #[test]
    fn a_registration_gives_a_number_with_mikopbx_for_ever_and_its_seat() {
        let mut world = World::new();
        let answer = world.ok(1, &Call::Register(company("Acme")));
        assert_eq!(answer.statement.unwrap().number, number('A'));
        let [grant] = &world.rows.grants[..] else { panic!("one grant") };
        assert_eq!((grant.product.0, grant.seats, grant.trial, grant.ends_at), (11, 1, false, None));
        assert_eq!(world.rows.seats.len(), 1);
        assert_eq!(answer.warnings, []);
    }

    #[test]
    fn who_registers_again_gets_the_same_number_or_a_reason() {
        // The number of host 1 is registered for Acme, acme@example.com. Host 2 is another machine,
        // host 11 is host 1 with a new key.
        let cases = [
            ("same data, same host", 1, with_email("Acme", "acme@example.com"), None),
            ("same data in other letters", 1, with_email("  ＡＣＭＥ ", "ACME@example.com"), None),
            ("same data, same host reinstalled", 11, with_email("Acme", "acme@example.com"), None),
            ("same data, other host", 2, with_email("Acme", "acme@example.com"), Some(Code::EMAIL_TAKEN)),
            (
                "e-mail of another company",
                2,
                with_email("Other", "acme@example.com"),
                Some(Code::EMAIL_TAKEN),
            ),
            ("2022 before 2051", 1, with_email("Other", "acme@example.com"), Some(Code::EMAIL_TAKEN)),
            ("other e-mail, same host", 1, with_email("Acme", "b@example.com"), Some(Code::HOST_REGISTERED)),
            ("other data, reinstalled", 11, with_email("B", "b@example.com"), Some(Code::HOST_REGISTERED)),
        ];
        for (name, host, call, code) in cases {
            let mut world = World::registered(1);
            match code {
                None => {
                    let statement = world.ok(host, &call).statement.unwrap();
                    assert_eq!(statement.number, number('A'), "{name}");
                    assert_eq!(world.rows.customers.len(), 1, "{name}");
                    assert_eq!(world.rows.grants.len(), 1, "{name}");
                }
                Some(code) => assert_eq!(world.refused(host, &call).code(), Some(code), "{name}"),
            }
        }
    }

    #[test]
    fn the_number_is_told_only_to_evidence_that_nobody_else_can_have() {
        let cases = [
            (FactKind::ProductUuid, None),
            // Copies of an image share it.
            (FactKind::MachineId, Some(Refusal::RegisteredOnAnotherHost)),
            // It can be guessed.
            (FactKind::Configured, Some(Refusal::RegisteredOnAnotherHost)),
        ];
        for (known_by, refusal) in cases {
            let mut world = World::new();
            world.known_by = known_by;
            world.register(1, "Acme", 'A');
            let other_data = Call::Register(company("Other"));
            assert_eq!(world.refused(11, &other_data), Refusal::HostRegistered, "{known_by:?}");
            let same_key = world.ok(1, &Call::Register(company("Acme"))).statement.unwrap();
            assert_eq!(same_key.number, number('A'), "{known_by:?}");
            let new_key = world.decide(11, &Call::Register(company("Acme")));
            assert_eq!(new_key.err(), refusal, "{known_by:?}");
        }
    }

    #[test]
    fn a_host_that_only_activated_a_number_was_used_with_it() {
        let mut world = World::registered(1);
        world.ok(2, &Call::Activate { number: number('A') });
        let other = Call::Register(company("Other"));
        assert_eq!(world.refused(2, &other), Refusal::HostRegistered);
        world.ok(2, &Call::Drop);
        assert_eq!(world.refused(2, &other), Refusal::HostRegistered, "a reset forgets nothing");
    }

    #[test]
    fn a_bad_field_is_named() {
        let good = company("Acme");
        let long = "x".repeat(Registration::MAX_CHARS + 1);
        let cases = [
            (Registration { company: " \t".to_owned(), ..good.clone() }, "company"),
            (Registration { contact: String::new(), ..good.clone() }, "contact"),
            (Registration { email: String::new(), ..good.clone() }, "email"),
            (Registration { email: "acme".to_owned(), ..good.clone() }, "email"),
            (Registration { email: "@example.com".to_owned(), ..good.clone() }, "email"),
            (Registration { email: "acme@".to_owned(), ..good.clone() }, "email"),
            (Registration { email: "a@b@c".to_owned(), ..good.clone() }, "email"),
            (Registration { company: long.clone(), ..good.clone() }, "company"),
            (Registration { phone: Some(long), ..good.clone() }, "phone"),
            (Registration { tax_id: Some("1\n2".to_owned()), ..good }, "tax_id"),
        ];
        for (registration, field) in cases {
            let refusal = World::new().refused(1, &Call::Register(registration));
            let problem = refusal.problem();
            assert_eq!((problem.status, problem.code), (422, None), "{field}");
            assert!(problem.detail.contains(field), "{field}: {}", problem.detail);
        }
    }

    #[test]
    fn the_longest_field_counts_characters_and_not_bytes() {
        let registration = Registration { contact: "Ж".repeat(Registration::MAX_CHARS), ..company("Acme") };
        World::new().ok(1, &Call::Register(registration));
    }

    #[test]
    fn texts_are_compared_without_case_spaces_and_compatibility_forms() {
        let cases = [
            ("  ООО   «Ромашка»\t", "ооо «ромашка»"),
            ("Ａｃｍｅ", "acme"),
            ("e\u{301}", "é"),
            ("Straße", "strasse"),
            ("", ""),
        ];
        for (text, key) in cases {
            assert_eq!(comparable(text), key);
        }
    }
}
