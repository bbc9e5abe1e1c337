//! A script: what is done at the desk and what is to come of it, in TOML, so that it can be done again without hands.
//!
//! ```toml
//! about = "An answer while the line is cut arrives when it is back."
//! clock = "2026-11-02T10:15:00+01:00"       # what the machine's clock says at first
//!
//! [[step]]
//! expect = { connected = true, synchronised = true }
//!
//! [[step]]
//! at = "2s"                                 # not before two seconds after the beginning; after = "2s" is after the step before
//! do = "insert"                             # any command of the desk, with its fields
//! customer = "dora"
//! expect = { shown = "round-up" }           # what is to be seen after it,
//! within = "5s"                             # and how long it may take; no-sooner = "1s" is how long it must
//! ```

use super::{
    command::{Command, SetUp},
    state::State,
};
use serde::Deserialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use touchpoint_agent::status::{Phase, VisitStatus};
use touchpoint_protocol::{
    interaction::{Ending, Reason},
    name::CampaignId,
    utc::Utc,
};

/// Longest script, in steps: what takes longer belongs into two.
const STEPS: usize = 500;

/// How long an expectation is waited for if nothing is said: what follows at once follows within a second, also on a busy machine.
const WITHIN: Duration = Duration::from_secs(10);

/// Longest time in a script, in seconds.
const LONGEST: u64 = 3_600;

/// A script.
#[derive(Debug)]
pub struct Script {
    /// What it shows.
    pub about: String,
    /// What the machine's clock says at first.
    pub clock: Option<Utc>,
    /// How the machine is made.
    pub set_up: SetUp,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step: something that is done, something that is expected, or both.
#[derive(Debug)]
pub struct Step {
    /// Not before so long after the beginning.
    pub at: Duration,
    /// Not before so long after the step before.
    pub after: Duration,
    /// What is done.
    pub command: Option<Command>,
    /// What is expected then.
    pub expect: Expectation,
    /// How long it may take.
    pub within: Duration,
    /// How long it must take: what comes sooner was not slow.
    pub no_sooner: Duration,
    /// The step in a line.
    pub line: String,
}

/// What is to be seen. What is not named may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expectation {
    /// The campaign on the glass, or last on the glass in this visit.
    pub shown: Option<CampaignId>,
    /// Why nothing is shown in this visit.
    pub not_shown: Option<Reason>,
    /// How the last showing ended: an answer, `time_up`, `customer_left` or `interrupted`.
    pub ending: Option<String>,
    /// What the agent is doing: `attract`, `showing`, `pin_entry`, `thanks`, or `off`.
    pub phase: Option<String>,
    /// Whether the broker has accepted the device.
    pub connected: Option<bool>,
    /// Whether the device holds what head office has published.
    pub synchronised: Option<bool>,
    /// Whether head office has confirmed everything recorded.
    pub delivered: Option<bool>,
    /// How many interactions are in the journal.
    pub recorded: Option<u64>,
    /// Whether room is held for answers that come after the disk is full.
    pub reserve: Option<bool>,
    /// How many facts could not be recorded.
    pub unrecorded: Option<u64>,
    /// How many visits there were since the agent's start.
    pub visits: Option<usize>,
}

/// The script cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not the TOML it should be.
    #[error("{}", path.display())]
    Toml {
        /// Which.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A step makes no sense.
    #[error("{}: step {number}: {what}", path.display())]
    Step {
        /// In which script.
        path: PathBuf,
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ScriptFile {
    #[serde(default)]
    about: String,
    clock: Option<Utc>,
    #[serde(default)]
    set_up: SetUp,
    #[serde(default)]
    step: Vec<toml::Table>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Names the file, and the line or the step.
    pub fn read(path: &Path) -> Result<Script, ScriptError> {
        let text = fs::read_to_string(path).map_err(|source| ScriptError::Read { path: path.to_owned(), source })?;
        Script::parse(&text, path)
    }

    /// Reads the text of a script.
    ///
    /// # Errors
    /// Names the file, and the line or the step.
    pub fn parse(text: &str, path: &Path) -> Result<Script, ScriptError> {
        let file: ScriptFile = toml::from_str(text)
            .map_err(|source| ScriptError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        let refuse = |number, what| ScriptError::Step { path: path.to_owned(), number, what };
        if file.step.len() > STEPS {
            return Err(refuse(STEPS + 1, format!("a script has at most {STEPS} steps")));
        }
        let numbered = (1..).zip(file.step);
        let steps = numbered.map(|(number, step)| Step::parse(step).map_err(|what| refuse(number, what)));
        let steps = steps.collect::<Result<_, _>>()?;
        Ok(Script { about: file.about, clock: file.clock, set_up: file.set_up, steps })
    }
}

impl Step {
    fn parse(mut table: toml::Table) -> Result<Step, String> {
        let line = in_a_line(&table);
        let at = table.remove("at").map_or(Ok(Duration::ZERO), |at| duration(&at))?;
        let after = table.remove("after").map_or(Ok(Duration::ZERO), |after| duration(&after))?;
        let within = table.remove("within").map_or(Ok(WITHIN), |within| duration(&within))?;
        let no_sooner = table.remove("no-sooner").map_or(Ok(Duration::ZERO), |no_sooner| duration(&no_sooner))?;
        let expect = table.remove("expect").map_or(Ok(Expectation::default()), |expect| expect.try_into());
        let expect = expect.map_err(|error| format!("expect: {}", error.message()))?;
        let command = match table.is_empty() {
            true => None,
            false => Some(table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?),
        };
        if command.is_none() && expect == Expectation::default() {
            return Err("neither do nor expect".to_owned());
        }
        Ok(Step { at, after, command, expect, within, no_sooner, line })
    }
}

impl Expectation {
    /// What is otherwise; nothing, if all is as expected.
    pub fn missing(&self, state: &State) -> Vec<String> {
        let mut missing = Vec::new();
        let mut equal = |what: &str, expected: Option<String>, is: String| {
            if let Some(expected) = expected.filter(|expected| *expected != is) {
                missing.push(format!("{what} is {is}, not {expected}"));
            }
        };
        let visit = state.visit.as_ref();
        let none = || "nothing".to_owned();
        let shown = visit.filter(|visit| visit.shown && visit.reason.is_none());
        let shown = shown.and_then(|visit| visit.campaign.as_ref()).map_or_else(none, CampaignId::to_string);
        let reason = visit.and_then(|visit: &VisitStatus| visit.reason).map_or_else(none, |reason| reason.to_string());
        let ending = visit.and_then(|visit| visit.ending).map_or_else(none, |ending: Ending| ending.to_string());
        let phase = state.kiosk.phase.map_or("off".to_owned(), word);
        let line = state.line.as_ref();
        let connected = line.is_some_and(|line| line.connected);
        let synchronised = line
            .is_some_and(|line| line.customers == state.office.customers && line.campaigns == state.office.campaigns);
        let journal = &state.journal;
        equal("shown", self.shown.as_ref().map(CampaignId::to_string), shown);
        equal("not-shown", self.not_shown.map(|reason| reason.to_string()), reason);
        equal("ending", self.ending.clone(), ending);
        equal("phase", self.phase.clone(), phase);
        equal("connected", self.connected.map(|is| is.to_string()), connected.to_string());
        equal("synchronised", self.synchronised.map(|is| is.to_string()), synchronised.to_string());
        equal("delivered", self.delivered.map(|is| is.to_string()), (journal.waiting == 0).to_string());
        equal("recorded", self.recorded.map(|count| count.to_string()), journal.recorded.to_string());
        equal("reserve", self.reserve.map(|is| is.to_string()), journal.reserve.to_string());
        equal("unrecorded", self.unrecorded.map(|count| count.to_string()), state.kiosk.unrecorded.to_string());
        equal("visits", self.visits.map(|count| count.to_string()), state.visits.len().to_string());
        missing
    }
}

/// A phase as the status document writes it.
fn word(phase: Phase) -> String {
    let written = serde_json::to_value(phase);
    written.ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A duration as it is written: whole seconds or milliseconds, `2s`, `250ms`.
fn duration(value: &toml::Value) -> Result<Duration, String> {
    let refused = || format!("{value} is no time like \"2s\" or \"250ms\", of at most {LONGEST} s");
    let text = value.as_str().ok_or_else(refused)?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| refused())?;
    let duration = match &text[digits.len()..] {
        "s" => Duration::from_secs(number),
        "ms" => Duration::from_millis(number),
        _ => return Err(refused()),
    };
    if duration <= Duration::from_secs(LONGEST) { Ok(duration) } else { Err(refused()) }
}

/// A step as a person reads it: what is done, with what, and what is to come of it. A number that is typed is none of it.
fn in_a_line(table: &toml::Table) -> String {
    let field = |(key, value): (&String, &toml::Value)| match (key.as_str(), value) {
        ("number", toml::Value::String(_)) => "..".to_owned(),
        ("on", toml::Value::Boolean(on)) => if *on { "begins" } else { "ends" }.to_owned(),
        (_, toml::Value::String(word)) => word.clone(),
        _ => format!("{key} {value}"),
    };
    let named = |wanted: &'static [&str]| table.iter().filter(move |(key, _)| wanted.contains(&key.as_str()));
    let others = table
        .iter()
        .filter(|(key, _)| !["do", "on", "at", "after", "within", "no-sooner", "expect"].contains(&key.as_str()));
    let done = named(&["do"]).chain(others).chain(named(&["on"])).map(field).collect::<Vec<_>>().join(" ");
    let expected = table.get("expect").and_then(toml::Value::as_table).into_iter().flatten();
    let expected = expected.map(|(key, value)| format!("{key} {}", value.to_string().trim_matches('"')));
    match expected.collect::<Vec<_>>().join(", ") {
        expected if expected.is_empty() => done,
        expected if done.is_empty() => format!("-> {expected}"),
        expected => format!("{done} -> {expected}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Script, String> {
        Script::parse(text, Path::new("a.toml")).map_err(|error| touchpoint_agent::chain(&error))
    }

    #[test]
    fn a_script_says_what_is_done_when_and_what_comes_of_it() {
        let text = "about = \"x\"\nclock = \"2026-11-02T10:15:00+01:00\"\nset-up = { keys = true }\n[[step]]\nat = \"2s\"\n\
                    do = \"insert\"\ncustomer = \"dora\"\nexpect = { shown = \"round-up\" }\nwithin = \"250ms\"\n\
                    [[step]]\nexpect = { delivered = true }";
        let Script { set_up, steps, .. } = read(text).unwrap();
        assert!(set_up.keys);
        let [first, second] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!((first.at, first.within), (Duration::from_secs(2), Duration::from_millis(250)));
        assert!(matches!(&first.command, Some(Command::Insert { customer, .. }) if customer == "dora"));
        assert_eq!((first.line.as_str(), second.line.as_str()), ("insert dora -> shown round-up", "-> delivered true"));
        assert_eq!((second.expect.delivered, second.within), (Some(true), WITHIN));
        assert!(second.command.is_none());
    }

    #[test]
    fn a_step_that_makes_no_sense_is_refused_by_its_number() {
        let step = |text: &str| read(&format!("[[step]]\nexpect = {{ visits = 1 }}\n[[step]]\n{text}")).unwrap_err();
        assert_eq!(step("at = \"2s\""), "a.toml: step 2: neither do nor expect");
        assert!(
            step("do = \"dance\"").starts_with("a.toml: step 2: unknown variant `dance`"),
            "{}",
            step("do = \"dance\"")
        );
        assert!(step("do = \"leave\"\nat = \"soon\"").contains("\"soon\" is no time like"));
        assert!(step("do = \"leave\"\nat = \"4000s\"").contains("at most 3600 s"));
        assert!(step("expect = { smiles = true }").contains("expect: unknown field `smiles`"));
        assert!(read("steps = 3").unwrap_err().starts_with("a.toml: TOML parse error at line 1"));
    }

    #[test]
    fn a_number_that_is_typed_is_not_in_the_line() {
        let text = "[[step]]\ndo = \"type\"\nwhat = \"card\"\nnumber = \"4111111111111111\"";
        let script = read(text).unwrap();
        assert!(!format!("{script:?}").contains("4111"), "{script:?}");
    }
}
