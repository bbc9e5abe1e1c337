//! Sheets of the demo's grocer, looked at as a program can.

use super::*;
use tempfile::TempDir;
use touchpoint_display::{Limits, Picture, Point};

const SMALL: PanelSize = PanelSize { width: 640, height: 480 };

fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(name)
}

fn shot(out: &TempDir) -> Shot {
    Shot {
        folder: demo("retailer"),
        looks: Vec::new(),
        languages: vec!["fr".parse().unwrap()],
        panels: vec![SMALL],
        modes: vec![Mode::default()],
        attributes: Attributes::new(),
        sheet: out.path().join("sheet.png"),
        each: None,
    }
}

fn decode(path: &Path) -> Picture {
    let size = Size::new(1 << 12, 1 << 14);
    Picture::decode(&fs::read(path).unwrap(), Limits { bytes: 1 << 26, size }).unwrap()
}

/// The pixels of a place on a picture.
fn pixels(picture: &Picture, place: Rectangle) -> Vec<u32> {
    let width = picture.size().width as usize;
    let rows = picture.pixels().chunks_exact(width).skip(place.top_left.y as usize).take(place.size.height as usize);
    let left = place.top_left.x as usize;
    rows.flat_map(|row| &row[left..left + place.size.width as usize]).copied().collect()
}

#[test]
fn the_sheet_has_a_tile_for_every_view_language_size_reader_and_look() {
    let out = TempDir::new().unwrap();
    let upright = PanelSize { width: 480, height: 800 };
    let (looks, each) = (vec![demo("campaigns")], Some(out.path().join("each")));
    let languages = ["en", "fr"].map(|language| language.parse().unwrap()).to_vec();
    let modes = vec![Mode::default(), Mode { large_text: false, high_contrast: true }];
    let shot = Shot { looks, languages, modes, panels: vec![SMALL, upright], each, ..shot(&out) };
    let Taken { tiles, .. } = shot.take().unwrap();
    // Six campaigns, the invitation, the thanks, and out of order.
    assert_eq!(tiles.len(), 9 * 2 * 2 * 2 * 2);
    let labels: BTreeSet<&[String; 2]> = tiles.iter().map(|tile| &tile.label).collect();
    assert_eq!(labels.len(), tiles.len(), "each has a label of its own");
    assert!(
        labels.contains(&["fresh-bread".to_owned(), "fr  480x800  high contrast  campaigns".to_owned()]),
        "{labels:?}"
    );
    assert_eq!(fs::read_dir(shot.each.unwrap()).unwrap().count(), tiles.len());

    let sheet = decode(&shot.sheet);
    let whole = Rectangle::new(Point::zero(), sheet.size());
    let mut seen = BTreeSet::new();
    for Tile { label, place } in &tiles {
        assert_eq!(place.intersection(&whole), *place, "{label:?}");
        assert!(
            tiles.iter().filter(|other| !other.place.intersection(place).is_zero_sized()).count() == 1,
            "{label:?}"
        );
        assert!(seen.insert(pixels(&sheet, *place)), "{label:?} looks like another");
    }
}

#[test]
fn a_picture_of_its_own_is_what_a_device_shows() {
    let out = TempDir::new().unwrap();
    let each = Some(out.path().join("each"));
    let shot = Shot { panels: vec![PanelSize { width: 1024, height: 768 }], each, ..shot(&out) };
    let taken = shot.take().unwrap();
    assert_eq!(taken.problems, []);
    let seen = decode(&shot.each.unwrap().join("retailer_thanks_fr_1024x768_standard.png"));
    let preview = Preview::open(&shot.folder, Trial::default()).unwrap();
    let size = Size::new(1024, 768);
    let mut screen = Screen::new(Box::new(MemoryPanel::new(size)), preview.theme());
    let sights = preview.sights(&"fr".parse().unwrap(), &Attributes::new());
    screen.show(&sights.iter().find(|sight| sight.name == "thanks").unwrap().view).unwrap();
    assert_eq!(seen.pixels(), screen.frame().pixels());
}

#[test]
fn what_is_wrong_is_told_and_shown_all_the_same() {
    let (out, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for entry in fs::read_dir(demo("retailer")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let file = folder.path().join("see-you-soon.toml");
    let text = fs::read_to_string(&file).unwrap().replace("À bientôt", "À bientôt \u{1f980}");
    fs::write(&file, text).unwrap();
    let shot = Shot { folder: folder.path().to_owned(), looks: vec![demo("campaigns")], ..shot(&out) };
    let Taken { tiles, problems, .. } = shot.take().unwrap();
    assert_eq!(tiles.len(), 18);
    assert_eq!(problems.len(), 1, "once for both looks: {problems:?}");
    assert!(problems[0].to_string().contains("see-you-soon.toml:"), "{problems:?}");
    assert!(shot.sheet.exists());
}

#[test]
fn what_cannot_be_shown_at_all_is_an_error_that_names_it() {
    let out = TempDir::new().unwrap();
    let refused = |shot: Shot| touchpoint_agent::chain(&shot.take().unwrap_err()).to_string();
    let nowhere = refused(Shot { folder: PathBuf::from("/nowhere"), ..shot(&out) });
    assert!(nowhere.starts_with("/nowhere cannot be shown: cannot read the campaign folder /nowhere"), "{nowhere}");
    let klingon = refused(Shot { languages: vec!["tlh".parse().unwrap()], ..shot(&out) });
    assert_eq!(klingon, "nothing is said in tlh; there is de, en, fr");
    let many = refused(Shot { looks: vec![demo("campaigns"); 80], ..shot(&out) });
    assert_eq!(many, "729 pictures are over 600: choose languages, sizes, readers or looks");
    let unkept = refused(Shot { sheet: PathBuf::from("/nowhere/sheet.png"), ..shot(&out) });
    assert!(unkept.starts_with("cannot write /nowhere/sheet.png"), "{unkept}");
}
