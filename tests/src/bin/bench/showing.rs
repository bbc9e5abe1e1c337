//! A device that holds every customer, is on the line, and shows all of them the same offer.

use crate::{lab::Lab, meter, offer, population, premises::Premises, premises::reaches};
use serde_json::json;
use touchpoint_tests::{kiosk::RunningKiosk, process::Service};

/// How long a customer stays, in seconds: longer than anything that is measured meanwhile.
const STAYS: u32 = 120;

/// The device, and what it is on the line with.
pub(crate) struct Showing {
    agent: RunningKiosk,
    _hub: Service,
    // Last: their files lie in it.
    _premises: Premises,
}

impl Showing {
    /// One with the panel that most machines have.
    pub(crate) fn new(lab: &Lab) -> Showing {
        Showing::on([1024, 768], lab)
    }

    /// Starts one whose panel has so many pixels across and down, and shows the offer once in every language, so that all fonts
    /// are open.
    pub(crate) fn on([width, height]: [u32; 2], lab: &Lab) -> Showing {
        lab.says(format!("a device of {width}x{height} that holds everything"));
        let premises = Premises::new();
        premises.stock(lab);
        let campaigns = premises.path("campaigns");
        offer::campaigns(&campaigns);
        premises.office.publish(&campaigns);
        let hub = premises.office.serve();
        premises.kiosk.edit("width = 1024", &format!("width = {width}"));
        premises.kiosk.edit("height = 768", &format!("height = {height}"));
        let agent = premises.kiosk.start();
        reaches(&agent, "campaigns", |status| status["line"]["campaigns"] == 1);
        let showing = Showing { agent, _hub: hub, _premises: premises };
        for (number, language) in (1..).zip(offer::languages()) {
            showing.arrives(number, language);
            showing.leaves();
        }
        showing
    }

    /// A customer comes who speaks this language: milliseconds from the card to the pixels on the panel.
    pub(crate) fn arrives(&self, number: u32, language: &str) -> f64 {
        let arrives = json!({ "loyalty_number": population::loyalty_number(number), "language": language, "seconds_left": STAYS });
        let decided = self.agent.api.post("/v1/visits", arrives.to_string()).json(201);
        let took = decided["card_to_pixels_us"].as_f64().unwrap_or_else(|| panic!("nothing is shown: {decided}"));
        took / 1e3
    }

    /// The customer goes; returns once the screen invites the next one.
    pub(crate) fn leaves(&self) {
        self.agent.api.leaves();
    }

    /// Returns once head office has all that was recorded.
    pub(crate) fn delivers(&self) {
        self.agent.delivers();
    }

    /// What is in memory now, in MiB.
    pub(crate) fn memory_mib(&self) -> f64 {
        meter::memory_mib(self.agent.service.id(), meter::NOW)
    }

    /// The same as it is compared with that of several processes.
    pub(crate) fn proportional_mib(&self) -> f64 {
        meter::proportional_mib(&meter::family(self.agent.service.id()))
    }

    /// How long it has had a processor by now, in seconds.
    pub(crate) fn processor_seconds(&self) -> f64 {
        meter::processor_seconds(self.agent.service.id())
    }
}
