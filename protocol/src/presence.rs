//! Whether a device is on the line, as the broker keeps it: said by the device, or by its last will.

use crate::{limits, name::BootId};
use serde::{Deserialize, Serialize};

/// Retained on `devices/<id>/presence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// On the line, or not.
    pub online: bool,
    /// The agent's version.
    pub version: String,
    /// Which run of the machine this was.
    pub boot: BootId,
}

/// The document is not a presence.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// Not the JSON it should be.
    #[error("presence is not the json it should be")]
    Json(#[source] serde_json::Error),
    /// A version no agent has.
    #[error("presence: version has {size} bytes, over {}", limits::VERSION, size = .0)]
    Version(usize),
}

impl Presence {
    /// As it travels.
    #[expect(clippy::expect_used, reason = "a struct of plain fields is always written")]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("presence as json")
    }

    /// Reads it.
    ///
    /// # Errors
    /// Not the JSON it should be, or out of bounds.
    pub fn decode(payload: &[u8]) -> Result<Presence, PresenceError> {
        let presence: Presence = serde_json::from_slice(payload).map_err(PresenceError::Json)?;
        match presence.version.len() {
            0..=limits::VERSION => Ok(presence),
            length => Err(PresenceError::Version(length)),
        }
    }
}
