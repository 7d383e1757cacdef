//! Letters: what a mail says, in English and in Russian.

use license_core::crypto::KeyId;
use license_types::RegistrationNumber;

use crate::decide::mail::MailKind;

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// The letter of a kind about a number, and about a host where it is about one.
#[must_use]
pub fn letter(kind: MailKind, number: &RegistrationNumber, host: Option<&KeyId>) -> Letter {
    let number = number.as_str();
    let host = host.map_or("-", |host| &host.0);
    let (subject, en, ru) = match kind {
        MailKind::Number => (
            "Registration number / Регистрационный номер",
            format!(
                "Your registration number is\n\n    {number}\n\nKeep this mail. Whoever knows the number can bind \
                 a host to it. Enter it on the PBX."
            ),
            format!(
                "Ваш регистрационный номер:\n\n    {number}\n\nСохраните это письмо. Кто знает номер, может \
                 привязать к нему компьютер. Введите его на АТС."
            ),
        ),
        MailKind::Forgotten => (
            "Your registration number / Ваш регистрационный номер",
            format!(
                "Somebody asked for the registration number that belongs to this address. It is\n\n    {number}\n\n\
                 If it was not you, nothing is to be done: the number went to this address alone."
            ),
            format!(
                "Кто-то запросил регистрационный номер, который принадлежит этому адресу:\n\n    {number}\n\n\
                 Если это были не вы, делать ничего не нужно: номер отправлен только на этот адрес."
            ),
        ),
        MailKind::RegisteredElsewhere => (
            "Registration on another host / Регистрация на другом компьютере",
            format!(
                "Somebody entered your company and e-mail to register another host (key {host}). It was not \
                 bound, and was told nothing. If it was you, activate your number there:\n\n    {number}\n\n\
                 If it was not, nothing is to be done."
            ),
            format!(
                "Кто-то указал вашу компанию и адрес, чтобы зарегистрировать другой компьютер (ключ {host}). Он не \
                 привязан и ничего не узнал. Если это были вы, активируйте там свой номер:\n\n    {number}\n\n\
                 Если нет, делать ничего не нужно."
            ),
        ),
        MailKind::Moved => (
            "A host has other hardware / У компьютера другое оборудование",
            format!(
                "The host with the key {host} on your number\n\n    {number}\n\nreports other hardware than before. \
                 After a repair or a move this is as it should be. If you know of none, ask the vendor: \
                 somebody may run a copy of the host."
            ),
            format!(
                "Компьютер с ключом {host}, привязанный к вашему номеру\n\n    {number}\n\nсообщает о другом \
                 оборудовании. После ремонта или переноса так и должно быть. Если вы об этом не знаете, \
                 обратитесь к поставщику: возможно, работает копия этого компьютера."
            ),
        ),
        MailKind::Rekeyed => (
            "A host has a new key / У компьютера новый ключ",
            format!(
                "A host on your number\n\n    {number}\n\ngoes on under a new key ({host}), with the seats that it \
                 had: its hardware is that of a host that you have. After it was installed anew this is as it \
                 should be. If you know of nothing, look at the bindings of the number: somebody may pose as \
                 the host. Drop that key, and activate the number on the host again."
            ),
            format!(
                "Компьютер на вашем номере\n\n    {number}\n\nпродолжает работу с новым ключом ({host}) и со своими \
                 местами: его оборудование то же, что у вашего компьютера. После переустановки так и должно быть. \
                 Если вы об этом не знаете, проверьте привязки номера: возможно, кто-то выдаёт себя за ваш \
                 компьютер. Отвяжите этот ключ и снова активируйте номер на своём компьютере."
            ),
        ),
        MailKind::CopyFound => (
            "Two copies of a host / Две копии компьютера",
            format!(
                "Two copies of the host with the key {host} are in use on your number\n\n    {number}\n\nA copy on \
                 other hardware is denied until it is accepted. Tell the vendor which of the two is the host."
            ),
            format!(
                "На вашем номере\n\n    {number}\n\nработают две копии компьютера с ключом {host}. Копия на другом \
                 оборудовании не обслуживается, пока её не подтвердят. Сообщите поставщику, какой из двух \
                 компьютеров настоящий."
            ),
        ),
    };
    Letter { subject: subject.to_owned(), body: format!("{en}\n\n--------\n\n{ru}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_holds_the_number_in_both_languages() {
        let number: RegistrationNumber = "MIKO-AAAAA-BBBBB-CCCCC-DDDDD".parse().unwrap();
        let host = KeyId("0123456789abcdef".to_owned());
        for kind in MailKind::ALL {
            let letter = letter(kind, &number, Some(&host));
            let languages: Vec<&str> = letter.body.split("--------").collect();
            let [en, ru] = languages[..] else { panic!("{kind:?}: two languages") };
            assert!(en.contains(number.as_str()) && ru.contains(number.as_str()), "{kind:?}");
            for nowhere in ["cabinet", "onitor", "кабинет", "монитор"] {
                assert!(!letter.body.contains(nowhere), "{kind:?}: there is no {nowhere} to look at");
            }
            assert!(en.is_ascii() && ru.chars().any(|c| ('а'..='я').contains(&c)), "{kind:?}");
            let about_a_host = !matches!(kind, MailKind::Number | MailKind::Forgotten);
            assert_eq!(
                (en.contains(&host.0), ru.contains(&host.0)),
                (about_a_host, about_a_host),
                "{kind:?}"
            );
        }
    }
}
