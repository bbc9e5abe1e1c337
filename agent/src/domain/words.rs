//! Fills a customer's attributes into a text: `{first-name}`, or `{first-name|you}` with a word for when it is not known.

use std::collections::BTreeMap;
use touchpoint_protocol::{name::AttributeName, placeholder::Template};

/// The text with its placeholders filled, never longer than `longest` characters: an attribute that would make it longer gives
/// way to its default, so that what head office has checked for fit always fits.
///
/// A text that is none by the grammar was refused before it came here; it stays as it is.
pub fn fill(text: &str, attributes: &BTreeMap<AttributeName, String>, longest: usize) -> String {
    let Ok(template) = Template::parse(text) else { return text.to_owned() };
    let filled = template.fill(|name, default| {
        attributes.iter().find(|(known, _)| known.as_str() == name).map_or(default, |(_, value)| value.as_str())
    });
    if filled.chars().count() <= longest && !filled.chars().any(char::is_control) {
        return filled;
    }
    template.fill(|_, default| default)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn anna() -> BTreeMap<AttributeName, String> {
        BTreeMap::from([("first-name".parse().unwrap(), "Anna".to_owned())])
    }

    #[test]
    fn a_known_name_is_used_and_an_unknown_one_has_a_default() {
        assert_eq!(fill("Hello {first-name|there}!", &anna(), 40), "Hello Anna!");
        assert_eq!(fill("Hello {first-name|there}!", &BTreeMap::new(), 40), "Hello there!");
        assert_eq!(fill("Hello{first-name}!", &BTreeMap::new(), 40), "Hello!");
    }

    #[test]
    fn a_name_too_long_for_the_glass_gives_way_to_the_default() {
        assert_eq!(fill("Hello {first-name|you}", &anna(), 9), "Hello you");
    }

    #[test]
    fn what_is_in_an_attribute_is_never_read_as_a_placeholder() {
        let attributes = BTreeMap::from([("first-name".parse().unwrap(), "{a|b}".to_owned())]);
        assert_eq!(fill("{first-name}", &attributes, 40), "{a|b}");
        assert_eq!(fill("a { b", &attributes, 40), "a { b");
    }
}
