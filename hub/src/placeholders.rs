//! What a text with placeholders may look like on the glass, at its longest. Pure.

use touchpoint_protocol::placeholder::Template;

/// What stands for an unknown value when a text is tried on the glass: as long as first names commonly are, and repeated up to the
/// longest a device fills in.
const SAMPLE: &str = "Maximiliane ";

/// Fills placeholders until the text has `longest` characters, as a device does with the longest attributes it takes: what fits so always
/// fits. A default that is longer stays; a text that is none by the grammar stays as it is.
pub(crate) fn sample(text: &str, longest: usize) -> String {
    let Ok(template) = Template::parse(text) else { return text.to_owned() };
    let empty = template.fill(|_, _| "").chars().count();
    let count = attributes(text).len();
    let room = longest.saturating_sub(empty).checked_div(count).unwrap_or_default();
    let value: String = SAMPLE.chars().cycle().take(room).collect();
    let value = value.trim_end().to_owned();
    template.fill(|_, default| if default.chars().count() > value.len() { default } else { &value })
}

/// The text as it is for who has none of the attributes it asks for.
pub(crate) fn bare(text: &str) -> String {
    Template::parse(text).map_or_else(|_| text.to_owned(), |template| template.fill(|_, default| default))
}

/// The attributes a text asks for.
pub(crate) fn attributes(text: &str) -> Vec<String> {
    let found = std::cell::RefCell::new(Vec::new());
    if let Ok(template) = Template::parse(text) {
        template.fill(|name, default| {
            found.borrow_mut().push(name.to_owned());
            default
        });
    }
    found.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_tried_at_their_longest() {
        assert_eq!(sample("Hello", 40), "Hello");
        assert_eq!(sample("Hello {first-name}!", 18), "Hello Maximiliane!");
        assert_eq!(sample("Hello {first-name}!", 29), "Hello Maximiliane Maximilian!");
        assert_eq!(sample("{first-name|you}{first-name|most valued customer}", 20), "Maximilianmost valued customer");
        assert_eq!(sample("{a}{b}", 8), "MaxiMaxi");
    }

    #[test]
    fn a_text_is_known_with_its_defaults_and_by_its_attributes() {
        assert_eq!(bare("Hello {first-name|you}{x}!"), "Hello you!");
        assert_eq!(attributes("Hello {first-name|you}{x}!"), ["first-name", "x"]);
        assert!(attributes("Hello {").is_empty());
    }
}
