//! A TOML file as somebody wrote it, read so that every problem in it is found and has its place.
//!
//! The deserializer stops at the first thing it cannot take. Here that thing is put aside and the rest read again, so that whoever
//! wrote the file corrects it once.

use crate::problem::{Place, Problem};
use serde::de::DeserializeOwned;
use std::{
    fmt, fs,
    ops::Range,
    path::{Path, PathBuf},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

/// Largest TOML file read, in bytes: a campaign in 32 languages has about 16 KiB.
const LARGEST: u64 = 1024 * 1024;

/// Most problems reported of one file; whoever has more reads them in portions.
const MOST: usize = 50;

/// The text of a TOML file.
pub(crate) struct Document {
    file: PathBuf,
    text: String,
}

/// A step on the way to a value.
enum Step {
    Key(String),
    At(usize),
}

/// A document that is TOML, with the place of each key.
pub(crate) struct Tables<'a> {
    document: &'a Document,
    root: Spanned<DeTable<'a>>,
}

impl Document {
    /// Reads the file. `shown` is how problems name it.
    pub(crate) fn load(path: &Path, shown: &Path) -> Result<Document, Problem> {
        let problem = |error: std::io::Error| Problem::of_file(shown, format!("cannot be read: {error}"));
        let size = fs::metadata(path).map_err(problem)?.len();
        if size > LARGEST {
            return Err(Problem::of_file(shown, format!("{size} bytes, over {LARGEST}")));
        }
        let text = fs::read_to_string(path).map_err(problem)?;
        Ok(Document::new(shown, text))
    }

    /// A text that is already here.
    pub(crate) fn new(shown: &Path, text: String) -> Document {
        Document { file: shown.to_owned(), text }
    }

    /// Parses it.
    pub(crate) fn tables(&self) -> Result<Tables<'_>, Vec<Problem>> {
        let (root, errors) = DeTable::parse_recoverable(&self.text);
        if errors.is_empty() {
            return Ok(Tables { document: self, root });
        }
        let problem = |error: &toml::de::Error| Problem {
            place: error.span().map(|span| self.place(span.start)),
            ..Problem::of_file(&self.file, error.message())
        };
        Err(errors.iter().take(MOST).map(problem).collect())
    }

    fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() as u64 + 1;
        Place { line, column: Some(column) }
    }
}

impl Tables<'_> {
    /// Reads it as `T`.
    ///
    /// # Errors
    /// Every unknown key and every value that cannot be taken.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Vec<Problem>> {
        let mut rest = self.root.clone();
        let mut problems = Vec::new();
        while problems.len() < MOST {
            match T::deserialize(Deserializer::from(rest.clone())) {
                Ok(value) if problems.is_empty() => return Ok(value),
                Ok(_) => break,
                Err(error) => {
                    let culprit = error.span().and_then(|span| find(rest.get_ref(), &span));
                    let missing = error.message().starts_with("missing field");
                    // A field may only be missing because it was put aside, and nothing can be read behind it.
                    if problems.is_empty() || !missing {
                        problems.push(self.problem(&error, culprit.as_deref()));
                    }
                    match culprit {
                        Some(path) if !missing => remove(rest.get_mut(), &path),
                        _ => break,
                    }
                }
            }
        }
        Err(problems)
    }

    /// A problem with what stands at this key, written `table.list[2].key`; has the place of the part that exists.
    pub(crate) fn problem_at(&self, key: &str, what: impl ToString) -> Problem {
        let mut place = None;
        let mut table = Some(self.root.get_ref());
        for part in key.split('.') {
            let (name, at) = numbered(part);
            let Some((key, value)) = table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == name)) else {
                break;
            };
            place = Some(self.document.place(key.span().start));
            let element = at.and_then(|at| value.get_ref().as_array()?.get(at));
            place = element.map_or(place, |element| Some(self.document.place(element.span().start)));
            table = element.unwrap_or(value).get_ref().as_table();
        }
        Problem { place, key: Some(key.to_owned()), ..Problem::of_file(&self.document.file, what) }
    }

    /// What the file is called in problems.
    pub(crate) fn file(&self) -> &Path {
        &self.document.file
    }

    fn problem(&self, error: &toml::de::Error, culprit: Option<&[Step]>) -> Problem {
        Problem {
            place: error.span().map(|span| self.document.place(span.start)),
            key: culprit.map(|path| Written(path).to_string()),
            ..Problem::of_file(&self.document.file, error.message())
        }
    }
}

/// A path as it is written.
struct Written<'a>(&'a [Step]);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, step)| match step {
            Step::Key(key) if at == 0 => f.write_str(key),
            Step::Key(key) => write!(f, ".{key}"),
            Step::At(at) => write!(f, "[{at}]"),
        })
    }
}

/// A part of a path, and its number if it is one of a list.
fn numbered(part: &str) -> (&str, Option<usize>) {
    let number = part.strip_suffix(']').and_then(|part| part.split_once('['));
    number.and_then(|(name, at)| Some((name, Some(at.parse().ok()?)))).unwrap_or((part, None))
}

/// The path of the innermost key or value at `span`. A table's span is that of its header, so its keys are looked at in any case.
fn find(table: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<Step>> {
    table.iter().find_map(|(key, value)| {
        let mut path = find_in(value, span).or_else(|| inside(&key.span(), span).then(Vec::new))?;
        path.insert(0, Step::Key(key.get_ref().to_string()));
        Some(path)
    })
}

fn find_in(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Vec<Step>> {
    let inner = match value.get_ref() {
        DeValue::Table(table) => find(table, span),
        DeValue::Array(array) => array.iter().enumerate().find_map(|(at, element)| {
            let mut path = find_in(element, span)?;
            path.insert(0, Step::At(at));
            Some(path)
        }),
        _ => None,
    };
    inner.or_else(|| inside(&value.span(), span).then(Vec::new))
}

fn inside(outer: &Range<usize>, span: &Range<usize>) -> bool {
    outer.start <= span.start && span.end <= outer.end
}

fn remove(table: &mut DeTable<'_>, path: &[Step]) {
    let Some((Step::Key(key), rest)) = path.split_first() else { return };
    match rest {
        [] => drop(table.remove(key.as_str())),
        rest => {
            let inner = table.iter_mut().find(|(found, _)| found.get_ref() == key);
            inner.into_iter().for_each(|(_, value)| remove_in(value.get_mut(), rest));
        }
    }
}

fn remove_in(value: &mut DeValue<'_>, path: &[Step]) {
    match (value, path) {
        (DeValue::Table(table), path) => remove(table, path),
        (DeValue::Array(array), [Step::At(at)]) => {
            let kept = array.iter().enumerate().filter(|(place, _)| place != at).map(|(_, element)| element.clone());
            *array = kept.collect();
        }
        (DeValue::Array(array), [Step::At(at), rest @ ..]) => {
            array.iter_mut().skip(*at).take(1).for_each(|element| remove_in(element.get_mut(), rest));
        }
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use touchpoint_protocol::name::Tenant;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        name: Tenant,
        #[expect(dead_code, reason = "only whether it can be read matters")]
        inner: Inner,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        number: Option<u8>,
        #[expect(dead_code, reason = "only whether it can be read matters")]
        #[serde(default)]
        list: Vec<Inner>,
    }

    fn problems(text: &str) -> Vec<String> {
        let document = Document::new(Path::new("form.toml"), text.to_owned());
        let read = document.tables().and_then(|tables| tables.read::<Form>());
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_form_without_problems_is_read() {
        assert!(problems("name = \"acme\"\n[inner]\nnumber = 3\n").is_empty());
    }

    #[test]
    fn all_that_cannot_be_read_is_named_with_its_place() {
        let found = problems("nmae = 1\nname = \"acme\"\n\n[inner]\n  number = \"three\"\n  more = 1\n");
        assert_eq!(found.len(), 3, "{found:#?}");
        let all = found.join("\n");
        assert!(all.contains("form.toml:1:1: nmae: unknown field `nmae`"), "{all}");
        assert!(all.contains("form.toml:5:12: inner.number: invalid type"), "{all}");
        assert!(all.contains("form.toml:6:3: inner.more: unknown field `more`"), "{all}");
    }

    #[test]
    fn what_stands_in_a_list_is_named_by_its_place_in_it() {
        let text = "name = \"acme\"\n[inner]\n[[inner.list]]\nnumber = 1\n[[inner.list]]\nmore = 1\nnumber = \"x\"\n";
        let all = problems(text).join("\n");
        assert!(all.contains("form.toml:6:1: inner.list[1].more: unknown field `more`"), "{all}");
        assert!(all.contains("form.toml:7:10: inner.list[1].number: invalid type"), "{all}");
        let document = Document::new(Path::new("form.toml"), text.to_owned());
        let problem = document.tables().unwrap().problem_at("inner.list[1].number", "is odd");
        assert_eq!(problem.to_string(), "form.toml:7:1: inner.list[1].number: is odd");
    }

    #[test]
    fn a_missing_key_is_named() {
        let found = problems("[inner]\n");
        assert!(found[0].contains("missing field `name`"), "{found:?}");
    }

    #[test]
    fn what_is_not_toml_is_named_with_its_line() {
        let found = problems("name = \"acme\"\ninner = = 3\n");
        assert!(found[0].starts_with("form.toml:2:"), "{found:?}");
    }

    #[test]
    fn a_problem_found_later_still_has_its_place() {
        let document = Document::new(Path::new("form.toml"), "name = \"a\"\n[inner]\nnumber = 1\n".to_owned());
        let tables = document.tables().unwrap();
        assert_eq!(tables.problem_at("inner.number", "is odd").to_string(), "form.toml:3:1: inner.number: is odd");
        assert_eq!(tables.problem_at("inner.gone", "is gone").place, Some(Place { line: 2, column: Some(2) }));
        assert_eq!(tables.problem_at("gone", "is gone").place, None);
    }
}
