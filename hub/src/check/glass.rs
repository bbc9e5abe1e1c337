//! A campaign tried on the glass: in each of its ways, in each language, on each panel in use.

use super::{Findings, Sheet, Stage};
use crate::{campaigns::Setting, document::Tables, placeholders};
use touchpoint_display::{AnswerButton, Emphasis, Glass, LayoutProblem, Mode, Offer, Part, Size, View};
use touchpoint_protocol::{
    bundle::Words,
    campaign::{AnswerKind, PanelSize, Text},
    limits,
    name::Language,
    qr,
    variant::Variant,
};

/// What a customer would see badly, not at all, or not long enough.
pub(super) fn look_at(sheet: &Sheet<'_>, stage: &Stage<'_>, findings: &mut Findings) {
    let (Sheet { tables, campaign, .. }, setting) = (sheet, &stage.setting);
    for (key, variant, language, text) in ways(sheet) {
        let key = format!("{key}.{language}");
        let has_code = campaign.qr(variant).is_some();
        let seconds = text.seconds_needed(has_code);
        if seconds > setting.window {
            let what = format!("needs {seconds} s to be read, and a visit leaves {} s", setting.window);
            findings.problems.push(tables.problem_at(&key, what));
        }
        let offer = offer(sheet, setting, variant, text);
        let detail = text.more.as_ref().map(|more| View::Detail(detail(sheet, offer.clone(), more)));
        for view in [View::Offer(offer)].into_iter().chain(detail) {
            tried(&view, panels(sheet, setting), stage, (tables, &key), findings);
        }
    }
}

/// The same of the words around the campaigns.
pub(super) fn look_around(stage: &Stage<'_>, findings: &mut Findings) {
    let Stage { setting, tables, .. } = stage;
    let attract = |Words { title, body }: Words| View::Attract { title, body };
    let thanks = |Words { title, body }: Words| View::Thanks { title, body };
    let attract = setting.bundle.attract.iter().map(|(language, words)| ("attract", language, attract(words.clone())));
    let thanks = setting.bundle.thanks.iter().map(|(language, words)| ("thanks", language, thanks(words.clone())));
    let stopped = |Words { title, body }: Words| View::OutOfOrder { title, body };
    let stopped = setting.bundle.out_of_order.iter().map(|(language, words)| (language, stopped(words.clone())));
    let stopped = stopped.map(|(language, view)| ("out_of_order", language, view));
    for (key, language, view) in attract.chain(thanks).chain(stopped) {
        tried(&view, setting.panels.iter(), stage, (tables, &format!("{key}.{language}")), findings);
    }
}

/// What is wrong with a view on these panels, told once if it is on several. For who reads as most do it is a problem; for others it is
/// doubtful, because not every machine has a mode for them.
fn tried<'a>(
    view: &View,
    panels: impl Iterator<Item = &'a PanelSize>,
    stage: &Stage<'_>,
    (tables, key): (&Tables<'_>, &str),
    findings: &mut Findings,
) {
    let mut told: Vec<LayoutProblem> = Vec::new();
    for (panel, mode) in panels.flat_map(|panel| stage.modes.iter().map(move |mode| (panel, *mode))) {
        let PanelSize { width, height } = panel;
        let usual = mode == Mode::default();
        let reading = if usual { String::new() } else { format!(" in {mode}") };
        for problem in touchpoint_display::fits(view, &Glass::of(Size::new(*width, *height)), &stage.theme, mode) {
            if told.contains(&problem) {
                continue;
            }
            let what = format!("on a panel of {width}x{height} pixels{reading}, {problem}");
            let line = match (line(&problem), view) {
                (".body", View::Detail(_)) => ".more",
                (line, _) => line,
            };
            let found = tables.problem_at(&format!("{key}{line}"), what);
            if usual {
                findings.problems.push(found)
            } else {
                findings.warnings.push(found)
            }
            told.push(problem);
        }
    }
}

/// The panels on which a campaign may be shown.
pub(super) fn panels<'a>(sheet: &Sheet<'_>, setting: &'a Setting) -> impl Iterator<Item = &'a PanelSize> {
    let least = sheet.campaign.smallest_panel.unwrap_or(PanelSize { width: 0, height: 0 });
    setting.panels.iter().filter(move |panel| panel.width >= least.width && panel.height >= least.height)
}

/// Every text of a campaign, with the key of its languages and the variant of which it is.
pub(super) fn ways<'a>(
    sheet: &'a Sheet<'_>,
) -> impl Iterator<Item = (String, Option<&'a Variant>, &'a Language, &'a Text)> {
    let campaign = &sheet.campaign;
    // A variant may have the campaign's words beside a picture or code of its own.
    let variants = campaign.variants.iter().map(Some);
    let own = campaign.variants.is_empty().then_some(None);
    own.into_iter().chain(variants).flat_map(move |variant| {
        let key = match variant {
            Some(variant) if !variant.texts.is_empty() => format!("variants.{}.text", variant.id),
            _ => "text".to_owned(),
        };
        campaign.words(variant).iter().map(move |(language, text)| (key.clone(), variant, language, text))
    })
}

/// Longest body that a device fills in.
pub(super) fn longest_body(has_code: bool) -> usize {
    if has_code { limits::BODY_WITH_QR } else { limits::BODY }
}

/// The message as it may stand on the glass at its longest.
fn offer(sheet: &Sheet<'_>, setting: &Setting, variant: Option<&Variant>, text: &Text) -> Offer {
    let button = |label: &String| AnswerButton { label: label.clone(), emphasis: Emphasis::default() };
    let Sheet { campaign, pictures, .. } = sheet;
    let id = variant.map(|variant| &variant.id);
    let code = campaign.qr(variant);
    Offer {
        title: placeholders::sample(&text.title, limits::TITLE),
        body: placeholders::sample(&text.body, longest_body(code.is_some())),
        picture: pictures.get(&id.cloned()).or(pictures.get(&None)).cloned(),
        qr: code.map(|target| target.fill(&qr::reference(&setting.bundle.salt, &campaign.id, id))),
        answers: text.answers.iter().map(button).collect(),
        seconds_left: 0,
        seconds_total: 0,
    }
}

/// What stands there for who asks for more.
fn detail(sheet: &Sheet<'_>, offer: Offer, more: &str) -> Offer {
    let labels = sheet.campaign.answers.iter().zip(offer.answers);
    let answers = labels.filter(|(kind, _)| **kind != AnswerKind::More).map(|(_, label)| label).collect();
    Offer { body: placeholders::sample(more, limits::MORE), picture: None, answers, ..offer }
}

/// The line of a text that a problem is about.
fn line(problem: &LayoutProblem) -> &'static str {
    let part = match problem {
        LayoutProblem::Overflow { part }
        | LayoutProblem::MissingGlyph { part, .. }
        | LayoutProblem::EmptyLabel { part } => part,
        LayoutProblem::NoTitle => &Part::Title,
        LayoutProblem::TooManyAnswers { .. } => return ".answers",
        // About the message as a whole.
        _ => return "",
    };
    match part {
        Part::Title => ".title",
        Part::Body => ".body",
        Part::Answer(_) => ".answers",
    }
}
