//! Head office: imports customers, checks and publishes campaigns, answers devices, collects results.
//!
//! ```text
//! office       Config -> Office         settings, keys and database, opened; every command is a method of it
//! import       rows -> next epoch       mapping, source (file -> fields, bounded), customers (fields -> customer), addition, rejects
//!              or next revisions        table (customers -> rows), snapshot (rows -> blocks), changes (rows -> deltas)
//! check        folder -> Campaigns      campaigns (TOML -> protocol types), placeholders, what fits the glass, what is doubtful
//! schema       what may stand in those files, for editors
//! publish      Campaigns -> revision
//! enrol, init  folders for a device and for head office
//! serve        the line                 answer (one message -> what it causes), health (how a device is), found (one customer),
//!                                       lookups (and how often), contacts (what was said passes by)
//! outcomes     CSV -> what happened later
//! report       what there is to know        results (facts -> shares, intervals), print, page (HTML), chart (SVG)
//! store        SQL                      one transaction per change
//! ```
//!
//! Invariants, stated as absences: no card number is stored, logged or repeated in an error; nothing a device sends changes
//! anything but that device's own rows; nothing is confirmed before it is committed; no bad message stops the next one.

pub mod config;
pub mod keys;
// The agent's own file: a program of ours logs as the others do, and head office imports nothing of a device.
#[path = "../../agent/src/log.rs"]
pub mod log;
// The agent's, too: what is checked here is what a device puts on.
#[path = "../../agent/src/look.rs"]
mod look;
pub mod office;
pub mod problem;

mod enrol;
mod init;

mod bounded;
mod customers;
mod import;
mod table;

mod changes;
mod snapshot;

mod campaigns;
mod check;
mod placeholders;
mod publish;
mod schema;

mod answer;
mod contacts;
mod found;
mod health;
mod lookups;
mod serve;

mod journal;
mod outcomes;
mod report;

mod document;
mod store;

pub use campaigns::{Pixels, PixelsError};
pub use check::{CheckError, Checked, Draft, Medium, Trial, check, draft};
pub use config::{Config, ConfigError};
pub use customers::{BadRows, ReadError};
pub use enrol::{EnrolError, Enrolled};
pub use health::HealthLine;
pub use import::{Import, ImportError, Imported, Mapping, OnBadRows, RejectsError, Travels, write_rejects};
pub use init::{InitError, init};
pub use office::{Office, OpenError};
pub use outcomes::{Outcomes, OutcomesError};
pub use problem::{Place, Problem};
pub use publish::{PublishError, Published};
pub use report::{
    AnswerCount, By, CampaignLine, DeviceLine, Difference, ErasureLine, JournalLine, OutcomeLine, Rate, ReasonLine,
    RefusalLine, Report, ResultLine, Results,
};
pub use schema::{Schema, schemas, write_schemas};
pub use serve::ServeError;
pub use snapshot::SnapshotError;
pub use store::StoreError;
