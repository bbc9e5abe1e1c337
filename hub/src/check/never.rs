//! Clauses that can never hold together. Found by trial: if two clauses about one thing can hold at once, they do so for one of the values
//! they name, for one beside it, or for none at all.

use touchpoint_protocol::{
    consent::Status,
    name::Purpose,
    predicate::{Clause, Predicate, Subject, Test, Value},
    zone::{DAY, Weekday},
};

/// A clause that must hold, or must not.
struct Literal<'a> {
    clause: &'a Clause,
    holds: bool,
    path: String,
}

/// What a subject may be: nothing, one value, or of segments several.
type Candidate = Vec<Value>;

/// The pairs of clauses of a condition that can never hold together: the key of the second, and what is wrong.
pub(super) fn contradictions(when: &Predicate) -> Vec<(String, String)> {
    let mut literals = Vec::new();
    together(when, true, "when".to_owned(), &mut literals);
    let mut found = Vec::new();
    for (at, second) in literals.iter().enumerate() {
        for first in &literals[..at] {
            if first.clause.subject == second.clause.subject && !possible(first, second) {
                let what = format!("{} can never hold together with {}", said(second), said(first));
                found.push((second.path.clone(), what));
            }
        }
    }
    found
}

/// The first clause of a condition that asks that a customer be known, or something of them; a stranger never passes it.
pub(super) fn asks_for_a_customer(when: &Predicate) -> Option<(String, String)> {
    let mut literals = Vec::new();
    together(when, true, "when".to_owned(), &mut literals);
    let of_customers = literals.iter().find(|literal| {
        let subject = &literal.clause.subject;
        let of_customers = matches!(
            subject,
            Subject::Segment | Subject::Language | Subject::Attribute(_) | Subject::Score(_) | Subject::Consent(_)
        );
        let unknown = if matches!(subject, Subject::Consent(_)) { vec![word("unknown")] } else { Vec::new() };
        of_customers && passes(&literal.clause.test, &unknown) != literal.holds
    })?;
    Some((of_customers.path.clone(), format!("{} never holds of strangers", said(of_customers))))
}

/// The first clause of a condition that no customer passes who has given this consent.
pub(super) fn asks_for_no_consent(when: &Predicate, purpose: &Purpose) -> Option<(String, String)> {
    let mut literals = Vec::new();
    together(when, true, "when".to_owned(), &mut literals);
    let against = literals.iter().find(|literal| {
        let subject = &literal.clause.subject;
        *subject == Subject::Consent(purpose.clone()) && passes(&literal.clause.test, &[word("given")]) != literal.holds
    })?;
    Some((against.path.clone(), format!("{} never holds of who may be shown it", said(against))))
}

/// The clauses that hold together whenever a condition does.
fn together<'a>(predicate: &'a Predicate, holds: bool, path: String, literals: &mut Vec<Literal<'a>>) {
    let (word, inner, holds) = match (predicate, holds) {
        (Predicate::Clause(clause), holds) => return literals.push(Literal { clause, holds, path }),
        (Predicate::All(inner), true) => ("all", inner, true),
        (Predicate::None(inner), true) => ("none", inner, false),
        (Predicate::Any(inner), false) => ("any", inner, false),
        // Of one it is as of all.
        (Predicate::Any(inner), true) if inner.len() == 1 => ("any", inner, true),
        _ => return,
    };
    for (at, predicate) in inner.iter().enumerate() {
        together(predicate, holds, format!("{path}.{word}[{at}]"), literals);
    }
}

fn possible(first: &Literal<'_>, second: &Literal<'_>) -> bool {
    let both =
        |candidate: &Candidate| [first, second].iter().all(|one| passes(&one.clause.test, candidate) == one.holds);
    candidates(first.clause, second.clause).iter().any(both)
}

/// Everything worth a trial.
fn candidates(first: &Clause, second: &Clause) -> Vec<Candidate> {
    let subject = &first.subject;
    match subject {
        Subject::TimeOfDay => return (0..i32::from(DAY)).map(|minute| vec![Value::Number(minute)]).collect(),
        Subject::Weekday => return Weekday::ALL.into_iter().map(|day| vec![Value::Day(day)]).collect(),
        Subject::Consent(_) => return Status::ALL.into_iter().map(|status| vec![Value::Status(status)]).collect(),
        _ => {}
    }
    let mut values: Vec<Value> = [first, second].into_iter().flat_map(|clause| named(&clause.test)).collect();
    values.push(word("-"));
    let mut candidates: Vec<Candidate> = vec![Vec::new()];
    candidates.extend(values.iter().map(|value| vec![value.clone()]));
    if *subject == Subject::Segment {
        // Who is in two segments may be in one for each clause.
        let pairs = values.iter().flat_map(|one| values.iter().map(move |other| vec![one.clone(), other.clone()]));
        candidates.extend(pairs);
    }
    candidates
}

/// The values a test names, and of numbers those beside them.
fn named(test: &Test) -> Vec<Value> {
    let beside = |numbers: &[i32]| {
        let near = numbers.iter().flat_map(|number| [number.saturating_sub(1), *number, number.saturating_add(1)]);
        near.map(Value::Number).collect::<Vec<_>>()
    };
    match test {
        Test::Is(Value::Number(number)) | Test::Not(Value::Number(number)) => beside(&[*number]),
        Test::Is(value) | Test::Not(value) => vec![value.clone()],
        Test::In(values) => values
            .iter()
            .flat_map(|value| match value {
                Value::Number(number) => beside(&[*number]),
                Value::Word(_) | Value::Day(_) | Value::Status(_) => vec![value.clone()],
            })
            .collect(),
        Test::AtLeast(number) | Test::AtMost(number) => beside(&[*number]),
        Test::Between(low, high) => beside(&[*low, *high]),
        Test::Exists(_) => Vec::new(),
    }
}

/// Whether something is what a test asks for; as a device tests it.
fn passes(test: &Test, candidate: &[Value]) -> bool {
    let number =
        || candidate.iter().find_map(|value| if let Value::Number(number) = value { Some(*number) } else { None });
    match test {
        Test::Is(value) => candidate.contains(value),
        Test::Not(value) => !candidate.contains(value),
        Test::In(values) => values.iter().any(|value| candidate.contains(value)),
        Test::Exists(known) => candidate.is_empty() != *known,
        Test::AtLeast(least) => number().is_some_and(|number| number >= *least),
        Test::AtMost(most) => number().is_some_and(|number| number <= *most),
        Test::Between(low, high) if low <= high => number().is_some_and(|number| (*low..=*high).contains(&number)),
        Test::Between(low, high) => number().is_some_and(|number| number >= *low || number <= *high),
    }
}

fn said(literal: &Literal<'_>) -> String {
    let not = if literal.holds { "" } else { "not " };
    format!("{not}\"{}\"", literal.clause)
}

fn word(word: &str) -> Value {
    Value::Word(word.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn found(json: &str) -> Vec<(String, String)> {
        contradictions(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn clauses_that_exclude_each_other_are_found() {
        for (json, path) in [
            (r#"{"all": [{"score": "a", "at_least": 70}, {"score": "a", "at_most": 69}]}"#, "when.all[1]"),
            (
                r#"{"all": [{"score": "a", "between": [1, 5]}, {"score": "b", "is": 9}, {"score": "a", "is": 6}]}"#,
                "when.all[2]",
            ),
            (
                r#"{"all": [{"customer": "language", "is": "de"}, {"customer": "language", "in": ["fr", "en"]}]}"#,
                "when.all[1]",
            ),
            (
                r#"{"all": [{"customer": "segment", "is": "gold"}, {"none": [{"customer": "segment", "is": "gold"}]}]}"#,
                "when.all[1].none[0]",
            ),
            (
                r#"{"all": [{"attribute": "a", "exists": false}, {"any": [{"attribute": "a", "is": "x"}]}]}"#,
                "when.all[1].any[0]",
            ),
            (
                r#"{"all": [{"time": "of_day", "between": ["22:00", "04:00"]}, {"time": "of_day", "between": ["09:00", "12:00"]}]}"#,
                "when.all[1]",
            ),
            (
                r#"{"all": [{"time": "weekday", "in": ["sat", "sun"]}, {"time": "weekday", "is": "mon"}]}"#,
                "when.all[1]",
            ),
        ] {
            let found = found(json);
            assert_eq!(found.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), [path], "{json}: {found:?}");
        }
        let what = &found(r#"{"all": [{"score": "a", "at_least": 7}, {"score": "a", "at_most": 6}]}"#)[0].1;
        assert_eq!(what, "\"score a at most 6\" can never hold together with \"score a at least 7\"");
    }

    #[test]
    fn clauses_that_can_hold_together_are_left_alone() {
        for json in [
            r#"{"all": [{"score": "a", "at_least": 70}, {"score": "a", "at_most": 70}]}"#,
            r#"{"all": [{"customer": "segment", "is": "gold"}, {"customer": "segment", "is": "family"}]}"#,
            r#"{"all": [{"customer": "language", "not": "de"}, {"customer": "language", "not": "fr"}]}"#,
            r#"{"any": [{"customer": "language", "is": "de"}, {"customer": "language", "is": "fr"}]}"#,
            r#"{"all": [{"time": "of_day", "between": ["22:00", "04:00"]}, {"time": "of_day", "at_most": "03:00"}]}"#,
            r#"{"none": [{"attribute": "a", "exists": true}, {"attribute": "a", "is": "x"}]}"#,
        ] {
            assert_eq!(found(json), [], "{json}");
        }
    }
}
