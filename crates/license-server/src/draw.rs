//! Chance: numbers, coupons and ids, drawn from the system's generator.

use license_core::crypto::SigningKey;
use license_types::{Coupon, FormatError, RegistrationNumber};

use crate::decide::Drawn;

const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Bytes from here on are drawn again: 252 is the largest multiple of 36 in a byte, so every
/// character is equally likely.
const UNBIASED: u8 = 252;

/// Why nothing can be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    System(#[from] getrandom::Error),
    /// What was drawn does not have the form that it was drawn for.
    #[error("a drawn key has the wrong form: {0}")]
    Form(#[from] FormatError),
}

/// What chance decides in one request.
pub fn drawn() -> Result<Drawn, DrawError> {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed)?;
    Ok(Drawn { number: text(RegistrationNumber::PREFIX)?.parse()?, seed })
}

/// A new coupon.
pub fn coupon() -> Result<Coupon, DrawError> {
    Ok(text(Coupon::PREFIX)?.parse()?)
}

/// A new key pair.
pub fn signing_key() -> Result<SigningKey, DrawError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(SigningKey::from_bytes(&seed))
}

fn text(prefix: &str) -> Result<String, getrandom::Error> {
    grouped(prefix, getrandom::fill)
}

/// `prefix` and four groups of five characters from `random` bytes.
fn grouped<E>(prefix: &str, mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<String, E> {
    let mut text = prefix.to_owned();
    let mut drawn = 0;
    while drawn < 20 {
        let mut bytes = [0; 32];
        random(&mut bytes)?;
        for byte in bytes.into_iter().filter(|byte| *byte < UNBIASED).take(20 - drawn) {
            if drawn % 5 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            drawn += 1;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, convert::Infallible};

    use super::*;

    #[test]
    fn what_is_drawn_has_its_form_and_is_new() {
        let (one, other) = (drawn().unwrap(), drawn().unwrap());
        assert_ne!(one.number, other.number);
        assert_ne!(one.seed, other.seed);
        assert_ne!(coupon().unwrap(), coupon().unwrap());
    }

    #[test]
    fn every_character_has_the_same_number_of_bytes() {
        let mut counts = [0; 36];
        for byte in 0..UNBIASED {
            counts[usize::from(byte) % ALPHABET.len()] += 1;
        }
        assert!(counts.iter().all(|count| *count == 7), "{counts:?}");
        assert_eq!(ALPHABET.iter().collect::<BTreeSet<_>>().len(), 36);
    }

    #[test]
    fn biased_bytes_are_drawn_again() {
        let mut draws = 0;
        let text = grouped("MIKO", |bytes| {
            bytes.fill(if draws < 3 { UNBIASED } else { 1 });
            draws += 1;
            Ok::<_, Infallible>(())
        });
        assert_eq!(text.unwrap(), "MIKO-BBBBB-BBBBB-BBBBB-BBBBB");
        assert_eq!(draws, 4);
    }
}
