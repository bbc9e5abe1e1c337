//! The screen as a customer meets it: views, ticks, touches, keys, and panels that fail.

use std::sync::Mutex;

use embedded_graphics::geometry::Size;
use proptest::prelude::*;

use super::*;
use crate::{
    Colour,
    glass::{Answering, Keys},
    panel::MemoryPanel,
};

const SIZES: [(u32, u32); 7] = [(320, 240), (800, 480), (1024, 768), (1920, 1080), (768, 1366), (480, 800), (7, 5)];

/// A panel whose calls can be looked at from outside; and whether it takes pictures in advance.
#[derive(Clone)]
struct Watched(Arc<Mutex<(MemoryPanel, Vec<Vec<Rectangle>>)>>, bool);

impl Panel for Watched {
    fn size(&self) -> Size {
        self.0.lock().unwrap().0.size()
    }

    fn present(&mut self, frame: &Frame, damage: &[Rectangle]) -> Result<(), PanelError> {
        let mut inner = self.0.lock().unwrap();
        inner.1.push(damage.to_vec());
        inner.0.present(frame, damage)
    }

    fn prepare(&mut self, frame: &Frame) -> bool {
        self.1 && self.0.lock().unwrap().0.prepare(frame)
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
    screen_on(width, height, true)
}

fn screen_on(width: u32, height: u32, two_buffers: bool) -> (Screen, Watched) {
    let panel = MemoryPanel::new(Size::new(width, height));
    let watched = Watched(Arc::new(Mutex::new((panel, Vec::new()))), two_buffers);
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
        View::Detail(Offer { body: body.repeat(4), ..offer() }),
        View::Thanks { title: title.clone(), body: body.clone() },
        View::OutOfOrder { title, body },
        View::Blank,
    ]
}

#[test]
fn every_view_fills_every_panel_and_the_glass_shows_the_frame() {
    for (width, height) in SIZES {
        let (mut screen, panel) = screen(width, height);
        for view in views() {
            match screen.show(&view) {
                Ok(_) => {}
                // Seven pixels cannot hold a code, and say so.
                Err(ShowError::Qr(_)) if width == 7 => continue,
                Err(error) => panic!("{view:?} on {width}x{height}: {error}"),
            }
            assert!(screen.frame().pixels().iter().all(|pixel| pixel >> 24 == 0xff), "{view:?} on {width}x{height}");
            assert_eq!(panel.0.lock().unwrap().0.pixels(), screen.frame().pixels());
            assert_eq!(screen.checksum(), screen.frame().checksum());
        }
    }
}

#[test]
fn the_same_view_is_the_same_picture_whatever_was_shown_before() {
    let (mut fresh, _) = screen(1024, 768);
    let (mut used, _) = screen(1024, 768);
    for view in views().iter().chain(&views()) {
        used.show(view).unwrap();
    }
    for view in views() {
        assert_eq!(fresh.show(&view).unwrap(), used.show(&view).unwrap());
        assert_eq!(fresh.frame().pixels(), used.frame().pixels());
    }
}

#[test]
fn nothing_of_one_customer_is_on_the_screen_of_the_next() {
    let (mut fresh, _) = screen(1024, 768);
    let (mut used, _) = screen(1024, 768);
    used.show(&View::Offer(offer())).unwrap();
    for body in ["Anna, move them to Gold Savings today: no fees, and yours again at any time.", "Ben, move them.", ""]
    {
        let view = View::Offer(Offer { body: body.to_owned(), seconds_total: 30, ..offer() });
        used.show(&view).unwrap();
        fresh.stills.clear();
        fresh.show(&view).unwrap();
        assert_eq!(used.frame().pixels(), fresh.frame().pixels(), "{body}");
    }
}

#[test]
fn what_was_got_ready_is_seen_by_nobody_and_makes_no_difference_but_to_what_is_copied() {
    let whole = Rectangle::new(Point::zero(), Size::new(1024, 768));
    let offer = offer();
    let likely = &View::Offer(offer.clone());
    let body = |body: &str| View::Offer(Offer { body: body.to_owned(), ..offer.clone() });
    let same_lines = body("Scannez le code avec votre portable : l’ouverture se fait en quatre minutes.");
    let title = View::Offer(Offer { title: "Another title".to_owned(), ..offer.clone() });
    let other = View::Offer(Offer { picture: None, ..offer.clone() });
    let invitation = &views()[0];
    let nexts = [(likely, true), (&same_lines, true), (&body("Anna."), false), (&title, false), (&other, false)];
    for two_buffers in [true, false] {
        let (mut plain, _) = screen(1024, 768);
        let (mut ready, panel) = screen_on(1024, 768, two_buffers);
        let glass = || panel.0.lock().unwrap().0.pixels().to_vec();
        for (next, is_there) in nexts.into_iter().chain([(&views()[6], false)]) {
            let [expected, invited] = [next, invitation].map(|view| {
                plain.show(view).unwrap();
                plain.frame().pixels().to_vec()
            });
            ready.show(invitation).unwrap();
            ready.prepare(&View::Blank);
            assert_eq!(ready.frame().pixels(), invited, "no offer");
            ready.prepare(likely);
            assert_eq!(glass(), invited);
            ready.show(next).unwrap();
            assert_eq!(glass(), expected);
            let damage = panel.0.lock().unwrap().1.last().unwrap().clone();
            assert_eq!(damage.contains(&whole), !(is_there && two_buffers), "{damage:?}");
            ready.prepare(likely);
            assert_eq!(glass(), expected, "a customer reads");

            let between: [&dyn Fn(&mut Screen); 3] =
                [&|screen| screen.repaint().unwrap(), &|screen| drop(screen.frame().clone()), &|screen| {
                    screen.prepare(likely)
                }];
            for between in between {
                ready.show(invitation).unwrap();
                ready.prepare(likely);
                between(&mut ready);
                assert_eq!((glass(), ready.checksum()), (invited.clone(), plain.checksum()));
                assert_eq!(ready.frame().pixels(), invited);
                ready.show(next).unwrap();
                assert_eq!(glass(), expected);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_was_got_ready_the_picture_is_that_of_its_words(
        titles in proptest::array::uniform2("[A-Za-zäß]{1,12}( [a-zü]{1,14}){0,5}"),
        bodies in proptest::array::uniform2("([A-Za-zé]{1,12} ){0,30}"),
        (same_title, with_picture) in any::<(bool, bool)>(),
    ) {
        let picture = offer().picture.filter(|_| with_picture);
        let view = |title: &str, body: &str| {
            View::Offer(Offer { title: title.to_owned(), body: body.to_owned(), picture: picture.clone(), ..offer() })
        };
        let likely = view(&titles[0], &bodies[0]);
        let shown = view(&titles[usize::from(!same_title)], &bodies[1]);
        let (mut ready, panel) = screen(480, 320);
        let (mut plain, _) = screen(480, 320);
        ready.show(&views()[0]).unwrap();
        ready.prepare(&likely);
        ready.show(&shown).unwrap();
        plain.show(&shown).unwrap();
        let glass = panel.0.lock().unwrap().0.pixels().to_vec();
        prop_assert_eq!(glass, plain.frame().pixels());
    }
}

#[test]
fn a_theme_or_a_size_that_comes_while_something_is_ready_changes_nothing_on_the_glass() {
    let (mut screen, panel) = screen(320, 240);
    let likely = &View::Offer(offer());
    screen.show(likely).unwrap();
    screen.show(&views()[0]).unwrap();
    let invited = screen.checksum();
    screen.prepare(likely);
    screen.set_theme(Theme { accent: Colour([0x7a, 0x1f, 0x3d]), ..Theme::default() });
    screen.set_mode(Mode { large_text: true, ..Mode::default() });
    screen.set_millimetres(Size::new(150, 90));
    assert_eq!(screen.checksum(), invited);
    screen.repaint().unwrap();
    assert_eq!(panel.0.lock().unwrap().0.pixels(), screen.frame().pixels());
    assert_eq!(screen.checksum(), invited);
}

#[test]
fn a_tick_touches_the_countdown_alone() {
    let (mut screen, panel) = screen(1024, 768);
    screen.show(&View::Offer(offer())).unwrap();
    let before = screen.frame().clone();
    let glass = Glass::of(Size::new(1024, 768));
    let theme = Theme::default();
    let canvas = Canvas::new(&glass, Mode::default(), &theme, Writing::default());
    let bar = layout::offer(&offer(), Purpose::Invite, &canvas).bar;
    screen.tick(Duration::from_secs(5)).unwrap();
    let damage = panel.0.lock().unwrap().1.last().unwrap().clone();
    assert!(!damage.is_empty() && damage.iter().all(|area| bar.intersection(area) == *area), "{damage:?} in {bar:?}");
    for (index, (now, then)) in screen.frame().pixels().iter().zip(before.pixels()).enumerate() {
        let inside = bar.contains(Point::new(index as i32 % 1024, index as i32 / 1024));
        assert!(inside || now == then, "pixel {index} outside the bar changed");
    }
    assert_ne!(screen.frame().pixels(), before.pixels());
    // Ticking to a second gives the picture that showing it with that second gives.
    screen.tick(Duration::from_millis(100)).unwrap();
    screen.tick(Duration::ZERO).unwrap();
    assert_eq!(panel.0.lock().unwrap().0.pixels(), screen.frame().pixels());
    let presented = panel.0.lock().unwrap().1.len();
    screen.tick(Duration::ZERO).unwrap();
    assert_eq!(panel.0.lock().unwrap().1.len(), presented);
    let ticked = screen.checksum();
    screen.show(&View::Offer(Offer { seconds_left: 0, ..offer() })).unwrap();
    assert_eq!(screen.checksum(), ticked);
}

#[test]
fn a_blank_screen_is_one_colour_without_countdown_or_answers() {
    let (mut screen, panel) = screen(800, 480);
    let shown = screen.show(&View::Offer(offer())).unwrap();
    let button = shown.answers[0].center();
    assert_eq!(screen.answer_at(button), Some(0));
    screen.show(&View::Blank).unwrap();
    screen.tick(Duration::from_secs(3)).unwrap();
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
    screen.show(&View::Blank).unwrap();
    let before = screen.checksum();
    let error = screen.show(&View::Offer(Offer { qr: Some("x".repeat(9000)), ..offer() })).unwrap_err();
    assert!(matches!(error, ShowError::Qr(_)));
    assert_eq!((screen.checksum(), panel.0.lock().unwrap().1.len()), (before, 1));
}

#[test]
fn a_panel_that_fails_takes_no_touch() {
    let mut screen = Screen::new(Box::new(Dead), Theme::default());
    let error = screen.show(&View::Offer(offer())).unwrap_err();
    assert!(matches!(error, ShowError::Present(_)));
    assert!((0..320).step_by(8).all(|x| screen.answer_at(Point::new(x, 200)).is_none()));
}

#[test]
fn a_mode_changes_the_next_view_and_back_again() {
    let (mut screen, _) = screen(1024, 768);
    let mut shown = |mode| {
        screen.set_mode(mode);
        screen.show(&View::Offer(offer())).unwrap();
        screen.checksum()
    };
    let all: Vec<u64> = Mode::ALL.into_iter().map(&mut shown).collect();
    let distinct: std::collections::BTreeSet<u64> = all.iter().copied().collect();
    assert_eq!(distinct.len(), Mode::ALL.len());
    assert_eq!(shown(Mode::default()), all[0]);
}

#[test]
fn a_function_key_answers_what_stands_beside_it() {
    let keys = Keys { left: vec![400, 600, 800], right: vec![400, 600, 800] };
    let panel = Box::new(MemoryPanel::new(Size::new(1024, 768)));
    let glass = Glass { answering: Answering::Keys(keys), ..Glass::of(Size::zero()) };
    let mut screen = Screen::on(glass, panel, Theme::default());
    screen.show(&View::Offer(offer())).unwrap();
    let answers = [0, 1, 2, 3].map(|number| screen.answer_of_key(Side::Right, number));
    assert_eq!(answers, [Some(0), Some(1), Some(2), None]);
    assert_eq!(screen.answer_of_key(Side::Left, 0), None);
    screen.show(&View::Blank).unwrap();
    assert_eq!(screen.answer_of_key(Side::Right, 0), None);
}

#[test]
fn a_picture_that_is_gone_is_not_kept_for_a_view_that_was_shown() {
    let (mut screen, _) = screen(1024, 768);
    let picture = Arc::new(Picture::plain(Size::new(400, 300), 0xff33_6699));
    let gone = Arc::downgrade(&picture);
    screen.show(&View::Offer(Offer { picture: Some(picture), ..offer() })).unwrap();
    assert!(gone.upgrade().is_none());
    // Another picture in its place is another view.
    let before = screen.checksum();
    let other = Arc::new(Picture::plain(Size::new(400, 300), 0xff99_6633));
    screen.show(&View::Offer(Offer { picture: Some(other), ..offer() })).unwrap();
    assert_ne!(screen.checksum(), before);
}
