//! `touchpoint-sim shot` from the command line.

use clap::Args;
use std::{
    io::{self, Write},
    path::PathBuf,
};
use touchpoint_display::Mode;
use touchpoint_hub::{CheckError, Pixels};
use touchpoint_protocol::name::Language;
use touchpoint_sim::{
    preview::PreviewError,
    shot::{Known, Reader, Shot, ShotError, Taken},
};

/// What to take a picture of.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The campaign folder
    folder: PathBuf,
    /// The contact sheet
    #[arg(long, value_name = "FILE", default_value = "shot.png")]
    out: PathBuf,
    /// Keep each picture in its own size, too
    #[arg(long, value_name = "DIR")]
    each: Option<PathBuf>,
    /// A language; may be given several times. Without it, each that the folder has
    #[arg(long = "language", value_name = "NAME")]
    languages: Vec<Language>,
    /// A panel's pixels; may be given several times. Without it, the panels that bundle.toml names
    #[arg(long = "size", value_name = "1024x768")]
    sizes: Vec<Pixels>,
    /// Who reads: standard, large-text, high-contrast or large-text-high-contrast; may be given several times. Without it, all of them
    #[arg(long = "mode", value_name = "MODE")]
    modes: Vec<Reader>,
    /// Another folder whose theme is put on, too; may be given several times
    #[arg(long = "theme", value_name = "FOLDER")]
    themes: Vec<PathBuf>,
    /// What is known of the customer, such as first-name=Anna; may be given several times. Without it, texts have their defaults
    #[arg(long = "attribute", value_name = "NAME=VALUE")]
    attributes: Vec<Known>,
}

/// Takes the picture, and tells what is wrong with what is on it; whether nothing is.
pub(crate) fn shoot(order: Order) -> Result<bool, ShotError> {
    let Order { folder, out, each, languages, sizes, modes, themes, attributes } = order;
    let mut modes: Vec<Mode> = modes.into_iter().map(|Reader(mode)| mode).collect();
    if modes.is_empty() {
        modes.extend(Mode::ALL);
    }
    let panels = sizes.into_iter().map(|Pixels(panel)| panel).collect();
    let attributes = attributes.into_iter().map(|Known(name, value)| (name, value)).collect();
    let shot = Shot { folder, looks: themes, languages, panels, modes, attributes, sheet: out, each };
    let Taken { tiles, problems, warnings } = shot.take().inspect_err(tell)?;
    for warning in &warnings {
        let _ = writeln!(io::stderr(), "warning: {warning}");
    }
    for problem in &problems {
        let _ = writeln!(io::stderr(), "{problem}");
    }
    if !problems.is_empty() {
        let _ = writeln!(io::stderr(), "error: cannot be published as it is, problems: {}", problems.len());
    }
    // The sheet is there, whether anybody reads this or not.
    let _ = writeln!(io::stdout(), "{}: {} pictures", shot.sheet.display(), tiles.len());
    Ok(problems.is_empty())
}

/// What is to be put right where there is nothing to show, line by line.
fn tell(error: &ShotError) {
    if let ShotError::Preview { source: PreviewError::Check(CheckError::Problems { problems, .. }), .. } = error {
        for problem in problems {
            let _ = writeln!(io::stderr(), "{problem}");
        }
    }
}
