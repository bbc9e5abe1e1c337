//! Campaigns as a marketing department writes them, and the protocol's types they become. Pure: text in, types or problems out.
//!
//! [`file`](CampaignFile) has what may be written, and is what the schemas are made of; here it is read.

use crate::{document::Tables, problem::Problem};
use std::collections::BTreeMap;
use touchpoint_protocol::{
    bundle::{Bundle, BundleError, Words},
    campaign::{Audience, Campaign, PanelSize, Text},
    name::{Language, VariantId},
    schedule::Schedule,
    sequence::Next,
    variant::Variant,
};

mod condition;
mod file;
mod forms;
mod time;

pub(crate) use file::{BundleFile, CampaignFile};
pub use forms::{Pixels, PixelsError};

use file::{AudienceTable, ScheduleTable, TextTable, VariantTable};
use time::{Clock, End};

/// What the file around the campaigns is called.
pub(crate) const BUNDLE: &str = "bundle.toml";

/// What holds for all campaigns of a folder.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The bundle, without campaigns and logo.
    pub(crate) bundle: Bundle,
    /// What the logo is called, a file beside the bundle's.
    pub(crate) logo: Option<String>,
    /// The languages in which every text must be.
    pub(crate) languages: Vec<Language>,
    /// The panels it names as being in use.
    pub(crate) panels: Vec<PanelSize>,
    /// How many seconds a visit leaves for a message.
    pub(crate) window: u32,
    clock: Clock,
}

/// A campaign whose words and numbers are right; its pictures, if it has any, are still files' names.
#[derive(Debug)]
pub(crate) struct Drafted {
    /// The campaign, without its pictures.
    pub(crate) campaign: Campaign,
    /// What its picture is called, a file beside the campaign's, and those of its variants.
    pub(crate) pictures: BTreeMap<Option<VariantId>, String>,
}

/// Reads the bundle's file.
pub(crate) fn bundle(tables: &Tables<'_>) -> Result<Setting, Vec<Problem>> {
    let mut file: BundleFile = tables.read()?;
    let mut problems = Vec::new();
    let logo = file.theme.logo.take();
    problems.extend(logo.iter().filter_map(|name| not_beside("theme.logo", name, tables)));
    let clock = clock(file.zone.as_deref(), "zone", tables, &mut problems).unwrap_or_default();
    let words =
        |words: BTreeMap<Language, _>| words.into_iter().map(|(language, words)| (language, Words::from(words)));
    let bundle = Bundle {
        fallback_language: file.fallback_language,
        zone: clock.rule.clone(),
        policy: file.policy.into(),
        salt: file.salt,
        theme: file.theme.into(),
        attract: words(file.attract).collect(),
        thanks: words(file.thanks).collect(),
        out_of_order: words(file.out_of_order).collect(),
        campaigns: Vec::new(),
    };
    problems.extend(bundle.check().err().map(|error| match error {
        BundleError::Words(found) => tables.problem_at(&found.key, found.problem),
        error => Problem::of_file(tables.file(), error),
    }));
    let around = [("attract", &bundle.attract), ("thanks", &bundle.thanks), ("out_of_order", &bundle.out_of_order)];
    for (key, words) in around.into_iter().filter(|(key, words)| *key != "out_of_order" || !words.is_empty()) {
        problems.extend(missing(&file.languages, words).map(|language| tables.problem_at(key, language)));
    }
    let panels = file.panels.into_iter().map(|panel| panel.0).collect();
    match problems.is_empty() {
        true => Ok(Setting { bundle, logo, languages: file.languages, panels, window: file.window_seconds, clock }),
        false => Err(problems),
    }
}

/// Reads a campaign's file. Without a setting, because the bundle's file has problems of its own, only the file itself is read.
pub(crate) fn campaign(tables: &Tables<'_>, setting: Option<&Setting>) -> Result<Drafted, Vec<Problem>> {
    let file: CampaignFile = tables.read()?;
    let mut problems = Vec::new();
    let when = file.when.map(|when| when.read()).transpose();
    let when = when.map_err(|(key, what)| problems.push(tables.problem_at(&key, what))).unwrap_or_default();
    let mut pictures: BTreeMap<_, _> = file.picture.into_iter().map(|name| (None, name)).collect();
    let mut variants = Vec::new();
    for (id, VariantTable { weight, picture, qr, text }) in file.variants {
        pictures.extend(picture.map(|name| (Some(id.clone()), name)));
        variants.push(Variant { id, weight, texts: texts(text), picture: None, qr });
    }
    let schedule = schedule(file.schedule, setting, tables, &mut problems);
    let audience = audience(file.audience).unwrap_or_else(|problem| {
        problems.push(tables.problem_at("audience", problem));
        Audience::Strangers
    });
    let next = file.next.into_iter().map(|next| Next { after: next.after, times: next.times, campaign: next.campaign });
    let campaign = Campaign {
        id: file.id,
        kind: file.kind,
        purpose: file.purpose,
        schedule,
        smallest_panel: file.smallest_panel.map(|panel| panel.0),
        audience,
        when,
        policy: file.policy.into(),
        holdout_per_mille: u16::from(file.holdout_percent) * 10,
        priority: file.priority,
        value: file.value,
        score: file.score,
        answers: file.answers,
        next: next.collect(),
        texts: texts(file.text),
        picture: None,
        qr: file.qr,
        variants,
    };
    if let Some(setting) = setting {
        problems.extend(campaign.check(&setting.bundle.fallback_language).err().map(|found| {
            match found.key.as_str() {
                // A person writes percent.
                "holdout_per_mille" if file.holdout_percent > 0 && audience_is_known(&campaign) => {
                    tables.problem_at("holdout_percent", format!("{} is not 0 to 50", file.holdout_percent))
                }
                "holdout_per_mille" => tables.problem_at("holdout_percent", found.problem),
                key => tables.problem_at(key, found.problem),
            }
        }));
        let missing = missing(&setting.languages, &campaign.texts);
        problems.extend(missing.map(|language| tables.problem_at("text", language)));
    }
    let beside = pictures.iter().filter_map(|(variant, name)| not_beside(&picture_key(variant.as_ref()), name, tables));
    problems.extend(beside);
    if problems.is_empty() { Ok(Drafted { campaign, pictures }) } else { Err(problems) }
}

/// The key of a picture: the campaign's, or a variant's.
pub(crate) fn picture_key(variant: Option<&VariantId>) -> String {
    variant.map_or("picture".to_owned(), |variant| format!("variants.{variant}.picture"))
}

/// What is wrong with a text that is not in each of these languages.
fn missing<T>(languages: &[Language], texts: &BTreeMap<Language, T>) -> impl Iterator<Item = String> {
    let missing = languages.iter().filter(|language| !texts.contains_key(language));
    missing.map(|language| format!("there is none in {language}, a language of {BUNDLE}"))
}

fn clock(name: Option<&str>, key: &str, tables: &Tables<'_>, problems: &mut Vec<Problem>) -> Option<Clock> {
    Clock::named(name?).map_err(|error| problems.push(tables.problem_at(key, error))).ok()
}

fn schedule(
    written: ScheduleTable,
    setting: Option<&Setting>,
    tables: &Tables<'_>,
    problems: &mut Vec<Problem>,
) -> Schedule {
    let own = clock(written.zone.as_deref(), "schedule.zone", tables, problems);
    let usual = Clock::default();
    let clock = own.as_ref().or(setting.map(|setting| &setting.clock)).unwrap_or(&usual);
    let mut moment = |written: Option<_>, end, key| {
        let read = clock.moment(&written?, end);
        read.map_err(|problem| problems.push(tables.problem_at(key, problem))).ok()
    };
    let from = moment(written.from, End::From, "schedule.from");
    let until = moment(written.until, End::Until, "schedule.until");
    let day_parts = written.day_parts.into_iter().map(Into::into).collect();
    Schedule { from, until, day_parts, zone: own.map(|clock| clock.rule) }
}

fn audience(written: AudienceTable) -> Result<Audience, &'static str> {
    match (written.customers, written.strangers) {
        (Some(segments), false) => Ok(Audience::Customers { segments, except: written.except }),
        (None, true) if written.except.is_empty() => Ok(Audience::Strangers),
        (None, true) => Err("leaves out segments, and strangers belong to none"),
        _ => Err("must say either customers = [...] or strangers = true"),
    }
}

fn audience_is_known(campaign: &Campaign) -> bool {
    campaign.audience != Audience::Strangers
}

fn texts(written: BTreeMap<Language, TextTable>) -> BTreeMap<Language, Text> {
    written.into_iter().map(|(language, text)| (language, text.into())).collect()
}

/// What is wrong with a file's name that leads out of the folder.
fn not_beside(key: &str, name: &str, tables: &Tables<'_>) -> Option<Problem> {
    let beside = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    let what = || format!("{name:?} is not the name of a file beside this one");
    (!beside).then(|| tables.problem_at(key, what()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::document::Document;
    use std::path::Path;
    use touchpoint_protocol::{
        interval::Interval,
        policy::{Cap, ContactPolicy},
    };

    const SAVINGS: &str = r#"id = "savings"
kind = "offer"
priority = 60
answers = ["accept", "opt_out"]
[audience]
customers = ["gold"]
[text.en]
title = "More for your savings"
body = "Good day, {first-name|dear customer}."
answers = ["Yes, please", "No more offers"]
"#;

    const FULL: &str = r#"id = "savings"
kind = "offer"
purpose = "partners"
priority = 60
value = 40
score = "churn"
holdout_percent = 10
smallest_panel = "800x600"
qr = "https://bank.example/s?c={reference}"
answers = ["more", "opt_out"]
[schedule]
from = 2026-12-01T00:00:00+01:00
until = 2026-12-31
zone = "America/New_York"
day_parts = [{ weekdays = ["mon", "fri"], from = "22:00", to = "02:00" }]
[audience]
customers = ["gold"]
except = ["staff"]
[[when.all]]
score = "churn"
at_least = 70
[[when.all]]
time = "of_day"
between = ["09:00", "12:00"]
[[when.all]]
none = [{ customer = "segment", is = "vip" }]
[policy]
caps = []
gap = "12h"
[text.en]
title = "More for your savings"
body = "Good day, {first-name|dear customer}."
answers = ["Tell me more", "No more offers"]
[variants.blue]
weight = 50
[variants.red]
weight = 50
[variants.red.text.en]
title = "Your savings can do more"
body = "Good day."
answers = ["Tell me more", "No more offers"]
[[next]]
after = "more"
times = 2
campaign = "loan"
"#;

    const SETTING: &str = r##"fallback_language = "en"
zone = "Europe/Berlin"
attract.en = { title = "Welcome", body = "Please insert your card." }
thanks.en = { title = "Thank you", body = "Please take your card." }
[theme]
background = "#ffffff"
surface = "#ffffff"
text = "#101010"
muted = "#606060"
outline = "#606060"
accent = "#0b4f8c"
on_accent = "#ffffff"
"##;

    fn setting() -> Setting {
        let document = Document::new(Path::new(BUNDLE), SETTING.to_owned());
        bundle(&document.tables().unwrap()).unwrap()
    }

    fn draft(text: &str) -> Result<Drafted, Vec<String>> {
        let document = Document::new(Path::new("savings.toml"), text.to_owned());
        let read = document.tables().and_then(|tables| campaign(&tables, Some(&setting())));
        read.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn problems(from: &str, to: &str) -> Vec<String> {
        assert!(SAVINGS.contains(from), "{from}");
        draft(&SAVINGS.replace(from, to)).unwrap_err()
    }

    #[test]
    fn a_short_file_is_a_whole_campaign_with_the_usual_policy() {
        let Drafted { campaign, pictures } = draft(SAVINGS).unwrap();
        assert_eq!((campaign.policy, campaign.holdout_per_mille), (ContactPolicy::default(), 0));
        assert_eq!((campaign.schedule, pictures.len()), (Schedule::default(), 0));
        assert_eq!(campaign.audience, Audience::Customers { segments: vec!["gold".parse().unwrap()], except: vec![] });
        assert!(campaign.texts.values().all(|text| text.body.contains("{first-name|dear customer}")));
    }

    #[test]
    fn a_policy_may_be_given_in_part() {
        let caps = "[policy]\ncaps = [{ showings = 1, within = \"7d\" }]\n[audience]";
        let campaign = draft(&SAVINGS.replace("[audience]", caps)).unwrap().campaign;
        let caps = vec![Cap { showings: 1, within: Interval::days(7) }];
        assert_eq!(campaign.policy, ContactPolicy { caps, ..ContactPolicy::default() });
    }

    #[test]
    fn everything_a_campaign_can_say_may_be_written() {
        let campaign = draft(FULL).unwrap().campaign;
        let Campaign { purpose, schedule, smallest_panel, audience, when, score, next, variants, .. } = campaign;
        assert_eq!(purpose.unwrap().as_str(), "partners");
        assert_eq!(schedule.from, Some("2026-11-30T23:00:00Z".parse().unwrap()), "midnight in Berlin");
        assert_eq!(schedule.until, Some("2027-01-01T05:00:00Z".parse().unwrap()), "midnight in New York");
        assert_eq!(schedule.zone, Some("EST5EDT,M3.2.0,M11.1.0".parse().unwrap()));
        assert_eq!((schedule.day_parts.len(), score.unwrap().as_str()), (1, "churn"));
        assert_eq!(smallest_panel, Some(PanelSize { width: 800, height: 600 }));
        let [gold, staff] = ["gold", "staff"].map(|name| vec![name.parse().unwrap()]);
        assert_eq!(audience, Audience::Customers { segments: gold, except: staff });
        let when = when.unwrap().to_string();
        assert_eq!(
            when,
            "all of (score churn at least 70; time of day between 09:00 and 12:00; none of (segment is vip))"
        );
        assert_eq!((next[0].times, next[0].campaign.as_str()), (2, "loan"));
        let [blue, red] = &variants[..] else { panic!("{variants:?}") };
        assert_eq!((blue.weight, blue.texts.len(), red.weight, red.texts.len()), (50, 0, 50, 1));
    }

    #[test]
    fn a_condition_that_makes_no_sense_is_named_where_it_stands() {
        let when = |clauses: &str| problems("[text.en]", &format!("{clauses}\n[text.en]"));
        assert_eq!(
            when("[when]\nscore = \"churn\"\nat_least = \"high\""),
            ["savings.toml:8:1: when.score.churn: is compared with a number"]
        );
        assert_eq!(
            when("[[when.all]]\nvisit = \"kind\"\nis = \"cash\"\n[[when.all]]\ncustomer = \"segments\"\nis = \"x\""),
            ["savings.toml:10:1: when.all[1]: customer is segment or language, not \"segments\""]
        );
        let unknown = when("[[when.any]]\nscore = \"churn\"\nmore_than = 7");
        assert!(unknown[0].starts_with("savings.toml:9:1: when.any[0].more_than: unknown field"), "{unknown:?}");
    }

    #[test]
    fn every_problem_has_its_line_and_key() {
        assert_eq!(problems("priority = 60", "priority = 101"), ["savings.toml:3:1: priority: 101 is not 0 to 100"]);
        assert_eq!(
            problems("\"accept\", \"opt_out\"", "\"accept\""),
            ["savings.toml:4:1: answers: a marketing message must let the customer object: add opt_out"]
        );
        assert_eq!(
            problems("customers = [\"gold\"]", "customers = [\"gold\"]\nstrangers = true"),
            ["savings.toml:5:2: audience: must say either customers = [...] or strangers = true"]
        );
        assert_eq!(
            problems("{first-name|dear customer}", "{first-name"),
            ["savings.toml:9:1: text.en.body: has a { without a }"]
        );
        assert_eq!(
            problems("kind = \"offer\"", "kind = \"offer\"\nholdout_percent = 60"),
            ["savings.toml:3:1: holdout_percent: 60 is not 0 to 50"]
        );
        assert_eq!(
            problems("[audience]", "[schedule]\nzone = \"Europe/Berlon\"\n[audience]"),
            ["savings.toml:6:1: schedule.zone: \"Europe/Berlon\" is no zone like Europe/Berlin"]
        );
        assert_eq!(
            problems("kind = \"offer\"", "kind = \"offer\"\npicture = \"../secret.png\""),
            ["savings.toml:3:1: picture: \"../secret.png\" is not the name of a file beside this one"]
        );
        let kind = problems("kind = \"offer\"", "kind = \"gift\"\npriorty = 3");
        assert!(kind[0].starts_with("savings.toml:2:8: kind: unknown variant `gift`"), "{kind:?}");
        assert!(kind[1].starts_with("savings.toml:3:1: priorty: unknown field `priorty`"), "{kind:?}");
        let label = problems("title = \"More for your savings\"", "title = \"\"");
        assert_eq!(label, ["savings.toml:8:1: text.en.title: is empty"]);
    }

    #[test]
    fn a_stranger_is_not_called_by_a_name() {
        let text = SAVINGS.replace("customers = [\"gold\"]", "strangers = true");
        assert!(draft(&text).is_ok());
        let problems = draft(&text.replace("|dear customer", "")).unwrap_err();
        assert!(problems[0].contains("strangers have no attributes"), "{problems:?}");
    }
}
