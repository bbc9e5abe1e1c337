//! Every kind of screen as a customer sees it: golden pictures, and what must be true of each whatever it looks like.
//!
//! Needs the packages `fonts-noto-core` and `fonts-noto-cjk`; without them the languages that need them fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod logos;
mod scenes;
mod sheet;

use scenes::Scene;
use std::{collections::BTreeSet, fs};
use touchpoint_display::{Frame, Screen, View, encode_png, fits, panel::MemoryPanel};
use touchpoint_tests::{golden, workspace};

/// Most golden screens: more are not looked at by anybody.
const MOST: usize = 42;

fn painted(scene: &Scene) -> Frame {
    let panel = MemoryPanel::new(scene.glass.size);
    let mut screen = Screen::on(scene.glass.clone(), Box::new(panel), scene.theme.clone());
    screen.set_mode(scene.mode);
    screen.show(&scene.view).unwrap_or_else(|error| panic!("{}: {error}", scene.name));
    screen.frame().clone()
}

#[test]
fn every_screen_looks_as_it_did() {
    let scenes = scenes::all();
    let frames: Vec<Frame> = scenes.iter().map(painted).collect();
    let sheet = workspace::root().join("target/screens.png");
    fs::write(&sheet, sheet::sheet(frames.iter()).unwrap()).unwrap();

    let shown = scenes.iter().zip(&frames);
    let differences: Vec<String> =
        shown.filter_map(|(scene, frame)| golden::screen(&scene.name, &encode_png(frame).unwrap())).collect();
    assert!(differences.is_empty(), "{}\nall of them: {}", differences.join("\n"), sheet.display());

    let names: BTreeSet<&str> = scenes.iter().map(|scene| scene.name.as_str()).collect();
    assert_eq!(names.len(), scenes.len(), "two screens have one name");
    assert!(names.len() <= MOST, "{} screens", names.len());
    golden::forget_screens(&names.iter().copied().collect::<Vec<_>>());
    assert_eq!(
        golden::screens(),
        names.into_iter().collect::<Vec<_>>(),
        "each screen has its picture, and there is no other"
    );
}

#[test]
fn every_screen_passes_the_content_check_it_would_be_published_by() {
    for Scene { name, view, glass, theme, mode } in scenes::all() {
        assert_eq!(theme.problems(), [], "{name}");
        assert_eq!(fits(&view, &glass, &theme, mode), [], "{name}");
    }
}

#[test]
fn every_code_on_a_screen_can_be_read_from_its_pixels() {
    let mut read = 0;
    for scene in scenes::all() {
        let (View::Offer(offer) | View::Detail(offer)) = &scene.view else { continue };
        let Some(qr) = &offer.qr else { continue };
        let frame = painted(&scene);
        let width = frame.size().width as usize;
        let (size, pixels) = ((width, frame.size().height as usize), frame.pixels());
        let mut grey = rqrr::PreparedImage::prepare_from_greyscale(size.0, size.1, |x, y| {
            let [_, red, green, blue] = pixels[y * width + x].to_be_bytes().map(u16::from);
            ((red + green + blue) / 3) as u8
        });
        let codes: Vec<String> = grey.detect_grids().iter().map(|code| code.decode().unwrap().1).collect();
        assert_eq!(codes, [qr.as_str()], "{}", scene.name);
        read += 1;
    }
    assert!(read >= 5, "{read} codes");
}
