//! A journal that was put back from an old copy: head office has more of it than it knows itself.
//!
//! Under its old name it would give numbers again that head office has given to other facts. So it begins a new name, and takes along
//! what it has not been told to be safe; some of that head office may have under the old name, and better twice than never.

use super::{Journal, JournalError, failed, new_name, parsed};

impl Journal {
    /// Begins a new name. What was confirmed under the old one goes: head office has it, and tells of it in its contact log.
    ///
    /// # Errors
    /// The database refused, or there is no name; nothing was changed.
    pub async fn begin_anew(&self) -> Result<(), JournalError> {
        let name = new_name()?;
        let begin = self.vault.write(move |transaction| {
            let confirmed: i64 = transaction.query_row("SELECT confirmed FROM journal", [], |row| row.get(0))?;
            transaction.execute("DELETE FROM interaction WHERE through <= ?1", [confirmed])?;
            transaction.execute(include_str!("renumber.sql"), [confirmed])?;
            transaction.execute("UPDATE erasure SET through = max(through - ?1, 0)", [confirmed])?;
            let sql = "UPDATE journal SET name = ?1, confirmed = 0, searched = 0,
                gone = (SELECT coalesce(max(through), 0) - count(*) FROM interaction)";
            transaction.execute(sql, [name])?;
            let sql = "SELECT name, recorded FROM standing";
            transaction.query_row(sql, [], |row| Ok((parsed(row, 0)?, row.get::<_, i64>(1)?.cast_unsigned())))
        });
        let (id, recorded) = begin.await.map_err(failed("begin a new name"))?;
        tracing::error!(%id, recorded, "an old copy of the journal was put in its place: it begins a new name");
        self.state.send_modify(|state| (state.id, state.recorded, state.confirmed) = (id, recorded, 0));
        Ok(())
    }
}
