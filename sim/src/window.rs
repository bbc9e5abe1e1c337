//! The desk as a window of the system (SDL): the glass alone, the mouse for a finger, and keys for everything else.
//!
//! What the page shows beside the glass, the terminal says in a line for each thing that happens. Only with the feature `window`, which
//! needs SDL: `apt-get install libsdl2-dev`.

use crate::desk::{Command, Desk, Saying, State};
use embedded_graphics_simulator::{
    OutputSettings, SimulatorEvent, Window,
    sdl2::{Mod, MouseButton},
};
use std::{
    io::{self, Write},
    sync::Arc,
    thread::sleep,
    time::Duration,
};
use tokio::runtime::Handle;
use touchpoint_display::Side;

/// Between two looks at mouse and keyboard: 60 a second, as screens show.
const FRAME: Duration = Duration::from_millis(16);

/// What the keys do, for who starts it.
pub const HELP: &str = "\
mouse  touches the glass           a b c d e g h i s  Anna, Ben, Chloé, Dora, Emil, Greta, Hugo, Irène, a stranger
1 2 3  answers                     F1-F4, F5-F8       function keys at the left, at the right
p      PIN entry begins or ends    m l x              balance enquiry, the customer leaves, cancel
Shift and 1-9: line cut, slow line, half-open line, head office down, power cut, disk full, clock jump, reader jam, screen failure
Esc    closes the desk";

/// Shows the desk until the window is closed. Blocks, and must be called on the main thread, as SDL wants it; the desk lives on `runtime`.
///
/// # Errors
/// Nobody takes what is printed.
pub fn show(desk: &Desk, runtime: &Handle, out: &mut impl Write) -> io::Result<()> {
    let mut window = Window::new("Touchpoint desk", &OutputSettings::default());
    let (mut state, mut changes) = (desk.state(), desk.glass().changes());
    state.mark_changed();
    let mut told = Vec::new();
    writeln!(out, "{HELP}")?;
    window.update(&desk.glass().display());
    loop {
        for event in window.events().collect::<Vec<_>>() {
            let command = match event {
                SimulatorEvent::Quit => return Ok(()),
                SimulatorEvent::MouseButtonDown { mouse_btn: MouseButton::Left, point } => {
                    Some(Command::Touch { x: point.x, y: point.y })
                }
                SimulatorEvent::KeyDown { keycode, keymod, repeat: false } => {
                    let shift = keymod.intersects(Mod::LSHIFTMOD | Mod::RSHIFTMOD);
                    key(&keycode.name(), shift, &state.borrow())
                }
                _ => None,
            };
            if let Some(Err(refusal)) = command.map(|command| runtime.block_on(desk.command(command))) {
                writeln!(out, "{refusal}")?;
            }
        }
        if changes.has_changed().unwrap_or(false) {
            changes.mark_unchanged();
            window.update(&desk.glass().display());
        }
        if state.has_changed().unwrap_or(false) {
            let now = lines(&Arc::clone(&state.borrow_and_update()));
            now.iter().filter(|line| !told.contains(*line)).try_for_each(|line| writeln!(out, "{line}"))?;
            told = now;
        }
        sleep(FRAME);
    }
}

/// What a key does, by its name.
fn key(name: &str, shift: bool, state: &State) -> Option<Command> {
    let digit = || name.parse::<usize>().ok()?.checked_sub(1);
    if let Some(number) = name.strip_prefix('F').and_then(|number| number.parse::<usize>().ok()) {
        return match number {
            1..=4 => Some(Command::Key { side: Side::Left, number: number - 1 }),
            5..=8 => Some(Command::Key { side: Side::Right, number: number - 5 }),
            _ => None,
        };
    }
    if let Some(at) = digit() {
        return match shift {
            true => state.faults.get(at).map(|line| Command::Fault { fault: line.fault, on: !line.on }),
            false => state.visit.as_ref()?.answers.get(at).map(|answer| Command::Answer { answer: *answer }),
        };
    }
    match name {
        "P" => Some(Command::PinEntry { active: !state.kiosk.pin_entry }),
        "M" => Some(Command::BalanceEnquiry),
        "L" => Some(Command::Leave),
        "X" => Some(Command::Cancel),
        _ => {
            let letter = name.to_lowercase();
            let customer = state.customers.iter().find(|about| letter.len() == 1 && about.id.starts_with(&letter))?;
            Some(Command::Insert { customer: customer.id.clone(), visit: Saying::default() })
        }
    }
}

/// What is worth telling, a line each.
fn lines(state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(visit) = &state.visit {
        let who = state.kiosk.customer.as_deref().unwrap_or("somebody");
        let campaign = visit.campaign.as_ref().map_or("nothing", |campaign| campaign.as_str());
        lines.push(match (visit.reason, visit.ending) {
            (Some(reason), _) => format!("visit {}: {who} is shown nothing: {reason}", visit.visit),
            (None, Some(ending)) => format!("visit {}: {campaign} ended: {ending}", visit.visit),
            (None, None) => format!("visit {}: {who} is shown {campaign}", visit.visit),
        });
    }
    let journal = &state.journal;
    lines.push(format!("journal: {} recorded, {} safe at head office", journal.recorded, journal.confirmed));
    let connected = state.line.as_ref().is_some_and(|line| line.connected);
    lines.push(format!("line: {}", if connected { "up" } else { "down" }));
    let whole = state
        .line
        .as_ref()
        .is_some_and(|line| (line.customers, line.campaigns) == (state.office.customers, state.office.campaigns));
    lines.push(format!("customers: {}", if whole { "all there" } else { "on their way" }));
    lines.extend(state.faults.iter().filter(|fault| fault.on).map(|fault| format!("{}: {}", fault.title, fault.means)));
    let problem = |problem: &crate::desk::ProblemLine| {
        let place = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
        let key = problem.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
        format!("{}{place}: {key}{}", problem.file, problem.what)
    };
    lines.extend(state.office.problems.iter().map(problem));
    lines
}
