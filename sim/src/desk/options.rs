//! What may be chosen about a desk before it is set up.

use super::{
    command::SetUp,
    disk::{DiskError, Mounts},
    log::Tail,
};
use crate::demo::Customers;
use std::path::PathBuf;
use touchpoint_display::Size;
use touchpoint_protocol::utc::Utc;

/// How a desk is to be set up.
#[derive(Debug)]
pub struct Options {
    /// How many customers head office knows beside the samples.
    pub customers: Customers,
    /// What their numbers are drawn from.
    pub seed: u64,
    /// The campaign folder; the sample campaigns in a folder of the desk's own, if none is named.
    pub campaigns: Option<PathBuf>,
    /// The machine's screen, in pixels.
    pub screen: Size,
    /// How the machine is made.
    pub set_up: SetUp,
    /// What its clock says at first; the right time, if nothing else is said.
    pub clock: Option<Utc>,
    /// Where the programs' log ends up.
    pub log: Tail,
    /// Among which the device's disk is mounted, or why none can be.
    pub mounts: Result<Mounts, DiskError>,
}
