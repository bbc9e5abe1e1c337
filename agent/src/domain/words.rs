//! Fills a customer's attributes into a text: `{first-name}`, or `{first-name|you}` with a word for when it is not known.

use std::collections::BTreeMap;
use touchpoint_protocol::name::AttributeName;

/// The text with its placeholders filled, never longer than `longest` characters: an attribute that would make it longer gives
/// way to its default, so that what head office has checked for fit always fits.
pub fn fill(text: &str, attributes: &BTreeMap<AttributeName, String>, longest: usize) -> String {
    let filled = substitute(text, |name, default| {
        attributes.iter().find(|(known, _)| known.as_str() == name).map_or(default, |(_, value)| value.as_str())
    });
    if filled.chars().count() <= longest && !filled.chars().any(char::is_control) {
        return filled;
    }
    substitute(text, |_, default| default)
}

/// Replaces each `{name|default}`; a brace that opens and never closes is text.
fn substitute<'a>(text: &'a str, value: impl Fn(&'a str, &'a str) -> &'a str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((placeholder, remainder)) = after.split_once('}') else { break };
        let (name, default) = placeholder.split_once('|').unwrap_or((placeholder, ""));
        out.push_str(before);
        out.push_str(value(name, default));
        rest = remainder;
    }
    out.push_str(rest);
    out
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
