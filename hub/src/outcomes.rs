//! What happened later: outcomes that a core system exports, so that a report can say what a campaign was good for.

use crate::{
    bounded::Bounded,
    office::Office,
    problem::{Problem, chain},
    store::Named,
};
use csv::{ReaderBuilder, StringRecord};
use serde::Serialize;
use std::{
    io::Read,
    path::{Path, PathBuf},
};
use tokio::task::{JoinError, spawn_blocking};
use touchpoint_protocol::{name::CampaignId, utc::Utc};

/// The columns, each exactly once and in any order.
const COLUMNS: [&str; 3] = ["customer", "campaign", "at"];

/// Most outcomes in one file: a few hundred MB of memory. Whoever has more divides the file.
const MOST: usize = 2_000_000;

/// Most problems kept of one file.
const MOST_PROBLEMS: usize = 1_000;

/// What an import of outcomes did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// Rows in the file.
    pub rows: u64,
    /// Outcomes that were not known before.
    pub new: u64,
    /// Rows of customers who were never imported, and of whom nothing was kept.
    pub strangers: u64,
    /// The first of these rows.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// Why no outcome was imported.
#[derive(Debug, thiserror::Error)]
pub enum OutcomesError {
    /// Rows that cannot be taken.
    #[error("no outcome was imported, for {} has to be put right", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// The file cannot be read.
    #[error("no outcome was imported, for {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: csv::Error,
    },
    /// The database failed.
    #[error("no outcome was imported")]
    Store(#[source] touchpoint_vault::Error),
    /// The work itself broke off.
    #[error("no outcome was imported, for the import broke off")]
    Broken(#[source] JoinError),
}

impl Office {
    /// Takes the outcomes in a file of CSV with the columns `customer`, `campaign` and `at`, a time in the form of RFC 3339 or a day,
    /// which stands for its last moment (UTC), so that what was signed on the day of a visit comes after it. The same
    /// file once more changes nothing. `file` is how problems name it.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn outcomes(&self, file: &Path, rows: impl Read + Send + 'static) -> Result<Outcomes, OutcomesError> {
        let path = file.to_owned();
        let read = spawn_blocking(move || read(&path, rows)).await.map_err(OutcomesError::Broken)??;
        let (lines, named): (Vec<u64>, Vec<Named>) = read.into_iter().unzip();
        let recorded = self.store.record(named).await.map_err(OutcomesError::Store)?;
        let stranger = |&at: &usize| Problem::of_line(file, lines[at], Some(COLUMNS[0]), "was never imported");
        Ok(Outcomes {
            rows: lines.len() as u64,
            new: recorded.new,
            strangers: recorded.strangers.len() as u64,
            problems: recorded.strangers.iter().take(MOST_PROBLEMS).map(stranger).collect(),
        })
    }
}

fn read(file: &Path, rows: impl Read) -> Result<Vec<(u64, Named)>, OutcomesError> {
    let broken = |source| OutcomesError::Read { path: file.to_owned(), source };
    let wrong = |problems| OutcomesError::Rows { path: file.to_owned(), problems };
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(Bounded::new(rows));
    let header = reader.headers().map_err(broken)?;
    let mut places = [0; 3];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let found = header.iter().position(|name| name.trim_start_matches('\u{feff}').trim() == column);
        *place = found.ok_or_else(|| wrong(vec![Problem::of_line(file, 1, Some(column), "the column is missing")]))?;
    }
    let (mut outcomes, mut problems) = (Vec::new(), Vec::new());
    let mut record = StringRecord::new();
    loop {
        reader.get_mut().begin();
        if !reader.read_record(&mut record).map_err(broken)? {
            break;
        }
        let line = record.position().map_or(0, csv::Position::line);
        match outcome(&record, places) {
            Ok(outcome) if outcomes.len() < MOST => outcomes.push((line, outcome)),
            Ok(_) => return Err(wrong(vec![Problem::of_line(file, line, None, format!("more than {MOST} rows"))])),
            Err((column, what)) => problems.push(Problem::of_line(file, line, Some(column), what)),
        }
        if problems.len() == MOST_PROBLEMS {
            break;
        }
    }
    if problems.is_empty() { Ok(outcomes) } else { Err(wrong(problems)) }
}

fn outcome(record: &StringRecord, places: [usize; 3]) -> Result<Named, (&'static str, String)> {
    let field = |at: usize| record.get(places[at]).map(str::trim).filter(|text| !text.is_empty());
    let [customer, campaign, at] = [0, 1, 2].map(|at| field(at).ok_or((COLUMNS[at], "is missing".to_owned())));
    let campaign: CampaignId = campaign?.parse().map_err(|error| (COLUMNS[1], format!("{error}")))?;
    Ok((customer?.into(), campaign, moment(at?).map_err(|what| (COLUMNS[2], what))?))
}

fn moment(text: &str) -> Result<Utc, String> {
    if let Ok(day) = text.parse::<jiff::civil::Date>()
        && text.len() == "2026-11-21".len()
    {
        let last = day.at(23, 59, 59, 999_000_000).to_zoned(jiff::tz::TimeZone::UTC);
        return Ok(Utc::from_millis(last.map_err(|error| error.to_string())?.timestamp().as_millisecond()));
    }
    text.parse().map_err(|error| chain(&error as &touchpoint_protocol::utc::UtcError))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_last_moment_and_a_time_is_itself() {
        assert_eq!(moment("2026-11-21").unwrap().to_string(), "2026-11-21T23:59:59.999Z");
        assert_eq!(moment("2026-11-21T09:30:00+01:00").unwrap().to_string(), "2026-11-21T08:30:00.000Z");
        assert!(moment("21.11.2026").is_err() && moment("").is_err());
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let text = "at,campaign,customer\n2026-11-21,Loan,c-1\nyesterday,loan,c-1\n2026-11-21,loan\n";
        let error = read(Path::new("o.csv"), text.as_bytes()).unwrap_err();
        let OutcomesError::Rows { problems, .. } = error else { panic!("{error:?}") };
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(found[0].starts_with("o.csv:2: campaign: campaign has 'L'"), "{found:?}");
        assert!(found[1].starts_with("o.csv:3: at: not a time like"), "{found:?}");
        assert_eq!(found[2], "o.csv:4: customer: is missing");
    }
}
