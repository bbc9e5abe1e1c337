//! A reader that gives no row of CSV without end: a quote that is never closed would read a whole export into memory.

use std::io::{self, Read};

/// Longest row, in bytes: a hundred times a customer with every attribute.
pub(crate) const LONGEST_ROW: u64 = 1024 * 1024;

/// A row that goes on and on.
#[derive(Debug, thiserror::Error)]
#[error("a row over {LONGEST_ROW} bytes: is a quote not closed?")]
pub(crate) struct TooLong;

/// What a reader of CSV reads from. It is told when a row is done, and fails when one is not for too long.
#[derive(Debug)]
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    /// Bounds what is read from here.
    pub(crate) fn new(inner: R) -> Bounded<R> {
        Bounded { inner, left: LONGEST_ROW }
    }

    /// The next row begins. What a buffer has read ahead counts for the row before it, so a row may be longer by a buffer.
    pub(crate) fn begin(&mut self) {
        self.left = LONGEST_ROW;
    }
}

impl TooLong {
    /// Whether that is what is wrong.
    pub(crate) fn is(error: &csv::Error) -> bool {
        match error.kind() {
            csv::ErrorKind::Io(error) => error.get_ref().is_some_and(|inner| inner.is::<TooLong>()),
            _ => false,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(TooLong));
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut buffer[..most])?;
        self.left -= count as u64;
        Ok(count)
    }
}
