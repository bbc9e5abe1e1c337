//! The sample campaign folder, carried in the program so that it works wherever it is started.

use std::{fs, io, path::Path};

macro_rules! files {
    ($($name:literal)*) => {
        [$(($name, include_bytes!(concat!("../demo/campaigns/", $name)))),*]
    };
}

/// Every file of `sim/demo/campaigns`: name and content.
const FILES: [(&str, &[u8]); 15] = files! {
    "bundle.toml"
    "branch-move.toml"
    "business-card.toml"
    "family-insurance.toml"
    "logo.png"
    "mortgage-renewal.toml"
    "new-address.toml"
    "round-up.toml"
    "savings.png"
    "savings.toml"
    "stay-with-us.toml"
    "student-abroad.toml"
    "student-start.toml"
    "travel-cover.toml"
    "welcome.toml"
};

/// Writes the campaign folder.
///
/// # Errors
/// The folder cannot be made or written.
pub fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    FILES.iter().try_for_each(|(name, content)| fs::write(folder.join(name), content))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_program_carries_the_whole_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/campaigns");
        let found: BTreeSet<String> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(found, FILES.iter().map(|(name, _)| (*name).to_owned()).collect());
    }
}
