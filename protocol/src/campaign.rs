//! One campaign: whom it addresses, when, with which words, and what they may answer.

use crate::{
    digest::Digest,
    limits,
    name::{CampaignId, Language, Purpose, ScoreName, Segment},
    placeholder::Template,
    policy::ContactPolicy,
    predicate::Predicate,
    qr::QrTarget,
    schedule::Schedule,
    sequence::{self, Next},
    variant::{self, Variant},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// A campaign as a bundle carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its name, the same in every report.
    pub id: CampaignId,
    /// What it is for, and so whether it needs consent.
    pub kind: Kind,
    /// What a customer must have consented to, if it is marketing; to marketing, if nothing else is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// When.
    #[serde(default)]
    pub schedule: Schedule,
    /// On which panels: those at least as large; all, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest_panel: Option<PanelSize>,
    /// Whom it addresses.
    pub audience: Audience,
    /// What else must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Predicate>,
    /// How often it may be shown.
    #[serde(default)]
    pub policy: ContactPolicy,
    /// How many of a thousand customers never see it, so that its effect can be measured; 0 to [`Campaign::LARGEST_HOLDOUT`].
    #[serde(default)]
    pub holdout_per_mille: u16,
    /// 0 to 100; the highest wins.
    pub priority: u8,
    /// Among those of one priority, what a showing is worth.
    #[serde(default)]
    pub value: u32,
    /// The customer's score by which the value is weighed; 100, if none is named, and 0 for who has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreName>,
    /// What the customer may answer; each text has as many labels, in this order.
    pub answers: Vec<AnswerKind>,
    /// What follows an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<Next>,
    /// The words, by language.
    pub texts: BTreeMap<Language, Text>,
    /// The picture beside the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Digest>,
    /// What the QR code beside the words says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr: Option<QrTarget>,
    /// Ways of putting it, of which each customer sees one; the campaign as it stands, if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

/// A panel's size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// What a campaign is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something to buy.
    Offer,
    /// Something to know that also sells.
    Advice,
    /// Something owed to the customer. Not marketing: needs no consent, and is never capped.
    Service,
    /// A reason to stay.
    Retention,
}

impl Kind {
    /// Whether GDPR Art. 21 speaks of it: needs an opt-in, and must let the customer object.
    pub fn is_marketing(self) -> bool {
        match self {
            Kind::Offer | Kind::Advice | Kind::Retention => true,
            Kind::Service => false,
        }
    }
}

/// Whom a campaign addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Audience {
    /// Known customers.
    Customers {
        /// Those in one of these segments; all, if none is named ...
        #[serde(default)]
        segments: Vec<Segment>,
        /// ... but nobody in one of these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        except: Vec<Segment>,
    },
    /// Whoever the device does not know.
    Strangers,
}

/// What a customer may say to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// Yes.
    Accept,
    /// No, thank you.
    Decline,
    /// Not now.
    Later,
    /// Tell me more.
    More,
    /// Have somebody call me.
    CallMe,
    /// No marketing any more (GDPR Art. 21).
    OptOut,
}

impl fmt::Display for AnswerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AnswerKind::Accept => "accept",
            AnswerKind::Decline => "decline",
            AnswerKind::Later => "later",
            AnswerKind::More => "more",
            AnswerKind::CallMe => "call_me",
            AnswerKind::OptOut => "opt_out",
        })
    }
}

/// A message's words in one language. `{name}` stands for a customer attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// At most [`limits::TITLE`] characters.
    pub title: String,
    /// At most [`limits::BODY`] characters, or [`limits::BODY_WITH_QR`].
    pub body: String,
    /// A label for each of the campaign's answers.
    #[serde(default)]
    pub answers: Vec<String>,
    /// What stands in place of the body for who asks for more: at most [`limits::MORE`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<String>,
}

/// What is wrong with a campaign, and where.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{key}: {problem}")]
pub struct CampaignProblem {
    /// The key, as it is written in the document.
    pub key: String,
    /// What is wrong.
    pub problem: String,
}

impl CampaignProblem {
    pub(crate) fn at(key: &str, problem: String) -> CampaignProblem {
        CampaignProblem { key: key.to_owned(), problem }
    }
}

impl Campaign {
    /// Largest holdout: half measures an effect best, and more only withholds.
    pub const LARGEST_HOLDOUT: u16 = 500;

    /// Checks what the fields' types cannot say.
    ///
    /// # Errors
    /// The first key that is out of bounds.
    pub fn check(&self, fallback: &Language) -> Result<(), CampaignProblem> {
        let refuse = |key: &str, problem: String| Err(CampaignProblem::at(key, problem));
        self.schedule.check()?;
        self.policy.check()?;
        if self.priority > 100 {
            return refuse("priority", format!("{} is not 0 to 100", self.priority));
        }
        if self.holdout_per_mille > Campaign::LARGEST_HOLDOUT {
            let problem = format!("{} is not 0 to {}", self.holdout_per_mille, Campaign::LARGEST_HOLDOUT);
            return refuse("holdout_per_mille", problem);
        }
        if self.holdout_per_mille > 0 && self.audience == Audience::Strangers {
            return refuse("holdout_per_mille", "strangers cannot be told apart".to_owned());
        }
        if self.answers.len() > limits::ANSWERS {
            return refuse("answers", format!("{} of them, over {}", self.answers.len(), limits::ANSWERS));
        }
        if self.answers.iter().enumerate().any(|(at, kind)| self.answers[..at].contains(kind)) {
            return refuse("answers", "one kind stands twice".to_owned());
        }
        if self.kind.is_marketing() && !self.answers.contains(&AnswerKind::OptOut) {
            return refuse("answers", "a marketing message must let the customer object: add opt_out".to_owned());
        }
        sequence::check(self)?;
        if self.texts.len() > limits::LANGUAGES {
            return refuse("text", format!("{} languages, over {}", self.texts.len(), limits::LANGUAGES));
        }
        if !self.texts.contains_key(fallback) {
            return refuse("text", format!("there is none in the fallback language {fallback}"));
        }
        self.check_texts("text", &self.texts, self.qr.is_some())?;
        variant::check(&self.variants, &self.texts)
            .map_err(|(key, problem)| CampaignProblem::at(&format!("variants{key}"), problem))?;
        self.variants.iter().try_for_each(|variant| {
            let (texts, qr) = (self.words(Some(variant)), self.qr(Some(variant)).is_some());
            self.check_texts(&format!("variants.{}.text", variant.id), texts, qr)
        })
    }

    /// The words of one variant, by language.
    pub fn words<'a>(&'a self, variant: Option<&'a Variant>) -> &'a BTreeMap<Language, Text> {
        variant.map(|variant| &variant.texts).filter(|texts| !texts.is_empty()).unwrap_or(&self.texts)
    }

    /// The picture of one variant.
    pub fn picture(&self, variant: Option<&Variant>) -> Option<Digest> {
        variant.and_then(|variant| variant.picture).or(self.picture)
    }

    /// The QR code of one variant.
    pub fn qr<'a>(&'a self, variant: Option<&'a Variant>) -> Option<&'a QrTarget> {
        variant.and_then(|variant| variant.qr.as_ref()).or(self.qr.as_ref())
    }

    /// Every picture that may stand beside its words.
    pub fn pictures(&self) -> impl Iterator<Item = Digest> {
        self.picture.into_iter().chain(self.variants.iter().filter_map(|variant| variant.picture))
    }

    fn check_texts(&self, key: &str, texts: &BTreeMap<Language, Text>, qr: bool) -> Result<(), CampaignProblem> {
        let any_more = texts.values().any(|text| text.more.is_some());
        texts.iter().try_for_each(|(language, text)| {
            let more = match &text.more {
                Some(_) if !self.answers.contains(&AnswerKind::More) => Err("nobody can ask for it: answers lack more"),
                None if any_more => Err("there is none, and other languages have one"),
                _ => Ok(()),
            };
            more.map_err(|what| CampaignProblem::at(&format!("{key}.{language}.more"), what.to_owned()))?;
            text.check(self.answers.len(), qr, self.audience == Audience::Strangers)
                .map_err(|found| CampaignProblem::at(&format!("{key}.{language}.{}", found.key), found.problem))
        })
    }
}

/// How many seconds a title and a body need: time to notice and 12 characters a second, at least [`Text::FEWEST_SECONDS`].
pub(crate) fn seconds_needed(title: &str, body: &str) -> u32 {
    let characters = title.chars().count() + body.chars().count();
    let reading = 3 + u32::try_from(characters.div_ceil(12)).unwrap_or(u32::MAX - 3);
    reading.max(Text::FEWEST_SECONDS)
}

impl Text {
    /// The fewest seconds that any words need.
    pub const FEWEST_SECONDS: u32 = 6;

    /// How many seconds a customer needs for these words: time to notice and 12 characters a second, at least
    /// [`Text::FEWEST_SECONDS`]; with a QR code at least 12, to take out a phone.
    pub fn seconds_needed(&self, qr: bool) -> u32 {
        seconds_needed(&self.title, &self.body).max(if qr { 12 } else { 0 })
    }

    fn check(&self, answers: usize, qr: bool, strangers: bool) -> Result<(), CampaignProblem> {
        let body = if qr { limits::BODY_WITH_QR } else { limits::BODY };
        check_line(&self.title, limits::TITLE).map_err(|problem| CampaignProblem::at("title", problem))?;
        check_line(&self.body, body).map_err(|problem| CampaignProblem::at("body", problem))?;
        if self.answers.len() != answers {
            let problem = format!("{} labels for {answers} answers", self.answers.len());
            return Err(CampaignProblem::at("answers", problem));
        }
        if let Some(more) = &self.more {
            check_line(more, limits::MORE).map_err(|problem| CampaignProblem::at("more", problem))?;
        }
        let more = self.more.iter().map(|more| ("more", more));
        for (key, words) in [("title", &self.title), ("body", &self.body)].into_iter().chain(more) {
            let template = Template::parse(words).map_err(|error| CampaignProblem::at(key, error.to_string()))?;
            if template.needs_attribute() && strangers {
                let problem = "has a placeholder without a default, and strangers have no attributes".to_owned();
                return Err(CampaignProblem::at(key, problem));
            }
        }
        if self.answers.iter().any(|label| label.contains(['{', '}'])) {
            return Err(CampaignProblem::at("answers", "labels have no placeholders".to_owned()));
        }
        match self.answers.iter().find_map(|label| check_line(label, limits::LABEL).err()) {
            Some(problem) => Err(CampaignProblem::at("answers", problem)),
            None => Ok(()),
        }
    }
}

/// A line of text: something to read, not too much of it, and no control characters.
pub(crate) fn check_line(text: &str, longest: usize) -> Result<(), String> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if length > longest {
        return Err(format!("{length} characters, over {longest}"));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(format!("holds the control character {c:?}")),
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;
    use crate::utc::Utc;

    pub(crate) fn savings() -> Campaign {
        let text = Text {
            title: "More for your savings".to_owned(),
            body: "3.1 % for twelve months, from the first euro.".to_owned(),
            answers: vec!["Yes, please".to_owned(), "No more offers".to_owned()],
            more: None,
        };
        Campaign {
            id: "savings".parse().unwrap(),
            kind: Kind::Offer,
            purpose: None,
            schedule: Schedule {
                from: Some(Utc::from_millis(0)),
                until: Some(Utc::from_millis(1_000)),
                ..Schedule::default()
            },
            smallest_panel: None,
            audience: Audience::Customers { segments: vec!["gold".parse().unwrap()], except: Vec::new() },
            when: None,
            policy: ContactPolicy::default(),
            holdout_per_mille: 100,
            priority: 50,
            value: 0,
            score: None,
            answers: vec![AnswerKind::Accept, AnswerKind::OptOut],
            next: Vec::new(),
            texts: BTreeMap::from([("en".parse().unwrap(), text)]),
            picture: None,
            qr: None,
            variants: Vec::new(),
        }
    }

    fn problem(change: impl FnOnce(&mut Campaign)) -> String {
        let mut campaign = savings();
        change(&mut campaign);
        campaign.check(&"en".parse().unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn a_sound_campaign_passes_and_travels() {
        let campaign = savings();
        campaign.check(&"en".parse().unwrap()).unwrap();
        let json = serde_json::to_string(&campaign).unwrap();
        assert_eq!(serde_json::from_str::<Campaign>(&json).unwrap(), campaign);
    }

    #[test]
    fn a_short_document_is_a_whole_campaign() {
        let short = r#"{"id":"welcome","kind":"service","audience":{"customers":{}},"priority":1,"answers":[],
            "texts":{"en":{"title":"Welcome","body":"Good day."}}}"#;
        let campaign: Campaign = serde_json::from_str(short).unwrap();
        campaign.check(&"en".parse().unwrap()).unwrap();
        assert_eq!((campaign.policy, campaign.schedule), (ContactPolicy::default(), Schedule::default()));
    }

    #[test]
    fn placeholders_are_checked_with_the_words_they_stand_in() {
        let en: Language = "en".parse().unwrap();
        let title = |words: &str| problem(|c| c.texts.get_mut(&en).unwrap().title = words.to_owned());
        assert_eq!(title("Hello {first-name"), "text.en.title: has a { without a }");
        let strangers = problem(|c| {
            (c.audience, c.holdout_per_mille) = (Audience::Strangers, 0);
            c.texts.get_mut(&en).unwrap().body = "For {first-name}".to_owned();
        });
        assert_eq!(strangers, "text.en.body: has a placeholder without a default, and strangers have no attributes");
        let label = problem(|c| c.texts.get_mut(&en).unwrap().answers[0] = "{first-name}".to_owned());
        assert_eq!(label, "text.en.answers: labels have no placeholders");
    }

    #[test]
    fn no_message_is_in_more_languages_than_there_is_room_for() {
        let many = problem(|c| {
            let text = c.texts[&"en".parse().unwrap()].clone();
            c.texts.extend((b'a'..=b'z').chain(b'a'..=b'z').zip(0..).map(|(letter, at)| {
                let language = format!("{}{}", if at < 26 { 'x' } else { 'y' }, char::from(letter));
                (language.parse().unwrap(), text.clone())
            }));
        });
        assert!(many.starts_with("text: 53 languages, over 32"), "{many}");
    }

    #[test]
    fn each_refusal_names_the_key() {
        let en: Language = "en".parse().unwrap();
        assert_eq!(
            problem(|c| c.schedule.until = c.schedule.from),
            "schedule.until: 1970-01-01T00:00:00.000Z is not after 1970-01-01T00:00:00.000Z"
        );
        assert_eq!(problem(|c| c.priority = 101), "priority: 101 is not 0 to 100");
        assert_eq!(problem(|c| c.holdout_per_mille = 501), "holdout_per_mille: 501 is not 0 to 500");
        assert!(problem(|c| c.audience = Audience::Strangers).starts_with("holdout_per_mille: strangers"));
        assert!(problem(|c| c.policy.caps[0].showings = 0).starts_with("policy.caps: a cap of zero"));
        assert_eq!(problem(|c| c.answers = vec![AnswerKind::OptOut; 2]), "answers: one kind stands twice");
        assert!(problem(|c| c.answers = vec![AnswerKind::Accept]).ends_with("add opt_out"));
        assert_eq!(problem(|c| c.texts.clear()), "text: there is none in the fallback language en");
        let text = |change: fn(&mut Text)| problem(|c| change(c.texts.get_mut(&en).unwrap()));
        assert_eq!(text(|t| t.title = "x".repeat(41)), "text.en.title: 41 characters, over 40");
        assert_eq!(text(|t| t.body = "a\nb".to_owned()), "text.en.body: holds the control character '\\n'");
        assert_eq!(text(|t| t.answers = vec![]), "text.en.answers: 0 labels for 2 answers");
        let more = |words: &str, answers: [AnswerKind; 2]| {
            problem(|c| {
                c.answers = answers.to_vec();
                c.texts.get_mut(&en).unwrap().more = Some(words.to_owned());
                let without = c.texts.get(&en).unwrap().clone();
                c.texts.insert("fr".parse().unwrap(), Text { more: None, ..without });
            })
        };
        let [asked, unasked] = [[AnswerKind::More, AnswerKind::OptOut], [AnswerKind::Accept, AnswerKind::OptOut]];
        assert_eq!(more("More.", unasked), "text.en.more: nobody can ask for it: answers lack more");
        assert_eq!(more("More.", asked), "text.fr.more: there is none, and other languages have one");
        assert_eq!(more(&"x".repeat(241), asked), "text.en.more: 241 characters, over 240");
        assert_eq!(more("{", asked), "text.en.more: has a { without a }");
    }

    fn variant(id: &str) -> Variant {
        Variant { id: id.parse().unwrap(), weight: 1, texts: BTreeMap::new(), picture: None, qr: None }
    }

    #[test]
    fn a_variant_says_only_what_it_puts_otherwise() {
        let mut other = variant("b");
        other.qr = Some("https://bank.example/b".parse().unwrap());
        let campaign = Campaign { variants: vec![variant("a"), other], ..savings() };
        let [a, b] = &campaign.variants[..] else { unreachable!() };
        assert_eq!((campaign.words(Some(a)), campaign.qr(Some(a))), (&campaign.texts, None));
        assert_eq!(campaign.qr(Some(b)), b.qr.as_ref());
        campaign.check(&"en".parse().unwrap()).unwrap();
    }

    #[test]
    fn each_refusal_of_a_variant_names_it() {
        let of = |change: fn(&mut Variant)| {
            problem(|c| {
                c.variants = vec![variant("a"), variant("b")];
                change(&mut c.variants[1]);
            })
        };
        assert_eq!(problem(|c| c.variants = vec![variant("a"); 9]), "variants: 9 of them, over 8");
        assert_eq!(of(|b| b.id = "a".parse().unwrap()), "variants.a.id: stands twice");
        assert_eq!(of(|b| b.weight = 0), "variants.b.weight: 0 is not 1 to 1000");
        assert_eq!(
            of(|b| drop(b.texts.insert("de".parse().unwrap(), savings().texts.into_values().next().unwrap()))),
            "variants.b.text: has other languages than the campaign"
        );
        let long = |b: &mut Variant| {
            b.texts = savings().texts;
            b.texts.values_mut().for_each(|text| text.body = "x".repeat(100));
            b.qr = Some("https://bank.example/b".parse().unwrap());
        };
        assert_eq!(of(long), "variants.b.text.en.body: 100 characters, over 80");
    }

    #[test]
    fn a_longer_message_and_a_qr_code_need_more_time() {
        let text = savings().texts.into_values().next().unwrap();
        assert_eq!(text.seconds_needed(false), 3 + 66_u32.div_ceil(12));
        assert_eq!(text.seconds_needed(true), 12);
    }
}
