//! A shard's customers as rows: numbered, one row for each token, sorted by token. Pure.
//!
//! Head office keeps them nowhere but in the blocks and deltas it sends: [`Published`] reads them back from there.

use crate::{customers::Customer, store::Base};
use roaring::RoaringTreemap;
use std::collections::BTreeMap;
use touchpoint_protocol::{
    block::{Row, Rows, UnpackError},
    customer::{CustomerId, CustomerIdError},
    delta::Delta,
    token::Token,
};

/// The rows of a file.
#[derive(Debug)]
pub(crate) struct Table {
    customers: Vec<Customer>,
    numbers: Vec<CustomerId>,
    tokens: Vec<(Token, usize)>,
    /// Customers that had no number yet, sorted by key, with the number they get.
    pub(crate) newcomers: Vec<(Box<str>, i64)>,
}

/// The rows that devices hold or are to hold now, as head office keeps them.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// The blocks of the snapshot, in their order.
    pub(crate) blocks: Vec<Vec<u8>>,
    /// What changed since, in its order.
    pub(crate) deltas: Vec<Delta>,
}

impl Table {
    /// Numbers the customers, known ones as before, and sorts their tokens. No two of them share a key or a token.
    ///
    /// # Errors
    /// A number that customers do not have.
    pub(crate) fn new(customers: Vec<Customer>, base: &Base) -> Result<Table, CustomerIdError> {
        let (numbers, newcomers) = number(&customers, base);
        let numbers = numbers.into_iter().map(CustomerId::try_from).collect::<Result<_, _>>()?;
        let mut tokens: Vec<(Token, usize)> = Vec::with_capacity(customers.len());
        for (at, customer) in customers.iter().enumerate() {
            tokens.extend([customer.card, customer.loyalty].into_iter().flatten().map(|token| (token, at)));
        }
        tokens.sort_unstable();
        Ok(Table { customers, numbers, tokens, newcomers })
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// A row by its place; `None` after the last.
    pub(crate) fn row(&self, at: usize) -> Option<Row<'_>> {
        let &(token, of) = self.tokens.get(at)?;
        Some(Row { token, customer: self.numbers[of], profile: &self.customers[of].profile })
    }

    /// All rows, sorted by token.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map_while(|at| self.row(at))
    }

    /// The numbers of the customers who have a row.
    pub(crate) fn members(&self) -> RoaringTreemap {
        self.numbers.iter().filter_map(|number| u64::try_from(i64::from(*number)).ok()).collect()
    }
}

impl Published {
    /// Shows each row in the order of tokens, until no more are wanted.
    ///
    /// # Errors
    /// A block or a delta cannot be read.
    pub(crate) fn each(&self, mut wants_more: impl FnMut(Row<'_>) -> bool) -> Result<(), UnpackError> {
        let mut late = self.last_words()?.into_iter().peekable();
        for block in &self.blocks {
            for row in Rows::decompress(block)?.iter() {
                while let Some((token, word)) = late.next_if(|(token, _)| *token < row.token) {
                    if !word.row(token).is_none_or(&mut wants_more) {
                        return Ok(());
                    }
                }
                let last_word = late.next_if(|(token, _)| *token == row.token).map(|(_, word)| word);
                let now = last_word.as_ref().map_or(Some(row), |word| word.row(row.token));
                if !now.is_none_or(&mut wants_more) {
                    return Ok(());
                }
            }
        }
        late.all(|(token, word)| word.row(token).is_none_or(&mut wants_more));
        Ok(())
    }

    /// What the deltas say last of each token they name.
    fn last_words(&self) -> Result<BTreeMap<Token, LastWord>, UnpackError> {
        let mut words = BTreeMap::new();
        for delta in &self.deltas {
            for row in delta.rows()?.iter().flat_map(Rows::iter) {
                words.insert(row.token, LastWord(Some((row.customer, row.profile.into()))));
            }
            words.extend(delta.erased.iter().map(|token| (*token, LastWord(None))));
        }
        Ok(words)
    }
}

/// A row that came or changed since the snapshot, or nothing for one that has gone.
struct LastWord(Option<(CustomerId, Box<[u8]>)>);

impl LastWord {
    fn row(&self, token: Token) -> Option<Row<'_>> {
        self.0.as_ref().map(|(customer, profile)| Row { token, customer: *customer, profile })
    }
}

/// Each customer's number, and those who got a new one. Newcomers are numbered in the order of their keys, so that the same file
/// gives the same numbers and the table of keys is filled from one end.
fn number(customers: &[Customer], base: &Base) -> (Vec<i64>, Vec<(Box<str>, i64)>) {
    let mut numbers: Vec<i64> = customers.iter().map(|c| base.numbers.get(&c.key).copied().unwrap_or(0)).collect();
    let mut new: Vec<usize> = (0..customers.len()).filter(|&at| numbers[at] == 0).collect();
    new.sort_unstable_by_key(|&at| &customers[at].key);
    let newcomers = (base.stand.last_number + 1..).zip(new).map(|(number, at)| {
        numbers[at] = number;
        (customers[at].key.clone(), number)
    });
    let newcomers = newcomers.collect();
    (numbers, newcomers)
}
