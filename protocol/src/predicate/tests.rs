//! Conditions as a marketing department writes them, and as a device prints them.

use super::*;

fn read(json: &str) -> Result<Predicate, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn refused(json: &str) -> String {
    let error = read(json).unwrap_err();
    error.split(" at line").next().unwrap_or_default().to_owned()
}

#[test]
fn a_condition_is_read_and_said() {
    for (json, said) in [
        (r#"{"score":"churn","at_least":70}"#, "score churn at least 70"),
        (r#"{"customer":"segment","is":"gold"}"#, "segment is gold"),
        (r#"{"customer":"language","in":["de","fr"]}"#, "language is de or fr"),
        (r#"{"attribute":"city","not":"Berlin"}"#, "attribute city is not Berlin"),
        (r#"{"consent":"partners","is":"given"}"#, "consent to partners is given"),
        (r#"{"visit":"amount","in":["large"]}"#, "amount of visit is large"),
        (r#"{"time":"of_day","between":["22:00","06:00"]}"#, "time of day between 22:00 and 06:00"),
        (r#"{"time":"of_day","between":["18:00","24:00"]}"#, "time of day between 18:00 and 24:00"),
        (r#"{"time":"weekday","in":["sat","sun"]}"#, "day is sat or sun"),
        (r#"{"device":"site","exists":false}"#, "site not known"),
        (
            r#"{"any":[{"score":"churn","between":[70,90]},{"none":[{"visit":"kind","is":"deposit"}]}]}"#,
            "any of (score churn between 70 and 90; none of (kind of visit is deposit))",
        ),
    ] {
        let predicate = read(json).unwrap();
        assert_eq!(predicate.to_string(), said);
        assert_eq!(serde_json::to_string(&predicate).unwrap(), json, "not written as it was read");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_its_path() {
    let third = |clause: &str| {
        let sound = r#"{"customer":"segment","is":"gold"}"#;
        refused(&format!(r#"{{"all":[{sound},{sound},{clause}]}}"#))
    };
    assert_eq!(third(r#"{"score":"churn","is":"high"}"#), "when.all[2].score.churn: is compared with a number");
    assert_eq!(third(r#"{"score":"churn"}"#), "when.all[2].score.churn: has no test");
    assert_eq!(third(r#"{"score":"churn","between":[9,1]}"#), "when.all[2].score.churn: between runs backwards");
    assert_eq!(
        third(r#"{"customer":"segment","at_least":3}"#),
        "when.all[2].customer.segment: at_least needs a number"
    );
    assert_eq!(third(r#"{"customer":"age","is":"3"}"#), "when.all[2]: customer is segment or language, not \"age\"");
    assert_eq!(third(r#"{"visit":"amount","is":200}"#), "when.all[2].visit.amount: is compared with a text");
    assert_eq!(
        third(r#"{"consent":"marketing","is":"yes"}"#),
        "when.all[2].consent.marketing: \"yes\" is not given, refused or unknown"
    );
    assert_eq!(
        third(r#"{"time":"of_day","at_least":9}"#),
        "when.all[2].time.of_day: is compared with a time like \"09:30\""
    );
    assert_eq!(
        third(r#"{"time":"weekday","is":"monday"}"#),
        "when.all[2].time.weekday: \"monday\" is not a day from mon to sun"
    );
    assert_eq!(third(r#"{"any":[]}"#), "when.all[2].any: is empty");
    assert_eq!(third(r#"{"is":"x"}"#), "when.all[2]: has a test and no subject");
    assert_eq!(third("{}"), "when.all[2]: says nothing");
    assert_eq!(third(r#"{"score":"a","visit":"kind","is":"b"}"#), "when.all[2]: has two subjects");
    assert_eq!(third(r#"{"score":"a","at_least":1,"at_most":2}"#), "when.all[2]: has two tests: write two clauses");
    assert!(third(r#"{"scor":"a"}"#).starts_with("unknown field `scor`"));
}

#[test]
fn a_condition_is_neither_too_deep_nor_too_long() {
    let clause = r#"{"customer":"segment","is":"gold"}"#;
    let nested = |depth: usize| format!("{}{clause}{}", r#"{"all":["#.repeat(depth), "]}".repeat(depth));
    assert!(read(&nested(limits::CLAUSE_DEPTH - 1)).is_ok());
    assert_eq!(refused(&nested(4)), "when.all[0].all[0].all[0].all[0]: deeper than 4");
    let many = |count: usize| format!(r#"{{"all":[{}]}}"#, vec![clause; count].join(","));
    assert!(read(&many(limits::CLAUSES)).is_ok());
    assert_eq!(refused(&many(limits::CLAUSES + 1)), "when: 33 clauses, over 32");
}
