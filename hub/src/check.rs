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
use touchpoint_display::{Mode, Picture, Theme};
use touchpoint_protocol::{
    bundle::{Bundle, BundleError},
    campaign::{Campaign, PanelSize},
    digest::Digest,
    limits,
    name::VariantId,
    utc::Utc,
};

mod glass;
mod picture;
mod secrets;
mod theme;

mod doubts;
mod mentions;
mod never;

pub(crate) use mentions::{Mention, Mentioned};

/// Most files read from a campaign folder: all campaigns and the bundle's.
const MOST_FILES: usize = limits::CAMPAIGNS + 1;

/// The panel on which a folder is tried if nobody knows of any in use: the usual one of an ATM.
const PANEL: PanelSize = PanelSize { width: 1024, height: 768 };

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

/// A campaign folder as far as it can be shown, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The bundle, without campaigns that no device would take.
    pub bundle: Bundle,
    /// The pictures it names, each once; some may be larger than a panel.
    pub media: Vec<Medium>,
    /// The panels on which it was tried.
    pub panels: Vec<PanelSize>,
    /// How many seconds a visit leaves for a message.
    pub window_seconds: u32,
    /// What must be put right before it can be published.
    pub problems: Vec<Problem>,
    /// What is doubtful about it; while there is a problem, only what is so on the glass.
    pub warnings: Vec<Problem>,
    mentions: Vec<Mention>,
}

/// On what a campaign folder is tried.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// The panels; those in use, if there are none here.
    pub panels: &'a [PanelSize],
    /// Panels that are in use, as devices say, beside those that the folder names.
    pub in_use: &'a [PanelSize],
    /// The ways in which customers read. What is wrong for the usual one is a problem, for another it is doubtful.
    pub modes: &'a [Mode],
    /// Another folder whose look is put on in place of its own.
    pub look: Option<&'a Path>,
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

/// What all campaigns of a folder are tried with.
struct Stage<'a> {
    setting: Setting,
    /// The bundle's file.
    tables: Tables<'a>,
    /// The look, with its logo.
    theme: Theme,
    modes: &'a [Mode],
}

/// What was found in a folder.
#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Default for Trial<'_> {
    /// What is published is tried on the panels in use, as most customers read and with large text. High contrast changes no place.
    fn default() -> Self {
        const USUAL: Mode = Mode { large_text: false, high_contrast: false };
        const READERS: [Mode; 2] = [USUAL, Mode { large_text: true, ..USUAL }];
        Trial { panels: &[], in_use: &[], modes: &READERS, look: None }
    }
}

/// Reads and checks a campaign folder by itself; what customers and panels there are is not asked.
///
/// # Errors
/// Every problem of every file.
pub fn check(folder: &Path) -> Result<Checked, CheckError> {
    check_on(folder, &[])
}

/// [`check`], on these panels too, which are in use.
pub(crate) fn check_on(folder: &Path, in_use: &[PanelSize]) -> Result<Checked, CheckError> {
    check_at(folder, in_use, crate::office::now())
}

/// Reads a campaign folder to show what is in it, whether it can be published or not.
///
/// # Errors
/// The folder or the bundle's file cannot be read, so there is nothing to show.
pub fn draft(folder: &Path, trial: Trial<'_>) -> Result<Draft, CheckError> {
    draft_at(folder, trial, crate::office::now())
}

/// [`check`] at this time.
fn check_at(folder: &Path, in_use: &[PanelSize], now: Utc) -> Result<Checked, CheckError> {
    let trial = Trial { in_use, ..Trial::default() };
    let Draft { bundle, media, problems, warnings, mentions, .. } = draft_at(folder, trial, now)?;
    match problems.is_empty() {
        true => Ok(Checked { bundle, media, warnings, mentions }),
        false => Err(CheckError::Problems { path: folder.to_owned(), problems }),
    }
}

/// [`draft`] at this time.
fn draft_at(folder: &Path, trial: Trial<'_>, now: Utc) -> Result<Draft, CheckError> {
    let files = files(folder).map_err(|source| CheckError::Read { path: folder.to_owned(), source })?;
    let mut findings = Findings::default();
    if files.len() > MOST_FILES {
        findings
            .problems
            .push(Problem::of_file(folder, format!("{} campaigns, over {}", files.len(), limits::CAMPAIGNS)));
    }
    let mut load = |path: &Path| Document::load(path, path).map_err(|problem| findings.problems.push(problem)).ok();
    let around = load(&folder.join(BUNDLE));
    let dress = trial.look.map(|look| load(&look.join(BUNDLE)));
    let documents: Vec<Document> = files.iter().take(MOST_FILES).filter_map(|file| load(file)).collect();

    let mut media = Vec::new();
    let stage = stage(around.as_ref(), dress.as_ref().map(Option::as_ref), trial, &mut media, &mut findings);
    let mut sheets: Vec<Sheet<'_>> = Vec::new();
    for document in &documents {
        let sheet =
            document.tables().and_then(|tables| sheet(tables, stage.as_ref(), &mut media, &mut findings.problems));
        match sheet {
            Ok(sheet) => {
                findings.problems.extend(secrets::problems(&sheet));
                stage.iter().for_each(|stage| glass::look_at(&sheet, stage, &mut findings));
                let (misnamed, twice) = names(&sheet, &sheets);
                findings.problems.extend(misnamed);
                sheets.extend((!twice).then_some(sheet));
            }
            Err(found) => findings.problems.extend(found),
        }
    }
    let Findings { mut problems, mut warnings } = findings;
    let Some(stage) = stage else { return Err(CheckError::Problems { path: folder.to_owned(), problems }) };
    let bundle = whole(&stage.setting.bundle, &sheets, folder, &mut problems);
    let mut mentions = Vec::new();
    if problems.is_empty() {
        warnings.extend(doubts::warnings(&stage.setting, &stage.tables, &sheets, now));
        mentions = sheets.iter().flat_map(mentions::of).collect();
    }
    let Setting { panels, window: window_seconds, .. } = stage.setting;
    Ok(Draft { bundle, media, panels, window_seconds, problems, warnings, mentions })
}

/// The bundle's file read, and the look tried: its own, or that of another file.
fn stage<'a>(
    around: Option<&'a Document>,
    dress: Option<Option<&Document>>,
    trial: Trial<'a>,
    media: &mut Vec<Medium>,
    findings: &mut Findings,
) -> Option<Stage<'a>> {
    let problems = &mut findings.problems;
    let own = around.and_then(|around| read_bundle(around, problems));
    let (written, theme, found) = match dress {
        Some(dress) => {
            let (setting, tables) = read_bundle(dress?, problems)?;
            theme::read(&setting, &tables, media)
        }
        None => own.as_ref().map(|(setting, tables)| theme::read(setting, tables, media))?,
    };
    let (mut setting, tables) = own?;
    problems.extend(found);
    setting.bundle.theme = written;
    setting.panels = tried(trial, &setting.panels);
    let stage = Stage { setting, tables, theme, modes: trial.modes };
    glass::look_around(&stage, findings);
    Some(stage)
}

/// The panels on which a folder is tried that names these, at least one.
fn tried(Trial { panels, in_use, .. }: Trial<'_>, named: &[PanelSize]) -> Vec<PanelSize> {
    if !panels.is_empty() {
        return panels.to_vec();
    }
    let mut tried = named.to_vec();
    tried.extend(in_use.iter().filter(|panel| !named.contains(panel)));
    if tried.is_empty() { vec![PANEL] } else { tried }
}

fn read_bundle<'a>(document: &'a Document, problems: &mut Vec<Problem>) -> Option<(Setting, Tables<'a>)> {
    let read = document.tables().and_then(|tables| Ok((campaigns::bundle(&tables)?, tables)));
    read.map_err(|found| problems.extend(found)).ok()
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

/// One campaign with its pictures, which are added to the media. It is shown without one that cannot be.
fn sheet<'a>(
    tables: Tables<'a>,
    stage: Option<&Stage<'_>>,
    media: &mut Vec<Medium>,
    problems: &mut Vec<Problem>,
) -> Result<Sheet<'a>, Vec<Problem>> {
    let Drafted { mut campaign, pictures: named } = campaigns::campaign(&tables, stage.map(|stage| &stage.setting))?;
    // A device takes no picture that is larger than its panel.
    let panels = || stage.into_iter().flat_map(|stage| &stage.setting.panels);
    let narrowest = panels().map(|panel| panel.width).min().unwrap_or(u32::MAX);
    let lowest = panels().map(|panel| panel.height).min().unwrap_or(u32::MAX);
    let panel = PanelSize { width: narrowest, height: lowest };
    let mut pictures = BTreeMap::new();
    for (variant, name) in named {
        let path = tables.file().with_file_name(name);
        let read = picture::read(&path, limits::PICTURE);
        let decoded = read.and_then(|bytes| Ok((picture::decode(&path, &bytes, panel)?, bytes)));
        let problem = match decoded {
            Ok(((picture, problem), bytes)) => {
                let medium = Medium { sha256: Digest::of(&bytes), bytes };
                let of_variant = campaign.variants.iter_mut().find(|of| Some(&of.id) == variant.as_ref());
                *of_variant.map_or(&mut campaign.picture, |of| &mut of.picture) = Some(medium.sha256);
                pictures.insert(variant.clone(), Arc::new(picture));
                if media.iter().all(|known| known.sha256 != medium.sha256) {
                    media.push(medium);
                }
                problem
            }
            Err(problem) => Some(problem),
        };
        problems.extend(problem.map(|what| tables.problem_at(&picture_key(variant.as_ref()), what)));
    }
    Ok(Sheet { tables, campaign, pictures })
}

/// What is wrong with a campaign's name beside those before it, and whether it is the name of one of them.
fn names(sheet: &Sheet<'_>, before: &[Sheet<'_>]) -> (Option<Problem>, bool) {
    let Sheet { tables, campaign, .. } = sheet;
    let name = |sheet: &Sheet<'_>| sheet.tables.file().file_name().unwrap_or_default().display().to_string();
    if let Some(other) = before.iter().find(|other| other.campaign.id == campaign.id) {
        let what = format!("is {}, as that of {} is already", campaign.id, name(other));
        return (Some(tables.problem_at("id", what)), true);
    }
    let same = tables.file().file_stem().is_some_and(|stem| stem == campaign.id.as_str());
    let what = || format!("is {}, so the file must be called {0}.toml", campaign.id);
    ((!same).then(|| tables.problem_at("id", what())), false)
}

/// The bundle of these campaigns, checked as a device will check it, without those for which it would refuse the whole.
fn whole(around: &Bundle, sheets: &[Sheet<'_>], folder: &Path, problems: &mut Vec<Problem>) -> Bundle {
    let campaigns = sheets.iter().map(|sheet| sheet.campaign.clone()).collect();
    let mut bundle = Bundle { campaigns, ..around.clone() };
    while let Err(error) = Bundle::decode(&bundle.encode()) {
        // Where there is a problem already, this is most likely what came of it.
        if problems.is_empty() {
            problems.push(refusal(&error, sheets, folder));
        }
        match error {
            BundleError::Campaign { campaign, .. } => bundle.campaigns.retain(|known| known.id != campaign),
            _ => return Bundle { campaigns: Vec::new(), ..bundle },
        }
    }
    bundle
}

/// What a device would not take, by its place.
fn refusal(error: &BundleError, sheets: &[Sheet<'_>], folder: &Path) -> Problem {
    let of_sheet = match error {
        BundleError::Campaign { campaign, source } => {
            let sheet = sheets.iter().find(|sheet| sheet.campaign.id == *campaign);
            sheet.map(|sheet| sheet.tables.problem_at(&source.key, &source.problem))
        }
        _ => None,
    };
    of_sheet.unwrap_or_else(|| Problem::of_file(folder, crate::problem::chain(error)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
