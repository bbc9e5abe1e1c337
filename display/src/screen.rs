//! One panel with its frame, fonts and theme: shows a view, counts its seconds down, and maps touches to answers.

use std::{
    cell::Cell,
    sync::{Arc, Weak},
};

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::{
    frame::Frame,
    glass::{Glass, Mode, Side},
    layout::{self, Canvas, Purpose},
    paint::{self, Painter, Pictures, Sign, Time},
    panel::{Panel, PanelError},
    picture::Picture,
    qr::{Code, QrError},
    script::Writing,
    still::Stills,
    text::TextEngine,
    theme::Theme,
    typeset::Manner,
    view::{AnswerButton, Emphasis, MAX_ANSWERS, Offer, View},
};

/// A warm text engine draws any later view without pause; these are the letters of most European words.
const WARM_UP: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789 äöüßéèàç .,:!?%€";

/// The customer's screen.
pub struct Screen {
    panel: Box<dyn Panel>,
    glass: Glass,
    mode: Mode,
    theme: Theme,
    /// The theme as the mode shows it.
    look: Theme,
    text: TextEngine,
    frame: Frame,
    /// The last picture and the logo in the sizes they are shown in: the next customer often gets the same.
    picture: Option<Scaled>,
    logo: Option<Scaled>,
    stills: Stills<Key>,
    alive: Alive,
    /// Of the frame, once asked for; each change forgets it.
    checksum: Cell<Option<u64>>,
}

/// What has been put on the glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Where each answer of the offer is, in its order; empty for other views.
    pub answers: Vec<Rectangle>,
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

/// What a still shows: a view but for its countdown. Its picture is not kept alive for it.
#[derive(Clone)]
struct Key {
    view: View,
    picture: Option<Weak<Picture>>,
}

/// The parts of the view on the glass that react. None, unless it is an offer.
#[derive(Default)]
struct Alive {
    answers: Vec<Rectangle>,
    keys: Vec<(Side, usize)>,
    countdown: Option<Countdown>,
}

struct Countdown {
    bar: Rectangle,
    time: Time,
}

impl Screen {
    /// A screen on a touch panel about which no more is known than its size. See [`on`](Self::on).
    #[must_use]
    pub fn new(panel: Box<dyn Panel>, theme: Theme) -> Self {
        Self::on(Glass::of(panel.size()), panel, theme)
    }

    /// A screen on `panel`, whose size counts, whatever `glass` says. Opens the fonts and draws once, off the glass, so
    /// that the first customer waits no longer than any other; takes some 20 ms.
    #[must_use]
    pub fn on(glass: Glass, panel: Box<dyn Panel>, theme: Theme) -> Self {
        let glass = Glass { size: panel.size(), ..glass };
        let mut screen = Self {
            frame: Frame::new(glass.size),
            text: TextEngine::new(&glass.fonts),
            panel,
            glass,
            mode: Mode::default(),
            look: theme.clone(),
            theme,
            picture: None,
            logo: None,
            stills: Stills::new(),
            alive: Alive::default(),
            checksum: Cell::new(None),
        };
        screen.dress();
        screen.warm_up();
        screen
    }

    /// Changes the look from the next [`show`](Self::show) on.
    pub fn set_theme(&mut self, theme: Theme) {
        if theme != self.theme {
            self.theme = theme;
            self.dress();
        }
    }

    /// Changes how the customer reads from the next [`show`](Self::show) on.
    pub fn set_mode(&mut self, mode: Mode) {
        if mode != self.mode {
            self.mode = mode;
            self.dress();
        }
    }

    /// Draws a whole view and presents it.
    ///
    /// # Errors
    /// Nothing new is on the glass, and no answer can be touched.
    pub fn show(&mut self, view: &View) -> Result<Shown, ShowError> {
        self.alive = Alive::default();
        let writing = Writing::of(view.texts());
        let key = Key::of(view);
        let (alive, fresh) = self.paint(view, &key, writing)?;
        self.checksum.set(None);
        self.present()?;
        // Only what is really on the glass can be touched or counted down.
        self.alive = alive;
        // The customer reads already.
        if fresh {
            self.stills.keep(key, &self.frame);
        }
        Ok(Shown { answers: self.alive.answers.clone() })
    }

    /// Redraws the countdown of the offer on the glass, and presents only that. Does nothing for other views.
    ///
    /// # Errors
    /// The panel refused.
    pub fn tick(&mut self, seconds_left: u32) -> Result<(), ShowError> {
        let Some(countdown) = &self.alive.countdown else { return Ok(()) };
        paint::countdown(&mut self.frame, &self.look, countdown.bar, countdown.time, seconds_left);
        self.checksum.set(None);
        self.present()
    }

    /// Presents all of what was drawn last, for a panel that has forgotten it.
    ///
    /// # Errors
    /// The panel refused.
    pub fn repaint(&mut self) -> Result<(), ShowError> {
        drop(self.frame.take_damage());
        let whole = Rectangle::new(Point::zero(), self.frame.size());
        self.panel.present(&self.frame, &[whole]).map_err(ShowError::Present)
    }

    /// Takes the size of the visible area from the panel, from the next [`show`](Self::show) on.
    pub fn set_millimetres(&mut self, millimetres: Size) {
        if self.glass.millimetres != Some(millimetres) {
            self.glass.millimetres = Some(millimetres);
            self.stills.clear();
        }
    }

    /// What was drawn last.
    #[must_use]
    pub const fn frame(&self) -> &Frame {
        &self.frame
    }

    /// [`Frame::checksum`] of what was painted last, for whoever checks that the glass shows what it should. Reckoned when it is asked
    /// for, and once.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        let checksum = self.checksum.get().unwrap_or_else(|| self.frame.checksum());
        self.checksum.set(Some(checksum));
        checksum
    }

    /// The index of the answer at a point of the glass, in pixels from the top left.
    #[must_use]
    pub fn answer_at(&self, point: Point) -> Option<usize> {
        self.alive.answers.iter().position(|area| area.contains(point))
    }

    /// The index of the answer of a function key, counted from the top of its side, from 0.
    #[must_use]
    pub fn answer_of_key(&self, side: Side, number: usize) -> Option<usize> {
        self.alive.keys.iter().position(|key| *key == (side, number))
    }

    fn present(&mut self) -> Result<(), ShowError> {
        let damage = self.frame.take_damage();
        self.panel.present(&self.frame, &damage).map_err(ShowError::Present)
    }

    /// Fills the frame, and says what in it reacts and whether it had to be painted.
    fn paint(&mut self, view: &View, key: &Key, writing: Writing) -> Result<(Alive, bool), ShowError> {
        let Self { glass, mode, look, text, frame, picture, logo, stills, .. } = self;
        let canvas = Canvas::new(glass, *mode, look, writing);
        let manner = Manner { scale: canvas.scale, writing };
        let Some((offer, purpose)) = offer(view) else {
            let fresh = !stills.restore(key, frame);
            if fresh {
                let mut painter = Painter { frame, text, theme: look, canvas: &canvas, manner };
                paint_words(&mut painter, view, logo);
            }
            return Ok((Alive::default(), fresh));
        };
        let layout = layout::offer(offer, purpose, &canvas);
        let time = Time::of(offer, canvas.mirrored);
        let fresh = !stills.restore(key, frame);
        if fresh {
            // First what can fail, so that a view is drawn whole or not at all.
            let code = match (&offer.qr, layout.qr) {
                (Some(text), Some(area)) => Some(Code::encode(text, area.size.width, 1).map_err(ShowError::Qr)?),
                _ => None,
            };
            let pictures = Pictures {
                logo: scaled(logo, look.logo.as_ref(), layout.logo),
                picture: scaled(picture, offer.picture.as_ref(), layout.picture),
            };
            let mut painter = Painter { frame, text, theme: look, canvas: &canvas, manner };
            painter.offer(offer, &layout, &pictures, code.as_ref());
        } else {
            paint::countdown(frame, look, layout.bar, time, offer.seconds_left);
        }
        let countdown = Some(Countdown { bar: layout.bar, time });
        Ok((Alive { answers: layout.answers, keys: layout.keys, countdown }, fresh))
    }

    /// Puts the theme on in the way the mode asks for.
    fn dress(&mut self) {
        self.look = if self.mode.high_contrast { self.theme.high_contrast() } else { self.theme.clone() };
        self.text.set_families(self.look.fonts.clone());
        self.stills.clear();
    }

    fn warm_up(&mut self) {
        let answer = AnswerButton { label: WARM_UP.to_owned(), emphasis: Emphasis::Primary };
        let view = View::Offer(Offer {
            title: WARM_UP.to_owned(),
            body: WARM_UP.to_owned(),
            answers: vec![answer; MAX_ANSWERS],
            ..Offer::default()
        });
        for view in [view, View::Blank] {
            // Neither has a code, the only thing that could fail.
            let _ = self.paint(&view, &Key::of(&view), Writing::of(view.texts()));
        }
        // Nobody has seen any of this, and the first view repaints it all.
        drop(self.frame.take_damage());
    }
}

impl Key {
    fn of(view: &View) -> Self {
        let mut view = view.clone();
        let mut picture = None;
        if let View::Offer(offer) | View::Detail(offer) = &mut view {
            picture = offer.picture.take().map(|picture| Arc::downgrade(&picture));
            offer.seconds_left = 0;
        }
        Self { view, picture }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.picture, &other.picture) {
            (Some(one), Some(other)) => one.ptr_eq(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        same && self.view == other.view
    }
}

/// The offer of a view, and what it is laid out for.
const fn offer(view: &View) -> Option<(&Offer, Purpose)> {
    match view {
        View::Offer(offer) => Some((offer, Purpose::Invite)),
        View::Detail(offer) => Some((offer, Purpose::Explain)),
        _ => None,
    }
}

/// Paints a view that is no offer.
fn paint_words(painter: &mut Painter<'_>, view: &View, logo: &mut Option<Scaled>) {
    let original = painter.theme.logo.as_ref();
    match view {
        View::Attract { title, body } => {
            let layout = layout::attract(painter.canvas);
            painter.attract((title, body), &layout, scaled(logo, original, layout.logo));
        }
        View::Thanks { title, body } | View::OutOfOrder { title, body } => {
            let sign = if matches!(view, View::Thanks { .. }) { Sign::Done } else { Sign::Stopped };
            let layout = layout::notice(painter.canvas);
            painter.notice(sign, (title, body), &layout, scaled(logo, original, layout.logo));
        }
        View::Blank | View::Offer(_) | View::Detail(_) => painter.blank(),
    }
}

/// A picture in the size of its place, from `known` if it has that size already.
fn scaled<'a>(
    known: &'a mut Option<Scaled>,
    picture: Option<&Arc<Picture>>,
    place: Option<Rectangle>,
) -> Option<&'a Picture> {
    let (picture, size) = (picture?, place?.size);
    let of = Arc::downgrade(picture);
    if known.as_ref().is_none_or(|known| !known.of.ptr_eq(&of) || known.picture.size() != size) {
        *known = Some(Scaled { of, picture: picture.scaled(size) });
    }
    known.as_ref().map(|known| &known.picture)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
