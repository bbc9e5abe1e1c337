//! Looks for card numbers where none may be, in every form that hides one from a plain search.

use crate::workspace;
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
};

/// How many bytes of a form are enough to look it up by; every form is longer.
const START: usize = 8;

/// Forms of numbers, by how they begin.
pub struct Secrets(HashMap<[u8; START], Vec<Vec<u8>>>);

impl Secrets {
    /// Looks for these card numbers.
    pub fn new<'a>(numbers: impl IntoIterator<Item = &'a str>) -> Secrets {
        let mut secrets = HashMap::<_, Vec<_>>::new();
        for form in numbers.into_iter().flat_map(forms) {
            let start = *form.first_chunk().expect("every form is longer than its start");
            let forms = secrets.entry(start).or_default();
            // Most base64 texts are alike in both alphabets.
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        Secrets(secrets)
    }

    /// How often one of them stands in these bytes, in any form.
    pub fn found_in(&self, bytes: &[u8]) -> usize {
        let starts = bytes.windows(START).enumerate();
        let forms = starts.filter_map(|(at, start)| Some((at, self.0.get(start)?)));
        forms.map(|(at, forms)| forms.iter().filter(|form| bytes[at..].starts_with(form)).count()).sum()
    }

    /// The files below a folder that hold one of them.
    pub fn files_with(&self, folder: &Path) -> Vec<PathBuf> {
        let mut files = workspace::files(folder);
        assert!(!files.is_empty(), "{} holds nothing to look through", folder.display());
        files.retain(|file| self.found_in(&std::fs::read(file).unwrap()) > 0);
        files
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// A number as digits, grouped digits, hexadecimal, packed digits, an integer, and base64 at each of its three alignments.
fn forms(number: &str) -> Vec<Vec<u8>> {
    let digits = number.as_bytes();
    let grouped = |separator: &str| {
        let groups: Vec<&str> = digits.chunks(4).map(|group| str::from_utf8(group).unwrap()).collect();
        groups.join(separator).into_bytes()
    };
    let integer: u64 = number.parse().unwrap();
    let packed = digits.chunks_exact(2).map(|pair| (pair[0] - b'0') << 4 | (pair[1] - b'0'));
    let mut forms = vec![
        digits.to_vec(),
        grouped(" "),
        grouped("-"),
        HEXLOWER.encode(digits).into_bytes(),
        HEXUPPER.encode(digits).into_bytes(),
        integer.to_be_bytes().to_vec(),
        integer.to_le_bytes().to_vec(),
    ];
    if number.len() == 2 * START {
        forms.push(packed.collect());
    }
    for encoding in [BASE64, BASE64URL] {
        forms.extend((0..3).map(|before| base64(&encoding, digits, before)));
    }
    forms
}

/// The characters of a base64 text that depend on these bytes alone, if so many stand before them.
fn base64(encoding: &data_encoding::Encoding, bytes: &[u8], before: usize) -> Vec<u8> {
    let text = encoding.encode(&[&vec![0; before], bytes].concat());
    let (first, end) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
    text.as_bytes()[first..end].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "4111111111111111";

    #[test]
    fn a_planted_number_is_found_in_every_disguise() {
        let secrets = Secrets::new([NUMBER]);
        let mut disguises = vec![
            NUMBER.to_owned(),
            "4111 1111 1111 1111".to_owned(),
            "4111-1111-1111-1111".to_owned(),
            HEXLOWER.encode(NUMBER.as_bytes()),
        ];
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "x", "xy"] {
                let text = format!("{before}{NUMBER}{after}");
                disguises.extend([BASE64.encode(text.as_bytes()), BASE64URL.encode(text.as_bytes())]);
            }
        }
        for disguise in disguises {
            let text = format!("...{disguise}...");
            assert!(secrets.found_in(text.as_bytes()) > 0, "{text}");
        }
        let packed = [0, 0x41, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0];
        assert_eq!(secrets.found_in(&packed), 1);
        assert_eq!(secrets.found_in(&4_111_111_111_111_111_u64.to_le_bytes()), 1);
    }

    #[test]
    fn what_is_no_card_number_is_not_found() {
        let secrets = Secrets::new([NUMBER]);
        for text in ["", "411111111111111", "4111111111111112", "NDExMTExMTExMTEx"] {
            assert_eq!(secrets.found_in(text.as_bytes()), 0, "{text}");
        }
    }

    #[test]
    fn a_file_that_holds_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (guilty, innocent) = (folder.path().join("guilty"), folder.path().join("innocent"));
        std::fs::write(&guilty, format!("a{}", BASE64.encode(NUMBER.as_bytes()))).unwrap();
        std::fs::write(innocent, "4111111111111112").unwrap();
        assert_eq!(Secrets::new([NUMBER]).files_with(folder.path()), [guilty]);
    }
}
