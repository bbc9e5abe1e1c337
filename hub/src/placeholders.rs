//! What a text with placeholders may look like on the glass, at its longest. Pure.

use touchpoint_protocol::placeholder::Template;

/// What stands for an unknown value when a text is tried on the glass: as long as first names commonly are.
const SAMPLE: &str = "Maximiliane";

/// Fills each placeholder with a sample, or with its default if that is longer. A text that is none by the grammar stays as it is.
pub(crate) fn sample(text: &str) -> String {
    Template::parse(text).map_or_else(
        |_| text.to_owned(),
        |template| template.fill(|_, default| if default.chars().count() > SAMPLE.len() { default } else { SAMPLE }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_tried_with_the_longer_of_sample_and_default() {
        assert_eq!(sample("Hello"), "Hello");
        assert_eq!(sample("Hello {first-name}!"), "Hello Maximiliane!");
        assert_eq!(sample("{first-name|you}{first-name|most valued customer}"), "Maximilianemost valued customer");
    }
}
