//! Whoever watches a demo as it goes.

use super::{Sync, Visit};
use std::io;

/// Something worth telling.
#[derive(Debug)]
pub enum Happening<'a> {
    /// Head office has its customers and campaigns, and the device is about to start with nothing.
    Founded {
        /// How many customers.
        customers: u64,
    },
    /// The device holds everything a visit needs.
    Synchronised(Sync),
    /// A visit is over.
    Visit(&'a Visit),
    /// The line was cut.
    LineCut,
    /// The agent was stopped and started again.
    Restarted,
    /// The line is restored, and everything recorded meanwhile is delivered.
    LineRestored,
}

/// Is told what happens.
pub trait Onlooker {
    /// This happened.
    ///
    /// # Errors
    /// It could not be passed on; the demo ends.
    fn sees(&mut self, happening: &Happening<'_>) -> io::Result<()>;
}

/// Does not look.
impl Onlooker for () {
    fn sees(&mut self, _: &Happening<'_>) -> io::Result<()> {
        Ok(())
    }
}
