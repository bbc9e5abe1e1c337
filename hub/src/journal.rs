//! What can be said of a journal from the sequence numbers that arrived. Pure.

/// Up to where nothing is missing, given up to where nothing was missing and what is here after that, in rising order.
/// Stops reading at the first gap.
///
/// # Errors
/// The first error of `following`.
pub(crate) fn advance<E>(through: u64, following: impl IntoIterator<Item = Result<u64, E>>) -> Result<u64, E> {
    let mut through = through;
    for sequence in following {
        if sequence? != through + 1 {
            break;
        }
        through += 1;
    }
    Ok(through)
}

/// How many sequence numbers below the highest are not here, if this many different ones from 1 are.
pub(crate) fn missing(received: u64, highest: u64) -> u64 {
    highest.saturating_sub(received)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn advanced(through: u64, following: &[u64]) -> u64 {
        advance(through, following.iter().map(|&sequence| Ok::<_, ()>(sequence))).unwrap()
    }

    #[test]
    fn nothing_is_confirmed_beyond_a_gap() {
        assert_eq!(advanced(0, &[]), 0);
        assert_eq!(advanced(0, &[1, 2, 3]), 3);
        assert_eq!(advanced(0, &[2, 3]), 0);
        assert_eq!(advanced(3, &[4, 5, 7, 8]), 5);
    }

    #[test]
    fn gaps_are_counted_below_the_highest() {
        assert_eq!(missing(0, 0), 0);
        assert_eq!(missing(3, 3), 0);
        assert_eq!(missing(2, 7), 5);
    }
}
