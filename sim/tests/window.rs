//! The window on a real X server without a screen (Xvfb): a key sends a customer, and a click of the mouse is the answer recorded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread::{sleep, spawn},
    time::Duration,
};

/// Far longer than anything here takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a customer reads before they touch anything. What is touched sooner counts for nothing.
const READS: Duration = Duration::from_secs(1);

/// The middle of the first of three answers on a panel of 1024x768, within some forty pixels each way.
const FIRST_ANSWER: [&str; 2] = ["187", "648"];

/// A program that is gone when dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> (Running, ChildStdout) {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = child.stdout.take().unwrap();
        (Running(child), out)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line as it comes, until none comes in time.
struct Lines(mpsc::Receiver<String>);

impl Lines {
    fn of(out: impl Read + Send + 'static) -> Lines {
        let (lines, received) = mpsc::channel();
        spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        Lines(received)
    }

    /// Waits for the line that has this in it.
    fn say(&self, wanted: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(wanted) => return line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("{wanted:?} was not said, but:\n{}", seen.join("\n")),
            }
        }
    }
}

#[test]
fn in_a_window_a_key_sends_a_customer_and_the_mouse_is_their_finger() {
    // The server takes a number that is free, and says which.
    let server = ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"];
    let (_server, out) = Running::start(Command::new("Xvfb").args(server));
    let display = format!(":{}", Lines::of(out).say("").trim());
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchpoint-sim"));
    command.args(["window", "--at", "2026-11-02T10:15:00+01:00", "--customers", "20"]).env("DISPLAY", &display);
    let (_desk, out) = Running::start(&mut command);
    let desk = Lines::of(out);
    let does = |what: &[&str]| {
        let done = Command::new("xdotool").args(what).env("DISPLAY", &display).output().unwrap();
        assert!(done.status.success(), "{what:?}: {}", String::from_utf8_lossy(&done.stderr));
    };

    desk.say("Esc    closes the desk");
    desk.say("line: up");
    does(&["search", "--sync", "--name", "Touchpoint desk", "windowmove", "0", "0", "windowfocus", "--sync"]);
    desk.say("customers: all there");
    does(&["key", "d"]);
    desk.say("Dora is shown round-up");
    sleep(READS);
    does(&["mousemove", FIRST_ANSWER[0], FIRST_ANSWER[1], "click", "1"]);
    desk.say("round-up ended: accept");
    does(&["key", "shift+1"]);
    desk.say("Line cut: ");
    does(&["key", "Escape"]);
}
