//! The rows of a file as they are written, CSV or JSON Lines, each with its line, and the fields in them.

use super::mapping::{Format, Mapping, Value};
use crate::{
    bounded::{Bounded, LONGEST_ROW, TooLong},
    customers::ReadError,
    problem::Problem,
};
use csv::{ByteRecord, ReaderBuilder};
use serde_json::Value as Json;
use std::{
    borrow::Cow,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// What a rejected row says first: where it stood, and why it was rejected. The second import of such a file passes over both.
pub(crate) const REJECTED: [&str; 2] = ["reject_line", "reject_reason"];

/// What is wrong with such a row in an import that does not add to what is there.
const ONLY_ADDED: &str =
    "a row that was rejected before can only be added, for an import replaces everybody else: use --add";

/// The byte order mark that some programs begin a file with.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Rows, one after the other.
pub(crate) struct Source<R> {
    file: PathBuf,
    rows: Rows<R>,
}

enum Rows<R> {
    Csv(Box<csv::Reader<Bounded<R>>>),
    Jsonl { reader: BufReader<R>, line: u64 },
}

/// A row as it is written.
#[derive(Debug)]
pub(crate) enum Raw {
    /// Its fields.
    Csv(ByteRecord),
    /// Its line.
    Jsonl(Vec<u8>),
}

/// Where each of [`Mapping::columns`] stands in a row.
#[derive(Debug)]
pub(crate) enum Layout {
    /// By number.
    Csv {
        /// In the mapping's order.
        places: Vec<usize>,
        /// All columns.
        header: ByteRecord,
    },
    /// By JSON pointer.
    Jsonl {
        /// In the mapping's order (RFC 6901).
        pointers: Vec<String>,
        /// Whether rows are taken that an import has rejected.
        takes_rejected: bool,
    },
}

impl<R: Read> Source<R> {
    /// Reads what is before the rows. `file` is how problems name it. A file of rejected rows taken for a whole shard would erase
    /// everybody else, so these are only taken if it is said that they may be.
    ///
    /// # Errors
    /// The header does not have the mapping's columns.
    pub(crate) fn open(
        file: &Path,
        rows: R,
        mapping: &Mapping,
        takes_rejected: bool,
    ) -> Result<(Source<R>, Layout), ReadError> {
        let named = file.extension().is_some_and(|end| end == "jsonl" || end == "ndjson");
        let format = mapping.format.unwrap_or(if named { Format::Jsonl } else { Format::Csv });
        let file = file.to_owned();
        if format == Format::Jsonl {
            let pointers = mapping.columns.iter().map(|column| pointer(column)).collect();
            let layout = Layout::Jsonl { pointers, takes_rejected };
            return Ok((Source { file, rows: Rows::Jsonl { reader: BufReader::new(rows), line: 0 } }, layout));
        }
        // Flexible, so that a row with too many fields is a bad row and not the end.
        let mut builder = ReaderBuilder::new();
        let mut reader =
            builder.has_headers(false).flexible(true).delimiter(mapping.separator).from_reader(Bounded::new(rows));
        let mut header = ByteRecord::new();
        if let Err(source) = reader.read_byte_record(&mut header) {
            return Err(ReadError::Read { path: file, source });
        }
        let is_rejected = header.iter().any(|name| name == REJECTED[0].as_bytes());
        let places = match is_rejected && !takes_rejected {
            true => Err((REJECTED[0].to_owned(), ONLY_ADDED.to_owned())),
            false => places(&header, mapping),
        };
        match places {
            Ok(places) => Ok((Source { file, rows: Rows::Csv(Box::new(reader)) }, Layout::Csv { places, header })),
            Err((column, what)) => Err(ReadError::Header(Problem::of_line(&file, 1, Some(&column), what))),
        }
    }

    /// The next row and its line; `None` after the last.
    ///
    /// # Errors
    /// The file cannot be read any further.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Raw)>, ReadError> {
        let broken = |source| ReadError::Read { path: self.file.clone(), source };
        match &mut self.rows {
            Rows::Csv(reader) => {
                let (mut record, begin) = (ByteRecord::new(), reader.position().line());
                reader.get_mut().begin();
                let more = reader.read_byte_record(&mut record).map_err(|error| match TooLong::is(&error) {
                    // Where it begins is where whoever mends it has to look.
                    true => ReadError::Header(Problem::of_line(&self.file, begin, None, TooLong)),
                    false => broken(error),
                })?;
                let line = record.position().map_or(0, csv::Position::line);
                Ok(more.then_some((line, Raw::Csv(record))))
            }
            Rows::Jsonl { reader, line } => loop {
                let mut bytes = Vec::new();
                Read::take(&mut *reader, LONGEST_ROW)
                    .read_until(b'\n', &mut bytes)
                    .map_err(|error| broken(error.into()))?;
                *line += 1;
                match bytes.last() {
                    None => return Ok(None),
                    Some(b'\n') => {}
                    Some(_) if bytes.len() as u64 == LONGEST_ROW => {
                        let what = format!("a line of JSON over {LONGEST_ROW} bytes");
                        return Err(ReadError::Header(Problem::of_line(&self.file, *line, None, what)));
                    }
                    Some(_) => {}
                }
                if !bytes.iter().all(u8::is_ascii_whitespace) {
                    return Ok(Some((*line, Raw::Jsonl(bytes))));
                }
            },
        }
    }
}

impl Raw {
    /// The JSON object of a line.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn object(line: &[u8]) -> Result<Json, String> {
        let line = line.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(line);
        match serde_json::from_slice(line) {
            Ok(Json::Object(object)) => Ok(Json::Object(object)),
            Ok(_) => Err("is not a JSON object".to_owned()),
            // Where, but nothing of what stands there.
            Err(error) => Err(format!("is not JSON from character {} on", error.column())),
        }
    }
}

impl Layout {
    /// The values of a row in the mapping's order.
    ///
    /// # Errors
    /// The row as a whole is none.
    pub(crate) fn values<'a>(&self, raw: &'a Raw) -> Result<Vec<Value<'a>>, String> {
        match (self, raw) {
            (Layout::Csv { places, header }, Raw::Csv(record)) => {
                if record.len() != header.len() {
                    return Err(format!("{} fields, not {}", record.len(), header.len()));
                }
                let value = |&place: &usize| match std::str::from_utf8(&record[place]) {
                    Ok(text) => Value::Text(text.trim().into()),
                    Err(_) => Value::Wrong("is not UTF-8"),
                };
                Ok(places.iter().map(value).collect())
            }
            (Layout::Jsonl { pointers, takes_rejected }, Raw::Jsonl(line)) => {
                let object = Raw::object(line)?;
                if !takes_rejected && object.get(REJECTED[0]).is_some() {
                    return Err(ONLY_ADDED.to_owned());
                }
                Ok(pointers.iter().map(|pointer| value(object.pointer(pointer))).collect())
            }
            _ => Err("is written otherwise than the file".to_owned()),
        }
    }
}

/// A key is a pointer of one step.
fn pointer(column: &str) -> String {
    match column.starts_with('/') {
        true => column.to_owned(),
        false => format!("/{}", column.replace('~', "~0").replace('/', "~1")),
    }
}

fn value(json: Option<&Json>) -> Value<'static> {
    let text = |json: &Json| match json {
        Json::Null => Some(Cow::Borrowed("")),
        Json::Bool(is) => Some(Cow::Borrowed(if *is { "true" } else { "false" })),
        Json::Number(number) => Some(number.to_string().into()),
        Json::String(text) => Some(text.trim().to_owned().into()),
        Json::Array(_) | Json::Object(_) => None,
    };
    match json {
        None => Value::Text("".into()),
        Some(Json::Array(all)) => all.iter().map(text).collect::<Option<_>>().map_or(Value::Wrong(NESTED), Value::List),
        Some(one) => text(one).map_or(Value::Wrong(NESTED), Value::Text),
    }
}

/// What is wrong with a value that is neither one text nor a list of some.
const NESTED: &str = "is neither a text nor a list of texts";

/// Where each of the mapping's columns stands.
fn places(header: &ByteRecord, mapping: &Mapping) -> Result<Vec<usize>, (String, String)> {
    let name = |name: &[u8]| String::from_utf8_lossy(name).trim_start_matches(BYTE_ORDER_MARK).trim().to_owned();
    let names: Vec<String> = header.iter().map(name).collect();
    let known = |name: &String| mapping.columns.contains(name) || REJECTED.contains(&name.as_str());
    if let Some(unknown) = names.iter().find(|name| mapping.is_strict && !known(name)) {
        // A file without a header begins with somebody's data, which is not to be repeated.
        let named = !unknown.is_empty() && unknown.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let what = format!("not one of the columns, which are {}", mapping.columns.join(","));
        return Err((if named { unknown.clone() } else { "header".to_owned() }, what));
    }
    let place = |column: &String| {
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == column);
        match (found.next(), found.next()) {
            (Some((at, _)), None) => Ok(at),
            (None, _) => Err((column.clone(), "the column is missing".to_owned())),
            (_, Some(_)) => Err((column.clone(), "the column stands twice".to_owned())),
        }
    };
    mapping.columns.iter().map(place).collect()
}
