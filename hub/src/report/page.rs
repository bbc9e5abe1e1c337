//! The report as one page of HTML, for whoever decides about campaigns: charts, and beside each the table that says the same, for
//! people who cannot see it and for those who want the numbers. Needs no network and runs no script. Pure.

use super::{
    Report,
    chart::{self, Mark, Parts, Whiskers},
    interval::{Difference, Rate},
    print::{Percent, Points, title},
    results::{By, ResultLine, Results},
};
use std::{
    collections::BTreeSet,
    fmt::{self, Write},
};
use touchpoint_protocol::{name::Tenant, utc::Utc};

/// The answer that campaigns are made for.
const ACCEPT: &str = "accept";

/// How showings end, in the order in which they are drawn, each in a colour of its own, so that a colour means the same in every
/// report: a yes to a no, then silence.
const ENDINGS: [(&str, usize); 8] = [
    (ACCEPT, 2),
    ("more", 5),
    ("call_me", 0),
    ("later", 4),
    ("decline", 1),
    ("opt_out", 3),
    ("time_up", 6),
    ("customer_left", 7),
];

/// The colours of two groups that are compared.
const REACHED: usize = 0;
const HELD_OUT: usize = 1;

impl Report {
    /// The page.
    ///
    /// # Errors
    /// A chart cannot be drawn.
    pub(super) fn page(&self, tenant: &Tenant, at: Utc) -> Result<String, fmt::Error> {
        let mut page = Page(String::new());
        write!(
            page.0,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\">\n<title>Campaign report of {tenant}</title>\n\
             <style>\n{}</style>\n</head>\n<body>\n<main>\n<h1>Campaign report</h1>\n<p>{tenant}, as of {}</p>\n",
            include_str!("page.css"),
            minute(at),
        )?;
        self.summary(&mut page)?;
        self.results.acceptance(&mut page, By::All)?;
        self.results.outcomes(&mut page)?;
        self.results.endings(&mut page)?;
        self.results.reasons(&mut page)?;
        for by in [By::Segment, By::Group, By::Trigger] {
            self.results.acceptance(&mut page, by)?;
        }
        self.delivery(&mut page)?;
        page.0.push_str(FOOTER);
        Ok(page.0)
    }

    fn summary(&self, page: &mut Page) -> fmt::Result {
        let all = || self.results.lines.iter().filter(|line| line.by == By::All);
        let campaigns: BTreeSet<&str> = all().map(|line| line.campaign.as_str()).collect();
        let answers: u64 = all().flat_map(|line| line.answers.values()).map(|answer| answer.times).sum();
        let online = self.devices.iter().filter(|device| device.online == Some(true)).count();
        page.0.push_str("<dl>\n");
        for (what, much) in [
            ("Campaigns shown", number(campaigns.len() as u64)),
            ("Showings", number(all().map(|line| line.showings).sum())),
            ("Answers", number(answers)),
            ("Devices online", format!("{online} of {}", self.devices.len())),
            ("Facts missing", number(self.missing)),
        ] {
            writeln!(page.0, "<div><dt>{what}</dt><dd>{much}</dd></div>")?;
        }
        page.0.push_str("</dl>\n");
        Ok(())
    }

    fn delivery(&self, page: &mut Page) -> fmt::Result {
        page.section("Devices and delivery", "What devices recorded and what of it is here.")?;
        let rows = self.devices.iter().map(|line| {
            let state = match line.online {
                Some(true) => "online",
                Some(false) => "offline",
                None => "never heard of",
            };
            let journals = || self.journals.iter().filter(|journal| journal.device == line.device);
            vec![
                line.device.to_string(),
                line.group.to_string(),
                state.to_owned(),
                line.since.map_or(String::new(), minute),
                number(journals().map(|journal| journal.received).sum()),
                number(journals().map(|journal| journal.missing).sum()),
                number(journals().map(|journal| journal.discarded).sum()),
            ]
        });
        let columns = ["Device", "Group", "State", "Since", "#Received", "#Missing", "#Discarded"];
        page.table("Devices", &columns, rows)
    }
}

impl Results {
    /// How many people accepted.
    fn acceptance(&self, page: &mut Page, by: By) -> fmt::Result {
        let lines = self.divided(by);
        let (heading, say) = match by {
            By::All => ("Who accepted", "Of the people who saw a campaign, the share who accepted it at least once."),
            By::Segment => ("By segment", "The same, divided by the segment that made a customer eligible."),
            By::Group => ("By group", "The same, divided by the group of the device."),
            By::Trigger => ("By occasion", "The same, divided by what made the device decide."),
        };
        if lines.is_empty() && by != By::All {
            return Ok(());
        }
        page.section(heading, say)?;
        if lines.is_empty() {
            return page.say("No campaign was shown yet.");
        }
        let label = |line: &ResultLine| match by {
            By::All => line.title(),
            _ => format!("{}: {}", line.title(), known(&line.of)),
        };
        let rows: Vec<Whiskers> = lines
            .iter()
            .filter_map(|line| {
                let accept = line.answers.get(ACCEPT).and_then(|answer| answer.rate);
                let rate = accept.or_else(|| Rate::new(0, line.people))?;
                Some(Whiskers { label: label(line), marks: vec![mark(&rate, REACHED)] })
            })
            .collect();
        page.figure(
            "The dot is the share that was observed; the line holds the true one 19 times of 20.",
            &[],
            &format!("Share of people who accepted, {}", by.word()),
            chart::intervals(&rows, "accepted, % of people who saw it"),
        )?;
        let kinds: BTreeSet<&str> = lines.iter().flat_map(|line| line.answers.keys()).map(String::as_str).collect();
        let mut columns = vec![if by == By::All { "Campaign" } else { "Campaign and part" }, "#People", "#Showings"];
        let heads: Vec<String> = kinds.iter().map(|kind| format!("#{}", spoken(kind))).collect();
        columns.extend(heads.iter().map(String::as_str));
        let cells = lines.iter().map(|line| {
            let mut row = vec![label(line), number(line.people), number(line.showings)];
            row.extend(kinds.iter().map(|kind| match line.answers.get(*kind) {
                Some(answer) => answer.rate.map_or(number(answer.times), |rate| Percent(&rate).to_string()),
                None => "–".to_owned(),
            }));
            row
        });
        page.table("People by answer, in percent with 95 % intervals (Wilson)", &columns, cells)
    }

    /// What became of people later.
    fn outcomes(&self, page: &mut Page) -> fmt::Result {
        if self.outcomes.is_empty() {
            return Ok(());
        }
        page.section(
            "What it was good for",
            "Of the people reached, and of those held out by lot, the share who did later what the campaign is about.",
        )?;
        let rows = self.outcomes.iter().map(|line| {
            let reached = line.reached.as_ref().map(|rate| mark(rate, REACHED));
            let held_out = line.held_out.as_ref().map(|rate| mark(rate, HELD_OUT));
            let label = title(&line.campaign, &line.variant);
            Whiskers { label, marks: [reached, held_out].into_iter().flatten().collect() }
        });
        page.figure(
            "Outcomes after the first contact.",
            &[("reached", REACHED), ("held out", HELD_OUT)],
            "Share of people with an outcome, reached and held out",
            chart::intervals(&rows.collect::<Vec<_>>(), "with an outcome, % of people"),
        )?;
        let rows = self.outcomes.iter().filter_map(|line| {
            let Difference { share, low, high } = line.difference?;
            let mark = Mark { at: share * 100.0, low: low * 100.0, high: high * 100.0, colour: 2 };
            Some(Whiskers { label: title(&line.campaign, &line.variant), marks: vec![mark] })
        });
        let rows: Vec<Whiskers> = rows.collect();
        if !rows.is_empty() {
            page.figure(
                "What the campaign added. Where the line touches 0, it may have been chance.",
                &[],
                "Difference between people reached and people held out",
                chart::intervals(&rows, "difference, percentage points"),
            )?;
        }
        let rate = |rate: &Option<Rate>| match rate {
            Some(rate) => [format!("{} of {}", number(rate.people), number(rate.of)), Percent(rate).to_string()],
            None => ["nobody".to_owned(), "–".to_owned()],
        };
        let cells = self.outcomes.iter().map(|line| {
            let mut row = vec![title(&line.campaign, &line.variant)];
            row.extend(rate(&line.reached));
            row.extend(rate(&line.held_out));
            row.push(line.difference.as_ref().map_or("–".to_owned(), |difference| Points(difference).to_string()));
            row.push(number(line.both));
            row
        });
        let columns = ["Campaign", "#Reached", "#Share", "#Held out", "#Share", "#Difference", "#In neither"];
        page.table("Outcomes, in percent with 95 % intervals (Wilson; of the difference, Newcombe)", &columns, cells)
    }

    /// How showings ended.
    fn endings(&self, page: &mut Page) -> fmt::Result {
        let lines: Vec<&ResultLine> = self.divided(By::All).into_iter().filter(|line| line.showings > 0).collect();
        if lines.is_empty() {
            return Ok(());
        }
        page.section("How showings ended", "Every showing, by the answer it got or by what ended it without one.")?;
        let kinds: BTreeSet<&str> = lines
            .iter()
            .flat_map(|line| line.answers.keys().chain(line.unanswered.keys()))
            .map(String::as_str)
            .collect();
        let times = |line: &ResultLine, kind: &str| {
            let unanswered = line.unanswered.get(kind).copied();
            unanswered.or_else(|| line.answers.get(kind).map(|answer| answer.times)).unwrap_or(0)
        };
        let drawn: Vec<(&str, usize)> = ENDINGS.into_iter().filter(|(kind, _)| kinds.contains(kind)).collect();
        let rows = lines.iter().map(|line| {
            let all = kinds.iter().map(|kind| times(line, kind)).sum::<u64>().max(line.showings) as f64;
            let part = |&(kind, colour): &(&str, usize)| (times(line, kind) as f64 / all * 100.0, colour);
            Parts { label: line.title(), parts: drawn.iter().map(part).collect() }
        });
        let rows: Vec<Parts> = rows.collect();
        let key: Vec<(String, usize)> = drawn.iter().map(|(kind, colour)| (spoken(kind), *colour)).collect();
        let key: Vec<(&str, usize)> = key.iter().map(|(kind, colour)| (kind.as_str(), *colour)).collect();
        page.figure(
            "What is missing to 100 % was interrupted, or is not known.",
            &key,
            "Showings by how they ended",
            chart::bars(&rows, "% of showings"),
        )?;
        let mut columns = vec!["Campaign".to_owned(), "#Showings".to_owned()];
        columns.extend(kinds.iter().map(|kind| format!("#{}", spoken(kind))));
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let cells = lines.iter().map(|line| {
            let mut row = vec![line.title(), number(line.showings)];
            row.extend(kinds.iter().map(|kind| number(times(line, kind))));
            row
        });
        page.table("Showings by how they ended", &columns, cells)
    }

    /// Why nothing was shown.
    fn reasons(&self, page: &mut Page) -> fmt::Result {
        if self.reasons.is_empty() {
            return Ok(());
        }
        page.section("Why not shown", "Visits without a message, by the campaign that came nearest and its reason.")?;
        let label = |campaign: &str, reason: &str| format!("{}: {}", title(campaign, ""), spoken(reason));
        let mut lines: Vec<_> = self.reasons.iter().collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.times));
        let rows: Vec<Parts> = lines
            .iter()
            .map(|line| Parts { label: label(&line.campaign, &line.reason), parts: vec![(line.times as f64, REACHED)] })
            .collect();
        page.figure("", &[], "Visits without a message, by reason", chart::bars(&rows, "visits"))?;
        let cells = lines
            .iter()
            .map(|line| vec![title(&line.campaign, ""), spoken(&line.reason), number(line.times), number(line.people)]);
        page.table("Reasons", &["Campaign", "Reason", "#Times", "#People"], cells)
    }
}

/// The page as far as it is written.
struct Page(String);

impl Page {
    fn section(&mut self, heading: &str, say: &str) -> fmt::Result {
        writeln!(self.0, "<h2>{}</h2>", escaped(heading))?;
        self.say(say)
    }

    fn say(&mut self, text: &str) -> fmt::Result {
        writeln!(self.0, "<p>{}</p>", escaped(text))
    }

    /// A chart with its legend; `says` is what a screen reader says of it.
    fn figure<E>(&mut self, caption: &str, key: &[(&str, usize)], says: &str, svg: Result<String, E>) -> fmt::Result {
        let svg = svg.map_err(|_| fmt::Error)?;
        self.0.push_str("<figure>\n<figcaption>");
        for (name, colour) in key {
            write!(
                self.0,
                "<span class=\"key\"><i style=\"background:var(--m{colour})\"></i>{}</span>",
                escaped(name)
            )?;
        }
        writeln!(self.0, "{}</figcaption>", escaped(caption))?;
        let label = format!("<svg role=\"img\" aria-label=\"{}; the table below says the same\" ", escaped(says));
        writeln!(self.0, "{}</figure>", svg.replacen("<svg ", &label, 1))
    }

    /// A table; columns whose name begins with `#` are numbers.
    fn table(&mut self, caption: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> fmt::Result {
        let class = |column: &str| if column.starts_with('#') { " class=\"n\"" } else { "" };
        write!(self.0, "<div class=\"table\"><table>\n<caption>{}</caption>\n<thead><tr>", escaped(caption))?;
        for column in columns {
            write!(self.0, "<th scope=\"col\"{}>{}</th>", class(column), escaped(column.trim_start_matches('#')))?;
        }
        self.0.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.0.push_str("<tr>");
            for (at, (cell, column)) in row.iter().zip(columns).enumerate() {
                match at {
                    0 => write!(self.0, "<th scope=\"row\">{}</th>", escaped(cell))?,
                    _ => write!(self.0, "<td{}>{}</td>", class(column), escaped(cell))?,
                }
            }
            self.0.push_str("</tr>\n");
        }
        self.0.push_str("</tbody>\n</table></div>\n");
        Ok(())
    }
}

/// How the numbers came about.
const FOOTER: &str = "</main>\n<footer>\n<p>A customer counts as one person however often they came; a stranger is a new person \
with each visit. Intervals of shares are Wilson's score intervals (1927), those of differences Newcombe's hybrid score intervals \
(1998, method 10), all of 95 %. Of many intervals on a page some miss the truth: one in twenty.</p>\n<p>People are held out by a lot \
drawn for each customer and campaign. An outcome counts if it came after the first time the customer saw the campaign, or would have \
seen it. People who were held out and saw it all the same, because the share held out was changed, are in neither group.</p>\n\
</footer>\n</body>\n</html>\n";

fn mark(rate: &Rate, colour: usize) -> Mark {
    Mark { at: rate.share * 100.0, low: rate.low * 100.0, high: rate.high * 100.0, colour }
}

fn known(of: &str) -> &str {
    if of.is_empty() { "unknown" } else { of }
}

/// A name of the wire as people say it.
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// A count, its thousands apart by a narrow space as ISO 80000-1 has them.
fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time to the minute.
fn minute(at: Utc) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_written_for_people() {
        assert_eq!([number(0), number(999), number(1_234_567)], ["0", "999", "1\u{202f}234\u{202f}567"]);
        assert_eq!(spoken("time_up"), "time up");
        assert_eq!(minute("2026-11-21T09:30:59Z".parse().unwrap()), "2026-11-21 09:30 UTC");
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
