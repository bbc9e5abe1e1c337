//! An illustration, decoded once when a message is accepted. What is refused here never reaches the glass.

use std::io::Cursor;

use embedded_graphics::geometry::Size;

use crate::frame::Frame;

/// Decoded pixels of an illustration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    /// `0xaarrggbb`, rows from the top left; alpha is not multiplied in.
    pixels: Vec<u32>,
    opaque: bool,
}

/// How large a picture may be, before and after decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most encoded bytes.
    pub bytes: usize,
    /// Most pixels in width and in height.
    pub size: Size,
}

/// Why a picture is refused.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file is too large.
    #[error("picture has {found} bytes, at most {limit} are allowed")]
    Bytes {
        /// Encoded bytes.
        found: usize,
        /// Most that are allowed.
        limit: usize,
    },
    /// The picture would be too large in memory; nothing of it was decoded.
    #[error("picture has {}x{} pixels, at most {}x{} are allowed", found.width, found.height, limit.width, limit.height)]
    Size {
        /// Pixels as the file announces them.
        found: Size,
        /// Most that are allowed.
        limit: Size,
    },
    /// Several frames. A moving picture distracts from the transaction, and half of it would be shown.
    #[error("picture is animated")]
    Animated,
    /// No PNG, cut short, or damaged.
    #[error("picture is not a readable PNG")]
    Decode(#[source] png::DecodingError),
}

impl Default for Limits {
    /// 2 MiB and full HD: what a message may carry and what the largest usual kiosk panel can show.
    fn default() -> Self {
        Self { bytes: 2 * 1024 * 1024, size: Size::new(1920, 1080) }
    }
}

impl Picture {
    /// Decodes a PNG of any colour type. Its dimensions are checked before memory is set aside for them.
    ///
    /// # Errors
    /// The picture breaks a limit, is animated, or is not a whole PNG.
    pub fn decode(bytes: &[u8], limits: Limits) -> Result<Self, PictureError> {
        if bytes.len() > limits.bytes {
            return Err(PictureError::Bytes { found: bytes.len(), limit: limits.bytes });
        }
        // Twice a full picture with 16-bit channels: rows and profiles while decoding, not a second picture.
        let memory = limits.size.width as usize * limits.size.height as usize * 16;
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: memory });
        decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::STRIP_16);
        decoder.set_ignore_text_chunk(true);
        let info = decoder.read_header_info().map_err(PictureError::Decode)?;
        let size = Size::new(info.width, info.height);
        if size.width > limits.size.width || size.height > limits.size.height {
            return Err(PictureError::Size { found: size, limit: limits.size });
        }
        let mut reader = decoder.read_info().map_err(PictureError::Decode)?;
        if reader.info().is_animated() {
            return Err(PictureError::Animated);
        }
        let mut pixels = Vec::with_capacity(size.width as usize * size.height as usize);
        read_pixels(&mut reader, &mut pixels).map_err(PictureError::Decode)?;
        Ok(Self::new(size, pixels))
    }

    /// Width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.size
    }

    /// Pixels as `0xaarrggbb`, rows from the top left.
    #[must_use]
    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// Whether nothing shines through anywhere.
    #[must_use]
    pub const fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// The same picture in another size, each new pixel the mean of the area it stands for.
    #[must_use]
    pub fn scaled(&self, size: Size) -> Self {
        if size == self.size {
            return self.clone();
        }
        let columns = shares(self.size.width, size.width);
        let rows = shares(self.size.height, size.height);
        let mut pixels = Vec::with_capacity(columns.len() * rows.len());
        for row in &rows {
            for column in &columns {
                pixels.push(self.mean(column, row));
            }
        }
        Self::new(size, pixels)
    }

    /// A picture of one colour.
    #[cfg(test)]
    pub(crate) fn plain(size: Size, pixel: u32) -> Self {
        Self::new(size, vec![pixel; size.width as usize * size.height as usize])
    }

    fn new(size: Size, pixels: Vec<u32>) -> Self {
        let opaque = pixels.iter().all(|pixel| pixel >> 24 == 0xff);
        Self { size, pixels, opaque }
    }

    /// Mean of the pixels in the given columns and rows, weighted by their shares and their alpha.
    fn mean(&self, column: &Share, row: &Share) -> u32 {
        let (mut sum, mut alpha, mut total) = ([0_u64; 3], 0, 0);
        for (y, row_weight) in row.weights() {
            let line = &self.pixels[y * self.size.width as usize..];
            for (x, column_weight) in column.weights() {
                let [a, red, green, blue] = line[x].to_be_bytes().map(u64::from);
                let weight = row_weight * column_weight;
                total += weight;
                alpha += weight * a;
                for (channel, value) in sum.iter_mut().zip([red, green, blue]) {
                    *channel += weight * a * value;
                }
            }
        }
        // A weighted mean of bytes is a byte.
        let [red, green, blue] = sum.map(|value| ((value + alpha / 2).checked_div(alpha).unwrap_or(0)) as u8);
        u32::from_be_bytes([((alpha + total / 2) / total.max(1)) as u8, red, green, blue])
    }
}

impl From<&Frame> for Picture {
    /// What was drawn, to be shown smaller elsewhere.
    fn from(frame: &Frame) -> Self {
        Self::new(frame.size(), frame.pixels().to_vec())
    }
}

/// The source pixels that one target pixel stands for, along one axis, with weights in 256ths of a pixel.
struct Share {
    first: usize,
    /// Weights of the first and last source pixel; those between count 256.
    ends: (u64, u64),
    count: usize,
}

impl Share {
    fn weights(&self) -> impl Iterator<Item = (usize, u64)> {
        (0..self.count).map(|index| {
            let weight = match index {
                0 => self.ends.0,
                last if last + 1 == self.count => self.ends.1,
                _ => 256,
            };
            (self.first + index, weight)
        })
    }
}

/// Shares of every target pixel. Enlarging blends the two nearest pixels, shrinking averages all that are covered.
fn shares(from: u32, to: u32) -> Vec<Share> {
    let (from, to) = (u64::from(from), u64::from(to));
    // A window of one target pixel, but never narrower than one source pixel, centred and kept inside.
    let window = (from * 256 / to.max(1)).max(256);
    (0..to)
        .map(|index| {
            let centre = (2 * index + 1) * from * 128 / to;
            let start = centre.saturating_sub(window / 2).min(from * 256 - window.min(from * 256));
            let end = (start + window).min(from * 256);
            let (first, last) = (start / 256, (end - 1) / 256);
            let ends = if first == last { (256, 256) } else { (256 - start % 256, end - last * 256) };
            Share { first: first as usize, ends, count: (last - first + 1) as usize }
        })
        .collect()
}

fn read_pixels<R: std::io::BufRead + std::io::Seek>(
    reader: &mut png::Reader<R>,
    pixels: &mut Vec<u32>,
) -> Result<(), png::DecodingError> {
    let (colour, _) = reader.output_color_type();
    let length = reader.output_buffer_size().ok_or(png::DecodingError::LimitsExceeded)?;
    let mut raw = vec![0; length];
    reader.next_frame(&mut raw)?;
    reader.finish()?;
    if colour == png::ColorType::GrayscaleAlpha {
        pixels.extend(raw.chunks_exact(2).map(|grey| u32::from_be_bytes([grey[1], grey[0], grey[0], grey[0]])));
    } else {
        // The ALPHA transformation leaves grey with alpha or RGB with alpha, nothing else.
        pixels.extend(raw.chunks_exact(4).map(|rgba| u32::from_be_bytes([rgba[3], rgba[0], rgba[1], rgba[2]])));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png(width: u32, height: u32, colour: png::ColorType, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(colour);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        bytes
    }

    #[test]
    fn every_usual_colour_type_decodes() {
        let grey = Picture::decode(&png(2, 1, png::ColorType::Grayscale, &[7, 9]), Limits::default()).unwrap();
        assert_eq!(grey.pixels(), [0xff07_0707, 0xff09_0909]);
        let rgb = Picture::decode(&png(1, 1, png::ColorType::Rgb, &[1, 2, 3]), Limits::default()).unwrap();
        assert_eq!((rgb.pixels(), rgb.is_opaque()), (&[0xff01_0203][..], true));
        let rgba = Picture::decode(&png(1, 1, png::ColorType::Rgba, &[1, 2, 3, 4]), Limits::default()).unwrap();
        assert_eq!((rgba.pixels(), rgba.is_opaque()), (&[0x0401_0203][..], false));
    }

    #[test]
    fn a_picture_bomb_is_refused_by_its_header() {
        // A megabyte of one colour shrinks to almost nothing; the header tells before any of it is unpacked.
        let bomb = png(20_000, 100, png::ColorType::Grayscale, &vec![0; 2_000_000]);
        assert!(bomb.len() < 20_000);
        let error = Picture::decode(&bomb, Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "picture has 20000x100 pixels, at most 1920x1080 are allowed");
        // The same with nothing behind the header, and dimensions whose product overflows.
        let mut header = bomb[..33].to_vec();
        header[16..24].fill(0x7f);
        assert!(Picture::decode(&header, Limits::default()).is_err());
    }

    #[test]
    fn a_file_too_large_is_refused_unread() {
        let error = Picture::decode(&vec![0; 2 * 1024 * 1024 + 1], Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "picture has 2097153 bytes, at most 2097152 are allowed");
    }

    proptest! {
        #[test]
        fn no_file_makes_decoding_panic_or_break_a_limit(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let limits = Limits { bytes: 2048, size: Size::new(24, 24) };
            prop_assert!(Picture::decode(&bytes, limits).is_err());
            let mut damaged = png(16, 16, png::ColorType::Rgb, &(0..=255).cycle().take(768).collect::<Vec<u8>>());
            for (index, value) in changes {
                let at = index.index(damaged.len());
                damaged[at] = value;
            }
            if let Ok(picture) = Picture::decode(&damaged, limits) {
                prop_assert!(picture.size().width <= 24 && picture.size().height <= 24);
                prop_assert_eq!(picture.pixels().len() as u32, picture.size().width * picture.size().height);
            }
        }
    }

    #[test]
    fn a_picture_cut_short_anywhere_is_refused() {
        let whole = png(16, 16, png::ColorType::Rgb, &(0..=255).cycle().take(768).collect::<Vec<u8>>());
        assert!(Picture::decode(&whole, Limits::default()).is_ok());
        // The closing IEND chunk has 12 bytes and no pixels.
        for length in 0..whole.len() - 12 {
            let result = Picture::decode(&whole[..length], Limits::default());
            assert!(matches!(result, Err(PictureError::Decode(_))), "{length} of {} bytes", whole.len());
        }
        assert!(matches!(Picture::decode(b"GIF89a", Limits::default()), Err(PictureError::Decode(_))));
    }

    #[test]
    fn scaling_keeps_plain_areas_plain_and_averages_the_rest() {
        let plain = Picture::new(Size::new(7, 5), vec![0xff12_3456; 35]);
        for size in [Size::new(3, 2), Size::new(7, 5), Size::new(20, 31), Size::new(1, 1)] {
            let scaled = plain.scaled(size);
            assert_eq!(scaled.size(), size);
            assert!(scaled.pixels().iter().all(|pixel| *pixel == 0xff12_3456), "{size}");
        }
        let halves = Picture::new(Size::new(2, 1), vec![0xff00_0000, 0xffff_ffff]);
        assert_eq!(halves.scaled(Size::new(1, 1)).pixels(), [0xff80_8080]);
        // What is transparent has no colour to lend.
        let ghost = Picture::new(Size::new(2, 1), vec![0x0000_ff00, 0xffff_0000]);
        assert_eq!(ghost.scaled(Size::new(1, 1)).pixels(), [0x80ff_0000]);
    }
}
