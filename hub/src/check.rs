//! A campaign folder, checked as a whole: what a device would refuse or a customer see badly is found at the desk.
//!
//! What would disappoint on the glass is a problem, and nothing is published. What is only doubtful is a warning, told and no more.

use crate::{
    campaigns::{self, BUNDLE, Drafted, Setting, picture_key},
    document::{Document, Tables},
    problem::Problem,
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use touchpoint_display::{Limits, Picture, Size};
use touchpoint_protocol::{
    bundle::{Bundle, BundleError},
    campaign::{Campaign, PanelSize},
    digest::Digest,
    limits,
    name::VariantId,
    utc::Utc,
};

mod contrast;
mod glass;
mod secrets;

mod doubts;
mod mentions;
mod never;

pub(crate) use mentions::{Mention, Mentioned};

/// Most files read from a campaign folder: all campaigns and the bundle's.
const MOST_FILES: usize = limits::CAMPAIGNS + 1;

/// A campaign folder without a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The bundle.
    pub bundle: Bundle,
    /// The pictures it names, each once.
    pub media: Vec<Medium>,
    /// What is doubtful about it.
    pub warnings: Vec<Problem>,
    /// What it takes for granted of customers.
    pub(crate) mentions: Vec<Mention>,
}

/// A picture's file, decoded once to see that it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// What campaigns name it by.
    pub sha256: Digest,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a campaign folder cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It cannot be read.
    #[error("cannot read the campaign folder {}", path.display())]
    Read {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is something to put right, in one file or in many.
    #[error("the campaigns in {} cannot be published as they are", path.display())]
    Problems {
        /// The folder.
        path: PathBuf,
        /// All that was found, at least one.
        problems: Vec<Problem>,
    },
}

/// A campaign with the file it stands in.
struct Sheet<'a> {
    tables: Tables<'a>,
    campaign: Campaign,
    /// Its picture and those of its variants.
    pictures: BTreeMap<Option<VariantId>, Arc<Picture>>,
}

/// Reads and checks a campaign folder by itself; what customers there are is not asked.
///
/// # Errors
/// Every problem of every file.
pub fn check(folder: &Path) -> Result<Checked, CheckError> {
    check_at(folder, crate::office::now())
}

/// The same, at this time.
fn check_at(folder: &Path, now: Utc) -> Result<Checked, CheckError> {
    let files = files(folder).map_err(|source| CheckError::Read { path: folder.to_owned(), source })?;
    let mut problems = Vec::new();
    if files.len() > MOST_FILES {
        problems.push(Problem::of_file(folder, format!("{} campaigns, over {}", files.len(), limits::CAMPAIGNS)));
    }
    let load = |path: &Path| Document::load(path, path);
    let around = load(&folder.join(BUNDLE)).map_err(|problem| problems.push(problem)).ok();
    let documents =
        files.iter().take(MOST_FILES).filter_map(|file| load(file).map_err(|problem| problems.push(problem)).ok());
    let documents: Vec<Document> = documents.collect();

    let mut setting = None;
    if let Some(around) = &around {
        match around.tables().and_then(|tables| Ok((campaigns::bundle(&tables)?, tables))) {
            Ok((read, tables)) => {
                problems.extend(contrast::problems(&glass::theme(&read.bundle.theme), &tables));
                setting = Some((read, tables));
            }
            Err(found) => problems.extend(found),
        }
    }
    let known = setting.as_ref().map(|(setting, _)| setting);
    let (mut sheets, mut media): (Vec<Sheet<'_>>, Vec<Medium>) = (Vec::new(), Vec::new());
    for document in &documents {
        let sheet = document.tables().and_then(|tables| sheet(tables, known, &mut media));
        match sheet {
            Ok(sheet) => {
                problems.extend(names(&sheet, &sheets));
                problems.extend(secrets::problems(&sheet));
                problems.extend(known.into_iter().flat_map(|setting| glass::problems(&sheet, setting)));
                sheets.push(sheet);
            }
            Err(found) => problems.extend(found),
        }
    }
    if let Some((setting, around)) = setting.filter(|_| problems.is_empty()) {
        match whole(setting.bundle.clone(), &sheets, folder) {
            Ok(bundle) => {
                let warnings = doubts::warnings(&setting, &around, &sheets, now);
                let mentions = sheets.iter().flat_map(mentions::of).collect();
                return Ok(Checked { bundle, media, warnings, mentions });
            }
            Err(problem) => problems.push(problem),
        }
    }
    Err(CheckError::Problems { path: folder.to_owned(), problems })
}

/// The campaigns' files, by name.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_campaign = path.extension().is_some_and(|extension| extension == "toml");
        if is_campaign && path.file_name().is_some_and(|name| name != BUNDLE) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// One campaign with its pictures, which are added to the media.
fn sheet<'a>(
    tables: Tables<'a>,
    setting: Option<&Setting>,
    media: &mut Vec<Medium>,
) -> Result<Sheet<'a>, Vec<Problem>> {
    let Drafted { mut campaign, pictures: named } = campaigns::campaign(&tables, setting)?;
    // A device takes no picture that is larger than its panel.
    let panels = || setting.into_iter().flat_map(|setting| &setting.panels);
    let narrowest = panels().map(|panel| panel.width).min().unwrap_or(u32::MAX);
    let lowest = panels().map(|panel| panel.height).min().unwrap_or(u32::MAX);
    let (mut problems, mut pictures) = (Vec::new(), BTreeMap::new());
    for (variant, name) in named {
        match load_picture(&tables.file().with_file_name(name), PanelSize { width: narrowest, height: lowest }) {
            Ok((picture, bytes)) => {
                let medium = Medium { sha256: Digest::of(&bytes), bytes };
                let of_variant = campaign.variants.iter_mut().find(|of| Some(&of.id) == variant.as_ref());
                *of_variant.map_or(&mut campaign.picture, |of| &mut of.picture) = Some(medium.sha256);
                pictures.insert(variant, Arc::new(picture));
                if media.iter().all(|known| known.sha256 != medium.sha256) {
                    media.push(medium);
                }
            }
            Err(what) => problems.push(tables.problem_at(&picture_key(variant.as_ref()), what)),
        }
    }
    if problems.is_empty() { Ok(Sheet { tables, campaign, pictures }) } else { Err(problems) }
}

fn load_picture(path: &Path, panel: PanelSize) -> Result<(Picture, Vec<u8>), String> {
    let name = path.file_name().unwrap_or_default().display();
    let unreadable = |error: io::Error| format!("{name} cannot be read: {error}");
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > limits::PICTURE as u64 {
        return Err(format!("{name} has {size} bytes, over {}", limits::PICTURE));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let size = Size::new(panel.width.min(1 << 14), panel.height.min(1 << 14));
    let picture = Picture::decode(&bytes, Limits { bytes: limits::PICTURE, size })
        .map_err(|error| format!("{name}: {}", crate::problem::chain(&error)))?;
    Ok((picture, bytes))
}

/// What is wrong with a campaign's name beside those before it.
fn names(sheet: &Sheet<'_>, before: &[Sheet<'_>]) -> Option<Problem> {
    let Sheet { tables, campaign, .. } = sheet;
    let name = |sheet: &Sheet<'_>| sheet.tables.file().file_name().unwrap_or_default().display().to_string();
    if let Some(other) = before.iter().find(|other| other.campaign.id == campaign.id) {
        return Some(tables.problem_at("id", format!("is {}, as that of {} is already", campaign.id, name(other))));
    }
    let same = tables.file().file_stem().is_some_and(|stem| stem == campaign.id.as_str());
    (!same).then(|| tables.problem_at("id", format!("is {}, so the file must be called {0}.toml", campaign.id)))
}

/// The whole bundle, checked as a device will check it.
fn whole(bundle: Bundle, sheets: &[Sheet<'_>], folder: &Path) -> Result<Bundle, Problem> {
    let campaigns = sheets.iter().map(|sheet| sheet.campaign.clone()).collect();
    Bundle::decode(&Bundle { campaigns, ..bundle }.encode()).map_err(|error| {
        let of = |error: &BundleError| match error {
            BundleError::Campaign { campaign, source } => {
                let sheet = sheets.iter().find(|sheet| sheet.campaign.id == *campaign)?;
                Some(sheet.tables.problem_at(&source.key, &source.problem))
            }
            _ => None,
        };
        of(&error).unwrap_or_else(|| Problem::of_file(folder, crate::problem::chain(&error)))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
