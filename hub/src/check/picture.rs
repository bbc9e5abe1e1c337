//! Picture files beside the campaigns, decoded once to see that a device can.

use std::{fs, io, path::Path};
use touchpoint_display::{Limits, Picture, PictureError, Size};
use touchpoint_protocol::{campaign::PanelSize, limits};

/// Largest side of a picture that is decoded at all, in pixels: no panel in use has more, and the memory it takes stays bounded.
const LARGEST: u32 = 1 << 12;

/// Reads a file of at most so many bytes.
pub(super) fn read(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    let unreadable = |error: io::Error| format!("{} cannot be read: {error}", name(path));
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > most as u64 {
        return Err(format!("{} has {size} bytes, over {most}", name(path)));
    }
    fs::read(path).map_err(unreadable)
}

/// Decodes a campaign's picture. One that is only too large for this panel is a picture all the same, and has a problem.
pub(super) fn decode(path: &Path, bytes: &[u8], panel: PanelSize) -> Result<(Picture, Option<String>), String> {
    let limits = Limits { bytes: limits::PICTURE, size: Size::new_equal(LARGEST) };
    let picture = taken(path, Picture::decode(bytes, limits))?;
    let (found, limit) = (picture.size(), Size::new(panel.width, panel.height));
    let fits = found.width <= limit.width && found.height <= limit.height;
    let problem = (!fits).then(|| taken::<()>(path, Err(PictureError::Size { found, limit }))).and_then(Result::err);
    Ok((picture, problem))
}

/// What was decoded, or why it could not be, with the file's name.
pub(super) fn taken<T>(path: &Path, decoded: Result<T, PictureError>) -> Result<T, String> {
    decoded.map_err(|error| format!("{}: {}", name(path), crate::problem::chain(&error)))
}

fn name(path: &Path) -> impl std::fmt::Display {
    path.file_name().unwrap_or_default().display()
}
