//! From what a touch screen says to the points of the glass that are touched.
//!
//! Two ways of speaking are understood: one finger as a pointer with a button, and several fingers in slots (protocol B of the kernel's
//! multi-touch-protocol.rst). A touch is the coming of a finger; where it wanders and when it goes says nothing more.

use touchpoint_display::{Point, Size, Turned};

use super::event::{
    ABS, ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_SLOT, ABS_MT_TRACKING_ID, ABS_X, ABS_Y, BTN_LEFT, BTN_TOUCH,
    DOWN, KEY, RawEvent, SYN, SYN_DROPPED, SYN_REPORT,
};

/// Most fingers that are told apart: a person has ten. What more a screen reports is rain.
const FINGERS: usize = 10;

/// What a touch screen measures at the edges of the glass: left, top, right, bottom. Left may be larger than right, and top than bottom.
pub(super) type Edges = [i32; 4];

/// How the places of a touch screen lie on the glass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calibration {
    /// What is measured at the edges.
    pub edges: Edges,
    /// How it is turned against the glass.
    pub turned: Turned,
    /// The glass, in pixels.
    pub glass: Size,
}

/// What is known of the fingers on a touch screen.
#[derive(Debug)]
pub(super) struct Touches {
    calibration: Calibration,
    /// Whether it speaks of several fingers. What it then says as if there were one would be the same touch again.
    multi: bool,
    fingers: [Finger; FINGERS],
    slot: usize,
    /// What was said since the last report is not whole.
    lost: bool,
}

/// One finger. Places are told only when they change, so they stay known after it has gone.
#[derive(Debug, Clone, Copy, Default)]
struct Finger {
    x: Option<i32>,
    y: Option<i32>,
    came: bool,
}

impl Touches {
    /// A screen that nobody touches; `multi`, if it tells fingers apart.
    pub(super) fn new(calibration: Calibration, multi: bool) -> Touches {
        Touches { calibration, multi, fingers: [Finger::default(); FINGERS], slot: 0, lost: false }
    }

    /// Takes note of an event. The points that are touched anew are known at the end of each report.
    pub(super) fn event(&mut self, event: RawEvent) -> impl Iterator<Item = Point> {
        let mut came = [None; FINGERS];
        match (event.kind, event.code) {
            (SYN, SYN_DROPPED) => {
                // Where fingers are now, nobody knows; a touch in the wrong place would be worse than one that is repeated.
                (self.fingers, self.lost) = ([Finger::default(); FINGERS], true);
            }
            (SYN, SYN_REPORT) if self.lost => self.lost = false,
            (SYN, SYN_REPORT) => {
                for (finger, came) in self.fingers.iter_mut().zip(&mut came) {
                    let place = finger.x.zip(finger.y).filter(|_| std::mem::take(&mut finger.came));
                    *came = place.map(|place| self.calibration.point(place));
                }
            }
            _ if self.lost => {}
            (ABS, code) if self.multi => self.several(code, event.value),
            (ABS, ABS_X) => self.fingers[0].x = Some(event.value),
            (ABS, ABS_Y) => self.fingers[0].y = Some(event.value),
            (KEY, BTN_TOUCH | BTN_LEFT) if !self.multi => self.fingers[0].came = event.value == DOWN,
            _ => {}
        }
        came.into_iter().flatten()
    }

    fn several(&mut self, code: u16, value: i32) {
        if code == ABS_MT_SLOT {
            // A slot beyond the last is nobody's.
            self.slot = usize::try_from(value).unwrap_or(FINGERS);
        }
        let Some(finger) = self.fingers.get_mut(self.slot) else { return };
        match code {
            ABS_MT_POSITION_X => finger.x = Some(value),
            ABS_MT_POSITION_Y => finger.y = Some(value),
            // -1 says that the finger has gone.
            ABS_MT_TRACKING_ID => finger.came = value >= 0,
            _ => {}
        }
    }
}

impl Calibration {
    /// The pixel at a measured place; the nearest one of the glass, for a place beyond its edges.
    fn point(&self, (x, y): (i32, i32)) -> Point {
        let [left, top, right, bottom] = self.edges;
        let Size { width, height } = self.glass;
        // In both directions: the measure along the glass, from its left or its top, whichever way the touch screen is turned.
        let (x, y) = match self.turned {
            Turned::Not => (along(x, left, right, width), along(y, top, bottom, height)),
            Turned::Right => (along(y, bottom, top, width), along(x, left, right, height)),
            Turned::Over => (along(x, right, left, width), along(y, bottom, top, height)),
            Turned::Left => (along(y, top, bottom, width), along(x, right, left, height)),
        };
        Point::new(x, y)
    }
}

/// The pixel of so many, at a measure between two.
fn along(measured: i32, first: i32, last: i32, pixels: u32) -> i32 {
    let (measured, first, last, pixels) = (i64::from(measured), i64::from(first), i64::from(last), i64::from(pixels));
    let span = last - first;
    // The last measure belongs to the last pixel, so a span of n has n + 1 measures.
    let pixel = (measured - first) * pixels / if span < 0 { span - 1 } else { span + 1 };
    i32::try_from(pixel.clamp(0, (pixels - 1).max(0))).unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GLASS: Size = Size::new(1024, 768);

    fn screen(edges: Edges, turned: Turned, multi: bool) -> Touches {
        Touches::new(Calibration { edges, turned, glass: GLASS }, multi)
    }

    fn touched(touches: &mut Touches, events: &[(u16, u16, i32)]) -> Vec<(i32, i32)> {
        let raw = events.iter().map(|(kind, code, value)| RawEvent { kind: *kind, code: *code, value: *value });
        raw.flat_map(|event| touches.event(event).map(|point| (point.x, point.y)).collect::<Vec<_>>()).collect()
    }

    const REPORT: (u16, u16, i32) = (SYN, SYN_REPORT, 0);

    #[test]
    fn one_finger_is_touched_where_it_comes_down_and_only_then() {
        let mut touches = screen([0, 0, 32767, 32767], Turned::Not, false);
        let down = [(ABS, ABS_X, 16384), (ABS, ABS_Y, 0), (KEY, BTN_TOUCH, 1), REPORT];
        assert_eq!(touched(&mut touches, &down), [(512, 0)]);
        assert_eq!(touched(&mut touches, &[(ABS, ABS_X, 20000), REPORT, (KEY, BTN_TOUCH, 0), REPORT]), []);
        // In the same row again: a place that has not changed is not told again.
        assert_eq!(touched(&mut touches, &[(ABS, ABS_X, 32767), (KEY, BTN_LEFT, 1), REPORT]), [(1023, 0)]);
    }

    #[test]
    fn each_finger_of_several_is_touched_once_whatever_else_is_said_of_it() {
        let mut touches = screen([0, 0, 4095, 4095], Turned::Not, true);
        let two = [
            (ABS, ABS_MT_SLOT, 0),
            (ABS, ABS_MT_TRACKING_ID, 40),
            (ABS, ABS_MT_POSITION_X, 0),
            (ABS, ABS_MT_POSITION_Y, 4095),
            (ABS, ABS_MT_SLOT, 1),
            (ABS, ABS_MT_TRACKING_ID, 41),
            (ABS, ABS_MT_POSITION_X, 4095),
            (ABS, ABS_MT_POSITION_Y, 0),
            (KEY, BTN_TOUCH, 1),
            (ABS, ABS_X, 0),
            (ABS, ABS_Y, 4095),
            REPORT,
        ];
        assert_eq!(touched(&mut touches, &two), [(0, 767), (1023, 0)]);
        let gone = [(ABS, ABS_MT_TRACKING_ID, -1), (ABS, ABS_MT_SLOT, 0), (ABS, ABS_MT_TRACKING_ID, -1), REPORT];
        assert_eq!(touched(&mut touches, &gone), []);
        assert_eq!(touched(&mut touches, &[(ABS, ABS_MT_TRACKING_ID, 42), REPORT]), [(0, 767)]);
        // An eleventh finger is none, and is not taken for another.
        let rain = [(ABS, ABS_MT_SLOT, 10), (ABS, ABS_MT_TRACKING_ID, 43), (ABS, ABS_MT_POSITION_X, 9), REPORT];
        assert_eq!(touched(&mut touches, &rain), []);
        assert_eq!(touched(&mut touches, &[(ABS, ABS_MT_SLOT, 0), (ABS, ABS_MT_TRACKING_ID, 44), REPORT]), [(0, 767)]);
    }

    #[test]
    fn after_a_loss_a_touch_counts_once_its_place_is_known_again() {
        let mut touches = screen([0, 0, 100, 100], Turned::Not, false);
        touched(&mut touches, &[(ABS, ABS_X, 50), (ABS, ABS_Y, 50), REPORT]);
        let lost = [(SYN, SYN_DROPPED, 0), (ABS, ABS_X, 1), (KEY, BTN_TOUCH, 1), REPORT];
        assert_eq!(touched(&mut touches, &lost), []);
        assert_eq!(touched(&mut touches, &[(ABS, ABS_X, 2), (KEY, BTN_TOUCH, 1), REPORT]), []);
        assert_eq!(touched(&mut touches, &[(ABS, ABS_Y, 0), (KEY, BTN_TOUCH, 1), REPORT]), [(20, 0)]);
    }

    #[test]
    fn the_corners_are_those_of_the_glass_whichever_way_it_is_turned() {
        // Where the top left and the top right of the touch screen lie.
        for (turned, corners) in [
            (Turned::Not, [(0, 0), (1023, 0)]),
            (Turned::Right, [(1023, 0), (1023, 767)]),
            (Turned::Over, [(1023, 767), (0, 767)]),
            (Turned::Left, [(0, 767), (0, 0)]),
        ] {
            let place = |x, y| Calibration { edges: [100, 200, 3900, 3800], turned, glass: GLASS }.point((x, y));
            assert_eq!([place(100, 200), place(3900, 200)].map(|point| (point.x, point.y)), corners, "{turned:?}");
        }
        let mirrored = Calibration { edges: [3900, 200, 100, 3800], turned: Turned::Not, glass: GLASS };
        assert_eq!((mirrored.point((3900, 200)), mirrored.point((100, 200))), (Point::zero(), Point::new(1023, 0)));
    }

    fn turned() -> impl Strategy<Value = Turned> {
        prop_oneof![Just(Turned::Not), Just(Turned::Right), Just(Turned::Over), Just(Turned::Left)]
    }

    proptest! {
        #[test]
        fn whatever_a_device_says_a_touch_is_on_the_glass(
            edges in any::<[i32; 4]>(),
            (turned, multi) in (turned(), any::<bool>()),
            (width, height) in (1_u32..4096, 1_u32..4096),
            events in proptest::collection::vec((0..4_u16, prop_oneof![0..4_u16, 0x2f..0x3a_u16, Just(BTN_TOUCH)], any::<i32>()), 0..200),
        ) {
            let glass = Size::new(width, height);
            let mut touches = Touches::new(Calibration { edges, turned, glass }, multi);
            for (kind, code, value) in events {
                for point in touches.event(RawEvent { kind, code, value }) {
                    prop_assert!((0..width).contains(&u32::try_from(point.x).unwrap()));
                    prop_assert!((0..height).contains(&u32::try_from(point.y).unwrap()));
                }
            }
        }

        #[test]
        fn neighbouring_measures_are_neighbouring_pixels(x in 0..32767_i32, turned in turned()) {
            let calibration = Calibration { edges: [0, 0, 32767, 32767], turned, glass: GLASS };
            let (one, other) = (calibration.point((x, 99)), calibration.point((x + 1, 99)));
            prop_assert!((one - other).x.abs() + (one - other).y.abs() <= 1);
        }
    }
}
