//! What only the kernel can do for a panel: map its memory, and the ioctls that no library offers. All of it that is unsafe is here.
//!
//! The structures are those of `linux/fb.h`, `linux/spi/spidev.h` and `linux/gpio.h`; a test compares their sizes with the kernel's.
#![allow(unsafe_code)]

use rustix::{
    ioctl::{Getter, IntegerSetter, Ioctl, Opcode, Setter, Updater, ioctl, opcode},
    mm::{MapFlags, ProtFlags, mmap, munmap},
};
use std::{
    ffi::c_ulong,
    io,
    os::fd::{AsFd, FromRawFd, OwnedFd},
    ptr, slice,
};

/// `KDSETMODE` of `linux/kd.h`, and its two modes.
const KDSETMODE: Opcode = 0x4b3a;
const KD_TEXT: usize = 0;
const KD_GRAPHICS: usize = 1;

/// `FBIOGET_VSCREENINFO`, `FBIOGET_FSCREENINFO` and `FBIOBLANK` of `linux/fb.h`.
const FBIOGET_VSCREENINFO: Opcode = 0x4600;
const FBIOGET_FSCREENINFO: Opcode = 0x4602;
const FBIOBLANK: Opcode = 0x4611;
const FB_BLANK_UNBLANK: usize = 0;

/// `SPI_IOC_WR_MODE`, `SPI_IOC_WR_BITS_PER_WORD` and `SPI_IOC_WR_MAX_SPEED_HZ` of `linux/spi/spidev.h`.
const SPI_WRITE_MODE: Opcode = opcode::write::<u8>(b'k', 1);
const SPI_WRITE_BITS: Opcode = opcode::write::<u8>(b'k', 3);
const SPI_WRITE_HERTZ: Opcode = opcode::write::<u32>(b'k', 4);

/// `GPIO_V2_GET_LINE_IOCTL` and `GPIO_V2_LINE_SET_VALUES_IOCTL` of `linux/gpio.h`, and the flag of an output.
const GPIO_GET_LINE: Opcode = opcode::read_write::<LineRequest>(0xb4, 0x07);
const GPIO_SET_VALUES: Opcode = opcode::read_write::<LineValues>(0xb4, 0x0f);
const GPIO_OUTPUT: u64 = 1 << 3;

/// A pixel as it lies in memory: an integer, any value of which is valid.
pub(super) trait Plain: Copy {}
impl Plain for u16 {}
impl Plain for u32 {}

/// Memory of a device, mapped into this process. Nobody else in this process writes to it.
#[derive(Debug)]
pub(super) struct Mapping<T: Plain> {
    start: *mut T,
    bytes: usize,
}

/// Where a channel of a pixel is: `fb_bitfield`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Channel {
    /// The lowest bit.
    pub(super) offset: u32,
    /// How many bits.
    pub(super) length: u32,
    msb_right: u32,
}

/// How a framebuffer is set: `fb_var_screeninfo`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Setting {
    /// Visible pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    virtual_size: [u32; 2],
    /// Where the visible part begins in the memory.
    pub(super) x_offset: u32,
    pub(super) y_offset: u32,
    pub(super) bits_per_pixel: u32,
    grayscale: u32,
    pub(super) red: Channel,
    pub(super) green: Channel,
    pub(super) blue: Channel,
    transparent: Channel,
    nonstandard: u32,
    activate: u32,
    /// Millimetres, height first; 0 or all ones if nobody knows.
    pub(super) height_mm: u32,
    pub(super) width_mm: u32,
    accelerator_flags: u32,
    timing: [u32; 10],
    colour_space: u32,
    reserved: [u32; 4],
}

/// What of a framebuffer does not change: `fb_fix_screeninfo`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Memory {
    id: [u8; 16],
    start: c_ulong,
    /// How much memory it has, in bytes.
    pub(super) bytes: u32,
    kind: u32,
    kind_more: u32,
    visual: u32,
    pan_steps: [u16; 3],
    /// From one row to the next, in bytes.
    pub(super) pitch: u32,
    registers: c_ulong,
    register_bytes: u32,
    accelerator: u32,
    capabilities: u16,
    reserved: [u16; 2],
}

/// A request for lines of a chip: `gpio_v2_line_request`. The first alone is asked for.
#[derive(Clone, Copy)]
#[repr(C)]
struct LineRequest {
    offsets: [u32; 64],
    consumer: [u8; 32],
    flags: u64,
    attribute_count: u32,
    reserved: [u32; 5],
    attributes: [[u64; 3]; 10],
    lines: u32,
    event_buffer: u32,
    reserved_too: [u32; 5],
    fd: i32,
}

/// Which lines of a request are set to what: `gpio_v2_line_values`.
#[derive(Clone, Copy)]
#[repr(C)]
struct LineValues {
    bits: u64,
    mask: u64,
}

impl<T: Plain> Mapping<T> {
    /// Maps so many bytes of a device, from `offset` on.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(super) fn new(device: impl AsFd, offset: u64, bytes: usize) -> io::Result<Mapping<T>> {
        let (access, sharing) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: the kernel chooses an address that nothing else has; it is given back in `drop` alone.
        let start = unsafe { mmap(ptr::null_mut(), bytes, access, sharing, device, offset)? };
        Ok(Mapping { start: start.cast(), bytes })
    }

    /// Its pixels. To be written and not read: memory of a device is slow to read.
    pub(super) fn pixels(&mut self) -> &mut [T] {
        // SAFETY: the mapping is that long, begins at a page, and lives as long as `self`, which is borrowed alone; any bits are a `T`.
        unsafe { slice::from_raw_parts_mut(self.start, self.bytes / size_of::<T>()) }
    }
}

impl<T: Plain> Drop for Mapping<T> {
    fn drop(&mut self) {
        // SAFETY: what was mapped in `new`; no slice of it can outlive `self`. It cannot fail for a mapping that is there.
        let _ = unsafe { munmap(self.start.cast(), self.bytes) };
    }
}

/// SAFETY: it is memory, and whoever owns the mapping owns it alone: no matter in which thread.
unsafe impl<T: Plain> Send for Mapping<T> {}

/// How a framebuffer is set.
///
/// # Errors
/// It is none, or it is gone.
pub(super) fn setting(framebuffer: impl AsFd) -> io::Result<Setting> {
    // SAFETY: the request writes one `fb_var_screeninfo`.
    call(framebuffer, unsafe { Getter::<FBIOGET_VSCREENINFO, Setting>::new() })
}

/// What memory a framebuffer has.
///
/// # Errors
/// It is none, or it is gone.
pub(super) fn memory(framebuffer: impl AsFd) -> io::Result<Memory> {
    // SAFETY: the request writes one `fb_fix_screeninfo`.
    call(framebuffer, unsafe { Getter::<FBIOGET_FSCREENINFO, Memory>::new() })
}

/// Lights a framebuffer's panel.
///
/// # Errors
/// Its driver cannot; then it has no other state than lit.
pub(super) fn unblank(framebuffer: impl AsFd) -> io::Result<()> {
    // SAFETY: the request takes an integer.
    call(framebuffer, unsafe { IntegerSetter::<FBIOBLANK>::new_usize(FB_BLANK_UNBLANK) })
}

/// Has a console draw nothing, no cursor either; or text again.
///
/// # Errors
/// It is none, or this process may not.
pub(super) fn set_graphics(console: impl AsFd, graphics: bool) -> io::Result<()> {
    let mode = if graphics { KD_GRAPHICS } else { KD_TEXT };
    // SAFETY: the request takes an integer.
    call(console, unsafe { IntegerSetter::<KDSETMODE>::new_usize(mode) })
}

/// Sets a bus to SPI mode 0, bytes, and this frequency, or the nearest below that it has.
///
/// # Errors
/// It is none, or it cannot.
pub(super) fn set_bus(bus: impl AsFd, hertz: u32) -> io::Result<()> {
    // SAFETY: the first two requests take a byte, the third an integer of 32 bits.
    let (mode, bits, hertz) = unsafe {
        let (mode, bits) = (Setter::<SPI_WRITE_MODE, u8>::new(0), Setter::<SPI_WRITE_BITS, u8>::new(8));
        (mode, bits, Setter::<SPI_WRITE_HERTZ, u32>::new(hertz))
    };
    call(&bus, mode)?;
    call(&bus, bits)?;
    call(&bus, hertz)
}

/// Takes a line of a chip as an output that is low, until what is returned is closed.
///
/// # Errors
/// The chip has no such line, or somebody else has it.
pub(super) fn output(chip: impl AsFd, line: u32) -> io::Result<OwnedFd> {
    let mut request = LineRequest {
        offsets: [0; 64],
        consumer: *b"touchpoint\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        flags: GPIO_OUTPUT,
        attribute_count: 0,
        reserved: [0; 5],
        attributes: [[0; 3]; 10],
        lines: 1,
        event_buffer: 0,
        reserved_too: [0; 5],
        fd: -1,
    };
    request.offsets[0] = line;
    // SAFETY: the request reads and writes one `gpio_v2_line_request`.
    call(chip, unsafe { Updater::<GPIO_GET_LINE, LineRequest>::new(&mut request) })?;
    // SAFETY: the kernel has just opened it for this request alone.
    Ok(unsafe { OwnedFd::from_raw_fd(request.fd) })
}

/// Sets a line that was taken as an output.
///
/// # Errors
/// Its chip is gone.
pub(super) fn set_line(line: impl AsFd, high: bool) -> io::Result<()> {
    let mut values = LineValues { bits: u64::from(high), mask: 1 };
    // SAFETY: the request reads one `gpio_v2_line_values`.
    call(line, unsafe { Updater::<GPIO_SET_VALUES, LineValues>::new(&mut values) })
}

/// Makes a request that is of the right type for its number, which whoever made it has seen to.
fn call<R: Ioctl>(device: impl AsFd, request: R) -> io::Result<R::Output> {
    // SAFETY: each request above is made with the type that the kernel documents for its number.
    Ok(unsafe { ioctl(device, request) }?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{fs::File, io::Read};

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn the_structures_have_the_kernels_sizes() {
        assert_eq!((size_of::<Setting>(), size_of::<Memory>()), (160, 80));
    }

    #[test]
    fn requests_that_carry_their_size_have_the_kernels_numbers() {
        assert_eq!([SPI_WRITE_MODE, SPI_WRITE_BITS, SPI_WRITE_HERTZ], [0x4001_6b01, 0x4001_6b03, 0x4004_6b04]);
        assert_eq!([GPIO_GET_LINE, GPIO_SET_VALUES], [0xc250_b407, 0xc010_b40f]);
    }

    #[test]
    fn what_is_written_to_a_mapping_is_in_what_was_mapped() {
        let mut file = tempfile::tempfile().unwrap();
        file.set_len(4096).unwrap();
        let mut mapping = Mapping::<u32>::new(&file, 0, 4096).unwrap();
        assert_eq!(mapping.pixels().len(), 1024);
        mapping.pixels()[1] = 0x0403_0201_u32.to_le();
        drop(mapping);
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, [0, 0, 0, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_is_no_framebuffer_and_no_console_says_so() {
        let null = File::options().read(true).write(true).open("/dev/null").unwrap();
        assert!(setting(&null).is_err() && memory(&null).is_err() && unblank(&null).is_err());
        assert!(set_graphics(&null, true).is_err() && set_bus(&null, 1).is_err());
        assert!(output(&null, 1).is_err() && set_line(&null, true).is_err());
        assert!(Mapping::<u16>::new(&null, 0, 4096).is_err());
    }
}
