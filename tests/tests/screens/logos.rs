//! A sign to stand for a bank, drawn from its outlines.

use std::sync::Arc;
use touchpoint_display::{Limits, Picture};

/// Width and height in pixels: large enough to be shrunk on every panel.
const SIDE: u32 = 128;
/// Samples along each side of a pixel.
const SAMPLES: u32 = 4;

/// Three columns in a round seal.
pub(crate) fn bank() -> Arc<Picture> {
    let colour = |x: f32, y: f32| {
        let seal = (x - 0.5).hypot(y - 0.5) <= 0.5;
        let roof = (0.26..0.38).contains(&y) && (x - 0.5).abs() <= (y - 0.26) / 0.12 * 0.28 + 0.02;
        let column = (0.42..0.66).contains(&y) && [0.29, 0.5, 0.71].iter().any(|at: &f32| (x - at).abs() <= 0.045);
        let step = (0.69..0.75).contains(&y) && (x - 0.5).abs() <= 0.3;
        match (seal, roof || column || step) {
            (false, _) => None,
            (true, true) => Some([0xff, 0xff, 0xff]),
            (true, false) => Some([0x0b, 0x4f, 0x8c]),
        }
    };
    drawn(colour)
}

/// A picture of what stands at each place between 0 and 1, smooth at its edges.
fn drawn(colour: impl Fn(f32, f32) -> Option<[u8; 3]>) -> Arc<Picture> {
    let place = |pixel: u32, sample: u32| (pixel as f32 + (sample as f32 + 0.5) / SAMPLES as f32) / SIDE as f32;
    let mut rgba = Vec::new();
    for (y, x) in (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))) {
        let samples = (0..SAMPLES * SAMPLES).map(|n| colour(place(x, n % SAMPLES), place(y, n / SAMPLES)));
        let seen: Vec<[u8; 3]> = samples.flatten().collect();
        let mean = |channel: usize| {
            let sum: u32 = seen.iter().map(|colour| u32::from(colour[channel])).sum();
            sum.checked_div(seen.len() as u32).unwrap_or(0) as u8
        };
        let alpha = (seen.len() as u32 * 255 / (SAMPLES * SAMPLES)) as u8;
        rgba.extend([mean(0), mean(1), mean(2), alpha]);
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header().unwrap().write_image_data(&rgba).unwrap();
    Arc::new(Picture::decode(&bytes, Limits::default()).unwrap())
}
