//! Whatever ends the bench, nothing of it is left: no process, and no folder with a million customers.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};
use tempfile::TempDir;
use tokio::{
    runtime::Runtime,
    select,
    signal::unix::{SignalKind, signal},
    time::sleep,
};

/// How a shell tells that a program was interrupted.
const INTERRUPTED: i32 = 130;

/// Until programs that were killed have let go of their files.
const LET_GO: Duration = Duration::from_millis(200);

/// A folder in which all others are made; removed at the end, and also when somebody interrupts.
pub(crate) fn folder(runtime: &Runtime) -> Result<TempDir, String> {
    let folder = TempDir::new().map_err(|error| format!("no folder: {error}"))?;
    // Mosquitto becomes another user, who has to find its own folder in this one.
    let open = fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755));
    open.map_err(|error| format!("{}: {error}", folder.path().display()))?;
    tempfile::env::override_temp_dir(folder.path())
        .map_err(|path| format!("folders are made in {} already", path.display()))?;
    let path = folder.path().to_owned();
    runtime.spawn(async move {
        let listen = |kind| signal(kind).expect("signals can be listened to");
        let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
        select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        end_programs();
        sleep(LET_GO).await;
        let _ = fs::remove_dir_all(path);
        std::process::exit(INTERRUPTED);
    });
    Ok(folder)
}

/// Kills the programs that this one has started, whichever of its threads did.
fn end_programs() {
    let threads = fs::read_dir(Path::new("/proc/self/task")).into_iter().flatten().flatten();
    for thread in threads {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let _ = Command::new("kill").args(["-KILL", child]).status();
        }
    }
}
