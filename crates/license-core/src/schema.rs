//! The schema of everything that the license server signs: `major.minor`.
//!
//! A reader ignores unknown fields of a higher minor; an unknown major is a fault.

/// What this version writes. Since 1.1 a refusal has its reason in Russian, too.
pub const SCHEMA: &str = "1.1";

/// The major part of [`SCHEMA`].
pub const MAJOR: &str = "1";

/// Whether this version can read what has that schema.
#[must_use]
pub fn is_known(schema: &str) -> bool {
    schema.split('.').next() == Some(MAJOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_part_decides() {
        assert!(is_known(SCHEMA) && is_known("1.99"));
        assert!(!is_known("2.0") && !is_known("10.0") && !is_known(""));
    }
}
