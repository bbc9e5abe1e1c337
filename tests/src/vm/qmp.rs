//! QEMU's monitor: one JSON object a line over a Unix socket (<https://www.qemu.org/docs/master/interop/qmp-spec.html>).

use crate::patience::{PATIENCE, within};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
};

/// A connection, past its greeting.
#[derive(Debug)]
pub struct Qmp(BufReader<UnixStream>);

impl Qmp {
    /// Connects to a QEMU that is starting.
    pub fn connect(socket: &Path) -> Qmp {
        let stream = within(PATIENCE, "the monitor", || UnixStream::connect(socket).map_err(|error| error.to_string()));
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut qmp = Qmp(BufReader::new(stream));
        let greeting = qmp.line();
        assert!(greeting["QMP"].is_object(), "{greeting}");
        qmp.execute("qmp_capabilities", json!({}));
        qmp
    }

    /// Executes a command; returns what it returns.
    ///
    /// # Panics
    /// It fails.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Value {
        let line = format!("{}\n", json!({ "execute": command, "arguments": arguments }));
        self.0.get_mut().write_all(line.as_bytes()).unwrap();
        loop {
            let answer = self.line();
            // What happens meanwhile is told in between.
            if answer["event"].is_null() {
                assert!(answer["error"].is_null(), "{command}: {answer}");
                return answer["return"].clone();
            }
        }
    }

    /// Something is done at a keyboard or a touch panel, all at once.
    pub fn input(&mut self, events: Value) {
        self.execute("input-send-event", json!({ "events": events }));
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the monitor answers in time");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}
