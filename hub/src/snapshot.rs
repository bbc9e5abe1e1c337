//! A shard's customers in the form in which they travel as a whole: sorted rows, packed in blocks. Pure.

use crate::table::Table;
use touchpoint_protocol::{
    block::{Block, PackError, Packer},
    digest::Digest,
    limits,
    name::KeyId,
    token::Token,
};

/// A shard's customers, ready to be stored.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The key its tokens were made with.
    pub(crate) token_key: KeyId,
    /// Rows in all blocks.
    pub(crate) rows: u64,
    /// The blocks, each with the digest of its bytes and its first token.
    pub(crate) blocks: Vec<(Block, Digest, Token)>,
}

/// Why customers do not make a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Rows cannot be packed.
    #[error("the customers cannot be packed")]
    Pack(#[source] PackError),
    /// More than devices take.
    #[error("{blocks} blocks of customers, over {}: divide the customers into shards", limits::BLOCKS, blocks = .0)]
    TooLarge(usize),
}

impl Snapshot {
    /// Packs all rows.
    ///
    /// # Errors
    /// A row is too large, or there are too many.
    pub(crate) fn of(table: &Table, token_key: &KeyId) -> Result<Snapshot, SnapshotError> {
        let mut packer = Packer::default();
        let mut blocks = Vec::new();
        for row in table.rows() {
            blocks.extend(packer.push(row).map_err(SnapshotError::Pack)?);
        }
        blocks.extend(packer.finish().map_err(SnapshotError::Pack)?);
        if blocks.len() > limits::BLOCKS {
            return Err(SnapshotError::TooLarge(blocks.len()));
        }
        let mut at = 0;
        let blocks = blocks.into_iter().filter_map(|block| {
            // There is one: no block is empty.
            let first = table.row(at)?.token;
            at += block.rows as usize;
            let sha256 = Digest::of(&block.bytes);
            Some((block, sha256, first))
        });
        Ok(Snapshot { token_key: token_key.clone(), rows: table.len() as u64, blocks: blocks.collect() })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{
        customers::Customer,
        store::{Base, Stand},
    };
    use std::collections::HashMap;
    use touchpoint_protocol::{block::Rows, customer::Profile};

    fn customer(key: &str, tokens: [u8; 2]) -> Customer {
        let [card, loyalty] = tokens.map(|byte| (byte > 0).then(|| Token::from_bytes([byte; 16])));
        Customer { line: 0, key: key.into(), card, loyalty, profile: Profile::default().to_cbor().into() }
    }

    #[test]
    fn each_token_is_a_row_and_known_customers_keep_their_numbers() {
        let stand = Stand { epoch: 4, revision: 0, last_number: 9 };
        let base = Base { stand, numbers: HashMap::from([("b".into(), 7)]), ..Base::default() };
        let customers = vec![customer("c", [3, 0]), customer("b", [5, 1]), customer("a", [0, 2])];
        let table = Table::new(customers, &base).unwrap();
        assert_eq!(table.newcomers, [("a".into(), 10), ("c".into(), 11)]);
        let snapshot = Snapshot::of(&table, &"t1".parse().unwrap()).unwrap();
        let [(block, sha256, first)] = &snapshot.blocks[..] else { panic!("{snapshot:?}") };
        assert_eq!((*sha256, snapshot.rows, *first), (Digest::of(&block.bytes), 4, Token::from_bytes([1; 16])));
        let unpacked = Rows::decompress(&block.bytes).unwrap();
        let rows = unpacked.iter().map(|row| (row.token.as_bytes()[0], i64::from(row.customer)));
        assert_eq!(rows.collect::<Vec<_>>(), [(1, 7), (2, 10), (3, 11), (5, 7)]);
    }
}
