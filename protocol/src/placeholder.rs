//! `{attribute}` and `{attribute|default}` in a message: one grammar, by which head office checks a text and a device fills it.

use crate::name::{AttributeName, NameError};

/// A text, in the order of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template<'a>(Vec<Part<'a>>);

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'a> {
    Words(&'a str),
    Placeholder { attribute: &'a str, default: Option<&'a str> },
}

/// What is wrong with the first placeholder that is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// A placeholder ends that never began.
    #[error("has a }} without a {{")]
    NotOpened,
    /// A placeholder begins and never ends.
    #[error("has a {{ without a }}")]
    NotClosed,
    /// A placeholder begins within another.
    #[error("has a {{ within a placeholder")]
    Nested,
    /// It names no attribute.
    #[error("has the placeholder {{{placeholder}}}: {problem}")]
    Name {
        /// What stands between the braces.
        placeholder: String,
        /// Why it names none.
        problem: NameError,
    },
}

impl<'a> Template<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with the first placeholder that is none.
    pub fn parse(text: &'a str) -> Result<Template<'a>, PlaceholderError> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            let inside = from.strip_prefix('{').ok_or(PlaceholderError::NotOpened)?;
            let (placeholder, after) = inside.split_once('}').ok_or(PlaceholderError::NotClosed)?;
            if placeholder.contains('{') {
                return Err(PlaceholderError::Nested);
            }
            let (attribute, default) = match placeholder.split_once('|') {
                Some((attribute, default)) => (attribute, Some(default)),
                None => (placeholder, None),
            };
            if let Err(problem) = attribute.parse::<AttributeName>() {
                return Err(PlaceholderError::Name { placeholder: placeholder.to_owned(), problem });
            }
            parts.extend([Part::Words(before), Part::Placeholder { attribute, default }]);
            rest = after;
        }
        parts.push(Part::Words(rest));
        Ok(Template(parts))
    }

    /// The text with each placeholder replaced by what `value` says for its attribute and its default, which is empty if it has none.
    pub fn fill<'v>(&self, value: impl Fn(&'a str, &'a str) -> &'v str) -> String
    where
        'a: 'v,
    {
        let parts = self.0.iter().map(|part| match part {
            Part::Words(words) => words,
            Part::Placeholder { attribute, default } => value(attribute, default.unwrap_or_default()),
        });
        parts.collect()
    }

    /// Whether it cannot do without an attribute: a placeholder has no default.
    pub fn needs_attribute(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Placeholder { default: None, .. }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_placeholder_is_filled_and_all_else_stays() {
        let fill =
            |text: &str| Template::parse(text).unwrap().fill(|name, default| if name == "a" { "A" } else { default });
        assert_eq!(fill("no placeholder | at all"), "no placeholder | at all");
        assert_eq!(fill("{a}{b|B}, {b}!{a|x}"), "AB, !A");
        assert_eq!(fill("{b|x|y}"), "x|y");
    }

    #[test]
    fn a_text_that_cannot_do_without_an_attribute_is_known() {
        assert!(Template::parse("Hello {first-name}").unwrap().needs_attribute());
        assert!(!Template::parse("Hello {first-name|you}").unwrap().needs_attribute());
    }

    #[test]
    fn what_is_no_placeholder_is_refused_with_the_reason() {
        for (text, reason) in [
            ("Hello {first-name", "has a { without a }"),
            ("Hello first-name}", "has a } without a {"),
            ("Hello {first {name}}", "has a { within a placeholder"),
            ("{}", "has the placeholder {}: attribute has 0 characters, not 1 to 64"),
        ] {
            assert_eq!(Template::parse(text).unwrap_err().to_string(), reason, "{text}");
        }
        let refused = Template::parse("{First Name}").unwrap_err().to_string();
        assert!(refused.starts_with("has the placeholder {First Name}: attribute has 'F'"), "{refused}");
    }
}
