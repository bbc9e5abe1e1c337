//! What each group of devices runs.

use super::{Error, Store, shards::digest, signed, unsigned};
use crate::check::Medium;
use touchpoint_protocol::{
    digest::{ContentRef, Digest},
    group::GroupHead,
    limits,
    name::{GroupId, Tenant},
};
use touchpoint_vault::rusqlite::{self, Connection, OptionalExtension, Transaction};

impl Store {
    /// Makes a bundle and its pictures the group's next revision, and returns it. What no group runs any more is deleted.
    pub(crate) async fn publish(&self, group: &GroupId, bundle: Vec<u8>, media: Vec<Medium>) -> Result<u64, Error> {
        let group = group.clone();
        let task = move |transaction: &Transaction<'_>| {
            let mut insert = transaction.prepare(include_str!("content-insert.sql"))?;
            let mut keep = |sha256: &Digest, bytes: &[u8]| {
                insert.execute((sha256.as_bytes(), signed(bytes.len() as u64), bytes)).map(drop)
            };
            let sha256 = Digest::of(&bundle);
            keep(&sha256, &bundle)?;
            let values = (group.as_str(), sha256.as_bytes());
            let revision =
                transaction.query_row(include_str!("publication-replace.sql"), values, |row| unsigned(row, 0))?;
            transaction.execute(include_str!("medium-clear.sql"), [group.as_str()])?;
            for Medium { sha256, bytes } in &media {
                keep(sha256, bytes)?;
                let values = (group.as_str(), sha256.as_bytes());
                transaction.execute(include_str!("medium-insert.sql"), values)?;
            }
            transaction.execute(include_str!("content-sweep.sql"), [])?;
            Ok(revision)
        };
        self.0.write(task).await
    }

    /// The head of a group, if anything was ever published to it.
    pub(crate) async fn group_head(&self, tenant: &Tenant, group: &GroupId) -> Result<Option<GroupHead>, Error> {
        let (tenant, group) = (tenant.clone(), group.clone());
        let task = move |connection: &Connection| {
            let mut select = connection.prepare(include_str!("publication-media.sql"))?;
            let media = select.query_map([group.as_str()], |row| content(row, 0))?.collect::<Result<_, _>>()?;
            let head = connection.query_row(include_str!("publication-head.sql"), [group.as_str()], |row| {
                Ok((unsigned(row, 0)?, content(row, 1)?))
            });
            let Some((revision, bundle)) = head.optional()? else { return Ok(None) };
            Ok(Some(GroupHead { tenant, group, revision, bundle, media }))
        };
        self.0.read(task).await
    }

    /// One block of a bundle or picture that this group runs.
    pub(crate) async fn content(&self, group: &GroupId, sha256: Digest, block: u32) -> Result<Option<Vec<u8>>, Error> {
        let group = group.clone();
        let task = move |connection: &Connection| {
            let mut select = connection.prepare_cached(include_str!("content-block.sql"))?;
            // SQLite counts bytes from 1.
            let start = i64::from(block) * limits::BLOCK as i64 + 1;
            let values = (sha256.as_bytes(), group.as_str(), start, limits::BLOCK as i64);
            select.query_row(values, |row| row.get(0)).optional()
        };
        self.0.read(task).await
    }
}

fn content(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<ContentRef> {
    Ok(ContentRef { sha256: digest(row, column)?, size: row.get(column + 1)? })
}
