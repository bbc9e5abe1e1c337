//! The latest word of each device on how it is.

use super::{Error, Store};
use touchpoint_protocol::{health::Health, name::DeviceId, utc::Utc};
use touchpoint_vault::rusqlite::{self, Transaction};

impl Store {
    /// Keeps what an enrolled device says of itself.
    pub(crate) async fn record_health(&self, device: &DeviceId, health: Health, now: Utc) -> Result<(), Error> {
        let device = device.clone();
        let task = move |transaction: &Transaction<'_>| {
            let document = serde_json::to_string(&health)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            let values = (device.as_str(), now.as_millis(), document);
            transaction.execute(include_str!("health-replace.sql"), values).map(drop)
        };
        self.0.write(task).await
    }
}
