//! All screens on one sheet, small, so that a person sees at a glance what changed.

use touchpoint_display::{EncodeError, Frame, Limits, Picture, Point, Size, encode_png};

/// Screens beside each other.
const COLUMNS: u32 = 6;
/// Room for each, in pixels.
const CELL: Size = Size::new(340, 256);

/// A PNG with every screen, row by row.
///
/// # Errors
/// There are no screens.
pub(crate) fn sheet<'a>(screens: impl ExactSizeIterator<Item = &'a Frame>) -> Result<Vec<u8>, EncodeError> {
    let rows = (screens.len() as u32).div_ceil(COLUMNS);
    let mut sheet = Frame::new(Size::new(CELL.width * COLUMNS, CELL.height * rows));
    for (index, screen) in (0..).zip(screens) {
        let at = Point::new((index % COLUMNS * CELL.width) as i32, (index / COLUMNS * CELL.height) as i32);
        sheet.blit(at + Point::new_equal(4), &shrunk(screen));
    }
    encode_png(&sheet)
}

/// A screen, small enough for its cell; each pixel the mean of those it stands for.
fn shrunk(screen: &Frame) -> Picture {
    let size = screen.size();
    let by = (size.width.div_ceil(CELL.width - 8)).max(size.height.div_ceil(CELL.height - 8));
    let small = Size::new(size.width / by, size.height / by);
    let mut rgb = Vec::new();
    for (y, x) in (0..small.height).flat_map(|y| (0..small.width).map(move |x| (y, x))) {
        let inside = (0..by * by).map(|n| (y * by + n / by) * size.width + x * by + n % by);
        let sum = inside.fold([0_u32; 3], |sum, index| {
            let [_, red, green, blue] = screen.pixels()[index as usize].to_be_bytes().map(u32::from);
            [sum[0] + red, sum[1] + green, sum[2] + blue]
        });
        rgb.extend(sum.map(|channel| (channel / (by * by)) as u8));
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, small.width, small.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
    Picture::decode(&bytes, Limits::default()).unwrap()
}
