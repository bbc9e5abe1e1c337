//! Campaigns as a marketing department writes them, and the protocol's types they become. Pure: text in, types or problems out.

use crate::{document::Tables, problem::Problem};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};
use touchpoint_protocol::{
    bundle::{Bundle, Theme, Words},
    campaign::{AnswerKind, Audience, Campaign, Kind, Text},
    interval::Interval,
    name::{CampaignId, Language, Segment},
    policy::{Cap, ContactPolicy, OverallPolicy},
    qr::QrTarget,
    schedule::Schedule,
    utc::Utc,
    zone::Zone,
};

/// What the file around the campaigns is called.
pub(crate) const BUNDLE: &str = "bundle.toml";

/// One campaign's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignFile {
    id: CampaignId,
    kind: Kind,
    priority: u8,
    #[serde(default)]
    holdout_percent: u8,
    picture: Option<String>,
    qr: Option<QrTarget>,
    from: Option<Utc>,
    until: Option<Utc>,
    answers: Vec<AnswerKind>,
    audience: AudienceTable,
    #[serde(default)]
    policy: PolicyTable,
    text: BTreeMap<Language, Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AudienceTable {
    customers: Option<Vec<Segment>>,
    #[serde(default)]
    strangers: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PolicyTable {
    showings: Option<u16>,
    days: Option<u16>,
    quiet_days_after_decline: Option<u16>,
}

impl From<PolicyTable> for ContactPolicy {
    /// What is not said is as usual: three times in thirty days.
    fn from(written: PolicyTable) -> ContactPolicy {
        let usual = ContactPolicy::default();
        let cap = Cap { showings: written.showings.unwrap_or(3), within: Interval::days(written.days.unwrap_or(30)) };
        let quiet_after_decline = written.quiet_days_after_decline.map_or(usual.quiet_after_decline, Interval::days);
        ContactPolicy { caps: vec![cap], quiet_after_decline, ..usual }
    }
}

/// [`BUNDLE`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BundleFile {
    fallback_language: Language,
    theme: Theme,
    attract: BTreeMap<Language, Words>,
    thanks: BTreeMap<Language, Words>,
}

/// A campaign whose words and numbers are right; its picture, if it has one, is still a file's name.
#[derive(Debug)]
pub(crate) struct Drafted {
    /// The campaign, without its picture.
    pub(crate) campaign: Campaign,
    /// What the picture is called, a file beside the campaign's.
    pub(crate) picture: Option<String>,
}

/// Reads the bundle's file; the bundle has no campaigns yet.
pub(crate) fn bundle(tables: &Tables<'_>) -> Result<Bundle, Vec<Problem>> {
    let BundleFile { fallback_language, theme, attract, thanks } = tables.read()?;
    let bundle = Bundle {
        fallback_language,
        zone: Zone::default(),
        policy: OverallPolicy::default(),
        salt: String::new(),
        theme,
        attract,
        thanks,
        campaigns: Vec::new(),
    };
    match bundle.check() {
        Ok(()) => Ok(bundle),
        Err(touchpoint_protocol::bundle::BundleError::Words(found)) => {
            Err(vec![tables.problem_at(&found.key, found.problem)])
        }
        Err(error) => Err(vec![tables.problem_at("", error)]),
    }
}

/// Reads a campaign's file, which must be called like the campaign. Without a fallback language, because the bundle's file has
/// problems of its own, only the file itself is read.
pub(crate) fn campaign(tables: &Tables<'_>, file: &Path, fallback: Option<&Language>) -> Result<Drafted, Vec<Problem>> {
    let written: CampaignFile = tables.read()?;
    let mut problems = Vec::new();
    if file.file_stem().is_none_or(|stem| stem != written.id.as_str()) {
        problems.push(tables.problem_at("id", format!("is {}, so the file must be called {0}.toml", written.id)));
    }
    let audience = match (written.audience.customers, written.audience.strangers) {
        (Some(segments), false) => Audience::Customers { segments, except: Vec::new() },
        (None, true) => Audience::Strangers,
        _ => {
            problems.push(tables.problem_at("audience", "must say either customers = [...] or strangers = true"));
            Audience::Strangers
        }
    };
    let campaign = Campaign {
        id: written.id,
        kind: written.kind,
        purpose: None,
        schedule: Schedule { from: written.from, until: written.until, ..Schedule::default() },
        smallest_panel: None,
        audience,
        when: None,
        policy: written.policy.into(),
        holdout_per_mille: u16::from(written.holdout_percent) * 10,
        priority: written.priority,
        value: 0,
        score: None,
        answers: written.answers,
        next: Vec::new(),
        texts: written.text,
        picture: None,
        qr: written.qr,
        variants: Vec::new(),
    };
    if let Some(found) = fallback.and_then(|fallback| campaign.check(fallback).err()) {
        problems.push(tables.problem_at(&found.key, found.problem));
    }
    if let Some(name) = written.picture.as_deref().filter(|name| !is_beside(name)) {
        problems.push(tables.problem_at("picture", format!("{name:?} is not the name of a file beside this one")));
    }
    if problems.is_empty() { Ok(Drafted { campaign, picture: written.picture }) } else { Err(problems) }
}

/// A plain file name: nothing that leads out of the folder.
fn is_beside(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::document::Document;

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

    fn draft(text: &str) -> Result<Drafted, Vec<String>> {
        let file = Path::new("savings.toml");
        let document = Document::new(file, text.to_owned());
        let read = document.tables().and_then(|tables| campaign(&tables, file, Some(&"en".parse().unwrap())));
        read.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn problems(from: &str, to: &str) -> Vec<String> {
        assert!(SAVINGS.contains(from), "{from}");
        draft(&SAVINGS.replace(from, to)).unwrap_err()
    }

    #[test]
    fn a_short_file_is_a_whole_campaign_with_the_usual_policy() {
        let Drafted { campaign, picture } = draft(SAVINGS).unwrap();
        assert_eq!((campaign.policy, campaign.holdout_per_mille, picture), (ContactPolicy::default(), 0, None));
        assert_eq!(campaign.audience, Audience::Customers { segments: vec!["gold".parse().unwrap()], except: vec![] });
        assert!(campaign.texts.values().all(|text| text.body.contains("{first-name|dear customer}")));
    }

    #[test]
    fn a_policy_may_be_given_in_part() {
        let campaign = draft(&SAVINGS.replace("[audience]", "[policy]\nshowings = 1\n[audience]")).unwrap().campaign;
        assert_eq!(
            campaign.policy,
            ContactPolicy { caps: vec![Cap { showings: 1, within: Interval::days(30) }], ..ContactPolicy::default() }
        );
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
            problems("id = \"savings\"", "id = \"saving\""),
            ["savings.toml:1:1: id: is saving, so the file must be called saving.toml"]
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
