//! Results for a person at a terminal, and as CSV for a spreadsheet. Pure.

use super::{
    interval::{Difference, Rate},
    results::{By, ResultLine, Results},
};
use std::{collections::HashMap, fmt, io};

/// The columns of the CSV: one number with its interval a row, so that a spreadsheet can pivot it.
const COLUMNS: [&str; 10] = ["campaign", "variant", "by", "of", "measure", "count", "people", "share", "low", "high"];

/// A share in percent with its interval, for people.
pub(super) struct Percent<'a>(pub(super) &'a Rate);

impl fmt::Display for Percent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rate { share, low, high, .. } = self.0;
        write!(f, "{:.1} % ({:.1} to {:.1})", share * 100.0, low * 100.0, high * 100.0)
    }
}

/// A difference in percentage points with its interval, for people.
pub(super) struct Points<'a>(pub(super) &'a Difference);

impl fmt::Display for Points<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { share, low, high } = self.0;
        let [share, low, high] =
            [share, low, high].map(|part| format!("{:+.1}", part * 100.0).replace('-', "\u{2212}"));
        write!(f, "{share} points ({low} to {high})")
    }
}

impl By {
    /// The word for it in tables and charts.
    pub(super) fn word(self) -> &'static str {
        match self {
            By::All => "all",
            By::Segment => "segment",
            By::Group => "group",
            By::Trigger => "trigger",
        }
    }
}

impl ResultLine {
    /// The campaign and its variant.
    pub(super) fn title(&self) -> String {
        title(&self.campaign, &self.variant)
    }
}

/// A campaign and its variant, if it has one.
pub(super) fn title(campaign: &str, variant: &str) -> String {
    let campaign = if campaign.is_empty() { "no campaign" } else { campaign };
    if variant.is_empty() { campaign.to_owned() } else { format!("{campaign} / {variant}") }
}

impl Results {
    /// Lines that divide people, where there is something to divide.
    pub(super) fn divided(&self, by: By) -> Vec<&ResultLine> {
        let mut ways = HashMap::<(&str, &str), usize>::new();
        let lines = || self.lines.iter().filter(|line| line.by == by);
        lines().for_each(|line| *ways.entry((&line.campaign, &line.variant)).or_default() += 1);
        lines().filter(|line| by == By::All || ways[&(line.campaign.as_str(), line.variant.as_str())] > 1).collect()
    }

    /// Writes them as CSV.
    ///
    /// # Errors
    /// As `out`.
    pub fn write_csv(&self, out: impl io::Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        let share = |rate: Option<Rate>| match rate {
            Some(rate) => [rate.people.to_string(), digits(rate.share), digits(rate.low), digits(rate.high)],
            None => Default::default(),
        };
        let nothing = || share(None);
        for line in &self.lines {
            let mut row = |measure: &str, count: u64, numbers: [String; 4]| {
                let head = [&line.campaign, &line.variant, line.by.word(), &line.of, measure].map(safe);
                writer.write_record(head.into_iter().chain([count.to_string()]).chain(numbers))
            };
            let [_, share_of, low, high] = nothing();
            row("showings", line.showings, [line.people.to_string(), share_of, low, high])?;
            for (kind, answer) in &line.answers {
                row(kind, answer.times, share(answer.rate))?;
            }
            for (how, times) in &line.unanswered {
                row(how, *times, nothing())?;
            }
        }
        for line in &self.reasons {
            let head = [&line.campaign, "", By::All.word(), "", &format!("not shown: {}", line.reason)].map(safe);
            let numbers =
                [line.times.to_string(), line.people.to_string(), String::new(), String::new(), String::new()];
            writer.write_record(head.into_iter().chain(numbers))?;
        }
        for line in &self.outcomes {
            let mut row = |measure: &str, count: String, numbers: [String; 4]| {
                let head = [&line.campaign, &line.variant, By::All.word(), "", measure].map(safe);
                writer.write_record(head.into_iter().chain([count]).chain(numbers))
            };
            for (measure, rate) in [("outcome, reached", line.reached), ("outcome, held out", line.held_out)] {
                row(measure, rate.map_or(String::new(), |rate| rate.of.to_string()), share(rate))?;
            }
            if let Some(Difference { share, low, high }) = line.difference {
                row("outcome, difference", String::new(), [String::new(), digits(share), digits(low), digits(high)])?;
            }
        }
        writer.flush()
    }
}

fn digits(share: f64) -> String {
    format!("{share:.6}")
}

/// A name as a cell. What names this was written by hand: a spreadsheet would compute a cell that begins so.
fn safe(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Campaigns (shares of people, with the interval that holds the true one 19 times of 20)")?;
        for by in [By::All, By::Segment, By::Group, By::Trigger] {
            let lines = self.divided(by);
            if by != By::All && !lines.is_empty() {
                writeln!(f, "Campaigns by {}", by.word())?;
            }
            for line in lines {
                let of = match (by, line.of.as_str()) {
                    (By::All, _) => String::new(),
                    (_, "") => ", unknown".to_owned(),
                    (_, of) => format!(", {of}"),
                };
                writeln!(f, "  {}{of}: {} people, {} showings", line.title(), line.people, line.showings)?;
                for (kind, answer) in &line.answers {
                    write!(f, "    {kind:16} {:>8}", answer.times)?;
                    match &answer.rate {
                        Some(rate) => writeln!(f, "   by {} people, {}", rate.people, Percent(rate))?,
                        None => writeln!(f)?,
                    }
                }
                line.unanswered.iter().try_for_each(|(how, times)| writeln!(f, "    {how:16} {times:>8}"))?;
            }
        }
        if !self.outcomes.is_empty() {
            writeln!(f, "Outcomes (of people reached, against people held out)")?;
        }
        for line in &self.outcomes {
            writeln!(f, "  {}", title(&line.campaign, &line.variant))?;
            for (who, rate) in [("reached", &line.reached), ("held out", &line.held_out)] {
                match rate {
                    Some(rate) => writeln!(f, "    {who:12} {} of {} people, {}", rate.people, rate.of, Percent(rate))?,
                    None => writeln!(f, "    {who:12} nobody")?,
                }
            }
            if let Some(difference) = &line.difference {
                let doubt = if difference.is_certain() { "" } else { ": may be chance" };
                writeln!(f, "    difference   {}{doubt}", Points(difference))?;
            }
            if line.both > 0 {
                writeln!(f, "    left out     {} people, who were held out once and reached as well", line.both)?;
            }
        }
        if !self.reasons.is_empty() {
            writeln!(f, "Not shown")?;
        }
        self.reasons.iter().try_for_each(|line| {
            let campaign = title(&line.campaign, "");
            writeln!(f, "  {campaign:24} {:16} {:>8}   to {} people", line.reason, line.times, line.people)
        })
    }
}
