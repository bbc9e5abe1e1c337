//! Views onto a frame: what is in a layout's rectangles.

use embedded_graphics::{
    draw_target::DrawTarget,
    geometry::{Point, Size},
    primitives::Rectangle,
    transform::Transform,
};

use crate::{
    frame::Frame,
    glass::Side,
    layout::{AttractLayout, Canvas, NoticeLayout, OfferLayout, Setting},
    mask,
    picture::Picture,
    qr::Code,
    scale::Scale,
    text::TextEngine,
    theme::{Colour, Theme},
    typeset::{Label, Manner, Sizes, Title, Words},
    view::{AnswerButton, Emphasis, Offer},
};

/// Sizes of an offer in a column beside a picture or a code.
const BESIDE: Sizes = Sizes { title: 50, body: 30, centred: false };
/// Sizes of an offer that has the whole width of the card.
const WHOLE_WIDTH: Sizes = Sizes { title: 60, body: 34, centred: false };
/// Sizes of details, which are read at leisure.
const READING: Sizes = Sizes { title: 42, body: 28, centred: false };
const ATTRACT: Sizes = Sizes { title: 84, body: 40, centred: false };
const NOTICE: Sizes = Sizes { title: 52, body: 32, centred: true };

/// The stroke above a title, and its distance from it.
const STROKE: Size = Size::new(64, 6);
const STROKE_GAP: u32 = 26;

/// Room for the arrow on the label of a function key, in pixels of the reference.
const ARROW: u32 = 44;

/// Everything painting needs, for the time of one view.
pub(crate) struct Painter<'a> {
    pub(crate) frame: &'a mut Frame,
    pub(crate) text: &'a mut TextEngine,
    pub(crate) theme: &'a Theme,
    pub(crate) canvas: &'a Canvas<'a>,
    pub(crate) manner: Manner,
}

/// Pictures in the sizes in which they are shown.
#[derive(Default)]
pub(crate) struct Pictures<'a> {
    pub(crate) logo: Option<&'a Picture>,
    pub(crate) picture: Option<&'a Picture>,
}

/// What a notice says without words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It worked.
    Done,
    /// Nothing works.
    Stopped,
}

/// An offer's words, and where they stand with the stroke above them.
pub(crate) struct PlacedWords {
    words: Words,
    place: Rectangle,
}

/// A title that stands on the frame before its body is known.
pub(crate) struct StandingTitle {
    title: Title,
    place: Rectangle,
}

impl PlacedWords {
    /// The title where it stands, without the body.
    pub(crate) fn into_title(self) -> StandingTitle {
        StandingTitle { title: self.words.into_title(), place: self.place }
    }
}

impl Painter<'_> {
    /// All of an offer, or of its details, but its words and its countdown: what is the same for the next customer. Pictures
    /// have the layout's size already.
    pub(crate) fn offer(&mut self, offer: &Offer, layout: &OfferLayout, pictures: &Pictures<'_>, code: Option<&Code>) {
        let theme = self.theme;
        self.clear(theme.background);
        self.logo(layout.logo, pictures.logo);
        self.card(layout.card);
        if let (Some(area), Some(picture)) = (layout.picture, pictures.picture) {
            self.frame.blit(area.top_left, picture);
            mask::round_off(self.frame, area, self.canvas.radius / 2, theme.surface);
        }
        if let (Some(area), Some(code)) = (layout.qr, code) {
            code.draw(self.frame, area);
        }
        for (index, (answer, area)) in offer.answers.iter().zip(&layout.answers).enumerate() {
            self.button(answer, *area, layout.keys.get(index).map(|(side, _)| *side));
        }
    }

    /// The words of an offer or of its details as they are to stand on its card, below a title that may stand there already; and whether
    /// it stands as this body leaves it to.
    pub(crate) fn place_words(
        &mut self,
        offer: &Offer,
        layout: &OfferLayout,
        standing: Option<StandingTitle>,
    ) -> (PlacedWords, bool) {
        let (title, there) = standing.map(|StandingTitle { title, place }| (title, place)).unzip();
        let words = offer_words(self.text, title, offer, layout, self.manner);
        let middle = middle(layout.text.size.height, words.height() + stroke_height(self.canvas.scale));
        let down = match layout.setting {
            Setting::Alone | Setting::Beside => middle,
            // Nearer to the picture than to the card's end: they belong together.
            Setting::Under | Setting::UnderNarrow | Setting::Reading => middle / 2,
        };
        let place = Rectangle::new(layout.text.top_left + Point::new(0, down), layout.text.size);
        let is_there = words.same_title && there == Some(place);
        (PlacedWords { words, place }, is_there)
    }

    /// The title of an offer and the stroke above it.
    pub(crate) fn offer_title(&mut self, placed: &PlacedWords) {
        self.stroke(placed.place, self.theme.accent);
        placed.words.draw_title(self.text, self.frame, self.below_stroke(placed), self.theme.text);
    }

    /// The body of an offer.
    pub(crate) fn offer_body(&mut self, placed: &PlacedWords) {
        placed.words.draw_body(self.text, self.frame, self.below_stroke(placed), self.theme.muted);
    }

    fn below_stroke(&self, placed: &PlacedWords) -> Point {
        placed.place.top_left + Size::new(0, stroke_height(self.canvas.scale))
    }

    /// The invitation: the institution's colour, and rings that run out of the screen like waves.
    pub(crate) fn attract(&mut self, words: (&str, &str), layout: &AttractLayout, logo: Option<&Picture>) {
        let theme = self.theme;
        let scale = self.canvas.scale;
        // Who needs high contrast is often dazzled by a bright screen.
        let dark = theme.background == Colour::BLACK;
        let (ground, ink) = if dark { (theme.background, theme.accent) } else { (theme.accent, theme.on_accent) };
        self.clear(ground);
        // In tenths of the radius: the rings spread.
        for (tenths, percent) in [(48, 4), (32, 8), (19, 13), (10, 100)] {
            let colour = ground.mix(ink, percent);
            mask::disc(self.frame, layout.rings, layout.radius * tenths / 10, colour);
        }
        self.card_sign(layout.rings, layout.radius, ground, ink);
        self.plate(layout.logo, logo);
        let words = attract_words(self.text, words, layout, self.manner);
        let height = words.height() + stroke_height(scale);
        let down = Point::new(0, middle(layout.text.size.height, height));
        let place = Rectangle::new(layout.text.top_left + down, layout.text.size);
        self.stroke(place, ink);
        let at = place.top_left + Size::new(0, stroke_height(scale));
        // No paler than can be read, which is little on a ground like this.
        let body = if !dark && ink.mix(ground, 12).contrast(ground) >= 4_500 { ink.mix(ground, 12) } else { ink };
        words.draw(self.text, self.frame, at, (ink, body));
    }

    /// How something went, with a sign that says it without words.
    pub(crate) fn notice(&mut self, sign: Sign, words: (&str, &str), layout: &NoticeLayout, logo: Option<&Picture>) {
        let theme = self.theme;
        self.clear(theme.background);
        self.logo(layout.logo, logo);
        self.card(layout.card);
        let words = notice_words(self.text, words, layout, self.manner);
        let gap = (layout.text.top_left - layout.sign.top_left).y;
        let down = middle(layout.text.size.height, words.height());
        let area = layout.sign.translate(Point::new(0, down));
        match sign {
            Sign::Done => {
                mask::rounded(self.frame, area, area.size.width / 2, theme.accent);
                mask::tick(self.frame, area, theme.on_accent);
            }
            Sign::Stopped => {
                mask::rounded(self.frame, area, area.size.width / 2, theme.muted);
                let bar = Rectangle::with_center(area.center(), Size::new(area.size.width / 2, area.size.height / 8));
                mask::rounded(self.frame, bar, bar.size.height / 2, theme.surface);
            }
        }
        let at = Point::new(layout.text.top_left.x, area.top_left.y + gap);
        words.draw(self.text, self.frame, at, (theme.text, theme.muted));
    }

    /// Nothing but the background.
    pub(crate) fn blank(&mut self) {
        self.clear(self.theme.background);
    }

    fn clear(&mut self, colour: Colour) {
        let Ok(()) = self.frame.clear(colour.into());
    }

    fn logo(&mut self, area: Option<Rectangle>, logo: Option<&Picture>) {
        if let (Some(area), Some(logo)) = (area, logo) {
            self.frame.blit(area.top_left, logo);
        }
    }

    /// The logo on a plate: it is made to stand on the background, not on the accent.
    fn plate(&mut self, area: Option<Rectangle>, logo: Option<&Picture>) {
        if let Some(area) = area {
            let border = self.canvas.scale.px(14);
            let plate = area.offset(border.cast_signed());
            mask::rounded(self.frame, plate, self.canvas.radius.min(border), self.theme.background);
        }
        self.logo(area, logo);
    }

    fn card(&mut self, area: Rectangle) {
        let (scale, radius) = (self.canvas.scale, self.canvas.radius);
        mask::shadow(
            self.frame,
            area.translate(Point::new(0, scale.px(4).cast_signed())),
            radius,
            scale.px(16),
            self.theme.background,
        );
        if self.theme.surface == self.theme.background {
            // No shadow is seen on black, so a line says where the card ends.
            mask::outlined(self.frame, area, radius, scale.px(2), self.theme.outline, self.theme.surface);
        } else {
            mask::rounded(self.frame, area, radius, self.theme.surface);
        }
    }

    /// The outline of a bank card in the innermost ring: says without words what the machine waits for.
    fn card_sign(&mut self, centre: Point, radius: u32, colour: Colour, ground: Colour) {
        let size = Size::new(radius * 112 / 100, radius * 72 / 100);
        let card = Rectangle::with_center(centre, size);
        mask::rounded(self.frame, card, radius / 9, colour);
        let stripe =
            Rectangle::new(card.top_left + Size::new(0, size.height / 5), Size::new(size.width, size.height / 6));
        mask::fill(self.frame, stripe, ground);
        let chip = Rectangle::new(
            card.top_left + Size::new(size.width / 9, size.height * 62 / 100),
            Size::new(size.width / 4, size.height / 7),
        );
        mask::rounded(self.frame, chip, chip.size.height / 3, ground);
    }

    /// The stroke above a title, where its lines begin.
    fn stroke(&mut self, text: Rectangle, colour: Colour) {
        let size = Size::new(self.canvas.scale.px(STROKE.width), self.canvas.scale.px(STROKE.height));
        let start = if self.canvas.mirrored { text.size.width.saturating_sub(size.width) } else { 0 };
        let at = text.top_left + Size::new(start, 0);
        mask::rounded(self.frame, Rectangle::new(at, size), size.height / 2, colour);
    }

    /// A button to be touched; or with a side, the label of the function key there.
    fn button(&mut self, answer: &AnswerButton, area: Rectangle, key: Option<Side>) {
        let theme = self.theme;
        let scale = self.canvas.scale;
        let radius = self.canvas.radius * 2 / 3;
        // What belongs to a key runs out of the glass towards it.
        let shape = match key {
            None => area,
            Some(Side::Right) => Rectangle::new(area.top_left, area.size + Size::new(2 * radius, 0)),
            Some(Side::Left) => Rectangle::new(
                area.top_left - Point::new(2 * radius.cast_signed(), 0),
                area.size + Size::new(2 * radius, 0),
            ),
        };
        let ink = match answer.emphasis {
            Emphasis::Primary => {
                mask::rounded(self.frame, shape, radius, theme.accent);
                theme.on_accent
            }
            Emphasis::Secondary => {
                mask::outlined(self.frame, shape, radius, scale.px(3), theme.accent, theme.surface);
                theme.accent
            }
            Emphasis::Quiet => {
                let line = theme.muted.mix(theme.background, 40);
                mask::outlined(self.frame, shape, radius, scale.px(2), line, theme.surface);
                theme.muted
            }
        };
        let words = label_area(area, key, scale);
        if let Some(side) = key {
            let high = area.size.height / 4;
            let size = Size::new(high / 2, high);
            let inset = (scale.px(ARROW) / 2).saturating_sub(size.width / 2);
            let x = match side {
                Side::Right => area.size.width.saturating_sub(inset + size.width),
                Side::Left => inset,
            };
            let at = area.top_left + Size::new(x, (area.size.height - high) / 2);
            mask::arrow(self.frame, Rectangle::new(at, size), side, ink);
        }
        let label = Label::set(self.text, &answer.label, words.size, self.manner);
        label.draw(self.text, self.frame, words, scale, ink);
    }
}

/// The part of an answer's place that its words may have: all of it, or what the arrow to a function key leaves.
pub(crate) fn label_area(area: Rectangle, key: Option<Side>, scale: Scale) -> Rectangle {
    let arrow = scale.px(ARROW) * 3 / 4;
    let narrower = area.size.saturating_sub(Size::new(arrow, 0));
    match key {
        None => area,
        Some(Side::Right) => Rectangle::new(area.top_left, narrower),
        Some(Side::Left) => Rectangle::new(area.top_left + (area.size - narrower), narrower),
    }
}

/// An offer's title and body as they stand on the card.
pub(crate) fn offer_words(
    text: &mut TextEngine,
    title: Option<Title>,
    offer: &Offer,
    layout: &OfferLayout,
    manner: Manner,
) -> Words {
    let sizes = match layout.setting {
        Setting::Alone | Setting::Under => WHOLE_WIDTH,
        Setting::Beside | Setting::UnderNarrow => BESIDE,
        Setting::Reading => READING,
    };
    let room = below_stroke(layout.text.size, manner.scale);
    Words::set_below(text, title, (&offer.title, &offer.body), room, sizes, manner)
}

/// The invitation's title and body.
pub(crate) fn attract_words(
    text: &mut TextEngine,
    words: (&str, &str),
    layout: &AttractLayout,
    manner: Manner,
) -> Words {
    Words::set(text, words, below_stroke(layout.text.size, manner.scale), ATTRACT, manner)
}

/// Title and body of thanks, or of the news that the machine is out of order.
pub(crate) fn notice_words(text: &mut TextEngine, words: (&str, &str), layout: &NoticeLayout, manner: Manner) -> Words {
    Words::set(text, words, layout.text.size, NOTICE, manner)
}

fn below_stroke(room: Size, scale: Scale) -> Size {
    room.saturating_sub(Size::new(0, stroke_height(scale)))
}

/// Height of the stroke above a title with its gap.
fn stroke_height(scale: Scale) -> u32 {
    scale.px(STROKE.height) + scale.px(STROKE_GAP)
}

/// Where something of `height` begins in the middle of `room`.
const fn middle(room: u32, height: u32) -> i32 {
    (room.saturating_sub(height) / 2).cast_signed()
}
