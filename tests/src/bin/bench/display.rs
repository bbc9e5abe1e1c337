//! How fast a screen is there, what showing it costs, and how that compares with a page in a browser.

use crate::{
    bench::{Bench, Reach, Reading},
    chromium::Chromium,
    lab::Lab,
    offer,
    samples::Samples,
    showing::Showing,
};
use std::{
    hint::black_box,
    thread::sleep,
    time::{Duration, Instant},
};
use touchpoint_display::{Frame, Glass, Panel, PanelError, Rectangle, Screen, Size, Theme};
use touchpoint_sim::random::Random;

/// The family.
pub(crate) const BENCHES: [Bench; 9] = [
    Bench {
        name: "display.full_1024_vs_memcpy",
        what: "an offer with picture, code and buttons drawn for the next customer, 1024x768, beside memcpy of the frame",
        unit: "us",
        reach: Reach::MostTimes(2.0),
        run: |lab| full(lab, Size::new(1024, 768)),
    },
    Bench {
        name: "display.full_1080_vs_memcpy",
        what: "the same, 1920x1080",
        unit: "us",
        reach: Reach::MostTimes(2.0),
        run: |lab| full(lab, Size::new(1920, 1080)),
    },
    Bench {
        name: "display.tick_vs_full",
        what: "a tenth of a second of the countdown, beside the whole screen, 1024x768",
        unit: "us",
        // A thirtieth.
        reach: Reach::MostTimes(0.033),
        run: tick,
    },
    Bench {
        name: "display.card_to_pixels_p99_ms",
        what: "card read to pixels on the panel, 1920x1080, every customer in the cache: the 99th of a hundred",
        unit: "ms",
        reach: Reach::Most(10.0),
        run: card_to_pixels,
    },
    Bench {
        name: "display.chromium_time",
        what: "median from card read to pixels, 1024x768, beside the same offer as a page in a warm Chromium: its time by ours",
        unit: "ms",
        reach: Reach::LeastTimes(20.0),
        run: chromium_time,
    },
    Bench {
        name: "display.chromium_memory",
        what: "proportional memory of the agent, 1024x768, beside all processes of that Chromium: theirs by ours",
        unit: "MiB",
        reach: Reach::LeastTimes(10.0),
        run: chromium_memory,
    },
    Bench {
        name: "display.cpu_showing_pct",
        what: "of one core, while an offer is shown and its countdown runs ten times a second",
        unit: "%",
        reach: Reach::Most(2.0),
        run: showing,
    },
    Bench {
        name: "display.cpu_idle_pct",
        what: "of one core, while the screen invites and nobody comes; line up",
        unit: "%",
        reach: Reach::Most(0.2),
        run: idle,
    },
    Bench {
        name: "display.rss_mb",
        what: "resident memory of the agent, 1024x768, every customer in its cache, fonts of all scripts open",
        unit: "MiB",
        reach: Reach::Most(40.0),
        run: memory,
    },
];

/// Rounds of each figure.
const ROUNDS: usize = 5;

/// Screens in a round, and as many copies or ticks.
const SCREENS: usize = 100;

/// Visits in a round.
const VISITS: usize = 100;

/// Visits in a round that has as many of a browser's.
const PAGES: usize = 20;

/// How long before the other's turn: what one of them still has to do for a screen is not to slow the other down, and customers do not
/// come in step with the frames of a browser.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a processor's use is watched in a round.
const WATCH: Duration = Duration::from_secs(6);

/// Customers by whom the offer is seen in turn.
const NAMES: [&str; 8] = ["Anna", "Benjamin", "Chloe", "Dora", "Emil", "Friederike", "Giuseppe", "Hannah"];

/// A panel that copies nothing: what a real one copies is not the renderer's.
struct NoPanel(Size);

impl Panel for NoPanel {
    fn size(&self) -> Size {
        self.0
    }

    fn present(&mut self, frame: &Frame, _: &[Rectangle]) -> Result<(), PanelError> {
        black_box(frame.pixels());
        Ok(())
    }
}

/// A warm screen, and how long it takes to draw the offer for the customer after the one before.
fn screen(size: Size) -> (Screen, impl FnMut(&mut Screen) -> f64) {
    let mut screen = Screen::on(Glass::of(size), Box::new(NoPanel(size)), Theme::default());
    let picture = offer::decoded();
    let mut customers = NAMES.into_iter().cycle();
    let mut show = move |screen: &mut Screen| {
        let view = offer::view(customers.next().expect("there is always another"), &picture);
        microseconds(|| drop(screen.show(&view).expect("a view that can be drawn")))
    };
    for _ in NAMES {
        show(&mut screen);
    }
    (screen, show)
}

fn full(lab: &Lab, size: Size) -> Reading {
    let (mut screen, mut show) = screen(size);
    let frame = screen.frame().pixels().to_vec();
    let mut copy = vec![0; frame.len()];
    let (mut drawn, mut copied) = (Samples::default(), Samples::default());
    for round in 1..=ROUNDS {
        lab.says(format!("screens, round {round} of {ROUNDS}"));
        let (mut screens, mut copies) = (Samples::default(), Samples::default());
        for _ in 0..SCREENS {
            screens.push(show(&mut screen));
            copies.push(microseconds(|| black_box(&mut copy).copy_from_slice(black_box(&frame))));
        }
        drawn.push(screens.median());
        copied.push(copies.median());
    }
    Reading::beside(&drawn, &copied)
}

fn tick(lab: &Lab) -> Reading {
    const STEP: Duration = Duration::from_millis(100);
    let (mut screen, mut show) = screen(Size::new(1024, 768));
    let (mut ticks, mut drawn) = (Samples::default(), Samples::default());
    for round in 1..=ROUNDS {
        lab.says(format!("ticks, round {round} of {ROUNDS}"));
        let (mut steps, mut screens) = (Samples::default(), Samples::default());
        for number in 1..=SCREENS as u32 {
            screens.push(show(&mut screen));
            // The first goes from the whole time to where this one begins.
            let left = Duration::from_secs(offer::SECONDS.into()) - STEP * number;
            screen.tick(left).expect("a panel that takes it");
            steps.push(microseconds(|| screen.tick(left - STEP).expect("a panel that takes it")));
        }
        ticks.push(steps.median());
        drawn.push(screens.median());
    }
    Reading::beside(&ticks, &drawn)
}

fn card_to_pixels(lab: &Lab) -> Reading {
    // The largest panel that is usual; all else is measured on the one that most machines have.
    let (device, mut random, mut rounds) = (Showing::on([1920, 1080], lab), Random::new(11), Samples::default());
    for round in 1..=ROUNDS {
        lab.says(format!("visits, round {round} of {ROUNDS}"));
        let visits: Samples = (0..VISITS).map(|_| visit(lab, &device, &mut random)).collect();
        rounds.push(visits.percentile(99));
    }
    Reading::of(&rounds)
}

fn chromium_time(lab: &Lab) -> Reading {
    let (device, chromium) = (lab.once(Showing::new), lab.once(Chromium::new));
    let (mut random, mut ours, mut theirs) = (Random::new(12), Samples::default(), Samples::default());
    for round in 1..=ROUNDS {
        lab.says(format!("visits and pages, round {round} of {ROUNDS}"));
        let (mut visits, mut pages) = (Samples::default(), Samples::default());
        for name in NAMES.into_iter().cycle().take(PAGES) {
            visits.push(visit(lab, &device, &mut random));
            device.delivers();
            sleep(PAUSE);
            pages.push(chromium.shows(name));
            chromium.invites();
            sleep(PAUSE);
        }
        ours.push(visits.median());
        theirs.push(pages.median());
    }
    Reading::ahead_of(&theirs, &ours)
}

fn chromium_memory(lab: &Lab) -> Reading {
    let (device, chromium) = (lab.once(Showing::new), lab.once(Chromium::new));
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for (round, name) in (1..=ROUNDS as u32).zip(NAMES) {
        lab.says(format!("memory, round {round} of {ROUNDS}"));
        device.arrives(round, "en");
        chromium.shows(name);
        ours.push(device.proportional_mib());
        theirs.push(chromium.proportional_mib());
        chromium.invites();
        device.leaves();
    }
    Reading::ahead_of(&theirs, &ours)
}

fn showing(lab: &Lab) -> Reading {
    let (device, mut rounds) = (lab.once(Showing::new), Samples::default());
    for round in 1..=ROUNDS as u32 {
        lab.says(format!("an offer is shown, round {round} of {ROUNDS}"));
        device.arrives(round, "en");
        rounds.push(processor(&device));
        device.leaves();
    }
    Reading::of(&rounds)
}

fn idle(lab: &Lab) -> Reading {
    let device = lab.once(Showing::new);
    let round = |round| {
        lab.says(format!("nothing happens, round {round} of {ROUNDS}"));
        processor(&device)
    };
    Reading::of(&(1..=ROUNDS).map(round).collect())
}

fn memory(lab: &Lab) -> Reading {
    let device = lab.once(Showing::new);
    Reading::of(&Samples::from_iter([device.memory_mib()]))
}

/// Somebody comes and goes: milliseconds from their card to the pixels.
fn visit(lab: &Lab, device: &Showing, random: &mut Random) -> f64 {
    let took = device.arrives(random.below(lab.customers) + 1, "en");
    device.leaves();
    took
}

/// Percent of one processor that the device uses as it is, once head office knows what came before.
fn processor(device: &Showing) -> f64 {
    device.delivers();
    let (began, before) = (Instant::now(), device.processor_seconds());
    sleep(WATCH);
    100.0 * (device.processor_seconds() - before) / began.elapsed().as_secs_f64()
}

fn microseconds(what: impl FnOnce()) -> f64 {
    let began = Instant::now();
    what();
    began.elapsed().as_secs_f64() * 1e6
}
