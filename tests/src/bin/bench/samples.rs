//! What was measured again and again, and what is said of it in a number.

/// The values of some rounds, at least one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// The value of one more round.
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The one in the middle.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// The smallest that so many of a hundred are not above.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let sorted = self.sorted();
        let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
        sorted[at]
    }

    /// How far apart they are: (largest - smallest) / median, 0 for one round.
    pub(crate) fn spread(&self) -> f64 {
        self.range() / self.median()
    }

    /// Largest - smallest.
    pub(crate) fn range(&self) -> f64 {
        let sorted = self.sorted();
        sorted[sorted.len() - 1] - sorted[0]
    }

    /// Two things measured in the same rounds, put together.
    pub(crate) fn each(&self, other: &Samples, together: impl Fn(f64, f64) -> f64) -> Samples {
        Samples(self.0.iter().zip(&other.0).map(|(one, other)| together(*one, *other)).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        assert!(!self.0.is_empty(), "nothing was measured");
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Samples {
        Samples(values.into_iter().collect())
    }
}
