//! A kiosk as a technician has it: the agent in its folder.

use crate::{
    api::Api,
    patience::{RECONNECTED, eventually, within},
    process::{Finished, Service, program, run},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the agent says of itself when somebody may speak to it.
const READY: &str = "ready";

/// The folder of a device.
#[derive(Debug)]
pub struct Kiosk {
    /// Where `agent.toml` is.
    pub folder: PathBuf,
}

/// An agent that runs.
#[derive(Debug)]
pub struct RunningKiosk {
    /// The process.
    pub service: Service,
    /// Its local API.
    pub api: Api,
}

impl Kiosk {
    /// The folder as head office wrote it, but for one thing: the API listens on a free port, as several tests run at once.
    pub fn configured(folder: PathBuf) -> Kiosk {
        let kiosk = Kiosk { folder };
        kiosk.edit("listen = \"127.0.0.1:8477\"", "listen = \"127.0.0.1:0\"");
        kiosk
    }

    /// Changes one line of its settings, as a technician would.
    ///
    /// # Panics
    /// The line does not stand there exactly once.
    pub fn edit(&self, line: &str, new: &str) {
        edit(&self.folder.join("agent.toml"), line, new);
    }

    /// Starts the agent; returns once its API answers.
    pub fn start(&self) -> RunningKiosk {
        self.start_logging("info")
    }

    /// The same, with this much of a log.
    pub fn start_logging(&self, level: &str) -> RunningKiosk {
        let mut service = Service::start(self.command().env("RUST_LOG", level));
        let ready = service.says(READY);
        let place = ready["api"].as_str().expect("where the api listens").to_owned();
        let token = fs::read_to_string(self.folder.join("keys/api.token")).unwrap();
        RunningKiosk { service, api: Api::new(&place, Some(token.trim().to_owned())) }
    }

    /// Runs the agent where it cannot start.
    pub fn fails(&self) -> Finished {
        let finished = run(&mut self.command());
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
        finished
    }

    /// Where its two databases are.
    pub fn databases(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// What runs the agent.
    pub fn command(&self) -> Command {
        let mut command = program("touchpoint-agent");
        command.args(["run", "--config"]).arg(self.folder.join("agent.toml"));
        command
    }
}

impl RunningKiosk {
    /// Waits until its status is as wished, and returns it.
    pub fn reaches(&self, what: &str, wished: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || {
            let status = self.api.status();
            if wished(&status) { Ok(status) } else { Err(status.to_string()) }
        })
    }

    /// Waits until it has a connection again after an outage.
    pub fn reconnects(&self) {
        within(RECONNECTED, "a connection", || {
            let status = self.api.status();
            if status["line"]["connected"] == true { Ok(()) } else { Err(status.to_string()) }
        });
    }

    /// Waits until it holds this epoch of the customers and this revision of the campaigns.
    pub fn holds(&self, epoch: u64, campaigns: u64) -> Value {
        self.reaches("customers and campaigns", |status| {
            status["line"]["epoch"] == epoch && status["line"]["campaigns"] == campaigns
        })
    }

    /// Waits until its journal has so many interactions: whoever asks is answered before the answer is written down.
    pub fn records(&self, interactions: u64) -> Value {
        self.reaches("what is to be recorded", |status| status["journal"]["recorded"] == interactions)
    }

    /// Waits until head office has confirmed everything it recorded.
    pub fn delivers(&self) -> Value {
        self.reaches("delivery", |status| status["journal"]["waiting"] == 0)
    }
}

/// Replaces what stands in a file exactly once.
///
/// # Panics
/// It stands there less or more often.
pub fn edit(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(text.matches(old).count(), 1, "{old:?} in {}:\n{text}", file.display());
    fs::write(file, text.replace(old, new)).unwrap();
}
