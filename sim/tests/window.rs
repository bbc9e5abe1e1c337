//! The window on a real X server without a screen (Xvfb): a key sends a customer, a click of the mouse is their answer, and head office has it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread::{sleep, spawn},
    time::{Duration, Instant},
};
use touchpoint_display::{Glass, Point, Screen, Size, panel::MemoryPanel};
use touchpoint_hub::Trial;
use touchpoint_sim::preview::{Attributes, Preview};

/// Far longer than anything here takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a customer reads before they touch anything. What is touched sooner was not meant for the screen, and counts for nothing.
const READS: Duration = Duration::from_secs(1);

/// The kiosk's screen, as the desk has it if nothing else is said.
const SCREEN: Size = Size::new(1024, 768);

/// A program that runs, with what it says on either stream, line by line. Dropped, it is asked to end, and has ended.
struct Running {
    name: String,
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    fn start(command: &mut Command) -> Running {
        let name = format!("{command:?}");
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{name}: {error}; tests/run says what to install"));
        let (sender, lines) = mpsc::channel();
        let out: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in out {
            let sender = sender.clone();
            spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        }
        Running { name, child, lines }
    }

    /// Waits for the line that has this in it.
    fn says(&self, wanted: &str) -> String {
        let (mut seen, deadline) = (Vec::new(), Instant::now() + PATIENCE);
        loop {
            let why = match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(wanted) => return line,
                Ok(line) => {
                    seen.push(line);
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => format!("within {PATIENCE:?}"),
                Err(RecvTimeoutError::Disconnected) => "before it ended".to_owned(),
            };
            panic!("{} did not say {wanted:?} {why}, but:\n{}", self.name, seen.join("\n"));
        }
    }

    /// Waits for its end.
    fn ends(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // Not killed if it can be helped: the server removes its lock, and the desk its folder.
            let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
            if self.ends().is_none() {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
    }
}

/// An X server with a mouse and a keyboard that are moved by `xdotool`.
struct Display {
    _server: Running,
    name: String,
}

impl Display {
    fn start() -> Display {
        // The server takes a number that is free, and says which.
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1600x900x24", "-nolisten", "tcp"]);
        let server = Running::start(&mut command);
        // Nothing else that it says is a number alone.
        let number = std::iter::repeat_with(|| server.says("")).find(|line| line.parse::<u32>().is_ok()).unwrap();
        Display { _server: server, name: format!(":{number}") }
    }

    fn does(&self, what: &[&str]) -> String {
        let mut command = Command::new("timeout");
        // A window that never comes would be waited for without an end.
        command.arg(PATIENCE.as_secs().to_string()).arg("xdotool").args(what).env("DISPLAY", &self.name);
        let done = command.output().unwrap();
        assert!(done.status.success(), "xdotool {what:?}: {} {}", done.status, String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }
}

/// The middle of the first answer of a campaign's message, as the very screen of a device has it.
fn first_answer(campaign: &str) -> Point {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/campaigns");
    let preview = Preview::open(&folder, Trial { modes: &[], ..Trial::default() }).unwrap();
    let sights = preview.sights(&"en".parse().unwrap(), &Attributes::default());
    let sight = sights.iter().find(|sight| sight.name == campaign).expect(campaign);
    let mut screen = Screen::on(Glass::of(SCREEN), Box::new(MemoryPanel::new(SCREEN)), preview.theme());
    screen.show(&sight.view).unwrap();
    let points = (0..SCREEN.height as i32).flat_map(|y| (0..SCREEN.width as i32).map(move |x| Point::new(x, y)));
    let button: Vec<Point> = points.filter(|point| screen.answer_at(*point) == Some(0)).collect();
    button[button.len() / 2]
}

#[test]
fn in_a_window_a_key_sends_a_customer_and_the_mouse_gives_the_answer_that_head_office_gets() {
    let display = Display::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchpoint-sim"));
    command.args(["window", "--at", "2026-11-02T10:15:00+01:00", "--customers", "20"]);
    command.env("DISPLAY", &display.name).env("SDL_VIDEODRIVER", "x11").env_remove("RUST_LOG");
    let mut desk = Running::start(&mut command);
    desk.says("line: up");
    let window = display.does(&["search", "--sync", "--onlyvisible", "--name", "^Touchpoint desk$"]);
    display.does(&["windowfocus", "--sync", &window]);
    desk.says("customers and campaigns: all there");

    display.does(&["key", "d"]);
    desk.says("Dora is shown round-up");
    sleep(READS);
    let at = first_answer("round-up");
    display.does(&["mousemove", "--window", &window, &at.x.to_string(), &at.y.to_string(), "click", "1"]);
    desk.says("round-up ended: accept");
    desk.says("journal: 2 recorded, 2 safe at head office");

    // What goes wrong is a key away, and so is the end.
    display.does(&["key", "shift+1"]);
    desk.says("Line cut: ");
    display.does(&["key", "Escape"]);
    let status = desk.ends().expect("Esc closes the desk");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_window_without_a_display_that_answers_is_refused_and_no_desk_is_set_up() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchpoint-sim"));
    command.args(["window", "--customers", "20"]).env("DISPLAY", ":65000");
    command.env_remove("WAYLAND_DISPLAY").env_remove("SDL_VIDEODRIVER");
    let mut desk = Running::start(&mut command);
    desk.says("there is no display for a window: no X server answers at DISPLAY");
    assert_eq!(desk.ends().expect("it ends by itself").code(), Some(1));
}
