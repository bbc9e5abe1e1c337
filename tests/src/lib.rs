//! Whole-system tests: what they stand on.
//!
//! The tests themselves are in `tests/tests/`, one file for each promise the software makes. Here is what several of them need: a real
//! Mosquitto, real programs as processes of their own, and the real agent behind a simulated clock and glass.
//!
//! ```text
//! pki, mosquitto         the broker, as deployed or plain
//! process                a program of ours, run or running
//! head_office, kiosk     the two programs in their folders; api speaks to a kiosk
//! books, crowd           what both databases really hold, and what they should
//! browser                a real one, for the pages that programs serve or write
//! rogue                  whoever stands where head office should
//! machine                an agent in this process, for visits that take no time
//! power                  every disk that a power cut could leave behind a journal
//! vm                     an agent on a kernel of its own, with a glass, fingers and keys
//! secrets, golden        what may be nowhere, and what must look as it did
//! workspace              the source tree, for rules that a machine can check
//! ```
//!
//! Everything here fails by panicking with what went wrong: it is for tests alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod patience;

pub mod mosquitto;
pub mod pki;

pub mod process;

pub mod api;
pub mod head_office;
pub mod kiosk;

pub mod books;
pub mod crowd;

pub mod browser;

pub mod rogue;

pub mod machine;

pub mod power;

pub mod vm;

pub mod golden;
pub mod secrets;

pub mod workspace;
