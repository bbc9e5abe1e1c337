//! Looks for card numbers where none may be: on the line, in files, in what was logged.

use crate::cast::Person;
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

/// Shortest and longest card number, in digits.
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// Numbers that may stand nowhere.
#[derive(Clone)]
pub struct CardNumbers(HashSet<String>);

impl CardNumbers {
    /// The card numbers of these people, and of strangers' cards.
    pub fn of(people: impl Iterator<Item = Person>, strangers: &[&str]) -> CardNumbers {
        let strangers = strangers.iter().map(|&number| number.to_owned());
        CardNumbers(people.filter_map(|person| person.card).chain(strangers).collect())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// How many times one of them stands in these bytes as plain digits, with other digits around it or not.
    pub fn found_in(&self, bytes: &[u8]) -> usize {
        bytes.split(|byte| !byte.is_ascii_digit()).map(|run| self.found_in_run(run)).sum()
    }

    /// The files below a folder that hold one of them.
    ///
    /// # Errors
    /// A file or folder cannot be read.
    pub fn files_with(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            match path.metadata()?.file_type() {
                kind if kind.is_dir() => found.extend(self.files_with(&path)?),
                kind if kind.is_file() && self.found_in(&fs::read(&path)?) > 0 => found.push(path),
                _ => {}
            }
        }
        Ok(found)
    }

    fn found_in_run(&self, run: &[u8]) -> usize {
        let lengths = DIGITS.filter(|length| *length <= run.len());
        let windows = lengths.flat_map(|length| run.windows(length));
        windows.filter(|window| str::from_utf8(window).is_ok_and(|digits| self.0.contains(digits))).count()
    }
}

impl std::fmt::Debug for CardNumbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardNumbers({})", self.count())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::customers;

    #[test]
    fn a_number_is_found_alone_among_letters_and_among_other_digits() {
        let numbers = CardNumbers::of(std::iter::empty(), &["4111111111111111"]);
        for text in ["4111111111111111", "x=4111111111111111;", "0041111111111111119", ";4111111111111111=3012?"] {
            assert_eq!(numbers.found_in(text.as_bytes()), 1, "{text}");
        }
        for text in ["", "411111111111111", "4111 1111 1111 1111", "4111111111111112"] {
            assert_eq!(numbers.found_in(text.as_bytes()), 0, "{text}");
        }
    }

    #[test]
    fn the_import_file_is_found_and_its_neighbour_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("below");
        fs::create_dir(&below).unwrap();
        fs::write(below.join("innocent"), "1234567890123456").unwrap();
        let mut file = fs::File::create(below.join("import.csv")).unwrap();
        customers::write_csv(customers::generate(7, 30), &mut file).unwrap();
        let numbers = CardNumbers::of(customers::generate(7, 30), &[]);
        assert_eq!(numbers.files_with(folder.path()).unwrap(), [below.join("import.csv")]);
        assert_eq!(format!("{numbers:?}"), format!("CardNumbers({})", numbers.count()));
    }
}
