//! A desk that is killed, and cleans nothing up: its disk goes with it all the same, and the next desk clears its folder away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::fs;
use tempfile::TempDir;
use touchpoint_tests::process::{Service, program};

/// The desks' disks that this process sees mounted below a folder: lines of proc_pid_mountinfo(5).
fn disks(process: &str, folder: &TempDir) -> Vec<String> {
    let mounts = fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap();
    let below = folder.path().to_str().unwrap();
    mounts.lines().filter(|line| line.contains("touchpoint-desk") && line.contains(below)).map(str::to_owned).collect()
}

/// A desk whose files lie below a folder, and its page.
fn desk(folder: &TempDir) -> (Service, String) {
    let mut command = program("touchpoint-sim");
    command.args(["web", "--listen", "127.0.0.1:0", "--customers", "20"]).env("TMPDIR", folder.path());
    let mut desk = Service::start(command.env("RUST_LOG", "touchpoint_sim=info"));
    let page = desk.says("ready")["page"].as_str().unwrap().to_owned();
    (desk, page)
}

#[test]
fn a_desk_that_is_killed_leaves_no_disk_mounted_and_its_folder_until_the_next() {
    let folder = TempDir::new().unwrap();
    let (desk_to_kill, page) = desk(&folder);
    let state: Value = ureq::get(format!("{page}/v1/state")).call().unwrap().body_mut().read_json().unwrap();
    let faults = state["faults"].as_array().unwrap();
    let full = faults.iter().find(|line| line["fault"] == "disk-full").unwrap();
    // Whoever may not mount has no disk, and is told so.
    let may_mount = full["unavailable"].is_null();
    assert_eq!(disks(&desk_to_kill.id().to_string(), &folder).len(), usize::from(may_mount), "{full}");
    assert_eq!(disks("self", &folder), [""; 0], "it is mounted for everybody");
    let folders = || fs::read_dir(folder.path()).unwrap().count();
    let (beside, _) = desk(&folder);
    assert_eq!(folders(), 2, "whoever is still there keeps theirs");
    desk_to_kill.kill();
    assert_eq!((disks("self", &folder), folders()), (vec![], 2));
    let (next, _) = desk(&folder);
    assert_eq!(folders(), 2, "its own, and that of the one beside it");
    for desk in [beside, next] {
        desk.terminate();
    }
    assert_eq!(folders(), 0);
    folder.close().expect("nothing of it is in use");
}
