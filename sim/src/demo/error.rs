//! Why a demo was not played to its end.

use std::{io, path::PathBuf};
use touchpoint_agent::{config::ConfigError, device::DeviceError, journal::JournalError, keys::KeysError};
use touchpoint_hub::{EnrolError, ImportError, InitError, PublishError, ServeError};

use crate::broker::BrokerError;

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
    /// There is no head office.
    #[error("head office")]
    Init(#[from] InitError),
    /// It does not take the customers.
    #[error("head office")]
    Import(#[from] ImportError),
    /// It does not take the campaigns.
    #[error("head office")]
    Publish(#[from] PublishError),
    /// It does not enrol the device.
    #[error("head office")]
    Enrol(#[from] EnrolError),
    /// It stopped serving.
    #[error("head office")]
    Serve(#[from] ServeError),
    /// Its database cannot be read or closed.
    #[error("head office's database")]
    Store(#[source] touchpoint_vault::Error),
    /// The device's folder cannot be used.
    #[error("the device's configuration")]
    Config(#[from] ConfigError),
    /// The device's keys cannot be used.
    #[error("the device's keys")]
    Keys(#[from] KeysError),
    /// The device does not open or close.
    #[error("the device")]
    Device(#[from] DeviceError),
    /// The device's journal cannot be read.
    #[error("the device's journal")]
    Journal(#[from] JournalError),
    /// A task of the demo failed.
    #[error("{0} failed")]
    Task(&'static str, #[source] tokio::task::JoinError),
    /// Somebody wanted it so.
    #[error("stopped as asked")]
    Stopped,
    /// Something did not come in time.
    #[error("{missing} did not come within {seconds} s")]
    Late {
        /// What, with how far it got.
        missing: String,
        /// How long it was waited for.
        seconds: u64,
    },
}
