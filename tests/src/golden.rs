//! What must look as it did: texts and pictures kept in `tests/golden/`.
//!
//! `TOUCHPOINT_BLESS=1` renews them; the difference is then in the commit, where a person looks at it.

use crate::workspace;
use std::{
    env, fs,
    path::{Path, PathBuf},
};
use touchpoint_display::{Limits, Picture, Size};

/// Set to take what is seen for what is wanted.
const BLESS: &str = "TOUCHPOINT_BLESS";

/// The folder of the golden screens.
const SCREENS: &str = "screens";

/// What differs, in a difference picture; the rest is the golden picture, paler.
const DIFFERENT: u32 = 0xffff_0000;

/// Between the three parts of a difference picture, in pixels.
const GAP: u32 = 8;

/// Compares a text with the golden one of this name.
///
/// # Panics
/// They differ; shows both.
pub fn text(name: &str, seen: &str) {
    let golden = golden(name);
    if env::var_os(BLESS).is_some() {
        return fs::write(golden, seen).unwrap();
    }
    let wanted = fs::read_to_string(&golden).unwrap_or_else(|error| missing(&golden, &error));
    assert!(wanted == seen, "{} differs; wanted:\n{wanted}\nseen:\n{seen}\n{BLESS}=1 renews it", golden.display());
}

/// Compares a picture, pixel for pixel, with the golden one of the same file name. Returns the difference, if there is one, with
/// the picture that shows it.
pub fn picture(seen: &Path) -> Option<String> {
    compare(seen.file_name().expect("a file").to_str().expect("a name of ours"), &fs::read(seen).unwrap())
}

/// The same for a screen that is in no file: its name is that below `screens`, without the ending.
pub fn screen(name: &str, bytes: &[u8]) -> Option<String> {
    compare(&format!("{SCREENS}/{name}.png"), bytes)
}

/// The same for a test pattern: its name is that below `patterns`, without the ending.
pub fn pattern(name: &str, bytes: &[u8]) -> Option<String> {
    compare(&format!("patterns/{name}.png"), bytes)
}

/// The golden pictures there are, by file name.
pub fn pictures() -> Vec<String> {
    names(&folder())
}

/// The golden screens there are, by name.
pub fn screens() -> Vec<String> {
    let names = names(&golden(SCREENS));
    let mut names: Vec<String> = names.iter().map(|name| name.trim_end_matches(".png").to_owned()).collect();
    names.sort();
    names
}

/// Removes the golden screens of names that are no longer shown, if they are to be renewed.
pub fn forget_screens(shown: &[&str]) {
    if env::var_os(BLESS).is_some() {
        for name in screens().iter().filter(|name| !shown.contains(&name.as_str())) {
            fs::remove_file(golden(&format!("{SCREENS}/{name}.png"))).unwrap();
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let files = workspace::files(folder).into_iter();
    let own = files.filter(|path| path.parent() == Some(folder) && path.extension().is_some_and(|own| own == "png"));
    own.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

fn compare(name: &str, bytes: &[u8]) -> Option<String> {
    let golden = golden(name);
    if env::var_os(BLESS).is_some() {
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        // They are kept for years, so they are packed tighter than a device would.
        let picture = decode(bytes);
        write_png(&golden, picture.size(), picture.pixels(), png::Compression::High);
        return None;
    }
    let wanted = decode(&fs::read(&golden).unwrap_or_else(|error| missing(&golden, &error)));
    let seen = decode(bytes);
    if wanted.size() != seen.size() {
        return Some(format!("{name} is {}, not {}", seen.size(), wanted.size()));
    }
    let differing = wanted.pixels().iter().zip(seen.pixels()).filter(|(one, other)| one != other).count();
    (differing > 0).then(|| {
        let shown = show_difference(name, &wanted, &seen);
        format!("{name} differs in {differing} pixels, see {}; {BLESS}=1 renews it", shown.display())
    })
}

fn golden(name: &str) -> PathBuf {
    folder().join(name)
}

fn folder() -> PathBuf {
    workspace::root().join("tests/golden")
}

fn missing(golden: &Path, error: &std::io::Error) -> ! {
    panic!("{}: {error}; {BLESS}=1 makes it", golden.display())
}

fn decode(bytes: &[u8]) -> Picture {
    // Upright panels too.
    Picture::decode(bytes, Limits { size: Size::new(1920, 1920), ..Limits::default() }).unwrap()
}

fn write_png(path: &Path, size: Size, pixels: &[u32], compression: png::Compression) {
    let rgb: Vec<u8> = pixels.iter().flat_map(|pixel| pixel.to_be_bytes().into_iter().skip(1)).collect();
    let file = fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), size.width, size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(compression);
    encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
}

/// Writes three pictures side by side: the golden one, what was seen, and in red where they differ.
fn show_difference(name: &str, wanted: &Picture, seen: &Picture) -> PathBuf {
    let path = workspace::root().join("target/golden-diff").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let pale = |pixel: u32| u32::from_be_bytes(pixel.to_be_bytes().map(|channel| 192 + channel / 4));
    let both = wanted.pixels().iter().zip(seen.pixels());
    let marked: Vec<u32> = both.map(|(one, other)| if one == other { pale(*one) } else { DIFFERENT }).collect();

    let size = wanted.size();
    let parts = [wanted.pixels(), seen.pixels(), &marked].map(|pixels| pixels.chunks_exact(size.width as usize));
    let [mut left, mut middle, mut right] = parts;
    let gap = [DIFFERENT; GAP as usize];
    let mut pixels = Vec::new();
    while let (Some(one), Some(two), Some(three)) = (left.next(), middle.next(), right.next()) {
        pixels.extend([one, &gap, two, &gap, three].into_iter().flatten());
    }
    let size = Size::new(size.width * 3 + GAP * 2, size.height);
    write_png(&path, size, &pixels, png::Compression::Fast);
    path
}
