//! Which machines may speak, and what the broker last said of them.

use super::{Error, Store};
use touchpoint_protocol::{
    name::{DeviceId, GroupId, ShardId},
    presence::Presence,
    utc::Utc,
};
use touchpoint_vault::{
    column::parsed,
    rusqlite::{self, Connection, OptionalExtension, Row, Transaction},
};

/// Where a device belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Enrolment {
    /// Whose campaigns it runs.
    pub(crate) group: GroupId,
    /// Whose customers it holds.
    pub(crate) shard: ShardId,
}

impl Store {
    /// Registers a device, or moves it; returns where it belonged before.
    pub(crate) async fn register(
        &self,
        device: &DeviceId,
        enrolment: &Enrolment,
        now: Utc,
    ) -> Result<Option<Enrolment>, Error> {
        let (device, enrolment) = (device.clone(), enrolment.clone());
        let task = move |transaction: &Transaction<'_>| {
            let before = enrolment_of(transaction, &device)?;
            let values = (device.as_str(), enrolment.group.as_str(), enrolment.shard.as_str(), now.as_millis());
            transaction.execute(include_str!("device-register.sql"), values)?;
            Ok(before)
        };
        self.0.write(task).await
    }

    /// Where a device belongs, if it is enrolled.
    pub(crate) async fn enrolment(&self, device: &DeviceId) -> Result<Option<Enrolment>, Error> {
        let device = device.clone();
        self.0.read(move |connection| enrolment_of(connection, &device)).await
    }

    /// Keeps what the broker says of an enrolled device.
    pub(crate) async fn record_presence(&self, device: &DeviceId, presence: Presence, now: Utc) -> Result<(), Error> {
        let device = device.clone();
        let task = move |transaction: &Transaction<'_>| {
            let Presence { online, version, boot } = &presence;
            let values = (device.as_str(), online, version, boot.as_str(), now.as_millis());
            transaction.execute(include_str!("device-presence.sql"), values).map(drop)
        };
        self.0.write(task).await
    }
}

fn enrolment_of(connection: &Connection, device: &DeviceId) -> rusqlite::Result<Option<Enrolment>> {
    let mut select = connection.prepare_cached(include_str!("device-enrolment.sql"))?;
    let enrolment = |row: &Row<'_>| Ok(Enrolment { group: parsed(row, 0)?, shard: parsed(row, 1)? });
    select.query_row([device.as_str()], enrolment).optional()
}
