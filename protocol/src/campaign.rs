//! One campaign: whom it addresses, when, with which words, and what they may answer.

use crate::{
    digest::Digest,
    limits,
    name::{CampaignId, Language, Segment},
    placeholder::Template,
    utc::Utc,
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
    /// From when; always, if absent.
    pub from: Option<Utc>,
    /// Until when, exclusive; for ever, if absent.
    pub until: Option<Utc>,
    /// Whom it addresses.
    pub audience: Audience,
    /// 0 to 100; the highest wins.
    pub priority: u8,
    /// How many of a hundred customers never see it, so that its effect can be measured; 0 to 50.
    pub holdout_percent: u8,
    /// How often it may be shown.
    pub policy: ContactPolicy,
    /// What the customer may answer; each text has as many labels, in this order.
    pub answers: Vec<AnswerKind>,
    /// The words, by language.
    pub texts: BTreeMap<Language, Text>,
    /// The picture beside the words.
    pub picture: Option<Digest>,
    /// What the QR code beside the words says.
    pub qr: Option<String>,
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
    /// Customers in one of these segments; every known customer if none is named.
    Customers {
        /// The segments.
        segments: Vec<Segment>,
    },
    /// Whoever the device does not know.
    Strangers,
}

/// How often a customer may be shown one campaign. Says nothing to service messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactPolicy {
    /// At most this many showings, at least 1 ...
    pub showings: u16,
    /// ... within this many days, at least 1.
    pub days: u16,
    /// Not again for this many days after a decline.
    pub quiet_days_after_decline: u16,
}

impl Default for ContactPolicy {
    /// Three times a month, and a decline holds for a month: what people put up with.
    fn default() -> Self {
        ContactPolicy { showings: 3, days: 30, quiet_days_after_decline: 30 }
    }
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

impl Campaign {
    /// Checks what the fields' types cannot say.
    ///
    /// # Errors
    /// The first key that is out of bounds.
    pub fn check(&self, fallback: &Language) -> Result<(), CampaignProblem> {
        let refuse = |key: &str, problem: String| Err(CampaignProblem { key: key.to_owned(), problem });
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            return refuse("until", format!("{until} is not after {from}"));
        }
        if self.priority > 100 {
            return refuse("priority", format!("{} is not 0 to 100", self.priority));
        }
        if self.holdout_percent > 50 {
            return refuse("holdout_percent", format!("{} is not 0 to 50", self.holdout_percent));
        }
        if self.policy.showings == 0 || self.policy.days == 0 {
            return refuse("policy", "a cap of zero shows nothing: take the campaign out instead".to_owned());
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
        if let Some(qr) = &self.qr
            && (qr.is_empty() || qr.len() > limits::QR)
        {
            return refuse("qr", format!("{} bytes, not 1 to {}", qr.len(), limits::QR));
        }
        if self.texts.len() > limits::LANGUAGES {
            return refuse("text", format!("{} languages, over {}", self.texts.len(), limits::LANGUAGES));
        }
        if !self.texts.contains_key(fallback) {
            return refuse("text", format!("there is none in the fallback language {fallback}"));
        }
        self.texts.iter().try_for_each(|(language, text)| self.check_text(language, text))
    }

    /// The words for this language, or in the fallback language.
    pub fn text(&self, language: Option<&Language>, fallback: &Language) -> Option<(&Language, &Text)> {
        language.and_then(|language| self.texts.get_key_value(language)).or_else(|| self.texts.get_key_value(fallback))
    }

    /// How many seconds a customer needs for these words: time to notice and 12 characters a second, at least 6; with a QR code
    /// at least 12, to take out a phone.
    pub fn seconds_needed(&self, text: &Text) -> u32 {
        let characters = text.title.chars().count() + text.body.chars().count();
        let reading = 3 + u32::try_from(characters.div_ceil(12)).unwrap_or(u32::MAX - 3);
        reading.max(if self.qr.is_some() { 12 } else { 6 })
    }

    fn check_text(&self, language: &Language, text: &Text) -> Result<(), CampaignProblem> {
        let refuse =
            |key: &str, problem: String| Err(CampaignProblem { key: format!("text.{language}.{key}"), problem });
        let body = if self.qr.is_some() { limits::BODY_WITH_QR } else { limits::BODY };
        if let Err(problem) = check_line(&text.title, limits::TITLE) {
            return refuse("title", problem);
        }
        if let Err(problem) = check_line(&text.body, body) {
            return refuse("body", problem);
        }
        if text.answers.len() != self.answers.len() {
            return refuse("answers", format!("{} labels for {} answers", text.answers.len(), self.answers.len()));
        }
        for (key, words) in [("title", &text.title), ("body", &text.body)] {
            match Template::parse(words) {
                Err(error) => return refuse(key, error.to_string()),
                Ok(template) if template.needs_attribute() && self.audience == Audience::Strangers => {
                    return refuse(
                        key,
                        "has a placeholder without a default, and strangers have no attributes".to_owned(),
                    );
                }
                Ok(_) => {}
            }
        }
        if text.answers.iter().any(|label| label.contains(['{', '}'])) {
            return refuse("answers", "labels have no placeholders".to_owned());
        }
        match text.answers.iter().find_map(|label| check_line(label, limits::LABEL).err()) {
            Some(problem) => refuse("answers", problem),
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

    pub(crate) fn savings() -> Campaign {
        let text = Text {
            title: "More for your savings".to_owned(),
            body: "3.1 % for twelve months, from the first euro.".to_owned(),
            answers: vec!["Yes, please".to_owned(), "No more offers".to_owned()],
        };
        Campaign {
            id: "savings".parse().unwrap(),
            kind: Kind::Offer,
            from: Some(Utc::from_millis(0)),
            until: Some(Utc::from_millis(1_000)),
            audience: Audience::Customers { segments: vec!["gold".parse().unwrap()] },
            priority: 50,
            holdout_percent: 10,
            policy: ContactPolicy::default(),
            answers: vec![AnswerKind::Accept, AnswerKind::OptOut],
            texts: BTreeMap::from([("en".parse().unwrap(), text)]),
            picture: None,
            qr: None,
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
    fn placeholders_are_checked_with_the_words_they_stand_in() {
        let en: Language = "en".parse().unwrap();
        let title = |words: &str| problem(|c| c.texts.get_mut(&en).unwrap().title = words.to_owned());
        assert_eq!(title("Hello {first-name"), "text.en.title: has a { without a }");
        let strangers = problem(|c| {
            c.audience = Audience::Strangers;
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
            problem(|c| c.until = c.from),
            "until: 1970-01-01T00:00:00.000Z is not after 1970-01-01T00:00:00.000Z"
        );
        assert_eq!(problem(|c| c.priority = 101), "priority: 101 is not 0 to 100");
        assert_eq!(problem(|c| c.holdout_percent = 51), "holdout_percent: 51 is not 0 to 50");
        assert!(problem(|c| c.policy.showings = 0).starts_with("policy: a cap of zero"));
        assert_eq!(problem(|c| c.answers = vec![AnswerKind::OptOut; 2]), "answers: one kind stands twice");
        assert!(problem(|c| c.answers = vec![AnswerKind::Accept]).ends_with("add opt_out"));
        assert_eq!(problem(|c| c.qr = Some(String::new())), "qr: 0 bytes, not 1 to 120");
        assert_eq!(problem(|c| c.texts.clear()), "text: there is none in the fallback language en");
        let text = |change: fn(&mut Text)| problem(|c| change(c.texts.get_mut(&en).unwrap()));
        assert_eq!(text(|t| t.title = "x".repeat(41)), "text.en.title: 41 characters, over 40");
        assert_eq!(text(|t| t.body = "a\nb".to_owned()), "text.en.body: holds the control character '\\n'");
        assert_eq!(text(|t| t.answers = vec![]), "text.en.answers: 0 labels for 2 answers");
    }

    #[test]
    fn a_longer_message_and_a_qr_code_need_more_time() {
        let mut campaign = savings();
        let text = campaign.texts.values().next().unwrap().clone();
        assert_eq!(campaign.seconds_needed(&text), 3 + 66_u32.div_ceil(12));
        campaign.qr = Some("https://bank.example/s".to_owned());
        assert_eq!(campaign.seconds_needed(&text), 12);
    }
}
