//! What an input device says, as the kernel writes it (linux/input.h, linux/input-event-codes.h).

/// Bytes of one event: its time, and the 8 bytes that say what happened.
pub(super) const EVENT: usize = size_of::<libc::input_event>();

/// Kinds of events.
pub(super) const SYN: u16 = 0x00;
pub(super) const KEY: u16 = 0x01;
pub(super) const ABS: u16 = 0x03;

/// What is reported together ends here.
pub(super) const SYN_REPORT: u16 = 0;
/// The kernel had no more room: what was said until the next report is lost.
pub(super) const SYN_DROPPED: u16 = 3;

/// The value of a key that goes down; 0 is one that comes up, and 2 one that is held.
pub(super) const DOWN: i32 = 1;

pub(super) const BTN_LEFT: u16 = 0x110;
pub(super) const BTN_TOOL_FINGER: u16 = 0x145;
pub(super) const BTN_TOUCH: u16 = 0x14a;

pub(super) const ABS_X: u16 = 0x00;
pub(super) const ABS_Y: u16 = 0x01;
pub(super) const ABS_MT_SLOT: u16 = 0x2f;
pub(super) const ABS_MT_POSITION_X: u16 = 0x35;
pub(super) const ABS_MT_POSITION_Y: u16 = 0x36;
pub(super) const ABS_MT_TRACKING_ID: u16 = 0x39;

/// One event. When it happened is not read: a visit has a clock of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct RawEvent {
    /// Of which kind.
    pub kind: u16,
    /// Which key, axis or mark.
    pub code: u16,
    /// How it is now.
    pub value: i32,
}

impl RawEvent {
    /// The events in what a device has given; a part of one at the end is none.
    pub(super) fn all(bytes: &[u8]) -> impl Iterator<Item = RawEvent> {
        bytes.chunks_exact(EVENT).filter_map(|event| {
            // The time stands first, and has 8 or 16 bytes.
            let [a, b, c, d, value @ ..]: [u8; 8] = *event.last_chunk()?;
            let (kind, code) = (u16::from_ne_bytes([a, b]), u16::from_ne_bytes([c, d]));
            Some(RawEvent { kind, code, value: i32::from_ne_bytes(value) })
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An event as a device gives it.
    pub(in super::super) fn bytes(event: RawEvent) -> Vec<u8> {
        let mut bytes = vec![0xa5; EVENT - 8];
        bytes.extend(event.kind.to_ne_bytes());
        bytes.extend(event.code.to_ne_bytes());
        bytes.extend(event.value.to_ne_bytes());
        bytes
    }

    #[test]
    fn events_are_read_whole_and_a_part_of_one_is_none() {
        let one = RawEvent { kind: ABS, code: ABS_MT_POSITION_X, value: -7 };
        let other = RawEvent { kind: KEY, code: BTN_TOUCH, value: DOWN };
        let mut all = [bytes(one), bytes(other)].concat();
        all.extend([1, 2, 3]);
        assert_eq!(RawEvent::all(&all).collect::<Vec<_>>(), [one, other]);
        assert_eq!(RawEvent::all(&all[..EVENT - 1]).count(), 0);
    }
}
