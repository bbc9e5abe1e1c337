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

    /// The sizes of a group's panels as its devices told them last, since then, each once.
    pub(crate) async fn panels_of(&self, group: &GroupId, since: Utc) -> Result<Vec<PanelSize>, Error> {
        let group = group.clone();
        let task = move |connection: &Connection| {
            let mut select = connection.prepare(include_str!("health-panels.sql"))?;
            let panels = select.query_map((group.as_str(), since.as_millis()), |row| {
                Ok(PanelSize { width: row.get("width")?, height: row.get("height")? })
            });
            panels?.collect()
        };
        self.0.read(task).await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::Enrolment;
    use touchpoint_vault::MasterKey;

    #[tokio::test]
    async fn a_groups_panels_are_those_its_devices_told_of_lately_each_size_once() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::create(&folder.path().join("t.db"), &MasterKey::new([7; 32])).unwrap();
        let said = Health::decode(include_bytes!("../../../tests/wire/v1/health/at_first.json")).unwrap();
        let size = |width| PanelSize { width, height: 600 };
        let devices = [("a", "all", Some(800), 5), ("b", "all", Some(1_024), 6), ("c", "all", Some(800), 7)];
        let others = [("d", "all", None, 7), ("e", "all", Some(320), 4), ("f", "lobby", Some(640), 9)];
        for (device, group, width, at) in devices.into_iter().chain(others) {
            let (device, at) = (device.parse().unwrap(), Utc::from_millis(at));
            let enrolment = Enrolment { group: group.parse().unwrap(), shard: "all".parse().unwrap() };
            store.register(&device, &enrolment, at).await.unwrap();
            store.record_health(&device, Health { screen: width.map(size), ..said.clone() }, at).await.unwrap();
        }
        let panels = store.panels_of(&"all".parse().unwrap(), Utc::from_millis(5)).await.unwrap();
        assert_eq!(panels, [size(800), size(1_024)]);
    }
}
