//! A document and the file in which it is frozen.
//!
//! `TOUCHPOINT_BLESS_NEW=1` writes the files that are not there yet. Nothing overwrites one that is.

use serde::Serialize;
use std::{collections::BTreeSet, env, fmt::Debug, fs, io::Write, path::PathBuf};
use touchpoint_protocol::signed::{Document, PublicKey, SigningKey, TrustedKeys, open, seal};
use touchpoint_tests::workspace;

/// Set to freeze what has no file yet.
const BLESS_NEW: &str = "TOUCHPOINT_BLESS_NEW";

/// A private key everybody knows: RFC 8032, section 7.1, test 1, in the PKCS#8 of RFC 8410. Ed25519 draws no lots, so a document
/// signed with it is always the same bytes.
const PKCS8: [&[u8]; 4] = [
    b"\x30\x53\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20",
    b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60",
    b"\xa1\x23\x03\x21\x00",
    b"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a",
];

/// The key a device pins to read it.
const PUBLIC: &str = "ho-1:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/// Every value of an enum, made once each. It compiles only if no variant is left out, so that a new one has to be frozen too.
macro_rules! every {
    ($($pattern:pat => $value:expr),* $(,)?) => {{
        let values = vec![$($value),*];
        for value in &values {
            match value { $($pattern => {})* }
        }
        let mut each = values.iter();
        $(assert!(matches!(each.next(), Some($pattern)), "not a {}", stringify!($pattern));)*
        values
    }};
    ($($variant:path),* $(,)?) => { every!($($variant => $variant),*) };
}
pub(crate) use every;

/// What documents call a variant.
pub(crate) fn word(variant: &impl Serialize) -> String {
    let text = serde_json::to_string(variant).unwrap();
    text.split('"').nth(1).unwrap().to_owned()
}

/// What is wrong with how bytes are read, if anything is.
type Misread = dyn Fn(&[u8]) -> Option<String>;

/// One document.
pub(crate) struct Fixture {
    /// Its file, from the folder of the version.
    pub(crate) file: String,
    written: Vec<u8>,
    is_compressed: bool,
    misread: Box<Misread>,
}

impl Fixture {
    /// A value, how it is written, and how that is read.
    pub(crate) fn new<T: PartialEq + Debug + 'static, E: Debug>(
        file: impl Into<String>,
        value: T,
        write: impl Fn(&T) -> Vec<u8>,
        read: impl Fn(&[u8]) -> Result<T, E> + 'static,
    ) -> Fixture {
        let written = write(&value);
        let misread = move |bytes: &[u8]| match read(bytes) {
            Ok(read) if read == value => None,
            Ok(read) => Some(format!("is read as\n{read:?}\nand not as\n{value:?}")),
            Err(error) => Some(format!("is refused: {error:?}")),
        };
        let fixture = Fixture { file: file.into(), written, is_compressed: false, misread: Box::new(misread) };
        fixture.freeze();
        fixture
    }

    /// A signed document.
    pub(crate) fn signed<D: Document + PartialEq + Debug + 'static>(file: &str, document: D) -> Fixture {
        let key = SigningKey::from_pkcs8("ho-1".parse().unwrap(), &PKCS8.concat()).unwrap();
        let keys = TrustedKeys::new(vec![PublicKey::parse(PUBLIC).unwrap()]);
        assert_eq!(key.public().to_line(), PUBLIC);
        Fixture::new(
            file,
            document,
            |document| seal(document, &key).unwrap().into_bytes(),
            move |bytes| open(bytes, &keys),
        )
    }

    /// The same, held to the bytes inside its zstd frame alone: another release of zstd may find a shorter frame for them, and every
    /// device reads both.
    pub(crate) fn compressed(self) -> Fixture {
        Fixture { is_compressed: true, ..self }
    }

    /// The frozen bytes, for a document that holds another.
    pub(crate) fn frozen(&self) -> Vec<u8> {
        let path = self.path();
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; {BLESS_NEW}=1 writes it", path.display()))
    }

    /// What is wrong with how the frozen bytes are read, if anything is.
    pub(crate) fn misread(&self) -> Option<String> {
        (self.misread)(&self.frozen()).map(|problem| format!("{} {problem}", self.file))
    }

    /// What is wrong with how the value is written, if anything is.
    pub(crate) fn miswritten(&self) -> Option<String> {
        let (frozen, written) = (self.frozen(), self.written.clone());
        let (frozen, written) = match self.is_compressed {
            true => (inside(&frozen), inside(&written)),
            false => (frozen, written),
        };
        let (is, was) = (String::from_utf8_lossy(&written), String::from_utf8_lossy(&frozen));
        (written != frozen).then(|| format!("{} is written as\n{is}\nand not as\n{was}", self.file))
    }

    fn freeze(&self) {
        let path = self.path();
        if env::var_os(BLESS_NEW).is_none() || path.exists() {
            return;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Tests run side by side, and the second to come finds it there, whole.
        let mut file = tempfile::NamedTempFile::new_in(folder()).unwrap();
        file.write_all(&self.written).unwrap();
        if let Err(error) = file.persist_noclobber(&path) {
            assert!(path.exists(), "{}: {error}", path.display());
        }
    }

    fn path(&self) -> PathBuf {
        folder().join(&self.file)
    }
}

/// Every file there is, but for what is about them.
pub(crate) fn files() -> BTreeSet<String> {
    let all = workspace::files(&folder()).into_iter();
    let named = all.map(|path| path.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned());
    named.filter(|name| name != "README.md" && name != ".gitattributes").collect()
}

fn folder() -> PathBuf {
    workspace::root().join("tests/wire/v1")
}

fn inside(frame: &[u8]) -> Vec<u8> {
    zstd::decode_all(frame).unwrap()
}
