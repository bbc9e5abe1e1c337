//! The source tree: where it is, and what is in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member of the workspace").to_owned()
}

/// The packages, by the names of their folders.
pub const PACKAGES: [&str; 8] = ["protocol", "link", "vault", "display", "agent", "hub", "sim", "tests"];

/// The demo's campaign folder.
pub fn demo_campaigns() -> PathBuf {
    root().join("sim/demo/campaigns")
}

/// All files below a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        match path.symlink_metadata().unwrap().file_type() {
            kind if kind.is_dir() => found.extend(files(&path)),
            kind if kind.is_file() => found.push(path),
            _ => {}
        }
    }
    found.sort();
    found
}

/// A file of the workspace: its path from the root, and its text.
#[derive(Debug)]
pub struct Source {
    /// The path, as it is written in messages.
    pub path: String,
    /// The text.
    pub text: String,
}

/// All files of the packages with one of these extensions.
pub fn sources(packages: &[&str], extensions: &[&str]) -> Vec<Source> {
    let root = root();
    let all = packages.iter().flat_map(|package| files(&root.join(package)));
    let wanted = |path: &PathBuf| path.extension().is_some_and(|own| extensions.iter().any(|one| own == *one));
    all.filter(wanted)
        .map(|path| Source {
            path: path.strip_prefix(&root).unwrap().display().to_string(),
            text: fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        })
        .collect()
}

impl Source {
    /// The code that is shipped: everything before the test module, which stands last, without comments.
    pub fn shipped_code(&self) -> String {
        let (shipped, _) = self.text.split_once("#[cfg(test)]\n#[allow(").unwrap_or((&self.text, ""));
        let code = shipped.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
        code.collect::<Vec<_>>().join("\n")
    }
}
