//! What must look as it did: texts and pictures kept in `tests/golden/`.
//!
//! `TOUCHPOINT_BLESS=1` renews them; the difference is then in the commit, where a person looks at it.

use crate::workspace;
use std::{
    env, fs,
    path::{Path, PathBuf},
};
use touchpoint_display::{Limits, Picture};

/// Set to take what is seen for what is wanted.
const BLESS: &str = "TOUCHPOINT_BLESS";

/// What differs in a difference picture; the rest is the golden picture, paler.
const DIFFERENT: [u8; 3] = [255, 0, 0];

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
    let name = seen.file_name().expect("a file").to_str().expect("a name of ours");
    let golden = golden(name);
    let bytes = fs::read(seen).unwrap();
    if env::var_os(BLESS).is_some() {
        fs::write(golden, bytes).unwrap();
        return None;
    }
    let decode = |bytes: &[u8]| Picture::decode(bytes, Limits::default()).unwrap();
    let wanted = decode(&fs::read(&golden).unwrap_or_else(|error| missing(&golden, &error)));
    let seen = decode(&bytes);
    if wanted.size() != seen.size() {
        return Some(format!("{name} is {}, not {}", seen.size(), wanted.size()));
    }
    let differing = wanted.pixels().iter().zip(seen.pixels()).filter(|(one, other)| one != other).count();
    (differing > 0).then(|| {
        let shown = show_difference(name, &wanted, &seen);
        format!("{name} differs in {differing} pixels, red in {}; {BLESS}=1 renews it", shown.display())
    })
}

/// The golden pictures there are, by file name.
pub fn pictures() -> Vec<String> {
    let files = workspace::files(&folder()).into_iter().filter(|path| path.extension().is_some_and(|own| own == "png"));
    files.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
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

fn show_difference(name: &str, wanted: &Picture, seen: &Picture) -> PathBuf {
    let folder = workspace::root().join("target/golden-diff");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let pale = |pixel: u32| {
        let [_, red, green, blue] = pixel.to_be_bytes();
        [red, green, blue].map(|channel| 192 + channel / 4)
    };
    let pixels = wanted.pixels().iter().zip(seen.pixels());
    let rgb: Vec<u8> = pixels.flat_map(|(one, other)| if one == other { pale(*one) } else { DIFFERENT }).collect();
    let file = fs::File::create(&path).unwrap();
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), wanted.size().width, wanted.size().height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
    path
}
