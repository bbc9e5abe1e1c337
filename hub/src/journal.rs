//! What can be said of a journal from the sequence numbers that arrived. Pure.

/// The first and the last sequence number that a fact accounts for: the same, unless it says that a run was discarded.
pub(crate) type Span = (u64, u64);

/// Up to where nothing is missing, given up to where nothing was missing and what is here after that, in rising order.
/// Stops reading at the first gap.
///
/// # Errors
/// The first error of `following`.
pub(crate) fn advance<E>(through: u64, following: impl IntoIterator<Item = Result<Span, E>>) -> Result<u64, E> {
    let mut through = through;
    for span in following {
        let (first, last) = span?;
        if first != through + 1 {
            break;
        }
        through = last;
    }
    Ok(through)
}

/// What of a span is not accounted for, given what is here of it and around it, in rising order.
///
/// # Errors
/// The first error of `here`.
pub(crate) fn gaps<E>(span: Span, here: impl IntoIterator<Item = Result<Span, E>>) -> Result<Vec<Span>, E> {
    let ((mut next, through), mut gaps) = (span, Vec::new());
    for held in here {
        let (first, last) = held?;
        if first > next {
            gaps.push((next, through.min(first - 1)));
        }
        next = next.max(last + 1);
    }
    if next <= through {
        gaps.push((next, through));
    }
    Ok(gaps)
}

/// How many sequence numbers up to the highest are not accounted for, if this many different ones from 1 are.
pub(crate) fn missing(accounted: u64, highest: u64) -> u64 {
    highest.saturating_sub(accounted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn advanced(through: u64, following: &[u64]) -> u64 {
        advance(through, following.iter().map(|&sequence| Ok::<_, ()>((sequence, sequence)))).unwrap()
    }

    #[test]
    fn nothing_is_confirmed_beyond_a_gap() {
        assert_eq!(advanced(0, &[]), 0);
        assert_eq!(advanced(0, &[1, 2, 3]), 3);
        assert_eq!(advanced(0, &[2, 3]), 0);
        assert_eq!(advanced(3, &[4, 5, 7, 8]), 5);
    }

    #[test]
    fn a_discarded_run_is_stepped_over_at_once() {
        assert_eq!(advance(2, [(3, 9), (10, 10), (12, 12)].map(Ok::<_, ()>)), Ok(10));
    }

    #[test]
    fn only_what_is_not_here_of_a_span_is_a_gap() {
        let gaps = |here: &[Span]| gaps((5, 10), here.iter().map(|&span| Ok::<_, ()>(span))).unwrap();
        assert_eq!(gaps(&[]), [(5, 10)]);
        assert_eq!(gaps(&[(4, 4), (6, 6), (9, 9)]), [(5, 5), (7, 8), (10, 10)]);
        assert_eq!(gaps(&[(3, 7)]), [(8, 10)]);
        assert_eq!(gaps(&[(2, 5), (6, 12)]), []);
    }

    #[test]
    fn gaps_are_counted_below_the_highest() {
        assert_eq!(missing(0, 0), 0);
        assert_eq!(missing(3, 3), 0);
        assert_eq!(missing(2, 7), 5);
    }
}
