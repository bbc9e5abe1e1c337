//! Whether words can be told from what they stand on.

use crate::{document::Tables, problem::Problem};
use touchpoint_protocol::bundle::{Colour, Theme};

/// Least contrast of a text (WCAG 2.2, success criterion 1.4.3; EN 301 549, 9.1.4.3): what somebody with a vision of 20/40 needs.
const LEAST: f64 = 4.5;

/// Which colours stand on which and do not stand out, by the key of what is written.
pub(super) fn problems(theme: &Theme, tables: &Tables<'_>) -> Vec<Problem> {
    let pairs = [
        ("text", theme.text, "surface", theme.surface),
        ("muted", theme.muted, "surface", theme.surface),
        ("accent", theme.accent, "surface", theme.surface),
        ("on_accent", theme.on_accent, "accent", theme.accent),
    ];
    let weak = pairs.into_iter().filter_map(|(key, words, ground, under)| {
        let contrast = contrast(words, under);
        // Down to what is shown: 4.49 is not 4.5.
        let shown = (contrast * 10.0).floor() / 10.0;
        (contrast < LEAST).then(|| {
            let what = format!("has a contrast of {shown:.1}:1 to {ground}, under {LEAST}:1");
            tables.problem_at(&format!("theme.{key}"), what)
        })
    });
    weak.collect()
}

/// The contrast ratio of two colours, 1 to 21 (WCAG 2.2).
fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Relative luminance, 0 to 1.
fn luminance(Colour(channels): Colour) -> f64 {
    let [red, green, blue] = channels.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_standard() {
        let of = |one: &str, other: &str| contrast(one.parse().unwrap(), other.parse().unwrap());
        assert!((of("#000000", "#ffffff") - 21.0).abs() < 1e-9 && (of("#777777", "#777777") - 1.0).abs() < 1e-9);
        // The pair by which the threshold is commonly shown.
        assert!(of("#767676", "#ffffff") >= LEAST && of("#777777", "#ffffff") < LEAST);
    }
}
