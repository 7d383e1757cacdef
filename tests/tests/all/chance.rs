//! Chance that can be repeated.

use std::env;

/// A generator whose seed a failed test shows. `LICENSED_TEST_SEED` gives it the same again.
pub(crate) fn generator() -> fastrand::Rng {
    let seed = match env::var("LICENSED_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => fastrand::u64(..),
    };
    println!("LICENSED_TEST_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
