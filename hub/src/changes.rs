//! What a file says otherwise than what devices hold, in the form in which it travels: a few deltas. Pure.

use crate::table::{Published, Table};
use touchpoint_protocol::{
    block::{PackError, Packer, Row, UnpackError},
    delta::Delta,
    limits,
    name::{ShardId, Tenant},
    token::Token,
};

/// How much of rows and erasures one delta holds, in bytes before compression. Signing puts base64 around base64, which makes
/// it at most 16/9 of that: with what else is in it, an answer of less than [`limits::BLOCK`].
const FILL: usize = 48 * 1024;

/// What a token takes, in bytes.
const TOKEN: usize = 16;

/// What a customer's number takes at most, in bytes of CBOR.
const NUMBER: usize = 9;

/// The rows that are to be different on devices.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Places in the table of rows that are new or say something else.
    upserts: Vec<usize>,
    /// Tokens that are gone.
    erased: Vec<Token>,
}

impl Changes {
    /// Compares what is to be with what is; `None` as soon as there are more changes than `most`.
    ///
    /// # Errors
    /// What is cannot be read.
    pub(crate) fn between(published: &Published, table: &Table, most: usize) -> Result<Option<Changes>, UnpackError> {
        let (mut changes, mut at) = (Changes::default(), 0);
        published.each(|before: Row<'_>| {
            while let Some(now) = table.row(at).filter(|now| now.token <= before.token) {
                if now != before {
                    changes.upserts.push(at);
                }
                at += 1;
                if now.token == before.token {
                    return changes.count() <= most;
                }
            }
            changes.erased.push(before.token);
            changes.count() <= most
        })?;
        if changes.count() <= most {
            changes.upserts.extend((at..table.len()).take(most + 1));
        }
        Ok((changes.count() <= most).then_some(changes))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.upserts.len() + self.erased.len()
    }

    /// Rows that are new or say something else.
    pub(crate) fn upserts(&self) -> usize {
        self.upserts.len()
    }

    /// Tokens that are gone.
    pub(crate) fn erased(&self) -> usize {
        self.erased.len()
    }

    /// The deltas that lead there from a revision, erasures first, each with how many changes it holds.
    ///
    /// # Errors
    /// A row cannot be packed.
    pub(crate) fn deltas(
        &self,
        table: &Table,
        tenant: &Tenant,
        shard: &ShardId,
        (epoch, revision): (u64, u64),
    ) -> Result<Vec<(Delta, usize)>, PackError> {
        let mut chunks = Vec::new();
        for &token in &self.erased {
            room(&mut chunks, TOKEN).erased.push(token);
        }
        for row in self.upserts.iter().filter_map(|&at| table.row(at)) {
            // Far less than a block, so none is full by it.
            let chunk = room(&mut chunks, TOKEN + NUMBER + row.profile.len());
            chunk.packer.push(row)?;
            chunk.rows += 1;
        }
        let deltas = (revision..).zip(chunks).map(|(from, mut chunk)| {
            let changes = chunk.changes();
            let upserts = chunk.packer.finish()?.pop().map(|block| block.bytes).unwrap_or_default();
            let (tenant, shard, erased) = (tenant.clone(), shard.clone(), chunk.erased);
            Ok((Delta { tenant, shard, epoch, from, to: from + 1, upserts, erased }, changes))
        });
        deltas.collect()
    }
}

/// A delta that is being filled.
#[derive(Debug, Default)]
struct Chunk {
    packer: Packer,
    rows: usize,
    erased: Vec<Token>,
    bytes: usize,
}

impl Chunk {
    /// Rows and tokens.
    fn changes(&self) -> usize {
        self.rows + self.erased.len()
    }
}

/// The last chunk, or a new one if the last has no room for so many bytes more.
fn room(chunks: &mut Vec<Chunk>, bytes: usize) -> &mut Chunk {
    let is_full = |chunk: &Chunk| {
        let said = chunk.changes();
        said == limits::DELTA || said > 0 && chunk.bytes + bytes > FILL
    };
    if chunks.last().is_none_or(is_full) {
        chunks.push(Chunk::default());
    }
    let last = chunks.len() - 1;
    let chunk = &mut chunks[last];
    chunk.bytes += bytes;
    chunk
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{
        customers::Customer,
        snapshot::Snapshot,
        store::{Base, Stand},
    };
    use std::collections::HashMap;
    use touchpoint_protocol::{
        customer::{CustomerId, Profile},
        signed::{SigningKey, seal},
    };

    /// Customers by number, each with one token and a first name.
    fn table(customers: &[(u32, &str)]) -> Table {
        let numbers = customers.iter().map(|(number, _)| (number.to_string().into(), i64::from(*number)));
        let stand = Stand { epoch: 1, revision: 0, last_number: 1_000_000 };
        let base = Base { stand, numbers: numbers.collect::<HashMap<_, _>>(), ..Base::default() };
        let customers = customers.iter().map(|(number, name)| {
            let mut token = [3; 16];
            token[..4].copy_from_slice(&number.to_be_bytes());
            let attributes = [("first-name".parse().unwrap(), (*name).to_owned())].into();
            let profile = Profile { attributes, ..Profile::default() }.to_cbor().into();
            let key = number.to_string().into();
            Customer { line: 0, key, card: Some(Token::from_bytes(token)), loyalty: None, profile }
        });
        Table::new(customers.collect(), &base).unwrap()
    }

    fn published(table: &Table) -> Published {
        let snapshot = Snapshot::of(table, &"t1".parse().unwrap()).unwrap();
        Published { blocks: snapshot.blocks.into_iter().map(|(block, ..)| block.bytes).collect(), deltas: vec![] }
    }

    fn deltas(published: &Published, table: &Table) -> Vec<Delta> {
        let changes = Changes::between(published, table, usize::MAX - 1).unwrap().unwrap();
        let revision = published.deltas.len() as u64;
        let deltas = changes.deltas(table, &"acme".parse().unwrap(), &"all".parse().unwrap(), (1, revision)).unwrap();
        assert_eq!(deltas.iter().map(|(_, count)| count).sum::<usize>(), changes.count());
        deltas.into_iter().map(|(delta, _)| delta).collect()
    }

    fn rows(published: &Published) -> Vec<(Token, CustomerId, Vec<u8>)> {
        let mut rows = Vec::new();
        published
            .each(|row| {
                rows.push((row.token, row.customer, row.profile.to_vec()));
                true
            })
            .unwrap();
        rows
    }

    #[test]
    fn only_what_is_different_travels_and_the_table_is_the_new_one_afterwards() {
        let mut published = published(&table(&[(1, "anna"), (2, "ben"), (3, "chloe"), (5, "emil")]));
        let files: [&[(u32, &str)]; 4] = [
            &[(1, "anna"), (2, "benjamin"), (4, "dora"), (5, "emil")],
            &[(1, "anna"), (2, "ben"), (3, "chloe"), (4, "dora"), (5, "emil")],
            &[(0, "adam"), (1, "anna"), (6, "fritz")],
            &[(6, "fritz")],
        ];
        let mut sizes = Vec::new();
        for file in files {
            let table = table(file);
            for delta in deltas(&published, &table) {
                let upserts = delta.rows().unwrap().map_or(0, |rows| rows.iter().count());
                sizes.push((upserts, delta.erased.len()));
                published.deltas.push(delta);
            }
            let expected = table.rows().map(|row| (row.token, row.customer, row.profile.to_vec()));
            assert_eq!(rows(&published), expected.collect::<Vec<_>>());
            assert!(deltas(&published, &table).is_empty(), "the same file once more");
        }
        assert_eq!(sizes, [(2, 1), (2, 0), (2, 4), (0, 2)], "rows and tokens");
    }

    #[test]
    fn many_changes_are_several_deltas_each_small_enough_to_be_an_answer() {
        let key = SigningKey::from_pkcs8("k1".parse().unwrap(), &SigningKey::generate().unwrap()).unwrap();
        let noise = |number: u32| touchpoint_protocol::digest::Digest::of(&number.to_be_bytes()).to_string();
        let names: Vec<String> = (0..6_000).map(noise).collect();
        let before: Vec<(u32, &str)> = (0..3_000).zip(names.iter().map(String::as_str)).collect();
        let after: Vec<(u32, &str)> = (1_500..6_000).zip(names[100..].iter().map(String::as_str)).collect();
        let (mut published, table) = (published(&table(&before)), table(&after));
        let deltas = deltas(&published, &table);
        assert!(deltas.len() > 6, "{}", deltas.len());
        for (from, delta) in (0..).zip(&deltas) {
            assert_eq!((delta.from, delta.to), (from, from + 1));
            assert!(seal(delta, &key).unwrap().len() <= limits::BLOCK);
        }
        published.deltas = deltas;
        assert_eq!(rows(&published).len(), table.len());
    }

    #[test]
    fn too_many_changes_are_not_counted_to_the_end() {
        let published = published(&table(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")]));
        let changed = table(&[(2, "b"), (3, "x"), (9, "i")]);
        assert!(Changes::between(&published, &changed, 3).unwrap().is_none());
        assert_eq!(Changes::between(&published, &changed, 4).unwrap().unwrap().count(), 4);
    }
}
