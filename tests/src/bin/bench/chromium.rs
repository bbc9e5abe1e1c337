//! The other way to put an offer on a screen: a page in Chromium, as a good developer would write it. The page is loaded once and
//! stays; it waits for a card, asks for the offer, changes what is different, and is done once that is painted. Page, data and
//! picture are on loopback, and answered at once. It times itself, from when it knows of the card to when the browser says that the words
//! were on the screen, so what it costs to hear of the card and to report is not counted.

use crate::{lab::Lab, meter, offer};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{Html, IntoResponse},
    routing::{get, post},
};
use serde_json::{Value, json};
use std::{
    process::Command,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::{Mutex, mpsc};
use touchpoint_tests::process::Service;

/// The page.
const PAGE: &str = include_str!("page.html");

/// How long the browser may take for anything; its start is the longest.
const PATIENCE: Duration = Duration::from_secs(60);

/// Size of the window, in pixels: that of the device's panel.
const SIZE: [u32; 2] = [1024, 768];

/// What a kiosk's browser is started with; the first two, because there is no screen, and because it may be root who measures.
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--kiosk",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--noerrdialogs",
    "--hide-scrollbars",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-sync",
];

/// A browser that shows the page.
pub(crate) struct Chromium {
    service: Service,
    cards: mpsc::Sender<Value>,
    reports: Receiver<Value>,
    // Last: its profile lies in it.
    _profile: TempDir,
}

/// What the server passes on between bench and page.
#[derive(Clone)]
struct Counter {
    cards: Arc<Mutex<mpsc::Receiver<Value>>>,
    reports: Sender<Value>,
}

impl Chromium {
    /// Starts it; returns once the page has shown everything once.
    pub(crate) fn new(lab: &Lab) -> Chromium {
        lab.says("chromium");
        let installed = Command::new("chromium").arg("--version").output().is_ok_and(|said| said.status.success());
        assert!(installed, "chromium is not installed: apt-get install chromium");
        let (cards, waiting) = mpsc::channel(1);
        let (reports, reported) = channel();
        let place = serve(lab, Counter { cards: Arc::new(Mutex::new(waiting)), reports });
        let profile = TempDir::new().expect("a folder");
        let mut command = Command::new("chromium");
        let [width, height] = SIZE;
        command.args(FLAGS).arg(format!("--screen-info={{{width}x{height}}}"));
        command.arg(format!("--window-size={width},{height}"));
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg(place);
        let chromium = Chromium { service: Service::start(&mut command), cards, reports: reported, _profile: profile };
        let ready = chromium.reported();
        assert_eq!(ready["size"], json!(SIZE), "the window is of another size");
        for name in ["Anna", "Ben", "Chloe"] {
            chromium.shows(name);
            chromium.invites();
        }
        chromium
    }

    /// Shows the offer to somebody of this name: milliseconds from the moment the page knows of the card until the browser has it on
    /// the screen.
    pub(crate) fn shows(&self, name: &str) -> f64 {
        self.tells(json!({ "customer": name }))["took_ms"].as_f64().expect("a time")
    }

    /// Shows the invitation.
    pub(crate) fn invites(&self) {
        self.tells(json!({ "customer": null }));
    }

    /// Memory of all its processes, in MiB.
    pub(crate) fn proportional_mib(&self) -> f64 {
        meter::proportional_mib(&meter::family(self.service.id()))
    }

    fn tells(&self, card: Value) -> Value {
        self.cards.blocking_send(card).expect("the server serves");
        self.reported()
    }

    fn reported(&self) -> Value {
        let report = self.reports.recv_timeout(PATIENCE);
        report.unwrap_or_else(|error| panic!("chromium says nothing ({error}):\n{}", self.service.stderr()))
    }
}

/// Serves the page as long as the bench runs; where it is.
fn serve(lab: &Lab, counter: Counter) -> String {
    // Asked for once in the life of the page.
    let lasting = |kind: &'static str, bytes: Bytes| {
        get(move || async move { ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "max-age=86400, immutable")], bytes) })
    };
    let routes = Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/savings.png", lasting("image/png", offer::picture().into()))
        .route("/code.svg", lasting("image/svg+xml", offer::code().into()))
        .route("/card", get(card))
        .route("/offer/{name}", get(|Path(name): Path<String>| async move { Json(offer::data(&name)) }))
        .route("/report", post(report))
        .with_state(counter);
    lab.runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let place = listener.local_addr().expect("it listens");
        tokio::spawn(async { axum::serve(listener, routes).await });
        format!("http://{place}/")
    })
}

/// The next card, as soon as there is one.
async fn card(State(counter): State<Counter>) -> impl IntoResponse {
    Json(counter.cards.lock().await.recv().await)
}

/// What the page reports.
async fn report(State(counter): State<Counter>, Json(report): Json<Value>) {
    let _ = counter.reports.send(report);
}
