//! How sure a share is: 95 % intervals of a proportion and of the difference of two. Pure.
//!
//! Wilson's score interval stays between 0 and 1 and keeps its promise for few people and rare answers, where the usual
//! `p +- 1.96 s` fails: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
//! Statistical Association 22 (1927), 209-212. Two of them make the interval of a difference: R. G. Newcombe, "Interval estimation
//! for the difference between independent proportions: comparison of eleven methods", Statistics in Medicine 17 (1998), 873-890,
//! method 10, the hybrid score interval.

use serde::Serialize;

/// The standard normal distribution's quantile of 97.5 %: 2.5 % are beyond it on each side.
const Z: f64 = 1.959_963_984_540_054;

/// A share of people, and between which shares the true one lies: 19 of 20 such intervals hold it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// People of whom something is said.
    pub people: u64,
    /// All people.
    pub of: u64,
    /// The first divided by the second, from 0 to 1.
    pub share: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

/// How much larger one share is than another, from -1 to 1, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// The first share less the second.
    pub share: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl Rate {
    /// So many people of so many; `None` of nobody, about whom nothing can be said.
    pub fn new(people: u64, of: u64) -> Option<Rate> {
        if of == 0 {
            return None;
        }
        // Exact up to 2^53 people.
        let (x, n) = (people.min(of) as f64, of as f64);
        let share = x / n;
        let middle = (x + Z * Z / 2.0) / (n + Z * Z);
        let half = Z / (n + Z * Z) * (x * (n - x) / n + Z * Z / 4.0).sqrt();
        // At 0 and at 1 the formula gives just that, but for rounding.
        let low = if people == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if people >= of { 1.0 } else { (middle + half).min(1.0) };
        Some(Rate { people, of, share, low, high })
    }

    /// How much larger this share is than another of other people.
    pub fn minus(&self, other: &Rate) -> Difference {
        let share = self.share - other.share;
        let below = (self.share - self.low).hypot(other.high - other.share);
        let above = (self.high - self.share).hypot(other.share - other.low);
        Difference { share, low: (share - below).max(-1.0), high: (share + above).min(1.0) }
    }
}

impl Difference {
    /// Whether the interval leaves no doubt that there is one.
    pub fn is_certain(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn rate((people, of): (u64, u64)) -> Rate {
        Rate::new(people, of).unwrap()
    }

    fn near(found: (f64, f64), published: (f64, f64)) -> bool {
        (found.0 - published.0).abs() < 0.000_051 && (found.1 - published.1).abs() < 0.000_051
    }

    /// R. G. Newcombe, "Two-sided confidence intervals for the single proportion: comparison of seven methods", Statistics in
    /// Medicine 17 (1998), 857-872, table I, method 3.
    #[test]
    fn the_interval_of_a_share_is_the_published_one() {
        for (of, published) in [
            ((81, 263), (0.2553, 0.3662)),
            ((15, 148), (0.0624, 0.1605)),
            ((0, 20), (0.0000, 0.1611)),
            ((1, 29), (0.0061, 0.1718)),
        ] {
            let Rate { low, high, .. } = rate(of);
            assert!(near((low, high), published), "{of:?}: {low} to {high}");
        }
    }

    /// The second paper, table II, method 10.
    #[test]
    fn the_interval_of_a_difference_is_the_published_one() {
        for (one, other, published) in [
            ((56, 70), (48, 80), (0.0524, 0.3339)),
            ((9, 10), (3, 10), (0.1705, 0.8090)),
            ((6, 7), (2, 7), (0.0582, 0.8062)),
            ((5, 56), (0, 29), (-0.0381, 0.1926)),
            ((0, 10), (0, 20), (-0.1611, 0.2775)),
            ((0, 10), (0, 10), (-0.2775, 0.2775)),
            ((10, 10), (0, 20), (0.6791, 1.0000)),
            ((10, 10), (0, 10), (0.6075, 1.0000)),
        ] {
            let Difference { low, high, .. } = rate(one).minus(&rate(other));
            assert!(near((low, high), published), "{one:?} and {other:?}: {low} to {high}");
        }
    }

    #[test]
    fn nothing_is_said_of_nobody_and_no_share_leaves_its_interval() {
        assert_eq!(Rate::new(0, 0), None);
        for of in 1..60 {
            for people in 0..=of {
                let Rate { share, low, high, .. } = rate((people, of));
                assert!(0.0 <= low && low <= share && share <= high && high <= 1.0, "{people} of {of}");
                assert!(!rate((people, of)).minus(&rate((people, of))).is_certain());
            }
        }
    }
}
