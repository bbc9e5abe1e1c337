//! Everything a campaign can say, and the least that it must.

use crate::{
    frozen::{Fixture, every, word},
    up::{MOMENT, answers},
};
use std::collections::BTreeMap;
use touchpoint_protocol::{
    bundle::{Bundle, Words},
    campaign::{AnswerKind, Audience, Campaign, Kind, PanelSize, Text},
    consent::Status,
    digest::Digest,
    interval::Interval,
    name::Language,
    policy::{Cap, ContactPolicy, OverallPolicy},
    predicate::{Clause, Predicate, Subject, Test, Value},
    schedule::{DayPart, Schedule},
    sequence::Next,
    theme::{Fonts, Theme},
    utc::Utc,
    variant::Variant,
    zone::Weekday,
};

pub(crate) fn fixtures() -> Vec<Fixture> {
    let alone = |(name, campaign)| (name, Bundle { campaigns: vec![campaign], ..least() });
    let dressed = Bundle { theme: theme(), ..least() };
    let whole = [("everything", everything()), ("least", least()), ("theme", dressed), ("words", wordy())];
    let whole = whole.into_iter().map(|(name, bundle)| (name.to_owned(), bundle));
    let all = whole.chain(kinds().chain(audiences()).chain(asked()).chain(conditions()).map(alone));
    all.map(|(name, bundle)| Fixture::new(format!("bundle/{name}.json"), bundle, Bundle::encode, Bundle::decode))
        .collect()
}

fn english<T>(said: T) -> BTreeMap<Language, T> {
    BTreeMap::from([("en".parse().unwrap(), said)])
}

fn least() -> Bundle {
    let words = || Words { title: "Welcome".to_owned(), body: "Please insert your card.".to_owned() };
    let theme = Theme {
        background: "#0b1320".parse().unwrap(),
        surface: "#101a2b".parse().unwrap(),
        outline: "#24324a".parse().unwrap(),
        text: "#ffffff".parse().unwrap(),
        muted: "#a9b6cc".parse().unwrap(),
        accent: "#2f81f7".parse().unwrap(),
        on_accent: "#000000".parse().unwrap(),
        corner_radius_mm: None,
        spacing_mm: None,
        fonts: Fonts::default(),
        logo: None,
    };
    Bundle {
        fallback_language: "en".parse().unwrap(),
        zone: "UTC0".parse().unwrap(),
        policy: OverallPolicy::default(),
        salt: String::new(),
        theme,
        attract: english(words()),
        thanks: english(words()),
        out_of_order: BTreeMap::new(),
        campaigns: vec![plain("card-expires", Kind::Service)],
    }
}

/// A look with every key.
fn theme() -> Theme {
    Theme {
        corner_radius_mm: Some(12.5.try_into().unwrap()),
        spacing_mm: Some(9.0.try_into().unwrap()),
        fonts: Fonts {
            title: Some("Noto Serif".parse().unwrap()),
            body: Some("Noto Sans".parse().unwrap()),
            label: Some("DejaVu Sans".parse().unwrap()),
        },
        logo: Some(Digest::of(b"a logo")),
        ..least().theme
    }
}

/// A campaign that says no more than it must.
fn plain(id: &str, kind: Kind) -> Campaign {
    let answers = if kind.is_marketing() { vec![AnswerKind::Accept, AnswerKind::OptOut] } else { Vec::new() };
    Campaign {
        id: id.parse().unwrap(),
        kind,
        purpose: None,
        schedule: Schedule::default(),
        smallest_panel: None,
        audience: Audience::Customers { segments: Vec::new(), except: Vec::new() },
        when: None,
        policy: ContactPolicy::default(),
        holdout_per_mille: 0,
        priority: 0,
        value: 0,
        score: None,
        texts: english(text("Plainly said", "What there is to say.", &answers)),
        answers,
        next: Vec::new(),
        picture: None,
        qr: None,
        variants: Vec::new(),
    }
}

fn text(title: &str, body: &str, answers: &[AnswerKind]) -> Text {
    let answers = answers.iter().map(|answer| format!("Say {answer}")).collect();
    Text { title: title.to_owned(), body: body.to_owned(), answers, more: None }
}

/// Words that are said to who asks for them, and when nobody is served.
fn wordy() -> Bundle {
    let answers = vec![AnswerKind::More];
    let more = Some("Everything there is to say, {first-name|dear customer}.".to_owned());
    let texts = english(Text { more, ..text("Asked", "What do you say?", &answers) });
    let campaign = Campaign { answers, texts, ..plain("more", Kind::Service) };
    let words = Words { title: "Out of order".to_owned(), body: "The branch is next door.".to_owned() };
    Bundle { out_of_order: english(words), campaigns: vec![campaign], ..least() }
}

fn everything() -> Bundle {
    let portuguese: Language = "pt-br".parse().unwrap();
    let mut bundle = least();
    bundle.zone = "CET-1CEST,M3.5.0,M10.5.0/3".parse().unwrap();
    bundle.policy = OverallPolicy {
        never: false,
        caps: vec![Cap { showings: 1, within: Interval::days(1) }, Cap { showings: 4, within: "90m".parse().unwrap() }],
        gap: "12h".parse().unwrap(),
        quiet_after_decline: Interval::days(7),
        quiet_after_later: Interval::NONE,
        quiet_after_accept: Interval::FOREVER,
        device_showings_a_day: Some(500),
    };
    bundle.salt = "2026".to_owned();
    let words = Words { title: "Bem-vindo".to_owned(), body: "Insira o seu cartão.".to_owned() };
    bundle.attract.insert(portuguese.clone(), words.clone());
    bundle.thanks.insert(portuguese, words);
    bundle.campaigns = vec![savings()];
    bundle.campaigns.extend(["follow-up", "last-word"].map(|id| plain(id, Kind::Retention)));
    bundle
}

/// One with every key.
fn savings() -> Campaign {
    let (portuguese, offered) = ("pt-br".parse().unwrap(), [AnswerKind::Accept, AnswerKind::Later, AnswerKind::OptOut]);
    let mut texts = english(text("Save, {first-name|with us}", "3.5 % a year for {product}.", &offered));
    texts.insert(portuguese, text("Poupe", "3,5 % ao ano.", &offered));
    let variant =
        |id: &str, weight| Variant { id: id.parse().unwrap(), weight, texts: BTreeMap::new(), picture: None, qr: None };
    let mut warm = texts.clone();
    warm.values_mut().for_each(|text| text.title = "Warm".to_owned());
    let warm = Variant {
        texts: warm,
        picture: Some(Digest::of(b"another picture")),
        qr: Some("https://acme.example/w".parse().unwrap()),
        ..variant("warm", 1_000)
    };
    Campaign {
        purpose: Some("profiling".parse().unwrap()),
        schedule: Schedule {
            from: Some(Utc::from_millis(MOMENT)),
            until: Some(Utc::from_millis(MOMENT + 86_400_000)),
            day_parts: day_parts(),
            zone: Some("<-03>3".parse().unwrap()),
        },
        smallest_panel: Some(PanelSize { width: 800, height: 600 }),
        audience: Audience::Customers {
            segments: vec!["gold".parse().unwrap(), "student".parse().unwrap()],
            except: vec!["staff".parse().unwrap()],
        },
        when: Some(Predicate::All(vec![score(Test::AtLeast(70)), Predicate::None(vec![score(Test::AtMost(-1))])])),
        policy: ContactPolicy {
            never: true,
            caps: vec![Cap { showings: 2, within: Interval::days(30) }],
            gap: Interval::days(2),
            quiet_after_decline: Interval::days(90),
            quiet_after_later: "36h".parse().unwrap(),
            quiet_after_accept: Interval::FOREVER,
        },
        holdout_per_mille: 100,
        priority: 100,
        value: 250,
        score: Some("propensity".parse().unwrap()),
        answers: offered.to_vec(),
        next: vec![
            Next { after: AnswerKind::Later, times: 1, campaign: "follow-up".parse().unwrap() },
            Next { after: AnswerKind::Later, times: 3, campaign: "last-word".parse().unwrap() },
        ],
        texts,
        picture: Some(Digest::of(b"a picture")),
        qr: Some("https://acme.example/s?r={reference}".parse().unwrap()),
        variants: vec![variant("plain", 1), warm],
        ..plain("savings", Kind::Offer)
    }
}

fn day_parts() -> Vec<DayPart> {
    let weekdays =
        every![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun,];
    vec![
        DayPart { weekdays, from: "09:30".parse().unwrap(), to: "24:00".parse().unwrap() },
        DayPart { weekdays: Vec::new(), from: "22:00".parse().unwrap(), to: "06:00".parse().unwrap() },
    ]
}

fn kinds() -> impl Iterator<Item = (String, Campaign)> {
    let kinds = every![Kind::Offer, Kind::Advice, Kind::Service, Kind::Retention];
    kinds.into_iter().map(|kind| (format!("kind_{}", word(&kind)), plain("plain", kind)))
}

fn audiences() -> impl Iterator<Item = (String, Campaign)> {
    let audiences = every! {
        Audience::Customers { .. } => Audience::Customers { segments: Vec::new(), except: Vec::new() },
        Audience::Strangers => Audience::Strangers,
    };
    audiences.into_iter().map(|audience| {
        (format!("audience_{}", word(&audience)), Campaign { audience, ..plain("plain", Kind::Service) })
    })
}

/// Every answer that a campaign may ask for.
fn asked() -> impl Iterator<Item = (String, Campaign)> {
    answers().into_iter().map(|answer| {
        let (name, answers) = (format!("answer_{answer}"), vec![answer]);
        let texts = english(text("Asked", "What do you say?", &answers));
        (name, Campaign { answers, texts, ..plain("plain", Kind::Service) })
    })
}

fn score(test: Test) -> Predicate {
    Predicate::Clause(Clause { subject: Subject::Score("churn".parse().unwrap()), test })
}

/// Every way of taking conditions together, every subject and every test.
fn conditions() -> impl Iterator<Item = (String, Campaign)> {
    let word = |word: &str| Value::Word(word.into());
    let subjects = every! {
        Subject::Segment => Subject::Segment,
        Subject::Language => Subject::Language,
        Subject::Attribute(_) => Subject::Attribute("branch".parse().unwrap()),
        Subject::Score(_) => Subject::Score("churn".parse().unwrap()),
        Subject::Consent(_) => Subject::Consent("profiling".parse().unwrap()),
        Subject::VisitKind => Subject::VisitKind,
        Subject::VisitAmount => Subject::VisitAmount,
        Subject::TimeOfDay => Subject::TimeOfDay,
        Subject::Weekday => Subject::Weekday,
        Subject::Site => Subject::Site,
        Subject::Screen => Subject::Screen,
    };
    let subjects = subjects.into_iter().map(move |subject| {
        let test = match &subject {
            Subject::Score(_) => Test::AtLeast(70),
            Subject::TimeOfDay => Test::Between(22 * 60, 6 * 60 - 1),
            Subject::Weekday => Test::In(vec![Value::Day(Weekday::Sat), Value::Day(Weekday::Sun)]),
            Subject::Consent(_) => Test::Not(Value::Status(Status::Refused)),
            _ => Test::Is(word("airport")),
        };
        (format!("subject_{}", subject.to_string().replace(' ', "_")), Predicate::Clause(Clause { subject, test }))
    });
    let tests = every! {
        Test::Is(_) => Test::Is(Value::Number(7)),
        Test::Not(_) => Test::Not(Value::Number(-7)),
        Test::In(_) => Test::In(vec![Value::Number(1), Value::Number(2)]),
        Test::AtLeast(_) => Test::AtLeast(i32::MIN),
        Test::AtMost(_) => Test::AtMost(i32::MAX),
        Test::Between(..) => Test::Between(-10, 10),
        Test::Exists(_) => Test::Exists(false),
    };
    let tests = ["is", "not", "in", "at_least", "at_most", "between", "exists"].into_iter().zip(tests);
    let tests = tests.map(|(name, test)| (format!("test_{name}"), score(test)));
    let time = |test| Predicate::Clause(Clause { subject: Subject::TimeOfDay, test });
    let times =
        [("at_least", Test::AtLeast(570)), ("at_most", Test::AtMost(1_020)), ("all_day", Test::Between(0, 1_439))];
    let times = times.into_iter().map(move |(name, test)| (format!("time_{name}"), time(test)));
    let groups = every! {
        Predicate::All(_) => Predicate::All(vec![score(Test::AtLeast(1)), score(Test::AtMost(9))]),
        Predicate::Any(_) => Predicate::Any(vec![score(Test::AtLeast(9)), score(Test::AtMost(1))]),
        Predicate::None(_) => Predicate::None(vec![score(Test::Exists(true))]),
        Predicate::Clause(_) => score(Test::Exists(true)),
    };
    let groups = ["all", "any", "none", "clause"].into_iter().zip(groups);
    let groups = groups.map(|(name, group)| (format!("group_{name}"), group));
    let all = subjects.chain(tests).chain(times).chain(groups);
    all.map(|(name, when)| (format!("when_{name}"), Campaign { when: Some(when), ..plain("plain", Kind::Advice) }))
}
