//! A contact sheet: everything a campaign folder shows, in every language, on every panel, for every reader and in every look, on one
//! picture, drawn by the very screen of a device.

use crate::preview::{Attributes, Preview, PreviewError, Sight};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};
use touchpoint_display::{EncodeError, Glass, Mode, Rectangle, Screen, Size, encode_png, panel::MemoryPanel};
use touchpoint_hub::{Problem, Trial};
use touchpoint_protocol::{campaign::PanelSize, name::Language};

mod options;
mod sheet;

pub use options::{AttributeError, Known, Reader, ReaderError};

use sheet::Sheet;

/// Most pictures on a sheet: more are looked at by nobody, and take half a gigabyte.
const MOST: usize = 600;

/// What is to be seen, and where it goes.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The campaign folder.
    pub folder: PathBuf,
    /// Other folders whose looks it is seen in, too.
    pub looks: Vec<PathBuf>,
    /// In which languages; in each that it has, if there are none here.
    pub languages: Vec<Language>,
    /// On which panels; on those that it names, if there are none here.
    pub panels: Vec<PanelSize>,
    /// For which readers.
    pub modes: Vec<Mode>,
    /// What the customer is called by.
    pub attributes: Attributes,
    /// The contact sheet's file.
    pub sheet: PathBuf,
    /// Where each picture goes in its own size, if anywhere.
    pub each: Option<PathBuf>,
}

/// What was taken.
#[derive(Debug)]
pub struct Taken {
    /// Every picture, and where it is on the sheet.
    pub tiles: Vec<Tile>,
    /// What must be put right before the folder can be published, in any of the looks.
    pub problems: Vec<Problem>,
    /// What is doubtful about it.
    pub warnings: Vec<Problem>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// What it is called: view, language, panel, reader and look.
    pub label: [String; 2],
    /// Where it is on the sheet, in pixels.
    pub place: Rectangle,
}

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum ShotError {
    /// There is nothing to see.
    #[error("{} cannot be shown", folder.display())]
    Preview {
        /// The folder, or that of a look.
        folder: PathBuf,
        /// Why.
        source: PreviewError,
    },
    /// A language that it does not speak.
    #[error("nothing is said in {language}; there is {}", spoken.join(", "))]
    Language {
        /// The language.
        language: Language,
        /// Those that there are.
        spoken: Vec<String>,
    },
    /// Too much to see.
    #[error("{0} pictures are over {MOST}: choose languages, sizes, readers or looks")]
    TooMany(usize),
    /// A picture cannot be made.
    #[error("cannot make the picture")]
    Encode(#[from] EncodeError),
    /// A picture cannot be kept.
    #[error("cannot write {}", path.display())]
    Write {
        /// Its file, or the folder of the pictures.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A row of pictures that differ in nothing but what is said.
struct Band<'a> {
    /// Which of the previews.
    preview: &'a Preview,
    look: &'a str,
    panel: PanelSize,
    mode: Mode,
    language: &'a Language,
    sights: Vec<Sight>,
}

impl Shot {
    /// Draws everything and writes it.
    ///
    /// # Errors
    /// There is no sheet. A folder with problems has one all the same.
    pub fn take(&self) -> Result<Taken, ShotError> {
        let previews = self.previews()?;
        let problems = once(previews.iter().flat_map(|(_, preview)| preview.problems()));
        let warnings = once(previews.iter().flat_map(|(_, preview)| preview.warnings()));
        let languages = self.languages(&previews)?;
        let mut bands = Vec::new();
        for (look, preview) in &previews {
            for (panel, mode) in
                preview.panels().iter().flat_map(|panel| self.modes.iter().map(move |mode| (panel, mode)))
            {
                bands.extend(languages.iter().map(|language| Band {
                    preview,
                    look,
                    panel: *panel,
                    mode: *mode,
                    language,
                    sights: preview.sights(language, &self.attributes),
                }));
            }
        }
        let count = bands.iter().map(|band| band.sights.len()).sum();
        if count > MOST {
            return Err(ShotError::TooMany(count));
        }
        if let Some(each) = &self.each {
            fs::create_dir_all(each).map_err(|source| ShotError::Write { path: each.clone(), source })?;
        }
        let mut sheet = Sheet::new(bands.iter().map(|band| (size(band.panel), band.sights.len())));
        let mut tiles = Vec::with_capacity(count);
        for band in &bands {
            self.draw(band, &mut sheet, &mut tiles)?;
        }
        write(&self.sheet, &encode_png(sheet.frame())?)?;
        Ok(Taken { tiles, problems, warnings })
    }

    /// The folder in its own look, then in the others, each with the look's name.
    fn previews(&self) -> Result<Vec<(String, Preview)>, ShotError> {
        let looks =
            std::iter::once((&self.folder, None)).chain(self.looks.iter().map(|look| (look, Some(look.as_path()))));
        let preview = |(named, look): (&PathBuf, Option<&Path>)| {
            let trial = Trial { panels: &self.panels, modes: &self.modes, look, ..Trial::default() };
            let preview = Preview::open(&self.folder, trial);
            let preview = preview.map_err(|source| ShotError::Preview { folder: named.clone(), source })?;
            let name =
                named.canonicalize().ok().and_then(|path| path.file_name().map(|name| name.display().to_string()));
            Ok((name.unwrap_or_default(), preview))
        };
        looks.map(preview).collect()
    }

    /// The languages asked for, if there are such, or all.
    fn languages(&self, previews: &[(String, Preview)]) -> Result<Vec<Language>, ShotError> {
        let spoken: BTreeSet<Language> = previews.iter().flat_map(|(_, preview)| preview.languages()).collect();
        if self.languages.is_empty() {
            return Ok(spoken.into_iter().collect());
        }
        match self.languages.iter().find(|language| !spoken.contains(language)) {
            Some(language) => {
                let spoken = spoken.iter().map(Language::to_string).collect();
                Err(ShotError::Language { language: language.clone(), spoken })
            }
            None => Ok(self.languages.clone()),
        }
    }

    /// Draws the pictures of a band.
    fn draw(&self, band: &Band<'_>, sheet: &mut Sheet, tiles: &mut Vec<Tile>) -> Result<(), ShotError> {
        let Band { preview, look, panel: PanelSize { width, height }, mode, language, sights } = band;
        let size = size(band.panel);
        let mut screen = Screen::on(Glass::of(size), Box::new(MemoryPanel::new(size)), preview.theme());
        screen.set_mode(*mode);
        sheet.head(&format!("{look}   {width}x{height}   {mode}   {language}"), sights.len(), size);
        for Sight { name, view } in sights {
            // What cannot be drawn, a code too long for its place, is among the problems; its tile has what stood there before it.
            if screen.show(view).is_err() {
                tracing::debug!(name, "cannot be drawn");
            }
            let label = [name.clone(), format!("{language}  {width}x{height}  {mode}  {look}")];
            let place = sheet.add(screen.frame(), &label);
            tiles.push(Tile { label, place });
            if let Some(each) = &self.each {
                let file = format!("{look}_{name}_{language}_{width}x{height}_{mode}.png").replace(' ', "-");
                write(&each.join(file), &encode_png(screen.frame())?)?;
            }
        }
        Ok(())
    }
}

/// What is wrong in several looks, told once.
fn once<'a>(found: impl Iterator<Item = &'a Problem>) -> Vec<Problem> {
    let mut told: Vec<Problem> = Vec::new();
    for problem in found {
        if !told.contains(problem) {
            told.push(problem.clone());
        }
    }
    told
}

fn size(panel: PanelSize) -> Size {
    Size::new(panel.width, panel.height)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ShotError> {
    fs::write(path, bytes).map_err(|source| ShotError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
