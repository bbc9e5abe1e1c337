//! What a device says first on every connection: what it holds. What it lacks, it then asks for.

use crate::name::{GroupId, JournalId, ShardId};
use serde::{Deserialize, Serialize};

/// Sent to `devices/<id>/hello` after each connection. Head office answers with a signed
/// [`crate::confirmation::Confirmation`], so that a device which missed one learns what is safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The shard it serves.
    pub shard: ShardId,
    /// The epoch it holds whole, 0 for none.
    pub epoch: u64,
    /// The revision it holds of that epoch, 0 for the snapshot itself.
    pub revision: u64,
    /// The position it holds of the shard's contact log, 0 for none.
    pub contacts: u64,
    /// The group it belongs to.
    pub group: GroupId,
    /// The campaigns' revision it runs, 0 for none.
    pub campaigns: u64,
    /// Its journal.
    pub journal: JournalId,
    /// The last sequence number recorded there, 0 for none.
    pub recorded: u64,
    /// The last sequence number it knows to be safe, 0 for none.
    pub confirmed: u64,
}

/// The document is not a hello.
#[derive(Debug, thiserror::Error)]
#[error("hello is not the json it should be")]
pub struct HelloError(#[source] serde_json::Error);

impl Hello {
    /// As it travels.
    #[expect(clippy::expect_used, reason = "a struct of plain fields is always written")]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("hello as json")
    }

    /// Reads it.
    ///
    /// # Errors
    /// Not the JSON it should be.
    pub fn decode(payload: &[u8]) -> Result<Hello, HelloError> {
        serde_json::from_slice(payload).map_err(HelloError)
    }
}
