//! Why a demo was not played to its end.

use std::{io, path::PathBuf};
use touchpoint_agent::{config::ConfigError, device::DeviceError, journal::JournalError};

use crate::{broker::BrokerError, machine::MachineError, office::OfficeError};

/// What came in between. The printer walks the chain of sources.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is no temporary folder, or it takes no files.
    #[error("cannot set up the demo's folder")]
    Folder(#[source] io::Error),
    /// What the demo left cannot be looked through for card numbers.
    #[error("cannot look through the demo's files")]
    Search(#[source] io::Error),
    /// A picture or the report cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nobody takes what the demo prints.
    #[error("cannot print")]
    Print(#[source] io::Error),
    /// There is no broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// There is no line.
    #[error("cannot lay the line")]
    Line(#[source] io::Error),
    /// Head office does not do what it should.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// Head office's database cannot be read or closed.
    #[error("head office's database")]
    Store(#[source] touchpoint_vault::Error),
    /// The device's folder cannot be used.
    #[error("the device's configuration")]
    Config(#[from] ConfigError),
    /// The device does not do what it should.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The device's files do not close.
    #[error("the device")]
    Device(#[from] DeviceError),
    /// The device's journal cannot be read.
    #[error("the device's journal")]
    Journal(#[from] JournalError),
    /// Somebody wanted it so.
    #[error("stopped as asked")]
    Stopped,
}
