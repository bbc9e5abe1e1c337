//! Panels that fail, hang and come back, under the real visit loop: no visit waits for them, nothing is recorded as shown that was not,
//! and what should be on the glass is there again by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use touchpoint_agent::{
    identify::Event,
    panels::{Condition, Facts, KeptPanel, OpenError, Opened, PanelStatus},
};
use touchpoint_display::{Colour, Frame, Panel, PanelError, Point, Rectangle, Size};
use touchpoint_protocol::{campaign::AnswerKind, interaction::Reason};
use touchpoint_sim::screen::Glass;
use touchpoint_tests::{
    head_office::{ANNA, BEN},
    machine::Machine,
    patience::PATIENCE,
};

/// How long a visit may be kept by a panel, everything else included: the panel has two seconds of it.
const KEPT: Duration = Duration::from_secs(6);

/// The panel's hardware, which does what it is told to.
#[derive(Clone, Default)]
struct Hardware(Arc<(Mutex<Behaviour>, Condvar)>);

#[derive(Clone, Copy, PartialEq, Default)]
enum Behaviour {
    #[default]
    Works,
    Fails,
    /// Its calls return when it behaves otherwise.
    Hangs,
}

/// One opening of it.
struct Driver(Hardware, Box<dyn Panel>);

impl Hardware {
    fn behave(&self, behaviour: Behaviour) {
        *self.0.0.lock().unwrap() = behaviour;
        self.0.1.notify_all();
    }

    /// A machine with this panel, which is open.
    fn try_out(self, test: impl AsyncFnOnce(&mut Machine)) {
        let panel = move |glass: &Glass, events: mpsc::Sender<Event>| -> Box<dyn Panel> {
            let (hardware, glass) = (self.clone(), glass.clone());
            let (panel, status) = KeptPanel::keep(Size::new(1024, 768), move || hardware.open(&glass));
            tokio::spawn(PanelStatus::tell(status, events));
            Box::new(panel)
        };
        Machine::try_out_on(panel, async |machine| {
            is_open(machine, 0).await;
            test(machine).await;
        });
    }

    fn open(&self, glass: &Glass) -> Result<Opened, OpenError> {
        if *self.0.0.lock().unwrap() == Behaviour::Fails {
            return Err(OpenError::NoDevice { what: "/dev/scripted".into() });
        }
        let panel = glass.panel();
        let device = "/dev/scripted".to_owned();
        let facts = Facts { driver: "scripted", device, format: "XRGB8888", millimetres: None, refresh_hz: None };
        Ok(Opened { panel: Box::new(Driver(self.clone(), panel)), facts })
    }
}

impl Panel for Driver {
    fn size(&self) -> Size {
        self.1.size()
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        let behaviour = self.0.0.0.lock().unwrap();
        let hung = *behaviour == Behaviour::Hangs;
        let behaviour = self.0.0.1.wait_while(behaviour, |behaviour| *behaviour == Behaviour::Hangs).unwrap();
        match hung || *behaviour == Behaviour::Fails {
            true => Err(PanelError::Device { name: "/dev/scripted".to_owned(), source: io::Error::other("no power") }),
            false => self.1.present(frame, damage),
        }
    }
}

/// Waits until the panel is open, having failed so often, and the visit loop has seen to it.
async fn is_open(machine: &mut Machine, failures: u64) {
    let open = |panel: &PanelStatus| panel.condition == Condition::Open && panel.failures >= failures;
    let told = machine.visits.wait_for(|visits| visits.panel.as_ref().is_some_and(open));
    drop(timeout(PATIENCE, told).await.expect("the panel is opened in time").unwrap());
    machine.passes(Duration::ZERO).await;
}

/// Whether the glass shows the picture that the agent means to be there, pixel for pixel.
async fn glass_is_as_meant(machine: &Machine) -> bool {
    let (reply, picture) = oneshot::channel();
    machine.happens(Event::Picture(reply)).await;
    let frame = picture.await.unwrap();
    let glass = machine.glass.display();
    frame.pixels().iter().enumerate().all(|(at, pixel)| {
        let [_, colour @ ..] = pixel.to_be_bytes();
        Colour::from(glass.get_pixel(Point::new(at as i32 % 1024, at as i32 / 1024))) == Colour(colour)
    })
}

#[test]
fn a_panel_that_fails_costs_no_visit_and_is_painted_again_when_it_is_back() {
    let hardware = Hardware::default();
    hardware.clone().try_out(async |machine| {
        assert!(machine.arrives(ANNA, 25).await.unwrap().shown);
        machine.happens(Event::Left).await;

        hardware.behave(Behaviour::Fails);
        let views = machine.glass.views();
        let told = machine.arrives(BEN, 25).await.unwrap();
        assert_eq!((told.shown, told.reason), (false, Some(Reason::PanelFailed)));
        machine.happens(Event::Left).await;
        assert_eq!(machine.glass.views(), views);
        let panel = machine.visits.borrow().panel.clone().unwrap();
        assert_eq!((panel.condition, panel.facts.unwrap().driver), (Condition::Failed, "scripted"));
        assert!(machine.visits.borrow().unpresented > 0);
        let recorded = machine.recorded().await;
        assert_eq!(recorded[2..], ["not shown: family-insurance, panel_failed"], "{recorded:?}");

        hardware.behave(Behaviour::Works);
        is_open(machine, 1).await;
        assert!(glass_is_as_meant(machine).await && !machine.is_blank());
        assert!(machine.arrives(BEN, 25).await.unwrap().shown);
        assert!(glass_is_as_meant(machine).await);
    });
}

#[test]
fn a_call_that_does_not_return_keeps_no_visit_and_another_thread_takes_over() {
    let hardware = Hardware::default();
    hardware.clone().try_out(async |machine| {
        hardware.behave(Behaviour::Hangs);
        let began = Instant::now();
        let told = machine.arrives(ANNA, 25).await.unwrap();
        assert_eq!((told.shown, told.reason), (false, Some(Reason::PanelFailed)));
        assert!(began.elapsed() < KEPT, "the visit waited for {:?}", began.elapsed());
        machine.happens(Event::Left).await;
        assert_eq!(machine.recorded().await, ["not shown: savings, panel_failed"]);
        let panel = machine.visits.borrow().panel.clone().unwrap();
        assert_eq!(panel.error.as_deref(), Some("it did not show a picture in time"));

        hardware.behave(Behaviour::Works);
        is_open(machine, 1).await;
        assert!(glass_is_as_meant(machine).await);
        assert!(machine.arrives(ANNA, 25).await.unwrap().shown);
    });
}

#[test]
fn a_showing_outlives_a_panel_that_fails_for_a_moment() {
    let hardware = Hardware::default();
    hardware.clone().try_out(async |machine| {
        assert!(machine.arrives(ANNA, 25).await.unwrap().shown);
        hardware.behave(Behaviour::Fails);
        // The countdown finds out.
        machine.passes(Duration::from_secs(2)).await;
        assert!(!glass_is_as_meant(machine).await);
        hardware.behave(Behaviour::Works);
        is_open(machine, 1).await;
        assert!(glass_is_as_meant(machine).await);
        machine.happens(Event::Answered(AnswerKind::Accept)).await;
        let recorded = machine.recorded().await;
        assert_eq!(recorded[1], "ended: savings, accept after 2000 ms", "{recorded:?}");
    });
}
