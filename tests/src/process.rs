//! A program of ours as its users have it: a process with arguments, output, signals and an exit code.

use crate::patience::{PATIENCE, within};
use serde_json::Value;
use std::{
    fmt,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::{JoinHandle, spawn},
    time::{Duration, Instant},
};

/// How long a service may take to stop; a service manager would kill it then.
pub const STOP: Duration = Duration::from_secs(5);

/// Most that is kept of one stream, in bytes. A program that says more runs in circles.
const LONGEST: usize = 256 * 1024 * 1024;

/// What a program said, and how it ended.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// A program that runs, and is killed when this is dropped.
pub struct Service {
    name: String,
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

/// A stream that a thread of its own empties.
struct Stream {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

/// A program of the workspace, ready to be given arguments. It finds no setting of ours in its environment.
///
/// # Panics
/// The program is not built, or older than its sources: says which command builds it.
pub fn program(name: &str) -> Command {
    let path = built().join(name);
    check_built(&path, &format!("cargo build -p {name}"));
    let mut command = Command::new(path);
    for variable in ["RUST_LOG", "TOUCHPOINT_BROKER"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// Makes sure that a program is built, and from the sources that are there.
///
/// # Panics
/// It is not, or older: says which command builds it.
pub fn check_built(program: &Path, command: &str) {
    let build = format!("build it first: {command}");
    assert!(program.exists(), "{} is not there; {build}", program.display());
    if let Some(newer) = newer_source(program) {
        panic!("{} is older than {}; {build}", program.display(), newer.display());
    }
}

/// Where cargo puts programs: `target/<profile>`, of which tests are in `deps`.
fn built() -> PathBuf {
    let ours = std::env::current_exe().unwrap();
    let folder = ours.parent().expect("a program is in a folder");
    if folder.ends_with("deps") {
        folder.parent().expect("target/<profile>/deps").to_owned()
    } else {
        folder.to_owned()
    }
}

/// A source of this program that was changed after it was built, by the list that cargo writes beside it.
fn newer_source(program: &Path) -> Option<PathBuf> {
    let changed = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let list = std::fs::read_to_string(program.with_extension("d")).expect("cargo writes a list of sources");
    let (_, sources) = list.split_once(": ").expect("target: sources");
    // A space within a path is written with a backslash before it.
    let sources = sources.trim().replace("\\ ", "\0");
    let mut sources = sources.split(' ').map(|source| PathBuf::from(source.replace('\0', " ")));
    sources.find(|source| changed(source) > changed(program))
}

/// Runs a program to its end.
///
/// # Panics
/// It does not end within [`PATIENCE`].
pub fn run(command: &mut Command) -> Finished {
    Service::start(command).ended(PATIENCE)
}

/// Runs a program to its end, which must be a good one, and returns its stdout.
///
/// # Panics
/// It fails; shows its stderr.
pub fn done(command: &mut Command) -> String {
    let finished = run(command);
    assert!(finished.status.success(), "{command:?}: {}\n{}", finished.status, finished.stderr);
    finished.stdout
}

impl Service {
    /// Starts it.
    pub fn start(command: &mut Command) -> Service {
        let name = format!("{command:?}");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect(&name);
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Service { name, child, stdout: Stream::of(stdout), stderr: Stream::of(stderr) }
    }

    /// What it has written to stderr by now.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// The fields of the first log line with this message.
    ///
    /// # Panics
    /// It ends, or does not say so within [`PATIENCE`].
    pub fn says(&mut self, message: &str) -> Value {
        self.says_within(PATIENCE, message)
    }

    /// The same, with this much patience.
    ///
    /// # Panics
    /// It ends, or does not say so in time.
    pub fn says_within(&mut self, patience: Duration, message: &str) -> Value {
        within(patience, &format!("{} to say {message:?}", self.name), || {
            let text = self.stderr();
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let mut fields = lines.map(|line| line["fields"].clone());
            if let Some(fields) = fields.find(|fields| fields["message"] == message) {
                return Ok(fields);
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended instead of saying {message:?}:\n{text}", self.name);
            Err(text)
        })
    }

    /// Sends SIGTERM and waits for its end.
    ///
    /// # Panics
    /// It does not end within [`STOP`].
    pub fn terminate(self) -> Finished {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.ended(STOP)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as a power cut does.
    pub fn kill(self) {
        drop(self);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It does not end within this time.
    pub fn ended(mut self, patience: Duration) -> Finished {
        let deadline = Instant::now() + patience;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "{} did not end within {patience:?}:\n{}", self.name, self.stderr());
            std::thread::sleep(Duration::from_millis(5));
        };
        Finished { status, stdout: self.stdout.whole(), stderr: self.stderr.whole() }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({}, process {})", self.name, self.child.id())
    }
}

impl Stream {
    fn of(mut source: impl Read + Send + 'static) -> Stream {
        let text = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&text);
        let reader = spawn(move || {
            let mut chunk = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = source.read(&mut chunk) {
                let mut text = kept.lock().unwrap();
                assert!(text.len() + length <= LONGEST, "more than {LONGEST} bytes of output");
                text.extend_from_slice(&chunk[..length]);
            }
        });
        Stream { text, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    /// Everything, once the program has ended.
    fn whole(&mut self) -> String {
        let reader = std::mem::replace(&mut self.reader, spawn(|| {}));
        reader.join().expect("output within bounds");
        self.text()
    }
}
