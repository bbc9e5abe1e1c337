//! The wires of a small panel on Linux: a bus of `spidev`, and lines of a GPIO chip.

use embedded_hal::{
    delay::DelayNs,
    digital::{self, OutputPin},
    spi::{self, Operation, SpiDevice},
};
use std::{
    fs::File,
    io::{self, Write},
    os::fd::OwnedFd,
    path::Path,
    thread,
    time::Duration,
};

use super::{OpenError, kernel};

/// A bus that is written to, and never read: these panels answer nothing.
#[derive(Debug)]
pub(super) struct Bus(File);

/// A line that is an output as long as this is there.
#[derive(Debug)]
pub(super) struct Line(OwnedFd);

/// Waits by sleeping: a panel has a thread of its own.
#[derive(Debug)]
pub(super) struct Sleep;

/// What the kernel said.
#[derive(Debug)]
pub(super) struct WireError(io::Error);

impl Bus {
    /// Opens a bus at this frequency, or the nearest below that it has.
    pub(super) fn open(device: &Path, hertz: u32) -> Result<Bus, OpenError> {
        let file = File::options().write(true).open(device).map_err(|source| OpenError::open(device, source))?;
        let doing = "be set as a bus";
        kernel::set_bus(&file, hertz).map_err(|source| OpenError::Device {
            device: device.to_owned(),
            doing,
            source,
        })?;
        Ok(Bus(file))
    }
}

impl Line {
    /// Takes a line of a chip, low.
    pub(super) fn take(chip: &Path, line: u32) -> Result<Line, OpenError> {
        let file = File::options().read(true).write(true).open(chip).map_err(|source| OpenError::open(chip, source))?;
        let doing = "give a line";
        let line = kernel::output(&file, line);
        Ok(Line(line.map_err(|source| OpenError::Device { device: chip.to_owned(), doing, source })?))
    }
}

impl From<WireError> for io::Error {
    fn from(error: WireError) -> io::Error {
        error.0
    }
}

impl spi::Error for WireError {
    fn kind(&self) -> spi::ErrorKind {
        spi::ErrorKind::Other
    }
}

impl digital::Error for WireError {
    fn kind(&self) -> digital::ErrorKind {
        digital::ErrorKind::Other
    }
}

impl spi::ErrorType for Bus {
    type Error = WireError;
}

impl SpiDevice for Bus {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), WireError> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => self.0.write_all(bytes).map_err(WireError)?,
                Operation::DelayNs(time) => thread::sleep(Duration::from_nanos(u64::from(*time))),
                Operation::Read(_) | Operation::Transfer(..) | Operation::TransferInPlace(_) => {
                    return Err(WireError(io::ErrorKind::Unsupported.into()));
                }
            }
        }
        Ok(())
    }
}

impl digital::ErrorType for Line {
    type Error = WireError;
}

impl OutputPin for Line {
    fn set_low(&mut self) -> Result<(), WireError> {
        kernel::set_line(&self.0, false).map_err(WireError)
    }

    fn set_high(&mut self) -> Result<(), WireError> {
        kernel::set_line(&self.0, true).map_err(WireError)
    }
}

impl DelayNs for Sleep {
    fn delay_ns(&mut self, time: u32) {
        thread::sleep(Duration::from_nanos(time.into()));
    }
}
