//! Where in a core system's own table stands what head office needs: a mapping file in TOML. Without one, the columns are called as
//! head office calls them. Pure.

use crate::{document::Document, problem::Problem};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, collections::BTreeMap, fmt, path::Path};
use touchpoint_protocol::{
    limits,
    name::{AttributeName, Purpose, ScoreName},
};

/// The columns without a mapping, each exactly once and in any order.
pub(crate) const USUAL: [&str; 7] =
    ["customer", "card_number", "loyalty_number", "segments", "language", "marketing_consent", "first_name"];

/// What stands between two segments unless the mapping says otherwise.
const SEPARATOR: &str = "|";

/// The purpose that every campaign asks for which names none.
const MARKETING: &str = "marketing";

/// Most values a column may be translated from; a longer list is a table, which belongs into the core system.
const MOST_VALUES: usize = 1_000;

/// Which fields of a row say what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// How the rows are written, if not as the file's name says.
    pub(crate) format: Option<Format>,
    /// What stands between two fields of CSV.
    pub(crate) separator: u8,
    /// Whether there may be no other columns.
    pub(crate) is_strict: bool,
    /// The columns, or JSON keys or pointers, that are read, each once.
    pub(crate) columns: Vec<String>,
    /// Head office's own key of a customer.
    pub(crate) customer: Field,
    /// Their card.
    pub(crate) card: Option<Field>,
    /// Their loyalty number.
    pub(crate) loyalty: Option<Field>,
    /// Their segments, and what stands between two of them.
    pub(crate) segments: Option<(Field, String)>,
    /// Their language.
    pub(crate) language: Option<Field>,
    /// Their word on marketing.
    pub(crate) marketing: Option<ConsentFields>,
    /// Their word on other purposes.
    pub(crate) purposes: Vec<(Purpose, ConsentFields)>,
    /// Their attributes.
    pub(crate) attributes: Vec<(AttributeName, Field)>,
    /// Their scores: whole numbers, or nothing.
    pub(crate) scores: Vec<(ScoreName, Field)>,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Comma-separated values (RFC 4180), with a header line.
    Csv,
    /// JSON Lines: one object a line.
    Jsonl,
}

/// One field of the mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    from: Origin,
    /// What its values mean, if they are not taken as they are.
    values: BTreeMap<String, String>,
    /// What any other value means, if there are `values`; without it, another value is a problem.
    otherwise: Option<String>,
}

/// The fields of a customer's word on one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsentFields {
    /// What they said: `yes`, `no` or nothing.
    pub(crate) status: Field,
    /// Where it counts: `all`, which is meant by nothing too, `screen` or `elsewhere`.
    pub(crate) channel: Option<Field>,
    /// Who took it down: a name.
    pub(crate) source: Option<Field>,
    /// When they said it: a time in the form of RFC 3339, or a day.
    pub(crate) at: Option<Field>,
}

/// Where a field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// A place in [`Mapping::columns`].
    Column(usize),
    /// The same in every row.
    Constant(String),
}

/// The value of one column in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A text, trimmed; empty if there is none.
    Text(Cow<'a, str>),
    /// A JSON array of texts.
    List(Vec<Cow<'a, str>>),
    /// Something else, and what is wrong with it.
    Wrong(&'static str),
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Mapping, Vec<Problem>> {
        Mapping::read(&Document::load(path, path).map_err(|problem| vec![problem])?)
    }

    fn read(document: &Document) -> Result<Mapping, Vec<Problem>> {
        let tables = document.tables()?;
        let file: MappingFile = tables.read()?;
        file.mapping().map_err(|(key, what)| vec![tables.problem_at(&key, what)])
    }

    /// What a field is called in the file, for problems.
    pub(crate) fn name<'a>(&'a self, field: &'a Field) -> &'a str {
        match &field.from {
            Origin::Column(at) => &self.columns[*at],
            Origin::Constant(_) => "constant",
        }
    }

    /// The column of the card number, if there is one.
    pub(crate) fn card_column(&self) -> Option<&str> {
        self.card.as_ref().map(|field| self.name(field))
    }
}

/// The columns as head office calls them, and no others.
impl Default for Mapping {
    fn default() -> Mapping {
        let field = |at| Field { from: Origin::Column(at), values: BTreeMap::new(), otherwise: None };
        let first_name = "first-name".parse().map(|name| (name, field(6)));
        Mapping {
            format: None,
            separator: b',',
            is_strict: true,
            columns: USUAL.map(str::to_owned).to_vec(),
            customer: field(0),
            card: Some(field(1)),
            loyalty: Some(field(2)),
            segments: Some((field(3), SEPARATOR.to_owned())),
            language: Some(field(4)),
            marketing: Some(ConsentFields { status: field(5), channel: None, source: None, at: None }),
            purposes: Vec::new(),
            attributes: first_name.into_iter().collect(),
            scores: Vec::new(),
        }
    }
}

impl Field {
    /// Its text in a row.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub(crate) fn text<'a>(&'a self, row: &'a [Value<'_>]) -> Result<&'a str, String> {
        match &self.from {
            Origin::Constant(text) => Ok(text),
            Origin::Column(at) => match &row[*at] {
                Value::Text(text) => self.meaning(text),
                Value::List(_) => Err("is a list".to_owned()),
                Value::Wrong(what) => Err((*what).to_owned()),
            },
        }
    }

    /// Its texts in a row: a JSON array, or a text divided by a separator. Empty ones are none.
    ///
    /// # Errors
    /// As [`Field::text`].
    pub(crate) fn texts<'a>(&'a self, row: &'a [Value<'_>], separator: &'a str) -> Result<Vec<&'a str>, String> {
        let meant = |texts: &mut dyn Iterator<Item = &'a str>| {
            let meant = texts
                .map(|text| self.meaning(text))
                .filter(|text| text.as_ref().is_ok_and(|text| !text.is_empty()) || text.is_err());
            meant.collect()
        };
        match &self.from {
            Origin::Constant(text) => {
                Ok(text.split(separator).map(str::trim).filter(|text| !text.is_empty()).collect())
            }
            Origin::Column(at) => match &row[*at] {
                Value::Text(text) => meant(&mut text.split(separator).map(str::trim)),
                Value::List(texts) => meant(&mut texts.iter().map(AsRef::as_ref)),
                Value::Wrong(what) => Err((*what).to_owned()),
            },
        }
    }

    fn meaning<'a>(&'a self, text: &'a str) -> Result<&'a str, String> {
        if self.values.is_empty() {
            return Ok(text);
        }
        match self.values.get(text).or(self.otherwise.as_ref()) {
            Some(meaning) => Ok(meaning),
            None if text.is_empty() => Ok(text),
            // Not repeated: a shifted column may hold a card number.
            None => Err("is none of the values in the mapping".to_owned()),
        }
    }
}

/// The mapping as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingFile {
    format: Option<Format>,
    separator: Option<char>,
    customer: FieldFile,
    card_number: Option<FieldFile>,
    loyalty_number: Option<FieldFile>,
    segments: Option<FieldFile>,
    language: Option<FieldFile>,
    #[serde(default)]
    consent: BTreeMap<Purpose, FieldFile>,
    #[serde(default)]
    attributes: BTreeMap<AttributeName, FieldFile>,
    #[serde(default)]
    scores: BTreeMap<ScoreName, FieldFile>,
}

/// A field as written: the name of a column alone, or a table.
#[derive(Default)]
struct FieldFile(FieldTable);

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct FieldTable {
    column: Option<String>,
    constant: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, String>,
    otherwise: Option<String>,
    separator: Option<String>,
    channel: Option<Box<FieldFile>>,
    source: Option<Box<FieldFile>>,
    at: Option<Box<FieldFile>>,
}

impl<'de> Deserialize<'de> for FieldFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FieldFile, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FieldFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, or a table with column or constant")
            }

            fn visit_str<E>(self, column: &str) -> Result<FieldFile, E> {
                Ok(FieldFile(FieldTable { column: Some(column.to_owned()), ..FieldTable::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldFile, A::Error> {
                FieldTable::deserialize(MapAccessDeserializer::new(map)).map(FieldFile)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A key of the mapping file, and what is wrong there.
type Wrong = (String, String);

impl MappingFile {
    fn mapping(self) -> Result<Mapping, Wrong> {
        let mut columns = Columns(Vec::new());
        let separator = match self.separator {
            None => b',',
            Some(c) => u8::try_from(c)
                .ok()
                .filter(u8::is_ascii)
                .ok_or(("separator".to_owned(), "is no ASCII character".to_owned()))?,
        };
        if self.card_number.is_none() && self.loyalty_number.is_none() {
            return Err(("card_number".to_owned(), "neither a card_number nor a loyalty_number".to_owned()));
        }
        // Marketing is no purpose beside others.
        let purposes = self.consent.keys().filter(|purpose| purpose.as_str() != MARKETING).count();
        for (key, count, most) in [
            ("consent", purposes, limits::PURPOSES),
            ("attributes", self.attributes.len(), limits::ATTRIBUTES),
            ("scores", self.scores.len(), limits::SCORES),
        ] {
            if count > most {
                return Err((key.to_owned(), format!("{count} of them, over {most}")));
            }
        }
        let segments = match self.segments {
            Some(mut field) => {
                let separator = field.0.separator.take().unwrap_or(SEPARATOR.to_owned());
                Some((columns.field("segments", field)?, separator))
            }
            None => None,
        };
        let (mut marketing, mut purposes) = (None, Vec::with_capacity(purposes));
        for (purpose, field) in self.consent {
            let fields = columns.consent(&format!("consent.{purpose}"), field)?;
            match purpose.as_str() {
                MARKETING => marketing = Some(fields),
                _ => purposes.push((purpose, fields)),
            }
        }
        let mut attributes = Vec::with_capacity(self.attributes.len());
        for (name, field) in self.attributes {
            let field = columns.field(&format!("attributes.{name}"), field)?;
            attributes.push((name, field));
        }
        let mut scores = Vec::with_capacity(self.scores.len());
        for (name, field) in self.scores {
            let field = columns.field(&format!("scores.{name}"), field)?;
            scores.push((name, field));
        }
        Ok(Mapping {
            format: self.format,
            separator,
            is_strict: false,
            customer: columns.field("customer", self.customer)?,
            card: self.card_number.map(|field| columns.field("card_number", field)).transpose()?,
            loyalty: self.loyalty_number.map(|field| columns.field("loyalty_number", field)).transpose()?,
            segments,
            language: self.language.map(|field| columns.field("language", field)).transpose()?,
            marketing,
            purposes,
            attributes,
            scores,
            columns: columns.0,
        })
    }
}

/// The columns named so far.
struct Columns(Vec<String>);

impl Columns {
    fn consent(&mut self, key: &str, mut status: FieldFile) -> Result<ConsentFields, Wrong> {
        let FieldTable { channel, source, at, .. } = &mut status.0;
        let [channel, source, at] = [("channel", channel.take()), ("source", source.take()), ("at", at.take())]
            .map(|(name, field)| field.map(|field| self.field(&format!("{key}.{name}"), *field)).transpose());
        Ok(ConsentFields { status: self.field(key, status)?, channel: channel?, source: source?, at: at? })
    }

    fn field(&mut self, key: &str, FieldFile(table): FieldFile) -> Result<Field, Wrong> {
        let wrong = |what: &str| Err((key.to_owned(), what.to_owned()));
        if table.separator.is_some() {
            return wrong("only segments have a separator");
        }
        if table.channel.is_some() || table.source.is_some() || table.at.is_some() {
            return wrong("only consents have a channel, a source or an at");
        }
        if table.values.len() > MOST_VALUES {
            return wrong("too many values");
        }
        if table.otherwise.is_some() && table.values.is_empty() {
            return wrong("has otherwise, but no values");
        }
        let from = match (table.column, table.constant) {
            (Some(column), None) if !column.is_empty() => Origin::Column(self.place(column)),
            (None, Some(constant)) if table.values.is_empty() => Origin::Constant(constant.trim().to_owned()),
            _ => return wrong("must say either column = \"...\" or constant = \"...\", and values only of a column"),
        };
        Ok(Field { from, values: table.values, otherwise: table.otherwise })
    }

    fn place(&mut self, column: String) -> usize {
        let known = self.0.iter().position(|known| *known == column);
        known.unwrap_or_else(|| {
            self.0.push(column);
            self.0.len() - 1
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Mapping, String> {
        let problems = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Mapping::read(&Document::new(Path::new("m.toml"), text.to_owned())).map_err(problems)
    }

    fn row(texts: &[&'static str]) -> Vec<Value<'static>> {
        texts.iter().map(|text| Value::Text((*text).into())).collect()
    }

    #[test]
    fn a_column_is_named_translated_or_replaced_by_a_constant() {
        let text = r#"
            separator = ";"
            customer = "KDNR"
            loyalty_number = "KDNR"
            language = { constant = "de" }
            segments = { column = "SEG", separator = "/", values = { A = "gold", B = "silver" }, otherwise = "" }
            [consent]
            marketing = { column = "WERBUNG", values = { J = "yes", N = "no" } }
        "#;
        let mapping = read(text).unwrap();
        assert_eq!(mapping.columns, ["SEG", "WERBUNG", "KDNR"]);
        let row = row(&["A/ B/C", "J", "7"]);
        assert_eq!(mapping.customer.text(&row), Ok("7"));
        assert_eq!(mapping.loyalty.as_ref().unwrap().text(&row), Ok("7"));
        assert_eq!(mapping.language.as_ref().unwrap().text(&row), Ok("de"));
        let (segments, separator) = mapping.segments.as_ref().unwrap();
        assert_eq!(segments.texts(&row, separator), Ok(vec!["gold", "silver"]));
        let consent = mapping.marketing.unwrap().status;
        assert_eq!(consent.text(&row), Ok("yes"));
        let other = [Value::Text("".into()), Value::Text("4111111111111111".into()), Value::Text("8".into())];
        assert_eq!(consent.text(&other), Err("is none of the values in the mapping".to_owned()));
    }

    #[test]
    fn what_is_wrong_in_a_mapping_is_named_with_its_place() {
        for (text, expected) in [
            ("customer = \"a\"\n", "m.toml: card_number: neither a card_number nor a loyalty_number"),
            (
                "customer = \"a\"\ncard_number = 1\n",
                "m.toml:2:15: card_number: invalid type: integer `1`, expected the name of a column, or a table with column or constant",
            ),
            ("customer = \"a\"\ncard_number = {}\n", "m.toml:2:1: card_number: must say either column"),
            (
                "customer = \"a\"\ncard_number = { colum = \"x\" }\n",
                "m.toml:2:17: card_number.colum: unknown field `colum`",
            ),
            (
                "customer = \"a\"\ncard_number = \"b\"\nscores.churn = { column = \"c\", at = \"d\" }\n",
                "m.toml:3:8: scores.churn: only consents have a channel, a source or an at",
            ),
            (
                "customer = \"a\"\ncard_number = \"b\"\nconsent.profiling = { column = \"c\", at = {} }\n",
                "m.toml:3:37: consent.profiling.at: must say either column",
            ),
            (
                "customer = \"a\"\ncard_number = \"b\"\nseparator = \"€\"\n",
                "m.toml:3:1: separator: is no ASCII character",
            ),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.starts_with(expected), "{found}\n{expected}");
        }
    }

    #[test]
    fn without_a_mapping_the_columns_are_called_as_head_office_calls_them() {
        let usual = Mapping::default();
        assert_eq!(usual.columns, USUAL);
        assert_eq!((usual.card_column(), usual.attributes.len()), (Some("card_number"), 1));
    }
}
