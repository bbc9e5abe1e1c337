//! Numbers that two connections hardly ever share. Not for secrets.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A number drawn evenly from all: the standard library seeds its hash maps at random.
pub(crate) fn number() -> u64 {
    RandomState::new().build_hasher().finish()
}
