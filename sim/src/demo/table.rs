//! A demo as a table for a person, line by line as it goes.

use super::{After, By, Happening, LineState, Onlooker, Performance, Verdict, Visit};
use std::io::{self, Write};

/// Writes the table. Never a number by which a customer could be known: they stand there by segment.
#[derive(Debug)]
pub struct Table<W>(W);

impl<W: Write> Table<W> {
    /// A table that is written here.
    pub fn new(out: W) -> Table<W> {
        Table(out)
    }

    /// The reckoning below the table.
    ///
    /// # Errors
    /// The writer's.
    pub fn reckoning(&mut self, performance: &Performance, out: &str) -> io::Result<()> {
        let report = &performance.report;
        let (journal, office) = (report.journal, report.head_office);
        writeln!(self.0)?;
        writeln!(
            self.0,
            "journal recorded {}, head office received {}, duplicates {}, gaps {}",
            journal.recorded, office.received, office.duplicates, office.gaps
        )?;
        writeln!(
            self.0,
            "card numbers found on the line and in the files: {} (looked for {})",
            performance.leaks.len(),
            performance.numbers.count()
        )?;
        for problem in performance.problems() {
            writeln!(self.0, "WRONG: {problem}")?;
        }
        writeln!(self.0, "pictures and report.json are in {out}")
    }

    fn visit(&mut self, visit: &Visit) -> io::Result<()> {
        let who = visit.segment.as_ref().map_or("stranger", |segment| segment.as_str());
        let by = match visit.by {
            By::Card => "card",
            By::Loyalty => "loyalty",
        };
        let line = match visit.line {
            LineState::Up => "up",
            LineState::Cut => "CUT",
        };
        let campaign = visit.campaign.as_ref().map_or("", |campaign| campaign.as_str());
        let what = match visit.decision {
            Verdict::Shown => campaign.to_owned(),
            Verdict::NotShown => format!("- ({})", visit.reason.as_deref().unwrap_or("unknown")),
        };
        let answer = visit.answer.as_deref().unwrap_or("-");
        let time = visit.card_to_pixels_us.map_or("-".to_owned(), |us| us.to_string());
        let Some(After { campaign, answer: first }) = &visit.after else {
            return writeln!(self.0, "{:3}  {who:<10} {by:<8} {line:<4} {what:<18} {answer:<14} {time:>7}", visit.n);
        };
        // The time is that of the first message, and so the line with the time is the first one's.
        let (before, first) = (campaign.as_ref().map_or("", |campaign| campaign.as_str()), first.to_string());
        writeln!(self.0, "{:3}  {who:<10} {by:<8} {line:<4} {before:<18} {first:<14} {time:>7}", visit.n)?;
        writeln!(self.0, "{:3}  {:<10} {:<8} {:<4} {what:<18} {answer:<14}", "", "at once", "", "")
    }

    fn head(&mut self) -> io::Result<()> {
        let columns = ["  n", "who", "by", "line", "message", "answer", "card to pixels, us"];
        let [n, who, by, line, what, answer, time] = columns;
        writeln!(self.0, "\n{n}  {who:<10} {by:<8} {line:<4} {what:<18} {answer:<14} {time}")
    }
}

impl<W: Write> Onlooker for Table<W> {
    fn sees(&mut self, happening: &Happening<'_>) -> io::Result<()> {
        match happening {
            Happening::Founded { customers } => {
                writeln!(self.0, "head office has {customers} customers; a kiosk with an empty cache is switched on")?;
            }
            Happening::Synchronised(sync) => {
                let (customers, campaigns) = (sync.customers, sync.campaigns);
                writeln!(
                    self.0,
                    "synchronised in {:.2} s: {customers} customers, {campaigns} campaigns",
                    sync.seconds
                )?;
                self.head()?;
            }
            Happening::Visit(visit) => self.visit(visit)?,
            Happening::LineCut => writeln!(self.0, "     ---- the line is cut ----")?,
            Happening::Restarted => writeln!(self.0, "     ---- the agent is restarted, the line still cut ----")?,
            Happening::LineRestored => {
                writeln!(self.0, "     ---- the line is restored; everything is delivered ----")?
            }
        }
        self.0.flush()
    }
}
