//! Numbers for cards that nobody holds.
//!
//! Card numbers lie within three ranges that schemes and terminal makers print for tests (those of 4111 1111 1111 1111,
//! 5555 5555 5555 4444 and 4012 8888 8888 1881), with a right check digit. They differ for up to thirty million customers.

/// The first eight digits of the test ranges.
const RANGES: [&str; 3] = ["41111111", "55555555", "40128888"];

/// Numbers in one range: seven free digits before the check digit.
const FREE: u64 = 10_000_000;

/// Scatters serial numbers: with no factor in common with ten, it visits each of the free numbers once before it repeats one.
const STRIDE: u64 = 6_364_137;

/// The card number of the nth customer, 16 digits; another seed gives other numbers in the same ranges.
pub fn payment(seed: u64, serial: u64) -> String {
    let range = RANGES[(serial % RANGES.len() as u64) as usize];
    let free = (seed % FREE + (serial / RANGES.len() as u64) % FREE * STRIDE) % FREE;
    let mut number = format!("{range}{free:07}");
    let check = check_digit(&number);
    number.push(char::from(b'0' + check));
    number
}

/// The loyalty number of the nth customer.
pub fn loyalty(seed: u64, serial: u64) -> String {
    let free = (seed % FREE + serial % FREE * STRIDE) % FREE;
    format!("L{:02}-{free:07}", serial / FREE % 100)
}

/// Track 2 as a magnetic stripe reader gives it (ISO/IEC 7813): valid to December 2030, service code 201, no discretionary data.
pub fn track2(number: &str) -> String {
    format!(";{number}=3012201000000?")
}

/// The digit that completes a number (ISO/IEC 7812-1, annex B): of its own, the last digit and every second before it doubled.
fn check_digit(digits: &str) -> u8 {
    let doubled = |digit: u8| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let values = digits.bytes().rev().map(|b| b - b'0').enumerate();
    let sum: u32 = values.map(|(at, digit)| u32::from(if at % 2 == 0 { doubled(digit) } else { digit })).sum();
    // A remainder of ten.
    ((10 - sum % 10) % 10) as u8
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use touchpoint_protocol::card::Card;

    #[test]
    fn every_number_is_a_card_in_a_test_range_and_nobody_elses() {
        for seed in [0, 7, u64::MAX] {
            let numbers: HashSet<String> = (0..30_000).map(|serial| payment(seed, serial)).collect();
            assert_eq!(numbers.len(), 30_000);
            for number in &numbers {
                assert!(RANGES.iter().any(|range| number.starts_with(range)));
                Card::payment(number).unwrap();
            }
        }
    }

    #[test]
    fn loyalty_numbers_are_taken_and_differ() {
        let numbers: HashSet<String> = (0..30_000).map(|serial| loyalty(7, serial)).collect();
        assert_eq!(numbers.len(), 30_000);
        numbers.iter().for_each(|number| assert!(Card::loyalty(number).is_ok()));
        assert_ne!(loyalty(7, 1), loyalty(7, FREE + 1));
    }

    #[test]
    fn the_well_known_test_numbers_get_their_check_digits() {
        for known in ["4111111111111111", "5555555555554444", "4012888888881881"] {
            assert_eq!(check_digit(&known[..15]).to_string(), known[15..]);
        }
    }
}
