//! The desk in a browser: what a person does with a mouse or with keys alone happens at the machine, and shows on the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::{fs, path::Path, thread::sleep, time::Duration};
use tempfile::TempDir;
use touchpoint_tests::{
    browser::{Browser, VIEWPORT},
    patience::eventually,
    process::{Service, program},
    workspace,
};

/// How long a customer reads before they touch anything. What is touched sooner was not meant for the screen, and counts for nothing.
const READS: Duration = Duration::from_secs(1);

/// Finds the first wide and high area of this colour on the glass, and returns its middle in pixels of the window.
const FIND: &str = "
    const glass = document.getElementById('glass'), box = glass.getBoundingClientRect();
    const { width, height } = glass, wide = Math.floor(width / 8), high = Math.floor(height / 20);
    const pixels = glass.getContext('2d').getImageData(0, 0, width, height).data;
    const is = (x, y) => COLOUR.every((part, at) => pixels[4 * (y * width + x) + at] === part);
    for (let y = 0; y < height - high; y++) {
        for (let x = 0, run = 0; x < width; x++) {
            run = is(x, y) ? run + 1 : 0;
            const middle = x - Math.floor(wide / 2);
            if (run >= wide && is(middle, y + 6) && is(x, y + high)) {
                const [right, down] = [x - wide + 8, y + Math.floor(high / 2)];
                return [box.left + right * box.width / width, box.top + down * box.height / height];
            }
        }
    }
    return null;";

/// A desk with a page.
struct Desk {
    service: Service,
    page: String,
    folder: TempDir,
}

impl Desk {
    /// On a Monday morning, with campaign files of its own.
    fn open() -> Desk {
        let folder = TempDir::new().unwrap();
        for file in workspace::files(&workspace::demo_campaigns()) {
            fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
        }
        let mut command = program("touchpoint-sim");
        command.args(["web", "--listen", "127.0.0.1:0", "--at", "2026-11-02T10:15:00+01:00", "--campaigns"]);
        let mut service = Service::start(command.arg(folder.path()).env("RUST_LOG", "touchpoint_sim=info"));
        let page = service.says("ready")["page"].as_str().unwrap().to_owned();
        Desk { service, page, folder }
    }

    fn state(&self) -> Value {
        let mut answer = ureq::get(format!("{}/v1/state", self.page)).call().unwrap();
        answer.body_mut().read_json().unwrap()
    }

    /// Waits until the machine has everything that head office has.
    fn is_synchronised(&self) {
        eventually("everything to be there", || {
            let state = self.state();
            let (line, office) = (&state["line"], &state["office"]);
            let same = ["customers", "campaigns"].iter().all(|name| line[name] == office[name]);
            if same { Ok(()) } else { Err(line.to_string()) }
        });
    }

    /// The facts of its journal, the first first.
    fn facts(&self) -> Vec<String> {
        let state = self.state();
        let facts = state["journal"]["last"].as_array().unwrap().iter().rev();
        facts.map(|fact| fact["what"].as_str().unwrap().to_owned()).collect()
    }

    fn closes(self) {
        let finished = self.service.terminate();
        assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    }
}

/// The colour of the first answer, as the sample bank has it, as an array of JavaScript.
fn accent() -> String {
    let checked = touchpoint_hub::check(&workspace::demo_campaigns()).unwrap();
    let accent = serde_json::to_value(&checked.bundle.theme).unwrap()["accent"].as_str().unwrap().to_owned();
    let parts = (1..7).step_by(2).map(|at| u8::from_str_radix(&accent[at..at + 2], 16).unwrap().to_string());
    format!("[{}]", parts.collect::<Vec<_>>().join(","))
}

/// Touches the first answer on the glass with the mouse.
fn touch_the_first_answer(browser: &Browser) {
    sleep(READS);
    let find = format!("const COLOUR = {};{FIND}", accent());
    let place = eventually("a button on the glass", || match browser.run(&find) {
        Value::Array(place) => Ok(place),
        _ => Err("no button".to_owned()),
    });
    browser.click_at(place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
}

fn picture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn with_the_mouse_a_customer_is_sent_to_the_machine_and_touches_the_answer_that_is_recorded() {
    let (desk, browser) = (Desk::open(), Browser::start());
    browser.open(&desk.page);
    desk.is_synchronised();
    browser.wait_for("document.querySelector('[data-customer=anna]')");
    browser.click("[data-customer=anna]");
    browser.wait_for("document.querySelector('#verdicts .won td')?.textContent === 'savings'");
    browser.wait_for("document.getElementById('glass').width === 1024");
    touch_the_first_answer(&browser);
    eventually("the answer to be recorded", || {
        let facts = desk.facts();
        match &facts[..] {
            [shown, ended] if shown == "shown: savings in de" && ended.starts_with("ended: savings, accept after") => {
                Ok(())
            }
            _ => Err(facts.join("\n")),
        }
    });
    browser.wait_for("document.getElementById('sign-journal').textContent.includes('all delivered')");
    browser.keep_picture(&picture("desk.png"));

    // Why it won, why the others did not; a fault by its switch.
    let why = browser.run("return document.getElementById('verdicts').innerText");
    assert!(why.as_str().unwrap().contains("is for customers in"), "{why}");
    browser.click("[data-fault=line-cut]");
    browser.wait_for("document.getElementById('sign-line').className === 'bad'");
    browser.click("[data-customer=stranger]");
    browser.wait_for("document.getElementById('sign-journal').textContent.includes('waiting')");
    browser.click("[data-fault=power-cut]");
    browser.wait_for("document.getElementById('sign-kiosk').textContent.includes('off')");
    browser.keep_picture(&picture("desk-faults.png"));

    // All of it on a small screen, and nothing that the browser had to complain about.
    let (width, height) = VIEWPORT;
    let size = browser.run("const page = document.scrollingElement; return [page.scrollWidth, page.scrollHeight]");
    assert_eq!(size, serde_json::json!([width, height]));
    let glass = browser.run("const box = document.getElementById('glass').getBoundingClientRect(); return box.bottom");
    assert!(glass.as_f64().unwrap() < f64::from(height), "{glass}");
    assert_eq!(browser.complaints(), [""; 0]);
    desk.closes();
}

#[test]
fn with_keys_alone_the_same_is_done_and_a_changed_campaign_is_on_the_glass_at_once() {
    const TAB: &str = "\u{E004}";
    const ENTER: &str = "\u{E007}";
    let (desk, browser) = (Desk::open(), Browser::start());
    browser.open(&desk.page);
    desk.is_synchronised();
    browser.wait_for("document.querySelector('[data-customer=dora]')");
    let reached = (0..30).any(|_| {
        browser.press(TAB);
        browser.run("return document.activeElement.dataset.customer === 'dora'") == Value::Bool(true)
    });
    assert!(reached, "the tab key reaches every customer");
    let outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, "solid", "the focus is seen");
    browser.press(ENTER);
    browser.wait_for("document.querySelector('#answers [data-answer=decline]')");
    browser.press("2");
    eventually("the answer to be recorded", || match &desk.facts()[..] {
        [_, ended] if ended.starts_with("ended: round-up, decline") => Ok(()),
        facts => Err(facts.join("\n")),
    });
    browser.press("l");
    browser.press("b");
    browser.wait_for("document.getElementById('decision').textContent.includes('family-insurance')");

    // A mistake in a file is told with its place; put right, it is published, and on the machine.
    let file = desk.folder.path().join("round-up.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("priority = 40", "priority = 200")).unwrap();
    browser.wait_for("document.getElementById('problems').textContent.includes('round-up.toml:5 priority: 200')");
    browser.keep_picture(&picture("desk-problem.png"));
    fs::write(&file, text.replace("priority = 40", "priority = 41")).unwrap();
    browser.wait_for("document.getElementById('problems-section').hidden");
    browser.wait_for("document.getElementById('sign-campaigns').textContent.includes('revision 2')");
    assert_eq!(browser.complaints(), [""; 0]);
    desk.closes();
}

#[test]
fn the_page_is_for_this_machine_alone_and_says_nothing_of_a_number() {
    let desk = Desk::open();
    let status = |request: ureq::RequestBuilder<ureq::typestate::WithoutBody>| {
        request.config().http_status_as_error(false).build().call().unwrap().status().as_u16()
    };
    assert_eq!(status(ureq::get(format!("{}/", desk.page))), 200);
    assert_eq!(status(ureq::get(format!("{}/v1/state", desk.page)).header("host", "evil.example")), 421);
    let command = |body: &str| {
        let request = ureq::post(format!("{}/v1/command", desk.page)).config().http_status_as_error(false).build();
        let mut answer = request.content_type("application/json").send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    for (number, status) in [("4111111111111111", 204), ("4111111111111112", 409), ("41111111\\", 422)] {
        let (got, said) = command(&format!(r#"{{"do":"type","what":"card","number":"{number}"}}"#));
        assert_eq!(got, status, "{said}");
        assert!(!said.contains("4111"), "{said}");
    }
    assert!(!desk.state().to_string().contains("4111"));
    let far = touchpoint_tests::process::run(program("touchpoint-sim").args(["web", "--listen", "0.0.0.0:0"]));
    assert_eq!(far.status.code(), Some(2), "{}", far.stderr);
    assert!(far.stderr.contains("is reachable from other machines"), "{}", far.stderr);
    desk.closes();
}
