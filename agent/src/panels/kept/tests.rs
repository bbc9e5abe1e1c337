//! Panels that are not there, fail, hang and come back, and what is on the glass then.

use std::sync::{Condvar, Mutex, MutexGuard};

use touchpoint_display::{Colour, Turned};

use super::*;

const SIZE: Size = Size::new(8, 6);

/// Short, because a deadline has to pass in some of the tests; long enough for a thread to be woken on a busy machine.
const SHORT: Times =
    Times { deadline: Duration::from_millis(400), check: Duration::from_millis(20), look: Duration::from_millis(20) };

/// How long a test waits for what must come: pauses grow to a few seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A piece of hardware that does what it is told to.
#[derive(Default)]
struct Hardware {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    behaviour: Behaviour,
    glass: Vec<u32>,
    /// What it was given before it is to be seen.
    ready: Option<Vec<u32>>,
    opened: usize,
    open: usize,
    damage: Vec<Rectangle>,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Behaviour {
    #[default]
    Works,
    /// It cannot be opened, and shows nothing.
    Fails,
    /// It says that it is gone when it is asked.
    Gone,
    /// A call does not return until it behaves otherwise, and fails then.
    Hangs,
}

/// One opening of it.
struct Driver(Arc<Hardware>);

impl Hardware {
    fn behave(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().behaviour = behaviour;
        self.changed.notify_all();
    }

    fn open(self: &Arc<Self>) -> Result<Opened, OpenError> {
        let mut state = self.state.lock().unwrap();
        if state.behaviour == Behaviour::Fails {
            return Err(OpenError::NoDevice { what: "/dev/scripted".into() });
        }
        state.opened += 1;
        state.open += 1;
        state.glass = vec![0; (SIZE.width * SIZE.height) as usize];
        let device = "/dev/scripted".to_owned();
        let facts = Facts { driver: "scripted", device, format: "XRGB8888", millimetres: None, refresh_hz: None };
        Ok(Opened { panel: Box::new(Driver(Arc::clone(self))), facts })
    }

    fn kept(self: &Arc<Self>) -> (KeptPanel, watch::Receiver<PanelStatus>) {
        let hardware = Arc::clone(self);
        KeptPanel::with(SHORT, SIZE, Arc::new(move || hardware.open()))
    }

    /// Waits as long as it hangs; whether it did.
    fn comes_back(&self) -> (MutexGuard<'_, State>, bool) {
        let mut state = self.state.lock().unwrap();
        let hung = state.behaviour == Behaviour::Hangs;
        while state.behaviour == Behaviour::Hangs {
            state = self.changed.wait(state).unwrap();
        }
        (state, hung)
    }

    fn glass(&self) -> Vec<u32> {
        self.state.lock().unwrap().glass.clone()
    }
}

impl Panel for Driver {
    fn size(&self) -> Size {
        SIZE
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        let (mut state, hung) = self.0.comes_back();
        if hung || state.behaviour == Behaviour::Fails {
            return Err(PanelError::Device { name: "/dev/scripted".to_owned(), source: io::Error::other("no power") });
        }
        state.damage = damage.to_vec();
        if let Some(ready) = state.ready.take() {
            state.glass = ready;
        }
        for area in damage {
            frame.copy_rows(*area, Turned::Not, &mut state.glass, SIZE.width as usize);
        }
        Ok(())
    }

    fn prepare(&mut self, frame: &Frame) -> bool {
        let (mut state, hung) = self.0.comes_back();
        state.ready = (!hung).then(|| frame.pixels().to_vec());
        !hung
    }

    fn check(&mut self) -> Result<(), PanelError> {
        match self.0.state.lock().unwrap().behaviour {
            Behaviour::Gone => {
                Err(PanelError::Device { name: "/dev/scripted".to_owned(), source: io::Error::other("unplugged") })
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().open -= 1;
    }
}

/// Waits until the panel is as wished.
fn wait(status: &mut watch::Receiver<PanelStatus>, wished: impl Fn(&PanelStatus) -> bool) -> PanelStatus {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, status.wait_for(wished)).await.expect("in time").expect("told").clone()
    })
}

fn is_open(status: &PanelStatus) -> bool {
    status.condition == Condition::Open
}

fn whole() -> [Rectangle; 1] {
    [Rectangle::new(Point::zero(), SIZE)]
}

fn corner() -> [Rectangle; 1] {
    [Rectangle::new(Point::zero(), Size::new(2, 1))]
}

/// A picture in which the pixels differ, and another for each number.
fn picture(number: u8) -> Frame {
    let mut frame = Frame::new(SIZE);
    let mask: Vec<u8> = (1..=48).map(|at| at * 5).collect();
    frame.blend_mask(Point::zero(), SIZE, &mask, Colour([number, 200, 7]));
    frame
}

#[test]
fn a_picture_is_on_the_glass_when_it_has_been_presented() {
    let hardware = Arc::new(Hardware::default());
    let (mut panel, mut status) = hardware.kept();
    assert_eq!(wait(&mut status, is_open).facts.unwrap().driver, "scripted");
    for number in 1..4 {
        panel.present(&picture(number), &whole()).unwrap();
        assert_eq!(hardware.glass(), picture(number).pixels());
    }
    panel.present(&picture(9), &corner()).unwrap();
    assert_eq!(hardware.state.lock().unwrap().damage, corner());
    assert_eq!(hardware.glass()[..3], [picture(9).pixels()[0], picture(9).pixels()[1], picture(3).pixels()[2]]);
    drop(panel);
    assert_eq!(hardware.state.lock().unwrap().open, 0, "it is closed when nobody has it any more");
}

#[test]
fn a_picture_is_given_back_by_the_panel_and_stays_as_it_was_in_a_call_that_hangs() {
    let hardware = Arc::new(Hardware::default());
    let (mut panel, mut status) = hardware.kept();
    wait(&mut status, is_open);
    let mut frame = picture(1);
    let mut present_and_draw_on = || {
        let (before, presented) = (frame.pixels().as_ptr(), panel.present(&frame, &whole()));
        frame.blend_mask(Point::zero(), SIZE, &[255; 48], Colour([0, 0, 0]));
        (presented.is_ok(), frame.pixels().as_ptr() == before)
    };
    assert_eq!(present_and_draw_on(), (true, true), "nothing is copied");
    hardware.behave(Behaviour::Hangs);
    assert_eq!(present_and_draw_on(), (false, false), "it is drawn on a copy");
    hardware.behave(Behaviour::Works);
}

#[test]
fn a_panel_that_is_not_there_refuses_at_once_and_gets_a_whole_picture_when_it_comes() {
    let hardware = Arc::new(Hardware::default());
    hardware.behave(Behaviour::Fails);
    let (mut panel, mut status) = hardware.kept();
    let failed = wait(&mut status, |status| status.failures > 1);
    assert_eq!((failed.condition, failed.error.unwrap().as_str()), (Condition::Failed, "there is no /dev/scripted"));
    let asked = Instant::now();
    let error = panel.present(&picture(1), &whole()).unwrap_err();
    assert_eq!(chain(&error), "panel of this device failed: it is not open");
    assert!(asked.elapsed() < SHORT.deadline);

    hardware.behave(Behaviour::Works);
    wait(&mut status, is_open);
    // Only a corner has changed since, but the glass has nothing of the rest.
    panel.present(&picture(2), &corner()).unwrap();
    assert_eq!(hardware.glass(), picture(2).pixels());
}

#[test]
fn a_panel_that_fails_is_closed_and_opened_again() {
    let hardware = Arc::new(Hardware::default());
    let (mut panel, mut status) = hardware.kept();
    wait(&mut status, is_open);
    panel.present(&picture(1), &whole()).unwrap();
    hardware.behave(Behaviour::Fails);
    let error = panel.present(&picture(2), &corner()).unwrap_err();
    assert_eq!(chain(&error), "panel /dev/scripted failed: no power");
    let failed = wait(&mut status, |status| !is_open(status));
    assert!(failed.failures >= 1 && failed.facts.is_some());
    assert_eq!(hardware.state.lock().unwrap().open, 0);
    assert!(panel.present(&picture(2), &corner()).is_err());

    hardware.behave(Behaviour::Works);
    wait(&mut status, is_open);
    panel.present(&picture(3), &corner()).unwrap();
    assert_eq!(hardware.glass(), picture(3).pixels());
}

#[test]
fn a_panel_that_is_unplugged_while_nothing_is_shown_is_noticed() {
    let hardware = Arc::new(Hardware::default());
    let (mut panel, mut status) = hardware.kept();
    wait(&mut status, is_open);
    panel.present(&picture(1), &whole()).unwrap();
    hardware.behave(Behaviour::Gone);
    let failed = wait(&mut status, |status| status.failures > 0);
    assert_eq!(failed.error.unwrap(), "panel /dev/scripted failed: unplugged");
    hardware.behave(Behaviour::Works);
    wait(&mut status, is_open);
    panel.present(&picture(2), &corner()).unwrap();
    assert_eq!(hardware.glass(), picture(2).pixels());
}

#[test]
fn a_call_that_hangs_costs_one_deadline_and_the_panel_is_opened_by_another_thread() {
    let hardware = Arc::new(Hardware::default());
    let (mut panel, mut status) = hardware.kept();
    wait(&mut status, is_open);
    panel.present(&picture(1), &whole()).unwrap();
    hardware.behave(Behaviour::Hangs);
    let asked = Instant::now();
    let error = panel.present(&picture(2), &whole()).unwrap_err();
    assert_eq!(chain(&error), "panel /dev/scripted failed: it did not show a picture in time");
    assert!(asked.elapsed() >= SHORT.deadline && asked.elapsed() < 3 * SHORT.deadline);
    assert_eq!(status.borrow().error.as_deref(), Some("it did not show a picture in time"));

    // The hardware mends itself for whoever opens it anew; the call that hung fails when it comes back, and nobody minds.
    wait(&mut status, |status| is_open(status) && status.failures == 1);
    assert_eq!(hardware.state.lock().unwrap().opened, 2);
    hardware.behave(Behaviour::Works);
    panel.present(&picture(3), &corner()).unwrap();
    assert_eq!(hardware.glass(), picture(3).pixels());
    assert_eq!(status.borrow().failures, 1);
}

#[test]
fn a_picture_is_got_ready_by_a_panel_that_has_had_one_and_hanging_at_it_is_like_hanging_at_any_other() {
    let hardware = Arc::new(Hardware::default());
    let (mut panel, mut status) = hardware.kept();
    wait(&mut status, is_open);
    assert!(!panel.prepare(&picture(1)), "its first picture is to be a whole one");
    panel.present(&picture(1), &corner()).unwrap();
    assert!(panel.prepare(&picture(2)));
    assert_eq!(hardware.glass(), picture(1).pixels());
    panel.present(&picture(2), &corner()).unwrap();
    assert_eq!(
        (hardware.glass(), &hardware.state.lock().unwrap().damage[..]),
        (picture(2).pixels().to_vec(), &corner()[..])
    );

    hardware.behave(Behaviour::Hangs);
    assert!(!panel.prepare(&picture(3)));
    wait(&mut status, |status| is_open(status) && status.failures == 1);
    hardware.behave(Behaviour::Works);
    panel.present(&picture(3), &corner()).unwrap();
    assert_eq!(
        (hardware.glass(), &hardware.state.lock().unwrap().damage[..]),
        (picture(3).pixels().to_vec(), &whole()[..])
    );
}

#[test]
fn threads_that_hang_are_few_and_the_next_waits_for_one_of_them() {
    let hardware = Arc::new(Hardware::default());
    let opened = Arc::clone(&hardware);
    let (status, mut told) = watch::channel(PanelStatus::default());
    let (open, running): (Opener, _) = (Arc::new(move || opened.open()), Arc::new(()));
    // As if so many others hung.
    let mut hanging: Vec<Arc<()>> = (0..=HANGING).map(|_| Arc::clone(&running)).collect();
    let backoff = Backoff::default();
    let mut panel = KeptPanel { times: SHORT, size: SIZE, open, status, worker: None, backoff, running };
    panel.start(Duration::ZERO);
    thread::sleep(4 * SHORT.look);
    assert_eq!((told.borrow().condition, hardware.state.lock().unwrap().opened), (Condition::Opening, 0));
    hanging.pop();
    wait(&mut told, is_open);
}

#[test]
fn a_panel_of_another_size_is_not_taken() {
    let hardware = Arc::new(Hardware::default());
    let opened = Arc::clone(&hardware);
    let (_panel, mut status) = KeptPanel::keep(Size::new(9, 6), move || opened.open());
    let failed = wait(&mut status, |status| status.failures > 0);
    assert_eq!(failed.error.unwrap(), "/dev/scripted has 8x6 pixels");
}
