//! What can be done at the desk: one form for the page, the window and the script.

use super::Fault;
use serde::{Deserialize, Deserializer};
use std::fmt;
use touchpoint_agent::domain::moment::VisitAttributes;
use touchpoint_display::Side;
use touchpoint_protocol::{
    campaign::AnswerKind,
    card::{Card, CardError},
    name::{AmountBand, Language, Site, VisitKind},
};
use zeroize::Zeroizing;

/// Something somebody does.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// A sample customer presents what they are known by; whoever stood there before has left.
    Insert {
        /// Their name in small letters, or `stranger`.
        customer: String,
        /// What is said of the visit.
        #[serde(default)]
        visit: Saying,
    },
    /// The same with a number that is typed.
    Type {
        /// What kind of number.
        what: NumberKind,
        /// The number.
        number: Number,
        /// What is said of the visit.
        #[serde(default)]
        visit: Saying,
    },
    /// The glass is touched.
    Touch {
        /// Pixels from the left.
        x: i32,
        /// Pixels from the top.
        y: i32,
    },
    /// A function key is pressed.
    Key {
        /// On which side.
        #[serde(deserialize_with = "side")]
        side: Side,
        /// Which, from the top, from 0.
        number: usize,
    },
    /// The cancel key is pressed.
    Cancel,
    /// The customer answers, whatever the answer is given with.
    Answer {
        /// What.
        answer: AnswerKind,
    },
    /// PIN entry begins or ends.
    PinEntry {
        /// Whether it may be active now.
        active: bool,
    },
    /// The customer asks for their balance.
    BalanceEnquiry,
    /// The customer chooses a language.
    Language {
        /// Which.
        language: Language,
    },
    /// The customer leaves.
    Leave,
    /// A fault begins or ends.
    Fault {
        /// Which.
        fault: Fault,
        /// Whether it is there from now on.
        on: bool,
    },
    /// The machine is set up otherwise, and its agent restarted.
    SetUp(SetUp),
}

/// What is said of a visit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Saying {
    /// What it is for.
    pub kind: Option<VisitKind>,
    /// The band in which the amount lies.
    pub amount: Option<AmountBand>,
    /// The language chosen at the machine.
    pub language: Option<Language>,
    /// Whether the customer needs large text.
    pub large_text: Option<bool>,
    /// Whether they need high contrast.
    pub high_contrast: Option<bool>,
    /// How many seconds the customer will wait.
    pub seconds: Option<u32>,
}

/// How the machine is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SetUp {
    /// Whether customers answer by keys beside the glass.
    #[serde(default)]
    pub keys: bool,
    /// Whether its text is large.
    #[serde(default)]
    pub large_text: bool,
    /// Whether its contrast is high.
    #[serde(default)]
    pub high_contrast: bool,
    /// What kind of place it stands at.
    pub site: Option<Site>,
}

/// What kind of number somebody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberKind {
    /// A payment card's.
    Card,
    /// A loyalty number.
    Loyalty,
    /// A surrogate that the transaction application has.
    Token,
}

/// A number somebody is known by. Prints as what it is, and is wiped when it is no longer needed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Number(Zeroizing<String>);

impl Number {
    /// From its digits or letters.
    pub fn new(text: String) -> Number {
        Number(Zeroizing::new(text))
    }

    /// The card that it stands for.
    ///
    /// # Errors
    /// It is no number of this kind.
    pub fn card(&self, kind: NumberKind) -> Result<Card, CardError> {
        match kind {
            NumberKind::Card => Card::payment(&self.0),
            NumberKind::Loyalty => Card::loyalty(&self.0),
            NumberKind::Token => Card::surrogate(&self.0),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(..)")
    }
}

impl Saying {
    /// As the agent takes it.
    pub fn attributes(&self) -> VisitAttributes {
        let Saying { kind, amount, language, large_text, high_contrast, .. } = self.clone();
        VisitAttributes { kind, amount, language, large_text, high_contrast }
    }
}

/// A side of the glass, as it is written.
fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Side, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Written {
        Left,
        Right,
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Left => Side::Left,
        Written::Right => Side::Right,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_from_json_and_from_toml() {
        let json = r#"{"do":"insert","customer":"anna","visit":{"kind":"withdrawal","amount":"large"}}"#;
        let toml = "do = \"insert\"\ncustomer = \"anna\"\nvisit = { kind = \"withdrawal\", amount = \"large\" }";
        let [json, toml] = [serde_json::from_str(json).unwrap(), toml::from_str(toml).unwrap()].map(|command| {
            let Command::Insert { customer, visit } = command else { panic!("{command:?}") };
            (customer, visit)
        });
        assert_eq!(json, toml);
        let fault = serde_json::from_str(r#"{"do":"fault","fault":"half-open-line","on":true}"#).unwrap();
        assert!(matches!(fault, Command::Fault { fault: Fault::HalfOpenLine, on: true }));
        let set_up = toml::from_str("do = \"set-up\"\nlarge-text = true").unwrap();
        assert!(matches!(set_up, Command::SetUp(SetUp { large_text: true, keys: false, .. })));
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for text in [
            r#"{"do":"dance"}"#,
            r#"{"do":"insert","customer":"anna","pin":"1234"}"#,
            r#"{"do":"key","side":"top","number":1}"#,
            r#"{"do":"touch","x":"left","y":3}"#,
            "[]",
        ] {
            assert!(serde_json::from_str::<Command>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_typed_number_is_never_printed() {
        let text = r#"{"do":"type","what":"card","number":"4111111111111111"}"#;
        let command: Command = serde_json::from_str(text).unwrap();
        assert!(!format!("{command:?}").contains("4111"), "{command:?}");
    }
}
