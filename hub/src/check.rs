//! A campaign folder, checked as a whole: what a device would refuse or a customer see badly is found at the desk.

use crate::{
    campaigns::{self, BUNDLE, Drafted},
    document::{Document, Tables},
    placeholders,
    problem::Problem,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use touchpoint_display::{AnswerButton, Emphasis, Glass, Limits, Mode, Offer, Picture, Size, Theme, View};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::{Campaign, Text},
    digest::Digest,
    limits,
    name::Language,
    qr,
};

/// The panel on which texts are tried, in pixels: the smallest that the design asks for.
const PANEL: Size = Size::new(1024, 768);

/// Most files read from a campaign folder: all campaigns and the bundle's.
const MOST_FILES: usize = limits::CAMPAIGNS + 1;

/// A campaign folder without a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The bundle.
    pub bundle: Bundle,
    /// The pictures it names, each once.
    pub media: Vec<Medium>,
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

/// Reads and checks a campaign folder.
///
/// # Errors
/// Every problem of every file.
pub fn check(folder: &Path) -> Result<Checked, CheckError> {
    let files = files(folder).map_err(|source| CheckError::Read { path: folder.to_owned(), source })?;
    let mut problems = Vec::new();
    let mut bundle = read(&folder.join(BUNDLE), campaigns::bundle).map_err(|found| problems.extend(found)).ok();
    let fallback = bundle.as_ref().map(|bundle| bundle.fallback_language.clone());
    let mut media: Vec<Medium> = Vec::new();
    if files.len() > MOST_FILES {
        problems.push(Problem::of_file(folder, format!("{} campaigns, over {}", files.len(), limits::CAMPAIGNS)));
    }
    for file in files.iter().take(MOST_FILES) {
        match read(file, |tables| campaign(tables, file, fallback.as_ref())) {
            Err(found) => problems.extend(found),
            Ok((campaign, medium)) => {
                media.extend(medium.filter(|medium| media.iter().all(|known| known.sha256 != medium.sha256)));
                if let Some(bundle) = &mut bundle {
                    bundle.campaigns.push(campaign);
                }
            }
        }
    }
    if let Some(bundle) = bundle.filter(|_| problems.is_empty()) {
        // What a device will check is checked once more, whole.
        match Bundle::decode(&bundle.encode()) {
            Ok(bundle) => return Ok(Checked { bundle, media }),
            Err(error) => problems.push(Problem::of_file(folder, crate::problem::chain(&error))),
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

fn read<T>(file: &Path, parse: impl FnOnce(&Tables<'_>) -> Result<T, Vec<Problem>>) -> Result<T, Vec<Problem>> {
    let document = Document::load(file, file).map_err(|problem| vec![problem])?;
    parse(&document.tables()?)
}

/// One campaign with its picture, tried on the glass.
fn campaign(
    tables: &Tables<'_>,
    file: &Path,
    fallback: Option<&Language>,
) -> Result<(Campaign, Option<Medium>), Vec<Problem>> {
    let Drafted { mut campaign, picture } = campaigns::campaign(tables, file, fallback)?;
    let mut problems = Vec::new();
    let mut shown = None;
    let medium = picture.and_then(|name| match load_picture(&file.with_file_name(name)) {
        Ok((picture, bytes)) => {
            shown = Some(Arc::new(picture));
            Some(Medium { sha256: Digest::of(&bytes), bytes })
        }
        Err(what) => {
            problems.push(tables.problem_at("picture", what));
            None
        }
    });
    campaign.picture = medium.as_ref().map(|medium| medium.sha256);
    for (language, text) in &campaign.texts {
        let view = View::Offer(offer(&campaign, text, shown.clone()));
        let found = touchpoint_display::fits(&view, &Glass::of(PANEL), &Theme::default(), Mode::default());
        let key = format!("text.{language}");
        problems.extend(found.into_iter().map(|problem| {
            tables.problem_at(&key, format!("on a panel of {}x{} pixels, {problem}", PANEL.width, PANEL.height))
        }));
    }
    if problems.is_empty() { Ok((campaign, medium)) } else { Err(problems) }
}

fn load_picture(path: &Path) -> Result<(Picture, Vec<u8>), String> {
    let unreadable = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > limits::PICTURE as u64 {
        return Err(format!("{} has {size} bytes, over {}", path.display(), limits::PICTURE));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    // A device takes no picture that is larger than its panel.
    let picture = Picture::decode(&bytes, Limits { bytes: limits::PICTURE, size: PANEL })
        .map_err(|error| format!("{}: {}", path.display(), crate::problem::chain(&error)))?;
    Ok((picture, bytes))
}

/// The message as it may stand on the glass at its longest.
fn offer(campaign: &Campaign, text: &Text, picture: Option<Arc<Picture>>) -> Offer {
    let button = |label: &String| AnswerButton { label: label.clone(), emphasis: Emphasis::default() };
    Offer {
        title: placeholders::sample(&text.title),
        body: placeholders::sample(&text.body),
        picture,
        qr: campaign.qr.as_ref().map(|target| target.fill(&qr::reference("", &campaign.id, None))),
        answers: text.answers.iter().map(button).collect(),
        seconds_left: 0,
        seconds_total: 0,
    }
}
