//! Where everything stands: a view and a panel's size in, rectangles out. Pure, so that a touch, a content check and
//! the painter all speak of the same places.
//!
//! Measures are those of a 15-inch 1024x768 panel, the usual one in an ATM, and are scaled to others. There 3.4 pixels
//! are a millimetre: a touch target of 20 mm (EN 301 549) has 67, a QR code for an arm's length 169.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

use crate::view::{MAX_ANSWERS, Offer};

/// Long and short side of the panel for which measures are given.
const REFERENCE: (u32, u32) = (1024, 768);

/// Smallest scale in thousandths: text of a third of its size is the last that can be read.
const MIN_SCALE: u32 = 333;

/// Widest text: about 55 characters, beyond which the eye loses the beginning of the next line.
const WIDEST_TEXT: u32 = 850;

/// Height that a title of two lines and a body of three need below a picture.
const WORDS_HEIGHT: u32 = 350;

/// Widest QR code: 10 cm on the reference, twice what an arm's length needs; more only shouts.
const WIDEST_CODE: u32 = 360;

/// How large everything is on this panel, in thousandths of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale(u32);

/// Places of an offer's parts. All lie within the panel; none overlap but for what stands on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferLayout {
    pub(crate) scale: Scale,
    /// The surface on which text, picture and code stand.
    pub(crate) card: Rectangle,
    pub(crate) text: Rectangle,
    /// How the words stand in their place.
    pub(crate) setting: Setting,
    /// In the picture's own proportions.
    pub(crate) picture: Option<Rectangle>,
    /// Room for the code with its quiet zone; square.
    pub(crate) qr: Option<Rectangle>,
    pub(crate) answers: Vec<Rectangle>,
    pub(crate) bar: Rectangle,
}

/// How words stand in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// With the card to themselves: large, in the middle of its height.
    Alone,
    /// In a column beside a picture or code: in the middle of its height.
    Beside,
    /// Across the card under a picture or code: in the upper part.
    Under,
}

/// Places of the attract screen's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttractLayout {
    pub(crate) scale: Scale,
    pub(crate) text: Rectangle,
    /// Centre of the rings, which run out of the panel.
    pub(crate) rings: Point,
    /// Radius of the smallest ring.
    pub(crate) radius: u32,
}

/// Places of the thank-you screen's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ThanksLayout {
    pub(crate) scale: Scale,
    pub(crate) card: Rectangle,
    /// The round sign that says it worked.
    pub(crate) sign: Rectangle,
    pub(crate) text: Rectangle,
}

impl Scale {
    /// The scale at which the reference fits the panel, lying or upright.
    pub(crate) fn of(panel: Size) -> Self {
        let (long, short) = (panel.width.max(panel.height), panel.width.min(panel.height));
        let fitting =
            (u64::from(long) * 1000 / u64::from(REFERENCE.0)).min(u64::from(short) * 1000 / u64::from(REFERENCE.1));
        Self(u32::try_from(fitting).unwrap_or(u32::MAX).clamp(MIN_SCALE, 16_000))
    }

    /// Pixels on this panel for pixels on the reference, at least one.
    pub(crate) const fn px(self, reference: u32) -> u32 {
        let scaled = (reference * self.0 + 500) / 1000;
        if scaled == 0 { 1 } else { scaled }
    }

    /// The same, but never under `least` pixels: what must stay readable or touchable on a small panel.
    pub(crate) fn px_at_least(self, reference: u32, least: u32) -> u32 {
        self.px(reference).max(least)
    }
}

/// Places for an offer.
pub(crate) fn offer(offer: &Offer, panel: Size) -> OfferLayout {
    let scale = Scale::of(panel);
    let screen = Rectangle::new(Point::zero(), panel);
    let upright = panel.height > panel.width;
    let inner = inset(screen, scale.px(36));
    let (above, bar) = split_bottom(inner, scale.px(8), scale.px(28));
    let (card, answers) = answers(above, offer.answers.len().min(MAX_ANSWERS), upright, scale);
    let Content { text, setting, picture, qr } = content(offer, inset(card, scale.px(44)), upright, scale);
    OfferLayout { scale, card, text, setting, picture, qr, answers, bar }
}

/// Places for the invitation between customers.
pub(crate) fn attract(panel: Size) -> AttractLayout {
    let scale = Scale::of(panel);
    let inner = inset(Rectangle::new(Point::zero(), panel), scale.px(64));
    let (width, height) = (inner.size.width, inner.size.height);
    let upright = panel.height > panel.width;
    let size = if upright { Size::new(width, height / 2) } else { Size::new(width * 62 / 100, height) };
    let radius = scale.px(120);
    let corner = inner.top_left + inner.size;
    AttractLayout {
        scale,
        text: Rectangle::new(inner.top_left, size),
        rings: corner - Point::new_equal(to_i32(radius)),
        radius,
    }
}

/// Places for what follows an answer.
pub(crate) fn thanks(panel: Size) -> ThanksLayout {
    let scale = Scale::of(panel);
    let screen = inset(Rectangle::new(Point::zero(), panel), scale.px(36));
    let size = Size::new(scale.px(760), scale.px(500)).component_min(screen.size);
    let card = Rectangle::with_center(screen.center(), size);
    let content = inset(card, scale.px(56));
    let side = scale.px(112).min(content.size.height / 3);
    let (sign, text) = split_top(content, side, scale.px(36));
    let sign = Rectangle::new(
        Point::new(content.center().x - to_i32(side / 2), sign.top_left.y),
        Size::new_equal(side).component_min(sign.size),
    );
    ThanksLayout { scale, card, sign, text }
}

/// Takes a row of equal buttons off the bottom of `area`, or on an upright panel a column, and leaves the card.
fn answers(area: Rectangle, count: usize, upright: bool, scale: Scale) -> (Rectangle, Vec<Rectangle>) {
    let Some(others) = u32::try_from(count).ok().and_then(|count| count.checked_sub(1)) else {
        return (area, Vec::new());
    };
    let count = others + 1;
    let gap = scale.px(20);
    let rows = if upright { count } else { 1 };
    // Never more than half of the panel, whatever the touch target would like.
    let most = (area.size.height / 2).saturating_sub(gap * (rows - 1)) / rows;
    let height = scale.px_at_least(96, 44).min(most);
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

/// Divides the card's content between the words and what stands beside them (upright: above them).
fn content(offer: &Offer, area: Rectangle, upright: bool, scale: Scale) -> Content {
    let picture = offer.picture.as_ref().map(|picture| picture.size());
    match (picture, offer.qr.is_some()) {
        (None, false) => {
            let width = area.size.width.min(scale.px(WIDEST_TEXT));
            let text = Rectangle::new(area.top_left, Size::new(width, area.size.height));
            Content { text, setting: Setting::Alone, picture: None, qr: None }
        }
        (picture, qr) if upright => above_words(picture, qr, area, scale),
        (picture, qr) => beside_words(picture, qr, area, scale),
    }
}

fn beside_words(picture: Option<Size>, qr: bool, area: Rectangle, scale: Scale) -> Content {
    let (text, media) = split_right(area, area.size.width * 41 / 100, scale.px(44));
    let (above, below) = match (picture, qr) {
        (Some(_), true) => split_bottom(media, media.size.height / 2, scale.px(24)),
        _ => (media, media),
    };
    let picture = picture.map(|size| centred(proportional(size, above.size), above));
    let qr = qr.then(|| centred(code(below.size, scale), below));
    Content { text, setting: Setting::Beside, picture, qr }
}

fn above_words(picture: Option<Size>, qr: bool, area: Rectangle, scale: Scale) -> Content {
    let gap = scale.px(44);
    let height = area.size.height;
    // As high as the words allow, but always enough to be seen.
    let share = (height.saturating_sub(scale.px(WORDS_HEIGHT) + gap)).clamp(height * 30 / 100, height * 56 / 100);
    let (media, _) = split_top(area, share, gap);
    let (left, right) = match (picture, qr) {
        (Some(_), true) => split_right(media, media.size.width.saturating_sub(gap) / 2, gap),
        _ => (media, media),
    };
    let picture = picture.map(|size| Rectangle::new(left.top_left, proportional(size, left.size)));
    let qr = qr.then(|| Rectangle::new(right.top_left, code(right.size, scale)));
    let used = picture.iter().chain(&qr).map(|part| part.size.height).max().unwrap_or(0);
    let (_, text) = split_top(area, used, gap);
    Content { text, setting: Setting::Under, picture, qr }
}

/// The largest size with the proportions of `size` that fits; a small picture grows at most to twice its pixels.
fn proportional(size: Size, room: Size) -> Size {
    let (width, height) = (u64::from(size.width.max(1)), u64::from(size.height.max(1)));
    let (most_wide, most_high) = (u64::from(room.width).min(2 * width), u64::from(room.height).min(2 * height));
    let (wide, high) = if most_wide * height <= most_high * width {
        (most_wide, (most_wide * height / width).max(1))
    } else {
        ((most_high * width / height).max(1), most_high)
    };
    // Not more than the room, which is in u32.
    Size::new(wide as u32, high as u32).component_min(room)
}

/// The square for a code in the given room.
fn code(room: Size, scale: Scale) -> Size {
    Size::new_equal(room.width.min(room.height).min(scale.px(WIDEST_CODE)))
}

fn centred(size: Size, area: Rectangle) -> Rectangle {
    let spare = area.size.saturating_sub(size);
    Rectangle::new(area.top_left + Point::new(to_i32(spare.width / 2), to_i32(spare.height / 2)), size)
}

fn inset(area: Rectangle, by: u32) -> Rectangle {
    let by = by.min(area.size.width / 2).min(area.size.height / 2);
    Rectangle::new(area.top_left + Point::new_equal(to_i32(by)), area.size.saturating_sub(Size::new_equal(2 * by)))
}

/// The upper part of the given height, and what remains under a gap.
fn split_top(area: Rectangle, height: u32, gap: u32) -> (Rectangle, Rectangle) {
    let height = height.min(area.size.height);
    let below = (height + gap).min(area.size.height);
    let lower = Rectangle::new(
        area.top_left + Point::new(0, to_i32(below)),
        Size::new(area.size.width, area.size.height - below),
    );
    (Rectangle::new(area.top_left, Size::new(area.size.width, height)), lower)
}

/// What remains above a gap, and the lower part of the given height.
fn split_bottom(area: Rectangle, height: u32, gap: u32) -> (Rectangle, Rectangle) {
    let height = height.min(area.size.height);
    let above = (area.size.height - height).saturating_sub(gap);
    let top_left = area.top_left + Point::new(0, to_i32(area.size.height - height));
    (
        Rectangle::new(area.top_left, Size::new(area.size.width, above)),
        Rectangle::new(top_left, Size::new(area.size.width, height)),
    )
}

/// What remains left of a gap, and the right part of the given width.
fn split_right(area: Rectangle, width: u32, gap: u32) -> (Rectangle, Rectangle) {
    let width = width.min(area.size.width);
    let left = (area.size.width - width).saturating_sub(gap);
    let top_left = area.top_left + Point::new(to_i32(area.size.width - width), 0);
    (
        Rectangle::new(area.top_left, Size::new(left, area.size.height)),
        Rectangle::new(top_left, Size::new(width, area.size.height)),
    )
}

/// Coordinates of `embedded-graphics` are signed; no panel has two thousand million pixels in a row.
fn to_i32(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        picture::Picture,
        view::{AnswerButton, Emphasis},
    };

    fn sample(answers: usize, picture: Option<Size>, qr: bool) -> Offer {
        let button = AnswerButton { label: "Yes".to_owned(), emphasis: Emphasis::Primary };
        Offer {
            picture: picture.map(|size| Arc::new(Picture::plain(size, 0xff80_8080))),
            qr: qr.then(|| "https://example.com".to_owned()),
            answers: vec![button; answers],
            ..Offer::default()
        }
    }

    fn apart(one: &Rectangle, other: &Rectangle) -> bool {
        one.intersection(other).is_zero_sized()
    }

    fn within(inner: &Rectangle, outer: &Rectangle) -> bool {
        inner.is_zero_sized() || inner.intersection(outer) == *inner
    }

    proptest! {
        #[test]
        fn everything_is_on_the_panel_and_nothing_overlaps(
            panel in (320_u32..=1920, 240_u32..=1920).prop_map(|(width, height)| Size::new(width, height)),
            answers in 0_usize..=5,
            picture in proptest::option::of((1_u32..2000, 1_u32..1100).prop_map(|(width, height)| Size::new(width, height))),
            qr in any::<bool>(),
        ) {
            let layout = offer(&sample(answers, picture, qr), panel);
            let screen = Rectangle::new(Point::zero(), panel);
            let on_card: Vec<_> = [Some(layout.text), layout.picture, layout.qr].into_iter().flatten().collect();
            for (index, part) in on_card.iter().enumerate() {
                prop_assert!(within(part, &layout.card), "{part:?} on {:?}", layout.card);
                prop_assert!(!part.is_zero_sized(), "{part:?}");
                prop_assert!(on_card[index + 1..].iter().all(|other| apart(part, other)), "{on_card:?}");
            }
            let parts: Vec<_> = layout.answers.iter().copied().chain([layout.card, layout.bar]).collect();
            for (index, part) in parts.iter().enumerate() {
                prop_assert!(within(part, &screen), "{part:?} on {panel}");
                prop_assert!(parts[index + 1..].iter().all(|other| apart(part, other)), "{parts:?}");
            }
            prop_assert_eq!(layout.answers.len(), answers.min(MAX_ANSWERS));
            // A finger needs 20 mm: 67 pixels of the reference, and never fewer than 44 where the panel has them.
            let least = layout.scale.px(67).max(44).min(panel.height / 8);
            prop_assert!(layout.answers.iter().all(|button| button.size.height >= least && button.size.width >= least));
        }

        #[test]
        fn no_size_is_too_small_to_be_laid_out(width in 0_u32..64, height in 0_u32..64, answers in 0_usize..4) {
            let panel = Size::new(width, height);
            let screen = Rectangle::new(Point::zero(), panel);
            let layout = offer(&sample(answers, Some(Size::new(400, 300)), true), panel);
            prop_assert!(within(&layout.card, &screen) && within(&layout.text, &screen) && within(&layout.bar, &screen));
            prop_assert!(within(&attract(panel).text, &screen) && within(&thanks(panel).text, &screen));
        }
    }

    #[test]
    fn on_a_fifteen_inch_panel_buttons_and_code_are_as_large_as_people_need() {
        let layout = offer(&sample(3, None, true), Size::new(1024, 768));
        assert!(layout.answers.iter().all(|button| button.size.height >= 67 && button.size.width >= 200));
        assert!(layout.qr.unwrap().size.width >= 169);
    }

    #[test]
    fn a_picture_keeps_its_proportions() {
        for panel in [Size::new(1024, 768), Size::new(768, 1366), Size::new(320, 240)] {
            let place = offer(&sample(2, Some(Size::new(400, 300)), false), panel).picture.unwrap();
            let expected = place.size.width * 3 / 4;
            assert!(place.size.height.abs_diff(expected) <= 1, "{place:?} on {panel}");
        }
    }
}
