//! The picture in memory: what every panel shows is copied from here.
//!
//! Drawing goes through `embedded-graphics`; fills are row copies. Blending needs to read what is already there, which
//! a `DrawTarget` cannot, and must not happen in slow video memory, so it is the frame's own.

use std::{convert::Infallible, io::Write, sync::Arc};

use embedded_graphics::{
    Pixel,
    draw_target::DrawTarget,
    geometry::{Dimensions, OriginDimensions, Point, Size},
    pixelcolor::Rgb888,
    primitives::Rectangle,
};

use crate::{damage::Damage, picture::Picture, rgb565, theme::Colour, turned::Turned};

/// XRGB8888 pixels in rows from the top left, with the list of what changed since it was last asked for.
///
/// The X byte is 0 in a pixel never drawn and 0xff in every other.
///
/// A clone costs next to nothing: the pixels are copied when either of the two is drawn on while the other is still there.
#[derive(Debug, Clone)]
pub struct Frame {
    size: Size,
    pixels: Arc<[u32]>,
    damage: Damage,
    /// What may be drawn on: all but within [`Frame::within`].
    clip: Rectangle,
}

/// A frame that could not be written as a PNG.
#[derive(Debug, thiserror::Error)]
#[error("frame of {}x{} pixels cannot be encoded as PNG", size.width, size.height)]
pub struct EncodeError {
    /// Size of the frame.
    pub size: Size,
    #[source]
    source: png::EncodingError,
}

impl Frame {
    /// A frame on which nothing is drawn yet.
    #[must_use]
    pub fn new(size: Size) -> Self {
        let pixels = std::iter::repeat_n(0, size.width as usize * size.height as usize).collect();
        Self { size, pixels, damage: Damage::default(), clip: Rectangle::new(Point::zero(), size) }
    }

    /// Width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.size
    }

    /// All pixels, `0xXXrrggbb`, row by row from the top left without padding.
    #[must_use]
    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// The pixels of each row within `area`, from the top; what of it lies outside the frame is left out.
    pub fn rows(&self, area: Rectangle) -> impl Iterator<Item = &[u32]> {
        let area = self.visible(&area);
        (0..area.size.height).map(move |row| &self.pixels[self.span(area, row)])
    }

    /// Copies `area` to where it stands in the raster of a panel that is turned so, of `stride` pixels a row; what either of the two
    /// lacks is left out.
    pub fn copy_rows(&self, area: Rectangle, turned: Turned, to: &mut [u32], stride: usize) {
        self.carry(area, turned, to, stride, <[u32]>::copy_from_slice);
    }

    /// The same into a raster of 16 bits a pixel, see [`rgb565`](rgb565::rgb565).
    pub fn copy_rows_rgb565(&self, area: Rectangle, turned: Turned, to: &mut [u16], stride: usize) {
        self.carry(area, turned, to, stride, rgb565::convert);
    }

    /// Hands over the rectangles that cover every pixel changed since the last call, and forgets them.
    #[must_use]
    pub fn take_damage(&mut self) -> Vec<Rectangle> {
        self.damage.take()
    }

    /// Lets `draw` change what lies within `area`, and nothing else.
    pub(crate) fn within(&mut self, area: Rectangle, draw: impl FnOnce(&mut Self)) {
        let area = self.visible(&area);
        let before = std::mem::replace(&mut self.clip, area);
        draw(self);
        self.clip = before;
    }

    /// Replaces every pixel, rows from the top left.
    pub(crate) fn overwrite(&mut self, write: impl FnOnce(&mut [u32])) {
        write(Arc::make_mut(&mut self.pixels));
        self.damage_all();
    }

    /// Takes every pixel as changed.
    pub(crate) fn damage_all(&mut self) {
        self.damage.add(self.bounding_box());
    }

    /// Lays `colour` over the frame through a mask of coverages (0 to 255, rows of `size.width`), its top left at `at`.
    /// What falls outside the frame, or what the mask is too short for, is left out.
    pub fn blend_mask(&mut self, at: Point, size: Size, mask: &[u8], colour: Colour) {
        let area = self.visible(&Rectangle::new(at, size));
        let ink = colour.pixel();
        self.blend_rows(at, size, mask, area, |pixel, coverage| *pixel = over(*pixel, ink, coverage));
    }

    /// Lays a picture over the frame, its top left at `at`, through its own transparency.
    pub fn blit(&mut self, at: Point, picture: &Picture) {
        let area = self.visible(&Rectangle::new(at, picture.size()));
        if picture.is_opaque() {
            let skip = (area.top_left - at).x.unsigned_abs() as usize;
            let first = (area.top_left - at).y.unsigned_abs() as usize;
            let rows = picture.pixels().chunks_exact(picture.size().width.max(1) as usize).skip(first);
            for (row, source) in self.rows_mut(area).zip(rows) {
                row.copy_from_slice(&source[skip..skip + row.len()]);
            }
            self.damage.add(area);
        } else {
            self.blend_rows(at, picture.size(), picture.pixels(), area, |pixel, ink| {
                *pixel = over(*pixel, ink, ink.to_be_bytes()[0]);
            });
        }
    }

    /// A number that differs, but for chance, between two different pictures; the same on every machine.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        /// FNV-1a's 64-bit basis and prime (draft-eastlake-fnv). Four lanes, because one waits for each multiplication.
        const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let stir = |hash: u64, value: u64| (hash ^ value).wrapping_mul(PRIME).rotate_left(23);
        let mut lanes = [BASIS; 4];
        let mut blocks = self.pixels.chunks_exact(8);
        for block in &mut blocks {
            for (lane, pair) in lanes.iter_mut().zip(block.chunks_exact(2)) {
                *lane = stir(*lane, u64::from(pair[0]) << 32 | u64::from(pair[1]));
            }
        }
        let rest = blocks.remainder().iter().map(|pixel| u64::from(*pixel));
        let size = u64::from(self.size.width) << 32 | u64::from(self.size.height);
        lanes.into_iter().chain(rest).fold(stir(BASIS, size), stir)
    }

    /// The part of an area that can be drawn on. `intersection` leaves an area without pixels where it was, even
    /// outside; here it is empty in both directions.
    pub(crate) fn visible(&self, area: &Rectangle) -> Rectangle {
        let visible = self.clip.intersection(area);
        if visible.is_zero_sized() { Rectangle::new(area.top_left, Size::zero()) } else { visible }
    }

    /// Hands each row that `area` has on a panel to `copy`, with its place in a raster of `stride` elements a row.
    fn carry<T>(&self, area: Rectangle, turned: Turned, to: &mut [T], stride: usize, copy: impl Fn(&mut [T], &[u32])) {
        let area = self.visible(&area);
        let place = turned.area(area, self.size);
        let (left, top) = (place.top_left.x.unsigned_abs() as usize, place.top_left.y.unsigned_abs() as usize);
        let width = place.size.width as usize;
        let places = to.chunks_mut(stride.max(1)).skip(top).filter_map(|row| row.get_mut(left..left + width));
        let mut gathered = Vec::new();
        for (to, down) in places.zip(0..place.size.height) {
            copy(to, self.row_of_panel(area, turned, down, &mut gathered));
        }
    }

    /// The pixels of `area`, which lies within the frame, that stand in the given row of it on a panel: where they are, or gathered.
    fn row_of_panel<'a>(&'a self, area: Rectangle, turned: Turned, down: u32, gathered: &'a mut Vec<u32>) -> &'a [u32] {
        let Size { width, height } = area.size;
        let line = |index| &self.pixels[self.span(area, index)];
        let column = |at: u32| move |line: &[u32]| line[at as usize];
        // Gathered row by row, and not scattered over the panel: video memory is slow, and slowest out of order.
        gathered.clear();
        match turned {
            Turned::Not => return line(down),
            Turned::Right => gathered.extend((0..height).map(line).map(column(width - 1 - down))),
            Turned::Over => gathered.extend(line(height - 1 - down).iter().rev()),
            Turned::Left => gathered.extend((0..height).rev().map(line).map(column(down))),
        }
        gathered
    }

    /// The pixels of each row within `area`, which lies within the frame, to be drawn on.
    fn rows_mut(&mut self, area: Rectangle) -> impl Iterator<Item = &mut [u32]> {
        let (left, top) = (area.top_left.x.unsigned_abs() as usize, area.top_left.y.unsigned_abs() as usize);
        let (width, height) = (area.size.width as usize, area.size.height as usize);
        // Asked once an area and not once a row whether the pixels are shared: a glyph has many rows, and few pixels.
        let rows = Arc::make_mut(&mut self.pixels).chunks_exact_mut(self.size.width.max(1) as usize);
        rows.skip(top).take(height).map(move |row| &mut row[left..left + width])
    }

    /// Where the given row of `area`, which lies within the frame, stands in `pixels`.
    fn span(&self, area: Rectangle, row: u32) -> std::ops::Range<usize> {
        let x = area.top_left.x.unsigned_abs() as usize;
        let y = area.top_left.y.unsigned_abs() as usize + row as usize;
        let start = y * self.size.width as usize + x;
        start..start + area.size.width as usize
    }

    /// Applies `blend` to every pixel of `area` and the value that `source`, a raster of `size` at `at`, has for it.
    fn blend_rows<T: Copy>(
        &mut self,
        at: Point,
        size: Size,
        source: &[T],
        area: Rectangle,
        blend: impl Fn(&mut u32, T),
    ) {
        if area.is_zero_sized() {
            return;
        }
        let offset = area.top_left - at;
        let (skip, first) = (offset.x.unsigned_abs() as usize, offset.y.unsigned_abs() as usize);
        let rows = source.chunks_exact(size.width as usize).skip(first);
        for (row, values) in self.rows_mut(area).zip(rows) {
            for (pixel, value) in row.iter_mut().zip(&values[skip..]) {
                blend(pixel, *value);
            }
        }
        self.damage.add(area);
    }
}

/// Encodes the whole frame as an 8-bit RGB PNG.
///
/// # Errors
/// The frame has no pixels.
pub fn encode_png(frame: &Frame) -> Result<Vec<u8>, EncodeError> {
    let size = frame.size();
    let write = || {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size.width, size.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let mut header = encoder.write_header()?;
        // Row by row: a second copy of the picture would cost as much memory as the frame.
        let mut writer = header.stream_writer()?;
        let mut line = Vec::with_capacity(size.width as usize * 3);
        for row in frame.pixels().chunks_exact(size.width.max(1) as usize) {
            line.clear();
            line.extend(row.iter().flat_map(|pixel| {
                let [_, red, green, blue] = pixel.to_be_bytes();
                [red, green, blue]
            }));
            writer.write_all(&line)?;
        }
        writer.finish()?;
        header.finish()?;
        Ok(bytes)
    };
    write().map_err(|source| EncodeError { size, source })
}

impl OriginDimensions for Frame {
    fn size(&self) -> Size {
        self.size
    }
}

impl DrawTarget for Frame {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            self.fill_solid(&Rectangle::new(at, Size::new_equal(1)), colour)?;
        }
        Ok(())
    }

    fn fill_contiguous<I: IntoIterator<Item = Rgb888>>(
        &mut self,
        area: &Rectangle,
        colours: I,
    ) -> Result<(), Infallible> {
        let visible = self.visible(area);
        let left = (visible.top_left - area.top_left).x.unsigned_abs() as usize;
        let top = (visible.top_left - area.top_left).y.unsigned_abs();
        let (mut colours, mut rows) = (colours.into_iter(), self.rows_mut(visible));
        for row in 0..area.size.height.min(top.saturating_add(visible.size.height)) {
            let mut colours = colours.by_ref().take(area.size.width as usize);
            if row >= top {
                for (pixel, colour) in rows.next().into_iter().flatten().zip(colours.by_ref().skip(left)) {
                    *pixel = Colour::from(colour).pixel();
                }
            }
            // What the row has beyond the right edge; the next row starts after it.
            colours.for_each(drop);
        }
        drop(rows);
        self.damage.add(visible);
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Infallible> {
        let visible = self.visible(area);
        let pixel = Colour::from(colour).pixel();
        self.rows_mut(visible).for_each(|row| row.fill(pixel));
        self.damage.add(visible);
        Ok(())
    }

    fn clear(&mut self, colour: Rgb888) -> Result<(), Infallible> {
        self.fill_solid(&self.bounding_box(), colour)
    }
}

/// `ink` over `ground` at the given coverage, rounded to the nearest. Red and blue are worked on together.
const fn over(ground: u32, ink: u32, coverage: u8) -> u32 {
    const RED_BLUE: u32 = 0x00ff_00ff;
    match coverage {
        0 => ground,
        255 => ink | 0xff00_0000,
        _ => {
            let (share, rest) = (coverage as u32, 255 - coverage as u32);
            // (x + x/256 + 128) / 256 is x / 255 rounded, for all products of two bytes; no lane reaches 65536.
            let sum = (ink & RED_BLUE) * share + (ground & RED_BLUE) * rest + 0x0080_0080;
            let red_blue = (sum + ((sum >> 8) & RED_BLUE)) >> 8 & RED_BLUE;
            let sum = (ink >> 8 & 0xff) * share + (ground >> 8 & 0xff) * rest + 0x80;
            let green = (sum + (sum >> 8)) & 0xff00;
            0xff00_0000 | red_blue | green
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use embedded_graphics::primitives::PointsIter;
    use proptest::prelude::*;

    use super::*;

    const RED: Colour = Colour([255, 0, 0]);
    const BLUE: Colour = Colour([0, 0, 255]);

    fn area(x: i32, y: i32, width: u32, height: u32) -> Rectangle {
        Rectangle::new(Point::new(x, y), Size::new(width, height))
    }

    #[test]
    fn fills_reach_exactly_their_area_and_are_clipped_at_every_edge() {
        for hole in [area(2, 1, 3, 2), area(-2, -2, 5, 4), area(6, 3, 9, 9), area(-5, 1, 20, 1), area(30, 30, 2, 2)] {
            let mut frame = Frame::new(Size::new(8, 5));
            frame.fill_solid(&hole, RED.into()).unwrap();
            let mut copied = Frame::new(Size::new(8, 5));
            copied.fill_contiguous(&hole, std::iter::repeat_n(RED.into(), 400)).unwrap();
            for (index, pixel) in frame.pixels().iter().enumerate() {
                let inside = hole.contains(Point::new(index as i32 % 8, index as i32 / 8));
                assert_eq!(*pixel, if inside { RED.pixel() } else { 0 }, "{hole:?} at {index}");
            }
            assert_eq!(frame.pixels(), copied.pixels());
            assert_eq!(frame.take_damage(), copied.take_damage());
        }
    }

    #[test]
    fn a_contiguous_fill_keeps_its_rows_when_it_is_clipped() {
        let mut frame = Frame::new(Size::new(4, 4));
        let colours = (0..36).map(|n| Colour([n, 0, 0]).into());
        frame.fill_contiguous(&area(-1, -2, 6, 6), colours).unwrap();
        let reds: Vec<u8> = frame.pixels().iter().map(|pixel| pixel.to_be_bytes()[1]).collect();
        assert_eq!(reds, [13, 14, 15, 16, 19, 20, 21, 22, 25, 26, 27, 28, 31, 32, 33, 34]);
    }

    #[test]
    fn blending_follows_the_mask_and_only_damages_what_it_touched() {
        let mut frame = Frame::new(Size::new(4, 2));
        frame.clear(BLUE.into()).unwrap();
        assert_eq!(frame.take_damage(), [area(0, 0, 4, 2)]);
        frame.blend_mask(Point::new(-1, 0), Size::new(4, 1), &[255, 0, 128, 255], RED);
        assert_eq!(frame.pixels()[..4], [0xff00_00ff, 0xff80_007f, 0xffff_0000, 0xff00_00ff]);
        assert_eq!(frame.take_damage(), [area(0, 0, 3, 1)]);
    }

    #[test]
    fn nothing_is_drawn_outside_the_part_that_may_be_drawn_on() {
        let mut frame = Frame::new(Size::new(6, 3));
        frame.within(area(1, 1, 3, 9), |frame| {
            frame.clear(RED.into()).unwrap();
            frame.within(area(0, 0, 3, 3), |frame| frame.blend_mask(Point::zero(), Size::new(6, 2), &[255; 12], BLUE));
        });
        let [red, blue] = [RED, BLUE].map(Colour::pixel);
        assert_eq!(frame.pixels()[6..], [0, blue, blue, red, 0, 0, 0, red, red, red, 0, 0]);
        assert_eq!(frame.pixels()[..6], [0; 6]);
        assert_eq!(frame.take_damage(), [area(1, 1, 3, 2)]);
        frame.clear(RED.into()).unwrap();
        assert!(frame.pixels().iter().all(|pixel| *pixel == red));
    }

    #[test]
    fn full_coverage_of_any_colour_by_itself_changes_nothing() {
        for coverage in 0..=255 {
            for value in [0, 1, 127, 128, 254, 255] {
                let pixel = Colour([value, value, value]).pixel();
                assert_eq!(over(pixel, pixel, coverage), pixel);
            }
        }
    }

    #[test]
    fn rows_are_copied_to_their_place_in_a_longer_raster_and_no_further() {
        let mut frame = Frame::new(Size::new(4, 3));
        frame.fill_solid(&area(1, 1, 3, 2), RED.into()).unwrap();
        let mut raster = [9; 14];
        frame.copy_rows(area(2, 1, 9, 9), Turned::Not, &mut raster, 5);
        let red = RED.pixel();
        assert_eq!(raster, [9, 9, 9, 9, 9, 9, 9, red, red, 9, 9, 9, red, red]);
        let mut narrow = [9; 12];
        frame.copy_rows_rgb565(area(0, 1, 2, 1), Turned::Not, &mut narrow, 4);
        assert_eq!(narrow, [9, 9, 9, 9, 0, 0xf800, 9, 9, 9, 9, 9, 9]);
        frame.copy_rows(area(0, 0, 4, 3), Turned::Not, &mut [], 0);
    }

    proptest! {
        #[test]
        fn on_a_turned_panel_each_pixel_lies_where_its_area_alone_would(
            (width, height) in (1_u32..12, 1_u32..12),
            (x, y, wide, high) in (-3..12_i32, -3..12_i32, 0..14_u32, 0..14_u32),
            turned in prop::sample::select(vec![Turned::Not, Turned::Right, Turned::Over, Turned::Left]),
        ) {
            let mut frame = Frame::new(Size::new(width, height));
            frame.overwrite(|pixels| pixels.iter_mut().zip(1..).for_each(|(pixel, number)| *pixel = number));
            let (panel, changed) = (turned.across(frame.size()), area(x, y, wide, high));
            // Longer rows than the panel's, as drivers have them.
            let stride = panel.width as usize + 3;
            let mut glass = vec![0; stride * panel.height as usize];
            frame.copy_rows(changed, turned, &mut glass, stride);
            for at in frame.bounding_box().points() {
                let place = turned.area(Rectangle::new(at, Size::new_equal(1)), frame.size()).top_left;
                let shown = std::mem::take(&mut glass[place.y as usize * stride + place.x as usize]);
                let expected = frame.pixels()[at.y as usize * width as usize + at.x as usize];
                prop_assert_eq!(shown, if changed.contains(at) { expected } else { 0 });
            }
            prop_assert!(glass.iter().all(|pixel| *pixel == 0), "beside the panel");
        }
    }

    #[test]
    fn a_clone_stays_as_it_was_when_the_frame_is_drawn_on_and_its_pixels_are_shared_until_then() {
        let mut frame = Frame::new(Size::new(4, 3));
        let clone = frame.clone();
        assert!(std::ptr::eq(clone.pixels(), frame.pixels()));
        frame.fill_solid(&area(1, 1, 3, 2), RED.into()).unwrap();
        assert_eq!((clone.pixels()[5], frame.pixels()[5]), (0, RED.pixel()));
    }

    #[test]
    fn the_checksum_tells_pictures_and_sizes_apart() {
        let mut frame = Frame::new(Size::new(9, 3));
        let before = frame.checksum();
        frame.fill_solid(&area(8, 2, 1, 1), RED.into()).unwrap();
        assert_ne!(frame.checksum(), before);
        assert_ne!(Frame::new(Size::new(3, 9)).checksum(), before);
    }

    #[test]
    fn a_png_of_a_frame_reads_back_as_the_same_picture() {
        let mut frame = Frame::new(Size::new(5, 3));
        frame.clear(BLUE.into()).unwrap();
        frame.fill_solid(&area(1, 1, 2, 1), RED.into()).unwrap();
        let picture = Picture::decode(&encode_png(&frame).unwrap(), crate::Limits::default()).unwrap();
        assert_eq!(picture.pixels(), frame.pixels());
        assert!(encode_png(&Frame::new(Size::zero())).is_err());
    }
}
