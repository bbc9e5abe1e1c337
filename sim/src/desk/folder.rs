//! The campaign folder, looked at again and again: whoever saves a file sees it on the glass.

use super::state::{Office, ProblemLine};
use crate::office::HeadOffice;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};
use touchpoint_agent::chain;
use touchpoint_hub::{CheckError, PublishError, Published};

/// Most files looked at: those of the largest bundle, with a picture for each campaign.
const FILES: usize = 1_001;

/// A folder whose files are published whenever they have changed.
#[derive(Debug)]
pub(super) struct CampaignFolder {
    path: PathBuf,
    /// As it was when it was published, or refused, last.
    seen: Vec<File>,
}

/// What is known of a file without reading it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct File {
    path: PathBuf,
    size: u64,
    changed: Option<SystemTime>,
}

impl CampaignFolder {
    /// This folder, of which nothing was published yet.
    pub(super) fn new(path: PathBuf) -> CampaignFolder {
        CampaignFolder { path, seen: Vec::new() }
    }

    /// Publishes what is in it, if that has changed; whether there is any news.
    pub(super) async fn follow(&mut self, head_office: &HeadOffice, told: &mut Office) -> bool {
        // Why they cannot be read is said by who publishes them, once.
        let files = files(&self.path).unwrap_or_default();
        if files == self.seen && !told.folder.is_empty() {
            return false;
        }
        self.seen = files;
        told.folder = self.path.display().to_string();
        match head_office.publish(&self.path).await {
            Ok(Published { revision, warnings, .. }) => {
                tracing::info!(revision, "campaigns published");
                told.campaigns = revision;
                told.problems.clear();
                told.warnings = warnings.iter().map(ProblemLine::from).collect();
            }
            Err(PublishError::Check(CheckError::Problems { problems, .. })) => {
                tracing::warn!(problems = problems.len(), "the campaigns cannot be published as they are");
                told.problems = problems.iter().map(ProblemLine::from).collect();
            }
            Err(error) => {
                let (file, what) = (self.path.display().to_string(), chain(&error));
                told.problems = vec![ProblemLine { file, line: None, key: None, what }];
            }
        }
        true
    }
}

fn files(folder: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.take(FILES) {
        let path = entry?.path();
        let about = path.metadata()?;
        files.push(File { path, size: about.len(), changed: about.modified().ok() });
    }
    files.sort();
    Ok(files)
}
