//! Words that ask for a secret. A machine asks for a PIN in its own dialogue and nowhere else: a customer who has learnt from us to type
//! digits because a message says so types them for the next fraud, too. So no message may even name them.

use super::Sheet;
use crate::problem::Problem;
use touchpoint_protocol::{campaign::Text, name::Language};

/// Names of secrets by language; the first are known in all of them. Lower case, whole words.
const SECRETS: [(&str, &[&str]); 8] = [
    ("", &["pin", "cvv", "cvc", "cvv2", "cvc2", "passcode"]),
    ("en", &["password", "card number", "account number", "security code", "digits"]),
    (
        "de",
        &[
            "geheimzahl",
            "geheimnummer",
            "passwort",
            "kennwort",
            "kartennummer",
            "prüfziffer",
            "prüfnummer",
            "tan",
            "ziffern",
        ],
    ),
    ("fr", &["code secret", "code confidentiel", "mot de passe", "numéro de carte", "cryptogramme", "chiffres"]),
    ("es", &["contraseña", "clave", "número de tarjeta", "número secreto", "dígitos"]),
    ("it", &["codice segreto", "parola d’ordine", "numero di carta", "numero della carta", "cifre"]),
    ("nl", &["pincode", "wachtwoord", "kaartnummer", "cijfers"]),
    ("pt", &["senha", "palavra-passe", "número do cartão", "código secreto", "dígitos"]),
];

/// The secrets a campaign's words name.
pub(super) fn problems(sheet: &Sheet<'_>) -> Vec<Problem> {
    let own = sheet.campaign.texts.iter().map(|(language, text)| (format!("text.{language}"), language, text));
    let of_variants = sheet.campaign.variants.iter().flat_map(|variant| {
        let key = move |language: &Language| format!("variants.{}.text.{language}", variant.id);
        variant.texts.iter().map(move |(language, text)| (key(language), language, text))
    });
    let all = own.chain(of_variants).flat_map(|(key, language, text)| in_text(&key, language, text));
    let what =
        |word: &str| format!("names {word:?}: no message asks for a secret or for digits, nor teaches to expect it");
    all.map(|(key, word)| sheet.tables.problem_at(&key, what(word))).collect()
}

fn in_text(key: &str, language: &Language, Text { title, body, answers, more }: &Text) -> Vec<(String, &'static str)> {
    let lines = [("title", title), ("body", body)].into_iter().chain(answers.iter().map(|label| ("answers", label)));
    let lines = lines.chain(more.iter().map(|more| ("more", more)));
    lines.filter_map(|(line, words)| Some((format!("{key}.{line}"), secret(language, words)?))).collect()
}

/// The first secret that is named.
fn secret(language: &Language, words: &str) -> Option<&'static str> {
    // Without its region: `pt-br` is `pt`.
    let spoken = language.as_str().split('-').next().unwrap_or_default();
    let words = words.to_lowercase();
    let lists = SECRETS.iter().filter(|(of, _)| of.is_empty() || *of == spoken);
    lists.flat_map(|(_, secrets)| secrets.iter().copied()).find(|secret| names(&words, secret))
}

/// Whether a word, or several, stand there as they are, and not within others.
fn names(words: &str, secret: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    words.match_indices(secret).any(|(at, _)| {
        !is_letter(words[..at].chars().next_back()) && !is_letter(words[at + secret.len()..].chars().next())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_as_whole_words_in_their_language() {
        let secret = |language: &str, words| secret(&language.parse().unwrap(), words);
        assert_eq!(secret("en", "Please enter your PIN."), Some("pin"));
        assert_eq!(secret("de", "Bestätigen Sie mit Ihrer PIN-Eingabe"), Some("pin"));
        assert_eq!(secret("fr", "Saisissez votre code secret"), Some("code secret"));
        assert_eq!(secret("pt-br", "Digite a senha"), Some("senha"));
        assert_eq!(secret("en", "Shopping at Pinewood, spinning"), None);
        assert_eq!(secret("en", "Ein Tan ist in Deutsch geheim"), None);
        assert_eq!(secret("de", "Die Distanz"), None);
    }
}
