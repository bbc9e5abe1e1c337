//! A browser: a real, headless Chromium with a fresh profile, driven over WebDriver (W3C), gone when dropped.
//!
//! Clicks and keys are those of a person: the browser gets them as input events and decides itself what they hit.

use crate::{mosquitto::free_port, patience::eventually};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::{
    fs,
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use ureq::Agent;

/// Debian installs both under these names.
const DRIVER: &str = "/usr/bin/chromedriver";
const BROWSER: &str = "/usr/bin/chromium";

/// What the window shows of a page, in pixels: the smallest that pages are made for.
pub const VIEWPORT: (u32, u32) = (1280, 800);

/// Longest answer of the driver. A browser that starts on a busy machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How WebDriver names the id of an element (W3C WebDriver, section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
#[derive(Debug)]
pub struct Browser {
    agent: Agent,
    session: String,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// A new browser, which knows nobody.
    pub fn start() -> Browser {
        let (port, profile) = (free_port(), TempDir::new().unwrap());
        let mut command = Command::new(DRIVER);
        // Chromium's own talk is of no use; what goes wrong on a page is asked for.
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = command.spawn().expect("chromedriver is installed");
        eventually("chromedriver", || match TcpStream::connect(("127.0.0.1", port)) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        });
        let settings = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        let mut browser = Browser {
            agent: settings.into(),
            session: format!("http://127.0.0.1:{port}/session"),
            driver,
            _profile: profile,
        };
        let data = format!("--user-data-dir={}", browser._profile.path().display());
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--force-device-scale-factor=1",
            &data,
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": BROWSER, "args": flags},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let made = browser.post("", &capabilities);
        browser.session = format!("{}/{}", browser.session, made["sessionId"].as_str().expect("a session"));
        let (width, height) = VIEWPORT;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        browser.devtools("Emulation.setDeviceMetricsOverride", &metrics);
        browser
    }

    /// Goes to a page, and returns when it is loaded.
    pub fn open(&self, address: &str) {
        self.post("/url", &json!({"url": address}));
    }

    /// What a function body returns on the page.
    pub fn run(&self, body: &str) -> Value {
        self.post("/execute/sync", &json!({"script": body, "args": []}))
    }

    /// Waits until an expression is true on the page.
    pub fn wait_for(&self, expression: &str) {
        eventually(expression, || match self.run(&format!("return Boolean({expression})")) {
            Value::Bool(true) => Ok(()),
            _ => Err(self.run("return document.body.innerText").as_str().unwrap_or_default().to_owned()),
        });
    }

    /// Presses the left button of the mouse in the middle of an element.
    pub fn click(&self, selector: &str) {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        let id = found[ELEMENT].as_str().unwrap_or_else(|| panic!("{selector}: {found}"));
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// Presses the left button of the mouse at a point of the window.
    pub fn click_at(&self, x: f64, y: f64) {
        let (x, y) = (x.round() as i64, y.round() as i64);
        self.post(
            "/actions",
            &json!({"actions": [{
                "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
                    {"type": "pointerMove", "duration": 0, "x": x, "y": y, "origin": "viewport"},
                    {"type": "pointerDown", "button": 0},
                    {"type": "pointerUp", "button": 0},
                ],
            }]}),
        );
    }

    /// Presses keys one after the other, wherever the focus is. Those without a letter have a code of WebDriver's (section 17.4.2).
    pub fn press(&self, keys: &str) {
        let press = |key: char| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})];
        let presses: Vec<Value> = keys.chars().flat_map(press).collect();
        self.post("/actions", &json!({"actions": [{"type": "key", "id": "keyboard", "actions": presses}]}));
    }

    /// What the window shows, as a PNG.
    pub fn picture(&self) -> Vec<u8> {
        let picture = self.get("/screenshot");
        BASE64.decode(picture.as_str().expect("a picture").as_bytes()).unwrap()
    }

    /// Keeps what the window shows, to be looked at.
    pub fn keep_picture(&self, path: &Path) {
        fs::write(path, self.picture()).unwrap();
    }

    /// What went wrong on the page since this was asked last: errors of scripts, and whatever the page was not allowed to do or load.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({"type": "browser"}));
        let entries = log.as_array().expect("a log").iter();
        let serious = entries.filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        serious.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn devtools(&self, command: &str, params: &Value) {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": params}));
    }

    fn get(&self, path: &str) -> Value {
        value(self.agent.get(format!("{}{path}", self.session)).call())
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        value(self.agent.post(format!("{}{path}", self.session)).send_json(body))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser when the session ends; one that hangs is killed with what it has.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// What the driver answers, if nothing is wrong.
fn value(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
    let mut answer = answer.expect("chromedriver answers");
    let mut body: Value = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_json().expect("JSON");
    let value = body["value"].take();
    assert!(answer.status().is_success(), "{}: {}", value["error"], value["message"]);
    value
}
