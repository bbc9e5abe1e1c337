//! Charts as SVG, drawn for a page of any colour: marks have one of a few set colours, which the page's style replaces for print and
//! for dark screens. Pure.

use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{Circle, PathElement, Rectangle, Text},
    style::{
        Color, IntoFont, RGBColor,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// Text and axes.
const INK: RGBColor = RGBColor(0x1a, 0x1f, 0x26);
/// Lines behind the marks.
const GRID: RGBColor = RGBColor(0xd9, 0xde, 0xe4);
/// The colours of marks, told apart by people who see no red or no green as well (Okabe and Ito, 2008), and by lightness in print.
const MARKS: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x8c, 0x8c, 0x8c),
    RGBColor(0x5b, 0x4a, 0x9c),
];

/// Measures in pixels: a page of A4 at 96 to the inch without its margins, and a line of text with room above and below.
const WIDTH: u32 = 760;
const ROW: u32 = 30;
const AXIS: u32 = 46;
const TOP: u32 = 10;

/// Most rows of a chart; the table beside it has all.
const MOST_ROWS: usize = 40;

/// Longest label, in characters, and what each of them takes at most on the average, in pixels.
const LONGEST_LABEL: usize = 34;
const CHARACTER: u32 = 7;

/// A mark with its interval, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark {
    pub(super) at: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Which of the colours.
    pub(super) colour: usize,
}

/// One row of a chart of intervals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Whiskers {
    pub(super) label: String,
    pub(super) marks: Vec<Mark>,
}

/// One row of a chart of parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts {
    pub(super) label: String,
    /// How much, and in which of the colours.
    pub(super) parts: Vec<(f64, usize)>,
}

/// A chart that cannot be drawn, which memory alone never causes.
type Failed = DrawingAreaErrorKind<std::io::Error>;

/// Marks with their intervals; the axis is named and begins at 0 or, where there is less, at a round number below.
pub(super) fn intervals(rows: &[Whiskers], axis: &str) -> Result<String, Failed> {
    let rows = &rows[..rows.len().min(MOST_ROWS)];
    let marks = || rows.iter().flat_map(|row| &row.marks);
    let (low, high) =
        (marks().map(|mark| mark.low).fold(0.0, f64::min), marks().map(|mark| mark.high).fold(0.0, f64::max));
    let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
    drawn(&labels, axis, round(low, high), |area, x, y| {
        for (at, row) in rows.iter().enumerate() {
            for (nth, mark) in row.marks.iter().enumerate() {
                let middle = y(at) + (2 * nth as i32 + 1 - row.marks.len() as i32) * (ROW as i32 / 5);
                let colour = MARKS[mark.colour % MARKS.len()];
                let (from, to, centre) = (x(mark.low), x(mark.high), x(mark.at));
                area.draw(&PathElement::new([(from, middle), (to, middle)], colour.stroke_width(2)))?;
                for end in [from, to] {
                    area.draw(&PathElement::new([(end, middle - 4), (end, middle + 4)], colour.stroke_width(2)))?;
                }
                area.draw(&Circle::new((centre, middle), 5, colour.filled()))?;
            }
        }
        Ok(())
    })
}

/// Bars divided into parts.
pub(super) fn bars(rows: &[Parts], axis: &str) -> Result<String, Failed> {
    let rows = &rows[..rows.len().min(MOST_ROWS)];
    let highest = rows.iter().map(|row| row.parts.iter().map(|(much, _)| much).sum::<f64>()).fold(0.0, f64::max);
    let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
    drawn(&labels, axis, round(0.0, highest), |area, x, y| {
        for (at, row) in rows.iter().enumerate() {
            let mut begin = 0.0;
            for (much, colour) in row.parts.iter().filter(|(much, _)| *much > 0.0) {
                let end = begin + much;
                let corners = [(x(begin), y(at) - ROW as i32 / 3), (x(end), y(at) + ROW as i32 / 3)];
                area.draw(&Rectangle::new(corners, MARKS[colour % MARKS.len()].filled()))?;
                begin = end;
            }
        }
        Ok(())
    })
}

/// A place on the glass.
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// The frame of a chart: labels on the left, an axis below, and marks drawn over the grid.
fn drawn(
    labels: &[&str],
    axis: &str,
    (low, high): (f64, f64),
    marks: impl FnOnce(&Area<'_>, &dyn Fn(f64) -> i32, &dyn Fn(usize) -> i32) -> Result<(), Failed>,
) -> Result<String, Failed> {
    let mut svg = String::new();
    let longest = labels.iter().map(|label| label.chars().count().min(LONGEST_LABEL)).max().unwrap_or(0);
    let left = 24 + CHARACTER * longest as u32;
    let height = TOP + AXIS + ROW * labels.len().max(1) as u32;
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin_top(TOP)
            .margin_right(24)
            .x_label_area_size(AXIS)
            .set_label_area_size(plotters::chart::LabelAreaPosition::Left, left)
            .build_cartesian_2d(low..high, 0.0..1.0)?;
        let text = ("sans-serif", 15).into_font().color(&INK);
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(0)
            .x_labels(6)
            .x_label_formatter(&|value| signed((value * 100.0).round() / 100.0))
            .bold_line_style(GRID)
            .light_line_style(GRID.mix(0.0))
            .axis_style(INK)
            .label_style(text.clone())
            .x_desc(axis)
            .draw()?;
        let x = |value: f64| chart.backend_coord(&(value, 0.0)).0;
        let y = |row: usize| (TOP + ROW * row as u32 + ROW / 2) as i32;
        if low < 0.0 {
            area.draw(&PathElement::new([(x(0.0), TOP as i32), (x(0.0), (height - AXIS) as i32)], INK))?;
        }
        let style = text.pos(Pos::new(HPos::Right, VPos::Center));
        for (at, label) in labels.iter().enumerate() {
            area.draw(&Text::new(shortened(label), (left as i32 - 12, y(at)), style.clone()))?;
        }
        marks(&area, &x, &y)?;
        area.present()?;
    }
    Ok(svg)
}

/// A number with the minus that printers use.
fn signed(value: f64) -> String {
    value.to_string().replace('-', "\u{2212}")
}

fn shortened(label: &str) -> String {
    match label.chars().count() > LONGEST_LABEL {
        true => label.chars().take(LONGEST_LABEL - 1).chain(['…']).collect(),
        false => label.to_owned(),
    }
}

/// The ends of an axis: round numbers that hold all values.
fn round(low: f64, high: f64) -> (f64, f64) {
    let span = (high - low).max(1e-9);
    let step = 10_f64.powf(span.log10().floor()) / 2.0;
    let low = (low / step).floor() * step;
    (low, ((high / step).ceil() * step).max(low + step))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_round_numbers_that_hold_everything() {
        for ((low, high), expected) in [
            ((0.0, 37.2), (0.0, 40.0)),
            ((-3.2, 8.1), (-5.0, 10.0)),
            ((0.0, 100.0), (0.0, 100.0)),
            ((0.0, 0.34), (0.0, 0.35)),
        ] {
            let (from, to) = round(low, high);
            assert!(
                (from - expected.0).abs() < 1e-6 && (to - expected.1).abs() < 1e-6,
                "{low} to {high}: {from} to {to}"
            );
        }
    }

    #[test]
    fn labels_are_text_and_never_markup() {
        let row = Parts { label: "<script>&".to_owned(), parts: vec![(1.0, 0), (2.0, 1)] };
        let svg = bars(&[row], "times").unwrap();
        assert!(svg.contains("&lt;script&gt;&amp;") && !svg.contains("<script>"), "{svg}");
        assert_eq!(svg.matches("#0072B2").count() + svg.matches("#D55E00").count(), 2, "{svg}");
    }
}
