//! Why there is no desk, and why it does not do something.

use crate::{broker::BrokerError, machine::MachineError, office::OfficeError};
use std::io;
use touchpoint_agent::{clock::ClockError, config::ConfigError};

/// Why there is no desk, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no temporary folder, or it takes no files.
    #[error("cannot set up the desk's folder")]
    Folder(#[source] io::Error),
    /// There is no broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// There is no line.
    #[error("cannot lay the line")]
    Line(#[source] io::Error),
    /// Head office does not do what it should.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The table of sample customers is not understood.
    #[error("the sample customers: {0}")]
    Samples(String),
    /// The device's folder cannot be used.
    #[error("the device's configuration")]
    Config(#[from] ConfigError),
    /// There is no clock.
    #[error("the device's clock")]
    Clock(#[from] ClockError),
    /// The device does not do what it should.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The desk's task failed.
    #[error("the desk failed")]
    Task(#[source] tokio::task::JoinError),
}

/// Why a command was not carried out. A person reads it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The machine has no power.
    #[error("the machine has no power")]
    NoPower,
    /// Nobody is called so.
    #[error("no sample customer is called so")]
    Nobody,
    /// The number is none.
    #[error("{0}")]
    Number(String),
    /// The place is not on the glass.
    #[error("that is not on the glass")]
    NotThere,
    /// The fault cannot be had here.
    #[error("{0}")]
    Fault(String),
    /// The machine, head office or the line failed.
    #[error("{0}")]
    Failed(String),
    /// The desk is closed.
    #[error("the desk is closed")]
    Closed,
}
