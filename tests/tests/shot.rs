//! A contact sheet from the command line, as somebody in marketing asks for one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};
use tempfile::TempDir;
use touchpoint_tests::{
    process::{Finished, program, run},
    workspace,
};

/// One picture of each view of a folder.
fn shot(folder: &Path, out: &Path) -> Finished {
    let mut command = program("touchpoint-sim");
    command
        .args(["shot", "--language", "en", "--size", "1024x768", "--mode", "standard", "--out"])
        .arg(out)
        .arg(folder);
    run(&mut command)
}

#[test]
fn both_of_the_demos_folders_have_a_sheet_and_nothing_to_put_right() {
    let out = TempDir::new().unwrap();
    for (folder, pictures) in [("campaigns", 16), ("retailer", 9)] {
        let sheet = out.path().join(folder);
        let finished = shot(&workspace::root().join("sim/demo").join(folder), &sheet);
        assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""), "{folder}");
        assert_eq!(finished.stdout, format!("{}: {pictures} pictures\n", sheet.display()));
        assert!(fs::read(&sheet).unwrap().starts_with(b"\x89PNG"), "{folder}");
    }
}

#[test]
fn a_folder_with_a_mistake_has_a_sheet_and_the_mistake_is_told_by_file_and_line() {
    let (folder, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for file in workspace::files(&workspace::root().join("sim/demo/retailer")) {
        fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    let file = folder.path().join("see-you-soon.toml");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("Bis bald!", "Ihre PIN bitte")).unwrap();
    let sheet = out.path().join("sheet.png");
    let finished = shot(folder.path(), &sheet);
    assert_eq!(finished.status.code(), Some(1));
    let told = format!("{}:17:1: text.de.title: names \"pin\"", file.display());
    assert!(finished.stderr.starts_with(&told), "{}", finished.stderr);
    assert!(finished.stderr.ends_with("error: cannot be published as it is, problems: 1\n"), "{}", finished.stderr);
    assert!(sheet.exists());
}

#[test]
fn a_folder_that_is_none_is_told_from_one_and_so_is_a_wrong_size() {
    let out = TempDir::new().unwrap();
    let sheet = out.path().join("sheet.png");
    let finished = shot(&out.path().join("nothing"), &sheet);
    assert_eq!(finished.status.code(), Some(1));
    assert!(
        finished.stderr.contains("nothing cannot be shown: cannot read the campaign folder"),
        "{}",
        finished.stderr
    );
    assert!(!sheet.exists());
    let wrong = run(program("touchpoint-sim").args(["shot", "--size", "large", "."]));
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.stderr.contains("a panel is written like 1024x768"), "{}", wrong.stderr);
}
