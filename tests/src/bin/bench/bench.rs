//! What a figure is: its name, its unit, what it should reach, how it is measured; and what came of it.

use crate::{lab::Lab, samples::Samples};
use std::fmt;

/// A figure. A family is a file with a table of these.
pub(crate) struct Bench {
    /// `family.figure`
    pub(crate) name: &'static str,
    /// What is measured, in a line.
    pub(crate) what: &'static str,
    /// Of the value and of its reference.
    pub(crate) unit: &'static str,
    /// What it should be.
    pub(crate) reach: Reach,
    /// Measures it; panics if it cannot be measured.
    pub(crate) run: fn(&Lab) -> Reading,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reach {
    /// The value, at most.
    Most(f64),
    /// The value, at least.
    Least(f64),
    /// The value, at most so many times its reference.
    MostTimes(f64),
    /// The value, at least so many times its reference; or the reference, so many times the value, of a [`Reading::ahead_of`].
    LeastTimes(f64),
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// The figure: a median over the rounds.
    pub(crate) value: f64,
    /// What it is compared with, measured in the same rounds.
    pub(crate) reference: Option<f64>,
    /// Value by reference, or the other way round.
    pub(crate) ratio: Option<f64>,
    /// (Largest - smallest) / median over the rounds, of the ratio if there is one.
    pub(crate) spread: f64,
}

impl Bench {
    /// Whether somebody who says this means this figure.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        name == "all" || self.name.starts_with(name)
    }
}

impl Reach {
    /// Whether a reading reaches it.
    pub(crate) fn is_met(self, reading: &Reading) -> bool {
        let times = |met: fn(&f64, &f64) -> bool, reach| reading.ratio.is_some_and(|ratio| met(&ratio, &reach));
        match self {
            Reach::Most(most) => reading.value <= most,
            Reach::Least(least) => reading.value >= least,
            Reach::MostTimes(most) => times(f64::le, most),
            Reach::LeastTimes(least) => times(f64::ge, least),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Most(most) => write!(f, "at most {most}"),
            Reach::Least(least) => write!(f, "at least {least}"),
            Reach::MostTimes(most) => write!(f, "at most {most} x"),
            Reach::LeastTimes(least) => write!(f, "at least {least} x"),
        }
    }
}

impl Reading {
    /// A figure by itself.
    pub(crate) fn of(values: &Samples) -> Reading {
        Reading { value: values.median(), reference: None, ratio: None, spread: values.spread() }
    }

    /// A figure and what it is compared with, round by round.
    pub(crate) fn beside(values: &Samples, references: &Samples) -> Reading {
        let (value, reference) = (values.median(), references.median());
        let ratios = values.each(references, |value, reference| value / reference);
        Reading { value, reference: Some(reference), ratio: Some(value / reference), spread: ratios.spread() }
    }

    /// The same, where the less the better: how many times the value the reference is.
    pub(crate) fn ahead_of(references: &Samples, values: &Samples) -> Reading {
        let there_and_back = Reading::beside(references, values);
        Reading { value: values.median(), reference: Some(references.median()), ..there_and_back }
    }
}
