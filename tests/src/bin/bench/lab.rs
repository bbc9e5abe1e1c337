//! What figures are measured in: how large everything is, who is told how far it is, and what several figures share.

use crate::tidy;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    io::{IsTerminal, stderr},
    process::{Command, Stdio},
    rc::Rc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use touchpoint_tests::workspace;

/// How often the sign of life moves.
const TICK: Duration = Duration::from_millis(120);

/// Where figures are measured.
pub(crate) struct Lab {
    /// How many customers a device holds, one token each.
    pub(crate) customers: u32,
    /// How many interactions wait in its journal.
    pub(crate) waiting: u32,
    /// Two threads, as many as the agent has.
    pub(crate) runtime: Runtime,
    bar: ProgressBar,
    shared: RefCell<HashMap<TypeId, Rc<dyn Any>>>,
    // Last: what is shared lies in it.
    _folder: TempDir,
}

impl Lab {
    /// Builds agent and head office as they are released, and the lab.
    pub(crate) fn new(quick: bool, figures: usize) -> Result<Lab, String> {
        let bar = ProgressBar::new(figures as u64);
        let style = ProgressStyle::with_template("{spinner} [{pos}/{len}] {elapsed} {prefix} {msg}");
        bar.set_style(style.map_err(|error| error.to_string())?);
        bar.enable_steady_tick(TICK);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| format!("no threads: {error}"))?;
        let (customers, waiting) = if quick { (50_000, 5_000) } else { (1_000_000, 100_000) };
        let folder = tidy::folder(&runtime)?;
        let lab = Lab { customers, waiting, runtime, bar, shared: RefCell::default(), _folder: folder };
        // One after the other: built together, each could be given what only the other asks of a crate.
        for package in ["touchpoint-agent", "touchpoint-hub"] {
            lab.says(format!("cargo build -p {package}"));
            build(package)?;
        }
        Ok(lab)
    }

    /// The next figure.
    pub(crate) fn begin(&self, name: &'static str) {
        self.bar.inc(1);
        self.bar.set_prefix(name);
    }

    /// What is being done for it.
    pub(crate) fn says(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// All is measured.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// What several figures are read from is made, or measured, once.
    pub(crate) fn once<T: 'static>(&self, make: impl FnOnce(&Lab) -> T) -> Rc<T> {
        let known = self.shared.borrow().get(&TypeId::of::<T>()).cloned();
        let found = known.unwrap_or_else(|| {
            // Not borrowed meanwhile: what is made may stand on something else that is shared.
            let made: Rc<dyn Any> = Rc::new(make(self));
            self.shared.borrow_mut().insert(TypeId::of::<T>(), Rc::clone(&made));
            made
        });
        found.downcast().expect("what is kept under a type is of that type")
    }
}

/// Has cargo build a program in the way in which this one was built; does nothing if it is there and up to date.
fn build(package: &str) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "-p", package]).current_dir(workspace::root()).stdin(Stdio::null());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    // Cargo's own progress is the better one; where nobody looks, only what went wrong is of interest.
    if !stderr().is_terminal() {
        command.arg("--quiet");
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{package} was not built: {status}")),
        Err(error) => Err(format!("cargo does not start: {error}")),
    }
}
