//! Everything that passed on a line, for whoever asks afterwards whether a secret was among it.

use crate::line::{Watcher, Way};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Most that is kept, in bytes. The demo passes about 1 MiB; more than this means that something runs in circles.
const LONGEST: usize = 256 * 1024 * 1024;

/// A recording of a line, one stream for each way of each connection.
///
/// What is compressed on the line stays so here: a tape shows what a listener on the line sees.
#[derive(Default)]
pub struct Tape(Mutex<Streams>);

#[derive(Default)]
struct Streams {
    recorded: BTreeMap<(u64, Way), Vec<u8>>,
    size: usize,
}

impl Tape {
    /// The streams recorded so far, those of the first connection first.
    ///
    /// # Panics
    /// The tape ran full: what it missed could have been what is looked for.
    pub fn streams(&self) -> Vec<Vec<u8>> {
        let streams = self.lock();
        assert!(streams.size <= LONGEST, "more than {LONGEST} bytes passed on the line");
        streams.recorded.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        // Appending leaves nothing half done, so that a poisoned lock guards a whole tape.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher for Tape {
    fn passes(&self, connection: u64, way: Way, chunk: &[u8]) {
        let mut streams = self.lock();
        streams.size += chunk.len();
        if streams.size <= LONGEST {
            streams.recorded.entry((connection, way)).or_default().extend_from_slice(chunk);
        }
    }
}

impl std::fmt::Debug for Tape {
    /// Not the bytes: what is recorded may be what must not be printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tape({} bytes)", self.lock().size)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_even_if_it_passed_in_two_chunks_with_others_between() {
        let tape = Tape::default();
        tape.passes(1, Way::Up, b"a sec");
        tape.passes(1, Way::Down, b"yes");
        tape.passes(2, Way::Up, b"no");
        tape.passes(1, Way::Up, b"ret");
        assert_eq!(tape.streams(), [b"a secret".to_vec(), b"yes".to_vec(), b"no".to_vec()]);
        assert_eq!(format!("{tape:?}"), "Tape(13 bytes)");
    }
}
