//! The magnetic stripe of a payment card (ISO/IEC 7813).
//!
//! Only the number is taken; name, expiry and everything else on the stripe is never looked at, let alone kept.

use touchpoint_protocol::card::{Card, CardError};

/// Longest track taken, in bytes: track 1 has 79 characters, track 2 has 40.
const LONGEST: usize = 80;

/// Why a stripe is no card. No variant holds any of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrackError {
    /// Not `%B...^...?` and not `;...=...?`.
    #[error("neither track 1 nor track 2 of iso/iec 7813")]
    Form,
    /// The number is none.
    #[error("the track's number is refused")]
    Number(#[source] CardError),
}

/// The card whose track this is: track 1 format B or track 2, with or without its sentinels and redundancy character.
///
/// # Errors
/// Says what is wrong, and never repeats any of it.
pub fn card(track: &str) -> Result<Card, TrackError> {
    let track = track.trim();
    if track.len() > LONGEST || !track.is_ascii() {
        return Err(TrackError::Form);
    }
    let number = match track.strip_prefix("%B").or_else(|| track.strip_prefix('B')) {
        Some(rest) => rest.split_once('^').map(|(number, _)| number),
        // Chip readers give track 2 without sentinels, and some with D for the separator (EMV Book 3, tag 57).
        None => track.strip_prefix(';').unwrap_or(track).split_once(['=', 'D']).map(|(number, _)| number),
    };
    Card::payment(number.ok_or(TrackError::Form)?).map_err(TrackError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_as_readers_give_them_are_cards() {
        for track in [
            ";4111111111111111=29121011000012345678?",
            ";4111111111111111=29121011000012345678?7",
            "4111111111111111=2912101",
            "4111111111111111D2912101",
            "%B4111111111111111^MUSTER/ANNA^29121011000012345678?",
            "%B4111 1111 1111 1111^MUSTER/ANNA^2912101?",
        ] {
            assert!(card(track).is_ok(), "{track} was refused");
        }
    }

    #[test]
    fn a_misread_stripe_is_refused_without_being_repeated() {
        for track in [
            "",
            "4111111111111111",
            ";4111111111111112=2912?",
            "%B4111111111111111",
            ";=2912?",
            "%Bx^y?",
            &"1".repeat(90),
        ] {
            let error = card(track).expect_err(track);
            assert!(!format!("{error:?} {error}").contains("4111"), "{error:?}");
        }
    }
}
