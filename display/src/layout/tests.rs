//! What must hold of every layout, on any glass, for any reader, in any look.

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
            assert!(layout.answers.iter().all(|button| button.size.height >= target && button.size.width >= target));
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
