//! What customers have: whether a segment, attribute or score that campaigns name is anybody's.

use super::{Error, Store};
use crate::check::Mentioned;
use std::collections::BTreeSet;
use touchpoint_protocol::{block::Rows, customer::Profile, delta::Delta};
use touchpoint_vault::{
    column::{json, unreadable},
    rusqlite::{self, Connection},
};

impl Store {
    /// Which of these no imported customer has; none of them, if nobody was ever imported. Reads customers of all shards until each is
    /// found, so that only a name nobody has is looked for in all of them.
    pub(crate) async fn nobodys(&self, mut wanted: BTreeSet<Mentioned>) -> Result<BTreeSet<Mentioned>, Error> {
        let task = move |connection: &Connection| {
            let mut customers = 0;
            let mut blocks = connection.prepare(include_str!("vocabulary-blocks.sql"))?;
            let mut blocks = blocks.query([])?;
            while let Some(row) = blocks.next()?.filter(|_| !wanted.is_empty()) {
                let bytes: Vec<u8> = row.get(0)?;
                let rows = Rows::decompress(&bytes).map_err(|error| unreadable(0, error))?;
                customers += strike(&rows, &mut wanted)?;
            }
            let mut deltas = connection.prepare(include_str!("vocabulary-deltas.sql"))?;
            let mut deltas = deltas.query([])?;
            while let Some(row) = deltas.next()?.filter(|_| !wanted.is_empty()) {
                let delta: Delta = json(row, 0)?;
                if let Some(rows) = delta.rows().map_err(|error| unreadable(0, error))? {
                    customers += strike(&rows, &mut wanted)?;
                }
            }
            Ok(if customers > 0 { wanted } else { BTreeSet::new() })
        };
        self.0.read(task).await
    }
}

/// Strikes out what these customers have; returns how many rows they are.
fn strike(rows: &Rows, wanted: &mut BTreeSet<Mentioned>) -> rusqlite::Result<usize> {
    for row in rows.iter() {
        let profile = Profile::from_cbor(row.profile).map_err(|error| unreadable(0, error))?;
        let Profile { segments, attributes, scores, .. } = profile;
        wanted.retain(|name| match name {
            Mentioned::Segment(name) => !segments.contains(name),
            Mentioned::Attribute(name) => !attributes.contains_key(name),
            Mentioned::Score(name) => !scores.contains_key(name),
        });
    }
    Ok(rows.iter().len())
}
