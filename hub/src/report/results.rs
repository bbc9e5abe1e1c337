//! How campaigns are doing: the facts of all devices, counted. Pure.
//!
//! Counted are people, not only showings, because one customer's showings say the same thing several times over and would make every
//! interval too narrow. A customer whom devices know is one person; a stranger is a new one with each visit.

use super::{
    interval::{Difference, Rate},
    told::Told,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
};
use touchpoint_protocol::{
    interaction::{Ending, Fact, Reason, Trigger},
    name::{CampaignId, Segment, VariantId},
};

/// What stands where a fact names nothing, and for whatever came after the most names.
const NONE: &str = "";

/// Most different names of campaigns, variants, segments, groups, triggers and endings together. Most are made at head office, so
/// more are a mistake, and counted together.
const MOST_NAMES: usize = 20_000;

/// All that is known of campaigns.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Results {
    /// Each campaign and variant, as a whole and by segment, group and trigger.
    pub lines: Vec<ResultLine>,
    /// Why nothing, or not this campaign, was shown.
    pub reasons: Vec<ReasonLine>,
    /// What became of those who saw a campaign, against those who did not.
    pub outcomes: Vec<OutcomeLine>,
}

/// By what people are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Not at all.
    All,
    /// The segment that made the customer eligible.
    Segment,
    /// The group of the device.
    Group,
    /// What made the device decide.
    Trigger,
}

/// One campaign and variant with some of the people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResultLine {
    /// Which campaign.
    pub campaign: String,
    /// Which variant; empty if it has none.
    pub variant: String,
    /// By what people are divided here.
    pub by: By,
    /// Which of them these are; empty for all, and for those of whom it is not known.
    pub of: String,
    /// People it was shown to.
    pub people: u64,
    /// Times it was shown.
    pub showings: u64,
    /// Answers by kind.
    pub answers: BTreeMap<String, AnswerCount>,
    /// Showings that ended without an answer, by how they ended.
    pub unanswered: BTreeMap<String, u64>,
}

/// One kind of answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnswerCount {
    /// How often it was given.
    pub times: u64,
    /// By how many of those who saw the campaign; nothing if it was given without a showing that is known.
    pub rate: Option<Rate>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonLine {
    /// The campaign that came nearest to being shown; empty if none did.
    pub campaign: String,
    /// Why it was not shown.
    pub reason: String,
    /// How often.
    pub times: u64,
    /// How many people it concerned.
    pub people: u64,
}

/// People who saw a campaign or a variant of it, and people who were held out so that the two can be compared: only a drawn lot
/// divides them, so what differs afterwards is the campaign's doing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeLine {
    /// Which campaign.
    pub campaign: String,
    /// Which variant; empty for all together.
    pub variant: String,
    /// Those who saw it, and how many of them had an outcome after they first did.
    pub reached: Option<Rate>,
    /// Those who were held out, and how many of them had one after they first were.
    pub held_out: Option<Rate>,
    /// The first less the second.
    pub difference: Option<Difference>,
    /// People who were held out once and saw it all the same; they are in neither.
    pub both: u64,
}

/// What happened later to a customer: campaign, customer, when.
pub(crate) type Outcome = (String, i64, i64);

/// Counts facts, one after the other.
#[derive(Default)]
pub(crate) struct Counting {
    names: Names,
    journal: String,
    /// What a showing said of its people, until it ends: by campaign.
    open: HashMap<u32, (Person, u32, u32)>,
    tallies: HashMap<(u32, u32, By, u32), Tally>,
    reasons: HashMap<(u32, Reason), (u64, HashSet<Person>)>,
    first_shown: HashMap<(u32, i64), (i64, u32)>,
    first_held: HashMap<(u32, i64), i64>,
}

/// Somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Person {
    /// A customer.
    Known(i64),
    /// A stranger, by the hash of their visit: two of a million fall together once in 40 million reports.
    Stranger(u64),
}

/// Some of the people a campaign was shown to.
#[derive(Default)]
struct Tally {
    showings: u64,
    people: HashSet<Person>,
    answers: HashMap<u32, (u64, HashSet<Person>)>,
    unanswered: HashMap<u32, u64>,
}

/// Names as numbers, because there are millions of facts and few names.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: Option<&str>) -> u32 {
        let name = name.unwrap_or(NONE);
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let name = if self.names.len() < MOST_NAMES { name } else { "others" };
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(name.to_owned()).or_insert(next);
        if number == next {
            self.names.push(name.to_owned());
        }
        number
    }

    fn name(&self, number: u32) -> String {
        self.names.get(number as usize).cloned().unwrap_or_default()
    }
}

impl Counting {
    /// Counts one fact. Facts of one journal come in their order.
    pub(crate) fn add(&mut self, journal: &str, group: &str, told: &Told<'_>) {
        if journal != self.journal {
            self.journal = journal.to_owned();
            self.open.clear();
        }
        let person = match told.customer {
            Some(number) => Person::Known(number),
            None => Person::Stranger(BuildHasherDefault::<DefaultHasher>::default().hash_one((journal, &told.visit))),
        };
        let at = told.at.utc.as_millis();
        match &told.fact {
            Fact::Shown { campaign, variant, segment, trigger, .. } => {
                let (key, said) = (self.key(campaign, variant.as_ref()), self.said(segment.as_ref(), *trigger));
                self.shown(person, group, key, said, at);
            }
            Fact::Ended { campaign, variant, ending, .. } => {
                let key = self.key(campaign, variant.as_ref());
                self.ended(person, group, key, *ending);
            }
            Fact::HeldOut { campaign, .. } => self.held_out(person, campaign, at),
            // Of who was held out and shown nothing else, the fact before this one has said so.
            Fact::NotShown { reason: Reason::HeldOut, .. } => {}
            Fact::NotShown { reason, campaign, .. } => self.not_shown(person, campaign.as_ref(), *reason),
            Fact::Discarded { .. } | Fact::Erased { .. } => {}
        }
    }

    fn shown(&mut self, person: Person, group: &str, key: (u32, u32), said: (u32, u32), at: i64) {
        let (campaign, variant) = key;
        self.open.insert(campaign, (person, said.0, said.1));
        self.each(key, group, said, |tally| {
            tally.showings += 1;
            tally.people.insert(person);
        });
        if let Person::Known(number) = person {
            let first = self.first_shown.entry((campaign, number)).or_insert((at, variant));
            *first = if at < first.0 { (at, variant) } else { *first };
        }
    }

    fn ended(&mut self, person: Person, group: &str, key: (u32, u32), ending: Ending) {
        // Of a showing that is missing here, segment and trigger are not known.
        let open = self.open.remove(&key.0).filter(|(shown_to, ..)| *shown_to == person);
        let nothing = self.names.number(None);
        let said = open.map_or((nothing, nothing), |(_, segment, trigger)| (segment, trigger));
        let how = self.names.number(Some(&ending.to_string()));
        self.each(key, group, said, |tally| match ending {
            Ending::Answered(_) => {
                let answer = tally.answers.entry(how).or_default();
                answer.0 += 1;
                answer.1.insert(person);
            }
            Ending::TimeUp | Ending::CustomerLeft | Ending::Interrupted => {
                *tally.unanswered.entry(how).or_default() += 1;
            }
        });
    }

    fn held_out(&mut self, person: Person, campaign: &CampaignId, at: i64) {
        self.not_shown(person, Some(campaign), Reason::HeldOut);
        if let Person::Known(number) = person {
            let campaign = self.names.number(Some(campaign.as_str()));
            let first = self.first_held.entry((campaign, number)).or_insert(at);
            *first = at.min(*first);
        }
    }

    fn not_shown(&mut self, person: Person, campaign: Option<&CampaignId>, reason: Reason) {
        let campaign = self.names.number(campaign.map(CampaignId::as_str));
        let line = self.reasons.entry((campaign, reason)).or_default();
        line.0 += 1;
        line.1.insert(person);
    }

    /// The numbers of a campaign and a variant.
    fn key(&mut self, campaign: &CampaignId, variant: Option<&VariantId>) -> (u32, u32) {
        (self.names.number(Some(campaign.as_str())), self.names.number(variant.map(VariantId::as_str)))
    }

    /// The numbers of a segment and a trigger.
    fn said(&mut self, segment: Option<&Segment>, trigger: Trigger) -> (u32, u32) {
        (self.names.number(segment.map(Segment::as_str)), self.names.number(Some(&trigger.to_string())))
    }

    /// The four tallies that a fact belongs to.
    fn each(&mut self, (campaign, variant): (u32, u32), group: &str, said: (u32, u32), count: impl Fn(&mut Tally)) {
        let (all, group) = (self.names.number(None), self.names.number(Some(group)));
        for (by, of) in [(By::All, all), (By::Segment, said.0), (By::Group, group), (By::Trigger, said.1)] {
            count(self.tallies.entry((campaign, variant, by, of)).or_default());
        }
    }

    /// The results, with what happened later.
    pub(crate) fn results(&self, later: &[Outcome]) -> Results {
        let mut lines: Vec<ResultLine> = self.tallies.iter().map(|(key, tally)| self.line(*key, tally)).collect();
        lines.sort_by(|a, b| {
            let key = |line: &ResultLine| (line.campaign.clone(), line.variant.clone(), line.by, line.of.clone());
            key(a).cmp(&key(b))
        });
        let reasons = self.reasons.iter().map(|(&(campaign, reason), (times, people))| ReasonLine {
            campaign: self.names.name(campaign),
            reason: reason.to_string(),
            times: *times,
            people: people.len() as u64,
        });
        let mut reasons: Vec<ReasonLine> = reasons.collect();
        reasons.sort_by(|a, b| (&a.campaign, &a.reason).cmp(&(&b.campaign, &b.reason)));
        Results { lines, reasons, outcomes: self.outcomes(later) }
    }

    fn line(&self, (campaign, variant, by, of): (u32, u32, By, u32), tally: &Tally) -> ResultLine {
        let answers = tally.answers.iter().map(|(&kind, (times, by))| {
            let people = by.intersection(&tally.people).count() as u64;
            (self.names.name(kind), AnswerCount { times: *times, rate: Rate::new(people, tally.people.len() as u64) })
        });
        ResultLine {
            campaign: self.names.name(campaign),
            variant: self.names.name(variant),
            by,
            of: self.names.name(of),
            people: tally.people.len() as u64,
            showings: tally.showings,
            answers: answers.collect(),
            unanswered: tally.unanswered.iter().map(|(&how, &times)| (self.names.name(how), times)).collect(),
        }
    }

    /// Campaigns of which somebody was held out, or something happened later.
    fn outcomes(&self, later: &[Outcome]) -> Vec<OutcomeLine> {
        // The last one is enough: it was after the first contact if any was.
        let mut last = HashMap::<(u32, i64), i64>::new();
        for (campaign, customer, at) in later {
            let Some(&campaign) = self.names.numbers.get(campaign) else { continue };
            let known = last.entry((campaign, *customer)).or_insert(*at);
            *known = (*known).max(*at);
        }
        let mut counts = BTreeMap::<(String, String), [u64; 5]>::new();
        let [reached, of_reached, held, of_held, both] = [0, 1, 2, 3, 4];
        let happened = |key: &(u32, i64), at: i64| u64::from(last.get(key).is_some_and(|last| *last >= at));
        let asked: HashSet<u32> = self.first_held.keys().chain(last.keys()).map(|(campaign, _)| *campaign).collect();
        for (key, &(at, variant)) in self.first_shown.iter().filter(|(key, _)| asked.contains(&key.0)) {
            let variants = [Some(String::new()), Some(self.names.name(variant)).filter(|name| !name.is_empty())];
            for variant in variants.into_iter().flatten() {
                let count = counts.entry((self.names.name(key.0), variant)).or_default();
                match self.first_held.contains_key(key) {
                    true => count[both] += 1,
                    false => {
                        count[of_reached] += 1;
                        count[reached] += happened(key, at);
                    }
                }
            }
        }
        for (key, &at) in self.first_held.iter().filter(|(key, _)| !self.first_shown.contains_key(key)) {
            let count = counts.entry((self.names.name(key.0), String::new())).or_default();
            count[of_held] += 1;
            count[held] += happened(key, at);
        }
        let all_held: BTreeMap<String, Option<Rate>> = counts
            .iter()
            .filter(|((_, variant), _)| variant.is_empty())
            .map(|((campaign, _), count)| (campaign.clone(), Rate::new(count[held], count[of_held])))
            .collect();
        let lines = counts.into_iter().map(|((campaign, variant), count)| {
            let held_out = all_held.get(&campaign).copied().flatten();
            let reached = Rate::new(count[reached], count[of_reached]);
            let difference = reached.zip(held_out).map(|(reached, held_out)| reached.minus(&held_out));
            OutcomeLine { campaign, variant, reached, held_out, difference, both: count[both] }
        });
        lines.collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn counted(facts: &[(&str, Option<i64>, &str)], later: &[Outcome]) -> Results {
        let mut counting = Counting::default();
        for (at, (visit, customer, fact)) in facts.iter().enumerate() {
            let customer = customer.map_or("null".to_owned(), |number| number.to_string());
            let utc = format!("2026-11-21T10:00:0{at}.000Z");
            let at = format!(r#"{{"utc":"{utc}","boot":"b","since_boot_ms":1,"clock":"synchronised"}}"#);
            let document = format!(
                r#"{{"sequence":1,"visit":"{visit}","at":{at},"customer":{customer},"backfill":false,"fact":{fact}}}"#
            );
            counting.add("j1", "branch", &Told::read(&document).unwrap());
        }
        counting.results(later)
    }

    const SHOWN: &str =
        r#"{"shown":{"campaign":"loan","variant":"a","language":"en","segment":"gold","trigger":"arrival"}}"#;
    const ACCEPTED: &str = r#"{"ended":{"campaign":"loan","variant":"a","ending":{"answered":"accept"},"dwell_ms":1}}"#;
    const TIME_UP: &str = r#"{"ended":{"campaign":"loan","variant":"a","ending":"time_up","dwell_ms":1}}"#;
    const HELD_OUT: &str = r#"{"held_out":{"campaign":"loan","segment":"gold","trigger":"arrival"}}"#;
    const NOTHING_ELSE: &str = r#"{"not_shown":{"reason":"held_out","campaign":"loan","trigger":"arrival"}}"#;
    const NO_CONSENT: &str = r#"{"not_shown":{"reason":"no_consent","campaign":null,"trigger":"arrival"}}"#;

    #[test]
    fn a_person_counts_once_however_often_they_saw_it() {
        let facts = [
            ("v1", Some(1), SHOWN),
            ("v1", Some(1), TIME_UP),
            ("v2", Some(1), SHOWN),
            ("v2", Some(1), ACCEPTED),
            ("v3", None, SHOWN),
            ("v4", None, SHOWN),
        ];
        let results = counted(&facts, &[]);
        let keys: Vec<(By, &str)> = results.lines.iter().map(|line| (line.by, line.of.as_str())).collect();
        assert_eq!(keys, [(By::All, ""), (By::Segment, "gold"), (By::Group, "branch"), (By::Trigger, "arrival")]);
        for line in &results.lines {
            assert_eq!((line.people, line.showings), (3, 4), "{line:?}");
            let accept = &line.answers["accept"];
            assert_eq!((accept.times, accept.rate), (1, Rate::new(1, 3)));
            assert_eq!(line.unanswered, BTreeMap::from([("time_up".to_owned(), 1)]));
        }
        assert!(results.outcomes.is_empty());
    }

    #[test]
    fn only_what_happened_after_the_first_contact_is_an_outcome_of_it() {
        let facts =
            [("v1", Some(1), SHOWN), ("v2", Some(2), SHOWN), ("v3", Some(3), HELD_OUT), ("v4", Some(4), HELD_OUT)];
        let at = |text: &str| text.parse::<touchpoint_protocol::utc::Utc>().unwrap().as_millis();
        let (before, after) = (at("2026-11-20T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        let loan = |customer, at| ("loan".to_owned(), customer, at);
        let results =
            counted(&facts, &[loan(1, after), loan(1, before), loan(2, before), loan(4, before), loan(9, after)]);
        let [all, a] = &results.outcomes[..] else { panic!("{results:?}") };
        assert_eq!((all.reached, all.held_out, all.both), (Rate::new(1, 2), Rate::new(0, 2), 0));
        assert_eq!(all.difference, Some(Rate::new(1, 2).unwrap().minus(&Rate::new(0, 2).unwrap())));
        assert_eq!((a.variant.as_str(), a.reached, a.held_out), ("a", Rate::new(1, 2), Rate::new(0, 2)));
        let held = ReasonLine { campaign: "loan".into(), reason: "held_out".into(), times: 2, people: 2 };
        assert_eq!(results.reasons, [held]);
    }

    #[test]
    fn whoever_was_held_out_and_shown_nothing_else_counts_once() {
        let facts = [("v1", Some(1), HELD_OUT), ("v1", Some(1), NOTHING_ELSE), ("v2", None, NO_CONSENT)];
        let line = |campaign: &str, reason: &str| ReasonLine {
            campaign: campaign.to_owned(),
            reason: reason.to_owned(),
            times: 1,
            people: 1,
        };
        assert_eq!(counted(&facts, &[]).reasons, [line("", "no_consent"), line("loan", "held_out")]);
    }

    #[test]
    fn whoever_was_held_out_and_saw_it_all_the_same_is_in_neither_group() {
        let facts = [("v1", Some(1), HELD_OUT), ("v2", Some(1), SHOWN), ("v3", Some(2), SHOWN)];
        let results = counted(&facts, &[]);
        assert_eq!((results.outcomes[0].both, results.outcomes[0].reached), (1, Rate::new(0, 1)));
        assert_eq!((results.outcomes[0].held_out, results.outcomes[0].difference), (None, None));
    }
}
