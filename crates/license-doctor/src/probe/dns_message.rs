//! Questions to a resolver, and what its answers say (RFC 1035): as much as it takes to tell who answers what.

use std::net::IpAddr;

use crate::{findings::ResolverSaid, report::Family};

/// Bytes of the header.
const HEADER: usize = 12;
const INTERNET: u16 = 1;

const fn record_type(family: Family) -> u16 {
    match family {
        Family::V4 => 1,
        Family::V6 => 28,
    }
}

/// A question for the addresses of `name`; `None` if it is no name.
pub(super) fn question(id: u16, name: &str, family: Family) -> Option<Vec<u8>> {
    // Recursion desired, one question.
    let mut message = vec![0; HEADER];
    message[..2].copy_from_slice(&id.to_be_bytes());
    message[2] = 1;
    message[5] = 1;
    for label in name.trim_end_matches('.').split('.') {
        let len = u8::try_from(label.len()).ok().filter(|len| (1..=63).contains(len))?;
        message.push(len);
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    message.extend_from_slice(&record_type(family).to_be_bytes());
    message.extend_from_slice(&INTERNET.to_be_bytes());
    (message.len() <= HEADER + 255 + 4).then_some(message)
}

/// What an answer says; `None` if it is none to the question with that id.
pub(super) fn answer(message: &[u8], id: u16) -> Option<ResolverSaid> {
    let number = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let (flags, questions, answers) = (number(2)?, number(4)?, number(6)?);
    if number(0)? != id || flags & 0x8000 == 0 {
        return None;
    }
    match u8::try_from(flags & 0xf).unwrap_or(u8::MAX) {
        0 => {}
        3 => return Some(ResolverSaid::NoSuchName),
        rcode => return Some(ResolverSaid::Failure(rcode)),
    }
    let mut at = HEADER;
    for _ in 0..questions {
        at = after_name(message, at)? + 4;
    }
    let mut addresses = Vec::new();
    for _ in 0..answers {
        // What is cut off is left out.
        let Some(record) = after_name(message, at) else { break };
        let (Some(kind), Some(len)) = (number(record), number(record + 8)) else { break };
        let Some(data) = message.get(record + 10..record + 10 + usize::from(len)) else { break };
        if let (1, Ok(octets)) = (kind, <[u8; 4]>::try_from(data)) {
            addresses.push(IpAddr::from(octets));
        } else if let (28, Ok(octets)) = (kind, <[u8; 16]>::try_from(data)) {
            addresses.push(IpAddr::from(octets));
        }
        at = record + 10 + usize::from(len);
    }
    Some(ResolverSaid::Addresses(addresses))
}

/// Where the name that begins at `at` ends.
fn after_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            // A pointer to the rest of the name ends it.
            len if len >= 0xc0 => return Some(at + 2),
            len => at += 1 + usize::from(len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(flags: [u8; 2], records: &[&[u8]]) -> Vec<u8> {
        let mut message = question(7, "lic.example", Family::V4).unwrap();
        message[2..4].copy_from_slice(&flags);
        message[7] = u8::try_from(records.len()).unwrap();
        for record in records {
            message.extend_from_slice(record);
        }
        message
    }

    /// A record whose name points at the question.
    fn record(kind: u8, data: &[u8]) -> Vec<u8> {
        let mut record = vec![0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, u8::try_from(data.len()).unwrap()];
        record.extend_from_slice(data);
        record
    }

    #[test]
    fn a_question_is_as_the_standard_has_it() {
        let message = question(0x1234, "lic.example.", Family::V6).unwrap();
        assert_eq!(message[..12], [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(message[12..], *b"\x03lic\x07example\x00\x00\x1c\x00\x01");
        for no_name in ["", ".", "a..b", &"x".repeat(64), &["x"; 200].join(".")] {
            assert!(question(1, no_name, Family::V4).is_none(), "{no_name}");
        }
    }

    #[test]
    fn the_addresses_of_an_answer_are_found_behind_its_aliases() {
        let alias = record(5, b"\x01a\x07example\x00");
        let message = reply([0x81, 0x80], &[&alias, &record(1, &[203, 0, 113, 7])]);
        let found = ResolverSaid::Addresses(vec!["203.0.113.7".parse().unwrap()]);
        assert_eq!(answer(&message, 7), Some(found));
        assert_eq!(answer(&message, 8), None, "another question's");
        assert_eq!(answer(&question(7, "lic.example", Family::V4).unwrap(), 7), None, "no answer");
    }

    #[test]
    fn what_a_resolver_refuses_is_told_from_a_name_that_is_not_there() {
        assert_eq!(answer(&reply([0x81, 0x83], &[]), 7), Some(ResolverSaid::NoSuchName));
        assert_eq!(answer(&reply([0x81, 0x82], &[]), 7), Some(ResolverSaid::Failure(2)));
        assert_eq!(answer(&reply([0x81, 0x80], &[]), 7), Some(ResolverSaid::Addresses(Vec::new())));
    }

    #[test]
    fn no_cut_of_an_answer_is_more_than_it_holds() {
        let message = reply([0x81, 0x80], &[&record(1, &[203, 0, 113, 7]), &record(28, &[1; 16])]);
        for len in 0..message.len() {
            if let Some(ResolverSaid::Addresses(found)) = answer(&message[..len], 7) {
                assert!(found.len() < 2, "{len}");
            }
        }
    }
}
