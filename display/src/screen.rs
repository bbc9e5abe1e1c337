//! One panel with its frame, fonts and theme: shows a view, counts its seconds down, and maps touches to answers.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::{
    countdown::Countdown,
    frame::Frame,
    glass::{Glass, Mode, Side},
    layout::{self, Canvas, Purpose},
    paint::{Painter, Pictures, Sign, StandingTitle},
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
    /// What was shown last, if it is no offer: then nobody waits, and the next offer can be got ready.
    idle: Option<View>,
    /// What is on the frame already, and not on the glass.
    ahead: Option<Ahead>,
    alive: Alive,
    /// Of what was shown last, once asked for; what is presented next forgets it.
    checksum: Option<u64>,
}

/// The offer that is likely to come next, all but its body.
struct Ahead {
    key: Key,
    title: String,
    standing: StandingTitle,
    /// Whether the panel has it, too, and only needs what changes from there on.
    at_panel: bool,
}

/// How much of an offer is painted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// Neither its body nor its countdown, which another customer has in other words and with another time.
    ButBody,
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

/// What a still shows: a view, but of an offer neither its words, which are one customer's, nor its countdown. Its picture is
/// not kept alive for it.
#[derive(Clone)]
struct Key {
    view: View,
    picture: Option<Weak<Picture>>,
    /// Of all words, those included that are not part of it.
    writing: Writing,
}

/// The parts of the view on the glass that react. None, unless it is an offer.
#[derive(Default)]
struct Alive {
    answers: Vec<Rectangle>,
    keys: Vec<(Side, usize)>,
    countdown: Option<Countdown>,
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
            idle: None,
            ahead: None,
            alive: Alive::default(),
            checksum: None,
        };
        screen.dress();
        screen.warm_up();
        screen
    }

    /// Changes the look from the next [`show`](Self::show) on.
    pub fn set_theme(&mut self, theme: Theme) {
        if theme != self.theme {
            self.put_back();
            self.theme = theme;
            self.dress();
        }
    }

    /// Changes how the customer reads from the next [`show`](Self::show) on.
    pub fn set_mode(&mut self, mode: Mode) {
        if mode != self.mode {
            self.put_back();
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
        let alive = self.paint(view, Extent::Whole)?;
        self.idle = offer(view).is_none().then(|| view.clone());
        self.present()?;
        // Only what is really on the glass can be touched or counted down.
        self.alive = alive;
        Ok(Shown { answers: self.alive.answers.clone() })
    }

    /// Gets an offer ready while nobody waits: one that the next customer is likely to get, in words that are nobody's. Does nothing while
    /// an offer is on the glass. Takes some milliseconds.
    pub fn prepare(&mut self, likely: &View) {
        if self.idle.is_none() || self.ahead.is_some() || offer(likely).is_none() {
            return;
        }
        // What cannot be drawn is told to whom it is shown.
        if self.paint(likely, Extent::ButBody).is_err() {
            return;
        }
        drop(self.frame.take_damage());
        let Self { panel, frame, ahead, .. } = self;
        if let Some(ahead) = ahead {
            ahead.at_panel = panel.prepare(frame);
        }
    }

    /// Moves the countdown of the offer on the glass, and presents only what of it has changed. Does nothing for other views.
    ///
    /// # Errors
    /// The panel refused; the next tick makes good for it.
    pub fn tick(&mut self, left: Duration) -> Result<(), ShowError> {
        let Some(countdown) = &mut self.alive.countdown else { return Ok(()) };
        if !countdown.draw(&mut self.frame, &self.look, left) {
            return Ok(());
        }
        let presented = self.present();
        if let (Err(_), Some(countdown)) = (&presented, &mut self.alive.countdown) {
            countdown.forget();
        }
        presented
    }

    /// Presents all of what was drawn last, for a panel that has forgotten it.
    ///
    /// # Errors
    /// The panel refused.
    pub fn repaint(&mut self) -> Result<(), ShowError> {
        self.put_back();
        self.frame.damage_all();
        self.present()
    }

    /// Takes the size of the visible area from the panel, from the next [`show`](Self::show) on.
    pub fn set_millimetres(&mut self, millimetres: Size) {
        if self.glass.millimetres != Some(millimetres) {
            self.put_back();
            self.glass.millimetres = Some(millimetres);
            self.stills.clear();
        }
    }

    /// What was shown last.
    #[must_use]
    pub fn frame(&mut self) -> &Frame {
        self.put_back();
        &self.frame
    }

    /// [`Frame::checksum`] of what was shown last, for whoever checks that the glass shows what it should. Reckoned when it is asked
    /// for, and once.
    #[must_use]
    pub fn checksum(&mut self) -> u64 {
        self.put_back();
        *self.checksum.get_or_insert_with(|| self.frame.checksum())
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

    /// Draws what is on the glass again, where the frame was used for what is likely to come next.
    fn put_back(&mut self) {
        if self.ahead.take().is_some()
            && let Some(view) = self.idle.clone()
        {
            // It was drawn before, and only an offer has a code that could fail.
            let _ = self.paint(&view, Extent::Whole);
        }
    }

    fn present(&mut self) -> Result<(), ShowError> {
        self.checksum = None;
        let damage = self.frame.take_damage();
        self.panel.present(&self.frame, &damage).map_err(ShowError::Present)
    }

    /// Fills the frame, and says what in it reacts.
    fn paint(&mut self, view: &View, extent: Extent) -> Result<Alive, ShowError> {
        let Self { glass, mode, look, text, frame, picture, logo, stills, ahead, .. } = self;
        let writing = Writing::of(view.texts());
        let key = Key::of(view, writing);
        let canvas = Canvas::new(glass, *mode, look, writing);
        let manner = Manner { scale: canvas.scale, writing };
        let mut painter = Painter { frame, text, theme: look, canvas: &canvas, manner };
        let Some((offer, purpose)) = offer(view) else {
            *ahead = None;
            if !stills.restore(&key, painter.frame) {
                paint_words(&mut painter, view, logo);
                stills.keep(key, false, painter.frame);
            }
            return Ok(Alive::default());
        };
        let layout = layout::offer(offer, purpose, &canvas);
        let standing = ahead.take_if(|ahead| ahead.key == key && ahead.title == offer.title);
        let (title, at_panel) = standing.map(|ahead| (ahead.standing, ahead.at_panel)).unzip();
        let (words, is_there) = painter.place_words(offer, &layout, title);
        if is_there {
            if at_panel == Some(false) {
                painter.frame.damage_all();
            }
            stills.use_again(&key);
        } else if !stills.restore(&key, painter.frame) {
            // First what can fail, so that a view is drawn whole or not at all.
            let code = match (&offer.qr, layout.qr) {
                (Some(text), Some(area)) => Some(Code::encode(text, area.size.width, 1).map_err(ShowError::Qr)?),
                _ => None,
            };
            let pictures = Pictures {
                logo: scaled(logo, look.logo.as_ref(), layout.logo),
                picture: scaled(picture, offer.picture.as_ref(), layout.picture),
            };
            painter.offer(offer, &layout, &pictures, code.as_ref());
            stills.keep(key.clone(), true, painter.frame);
        }
        *ahead = None;
        if !is_there {
            painter.offer_title(&words);
        }
        if extent == Extent::ButBody {
            *ahead = Some(Ahead { key, title: offer.title.clone(), standing: words.into_title(), at_panel: false });
            return Ok(Alive::default());
        }
        painter.offer_body(&words);
        let mut countdown = Countdown::of(offer, layout.bar, canvas.mirrored);
        countdown.draw(painter.frame, look, Duration::from_secs(offer.seconds_left.into()));
        Ok(Alive { answers: layout.answers, keys: layout.keys, countdown: Some(countdown) })
    }

    /// Puts the theme on in the way the mode asks for.
    fn dress(&mut self) {
        self.look = self.theme.in_mode(self.mode);
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
            let _ = self.paint(&view, Extent::Whole);
        }
        self.stills.clear();
        // Nobody has seen any of this, and the first view repaints it all.
        drop(self.frame.take_damage());
    }
}

impl Key {
    fn of(view: &View, writing: Writing) -> Self {
        let mut picture = None;
        let mut stripped = |offer: &Offer| {
            picture = offer.picture.as_ref().map(Arc::downgrade);
            Offer { qr: offer.qr.clone(), answers: offer.answers.clone(), ..Offer::default() }
        };
        let view = match view {
            View::Offer(offer) => View::Offer(stripped(offer)),
            View::Detail(offer) => View::Detail(stripped(offer)),
            view => view.clone(),
        };
        Self { view, picture, writing }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.picture, &other.picture) {
            (Some(one), Some(other)) => one.ptr_eq(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        same && self.view == other.view && self.writing == other.writing
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
