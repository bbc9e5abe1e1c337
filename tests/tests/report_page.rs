//! Head office's report in a browser: it loads without a word of complaint, its charts are there, and it fits a small screen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use std::path::Path;
use tempfile::TempDir;
use touchpoint_tests::{
    browser::Browser,
    head_office::{ANNA, BEN, CHLOE, HeadOffice, STRANGER},
    mosquitto::Mosquitto,
    process::done,
};

#[test]
fn the_report_of_a_morning_is_a_page_with_charts_and_the_numbers_beside_them() {
    let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
    let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
    let _hub = office.serve();
    let agent = office.kiosk().start();
    agent.holds(1, 1);
    for (who, answer) in [(ANNA, Some("accept")), (BEN, Some("decline")), (CHLOE, None), (STRANGER, None)] {
        agent.api.arrives(who);
        answer.into_iter().for_each(|answer| agent.api.answers(answer));
        agent.api.leaves();
    }
    // Shown and ended three times, and once not shown.
    agent.records(7);
    agent.delivers();
    let page = folder.path().join("report.html");
    done(office.command("report").arg("--html").arg(&page));

    let browser = Browser::start();
    browser.open(&format!("file://{}", page.display()));
    assert_eq!(browser.run("return document.querySelector('h1').textContent"), "Campaign report");
    let charts = "return [...document.querySelectorAll('svg')].map(chart => chart.getBoundingClientRect())\
                  .filter(box => box.width > 200 && box.height > 40 && box.right <= innerWidth).length";
    let all = browser.run("return document.querySelectorAll('svg').length");
    assert!(all.as_u64().unwrap() >= 3, "{all} charts");
    assert_eq!(browser.run(charts), all, "a chart is too small, or beside the page");
    let said = browser.run("return document.querySelector('main').innerText");
    let said = said.as_str().unwrap();
    assert!(said.contains("savings") && said.contains("family-insurance"), "{said}");
    assert_eq!(browser.run("return document.querySelectorAll('script').length"), json!(0));
    let beyond = "const page = document.scrollingElement; return page.scrollWidth - page.clientWidth";
    assert_eq!(browser.run(beyond), json!(0), "it scrolls sideways");
    browser.keep_picture(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.png"));
    assert_eq!(browser.complaints(), [""; 0]);
}
