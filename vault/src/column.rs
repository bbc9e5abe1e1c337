//! Columns whose text is more than text: a name, or a document.
//!
//! What cannot be read back is an error of that column, as SQLite's own are, so a query ends with it like with any other.

use std::error::Error;
use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::Type;
use serde::de::DeserializeOwned;

/// What a column's text parses to.
///
/// # Errors
/// The column is not text, or says something else.
pub fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get_ref(column)?.as_str()?.parse().map_err(|error| unreadable(column, error))
}

/// What a column's JSON says.
///
/// # Errors
/// The column is not text, or says something else.
pub fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| unreadable(column, error))
}

/// A column that cannot be read, and why.
pub fn unreadable(column: usize, error: impl Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

#[cfg(all(test, feature = "sqlcipher"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use rusqlite::{Connection, Error as SqlError};

    #[test]
    fn what_a_column_says_is_read_and_anything_else_is_an_error_of_that_column() {
        let connection = Connection::open_in_memory().unwrap();
        let read =
            |sql: &str| connection.query_row(sql, [], |row| Ok((parsed::<u8>(row, 0)?, json::<Vec<u8>>(row, 1)?)));
        assert_eq!(read("SELECT '7', '[1,2]'").unwrap(), (7, vec![1, 2]));
        assert!(matches!(read("SELECT 'x', '[]'"), Err(SqlError::FromSqlConversionFailure(0, ..))));
        assert!(matches!(read("SELECT '7', '{'"), Err(SqlError::FromSqlConversionFailure(1, ..))));
        assert!(read("SELECT 7, '[]'").is_err());
    }
}
