//! One encrypted SQLite file: open with a key, prove it is encrypted, migrate, one writer.
//!
//! ```text
//! key         MasterKey -> Key          every file its own key, all from one secret
//! schema      Schema                    whose file it is, how durable, and its migrations in order
//! encryption  path + Key -> Connection  refuses before it touches: no SQLCipher, plain text, another key
//! lane        Connection -> thread      one connection, one thread, one bounded queue
//! vault       Vault                     a lane that writes and a lane that reads
//! column      text -> name or document
//! secret      file of a secret          written whole, read if nobody else can
//! error       OpenError, Error          what went wrong with which file
//! ```
//!
//! Invariants, stated as absences: nothing is written to a file whose key is not ours; no customer data is ever
//! written unencrypted; no key reaches a log or an error; no task can end a vault's threads.

mod key;
mod schema;

mod encryption;
mod lane;
mod priority;
mod vault;

pub mod column;
mod secret;

mod error;

pub use error::{Error, OpenError};
pub use key::{Key, KeyError, MasterKey};
/// The SQLite binding that tasks are written against. Only this package names it in its `Cargo.toml`, so the whole
/// workspace has one SQLite, and this package alone decides how it is built.
pub use rusqlite;
pub use schema::{Durability, Readers, Schema};
pub use secret::{SecretError, read_secret, write_secret};
pub use vault::Vault;
