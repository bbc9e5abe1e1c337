//! Sixteen bits a pixel, for panels that have no more: five of red, six of green, five of blue.

/// The nearest colour below, as the kernel's own conversion has it (`drm_fb_xrgb8888_to_rgb565`): no rounding, so that black stays black
/// and the same colour is the same everywhere.
#[must_use]
pub const fn rgb565(pixel: u32) -> u16 {
    ((pixel >> 8 & 0xf800) | (pixel >> 5 & 0x07e0) | (pixel >> 3 & 0x001f)) as u16
}

/// Converts a row; what is longer of the two is left as it is.
pub(crate) fn convert(to: &mut [u16], from: &[u32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = rgb565(*from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_colour_keeps_its_highest_bits_and_its_place() {
        let cases = [
            (0xff00_0000, 0x0000),
            (0x00ff_ffff, 0xffff),
            (0xffff_0000, 0xf800),
            (0xff00_ff00, 0x07e0),
            (0xff00_00ff, 0x001f),
            (0xff07_0307, 0x0000),
            (0xff08_0408, 0x0821),
        ];
        for (pixel, expected) in cases {
            assert_eq!(rgb565(pixel), expected, "{pixel:08x}");
        }
    }

    #[test]
    fn a_row_is_converted_as_far_as_both_reach() {
        let mut row = [1; 3];
        convert(&mut row, &[0xffff_ffff, 0xff00_ff00]);
        assert_eq!(row, [0xffff, 0x07e0, 1]);
        convert(&mut row[..1], &[0, 0]);
        assert_eq!(row, [0, 0x07e0, 1]);
    }
}
