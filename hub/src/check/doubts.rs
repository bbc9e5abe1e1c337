//! What is only doubtful about campaigns: it may be meant, and is more often a mistake.

use super::{Sheet, glass, never};
use crate::{campaigns::Setting, document::Tables, placeholders, problem::Problem};
use touchpoint_protocol::{
    campaign::{AnswerKind, Audience, Campaign},
    limits,
    name::{CampaignId, Purpose},
    sequence::Next,
    utc::Utc,
};

/// The part of its bound, in percent, from which a text is near it: the next correction, or a longer name, will not fit.
const NEAR: usize = 95;

/// Everything doubtful, campaign by campaign.
pub(super) fn warnings(setting: &Setting, bundle: &Tables<'_>, sheets: &[Sheet<'_>], now: Utc) -> Vec<Problem> {
    let mut warnings = Vec::new();
    if sheets.iter().all(|sheet| sheet.campaign.audience != Audience::Strangers) {
        let file = bundle.file().parent().unwrap_or(bundle.file());
        warnings.push(Problem::of_file(file, "no campaign is for strangers, who will see nothing"));
    }
    for sheet in sheets {
        let doubts = [over(sheet, now), too_large(sheet, setting), nobody(sheet), unreachable(sheet, sheets, now)];
        warnings.extend(doubts.into_iter().flatten());
        warnings.extend(never_together(sheet));
        warnings.extend(near_limit(sheet));
        warnings.extend(never_said(sheet));
    }
    warnings
}

/// A schedule of the past.
fn over(Sheet { tables, campaign, .. }: &Sheet<'_>, now: Utc) -> Option<Problem> {
    let until = campaign.schedule.until.filter(|until| *until <= now)?;
    Some(tables.problem_at("schedule.until", format!("was over at {until}")))
}

fn too_large(sheet: &Sheet<'_>, setting: &Setting) -> Option<Problem> {
    let none = glass::panels(sheet, setting).next().is_none();
    none.then(|| sheet.tables.problem_at("smallest_panel", "no panel in use is as large"))
}

/// An audience of nobody.
fn nobody(Sheet { tables, campaign, .. }: &Sheet<'_>) -> Option<Problem> {
    let Audience::Customers { segments, except } = &campaign.audience else { return None };
    let nobody = !segments.is_empty() && segments.iter().all(|segment| except.contains(segment));
    nobody.then(|| tables.problem_at("audience.except", "leaves out every segment that is addressed"))
}

/// Clauses that exclude each other, or everybody who is addressed.
fn never_together(Sheet { tables, campaign, .. }: &Sheet<'_>) -> Vec<Problem> {
    let Some(when) = &campaign.when else { return Vec::new() };
    let mut found = never::contradictions(when);
    if campaign.audience == Audience::Strangers {
        found.extend(never::asks_for_a_customer(when));
    } else if campaign.kind.is_marketing() {
        let marketing = || "marketing".parse::<Purpose>().ok();
        let purpose = campaign.purpose.clone().or_else(marketing);
        found.extend(purpose.and_then(|purpose| never::asks_for_no_consent(when, &purpose)));
    }
    found.into_iter().map(|(key, what)| tables.problem_at(&key, what)).collect()
}

/// A follow-up that nobody will earn: no campaign that leads to it can be answered.
fn unreachable(sheet: &Sheet<'_>, sheets: &[Sheet<'_>], now: Utc) -> Option<Problem> {
    let leading = |from: &&Sheet<'_>| leads(&from.campaign, &sheet.campaign.id);
    let leaders: Vec<&Campaign> = sheets.iter().filter(leading).map(|from| &from.campaign).collect();
    let ends = |leader: &&Campaign| why_not(leader, &sheet.campaign, now);
    let reasons: Vec<(&Campaign, &str)> = leaders.iter().filter_map(|leader| Some((*leader, ends(leader)?))).collect();
    let (leader, why) = reasons.first().filter(|_| reasons.len() == leaders.len())?;
    Some(sheet.tables.problem_at("id", format!("is a follow-up that nobody will earn: {} {why}", leader.id)))
}

fn leads(from: &Campaign, to: &CampaignId) -> bool {
    from.next.iter().any(|Next { campaign, .. }| campaign == to)
}

/// Why an answer to one campaign will lead nobody to another.
fn why_not(leader: &Campaign, follower: &Campaign, now: Utc) -> Option<&'static str> {
    let ends_before = leader.schedule.from.zip(follower.schedule.until).is_some_and(|(from, until)| until <= from);
    let excluded = match (&leader.audience, &follower.audience) {
        (Audience::Customers { segments, .. }, Audience::Customers { except, .. }) => {
            !segments.is_empty() && segments.iter().all(|segment| except.contains(segment))
        }
        _ => false,
    };
    if leader.policy.never {
        Some("is never shown")
    } else if leader.schedule.until.is_some_and(|until| until <= now) {
        Some("is over")
    } else if ends_before {
        Some("begins when it is over")
    } else if excluded {
        Some("addresses those whom it leaves out")
    } else {
        None
    }
}

/// Texts that use nearly all the room there is.
fn near_limit(sheet: &Sheet<'_>) -> Vec<Problem> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (key, variant, language, text) in glass::ways(sheet) {
        let body = glass::longest_body(sheet.campaign.qr(variant).is_some());
        for (line, words, most) in [("title", &text.title, limits::TITLE), ("body", &text.body, body)] {
            let length = placeholders::bare(words).chars().count();
            let key = format!("{key}.{language}.{line}");
            if length * 100 > most * NEAR && found.iter().all(|(known, _)| *known != key) {
                found.push((key, format!("has {length} characters, nearly all of {most}")));
            }
        }
    }
    found.into_iter().map(|(key, what)| sheet.tables.problem_at(&key, what)).collect()
}

/// Words for who wants to know more, where another message comes in their place.
fn never_said(sheet: &Sheet<'_>) -> Option<Problem> {
    let follower = sheet.campaign.next.iter().find(|next| next.after == AnswerKind::More)?;
    let (key, _, language, _) = glass::ways(sheet).into_iter().find(|(.., text)| text.more.is_some())?;
    let what = format!("is never said: whoever wants to know more is shown {}", follower.campaign);
    Some(sheet.tables.problem_at(&format!("{key}.{language}.more"), what))
}
