//! One panel with its frame, fonts and theme: shows a view, counts its seconds down, and maps touches to answers.

use std::sync::{Arc, Weak};

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::{
    frame::Frame,
    layout,
    paint::{self, Painter},
    panel::{Panel, PanelError},
    picture::Picture,
    qr::{Code, QrError},
    text::TextEngine,
    theme::Theme,
    view::{AnswerButton, Emphasis, MAX_ANSWERS, Offer, View},
};

/// A warm text engine draws any later view without pause; these are the letters of most European words.
const WARM_UP: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789 äöüßéèàç .,:!?%€";

/// The customer's screen.
pub struct Screen {
    panel: Box<dyn Panel>,
    theme: Theme,
    text: TextEngine,
    frame: Frame,
    /// The last picture in the size it is shown in: the next customer often gets the same.
    scaled: Option<Scaled>,
    alive: Alive,
}

/// What has been put on the glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Where each answer of the offer is, in its order; empty for other views.
    pub answers: Vec<Rectangle>,
    /// [`Frame::checksum`] of what was presented: evidence of which picture it was.
    pub checksum: u64,
}

/// Why a view is not on the glass.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// The QR code cannot be drawn; the glass still shows the view before.
    #[error("cannot draw the qr code")]
    Qr(#[source] QrError),
    /// The panel refused; what the glass shows is unknown.
    #[error("cannot present the view")]
    Present(#[source] PanelError),
}

struct Scaled {
    of: Weak<Picture>,
    picture: Picture,
}

/// The parts of the view on the glass that react. None, unless it is an offer.
#[derive(Default)]
struct Alive {
    answers: Vec<Rectangle>,
    countdown: Option<Countdown>,
}

struct Countdown {
    bar: Rectangle,
    seconds_total: u32,
}

impl Screen {
    /// A screen on `panel`. Opens the fonts and draws once, off the glass, so that the first customer waits no longer
    /// than any other; takes some 20 ms.
    #[must_use]
    pub fn new(panel: Box<dyn Panel>, theme: Theme) -> Self {
        let frame = Frame::new(panel.size());
        let text = TextEngine::new();
        let mut screen = Self { panel, theme, text, frame, scaled: None, alive: Alive::default() };
        screen.warm_up();
        screen
    }

    /// Changes the look from the next [`show`](Self::show) on.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }

    /// Draws a whole view and presents it.
    ///
    /// # Errors
    /// Nothing new is on the glass, and no answer can be touched.
    pub fn show(&mut self, view: &View) -> Result<Shown, ShowError> {
        self.alive = Alive::default();
        let alive = self.paint(view)?;
        self.present()?;
        // Only what is really on the glass can be touched or counted down.
        self.alive = alive;
        Ok(Shown { answers: self.alive.answers.clone(), checksum: self.frame.checksum() })
    }

    /// Redraws the countdown of the offer on the glass, and presents only that. Does nothing for other views.
    ///
    /// # Errors
    /// The panel refused.
    pub fn tick(&mut self, seconds_left: u32) -> Result<(), ShowError> {
        let Some(countdown) = &self.alive.countdown else { return Ok(()) };
        paint::countdown(&mut self.frame, &self.theme, countdown.bar, seconds_left, countdown.seconds_total);
        self.present()
    }

    /// What was drawn last.
    #[must_use]
    pub const fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The index of the answer at a point of the glass, in pixels from the top left.
    #[must_use]
    pub fn answer_at(&self, point: Point) -> Option<usize> {
        self.alive.answers.iter().position(|area| area.contains(point))
    }

    fn present(&mut self) -> Result<(), ShowError> {
        let damage = self.frame.take_damage();
        self.panel.present(&self.frame, &damage).map_err(ShowError::Present)
    }

    /// Fills the frame and says what in it reacts.
    fn paint(&mut self, view: &View) -> Result<Alive, ShowError> {
        let size = self.frame.size();
        match view {
            View::Offer(offer) => return self.paint_offer(offer),
            View::Attract { title, body } => self.painter().attract(title, body, &layout::attract(size)),
            View::Thanks { title, body } => self.painter().thanks(title, body, &layout::thanks(size)),
            View::Blank => self.painter().blank(),
        }
        Ok(Alive::default())
    }

    fn paint_offer(&mut self, offer: &Offer) -> Result<Alive, ShowError> {
        let layout = layout::offer(offer, self.frame.size());
        // First what can fail, so that a view is drawn whole or not at all.
        let code = match (&offer.qr, layout.qr) {
            (Some(text), Some(area)) => Some(Code::encode(text, area.size.width, 1).map_err(ShowError::Qr)?),
            _ => None,
        };
        if let (Some(picture), Some(area)) = (&offer.picture, layout.picture) {
            self.scale(picture, area.size);
        }
        let picture = self.scaled.take();
        self.painter().offer(offer, &layout, picture.as_ref().map(|scaled| &scaled.picture), code.as_ref());
        self.scaled = picture;
        let countdown = Some(Countdown { bar: layout.bar, seconds_total: offer.seconds_total });
        Ok(Alive { answers: layout.answers, countdown })
    }

    fn painter(&mut self) -> Painter<'_> {
        Painter { frame: &mut self.frame, text: &mut self.text, theme: &self.theme }
    }

    /// Makes `scaled` the given picture in the given size.
    fn scale(&mut self, picture: &Arc<Picture>, size: Size) {
        let of = Arc::downgrade(picture);
        let known = self.scaled.as_ref().is_some_and(|known| known.of.ptr_eq(&of) && known.picture.size() == size);
        if !known {
            self.scaled = Some(Scaled { of, picture: picture.scaled(size) });
        }
    }

    fn warm_up(&mut self) {
        let answer = AnswerButton { label: WARM_UP.to_owned(), emphasis: Emphasis::Primary };
        let offer = Offer {
            title: WARM_UP.to_owned(),
            body: WARM_UP.to_owned(),
            answers: vec![answer; MAX_ANSWERS],
            ..Offer::default()
        };
        let layout = layout::offer(&offer, self.frame.size());
        self.painter().offer(&offer, &layout, None, None);
        self.painter().blank();
        // Nobody has seen any of this, and the first view repaints it all.
        drop(self.frame.take_damage());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{Colour, panel::MemoryPanel};

    const SIZES: [(u32, u32); 7] = [(320, 240), (800, 480), (1024, 768), (1920, 1080), (768, 1366), (480, 800), (7, 5)];

    /// A panel whose calls can be looked at from outside.
    #[derive(Clone)]
    struct Watched(Arc<Mutex<(MemoryPanel, Vec<Vec<Rectangle>>)>>);

    impl Panel for Watched {
        fn size(&self) -> Size {
            self.0.lock().unwrap().0.size()
        }

        fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
            let mut inner = self.0.lock().unwrap();
            inner.1.push(damage.to_vec());
            inner.0.present(frame, damage)
        }
    }

    /// A panel whose cable is pulled.
    struct Dead;

    impl Panel for Dead {
        fn size(&self) -> Size {
            Size::new(320, 240)
        }

        fn present(&mut self, _: &Frame, _: &[Rectangle]) -> Result<(), PanelError> {
            Err(PanelError::Device { name: "card0".to_owned(), source: std::io::ErrorKind::BrokenPipe.into() })
        }
    }

    fn screen(width: u32, height: u32) -> (Screen, Watched) {
        let panel = MemoryPanel::new(Size::new(width, height));
        let watched = Watched(Arc::new(Mutex::new((panel, Vec::new()))));
        (Screen::new(Box::new(watched.clone()), Theme::default()), watched)
    }

    fn offer() -> Offer {
        let answer = |label: &str, emphasis| AnswerButton { label: label.to_owned(), emphasis };
        Offer {
            title: "Immobilienfinanzierung über 10 Jahre".to_owned(),
            body: "Scannez le code avec votre téléphone : l’ouverture se fait en cinq minutes.".to_owned(),
            picture: Some(Arc::new(Picture::plain(Size::new(400, 300), 0x8033_6699))),
            qr: None,
            answers: vec![
                answer("Unterlagen zuschicken", Emphasis::Primary),
                answer("Tell me more", Emphasis::Secondary),
                answer("Non, merci", Emphasis::Quiet),
            ],
            seconds_left: 20,
            seconds_total: 25,
        }
    }

    fn views() -> Vec<View> {
        let words = |text: &str| (text.to_owned(), format!("{text} {text}"));
        let (title, body) = words("Bienvenue à votre agence.");
        let with_code = Offer { qr: Some("https://a.example".to_owned()), ..offer() };
        vec![
            View::Attract { title: title.clone(), body: body.clone() },
            View::Offer(offer()),
            View::Offer(Offer { picture: None, ..offer() }),
            View::Offer(Offer::default()),
            View::Offer(Offer { picture: None, ..with_code }),
            View::Thanks { title, body },
            View::Blank,
        ]
    }

    #[test]
    fn every_view_fills_every_panel_and_the_glass_shows_the_frame() {
        for (width, height) in SIZES {
            let (mut screen, panel) = screen(width, height);
            for view in views() {
                let shown = match screen.show(&view) {
                    Ok(shown) => shown,
                    // Seven pixels cannot hold a code, and say so.
                    Err(ShowError::Qr(_)) if width == 7 => continue,
                    Err(error) => panic!("{view:?} on {width}x{height}: {error}"),
                };
                assert!(
                    screen.frame().pixels().iter().all(|pixel| pixel >> 24 == 0xff),
                    "{view:?} on {width}x{height}"
                );
                assert_eq!(panel.0.lock().unwrap().0.pixels(), screen.frame().pixels());
                assert_eq!(shown.checksum, screen.frame().checksum());
            }
        }
    }

    #[test]
    fn the_same_view_is_the_same_picture_whatever_was_shown_before() {
        let (mut fresh, _) = screen(1024, 768);
        let (mut used, _) = screen(1024, 768);
        for view in views() {
            used.show(&view).unwrap();
        }
        let view = View::Offer(offer());
        assert_eq!(fresh.show(&view).unwrap(), used.show(&view).unwrap());
    }

    #[test]
    fn a_tick_touches_the_countdown_alone() {
        let (mut screen, panel) = screen(1024, 768);
        screen.show(&View::Offer(offer())).unwrap();
        let before = screen.frame().clone();
        let bar = layout::offer(&offer(), Size::new(1024, 768)).bar;
        screen.tick(5).unwrap();
        assert_eq!(panel.0.lock().unwrap().1.last().unwrap(), &[bar]);
        for (index, (now, then)) in screen.frame().pixels().iter().zip(before.pixels()).enumerate() {
            let inside = bar.contains(Point::new(index as i32 % 1024, index as i32 / 1024));
            assert!(inside || now == then, "pixel {index} outside the bar changed");
        }
        assert_ne!(screen.frame().pixels(), before.pixels());
        // Ticking to a second gives the picture that showing it with that second gives.
        screen.tick(0).unwrap();
        let ticked = screen.frame().checksum();
        assert_eq!(screen.show(&View::Offer(Offer { seconds_left: 0, ..offer() })).unwrap().checksum, ticked);
    }

    #[test]
    fn a_blank_screen_is_one_colour_without_countdown_or_answers() {
        let (mut screen, panel) = screen(800, 480);
        let shown = screen.show(&View::Offer(offer())).unwrap();
        let button = shown.answers[0].center();
        assert_eq!(screen.answer_at(button), Some(0));
        screen.show(&View::Blank).unwrap();
        screen.tick(3).unwrap();
        assert_eq!(screen.answer_at(button), None);
        assert!(screen.frame().pixels().iter().all(|pixel| *pixel == Theme::default().background.pixel()));
        assert_eq!(panel.0.lock().unwrap().1.len(), 2);
    }

    #[test]
    fn a_touch_finds_the_answer_under_it_and_none_beside_it() {
        let (mut screen, _) = screen(1024, 768);
        let shown = screen.show(&View::Offer(offer())).unwrap();
        for (index, area) in shown.answers.iter().enumerate() {
            assert_eq!(screen.answer_at(area.top_left), Some(index));
            assert_eq!(screen.answer_at(area.center()), Some(index));
            assert_eq!(screen.answer_at(area.top_left - Point::new(1, 0)), None);
        }
        assert_eq!(screen.answer_at(Point::new(-5, 9000)), None);
    }

    #[test]
    fn a_theme_changes_the_next_view() {
        let (mut screen, _) = screen(320, 240);
        let accent = Colour([0x7a, 0x1f, 0x3d]);
        screen.set_theme(Theme { accent, ..Theme::default() });
        screen.show(&views()[0]).unwrap();
        assert_eq!(screen.frame().pixels()[0], accent.pixel());
    }

    #[test]
    fn a_code_that_cannot_be_drawn_leaves_the_glass_as_it_was() {
        let (mut screen, panel) = screen(320, 240);
        let before = screen.show(&View::Blank).unwrap().checksum;
        let error = screen.show(&View::Offer(Offer { qr: Some("x".repeat(9000)), ..offer() })).unwrap_err();
        assert!(matches!(error, ShowError::Qr(_)));
        assert_eq!((screen.frame().checksum(), panel.0.lock().unwrap().1.len()), (before, 1));
    }

    #[test]
    fn a_panel_that_fails_takes_no_touch() {
        let mut screen = Screen::new(Box::new(Dead), Theme::default());
        let error = screen.show(&View::Offer(offer())).unwrap_err();
        assert!(matches!(error, ShowError::Present(_)));
        assert!((0..320).step_by(8).all(|x| screen.answer_at(Point::new(x, 200)).is_none()));
    }
}
