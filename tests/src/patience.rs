//! Waiting with an end: a test polls for what must come, and says what did not.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// Far longer than anything here takes on a loaded machine, and short enough to be waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a device that was cut off may take to be back: it waits a minute at most before it tries again.
pub const RECONNECTED: Duration = Duration::from_secs(90);

/// Pause between two looks: short beside what is waited for, long beside what a look costs.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until there is what is waited for.
///
/// # Panics
/// It did not come within [`PATIENCE`]; says `what`, and what was seen last.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Result<T, String>) -> T {
    within(PATIENCE, what, look)
}

/// The same, with this much patience.
///
/// # Panics
/// It did not come in time; says `what`, and what was seen last.
pub fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if Instant::now() > deadline => panic!("{what}: not within {patience:?}; last seen: {seen}"),
            Err(_) => sleep(PAUSE),
        }
    }
}
