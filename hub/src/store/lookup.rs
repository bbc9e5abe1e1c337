//! One row among all shards, without a table of all customers: the block that it must be in, or the delta that spoke of it last.

use super::{Error, Store, unreadable};
use touchpoint_protocol::{block::Rows, customer::CustomerId, delta::Delta, token::Token};
use touchpoint_vault::rusqlite::{self, Connection, OptionalExtension};

/// A row that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundRow {
    /// By which token it was found.
    pub(crate) token: Token,
    /// Whose it is.
    pub(crate) customer: CustomerId,
    /// Their profile in CBOR.
    pub(crate) profile: Vec<u8>,
}

impl Store {
    /// The row of the first of these tokens that is in any shard. Reads one block or delta of each shard at most.
    pub(crate) async fn customer(&self, tokens: Vec<Token>) -> Result<Option<FoundRow>, Error> {
        let task = move |connection: &Connection| {
            let mut select = connection.prepare_cached(include_str!("shard-names.sql"))?;
            let shards: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            for token in tokens {
                for shard in &shards {
                    let found = row_of(connection, shard, token)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
            Ok(None)
        };
        self.0.read(task).await
    }
}

fn row_of(connection: &Connection, shard: &str, token: Token) -> rusqlite::Result<Option<FoundRow>> {
    let key = (shard, token.as_bytes());
    let mut last_word = connection.prepare_cached(include_str!("change-document.sql"))?;
    let delta = last_word.query_row(key, |row| row.get::<_, String>(0)).optional()?;
    let rows = match delta {
        Some(delta) => {
            let delta: Delta = serde_json::from_str(&delta).map_err(|error| unreadable(0, error))?;
            delta.rows()
        }
        None => {
            let mut select = connection.prepare_cached(include_str!("block-of-token.sql"))?;
            let block = select.query_row(key, |row| row.get::<_, Vec<u8>>(0)).optional()?;
            block.map(|block| Rows::decompress(&block)).transpose()
        }
    };
    let rows = rows.map_err(|error| unreadable(0, error))?;
    let found = rows.as_ref().and_then(|rows| rows.iter().find(|row| row.token == token));
    Ok(found.map(|row| FoundRow { token, customer: row.customer, profile: row.profile.to_vec() }))
}
