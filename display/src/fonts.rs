//! The fonts: one family built in, so that a bare program shows text, and families of the device, each opened when its
//! script is first written.
//!
//! Only named files are looked for, never what else is installed: which font a text is set in does not depend on the
//! machine, only whether there is one. Files are mapped, not read; of a font of 20 MB only the glyphs used cost memory.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use cosmic_text::{FontSystem, Weight, fontdb};

use crate::script::{Han, Script, Writing};

/// The family of the built-in fonts. Its condensed cut is as legible and leaves room for German words.
pub(crate) const BUILT_IN: &str = "DejaVu Sans";

/// Families for European scripts that every device has: the built-in one, and those of Debian's `fonts-noto-core`.
pub const FAMILIES: [&str; 5] = [BUILT_IN, "Noto Sans", "Noto Sans Display", "Noto Serif", "Noto Serif Display"];

/// Where files are within a font folder: in it, and as Debian's packages of Noto fonts divide it.
const PLACES: [&str; 3] = ["", "truetype/noto", "opentype/noto"];

/// The Noto fonts of Chinese, Japanese and Korean: two files, each with a face for every country.
const CJK_FILES: [(&str, Weight); 2] =
    [("NotoSansCJK-Regular.ttc", Weight::NORMAL), ("NotoSansCJK-Bold.ttc", Weight::BOLD)];

/// The faces in these files, by their index.
const CJK_FACES: [&str; 4] = ["Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans CJK SC", "Noto Sans CJK TC"];

/// Most families of one program: every script and a few themes. A bundle that names more gets the built-in one.
const MAX_FAMILIES: usize = 32;

/// Which families are open, and where others may be.
pub(crate) struct FontList {
    folders: Vec<PathBuf>,
    /// Families that were looked for and found, and those that came with them.
    found: BTreeSet<String>,
    /// Families that were looked for and are not there.
    absent: BTreeSet<String>,
}

impl FontList {
    /// Opens the built-in fonts.
    pub(crate) fn open(folders: &[PathBuf]) -> (Self, FontSystem) {
        let mut fonts = fontdb::Database::new();
        for data in [dejavu::sans_condensed::regular(), dejavu::sans_condensed::bold()] {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(data)));
        }
        // The locale only decides between Han variants, and those are named outright.
        let system = FontSystem::new_with_locale_and_db("en".to_owned(), fonts);
        (Self { folders: folders.to_vec(), found: BTreeSet::new(), absent: BTreeSet::new() }, system)
    }

    /// The family for a script, opened if need be: that of the script, or for European ones the theme's; the built-in
    /// one if there is no such font here.
    pub(crate) fn family<'a>(
        &mut self,
        system: &mut FontSystem,
        script: Script,
        writing: Writing,
        wanted: Option<&'a str>,
    ) -> &'a str {
        let family = match script {
            Script::European => wanted.unwrap_or(BUILT_IN),
            Script::Arabic => "Noto Sans Arabic",
            Script::Hebrew => "Noto Sans Hebrew",
            Script::Devanagari => "Noto Sans Devanagari",
            Script::Thai => "Noto Sans Thai",
            Script::Han => match writing.han {
                Han::Japanese => CJK_FACES[0],
                Han::Korean => CJK_FACES[1],
                Han::Simplified => CJK_FACES[2],
                Han::Traditional => CJK_FACES[3],
            },
        };
        if self.has(system, family) { family } else { BUILT_IN }
    }

    fn has(&mut self, system: &mut FontSystem, family: &str) -> bool {
        if family == BUILT_IN || self.found.contains(family) {
            return true;
        }
        if self.absent.contains(family) || self.found.len() + self.absent.len() >= MAX_FAMILIES {
            return false;
        }
        let faces = self.faces(family);
        let there = !faces.is_empty();
        for face in faces {
            self.found.extend(face.families.iter().map(|(family, _)| family.clone()));
            system.db_mut().push_face_info(face);
        }
        if !there {
            self.absent.insert(family.to_owned());
        }
        there
    }

    /// The faces of a family, by its files' names alone: nothing is read until a glyph is asked for. With one of the CJK families come
    /// all: a file is mapped when the first of its faces is used, and only the faces known by then share what is read of it.
    fn faces(&self, family: &str) -> Vec<fontdb::FaceInfo> {
        if CJK_FACES.contains(&family) {
            let files = CJK_FILES.into_iter().filter_map(|(name, weight)| Some((self.file(name)?, weight)));
            let all = files.flat_map(|(file, weight)| {
                (0..).zip(CJK_FACES).map(move |(index, family)| face(family, file.clone(), index, weight))
            });
            return all.collect();
        }
        // A family comes with the bundle, so nothing in it may lead out of the folders.
        if !family.chars().all(|character| character.is_ascii_alphanumeric() || character == ' ') {
            return Vec::new();
        }
        let stem = family.replace(' ', "");
        [("Regular", Weight::NORMAL), ("Bold", Weight::BOLD)]
            .into_iter()
            .filter_map(|(cut, weight)| {
                let file =
                    ["ttf", "otf"].iter().find_map(|extension| self.file(&format!("{stem}-{cut}.{extension}")))?;
                Some(face(family, file, 0, weight))
            })
            .collect()
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        let places = self.folders.iter().flat_map(|folder| PLACES.map(|place| folder.join(place).join(name)));
        places.into_iter().find(|path: &PathBuf| Path::is_file(path))
    }
}

fn face(family: &str, file: PathBuf, index: u32, weight: Weight) -> fontdb::FaceInfo {
    fontdb::FaceInfo {
        id: fontdb::ID::dummy(),
        source: fontdb::Source::File(file),
        index,
        families: vec![(family.to_owned(), fontdb::Language::English_UnitedStates)],
        post_script_name: family.replace(' ', ""),
        style: fontdb::Style::Normal,
        weight,
        stretch: fontdb::Stretch::Normal,
        monospaced: false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_family_that_is_not_there_is_looked_for_once_and_replaced_by_the_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let (mut list, mut system) = FontList::open(&[folder.path().to_owned()]);
        let mut family = |list: &mut FontList| list.family(&mut system, Script::Thai, Writing::default(), None);
        assert_eq!(family(&mut list), BUILT_IN);
        std::fs::write(folder.path().join("NotoSansThai-Regular.ttf"), b"no font").unwrap();
        assert_eq!(family(&mut list), BUILT_IN);
    }

    #[test]
    fn a_family_is_found_in_the_folder_and_where_debian_puts_it() {
        let folder = tempfile::tempdir().unwrap();
        let noto = folder.path().join("truetype/noto");
        std::fs::create_dir_all(&noto).unwrap();
        std::fs::write(noto.join("NotoSansThai-Bold.ttf"), b"no font").unwrap();
        std::fs::write(folder.path().join("HouseSerif-Regular.otf"), b"no font").unwrap();
        let (mut list, mut system) = FontList::open(&[folder.path().to_owned()]);
        let writing = Writing::default();
        assert_eq!(list.family(&mut system, Script::Thai, writing, None), "Noto Sans Thai");
        assert_eq!(list.family(&mut system, Script::European, writing, Some("House Serif")), "House Serif");
    }

    #[test]
    fn the_faces_of_one_file_share_what_is_read_of_it() {
        let (mut list, mut system) = FontList::open(&crate::Glass::of(embedded_graphics::geometry::Size::zero()).fonts);
        let mut read = Vec::new();
        for han in [Han::Japanese, Han::Korean, Han::Simplified, Han::Traditional] {
            let writing = Writing { han, ..Writing::default() };
            let family = list.family(&mut system, Script::Han, writing, None);
            let families = [fontdb::Family::Name(family)];
            let id = system.db().query(&fontdb::Query { families: &families, ..fontdb::Query::default() }).unwrap();
            // As if a glyph were asked for, before the next family is.
            read.push(system.get_font(id, Weight::NORMAL).unwrap().data().as_ptr());
        }
        assert!(read.iter().all(|data| *data == read[0]), "{read:?}");
    }

    #[test]
    fn every_family_a_theme_may_name_is_on_a_device() {
        let (mut list, mut system) = FontList::open(&crate::Glass::of(embedded_graphics::geometry::Size::zero()).fonts);
        for family in FAMILIES {
            assert_eq!(list.family(&mut system, Script::European, Writing::default(), Some(family)), family);
        }
    }

    #[test]
    fn a_family_cannot_lead_out_of_its_folder_nor_fill_the_memory() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Secret-Regular.ttf"), b"no font").unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let (mut list, mut system) = FontList::open(&[inner]);
        let writing = Writing::default();
        assert_eq!(list.family(&mut system, Script::European, writing, Some("../Secret")), BUILT_IN);
        for number in 0..1000 {
            let family = format!("Family {number}");
            assert_eq!(list.family(&mut system, Script::European, writing, Some(&family)), BUILT_IN);
        }
        assert!(list.absent.len() <= MAX_FAMILIES);
    }
}
