//! Renders every view at several sizes into a folder, to look at: `cargo run --example gallery -- target/gallery`.

#![expect(clippy::print_stdout, reason = "times and problems are what a developer runs this for")]

use std::{env, error::Error, fs, path::Path, sync::Arc, time::Instant};

use embedded_graphics::{
    pixelcolor::Rgb888,
    prelude::{DrawTarget, Drawable, Primitive},
    primitives::{Circle, PrimitiveStyle, Triangle},
};
use touchpoint_display::{
    AnswerButton, Emphasis, Frame, Limits, Offer, Picture, Point, Rectangle, Screen, Size, Theme, View, encode_png,
    fits, panel::MemoryPanel,
};

const SIZES: [(u32, u32); 5] = [(1024, 768), (1920, 1080), (800, 480), (320, 240), (768, 1366)];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("usage: gallery FOLDER")?;
    fs::create_dir_all(&folder)?;
    let views = views()?;
    for (width, height) in SIZES {
        let size = Size::new(width, height);
        let mut screen = Screen::new(Box::new(MemoryPanel::new(size)), Theme::default());
        for (name, view) in &views {
            screen.show(view)?;
            let again = Instant::now();
            screen.show(view)?;
            println!("{name} {width}x{height}: {:?} warm", again.elapsed());
            if let View::Offer(offer) = view {
                fits(offer, size).iter().for_each(|problem| println!("    {problem}"));
            }
            fs::write(Path::new(&folder).join(format!("{name}-{width}x{height}.png")), encode_png(screen.frame())?)?;
        }
    }
    Ok(())
}

fn views() -> Result<Vec<(&'static str, View)>, Box<dyn Error>> {
    let picture = Some(Arc::new(illustration()?));
    let code = Some("https://www.example.bank/leasing/start?c=4711".to_owned());
    let english = Offer {
        title: "Your new home, sooner than you think".into(),
        body: "Fixed mortgage rates from 2.9 % for ten years. Shall we call you this week?".into(),
        picture: picture.clone(),
        answers: vec![answer("Yes, call me", Emphasis::Primary), answer("Not now", Emphasis::Quiet)],
        seconds_left: 17,
        seconds_total: 25,
        ..Offer::default()
    };
    let german = Offer {
        title: "Immobilienfinanzierung über 10 Jahre".into(),
        body: "Ihre Vorfälligkeitsentschädigung entfällt: Wir prüfen die Anschlussfinanzierung kostenlos für Sie."
            .into(),
        picture,
        answers: vec![
            answer("Rückruf vereinbaren", Emphasis::Primary),
            answer("Unterlagen zuschicken", Emphasis::Secondary),
            answer("Nein, danke", Emphasis::Quiet),
        ],
        ..english.clone()
    };
    let french = Offer {
        title: "Épargnez dès aujourd’hui à 3,1 %".into(),
        body: "Scannez le code avec votre téléphone : l’ouverture se fait en cinq minutes.".into(),
        picture: None,
        qr: code.clone(),
        ..english.clone()
    };
    let both =
        Offer { picture: german.picture.clone(), title: "Ein Konto für Ihren Führerschein".into(), ..french.clone() };
    let words = Offer {
        title: "Contactless limit: £100".into(),
        body: "From 1 March you can pay up to £100 without your PIN. Would you like to keep your limit of £45?".into(),
        picture: None,
        ..german.clone()
    };
    let invite = ("Guten Tag.", "Bitte führen Sie Ihre Karte ein oder halten Sie sie an den Leser.");
    Ok(vec![
        ("attract", View::Attract { title: invite.0.into(), body: invite.1.into() }),
        ("offer-en", View::Offer(english)),
        ("offer-de", View::Offer(german)),
        ("offer-fr", View::Offer(french)),
        ("offer-both", View::Offer(both)),
        ("offer-words", View::Offer(words)),
        (
            "thanks",
            View::Thanks { title: "Merci beaucoup !".into(), body: "Nous vous rappelons dans les deux jours.".into() },
        ),
        ("blank", View::Blank),
    ])
}

fn answer(label: &str, emphasis: Emphasis) -> AnswerButton {
    AnswerButton { label: label.to_owned(), emphasis }
}

/// A house in the evening, 400x300.
fn illustration() -> Result<Picture, Box<dyn Error>> {
    let plain = |red, green, blue| PrimitiveStyle::with_fill(Rgb888::new(red, green, blue));
    let mut frame = Frame::new(Size::new(400, 300));
    frame.clear(Rgb888::new(0xbf, 0xdd, 0xf0))?;
    Circle::new(Point::new(262, 36), 76).into_styled(plain(0xff, 0xe0, 0x9a)).draw(&mut frame)?;
    Circle::new(Point::new(-160, 190), 420).into_styled(plain(0x8f, 0xb9, 0x96)).draw(&mut frame)?;
    Circle::new(Point::new(120, 216), 520).into_styled(plain(0x6f, 0xa1, 0x7c)).draw(&mut frame)?;
    Rectangle::new(Point::new(130, 140), Size::new(140, 110)).into_styled(plain(0xfd, 0xf7, 0xec)).draw(&mut frame)?;
    let roof = Triangle::new(Point::new(110, 142), Point::new(200, 72), Point::new(290, 142));
    roof.into_styled(plain(0xb4, 0x4f, 0x3c)).draw(&mut frame)?;
    Rectangle::new(Point::new(182, 190), Size::new(36, 60)).into_styled(plain(0x0b, 0x4f, 0x8c)).draw(&mut frame)?;
    for x in [146, 232] {
        Rectangle::new(Point::new(x, 166), Size::new(24, 28)).into_styled(plain(0xff, 0xd1, 0x66)).draw(&mut frame)?;
    }
    Ok(Picture::decode(&encode_png(&frame)?, Limits::default())?)
}
