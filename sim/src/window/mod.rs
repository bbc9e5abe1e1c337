//! The desk as a window of the system (SDL): the glass, which the mouse touches, and beside it who may come, what may go wrong, and what
//! came of it.
//!
//! What happens is told on the terminal too, a line each. Only with the feature `window`, which needs SDL: `apt-get install libsdl2-dev`.

mod keys;
mod rows;
mod side;
mod told;
mod typing;

use crate::{
    desk::{Command, Desk, Saying, State},
    screen::{Glass, colour},
};
use embedded_graphics::{draw_target::DrawTarget, pixelcolor::Rgb888};
use embedded_graphics_simulator::{
    OutputSettings, SimulatorDisplay, SimulatorEvent, Window,
    sdl2::{Mod, MouseButton},
};
use std::{
    env,
    io::{self, Write},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};
use tokio::runtime::Handle;
use touchpoint_display::{Picture, Point, Rectangle, Size};
use typing::Typing;

/// Between two looks at mouse and keyboard: 60 a second, as screens show.
const FRAME: Duration = Duration::from_millis(16);

/// How often the window is shown again though nothing is new: another window may have lain on it, and SDL does not say so.
const AGAIN: Duration = Duration::from_secs(1);

/// Larger panels are shown at half their size, so that they and what stands beside them fit on a desk's screen.
const LARGEST: Size = Size::new(1280, 960);

/// What the window shows, and what came of the last thing done in it.
struct View {
    picture: SimulatorDisplay<Rgb888>,
    /// How many pixels of the glass, across and down, are one of the window.
    scale: u32,
    /// What is said of the visits to come.
    saying: Saying,
    /// The number that is being typed.
    typing: Option<Typing>,
    refusal: Option<String>,
}

/// Why a window would not be seen.
#[derive(Debug, thiserror::Error)]
pub enum NoDisplay {
    /// SDL has no way to show a window.
    #[error("SDL says: {0}")]
    Sdl(String),
    /// SDL would draw where nobody looks.
    #[error("no X server answers at DISPLAY, and no compositor at WAYLAND_DISPLAY")]
    Unseen,
}

/// Makes sure that a window would be seen. The simulator's panics without a display, and where one is named that does not answer, SDL
/// falls back to windows in memory; which is right if `SDL_VIDEODRIVER` asks for that.
///
/// # Errors
/// It would not.
pub fn look_for_display() -> Result<(), NoDisplay> {
    let video = sdl2::init().and_then(|sdl| sdl.video()).map_err(|error| NoDisplay::Sdl(error.to_string()))?;
    let unseen = ["offscreen", "dummy"].contains(&video.current_video_driver());
    if unseen && env::var_os("SDL_VIDEODRIVER").is_none() { Err(NoDisplay::Unseen) } else { Ok(()) }
}

/// Shows the desk until the window is closed. Blocks, and must be called on the main thread, as SDL wants it; the desk lives on `runtime`.
///
/// # Errors
/// Nobody takes what is printed.
pub fn show(desk: &Desk, runtime: &Handle, out: &mut impl Write) -> io::Result<()> {
    let mut window = Window::new("Touchpoint desk", &OutputSettings::default());
    let (mut state, mut changes) = (desk.state(), desk.glass().changes());
    let (mut view, mut told, mut shown) = (View::of(desk.glass()), Vec::new(), Instant::now());
    // Only a window that has been shown has events.
    window.update(&view.picture);
    state.mark_changed();
    changes.mark_changed();
    loop {
        let mut news = shown.elapsed() > AGAIN;
        for event in window.events().collect::<Vec<_>>() {
            match event {
                SimulatorEvent::Quit => return Ok(()),
                SimulatorEvent::MouseMove { .. } => continue,
                _ => {}
            }
            let now = Arc::clone(&state.borrow());
            if let Some(command) = view.command(event, &now) {
                view.refusal = runtime.block_on(desk.command(command)).err().map(|refusal| refusal.to_string());
                view.refusal.iter().try_for_each(|refusal| writeln!(out, "{refusal}"))?;
            }
            // What is said of the next visit is no news of the desk's, and stands beside the glass all the same.
            state.mark_changed();
        }
        // A desk that is closed has no news, and its last state stays.
        if changes.has_changed().unwrap_or(false) {
            changes.mark_unchanged();
            view.draw_glass(desk.glass());
            news = true;
        }
        if state.has_changed().unwrap_or(false) {
            let now = Arc::clone(&state.borrow_and_update());
            view.draw_side(&now);
            let lines = told::lines(&now);
            lines.iter().filter(|line| !told.contains(*line)).try_for_each(|line| writeln!(out, "{line}"))?;
            (told, news) = (lines, true);
        }
        if news {
            window.update(&view.picture);
            shown = Instant::now();
        }
        sleep(FRAME);
    }
}

impl View {
    fn of(glass: &Glass) -> View {
        let size = glass.size();
        let scale = if size.width > LARGEST.width || size.height > LARGEST.height { 2 } else { 1 };
        let size = Size::new(size.width / scale + rows::WIDTH, (size.height / scale).max(side::LOWEST));
        View { picture: SimulatorDisplay::new(size), scale, saying: Saying::default(), typing: None, refusal: None }
    }

    /// What somebody wants who does this.
    fn command(&mut self, event: SimulatorEvent, state: &State) -> Option<Command> {
        match event {
            SimulatorEvent::MouseButtonDown { mouse_btn: MouseButton::Left, point } => {
                let beside = point - self.beside();
                match beside.x {
                    ..0 => Some(Command::Touch { x: point.x * self.scale as i32, y: point.y * self.scale as i32 }),
                    0.. => rows::at(side::rows(self, state), beside),
                }
            }
            SimulatorEvent::KeyDown { keycode, keymod, repeat: false } => {
                let shift = keymod.intersects(Mod::LSHIFTMOD | Mod::RSHIFTMOD);
                keys::command(&keycode.name(), shift, self, state)
            }
            _ => None,
        }
    }

    fn draw_glass(&mut self, glass: &Glass) {
        let Size { width, height } = glass.size();
        let picture = Picture::from(&glass.frame());
        let picture = match self.scale {
            1 => picture,
            scale => picture.scaled(Size::new(width / scale, height / scale)),
        };
        let area = Rectangle::new(Point::zero(), picture.size());
        let Ok(()) = self.picture.fill_contiguous(&area, picture.pixels().iter().map(|pixel| colour(*pixel)));
    }

    fn draw_side(&mut self, state: &State) {
        let (at, rows) = (self.beside(), side::rows(self, state));
        rows::draw(&rows, at, &mut self.picture);
    }

    /// Where the glass ends and the rest begins.
    fn beside(&self) -> Point {
        Point::new((self.size().width - rows::WIDTH) as i32, 0)
    }

    fn size(&self) -> Size {
        embedded_graphics::geometry::OriginDimensions::size(&self.picture)
    }
}
