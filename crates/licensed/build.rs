//! Tells the program when it was built: no clock that it meets later can be right and say less.

use std::{
    env,
    error::Error,
    time::{SystemTime, UNIX_EPOCH},
};

/// What reproducible builds set: <https://reproducible-builds.org/specs/source-date-epoch/>.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: u64 = match env::var(SOURCE_DATE_EPOCH) {
        Ok(seconds) => {
            seconds.trim().parse().map_err(|error| format!("{SOURCE_DATE_EPOCH}={seconds}: {error}"))?
        }
        Err(_) => now()?,
    };
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={SOURCE_DATE_EPOCH}");
    println!("cargo::rustc-env=LICENSED_BUILD_DATE={seconds}");
    Ok(())
}

fn now() -> Result<u64, Box<dyn Error>> {
    #[allow(clippy::disallowed_methods, reason = "the time of the build is what is asked for")]
    let now = SystemTime::now();
    Ok(now.duration_since(UNIX_EPOCH)?.as_secs())
}
