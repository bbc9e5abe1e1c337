//! Where everything stands: a view, a glass and a theme in, rectangles out. Pure, so that a touch, a content check and
//! the painter all speak of the same places.
//!
//! Everything is placed for scripts that begin at the left; for the others the finished layout is mirrored.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
    transform::Transform,
};

use crate::{
    area::{centred, inset, mirror, proportional, split_bottom, split_left, split_right, split_top, to_i32},
    glass::{Answering, Glass, Mode, Side},
    keys,
    scale::Scale,
    script::Writing,
    theme::Theme,
    view::{MAX_ANSWERS, Offer},
};

/// Widest text: about 55 characters, beyond which the eye loses the beginning of the next line.
const WIDEST_TEXT: u32 = 850;

/// Height that a title of two lines and a body of three need below a picture: on a wide card, and on one that is
/// narrower than this, where they are smaller.
const WORDS_HEIGHT: (u32, u32) = (350, 296);
/// The same in lines of the smallest text, which is larger than usual for who asked for that.
const WORDS_LINES: u32 = 11;
/// Width from which a card is wide, in pixels of the reference.
const WIDE: u32 = 640;

/// Least lines of the smallest text for which a card has room, if part of it shall be a picture.
const LINES_WITH_PICTURE: u32 = 9;

/// Widest QR code: 10 cm on the reference, twice what an arm's length needs; more only shouts.
const WIDEST_CODE: u32 = 360;

/// Narrowest QR code with its quiet zone, in tenths of a millimetre, where there is room at all: 5 cm for an arm's length.
const LEAST_CODE: u32 = 500;

/// Height of the logo, and of the room below it.
const LOGO: (u32, u32) = (56, 22);
/// Least lines of the smallest text for which a panel has room, if it shall have a logo.
const LINES_WITH_LOGO: u32 = 20;

/// Least height of a button: 20 mm (EN 301 549 names no size; this is what a thumb in a glove needs).
const TARGET: u32 = 200;

/// What the places on it depend on: the glass, the look, and the direction of writing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas<'a> {
    pub(crate) scale: Scale,
    pub(crate) size: Size,
    pub(crate) mirrored: bool,
    /// Distance from the edge of the glass in pixels.
    pub(crate) spacing: u32,
    /// Corner radius of a card in pixels.
    pub(crate) radius: u32,
    /// Pixels of the logo as it was made.
    logo: Option<Size>,
    answering: &'a Answering,
}

/// What an offer is laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be seen in passing.
    Invite,
    /// To be read.
    Explain,
}

/// Places of an offer's parts. All lie within the panel; none overlap but for what stands on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferLayout {
    pub(crate) logo: Option<Rectangle>,
    /// The surface on which text, picture and code stand.
    pub(crate) card: Rectangle,
    pub(crate) text: Rectangle,
    /// How the words stand in their place.
    pub(crate) setting: Setting,
    /// In the picture's own proportions.
    pub(crate) picture: Option<Rectangle>,
    /// Room for the code with its quiet zone; square.
    pub(crate) qr: Option<Rectangle>,
    /// One for each answer that has a place.
    pub(crate) answers: Vec<Rectangle>,
    /// The function key of each answer, as its side and its number from the top; empty on a touch panel.
    pub(crate) keys: Vec<(Side, usize)>,
    pub(crate) bar: Rectangle,
}

/// How words stand in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// With the card to themselves: large, in the middle of its height.
    Alone,
    /// In a column beside a picture or code: in the middle of its height.
    Beside,
    /// Across a wide card under a picture or code: in the upper part.
    Under,
    /// The same on a narrow card: smaller.
    UnderNarrow,
    /// Smaller, to be read from top to bottom.
    Reading,
}

/// Places of the attract screen's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttractLayout {
    pub(crate) logo: Option<Rectangle>,
    pub(crate) text: Rectangle,
    /// Centre of the rings, which run out of the panel.
    pub(crate) rings: Point,
    /// Radius of the smallest ring.
    pub(crate) radius: u32,
}

/// Places on a screen that tells how something went: thanks, or out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoticeLayout {
    pub(crate) logo: Option<Rectangle>,
    pub(crate) card: Rectangle,
    /// The round sign that says it without words.
    pub(crate) sign: Rectangle,
    pub(crate) text: Rectangle,
}

impl<'a> Canvas<'a> {
    /// The canvas for a view in this writing.
    pub(crate) fn new(glass: &'a Glass, mode: Mode, theme: &Theme, writing: Writing) -> Self {
        let scale = Scale::of(glass, mode);
        let (radius, spacing) = theme.measures();
        let size = glass.size;
        // On a panel that is small for its millimetres, words matter more than margins.
        let spacing = scale.tenths(spacing).min(size.width.min(size.height) / 16);
        Self {
            scale,
            size,
            mirrored: writing.right_to_left,
            spacing,
            radius: scale.tenths(radius),
            logo: theme.logo.as_ref().map(|logo| logo.size()),
            answering: &glass.answering,
        }
    }

    const fn upright(&self) -> bool {
        self.size.height > self.size.width
    }

    fn screen(&self) -> Rectangle {
        Rectangle::new(Point::zero(), self.size)
    }

    /// Takes the logo off the top of `area`, if there is one and room for it.
    fn logo(&self, area: Rectangle) -> (Option<Rectangle>, Rectangle) {
        let Some(logo) = self.logo.filter(|_| self.size.height >= LINES_WITH_LOGO * self.scale.smallest_text()) else {
            return (None, area);
        };
        let (height, gap) = (self.scale.px(LOGO.0), self.scale.px(LOGO.1));
        let (top, rest) = split_top(area, height, gap);
        let size = proportional(logo, Size::new(area.size.width * 6 / 10, top.size.height));
        let above = to_i32((top.size.height - size.height) / 2);
        (Some(Rectangle::new(top.top_left + Point::new(0, above), size)), rest)
    }

    fn mirror(&self, area: Rectangle) -> Rectangle {
        if self.mirrored { mirror(area, self.size) } else { area }
    }
}

/// Places for an offer, or for its details.
pub(crate) fn offer(offer: &Offer, purpose: Purpose, canvas: &Canvas<'_>) -> OfferLayout {
    let scale = canvas.scale;
    let inner = inset(canvas.screen(), canvas.spacing);
    let (logo, inner) = canvas.logo(inner);
    let (above, bar) = split_bottom(inner, scale.px(8), scale.px(28));
    let count = offer.answers.len().min(MAX_ANSWERS);
    let (card, answers, keys) = match canvas.answering {
        Answering::Touch => {
            let (card, answers) = buttons(above, count, canvas);
            (card, answers, Vec::new())
        }
        Answering::Keys(keys) => keys::labels(above, count, keys, canvas),
    };
    let Content { text, setting, picture, qr } = content(offer, purpose, inset(card, padding(canvas)), scale);
    OfferLayout {
        logo: logo.map(|area| canvas.mirror(area)),
        card: canvas.mirror(card),
        text: canvas.mirror(text),
        setting,
        picture: picture.map(|area| canvas.mirror(area)),
        qr: qr.map(|area| canvas.mirror(area)),
        answers: answers.into_iter().map(|area| canvas.mirror(area)).collect(),
        keys,
        bar,
    }
}

/// Places for the invitation between customers.
pub(crate) fn attract(canvas: &Canvas<'_>) -> AttractLayout {
    let scale = canvas.scale;
    let inner = inset(canvas.screen(), canvas.spacing * 16 / 9);
    let (logo, below) = canvas.logo(inner);
    let (width, height) = (inner.size.width, inner.size.height);
    let text = if canvas.upright() {
        split_top(below, height / 2, 0).0
    } else {
        let words = Size::new(width * 62 / 100, height);
        // In the middle of the whole height, not of what is left below the logo.
        Rectangle::new(inner.top_left, words).intersection(&below)
    };
    let radius = scale.px(120);
    let corner = inner.top_left + inner.size;
    let rings = corner - Point::new_equal(to_i32(radius));
    let mirrored_rings = Point::new(to_i32(canvas.size.width) - rings.x, rings.y);
    AttractLayout {
        logo: logo.map(|area| canvas.mirror(area)),
        text: canvas.mirror(text),
        rings: if canvas.mirrored { mirrored_rings } else { rings },
        radius,
    }
}

/// Places for thanks, or for the news that the machine is out of order.
pub(crate) fn notice(canvas: &Canvas<'_>) -> NoticeLayout {
    let scale = canvas.scale;
    let (logo, screen) = canvas.logo(inset(canvas.screen(), canvas.spacing));
    // Large enough for its words on a panel that is small for its millimetres.
    let least = scale.smallest_text();
    let size = Size::new(scale.px(760).max(28 * least), scale.px(500).max(14 * least)).component_min(screen.size);
    let card = centred(size, screen);
    let content = inset(card, padding(canvas) * 5 / 4);
    let side = scale.px(112).min(content.size.height / 3);
    let (sign, text) = split_top(content, side, scale.px(36));
    let sign = centred(Size::new_equal(side).component_min(sign.size), sign);
    NoticeLayout { logo: logo.map(|area| canvas.mirror(area)), card, sign, text }
}

/// Distance of words from the edge of their card: a little more than of the card from the glass.
const fn padding(canvas: &Canvas<'_>) -> u32 {
    canvas.spacing * 11 / 9
}

/// Takes a row of equal buttons off the bottom of `area`, or on an upright panel a column, and leaves the card.
fn buttons(area: Rectangle, count: usize, canvas: &Canvas<'_>) -> (Rectangle, Vec<Rectangle>) {
    let Some(others) = u32::try_from(count).ok().and_then(|count| count.checked_sub(1)) else {
        return (area, Vec::new());
    };
    let (scale, upright, count) = (canvas.scale, canvas.upright(), others + 1);
    let gap = scale.px(20);
    let rows = if upright { count } else { 1 };
    // Never more than half of the panel, whatever the touch target would like.
    let most = (area.size.height / 2).saturating_sub(gap * (rows - 1)) / rows;
    let height = scale.px_at_least(96, 44).max(scale.tenths(TARGET)).min(most);
    let (card, buttons) = split_bottom(area, height * rows + gap * (rows - 1), scale.px(28));
    let width = if upright { buttons.size.width } else { buttons.size.width.saturating_sub(gap * others) / count };
    let step = if upright { Point::new(0, to_i32(height + gap)) } else { Point::new(to_i32(width + gap), 0) };
    let places =
        (0..to_i32(count)).map(|index| Rectangle::new(buttons.top_left + step * index, Size::new(width, height)));
    (card, places.collect())
}

/// Words, picture and code on the card.
struct Content {
    text: Rectangle,
    setting: Setting,
    picture: Option<Rectangle>,
    qr: Option<Rectangle>,
}

/// Divides the card's content between the words and what stands beside them, or on a narrow card above them.
fn content(offer: &Offer, purpose: Purpose, area: Rectangle, scale: Scale) -> Content {
    // Where words have little room, they have all of it.
    let lines = area.size.height / scale.smallest_text();
    let picture = offer.picture.as_ref().filter(|_| lines >= LINES_WITH_PICTURE).map(|picture| picture.size());
    let under = if area.size.width >= scale.px(WIDE) { Setting::Under } else { Setting::UnderNarrow };
    let narrow = area.size.width * 5 < area.size.height * 6;
    match (picture, offer.qr.is_some(), purpose) {
        (None, false, _) => {
            let (text, _) = split_left(area, area.size.width.min(scale.px(WIDEST_TEXT)), 0);
            let setting = if purpose == Purpose::Explain { Setting::Reading } else { Setting::Alone };
            Content { text, setting, picture: None, qr: None }
        }
        (picture, qr, Purpose::Invite) if narrow => above_words(picture, qr, area, under, scale),
        (picture, qr, Purpose::Invite) => {
            let percent = if scale.is_large() { 33 } else { 41 };
            beside_words(picture, qr, area, (percent, Setting::Beside), scale)
        }
        (picture, qr, Purpose::Explain) if narrow => above_words(picture, qr, area, Setting::Reading, scale),
        (picture, qr, Purpose::Explain) => beside_words(picture, qr, area, (33, Setting::Reading), scale),
    }
}

fn beside_words(
    picture: Option<Size>,
    qr: bool,
    area: Rectangle,
    (percent, setting): (u32, Setting),
    scale: Scale,
) -> Content {
    let (text, media) = split_right(area, area.size.width * percent / 100, scale.px(44));
    let (above, below) = match (picture, qr) {
        (Some(_), true) => split_bottom(media, media.size.height / 2, scale.px(24)),
        _ => (media, media),
    };
    let picture = picture.map(|size| centred(proportional(size, above.size), above));
    let qr = qr.then(|| centred(code(below.size, scale), below));
    Content { text, setting, picture, qr }
}

fn above_words(picture: Option<Size>, qr: bool, area: Rectangle, setting: Setting, scale: Scale) -> Content {
    let gap = scale.px(44);
    let height = area.size.height;
    // As high as the words allow, but always enough to be seen; words to be read get more.
    let (words, most) = match setting {
        Setting::Reading => (WORDS_HEIGHT.0, 34),
        Setting::UnderNarrow => (WORDS_HEIGHT.1, 56),
        Setting::Under | Setting::Alone | Setting::Beside => (WORDS_HEIGHT.0, 56),
    };
    let words = scale.px(words).max(WORDS_LINES * scale.smallest_text());
    let share = height.saturating_sub(words + gap).clamp(height * 30 / 100, height * most / 100);
    let share = if qr { share.max(scale.tenths(LEAST_CODE).min(height * most / 100)) } else { share };
    let (media, _) = split_top(area, share, gap);
    let (left, right) = match (picture, qr) {
        (Some(_), true) => split_right(media, media.size.width.saturating_sub(gap) / 2, gap),
        _ => (media, media),
    };
    let picture = picture.map(|size| Rectangle::new(left.top_left, proportional(size, left.size)));
    let qr = qr.then(|| Rectangle::new(right.top_left, code(right.size, scale)));
    let used = picture.iter().chain(&qr).map(|part| part.size.height).max().unwrap_or(0);
    // On a high card an invitation stands in the middle, and not under the roof.
    let spare = if setting == Setting::Reading { 0 } else { height.saturating_sub(used + gap + words) / 3 };
    let down = |part: Rectangle| part.translate(Point::new(0, to_i32(spare)));
    let (picture, qr) = (picture.map(down), qr.map(down));
    let (_, text) = split_top(area, used + spare, gap);
    Content { text, setting, picture, qr }
}

/// The square for a code in the given room.
fn code(room: Size, scale: Scale) -> Size {
    Size::new_equal(room.width.min(room.height).min(scale.px(WIDEST_CODE)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
