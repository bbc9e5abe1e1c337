//! Head office's signed word that interactions are safe with it.

use crate::{
    name::{DeviceId, JournalId, Tenant},
    signed::Document,
};
use serde::{Deserialize, Serialize};

/// Everything of this journal up to and with `through` is committed at head office. Only this makes a device forget that it
/// has something to deliver; a broker's PUBACK never does. An old one that comes again says less, and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Whose device.
    pub tenant: Tenant,
    /// Which device.
    pub device: DeviceId,
    /// Which journal of it.
    pub journal: JournalId,
    /// The last sequence number before which nothing is missing; 0 for nothing yet.
    pub through: u64,
}

impl Document for Confirmation {
    const TYPE: &'static str = "touchpoint.confirmation.v1";

    fn check(&self) -> Result<(), String> {
        match i64::try_from(self.through) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("through: {} is no sequence number", self.through)),
        }
    }
}
