//! The latest word of each device on how it is.

use super::{Error, Store};
use touchpoint_protocol::{
    campaign::PanelSize,
    health::Health,
    name::{DeviceId, GroupId},
    utc::Utc,
};
use touchpoint_vault::rusqlite::{self, Connection, Transaction};

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

    /// The sizes of a group's panels as its devices told them last, each once.
    pub(crate) async fn panels_of(&self, group: &GroupId) -> Result<Vec<PanelSize>, Error> {
        let group = group.clone();
        let task = move |connection: &Connection| {
            let mut select = connection.prepare(include_str!("health-panels.sql"))?;
            let panels = select.query_map([group.as_str()], |row| {
                Ok(PanelSize { width: row.get("width")?, height: row.get("height")? })
            });
            panels?.collect()
        };
        self.0.read(task).await
    }
}
