//! One row among all shards, without a table of all customers: the block that it must be in, or the delta that spoke of it last.

use super::{Error, Store};
use touchpoint_protocol::{block::Rows, customer::CustomerId, delta::Delta, token::Token};
use touchpoint_vault::{
    column::unreadable,
    rusqlite::{self, Connection, OptionalExtension},
};

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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{changes::Changes, customers::Customer, snapshot::Snapshot, store::Next, table::Table};
    use std::collections::HashMap;
    use touchpoint_protocol::{
        customer::Profile,
        name::{ShardId, Tenant},
    };
    use touchpoint_vault::MasterKey;

    fn token(number: u32) -> Token {
        let mut bytes = [3; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Token::from_bytes(bytes)
    }

    /// Makes these numbers, each with a first name, the customers of a shard.
    async fn import(store: &Store, shard: &str, customers: impl Iterator<Item = (u32, &str)>) {
        let (shard, tenant): (ShardId, Tenant) = (shard.parse().unwrap(), "acme".parse().unwrap());
        let base = store.base(&shard).await.unwrap();
        let customers: Vec<Customer> = customers
            .map(|(number, name)| {
                let attributes = HashMap::from([("first-name".parse().unwrap(), name.repeat(20))]);
                let profile = Profile { attributes: attributes.into_iter().collect(), ..Profile::default() };
                let (key, profile) = (format!("{shard}-{number}").into(), profile.to_cbor().into());
                Customer { line: 0, key, card: Some(token(number)), loyalty: None, profile }
            })
            .collect();
        let mut table = Table::new(customers, &base).unwrap();
        let next = match base.stand.epoch {
            0 => Next::Epoch(Snapshot::of(&table, &"t1".parse().unwrap()).unwrap()),
            epoch => {
                let changes = Changes::between(&base.published, &table, usize::MAX - 1).unwrap().unwrap();
                Next::Revisions(changes.deltas(&table, &tenant, &shard, (epoch, base.stand.revision)).unwrap())
            }
        };
        let newcomers = std::mem::take(&mut table.newcomers);
        assert!(store.advance(&shard, base.stand, newcomers, table.members(), next).await.unwrap());
    }

    async fn name(store: &Store, number: u32) -> Option<String> {
        let found = store.customer(vec![token(99_999), token(number)]).await.unwrap()?;
        assert_eq!(found.token, token(number));
        let profile = Profile::from_cbor(&found.profile).unwrap();
        profile.attributes.into_values().next().map(|name| name.chars().take(4).collect())
    }

    #[tokio::test]
    async fn a_customer_is_found_in_any_block_of_any_shard_and_as_they_are_now() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::create(&folder.path().join("hub.db"), &MasterKey::new([1; 32])).unwrap();
        import(&store, "east", (10_000..10_003).map(|number| (number, "east"))).await;
        import(&store, "north", (1..9_000).map(|number| (2 * number, "anna"))).await;
        let blocks =
            store.shard_head(&"acme".parse().unwrap(), &"north".parse().unwrap()).await.unwrap().unwrap().blocks;
        assert!(blocks.len() > 2, "{} blocks", blocks.len());
        let mut last = 0;
        for block in &blocks {
            // The first and the last of each, and who would be between two blocks.
            for (number, found) in [(last + 2, true), (last + 1, false), (last + 2 * block.rows, true)] {
                assert_eq!(name(&store, number).await.is_some(), found, "{number}");
            }
            last += 2 * block.rows;
        }
        assert_eq!(name(&store, last + 2).await, None);
        assert_eq!(name(&store, 10_001).await.unwrap(), "east");

        // One is changed, one gone, one new; and then the one who was gone is back.
        let changed = |number| if number == 4 { "cleo" } else { "anna" };
        let now = (1..9_000).map(|number| 2 * number).filter(|number| *number != 6).chain([17]);
        import(&store, "north", now.map(|number| (number, changed(number)))).await;
        let names = [name(&store, 2).await, name(&store, 4).await, name(&store, 6).await, name(&store, 17).await];
        assert_eq!(names, [Some("anna".into()), Some("cleo".into()), None, Some("anna".into())]);
        import(&store, "north", (1..9_000).map(|number| (2 * number, "anna"))).await;
        let names = [name(&store, 4).await, name(&store, 6).await, name(&store, 17).await];
        assert_eq!(names, [Some("anna".into()), Some("anna".into()), None]);
    }
}
