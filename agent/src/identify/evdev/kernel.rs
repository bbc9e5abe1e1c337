//! What of an input device is a matter between the kernel and whoever holds its file: two ioctls (linux/input.h), and to be told when
//! there is something to read.
#![allow(unsafe_code)]

use rustix::ioctl::{Getter, IntegerSetter, Opcode, ioctl, opcode};
use std::{fs::File, io};
use tokio::io::{Interest, unix::AsyncFd};

use super::event::{ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_X, ABS_Y};

/// `EVIOCGRAB`
const GRAB: Opcode = opcode::write::<libc::c_int>(b'E', 0x90);

/// `EVIOCGABS`
const fn axis(code: u16) -> Opcode {
    opcode::read::<libc::input_absinfo>(b'E', 0x40 + code as u8)
}

/// Takes a device for the agent alone, until it is closed: nobody else is told what it says.
pub(super) fn grab(device: &File) -> io::Result<()> {
    // SAFETY: EVIOCGRAB takes a number by value, and 1 is one of the two it knows.
    unsafe { ioctl(device, IntegerSetter::<GRAB>::new_usize(1)) }.map_err(io::Error::from)
}

/// A device that says when there is something to read.
pub(super) fn watch(device: File) -> io::Result<AsyncFd<File>> {
    // SAFETY: a `File` owns its descriptor, which is neither replaced nor closed before it is dropped.
    Ok(unsafe { AsyncFd::register_with_interest(device, Interest::READABLE) }?)
}

/// The smallest and the largest measure of a touch screen, from left to right and from top to bottom.
pub(super) fn ranges(device: &File, multi: bool) -> io::Result<[(i32, i32); 2]> {
    if multi {
        return Ok([range::<{ axis(ABS_MT_POSITION_X) }>(device)?, range::<{ axis(ABS_MT_POSITION_Y) }>(device)?]);
    }
    Ok([range::<{ axis(ABS_X) }>(device)?, range::<{ axis(ABS_Y) }>(device)?])
}

fn range<const AXIS: Opcode>(device: &File) -> io::Result<(i32, i32)> {
    // SAFETY: EVIOCGABS fills one input_absinfo, which is plain integers.
    let info = unsafe { ioctl(device, Getter::<AXIS, libc::input_absinfo>::new()) }?;
    Ok((info.minimum, info.maximum))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_kernel_s_header() {
        assert_eq!((GRAB, axis(ABS_X), axis(ABS_MT_POSITION_Y)), (0x4004_4590, 0x8018_4540, 0x8018_4576));
    }

    #[test]
    fn what_is_no_input_device_says_so() {
        let file = tempfile::tempfile().unwrap();
        assert!(grab(&file).is_err() && ranges(&file, true).is_err() && ranges(&file, false).is_err());
    }
}
