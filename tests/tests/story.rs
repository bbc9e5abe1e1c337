//! The worked example: what the demo's campaigns mean for eight customers over several weeks, as a table that a person can read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, fmt::Write, fs, str::FromStr};
use toml::{Table, Value};
use touchpoint_agent::domain::{
    contact::{Contact, ContactKind},
    customer::Customer,
    decide::{Decision, decide},
    moment::{Moment, VisitAttributes},
    words,
};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::{AnswerKind, PanelSize},
    consent::Status,
    contact::InteractionId,
    customer::Profile,
    interaction::Trigger,
    limits,
    utc::Utc,
};
use touchpoint_tests::{golden, workspace};

/// Who is not a customer.
const STRANGER: &str = "a stranger";

/// Seconds a visit leaves, unless the story says otherwise.
const SECONDS: i64 = 25;

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).map(|value| value.as_str().unwrap_or_else(|| panic!("{key} is a text")))
}

fn parsed<T: FromStr<Err: std::fmt::Debug>>(table: &Table, key: &str) -> Option<T> {
    text(table, key).map(|text| text.parse().unwrap())
}

fn status(word: &str) -> Status {
    Status::ALL.into_iter().find(|status| status.as_str() == word).unwrap()
}

fn answer(word: &str) -> AnswerKind {
    serde_json::from_value(word.into()).unwrap()
}

fn tables<'a>(story: &'a Table, key: &str) -> impl Iterator<Item = &'a Table> {
    story[key].as_array().unwrap().iter().map(|table| table.as_table().unwrap())
}

fn pairs<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    table.get(key).and_then(Value::as_table).into_iter().flatten()
}

fn customer(number: i64, table: &Table) -> Customer {
    let segments = table["segments"].as_array().unwrap().iter();
    let profile = Profile {
        segments: segments.map(|name| name.as_str().unwrap().parse().unwrap()).collect(),
        language: parsed(table, "language"),
        marketing: status(text(table, "consent").unwrap()).into(),
        attributes: pairs(table, "attributes")
            .map(|(name, value)| (name.parse().unwrap(), value.as_str().unwrap().to_owned()))
            .collect(),
        scores: pairs(table, "scores")
            .map(|(name, value)| (name.parse().unwrap(), value.as_integer().unwrap().try_into().unwrap()))
            .collect(),
        ..Profile::default()
    };
    // What a device has came to it on the wire.
    let profile = Profile::from_cbor(&profile.to_cbor()).unwrap();
    Customer { id: number.try_into().unwrap(), profile }
}

fn moment(visit: &Table) -> Moment {
    Moment {
        utc: parsed::<Utc>(visit, "at").unwrap(),
        trigger: Trigger::Arrival,
        seconds_left: visit.get("seconds").map_or(SECONDS, |n| n.as_integer().unwrap()).try_into().unwrap(),
        visit: VisitAttributes {
            kind: parsed(visit, "kind"),
            amount: parsed(visit, "amount"),
            ..VisitAttributes::default()
        },
        panel: PanelSize { width: 1024, height: 768 },
        site: parsed(visit, "site"),
        screen: None,
        shown_today: 0,
        seen: Vec::new(),
    }
}

/// What came of a decision: the words on the glass, or why there are none.
fn outcome(decision: &Decision<'_>, customer: Option<&Customer>) -> String {
    let Some(choice) = &decision.choice else {
        let (nearest, reason) = decision.nearest();
        let verdict = decision.verdicts.iter().find(|(id, _)| Some(*id) == nearest);
        let why = verdict.map_or(String::new(), |(id, verdict)| format!(" ({id} {verdict})"));
        return format!("nothing: {reason}{why}");
    };
    let attributes = customer.map_or_else(BTreeMap::new, |customer| customer.profile.attributes.clone());
    let title = words::fill(&choice.text.title, &attributes, limits::TITLE);
    let variant = choice.variant.map_or(String::new(), |variant| format!(" [{}]", variant.id));
    format!("{}{variant} \"{title}\"", choice.campaign.id)
}

/// Plays the whole story, a line for each visit.
fn play(bundle: &Bundle, story: &Table) -> String {
    let customers: BTreeMap<&str, Customer> = (1..)
        .zip(tables(story, "customers"))
        .map(|(n, table)| (text(table, "name").unwrap(), customer(n, table)))
        .collect();
    assert_eq!(customers.len(), 8);
    let (mut contacts, mut sequence, mut out) = (Vec::<Contact>::new(), 0, String::new());
    for visit in tables(story, "visits") {
        let (who, moment) = (text(visit, "who").unwrap(), moment(visit));
        let customer = customers.get(who);
        assert!(customer.is_some() || who == STRANGER, "nobody is called {who}");
        let theirs: Vec<Contact> =
            contacts.iter().rev().filter(|contact| Some(contact.customer) == customer.map(|c| c.id)).cloned().collect();
        let decision = decide(bundle, customer, &theirs, &moment);
        let answer = text(visit, "answer").filter(|_| decision.choice.is_some()).map(answer);
        if let (Some(choice), Some(customer)) = (&decision.choice, customer) {
            assert!(answer.is_none_or(|answer| choice.campaign.answers.contains(&answer)), "{who} answers {answer:?}");
            let what = [Some(ContactKind::Shown), answer.map(ContactKind::Answered)];
            for (after, what) in (0..).zip(what.into_iter().flatten()) {
                sequence += 1;
                contacts.push(Contact {
                    id: InteractionId { journal: "story".parse().unwrap(), sequence },
                    customer: customer.id,
                    campaign: choice.campaign.id.clone(),
                    at: moment.utc.plus_millis(after * 5_000),
                    what,
                });
            }
        }
        let (day, time) = text(visit, "at").unwrap().split_once('T').unwrap();
        let circumstances = [text(visit, "site"), text(visit, "amount")].into_iter().flatten().collect::<Vec<_>>();
        let answer = answer.map_or(String::new(), |answer| format!(" -> {answer}"));
        let line = format!(
            "{day} {}  {who:<10}  {:<13}  {}{answer}",
            &time[..5],
            circumstances.join(", "),
            outcome(&decision, customer)
        );
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
    out
}

#[test]
fn the_demos_campaigns_mean_for_each_customer_what_their_story_says() {
    let checked = touchpoint_hub::check(&workspace::demo_campaigns()).unwrap();
    let warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
    assert_eq!((checked.bundle.campaigns.len(), warnings), (12, vec![]));
    let story = fs::read_to_string(workspace::root().join("sim/demo/story.toml")).unwrap().parse().unwrap();
    golden::text("../../sim/demo/expected.txt", &play(&checked.bundle, &story));
}
