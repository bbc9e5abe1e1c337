//! What can go wrong at a machine, as switches.

use serde::{Deserialize, Serialize};

/// Something that goes wrong, until it no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// There is no line, and none can be made.
    LineCut,
    /// The line is late and narrow.
    SlowLine,
    /// Nothing passes on the line, and nobody is told.
    HalfOpenLine,
    /// The broker is there, and head office is not.
    HeadOfficeDown,
    /// There is no room on the device's disk.
    DiskFull,
    /// The device's clock is a day ahead.
    ClockJump,
    /// The device has no power.
    PowerCut,
    /// The reader takes cards and reads none.
    ReaderJam,
    /// The panel refuses every picture.
    ScreenFailure,
}

impl Fault {
    /// All of them, from head office to the glass.
    pub const ALL: [Fault; 9] = [
        Fault::LineCut,
        Fault::SlowLine,
        Fault::HalfOpenLine,
        Fault::HeadOfficeDown,
        Fault::PowerCut,
        Fault::DiskFull,
        Fault::ClockJump,
        Fault::ReaderJam,
        Fault::ScreenFailure,
    ];

    /// What its switch is called.
    pub fn title(self) -> &'static str {
        match self {
            Fault::LineCut => "Line cut",
            Fault::SlowLine => "Slow line",
            Fault::HalfOpenLine => "Half-open line",
            Fault::HeadOfficeDown => "Head office down",
            Fault::DiskFull => "Disk full",
            Fault::ClockJump => "Clock jump",
            Fault::PowerCut => "Power cut",
            Fault::ReaderJam => "Reader jam",
            Fault::ScreenFailure => "Screen failure",
        }
    }

    /// What it really does, for who wants to know what they see.
    pub fn means(self) -> &'static str {
        match self {
            Fault::LineCut => "every connection is reset, and every new one, as by a router without its uplink",
            Fault::SlowLine => "300 to 500 ms under way, 4 kB a second, as on a poor mobile line",
            Fault::HalfOpenLine => "connections stay up and nothing passes; what was sent arrives later",
            Fault::HeadOfficeDown => "head office has left the broker; devices stay connected, and nobody confirms",
            Fault::DiskFull => "the file system of the device's databases has no free page: writes fail with ENOSPC",
            Fault::ClockJump => "the device's clock was set a day forward, and is set back",
            Fault::PowerCut => {
                "the agent ends where it stands, without goodbye; back on, it starts with the same files"
            }
            Fault::ReaderJam => "cards and numbers are presented, and not read",
            Fault::ScreenFailure => "the panel refuses every picture; what was on the glass stays",
        }
    }

    /// Whether it is one of the line.
    pub(super) fn is_weather(self) -> bool {
        matches!(self, Fault::LineCut | Fault::SlowLine | Fault::HalfOpenLine)
    }
}
