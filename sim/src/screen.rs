//! The simulated screen: a panel without glass, and a glass that can be looked at.

use embedded_graphics::{Pixel, draw_target::DrawTarget, geometry::Dimensions, pixelcolor::Rgb888};
use embedded_graphics_simulator::{OutputSettings, SimulatorDisplay};
use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use touchpoint_display::{EncodeError, Frame, Panel, PanelError, Point, Rectangle, Size, encode_png};

/// What a customer would see. Clones look at the same glass; it outlives the agent that draws on it.
#[derive(Clone)]
pub struct Glass {
    size: Size,
    lit: Arc<Mutex<Lit>>,
    changes: watch::Sender<u64>,
}

/// What is on the glass.
struct Lit {
    /// XRGB8888, rows from the top left, as a frame has them.
    pixels: Vec<u32>,
    presents: u64,
    views: u64,
    is_broken: bool,
}

/// The end of the glass that the agent draws on. It copies the damaged rows and nothing else, as a real panel's driver does, so that
/// times measured up to it are those of the agent.
struct SimulatedPanel(Glass);

impl Glass {
    /// A dark glass of this size in pixels.
    pub fn new(size: Size) -> Glass {
        let pixels = vec![0; size.width as usize * size.height as usize];
        let lit = Lit { pixels, presents: 0, views: 0, is_broken: false };
        Glass { size, lit: Arc::new(Mutex::new(lit)), changes: watch::Sender::new(0) }
    }

    /// Its size, in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// A panel that shows on this glass.
    pub fn panel(&self) -> Box<dyn Panel> {
        Box::new(SimulatedPanel(self.clone()))
    }

    /// How often anything was presented, countdown included.
    pub fn presents(&self) -> u64 {
        self.lock().presents
    }

    /// How often the whole glass was renewed: once for each view.
    pub fn views(&self) -> u64 {
        self.lock().views
    }

    /// Counts how often something else was on the glass, for whoever wants to look at it then.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// It breaks, or is mended: while it is broken, its panel refuses every picture, and what was on the glass stays there.
    pub fn breaks(&self, is_broken: bool) {
        self.lock().is_broken = is_broken;
    }

    /// Nothing lights it any more, until the next picture.
    pub fn goes_dark(&self) {
        self.lock().pixels.fill(0);
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// What is on the glass.
    pub fn frame(&self) -> Frame {
        let mut frame = Frame::new(self.size);
        let pixels = self.lock().pixels.clone();
        let Ok(()) = frame.fill_contiguous(&Rectangle::new(Point::zero(), self.size), pixels.into_iter().map(colour));
        frame
    }

    /// The same as a PNG.
    ///
    /// # Errors
    /// It cannot be encoded.
    pub fn png(&self) -> Result<Vec<u8>, EncodeError> {
        encode_png(&self.frame())
    }

    /// The glass as the simulator's display, which pictures are made of.
    pub fn display(&self) -> SimulatorDisplay<Rgb888> {
        let mut display = SimulatorDisplay::new(self.size);
        let lit = self.lock();
        let points = embedded_graphics::primitives::PointsIter::points(&display.bounding_box());
        let pixels = points.zip(&lit.pixels).map(|(at, pixel)| Pixel(at, colour(*pixel)));
        let Ok(()) = display.draw_iter(pixels);
        display
    }

    /// Writes what is on the glass as a PNG file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_png(&self, path: &Path) -> io::Result<()> {
        let image = self.display().to_rgb_output_image(&OutputSettings::default());
        image.save_png(path).map_err(io::Error::other)
    }

    fn lock(&self) -> MutexGuard<'_, Lit> {
        // A panic while rows were copied leaves a torn picture at worst, which the next view repairs.
        self.lit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pixel as the drawing crates have it.
pub(crate) fn colour(pixel: u32) -> Rgb888 {
    let [_, red, green, blue] = pixel.to_be_bytes();
    Rgb888::new(red, green, blue)
}

impl std::fmt::Debug for Glass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Glass({}x{}, {} views)", self.size.width, self.size.height, self.views())
    }
}

impl Panel for SimulatedPanel {
    fn size(&self) -> Size {
        self.0.size
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        let size = self.0.size;
        let whole = damage.contains(&Rectangle::new(Point::zero(), size));
        let mut lit = self.0.lock();
        if lit.is_broken {
            let source = io::Error::other("simulated failure");
            return Err(PanelError::Device { name: "simulated screen".to_owned(), source });
        }
        for area in damage {
            let (left, top) = (area.top_left.x.unsigned_abs() as usize, area.top_left.y.unsigned_abs() as usize);
            let rows = lit.pixels.chunks_exact_mut(size.width.max(1) as usize).skip(top);
            for (to, from) in rows.zip(frame.rows(*area)) {
                to[left..left + from.len()].copy_from_slice(from);
            }
        }
        lit.presents += 1;
        lit.views += u64::from(whole);
        drop(lit);
        self.0.changes.send_modify(|changes| *changes += 1);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::fs;
    use touchpoint_display::{AnswerButton, Limits, Offer, Picture, Screen, Theme, View};

    const SIZE: Size = Size::new(320, 240);

    fn offer() -> View {
        let answers = vec![AnswerButton { label: "Yes".to_owned(), emphasis: Default::default() }];
        View::Offer(Offer { title: "Hello".to_owned(), answers, seconds_left: 9, seconds_total: 9, ..Offer::default() })
    }

    #[test]
    fn the_glass_shows_pixel_for_pixel_what_the_screen_drew_countdown_included() {
        let glass = Glass::new(SIZE);
        let mut screen = Screen::new(glass.panel(), Theme::default());
        screen.show(&offer()).unwrap();
        screen.tick(std::time::Duration::from_secs(3)).unwrap();
        assert_eq!((glass.views(), glass.presents()), (1, 2));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("glass.png");
        glass.save_png(&path).unwrap();
        let picture = Picture::decode(&fs::read(&path).unwrap(), Limits::default()).unwrap();
        assert_eq!(picture.pixels(), screen.frame().pixels());
    }

    #[test]
    fn a_broken_glass_refuses_pictures_and_a_mended_one_takes_them() {
        let glass = Glass::new(SIZE);
        let changes = glass.changes();
        let mut screen = Screen::new(glass.panel(), Theme::default());
        glass.breaks(true);
        assert!(screen.show(&offer()).is_err());
        assert!(!changes.has_changed().unwrap());
        glass.breaks(false);
        screen.show(&offer()).unwrap();
        assert!(changes.has_changed().unwrap());
        let picture = Picture::decode(&glass.png().unwrap(), Limits::default()).unwrap();
        assert_eq!(picture.pixels(), screen.frame().pixels());
        glass.goes_dark();
        assert_ne!(
            Picture::decode(&glass.png().unwrap(), Limits::default()).unwrap().pixels(),
            screen.frame().pixels()
        );
    }

    #[test]
    fn a_picture_that_cannot_be_written_is_an_error() {
        assert!(Glass::new(SIZE).save_png(Path::new("/nowhere/glass.png")).is_err());
    }
}
