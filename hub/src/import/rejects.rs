//! Rows that were rejected, in a file of their own: ready to be mended and added, with no card number in it.

use super::{
    mapping::Mapping,
    source::{Layout, REJECTED, Raw, Source},
};
use crate::{
    customers::{BadRows, ReadError},
    problem::Problem,
};
use csv::{ByteRecord, Writer, WriterBuilder};
use serde_json::{Map, Value as Json};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What stands where a number was. No card has it, so a row that was not mended is rejected again.
const MASK: &str = "****";

/// Fewest digits that may be a card number (ISO/IEC 7812-1), wherever they stand: a row with its columns shifted is rejected too.
const FEWEST_DIGITS: usize = 12;

/// Why there is no file of rejected rows.
#[derive(Debug, thiserror::Error)]
pub enum RejectsError {
    /// The imported file cannot be read a second time.
    #[error("the rejected rows cannot be read again")]
    Read(#[source] ReadError),
    /// The imported file cannot be opened a second time.
    #[error("the rejected rows cannot be read again from {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("the rejected rows cannot be written to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Writes the rows that an import of `file` rejected to `out`, which only its owner may read, and says how many. They are read a
/// second time, so that an import keeps no row in memory that it cannot take.
///
/// # Errors
/// Names the file that cannot be read or written.
pub fn write_rejects(file: &Path, mapping: &Mapping, bad: &BadRows, out: &Path) -> Result<u64, RejectsError> {
    let rows = File::open(file).map_err(|source| RejectsError::Open { path: file.to_owned(), source })?;
    let (mut source, layout) = Source::open(file, rows, mapping, true).map_err(RejectsError::Read)?;
    let failed = |source| RejectsError::Write { path: out.to_owned(), source };
    let options = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(out);
    let mut rejects = Rejects::begin(BufWriter::new(options.map_err(failed)?), &layout, mapping).map_err(failed)?;
    let (mut problems, mut written) = (bad.problems.iter().peekable(), 0);
    while problems.peek().is_some() {
        let Some((line, raw)) = source.next().map_err(RejectsError::Read)? else { break };
        let mut reasons = Vec::new();
        while let Some(problem) = problems.next_if(|problem| problem.place.is_none_or(|place| place.line <= line)) {
            reasons.push(reason(problem));
        }
        if !reasons.is_empty() {
            rejects.row(line, &reasons.join("; "), &raw).map_err(failed)?;
            written += 1;
        }
    }
    rejects.finish().map_err(failed)?;
    Ok(written)
}

fn reason(problem: &Problem) -> String {
    match &problem.key {
        Some(key) => format!("{key}: {}", problem.what),
        None => problem.what.clone(),
    }
}

/// The file being written, in the form of the one that was read.
enum Rejects<'a, W: Write> {
    Csv { writer: Box<Writer<W>>, header: &'a ByteRecord, card: Option<usize> },
    Jsonl { writer: W, card: Option<&'a str> },
}

impl<'a, W: Write> Rejects<'a, W> {
    fn begin(writer: W, layout: &'a Layout, mapping: &'a Mapping) -> io::Result<Rejects<'a, W>> {
        let card = mapping.card_column();
        let place = mapping.columns.iter().position(|column| Some(column.as_str()) == card);
        match layout {
            Layout::Csv { places, header } => {
                let mut writer = Box::new(WriterBuilder::new().delimiter(mapping.separator).from_writer(writer));
                let kept = header.iter().filter(|name| !is_ours(name));
                writer.write_record(REJECTED.iter().map(|name| name.as_bytes()).chain(kept))?;
                Ok(Rejects::Csv { writer, header, card: place.map(|place| places[place]) })
            }
            Layout::Jsonl { pointers, .. } => {
                Ok(Rejects::Jsonl { writer, card: place.map(|place| pointers[place].as_str()) })
            }
        }
    }

    fn row(&mut self, line: u64, reason: &str, raw: &Raw) -> io::Result<()> {
        let line = line.to_string();
        match (self, raw) {
            (Rejects::Csv { writer, header, card }, Raw::Csv(record)) => {
                let mut row = vec![line, reason.to_owned()];
                for (at, _) in header.iter().enumerate().filter(|(_, name)| !is_ours(name)) {
                    // With fields missing or too many nobody can say which of them is the card.
                    let text =
                        if record.len() == header.len() { String::from_utf8_lossy(&record[at]) } else { "".into() };
                    row.push(masked(&text, *card == Some(at)));
                }
                Ok(writer.write_record(&row)?)
            }
            (Rejects::Jsonl { writer, card }, Raw::Jsonl(bytes)) => {
                let mut object = Map::from_iter([
                    (REJECTED[0].to_owned(), Json::String(line)),
                    (REJECTED[1].to_owned(), Json::String(reason.to_owned())),
                ]);
                if let Ok(mut row) = Raw::object(bytes) {
                    if let Some(card) = card.and_then(|card| row.pointer_mut(card)).filter(|card| !card.is_null()) {
                        *card = Json::String(MASK.to_owned());
                    }
                    let Json::Object(fields) = without_numbers(row) else { return Ok(()) };
                    object.extend(fields.into_iter().filter(|(name, _)| !is_ours(name.as_bytes())));
                }
                serde_json::to_writer(&mut *writer, &object)?;
                writer.write_all(b"\n")
            }
            _ => Ok(()),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Rejects::Csv { mut writer, .. } => writer.flush(),
            Rejects::Jsonl { mut writer, .. } => writer.flush(),
        }
    }
}

fn is_ours(name: &[u8]) -> bool {
    REJECTED.iter().any(|ours| ours.as_bytes() == name)
}

/// A field as it may be written down.
fn masked(text: &str, is_card: bool) -> String {
    let mut digits = 0;
    let mut longest = 0;
    for c in text.chars() {
        match c {
            '0'..='9' => digits += 1,
            ' ' | '-' => {}
            _ => digits = 0,
        }
        longest = longest.max(digits);
    }
    let may_be_card = is_card && !text.trim().is_empty() || longest >= FEWEST_DIGITS;
    if may_be_card { MASK.to_owned() } else { text.to_owned() }
}

/// The same with every text and number masked that may be a card's.
fn without_numbers(json: Json) -> Json {
    match json {
        Json::String(text) => Json::String(masked(&text, false)),
        Json::Number(number) if number.to_string().len() >= FEWEST_DIGITS => Json::String(MASK.to_owned()),
        Json::Array(all) => Json::Array(all.into_iter().map(without_numbers).collect()),
        Json::Object(fields) => {
            let fields = fields.into_iter().map(|(name, field)| (masked(&name, false), without_numbers(field)));
            Json::Object(fields.collect())
        }
        plain => plain,
    }
}
