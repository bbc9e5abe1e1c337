//! Customers added to those a shard has: the rows that devices hold stay, unless the file speaks of their customer. Pure.

use crate::{
    customers::{Customer, Customers},
    problem::Problem,
    store::Base,
};
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};
use touchpoint_protocol::{block::UnpackError, token::Token};

/// Adds to a file's customers those whom devices hold and the file does not name. A card or number that is now to be another
/// customer's is a bad row, because who has it would then depend on what else the file happens to hold.
///
/// # Errors
/// What devices hold cannot be read.
pub(super) fn add(mut read: Customers, base: &Base, file: &Path) -> Result<Customers, UnpackError> {
    let tokens = |customer: &Customer| [customer.card, customer.loyalty].into_iter().flatten();
    let named = |customers: &[Customer]| -> HashSet<i64> {
        customers.iter().filter_map(|customer| base.numbers.get(&customer.key).copied()).collect()
    };
    // A customer who is left out keeps the rows they have, which may be in the way of another one's: until nobody is.
    let numbers = loop {
        let all = read.customers.iter().enumerate();
        let places: HashMap<Token, usize> =
            all.flat_map(|(at, customer)| tokens(customer).map(move |token| (token, at))).collect();
        let numbers = named(&read.customers);
        let mut taken = HashSet::<usize>::new();
        base.published.each(|row| {
            if !numbers.contains(&row.customer.into()) {
                taken.extend(places.get(&row.token));
            }
            true
        })?;
        if taken.is_empty() {
            break numbers;
        }
        let mut at = 0..;
        let (bad, good) = read.customers.into_iter().partition(|_| at.next().is_some_and(|at| taken.contains(&at)));
        read.customers = good;
        for customer in bad as Vec<Customer> {
            let what = "has a card or number of a customer who stays in the shard";
            read.bad.push(Problem::of_line(file, customer.line, None, what));
            read.bad.rows += 1;
        }
    };
    let keys: HashMap<i64, &str> = base.numbers.iter().map(|(key, number)| (*number, &**key)).collect();
    base.published.each(|row| {
        let number = row.customer.into();
        // Whoever has a row has a key.
        if let Some(key) = keys.get(&number).filter(|_| !numbers.contains(&number)) {
            let (key, profile) = ((*key).into(), row.profile.into());
            read.customers.push(Customer { line: 0, key, card: Some(row.token), loyalty: None, profile });
        }
        true
    })?;
    read.bad.problems.sort_by_key(|problem| problem.place);
    Ok(read)
}
