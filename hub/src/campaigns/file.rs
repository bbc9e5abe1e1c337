//! What stands in a campaign's file and in the bundle's: the types that read them, from which their schemas are made.

use super::{
    condition::Condition,
    forms::{AnswerWord, Code, DateTime, Day, Distance, FamilyName, Hex, KindWord, Length, Name, Pixels, Radius, Time},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::value::Datetime;
use touchpoint_protocol::{
    bundle::Words,
    campaign::{AnswerKind, Campaign, Kind, Text},
    interval::Interval,
    limits,
    name::{CampaignId, Language, Purpose, ScoreName, Segment, VariantId},
    policy::{Cap, ContactPolicy, OverallPolicy},
    qr::QrTarget,
    schedule::DayPart,
    theme::{Colour, CornerRadius, Family, Fonts, Spacing, Theme},
    variant::Variant,
    zone::{TimeOfDay, Weekday},
};

/// Seconds a visit leaves for a message, if nothing else is said: what cash takes to be counted.
const WINDOW: u32 = 25;

/// One message: for whom, when, in which words, and what may be answered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Touchpoint campaign")]
pub(crate) struct CampaignFile {
    /// Its name, the same as the file's, and the same in every report.
    #[schemars(with = "Name")]
    pub(super) id: CampaignId,
    /// What it is for. All but `service` are marketing: they need consent, and `opt_out` among their answers.
    #[schemars(with = "KindWord")]
    pub(super) kind: Kind,
    /// What a customer must have consented to, if it is not marketing at large.
    #[schemars(with = "Option<Name>")]
    pub(super) purpose: Option<Purpose>,
    /// The highest wins.
    #[schemars(range(max = 100))]
    pub(super) priority: u8,
    /// What a showing is worth, in any unit: among campaigns of one priority, the one with the highest value wins.
    #[serde(default)]
    pub(super) value: u32,
    /// The customer's score by which the value is weighed, 100 being certain. Who has no such score counts as 0.
    #[schemars(with = "Option<Name>")]
    pub(super) score: Option<ScoreName>,
    /// How many of a hundred customers never see it, so that its effect can be measured.
    #[serde(default)]
    #[schemars(range(max = Campaign::LARGEST_HOLDOUT / 10))]
    pub(super) holdout_percent: u8,
    /// The smallest panel on which it may be shown, such as `1024x768`; any, if not said.
    pub(super) smallest_panel: Option<Pixels>,
    /// A PNG beside this file, which stands beside the words.
    pub(super) picture: Option<String>,
    /// What a QR code beside the words says; `{reference}` becomes an opaque name of campaign and variant, and nothing of the customer.
    #[schemars(with = "Option<Code>")]
    pub(super) qr: Option<QrTarget>,
    /// What the customer may answer, in the order of the buttons.
    #[schemars(with = "Vec<AnswerWord>", length(max = limits::ANSWERS))]
    pub(super) answers: Vec<AnswerKind>,
    /// Between which days, and in which parts of them; always, if not said.
    #[serde(default)]
    pub(super) schedule: ScheduleTable,
    /// Whom it addresses.
    pub(super) audience: AudienceTable,
    /// What else must hold.
    pub(super) when: Option<Condition>,
    /// How often it may be shown.
    #[serde(default)]
    pub(super) policy: PolicyTable,
    /// The words, by language.
    #[schemars(with = "BTreeMap<Name, TextTable>")]
    pub(super) text: BTreeMap<Language, TextTable>,
    /// Ways of putting it, by name, of which each customer sees one.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Name, VariantTable>")]
    pub(super) variants: BTreeMap<VariantId, VariantTable>,
    /// What follows an answer. A campaign named here is shown to nobody else.
    #[serde(default)]
    #[schemars(length(max = limits::NEXT))]
    pub(super) next: Vec<NextTable>,
}

/// When a campaign may be shown.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleTable {
    /// The first day (`2026-12-01`) or moment (`2026-12-01T08:00:00`).
    #[schemars(with = "Option<DateTime>")]
    pub(super) from: Option<Datetime>,
    /// The last day, itself included, or the moment at which it is over.
    #[schemars(with = "Option<DateTime>")]
    pub(super) until: Option<Datetime>,
    /// By which clock, such as `Europe/Berlin`; by the bundle's, if not said.
    pub(super) zone: Option<String>,
    /// In which parts of the day; at any time, if not said.
    #[serde(default)]
    #[schemars(length(max = limits::DAY_PARTS))]
    pub(super) day_parts: Vec<DayPartTable>,
}

/// A part of some days. One that ends before it begins goes on into the next day.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DayPartTable {
    /// The days on which it begins; every day, if not said.
    #[serde(default)]
    #[schemars(with = "Vec<Day>")]
    weekdays: Vec<Weekday>,
    /// Its first minute.
    #[schemars(with = "Time")]
    from: TimeOfDay,
    /// Its end, exclusive.
    #[schemars(with = "Time")]
    to: TimeOfDay,
}

/// Whom a campaign addresses: customers, or strangers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AudienceTable {
    /// Customers in one of these segments; an empty list is all customers.
    #[schemars(with = "Option<Vec<Name>>")]
    pub(super) customers: Option<Vec<Segment>>,
    /// ... but nobody in one of these.
    #[serde(default)]
    #[schemars(with = "Vec<Name>")]
    pub(super) except: Vec<Segment>,
    /// Whoever the device does not know.
    #[serde(default)]
    pub(super) strangers: bool,
}

/// How often a customer may be shown a campaign. What is not said is as usual: three times in 30 days, quiet for 30 days after a decline,
/// for a day after "later", for ever after a yes.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyTable {
    /// Not at all, for now.
    #[serde(default)]
    never: bool,
    /// How many showings within which times; each of them holds.
    #[schemars(length(max = limits::CAPS))]
    caps: Option<Vec<CapTable>>,
    /// Least time between two showings.
    #[schemars(with = "Option<Length>")]
    gap: Option<Interval>,
    /// Not again for this long after a decline.
    #[schemars(with = "Option<Length>")]
    quiet_after_decline: Option<Interval>,
    /// Not again for this long after "later".
    #[schemars(with = "Option<Length>")]
    quiet_after_later: Option<Interval>,
    /// Not again for this long after a yes.
    #[schemars(with = "Option<Length>")]
    quiet_after_accept: Option<Interval>,
}

/// At most so many showings within so long a time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CapTable {
    /// How many.
    #[schemars(range(min = 1))]
    showings: u16,
    /// Within which time.
    #[schemars(with = "Length")]
    within: Interval,
}

/// A message's words. `{attribute|default}` stands for what is known of the customer, and the default for who has no such attribute.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TextTable {
    /// What is read first, and often all.
    #[schemars(length(min = 1, max = limits::TITLE))]
    title: String,
    /// The message itself; at most 80 characters beside a QR code.
    #[schemars(length(min = 1, max = limits::BODY))]
    body: String,
    /// A label for each of the campaign's answers, in their order.
    #[serde(default)]
    answers: Vec<String>,
    /// What stands in place of the body for who answers `more`; the code alone, and larger, if there is none.
    #[schemars(length(min = 1, max = limits::MORE))]
    more: Option<String>,
}

/// One way of putting a campaign; what it does not say is as the campaign says.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantTable {
    /// How many customers see it, compared with the weights of the others.
    #[schemars(range(min = 1, max = Variant::HEAVIEST))]
    pub(super) weight: u16,
    /// Another picture.
    pub(super) picture: Option<String>,
    /// Another QR code.
    #[schemars(with = "Option<Code>")]
    pub(super) qr: Option<QrTarget>,
    /// Other words, in each of the campaign's languages.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Name, TextTable>")]
    pub(super) text: BTreeMap<Language, TextTable>,
}

/// A campaign that follows an answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NextTable {
    /// The answer, one of the campaign's own.
    #[schemars(with = "AnswerWord")]
    pub(super) after: AnswerKind,
    /// How often it must have been given; once, if not said.
    #[serde(default = "once")]
    #[schemars(range(min = 1))]
    pub(super) times: u8,
    /// What follows.
    #[schemars(with = "Name")]
    pub(super) campaign: CampaignId,
}

/// What all campaigns of a folder have in common.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Touchpoint bundle")]
pub(crate) struct BundleFile {
    /// Which language stands in for a missing one; every text has it.
    #[schemars(with = "Name")]
    pub(super) fallback_language: Language,
    /// The languages in which every text must be; the fallback language alone, if not said.
    #[serde(default)]
    #[schemars(with = "Vec<Name>")]
    pub(super) languages: Vec<Language>,
    /// By which clock campaigns are scheduled, such as `Europe/Berlin`; by UTC, if not said.
    pub(super) zone: Option<String>,
    /// The panels in use, such as `1024x768`, which alone it is if nothing is said: every text must fit each of them.
    #[serde(default)]
    pub(super) panels: Vec<Pixels>,
    /// How many seconds a visit leaves for a message.
    #[serde(default = "window")]
    #[schemars(range(min = 6, max = 120))]
    pub(super) window_seconds: u32,
    /// What the draws for control groups and variants are mixed with: another salt is another draw, in every campaign.
    #[serde(default)]
    #[schemars(length(max = touchpoint_protocol::bundle::Bundle::LONGEST_SALT))]
    pub(super) salt: String,
    /// How often people may be shown marketing at all, every campaign of it together.
    #[serde(default)]
    pub(super) policy: OverallTable,
    /// The look.
    pub(super) theme: ThemeTable,
    /// What is shown while nobody is there, by language: in the fallback language first, and in each of the others in turn.
    #[schemars(with = "BTreeMap<Name, WordsTable>")]
    pub(super) attract: BTreeMap<Language, WordsTable>,
    /// What is shown after an answer, by language.
    #[schemars(with = "BTreeMap<Name, WordsTable>")]
    pub(super) thanks: BTreeMap<Language, WordsTable>,
    /// What is shown while the machine serves nobody, by language; if not said, that it is out of order, and to use another.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Name, WordsTable>")]
    pub(super) out_of_order: BTreeMap<Language, WordsTable>,
}

/// How often a customer, and how often a device's customers, may be shown marketing at all. What is not said is not limited.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct OverallTable {
    /// No marketing at all, for now.
    #[serde(default)]
    never: bool,
    /// How many showings to one customer within which times; each of them holds.
    #[serde(default)]
    #[schemars(length(max = limits::CAPS))]
    caps: Vec<CapTable>,
    /// Least time between two showings to one customer.
    #[schemars(with = "Option<Length>")]
    gap: Option<Interval>,
    /// Nothing else for this long after a decline.
    #[schemars(with = "Option<Length>")]
    quiet_after_decline: Option<Interval>,
    /// Nothing else for this long after "later".
    #[schemars(with = "Option<Length>")]
    quiet_after_later: Option<Interval>,
    /// Nothing else for this long after a yes.
    #[schemars(with = "Option<Length>")]
    quiet_after_accept: Option<Interval>,
    /// How many showings a device makes in a day, to whomever.
    #[schemars(range(min = 1))]
    device_showings_a_day: Option<u32>,
}

/// The look of a screen. Words need a contrast of 4.5:1 to what they stand on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ThemeTable {
    /// Behind everything.
    #[schemars(with = "Hex")]
    background: Colour,
    /// Behind the words.
    #[schemars(with = "Hex")]
    surface: Colour,
    /// Hairlines, and the part of the time bar that has run out.
    #[schemars(with = "Hex")]
    outline: Colour,
    /// Words.
    #[schemars(with = "Hex")]
    text: Colour,
    /// Lesser words.
    #[schemars(with = "Hex")]
    muted: Colour,
    /// The first answer and the time bar.
    #[schemars(with = "Hex")]
    accent: Colour,
    /// Words on the accent.
    #[schemars(with = "Hex")]
    on_accent: Colour,
    /// How round the corners of a card are, in millimetres; smaller on buttons.
    #[schemars(with = "Option<Radius>")]
    corner_radius_mm: Option<CornerRadius>,
    /// How far everything is from the edge of the glass, in millimetres; other distances follow from it.
    #[schemars(with = "Option<Distance>")]
    spacing_mm: Option<Spacing>,
    /// A PNG beside this file, at the top of every screen; 64 pixels high or more, so that it is sharp on the largest panel.
    pub(super) logo: Option<String>,
    /// Fonts by what they are for; the built-in one, if not said.
    #[serde(default)]
    fonts: FontsTable,
}

/// Font families of European scripts; the other scripts have one font each.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
struct FontsTable {
    /// Headlines.
    #[schemars(with = "Option<FamilyName>")]
    title: Option<Family>,
    /// The message itself.
    #[schemars(with = "Option<FamilyName>")]
    body: Option<Family>,
    /// Buttons.
    #[schemars(with = "Option<FamilyName>")]
    label: Option<Family>,
}

/// A title and a sentence.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsTable {
    /// A few words.
    #[schemars(length(min = 1, max = limits::TITLE))]
    title: String,
    /// What to do, or what happens next.
    #[schemars(length(min = 1, max = limits::BODY))]
    body: String,
}

fn once() -> u8 {
    1
}

fn window() -> u32 {
    WINDOW
}

impl From<DayPartTable> for DayPart {
    fn from(DayPartTable { weekdays, from, to }: DayPartTable) -> DayPart {
        DayPart { weekdays, from, to }
    }
}

impl From<CapTable> for Cap {
    fn from(CapTable { showings, within }: CapTable) -> Cap {
        Cap { showings, within }
    }
}

impl From<PolicyTable> for ContactPolicy {
    fn from(written: PolicyTable) -> ContactPolicy {
        let usual = ContactPolicy::default();
        ContactPolicy {
            never: written.never,
            caps: written.caps.map_or(usual.caps, |caps| caps.into_iter().map(Cap::from).collect()),
            gap: written.gap.unwrap_or(usual.gap),
            quiet_after_decline: written.quiet_after_decline.unwrap_or(usual.quiet_after_decline),
            quiet_after_later: written.quiet_after_later.unwrap_or(usual.quiet_after_later),
            quiet_after_accept: written.quiet_after_accept.unwrap_or(usual.quiet_after_accept),
        }
    }
}

impl From<OverallTable> for OverallPolicy {
    fn from(written: OverallTable) -> OverallPolicy {
        let usual = OverallPolicy::default();
        OverallPolicy {
            never: written.never,
            caps: written.caps.into_iter().map(Cap::from).collect(),
            gap: written.gap.unwrap_or(usual.gap),
            quiet_after_decline: written.quiet_after_decline.unwrap_or(usual.quiet_after_decline),
            quiet_after_later: written.quiet_after_later.unwrap_or(usual.quiet_after_later),
            quiet_after_accept: written.quiet_after_accept.unwrap_or(usual.quiet_after_accept),
            device_showings_a_day: written.device_showings_a_day,
        }
    }
}

impl From<TextTable> for Text {
    fn from(TextTable { title, body, answers, more }: TextTable) -> Text {
        Text { title, body, answers, more }
    }
}

impl From<ThemeTable> for Theme {
    /// Without its logo, which is still a file's name.
    fn from(written: ThemeTable) -> Theme {
        let ThemeTable { background, surface, outline, text, muted, accent, on_accent, .. } = written;
        let ThemeTable { corner_radius_mm, spacing_mm, fonts: FontsTable { title, body, label }, .. } = written;
        let fonts = Fonts { title, body, label };
        Theme {
            background,
            surface,
            outline,
            text,
            muted,
            accent,
            on_accent,
            corner_radius_mm,
            spacing_mm,
            fonts,
            logo: None,
        }
    }
}

impl From<WordsTable> for Words {
    fn from(WordsTable { title, body }: WordsTable) -> Words {
        Words { title, body }
    }
}
