//! Whether words can be told from what they stand on.

use crate::{document::Tables, problem::Problem};
use touchpoint_display::{Theme, ThemeProblem};

/// Which colours stand on which and do not stand out, by the key of what is written.
pub(super) fn problems(theme: &Theme, tables: &Tables<'_>) -> Vec<Problem> {
    let problem = |found: ThemeProblem| {
        let key = match found {
            ThemeProblem::Contrast { upper, .. } => format!("theme.{upper}"),
            ThemeProblem::Radius { .. } | ThemeProblem::Spacing { .. } => "theme".to_owned(),
        };
        tables.problem_at(&key, found)
    };
    theme.problems().into_iter().map(problem).collect()
}
