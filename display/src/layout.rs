//! Where everything stands: a view, a glass and a theme in, rectangles out. Pure, so that a touch, a content check and
//! the painter all speak of the same places.
//!
//! Everything is placed for scripts that begin at the left; for the others the finished layout is mirrored.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
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
        (picture, qr, Purpose::Invite) => beside_words(picture, qr, area, (41, Setting::Beside), scale),
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
    let share = (height.saturating_sub(scale.px(words) + gap)).clamp(height * 30 / 100, height * most / 100);
    let share = if qr { share.max(scale.tenths(LEAST_CODE).min(height * most / 100)) } else { share };
    let (media, _) = split_top(area, share, gap);
    let (left, right) = match (picture, qr) {
        (Some(_), true) => split_right(media, media.size.width.saturating_sub(gap) / 2, gap),
        _ => (media, media),
    };
    let picture = picture.map(|size| Rectangle::new(left.top_left, proportional(size, left.size)));
    let qr = qr.then(|| Rectangle::new(right.top_left, code(right.size, scale)));
    let used = picture.iter().chain(&qr).map(|part| part.size.height).max().unwrap_or(0);
    let (_, text) = split_top(area, used, gap);
    Content { text, setting, picture, qr }
}

/// The square for a code in the given room.
fn code(room: Size, scale: Scale) -> Size {
    Size::new_equal(room.width.min(room.height).min(scale.px(WIDEST_CODE)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        glass::Keys,
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

    fn sizes(widths: std::ops::RangeInclusive<u32>, heights: std::ops::RangeInclusive<u32>) -> BoxedStrategy<Size> {
        (widths, heights).prop_map(|(width, height)| Size::new(width, height)).boxed()
    }

    fn answering() -> impl Strategy<Value = Answering> {
        let side = || proptest::collection::btree_set(0_u16..1200, 0..5).prop_map(|keys| keys.into_iter().collect());
        let keys = (side(), side()).prop_map(|(left, right)| Answering::Keys(Keys { left, right }));
        prop_oneof![Just(Answering::Touch), keys]
    }

    fn glasses(sizes: BoxedStrategy<Size>) -> impl Strategy<Value = Glass> {
        let millimetres = proptest::option::of((20_u32..900, 20_u32..900).prop_map(Size::from));
        (sizes, millimetres, answering()).prop_map(|(size, millimetres, answering)| Glass {
            millimetres,
            answering,
            ..Glass::of(size)
        })
    }

    fn modes() -> impl Strategy<Value = Mode> {
        any::<bool>().prop_map(|large_text| Mode { large_text, high_contrast: false })
    }

    fn themes() -> impl Strategy<Value = Theme> {
        let logo = proptest::option::of((1_u32..900, 1_u32..300).prop_map(Size::from));
        (any::<u32>(), any::<u32>(), logo).prop_map(|(corner_radius, spacing, logo)| {
            let logo = logo.map(|size| Arc::new(Picture::plain(size, 0xff00_0000)));
            Theme { corner_radius, spacing, logo, ..Theme::default() }
        })
    }

    fn apart(one: &Rectangle, other: &Rectangle) -> bool {
        one.intersection(other).is_zero_sized()
    }

    fn within(inner: &Rectangle, outer: &Rectangle) -> bool {
        inner.is_zero_sized() || inner.intersection(outer) == *inner
    }

    fn all_apart(parts: &[Rectangle]) -> bool {
        parts.iter().enumerate().all(|(index, part)| parts[index + 1..].iter().all(|other| apart(part, other)))
    }

    proptest! {
        #[test]
        fn everything_is_on_the_panel_and_nothing_overlaps(
            glass in glasses(sizes(0..=1920, 0..=1920)),
            (mode, theme, right_to_left) in (modes(), themes(), any::<bool>()),
            (answers, qr, explain) in (0_usize..=5, any::<bool>(), any::<bool>()),
            picture in proptest::option::of(sizes(1..=2000, 1..=1100)),
        ) {
            let writing = Writing { right_to_left, ..Writing::default() };
            let canvas = Canvas::new(&glass, mode, &theme, writing);
            let purpose = if explain { Purpose::Explain } else { Purpose::Invite };
            let layout = offer(&sample(answers, picture, qr), purpose, &canvas);
            let screen = Rectangle::new(Point::zero(), glass.size);
            let on_card: Vec<_> = [Some(layout.text), layout.picture, layout.qr].into_iter().flatten().collect();
            prop_assert!(on_card.iter().all(|part| within(part, &layout.card)), "{on_card:?} on {:?}", layout.card);
            prop_assert!(all_apart(&on_card), "{on_card:?}");
            let parts: Vec<_> =
                layout.answers.iter().copied().chain([layout.card, layout.bar]).chain(layout.logo).collect();
            prop_assert!(parts.iter().all(|part| within(part, &screen)), "{parts:?} on {screen:?}");
            prop_assert!(all_apart(&parts), "{parts:?}");
            prop_assert!(layout.answers.len() <= MAX_ANSWERS);
            let notice = notice(&canvas);
            prop_assert!(within(&notice.card, &screen) && within(&notice.sign, &notice.card));
            prop_assert!(within(&notice.text, &notice.card) && apart(&notice.text, &notice.sign));
            prop_assert!(notice.logo.is_none_or(|logo| apart(&logo, &notice.card) && within(&logo, &screen)));
            let attract = attract(&canvas);
            prop_assert!(within(&attract.text, &screen));
            prop_assert!(attract.logo.is_none_or(|logo| apart(&logo, &attract.text) && within(&logo, &screen)));
        }

        #[test]
        fn on_a_real_touch_panel_every_part_has_room(
            size in sizes(320..=1920, 240..=1920),
            picture in proptest::option::of(sizes(1..=2000, 1..=1100)),
            (answers, qr) in (0_usize..=5, any::<bool>()),
        ) {
            let (glass, theme) = (Glass::of(size), Theme::default());
            let canvas = Canvas::new(&glass, Mode::default(), &theme, Writing::default());
            let layout = offer(&sample(answers, picture, qr), Purpose::Invite, &canvas);
            let parts = [Some(layout.text), layout.picture, layout.qr];
            prop_assert!(parts.into_iter().flatten().all(|part| !part.is_zero_sized()), "{layout:?}");
            prop_assert_eq!(layout.answers.len(), answers.min(MAX_ANSWERS));
            // A finger needs 20 mm, and never fewer than 44 pixels where the panel has them.
            let least = canvas.scale.tenths(TARGET).max(44).min(size.height / 8);
            prop_assert!(layout.answers.iter().all(|button| button.size.height >= least && button.size.width >= least));
        }
    }

    #[test]
    fn on_usual_panels_buttons_and_code_are_as_large_as_people_need() {
        let glass = |width, height, wide, high| Glass {
            millimetres: Some(Size::new(wide, high)),
            ..Glass::of(Size::new(width, height))
        };
        for glass in [glass(1024, 768, 305, 229), glass(1920, 1080, 476, 268), glass(768, 1366, 193, 344)] {
            let theme = Theme::default();
            let canvas = Canvas::new(&glass, Mode::default(), &theme, Writing::default());
            for purpose in [Purpose::Invite, Purpose::Explain] {
                let layout = offer(&sample(3, None, true), purpose, &canvas);
                let target = canvas.scale.tenths(TARGET);
                assert!(
                    layout.answers.iter().all(|button| button.size.height >= target && button.size.width >= target)
                );
                let code = layout.qr.unwrap().size.width;
                assert!(code >= canvas.scale.tenths(LEAST_CODE), "{code} pixels on {}", glass.size);
            }
        }
    }

    #[test]
    fn a_picture_keeps_its_proportions() {
        for panel in [Size::new(1024, 768), Size::new(768, 1366), Size::new(320, 240)] {
            let (glass, theme) = (Glass::of(panel), Theme::default());
            let canvas = Canvas::new(&glass, Mode::default(), &theme, Writing::default());
            let layout = offer(&sample(2, Some(Size::new(400, 300)), false), Purpose::Invite, &canvas);
            let place = layout.picture.unwrap();
            let expected = place.size.width * 3 / 4;
            assert!(place.size.height.abs_diff(expected) <= 1, "{place:?} on {panel}");
        }
    }

    #[test]
    fn scripts_from_the_right_have_the_mirrored_layout() {
        let (glass, theme) = (Glass::of(Size::new(1024, 768)), Theme::default());
        let places = |writing| {
            let canvas = Canvas::new(&glass, Mode::default(), &theme, writing);
            offer(&sample(3, Some(Size::new(400, 300)), false), Purpose::Invite, &canvas)
        };
        let (left, right) = (places(Writing::default()), places(Writing { right_to_left: true, ..Writing::default() }));
        assert_eq!(left.picture.unwrap(), mirror(right.picture.unwrap(), glass.size));
        assert!(right.answers[0].top_left.x > right.answers[2].top_left.x);
        assert!(right.picture.unwrap().top_left.x < right.text.top_left.x);
    }
}
