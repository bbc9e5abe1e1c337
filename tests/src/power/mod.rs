//! A power cut, below SQLite: what a journal wrote is recorded, and the disks that a cut could have left are made from it.
//!
//! ```text
//! recorder   below SQLite, what it asks of the file system  -> Tape
//! disk       Tape, cut anywhere                             -> the files that may be there at the next boot
//! life       the life of a journal, and what was promised   -> Promises
//! boot       those files, opened as the agent opens them    -> what is there, against what was promised
//! ```
//!
//! A killed process loses nothing that it wrote, so `kill -9` says nothing about a missing sync. This does.

pub mod boot;
pub mod disk;
pub mod life;
pub mod recorder;
