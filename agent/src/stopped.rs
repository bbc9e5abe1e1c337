//! What a machine says that serves nobody, if head office has published no words for it or nothing at all yet.

use touchpoint_display::View;
use touchpoint_protocol::name::Language;

/// That it is out of order, and what to do, by language without region. English stands in for all others.
const WORDS: [(&str, &str, &str); 12] = [
    ("en", "Out of order", "Please use another machine."),
    ("ar", "خارج الخدمة", "يرجى استخدام جهاز آخر."),
    ("cs", "Mimo provoz", "Použijte prosím jiný přístroj."),
    ("de", "Außer Betrieb", "Bitte benutzen Sie einen anderen Automaten."),
    ("el", "Εκτός λειτουργίας", "Παρακαλούμε χρησιμοποιήστε άλλο μηχάνημα."),
    ("es", "Fuera de servicio", "Utilice otra máquina, por favor."),
    ("fr", "Hors service", "Veuillez utiliser un autre appareil."),
    ("it", "Fuori servizio", "Si prega di utilizzare un altro apparecchio."),
    ("nl", "Buiten gebruik", "Gebruik alstublieft een ander apparaat."),
    ("pl", "Nieczynne", "Prosimy skorzystać z innego urządzenia."),
    ("pt", "Fora de serviço", "Utilize outra máquina, por favor."),
    ("tr", "Hizmet dışı", "Lütfen başka bir makine kullanın."),
];

/// The view in a language, or in English.
pub(crate) fn view(language: Option<&Language>) -> View {
    let spoken = language.and_then(|language| language.as_str().split('-').next()).unwrap_or_default();
    let known = WORDS.iter().find(|(language, ..)| *language == spoken);
    let (_, title, body) = known.unwrap_or(&WORDS[0]);
    View::OutOfOrder { title: (*title).to_owned(), body: (*body).to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use touchpoint_display::{Glass, Mode, Size, Theme, fits};
    use touchpoint_protocol::limits;

    fn title(language: Option<&str>) -> String {
        match view(language.map(|language| language.parse().unwrap()).as_ref()) {
            View::OutOfOrder { title, .. } => title,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn everybody_is_told_in_a_language_of_the_place_or_in_english() {
        let titles = [Some("pt-br"), Some("de"), Some("ja"), None].map(title);
        assert_eq!(titles, ["Fora de serviço", "Außer Betrieb", "Out of order", "Out of order"]);
    }

    #[test]
    fn the_words_are_as_short_as_published_ones_and_fit_a_usual_panel_in_every_mode() {
        let glass = Glass::of(Size::new(1024, 768));
        for (language, title, body) in WORDS {
            assert!(title.chars().count() <= limits::TITLE && body.chars().count() <= limits::BODY, "{language}");
            for mode in Mode::ALL {
                let problems = fits(&view(Some(&language.parse().unwrap())), &glass, &Theme::default(), mode);
                assert_eq!(problems, [], "{language} in {mode}");
            }
        }
    }
}
