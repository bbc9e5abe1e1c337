//! A device on a kernel of its own: QEMU, emulating all of it in software, boots Debian's kernel with the agent that is shipped, linked
//! statically. What it shows is compared with what it should, and it is touched, typed at and killed from outside.
//!
//! ```text
//! kernel      what tests/device/prepare brought, and the modules a device needs
//! initramfs   its modules, busybox, init and the agent, as the kernel unpacks them
//! disk        the device's folder as an ext4 image: made before, looked into afterwards
//! qmp         QEMU's monitor: the picture on the glass, fingers and keys
//! booted      all of it, switched on
//! wanted      what should be on the glass
//! ```
//!
//! No KVM: none is needed, and where tests run there mostly is none. A boot takes some ten seconds.

pub mod disk;
pub mod initramfs;
pub mod kernel;
pub mod qmp;

pub mod booted;

pub mod wanted;
