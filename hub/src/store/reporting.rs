//! What the report is made of.

use super::{Error, Store, unsigned};
use crate::{
    health::HealthLine,
    office::now,
    report::{DeviceLine, JournalLine, RefusalLine, Results},
};
use touchpoint_protocol::{
    name::{DeviceId, ShardId},
    utc::Utc,
};
use touchpoint_vault::{
    column::{parsed, unreadable},
    rusqlite::{self, Connection, Row, types::ValueRef},
};

/// Shard, how many customers were erased from it, a device of the shard, and whether it has confirmed all of that.
pub(crate) type ErasureRow = (ShardId, u64, Option<(DeviceId, bool)>);

/// The rows of a report, all of one moment.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Which moment.
    pub(crate) at: Utc,
    /// Enrolled devices.
    pub(crate) devices: Vec<DeviceLine>,
    /// Journals heard from.
    pub(crate) journals: Vec<JournalLine>,
    /// Facts that stand under two keys.
    pub(crate) duplicates: u64,
    /// How campaigns are doing.
    pub(crate) results: Results,
    /// Who was erased, device by device.
    pub(crate) erasures: Vec<ErasureRow>,
    /// What was refused.
    pub(crate) refusals: Vec<RefusalLine>,
}

impl Store {
    /// Reads them.
    pub(crate) async fn report(&self) -> Result<Rows, Error> {
        let now = now();
        let task = move |connection: &Connection| {
            let duplicates = connection.query_row(include_str!("report-duplicates.sql"), [], |row| unsigned(row, 0))?;
            Ok(Rows {
                at: now,
                devices: all(connection, include_str!("report-devices.sql"), |row| device(row, now))?,
                journals: all(connection, include_str!("report-journals.sql"), journal)?,
                duplicates,
                results: super::outcomes::count(connection)?,
                erasures: all(connection, include_str!("report-erasures.sql"), erasure)?,
                refusals: all(connection, include_str!("report-refusals.sql"), |row| {
                    Ok(RefusalLine { reason: row.get(0)?, times: unsigned(row, 1)? })
                })?,
            })
        };
        self.0.read(task).await
    }
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    line: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(sql)?.query_map([], line)?.collect()
}

fn device(row: &Row<'_>, now: Utc) -> rusqlite::Result<DeviceLine> {
    let online = row.get(3)?;
    let received = row.get::<_, Option<i64>>(6)?.map(Utc::from_millis);
    let said: Option<String> = row.get(7)?;
    let said = said.map(|said| serde_json::from_str(&said).map_err(|error| unreadable(7, error))).transpose()?;
    Ok(DeviceLine {
        device: parsed(row, 0)?,
        group: parsed(row, 1)?,
        shard: parsed(row, 2)?,
        online,
        version: row.get(4)?,
        since: row.get::<_, Option<i64>>(5)?.map(Utc::from_millis),
        health: received.zip(said).map(|(received, said)| HealthLine::new(said, received, online, now)),
    })
}

fn erasure(row: &Row<'_>) -> rusqlite::Result<ErasureRow> {
    let device = match row.get_ref(2)? {
        ValueRef::Null => None,
        _ => Some((parsed(row, 2)?, row.get(3)?)),
    };
    Ok((parsed(row, 0)?, unsigned(row, 1)?, device))
}

fn journal(row: &Row<'_>) -> rusqlite::Result<JournalLine> {
    let (received, highest, discarded) = (unsigned(row, 2)?, unsigned(row, 3)?, unsigned(row, 4)?);
    Ok(JournalLine {
        journal: parsed(row, 0)?,
        device: parsed(row, 1)?,
        received,
        highest,
        discarded,
        missing: crate::journal::missing(received + discarded, highest),
        backfill: unsigned(row, 5)?,
        through: unsigned(row, 6)?,
        repeated: unsigned(row, 7)?,
        contradicted: unsigned(row, 8)?,
    })
}
