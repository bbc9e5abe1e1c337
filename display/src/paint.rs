//! Views onto a frame: what is in a layout's rectangles.

use embedded_graphics::{
    draw_target::DrawTarget,
    geometry::{Point, Size},
    primitives::Rectangle,
    transform::Transform,
};

use crate::{
    frame::Frame,
    layout::{AttractLayout, OfferLayout, Scale, Setting, ThanksLayout},
    mask,
    picture::Picture,
    qr::Code,
    text::TextEngine,
    theme::{Colour, Theme},
    typeset::{Label, Sizes, Words},
    view::{AnswerButton, Emphasis, Offer},
};

/// Sizes of an offer in a column beside a picture or a code.
const BESIDE: Sizes = Sizes { title: 50, body: 30, centred: false };
/// Sizes of an offer that has the whole width of the card.
const WHOLE_WIDTH: Sizes = Sizes { title: 60, body: 34, centred: false };
const ATTRACT: Sizes = Sizes { title: 84, body: 34, centred: false };
const THANKS: Sizes = Sizes { title: 48, body: 28, centred: true };

/// The stroke above a title, and its distance from it.
const STROKE: Size = Size::new(64, 6);
const STROKE_GAP: u32 = 26;

/// Everything painting needs, for the time of one view.
pub(crate) struct Painter<'a> {
    pub(crate) frame: &'a mut Frame,
    pub(crate) text: &'a mut TextEngine,
    pub(crate) theme: &'a Theme,
}

impl Painter<'_> {
    /// A whole offer. The picture has the layout's size already.
    pub(crate) fn offer(
        &mut self,
        offer: &Offer,
        layout: &OfferLayout,
        picture: Option<&Picture>,
        code: Option<&Code>,
    ) {
        let theme = self.theme;
        self.clear(theme.background);
        self.card(layout.card, layout.scale);
        let words = offer_words(self.text, offer, layout);
        let middle = middle(layout.text.size.height, words.height() + stroke_height(layout.scale));
        let down = match layout.setting {
            Setting::Alone | Setting::Beside => middle,
            // Nearer to the picture than to the card's end: they belong together.
            Setting::Under => middle / 2,
        };
        let top = layout.text.top_left + Point::new(0, down);
        self.stroke(top, layout.scale, theme.accent);
        let at = top + Size::new(0, stroke_height(layout.scale));
        words.draw(self.text, self.frame, at, (theme.text, theme.muted));
        if let (Some(area), Some(picture)) = (layout.picture, picture) {
            self.frame.blit(area.top_left, picture);
            mask::round_off(self.frame, area, layout.scale.px(theme.corner_radius / 2), theme.surface);
        }
        if let (Some(area), Some(code)) = (layout.qr, code) {
            code.draw(self.frame, area);
        }
        for (answer, area) in offer.answers.iter().zip(&layout.answers) {
            self.button(answer, *area, layout.scale);
        }
        countdown(self.frame, theme, layout.bar, offer.seconds_left, offer.seconds_total);
    }

    /// The invitation: the institution's colour, and rings that run out of the screen like waves.
    pub(crate) fn attract(&mut self, title: &str, body: &str, layout: &AttractLayout) {
        let theme = self.theme;
        let scale = layout.scale;
        self.clear(theme.accent);
        // In tenths of the radius: the rings spread.
        for (tenths, percent) in [(48, 4), (32, 8), (19, 13), (10, 100)] {
            let colour = theme.accent.mix(theme.on_accent, percent);
            mask::disc(self.frame, layout.rings, layout.radius * tenths / 10, colour);
        }
        self.card_sign(layout.rings, layout.radius);
        let room = layout.text.size.saturating_sub(Size::new(0, stroke_height(scale)));
        let words = Words::set(self.text, (title, body), room, ATTRACT, scale);
        let height = words.height() + stroke_height(scale);
        let top = layout.text.top_left + Point::new(0, middle(layout.text.size.height, height));
        self.stroke(top, scale, theme.on_accent);
        let at = top + Size::new(0, stroke_height(scale));
        words.draw(self.text, self.frame, at, (theme.on_accent, theme.on_accent.mix(theme.accent, 12)));
    }

    /// What follows an answer.
    pub(crate) fn thanks(&mut self, title: &str, body: &str, layout: &ThanksLayout) {
        let theme = self.theme;
        self.clear(theme.background);
        self.card(layout.card, layout.scale);
        let words = Words::set(self.text, (title, body), layout.text.size, THANKS, layout.scale);
        let gap = (layout.text.top_left - layout.sign.top_left).y;
        let down = middle(layout.text.size.height, words.height());
        let sign = layout.sign.translate(Point::new(0, down));
        mask::rounded(self.frame, sign, sign.size.width / 2, theme.accent);
        mask::tick(self.frame, sign, theme.on_accent);
        let at = Point::new(layout.text.top_left.x, sign.top_left.y + gap);
        words.draw(self.text, self.frame, at, (theme.text, theme.muted));
    }

    /// Nothing but the background.
    pub(crate) fn blank(&mut self) {
        self.clear(self.theme.background);
    }

    fn clear(&mut self, colour: Colour) {
        let Ok(()) = self.frame.clear(colour.into());
    }

    fn card(&mut self, area: Rectangle, scale: Scale) {
        let radius = scale.px(self.theme.corner_radius);
        mask::shadow(
            self.frame,
            area.translate(Point::new(0, scale.px(4).cast_signed())),
            radius,
            scale.px(16),
            self.theme.background,
        );
        mask::rounded(self.frame, area, radius, self.theme.surface);
    }

    /// The outline of a bank card in the innermost ring: says without words what the machine waits for.
    fn card_sign(&mut self, centre: Point, radius: u32) {
        let theme = self.theme;
        let size = Size::new(radius * 112 / 100, radius * 72 / 100);
        let card = Rectangle::with_center(centre, size);
        mask::rounded(self.frame, card, radius / 9, theme.accent);
        let stripe =
            Rectangle::new(card.top_left + Size::new(0, size.height / 5), Size::new(size.width, size.height / 6));
        mask::fill(self.frame, stripe, theme.on_accent);
        let chip = Rectangle::new(
            card.top_left + Size::new(size.width / 9, size.height * 62 / 100),
            Size::new(size.width / 4, size.height / 7),
        );
        mask::rounded(self.frame, chip, chip.size.height / 3, theme.on_accent);
    }

    fn stroke(&mut self, at: Point, scale: Scale, colour: Colour) {
        let size = Size::new(scale.px(STROKE.width), scale.px(STROKE.height));
        mask::rounded(self.frame, Rectangle::new(at, size), size.height / 2, colour);
    }

    fn button(&mut self, answer: &AnswerButton, area: Rectangle, scale: Scale) {
        let theme = self.theme;
        let radius = scale.px(theme.corner_radius * 2 / 3);
        let ink = match answer.emphasis {
            Emphasis::Primary => {
                mask::rounded(self.frame, area, radius, theme.accent);
                theme.on_accent
            }
            Emphasis::Secondary => {
                mask::outlined(self.frame, area, radius, scale.px(3), theme.accent, theme.surface);
                theme.accent
            }
            Emphasis::Quiet => {
                let line = theme.muted.mix(theme.background, 40);
                mask::outlined(self.frame, area, radius, scale.px(2), line, theme.surface);
                theme.muted
            }
        };
        Label::set(self.text, &answer.label, area.size, scale).draw(self.text, self.frame, area, scale, ink);
    }
}

/// An offer's title and body as they stand on the card.
pub(crate) fn offer_words(text: &mut TextEngine, offer: &Offer, layout: &OfferLayout) -> Words {
    let sizes = match layout.setting {
        Setting::Alone | Setting::Under => WHOLE_WIDTH,
        Setting::Beside => BESIDE,
    };
    let room = layout.text.size.saturating_sub(Size::new(0, stroke_height(layout.scale)));
    Words::set(text, (&offer.title, &offer.body), room, sizes, layout.scale)
}

/// The countdown: a bar that shrinks to the left as time runs out. Touches no pixel outside `bar`.
pub(crate) fn countdown(frame: &mut Frame, theme: &Theme, bar: Rectangle, left: u32, total: u32) {
    mask::fill(frame, bar, theme.background);
    if total == 0 {
        return;
    }
    let radius = bar.size.height / 2;
    mask::rounded(frame, bar, radius, theme.outline);
    let width = u64::from(bar.size.width) * u64::from(left.min(total)) / u64::from(total);
    // Not wider than the bar.
    let filled = Size::new(width as u32, bar.size.height);
    mask::rounded(frame, Rectangle::new(bar.top_left, filled), radius, theme.accent);
}

/// Height of the stroke above a title with its gap.
fn stroke_height(scale: Scale) -> u32 {
    scale.px(STROKE.height) + scale.px(STROKE_GAP)
}

/// Where something of `height` begins in the middle of `room`.
const fn middle(room: u32, height: u32) -> i32 {
    (room.saturating_sub(height) / 2).cast_signed()
}
