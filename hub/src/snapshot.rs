//! Customers in the form in which they travel: one row for each token, sorted, packed in blocks. Pure.

use crate::{customers::Customer, store::Base};
use touchpoint_protocol::{
    block::{Block, PackError, Packer, Row},
    customer::{CustomerId, CustomerIdError},
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
    /// The blocks, each with the digest of its bytes.
    pub(crate) blocks: Vec<(Block, Digest)>,
    /// Customers that had no number yet, sorted by key, with the number they get.
    pub(crate) newcomers: Vec<(Box<str>, i64)>,
}

/// Why customers do not make a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Rows cannot be packed.
    #[error("the customers cannot be packed")]
    Pack(#[source] PackError),
    /// A number that customers do not have.
    #[error("the customers cannot be numbered")]
    Number(#[source] CustomerIdError),
    /// More than devices take.
    #[error("{blocks} blocks of customers, over {}: divide the customers into shards", limits::BLOCKS, blocks = .0)]
    TooLarge(usize),
}

/// Numbers the customers, known ones as before, and packs them. No two of them share a key or a token.
pub(crate) fn build(customers: Vec<Customer>, base: &Base, token_key: &KeyId) -> Result<Snapshot, SnapshotError> {
    let (numbers, newcomers) = number(&customers, base);
    let mut tokens: Vec<(Token, usize)> = Vec::with_capacity(customers.len());
    for (at, customer) in customers.iter().enumerate() {
        tokens.extend([customer.card, customer.loyalty].into_iter().flatten().map(|token| (token, at)));
    }
    tokens.sort_unstable();
    let mut packer = Packer::default();
    let mut blocks = Vec::new();
    for &(token, at) in &tokens {
        let customer = CustomerId::try_from(numbers[at]).map_err(SnapshotError::Number)?;
        let row = Row { token, customer, profile: &customers[at].profile };
        blocks.extend(packer.push(row).map_err(SnapshotError::Pack)?);
    }
    blocks.extend(packer.finish().map_err(SnapshotError::Pack)?);
    if blocks.len() > limits::BLOCKS {
        return Err(SnapshotError::TooLarge(blocks.len()));
    }
    let blocks = blocks.into_iter().map(|block| {
        let sha256 = Digest::of(&block.bytes);
        (block, sha256)
    });
    Ok(Snapshot { token_key: token_key.clone(), rows: tokens.len() as u64, blocks: blocks.collect(), newcomers })
}

/// Each customer's number, and those who got a new one. Newcomers are numbered in the order of their keys, so that the same file
/// gives the same numbers and the table of keys is filled from one end.
fn number(customers: &[Customer], base: &Base) -> (Vec<i64>, Vec<(Box<str>, i64)>) {
    let mut numbers: Vec<i64> = customers.iter().map(|c| base.numbers.get(&c.key).copied().unwrap_or(0)).collect();
    let mut new: Vec<usize> = (0..customers.len()).filter(|&at| numbers[at] == 0).collect();
    new.sort_unstable_by_key(|&at| &customers[at].key);
    let newcomers = (base.last_number + 1..).zip(new).map(|(number, at)| {
        numbers[at] = number;
        (customers[at].key.clone(), number)
    });
    let newcomers = newcomers.collect();
    (numbers, newcomers)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use touchpoint_protocol::{block::Rows, customer::Profile};

    fn customer(key: &str, tokens: [u8; 2]) -> Customer {
        let [card, loyalty] = tokens.map(|byte| (byte > 0).then(|| Token::from_bytes([byte; 16])));
        Customer { line: 0, key: key.into(), card, loyalty, profile: Profile::default().to_cbor().into() }
    }

    #[test]
    fn each_token_is_a_row_and_known_customers_keep_their_numbers() {
        let base = Base { epoch: 4, numbers: HashMap::from([("b".into(), 7)]), last_number: 9 };
        let customers = vec![customer("c", [3, 0]), customer("b", [5, 1]), customer("a", [0, 2])];
        let snapshot = build(customers, &base, &"t1".parse().unwrap()).unwrap();
        assert_eq!(snapshot.newcomers, [("a".into(), 10), ("c".into(), 11)]);
        let [(block, sha256)] = &snapshot.blocks[..] else { panic!("{snapshot:?}") };
        assert_eq!((*sha256, snapshot.rows), (Digest::of(&block.bytes), 4));
        let unpacked = Rows::decompress(&block.bytes).unwrap();
        let rows =
            unpacked.iter().map(|row| row.map(|row| (row.token.as_bytes()[0], i64::from(row.customer))).unwrap());
        assert_eq!(rows.collect::<Vec<_>>(), [(1, 7), (2, 10), (3, 11), (5, 7)]);
    }
}
