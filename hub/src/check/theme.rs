//! The look: whether words can be told from what they stand on, whether its fonts are on a device, and its logo.

use super::{Medium, picture};
use crate::{campaigns::Setting, document::Tables, look, problem::Problem};
use touchpoint_display::{FAMILIES, Mode, Theme, ThemeProblem};
use touchpoint_protocol::{
    digest::Digest,
    limits,
    theme::{self, Fonts},
};

/// A look as it travels and as it is on the glass, with everything that is wrong with it. Its logo is added to the media.
pub(super) fn read(
    setting: &Setting,
    tables: &Tables<'_>,
    media: &mut Vec<Medium>,
) -> (theme::Theme, Theme, Vec<Problem>) {
    let mut written = setting.bundle.theme.clone();
    let (mut problems, mut logo) = (Vec::new(), None);
    if let Some(name) = &setting.logo {
        let path = tables.file().with_file_name(name);
        match picture::read(&path, limits::LOGO)
            .and_then(|bytes| Ok((picture::taken(&path, look::logo(&bytes))?, bytes)))
        {
            Ok((decoded, bytes)) => {
                let sha256 = Digest::of(&bytes);
                (written.logo, logo) = (Some(sha256), Some(decoded));
                media.push(Medium { sha256, bytes });
            }
            Err(what) => problems.push(tables.problem_at("theme.logo", what)),
        }
    }
    problems.extend(fonts(&written.fonts, tables));
    let theme = look::theme(&written, logo);
    problems.extend(seen(&theme, tables));
    (written, theme, problems)
}

/// Fonts in whose place a device would show another.
fn fonts(fonts: &Fonts, tables: &Tables<'_>) -> Vec<Problem> {
    let Fonts { title, body, label } = fonts;
    let named = [("title", title), ("body", body), ("label", label)];
    let named = named.into_iter().filter_map(|(key, family)| Some((key, family.as_ref()?)));
    let absent = named.filter(|(_, family)| !FAMILIES.contains(&family.as_str()));
    absent
        .map(|(key, family)| {
            let what = format!("no device has {family}; there are {}", FAMILIES.join(", "));
            tables.problem_at(&format!("theme.fonts.{key}"), what)
        })
        .collect()
}

/// What a customer would see badly, in any of the ways in which customers read, by the key of what is written.
fn seen(theme: &Theme, tables: &Tables<'_>) -> Vec<Problem> {
    let mut told: Vec<ThemeProblem> = Vec::new();
    for found in Mode::ALL.into_iter().flat_map(|mode| theme.in_mode(mode).problems()) {
        if !told.contains(&found) {
            told.push(found);
        }
    }
    let problem = |found: &ThemeProblem| {
        let key = match found {
            ThemeProblem::Contrast { upper, .. } => upper,
            ThemeProblem::Radius { .. } => "corner_radius_mm",
            ThemeProblem::Spacing { .. } => "spacing_mm",
        };
        tables.problem_at(&format!("theme.{key}"), found)
    };
    told.iter().map(problem).collect()
}
