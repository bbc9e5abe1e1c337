//! One row of the customers' table: its numbers become tokens, the rest a profile.

use super::{Customer, RowProblems};
use crate::import::{ConsentFields, Field, Mapping, Value};
use jiff::{civil::Date, tz::TimeZone};
use touchpoint_protocol::{
    card::{Card, CardError},
    consent::{Channel, Consent, Status},
    customer::Profile,
    limits,
    name::{NameError, Segment},
    token::{Token, TokenKey},
    utc::Utc,
};

/// Longest external key, in characters.
const LONGEST_KEY: usize = 64;

/// The customer of a row.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn row(line: u64, values: &[Value<'_>], mapping: &Mapping, key: &TokenKey) -> Result<Customer, RowProblems> {
    let mut problems = Vec::new();
    let mut bad = |field: &Field, what: String| problems.push((Some(mapping.name(field).to_owned()), what));
    let mut profile = Profile::default();
    let card = token(mapping.card.as_ref(), values, Card::payment, key);
    let loyalty = token(mapping.loyalty.as_ref(), values, Card::loyalty, key);
    if let (Ok(None), Ok(None)) = (&card, &loyalty)
        && let Some(field) = mapping.card.as_ref().or(mapping.loyalty.as_ref())
    {
        bad(field, "neither a card_number nor a loyalty_number".to_owned());
    }
    let mut taken = |token: Result<Option<Token>, (&Field, String)>| {
        token.unwrap_or_else(|(field, what)| {
            bad(field, what);
            None
        })
    };
    let (card, loyalty) = (taken(card), taken(loyalty));
    let customer = mapping.customer.text(values).and_then(|text| external_key(text, card, key).map(|()| text));
    let customer = customer.unwrap_or_else(|what| {
        bad(&mapping.customer, what);
        ""
    });
    if let Some((field, separator)) = &mapping.segments {
        match field.texts(values, separator).and_then(|names| segments(&names)) {
            Ok(segments) => profile.segments = segments,
            Err(what) => bad(field, what),
        }
    }
    if let Some(field) = &mapping.language {
        let language = field.text(values).map(|text| Some(text).filter(|text| !text.is_empty()));
        match language.and_then(|text| text.map(str::parse).transpose().map_err(|error| format!("{error}"))) {
            Ok(language) => profile.language = language,
            Err(what) => bad(field, what),
        }
    }
    if let Some(word) = &mapping.marketing {
        match consent(word, values) {
            Ok(consent) => profile.marketing = consent,
            Err((field, what)) => bad(field, what),
        }
    }
    for (purpose, word) in &mapping.purposes {
        match consent(word, values) {
            // Who was never asked is who is not there.
            Ok(Consent { status: Status::Unknown, .. }) => {}
            Ok(consent) => drop(profile.purposes.insert(purpose.clone(), consent)),
            Err((field, what)) => bad(field, what),
        }
    }
    for (name, field) in &mapping.attributes {
        match field.text(values).and_then(attribute) {
            Ok("") => {}
            Ok(text) => drop(profile.attributes.insert(name.clone(), text.to_owned())),
            Err(what) => bad(field, what),
        }
    }
    for (name, field) in &mapping.scores {
        match field.text(values).and_then(score) {
            Ok(None) => {}
            Ok(Some(score)) => drop(profile.scores.insert(name.clone(), score)),
            Err(what) => bad(field, what),
        }
    }
    match problems.is_empty() {
        true => Ok(Customer { line, key: customer.into(), card, loyalty, profile: profile.to_cbor().into() }),
        false => Err(problems),
    }
}

/// The token of a number, if the row has it.
fn token<'a>(
    field: Option<&'a Field>,
    values: &[Value<'_>],
    card: fn(&str) -> Result<Card, CardError>,
    key: &TokenKey,
) -> Result<Option<Token>, (&'a Field, String)> {
    let Some(field) = field else { return Ok(None) };
    match field.text(values) {
        Ok("") => Ok(None),
        Ok(number) => card(number).map(|card| Some(key.token(card))).map_err(|error| (field, error.to_string())),
        Err(what) => Err((field, what)),
    }
}

/// The external key is stored, so it must not be the card's number.
fn external_key(text: &str, card: Option<Token>, key: &TokenKey) -> Result<(), String> {
    let length = text.chars().count();
    if length == 0 || length > LONGEST_KEY {
        return Err(format!("{length} characters, not 1 to {LONGEST_KEY}"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("has a blank or control character".to_owned());
    }
    if card.is_some() && Card::payment(text).is_ok_and(|number| Some(key.token(number)) == card) {
        return Err("is the card number, which must not be stored".to_owned());
    }
    Ok(())
}

fn segments(names: &[&str]) -> Result<Vec<Segment>, String> {
    let segments = names.iter().map(|name| name.parse()).collect::<Result<Vec<Segment>, _>>();
    let segments = segments.map_err(|error| format!("{error}"))?;
    if segments.len() > limits::SEGMENTS {
        return Err(format!("{} of them, over {}", segments.len(), limits::SEGMENTS));
    }
    match segments.iter().enumerate().find(|(at, segment)| segments[..*at].contains(segment)) {
        Some((_, segment)) => Err(format!("{segment} stands twice")),
        None => Ok(segments),
    }
}

/// What a customer said, and what is known of when, where and to whom: of who said nothing, nothing.
fn consent<'a>(word: &'a ConsentFields, values: &'a [Value<'_>]) -> Result<Consent, (&'a Field, String)> {
    let said = |field: &'a Field| field.text(values).map_err(|what| (field, what));
    let status = said(&word.status).and_then(|text| status(text).map_err(|what| (&word.status, what)))?;
    let mut consent = Consent::from(status);
    if status == Status::Unknown {
        return Ok(consent);
    }
    if let Some(field) = &word.channel {
        consent.channel = channel(said(field)?).map_err(|what| (field, what))?;
    }
    if let Some(field) = &word.source {
        consent.source = match said(field)? {
            "" => None,
            name => Some(name.parse().map_err(|error: NameError| (field, error.to_string()))?),
        };
    }
    if let Some(field) = &word.at {
        consent.at = match said(field)? {
            "" => None,
            time => Some(moment(time).map_err(|what| (field, what))?),
        };
    }
    Ok(consent)
}

fn status(text: &str) -> Result<Status, String> {
    match text {
        "yes" => Ok(Status::Given),
        "no" => Ok(Status::Refused),
        "" => Ok(Status::Unknown),
        _ => Err("is not yes, no or empty".to_owned()),
    }
}

fn channel(text: &str) -> Result<Channel, String> {
    match text {
        "all" | "" => Ok(Channel::All),
        "screen" => Ok(Channel::Screen),
        "elsewhere" => Ok(Channel::Elsewhere),
        _ => Err("is not all, screen, elsewhere or empty".to_owned()),
    }
}

/// A time, in the whole seconds that travel, or a day, which stands for its first moment (UTC): a consent of some day must not beat
/// an objection at a screen on that very day, which may have come after it.
fn moment(text: &str) -> Result<Utc, String> {
    let second = match text.parse::<Date>() {
        Ok(day) if text.len() == "2026-11-21".len() => {
            day.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?.timestamp().as_second()
        }
        _ => match text.parse::<Utc>() {
            Ok(time) => time.as_millis().div_euclid(1000),
            // Not repeated: a shifted column may hold a card number.
            Err(_) => return Err("is not a day like 2026-11-21 or a time like 2026-11-21T09:30:00Z".to_owned()),
        },
    };
    Ok(Utc::from_millis(second.saturating_mul(1000)))
}

fn score(text: &str) -> Result<Option<i32>, String> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| "is not a whole number from -2147483648 to 2147483647".to_owned()),
    }
}

fn attribute(text: &str) -> Result<&str, String> {
    if text.len() > limits::ATTRIBUTE_VALUE {
        return Err(format!("{} bytes, over {}", text.len(), limits::ATTRIBUTE_VALUE));
    }
    if text.chars().any(char::is_control) {
        return Err("has a control character".to_owned());
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::{super::Customers, *};
    use std::path::Path;
    use zeroize::Zeroizing;

    /// The rows of a file in the columns of the example mapping.
    fn read(file: &str, rows: &str) -> Customers {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mapping.toml");
        let key = TokenKey::new("t1".parse().unwrap(), Zeroizing::new([7; 32]));
        Customers::read(Path::new(file), rows.as_bytes(), &Mapping::load(&example).unwrap(), false, &key).unwrap()
    }

    fn profile(customer: &Customer) -> Profile {
        Profile::from_cbor(&customer.profile).unwrap()
    }

    const COLUMNS: &str = "KDNR;PAN;BONUS;SEG;SPRACHE;VORNAME;FILIALE;\
        WERBUNG;WERBUNG_ORT;WERBUNG_VON;WERBUNG_AM;PROFIL;PROFIL_AM;ABWANDERUNG;NEIGUNG\n";

    #[test]
    fn everything_a_profile_has_is_read_in_the_columns_of_the_example() {
        let rows = "7;4111 1111 1111 1111;B-7;A/S;DE;Zoë;Mitte;J;B;app;2026-03-01T12:30:00.250+01:00;N;2026-04-02;70;-5\n\
            8;;B-8;;;;;;;;;;;;\n";
        let read = read("export.csv", &format!("{COLUMNS}{rows}"));
        assert_eq!(read.bad.problems, []);
        let consent = |status, channel, source: &str, at: &str| Consent {
            status,
            channel,
            source: Some(source.parse().unwrap()),
            at: Some(at.parse().unwrap()),
        };
        let everything = Profile {
            segments: vec!["gold".parse().unwrap(), "student".parse().unwrap()],
            language: Some("de".parse().unwrap()),
            marketing: consent(Status::Given, Channel::Screen, "app", "2026-03-01T11:30:00Z"),
            attributes: [("branch", "Mitte"), ("first-name", "Zoë")]
                .map(|(name, value)| (name.parse().unwrap(), value.to_owned()))
                .into(),
            purposes: [(
                "profiling".parse().unwrap(),
                consent(Status::Refused, Channel::All, "core-system", "2026-04-02T00:00:00Z"),
            )]
            .into(),
            scores: [("churn", 70), ("propensity", -5)].map(|(name, score)| (name.parse().unwrap(), score)).into(),
        };
        assert_eq!(profile(&read.customers[0]), everything);
        assert_eq!(profile(&read.customers[1]), Profile::default(), "of who said nothing, nothing is known");
    }

    #[test]
    fn json_lines_say_the_same() {
        let rows = r#"{"KDNR":7,"BONUS":"B-7","WERBUNG":"N","WERBUNG_VON":"branch-12","NEIGUNG":12}"#;
        let read = read("export.jsonl", rows);
        assert_eq!(read.bad.problems, []);
        let source = Some("branch-12".parse().unwrap());
        let expected = Profile {
            marketing: Consent { source, ..Status::Refused.into() },
            scores: [("propensity".parse().unwrap(), 12)].into(),
            ..Profile::default()
        };
        assert_eq!(profile(&read.customers[0]), expected);
    }

    #[test]
    fn what_is_wrong_with_a_consent_or_a_score_is_named_and_not_repeated() {
        let rows = [
            "1;;L1;;;;;J;Post;app;2026-03-01;;;;",
            "2;;L2;;;;;J;;4111 1111 1111 1111;;;;;",
            "3;;L3;;;;;J;;;01.03.2026;;;;",
            "4;;L4;;;;;;;;;J;4111111111111111;;",
            "5;;L5;;;;;;;;;;;70.5;2147483648",
        ];
        let read = read("e.csv", &format!("{COLUMNS}{}\n", rows.join("\n")));
        let found: Vec<String> = read.bad.problems.iter().map(ToString::to_string).collect();
        let expected = [
            "e.csv:2: WERBUNG_ORT: is none of the values in the mapping",
            "e.csv:3: WERBUNG_VON: consent source has ' ', but only a-z, 0-9 and - are allowed, and no - first",
            "e.csv:4: WERBUNG_AM: is not a day like 2026-11-21 or a time like 2026-11-21T09:30:00Z",
            "e.csv:5: PROFIL_AM: is not a day like 2026-11-21 or a time like 2026-11-21T09:30:00Z",
            "e.csv:6: ABWANDERUNG: is not a whole number from -2147483648 to 2147483647",
            "e.csv:6: NEIGUNG: is not a whole number from -2147483648 to 2147483647",
        ];
        assert_eq!(found, expected);
    }
}
