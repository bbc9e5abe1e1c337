//! Customers whom head office has erased: what was recorded of them goes too, as soon as head office has it.
//!
//! What it does not have waits until it is confirmed, so that no gap appears in what is delivered. When the last of it is gone, a fact
//! says so, and names nobody.

use touchpoint_protocol::{
    customer::CustomerId,
    interaction::{Fact, Moment},
    name::VisitId,
};
use touchpoint_vault::rusqlite::{self, Transaction};

use super::{Appended, Bound, Entry, Journal, JournalError, append, failed};

/// What stands in place of a visit where there is none.
const NO_VISIT: &str = "erasure";

impl Journal {
    /// Erases customers, as the contact log says up to this position: what head office has of them goes now, and what it does not
    /// have once it is confirmed. Asking again changes nothing.
    ///
    /// # Errors
    /// The database refused, and nothing was changed.
    pub async fn erase(&self, customers: Vec<CustomerId>, position: u64, now: Moment) -> Result<(), JournalError> {
        let bound = self.bound;
        let erased = self.vault.write(move |transaction| {
            let mut add = transaction.prepare_cached(include_str!("erasure-add.sql"))?;
            for customer in &customers {
                add.execute([position.cast_signed(), i64::from(*customer)])?;
            }
            go_on(transaction, bound, now)
        });
        let said = erased.await.map_err(failed("erase customers"))?;
        said.iter().for_each(|appended| self.tell(appended));
        Ok(())
    }

    /// Erases what has been confirmed since, and says so when nothing is left. Costs next to nothing if there is nothing to erase.
    ///
    /// # Errors
    /// The database refused, and nothing was changed.
    pub async fn go_on_erasing(&self, now: Moment) -> Result<(), JournalError> {
        let waiting = self
            .vault
            .read(|connection| connection.query_row("SELECT EXISTS (SELECT 1 FROM erasure)", [], |row| row.get(0)));
        if !waiting.await.map_err(failed("look for customers to erase"))? {
            return Ok(());
        }
        self.erase(Vec::new(), 0, now).await
    }
}

/// Deletes what may go; if nothing is left of some, returns the fact that says so.
fn go_on(transaction: &Transaction<'_>, bound: Bound, now: Moment) -> rusqlite::Result<Option<Appended>> {
    let gone = transaction.prepare_cached(include_str!("erase.sql"))?.execute([])?;
    transaction.execute("UPDATE journal SET gone = gone + ?1", [i64::try_from(gone).unwrap_or(i64::MAX)])?;
    let mut done = transaction.prepare_cached(include_str!("erasure-done.sql"))?;
    let Some(position) = done.query_row([], |row| row.get::<_, Option<i64>>(0))? else { return Ok(None) };
    transaction.prepare_cached(include_str!("erasure-clear.sql"))?.execute([])?;
    let visit: VisitId = NO_VISIT
        .parse()
        .map_err(|error: touchpoint_protocol::name::NameError| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let fact = Fact::Erased { through_position: position.cast_unsigned() };
    append(transaction, bound, &Entry { visit, at: now, customer: None, backfill: false, fact }).map(Some)
}
