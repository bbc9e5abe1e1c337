//! `{attribute}` and `{attribute|default}` in a text: checked here, filled on the device. Pure.

use touchpoint_protocol::name::AttributeName;

/// What stands for an unknown value when a text is tried on the glass: as long as first names commonly are.
const SAMPLE: &str = "Maximiliane";

/// A text with its placeholders filled as they may be on the glass, and whether one of them has no default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sampled {
    /// The text.
    pub(crate) text: String,
    /// Whether it needs an attribute to be read at all.
    pub(crate) needs_attribute: bool,
}

/// Fills each placeholder with a sample, or with its default if that is longer.
///
/// # Errors
/// What is wrong with the first placeholder that is none.
pub(crate) fn sample(text: &str) -> Result<Sampled, String> {
    let (mut filled, mut needs_attribute, mut rest) = (String::with_capacity(text.len()), false, text);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let Some(inside) = from.strip_prefix('{') else { return Err("has a } without a {".to_owned()) };
        let Some((placeholder, after)) = inside.split_once('}') else { return Err("has a { without a }".to_owned()) };
        if placeholder.contains('{') {
            return Err("has a { within a placeholder".to_owned());
        }
        let (name, default) = match placeholder.split_once('|') {
            Some((name, default)) => (name, Some(default)),
            None => (placeholder, None),
        };
        if let Err(error) = name.parse::<AttributeName>() {
            return Err(format!("has the placeholder {{{placeholder}}}: {error}"));
        }
        needs_attribute |= default.is_none();
        let default = default.unwrap_or_default();
        filled.push_str(if default.chars().count() > SAMPLE.len() { default } else { SAMPLE });
        rest = after;
    }
    filled.push_str(rest);
    Ok(Sampled { text: filled, needs_attribute })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_tried_with_the_longer_of_sample_and_default() {
        let text = |text: &str| sample(text).unwrap().text;
        assert_eq!(text("Hello"), "Hello");
        assert_eq!(text("Hello {first-name}!"), "Hello Maximiliane!");
        assert_eq!(text("{first-name|you}{first-name|most valued customer}"), "Maximilianemost valued customer");
    }

    #[test]
    fn a_text_that_cannot_do_without_an_attribute_is_known() {
        assert!(sample("Hello {first-name}").unwrap().needs_attribute);
        assert!(!sample("Hello {first-name|you}").unwrap().needs_attribute);
    }

    #[test]
    fn what_is_no_placeholder_is_refused_with_the_reason() {
        for (text, reason) in [
            ("Hello {first-name", "has a { without a }"),
            ("Hello first-name}", "has a } without a {"),
            ("Hello {first {name}}", "has a { within a placeholder"),
            ("{}", "has the placeholder {}: attribute has 0 characters, not 1 to 64"),
        ] {
            assert_eq!(sample(text).unwrap_err(), reason, "{text}");
        }
        assert!(sample("{First Name}").unwrap_err().starts_with("has the placeholder {First Name}: attribute has 'F'"));
    }
}
