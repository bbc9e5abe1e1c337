//! The local API is what its contract says, path by path and field by field; and a decision is explained without a number on any
//! command line or in any answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;
use touchpoint_tests::{
    api::{Answer, Api},
    head_office::{ANNA, HeadOffice},
    kiosk::RunningKiosk,
    mosquitto::Mosquitto,
    process::{Service, program},
    workspace::root,
};

/// What the contract says, in the lines of its YAML: no more of that language is read here than it is written in.
struct Contract(String);

impl Contract {
    fn read() -> Contract {
        Contract(fs::read_to_string(root().join("docs/openapi.yaml")).unwrap())
    }

    /// What stands below a line, as far as it is indented more.
    fn below(text: &str, line: &str) -> String {
        let start = text.find(line).unwrap_or_else(|| panic!("{line:?} is not in the contract")) + line.len();
        let indent = line.trim_start_matches('\n').len() - line.trim_start().len();
        let deeper = |line: &&str| line.is_empty() || line.len() - line.trim_start().len() > indent;
        text[start..].trim_start_matches('\n').lines().take_while(deeper).map(|line| format!("{line}\n")).collect()
    }

    /// The keys that stand this far to the right.
    fn keys(text: &str, indent: usize) -> BTreeSet<String> {
        let of = |line: &str| {
            let (key, _) = line.trim_start().split_once(':')?;
            (line.len() - line.trim_start().len() == indent && !line.starts_with('#'))
                .then(|| key.trim_matches('"').to_owned())
        };
        text.lines().filter_map(of).collect()
    }

    /// The paths with their methods.
    fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = Contract::below(&self.0, "\npaths:");
        let of = |path: String| {
            let methods = Contract::keys(&Contract::below(&paths, format!("  {path}:\n").trim_end_matches('\n')), 4);
            methods.into_iter().map(move |method| (path.clone(), method))
        };
        Contract::keys(&paths, 2).into_iter().flat_map(of).collect()
    }

    /// The statuses of an operation.
    fn statuses(&self, path: &str, method: &str) -> BTreeSet<String> {
        let path = Contract::below(&Contract::below(&self.0, "\npaths:"), &format!("  {path}:"));
        let responses = Contract::below(&Contract::below(&path, &format!("    {method}:")), "      responses:");
        Contract::keys(&responses, 8)
    }

    /// The fields of a schema.
    fn fields(&self, schema: &str) -> BTreeSet<String> {
        let schemas = Contract::below(&self.0, "\n  schemas:");
        Contract::keys(&Contract::below(&schemas, &format!("    {schema}:")), 8)
    }
}

fn fields(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap_or_else(|| panic!("{value} is no object")).keys().cloned().collect()
}

/// What a caller asks for.
fn call(api: &Api, path: &str, method: &str, body: &str) -> Answer {
    match method {
        "get" => api.get(path),
        "delete" => api.delete(path),
        "put" => api.put(path, body),
        "post" => api.post(path, body),
        _ => panic!("{method} is none of ours"),
    }
}

/// A kiosk that has everything, on a line.
fn furnished() -> (TempDir, Mosquitto, HeadOffice, Service, RunningKiosk) {
    let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
    let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
    let (hub, agent) = (office.serve(), office.kiosk().start());
    agent.holds(1, 1);
    (folder, broker, office, hub, agent)
}

#[test]
fn every_path_and_every_field_is_there_and_no_other() {
    let contract = Contract::read();
    let (_folder, _broker, _office, _hub, agent) = furnished();
    let api = &agent.api;

    // Both ways: what the agent routes is in the contract, and what is in the contract is answered.
    let source = fs::read_to_string(root().join("agent/src/api/mod.rs")).unwrap();
    let routed = source.split(".route(\"").skip(1).map(|route| {
        let (path, rest) = route.split_once("\", ").unwrap();
        (path.to_owned(), rest.split('(').next().unwrap().to_owned())
    });
    assert_eq!(routed.collect::<BTreeSet<_>>(), contract.operations());
    for (path, method) in contract.operations() {
        let statuses = contract.statuses(&path, &method);
        let stranger = call(&api.stranger(), &path, &method, "{}");
        assert_eq!((stranger.status, stranger.content_type.as_str()), (401, "application/problem+json"));
        assert_eq!(fields(&stranger.json(401)), contract.fields("Problem"));
        let ours = call(api, &path, &method, "{}");
        for status in [stranger.status, ours.status] {
            assert!(statuses.contains(&status.to_string()), "{method} {path}: {status} is not among {statuses:?}");
        }
    }

    // Each field of a request is known, and one that is not in the contract is refused as unknown.
    for (path, method, schema) in [
        ("/v1/visits", "post", "Arrival"),
        ("/v1/explain", "post", "Question"),
        ("/v1/visit/answer", "post", "Answer"),
        ("/v1/visit/press", "post", "Press"),
        ("/v1/visit/event", "post", "Event"),
        ("/v1/visit/pin-entry", "put", "PinEntry"),
        ("/v1/out-of-order", "put", "OutOfOrder"),
    ] {
        assert_eq!(call(api, path, method, r#"{"something-else":1}"#).status, 400, "{path}");
        for field in contract.fields(schema) {
            // Where it is of the wrong type, that is found at it and not before it; an unknown one is found after its name.
            let body = |field: &str| format!("{{\"{field}\":[[]]}}");
            let said = |field: &str| String::from_utf8(call(api, path, method, &body(field)).body).unwrap();
            let unknown = said(&"q".repeat(field.len()));
            assert_ne!(said(&field), unknown, "{path}: {field} is not known");
        }
    }

    // Each field of an answer.
    let visit = api.arrives(ANNA);
    assert_eq!(fields(&visit), contract.fields("Visit"));
    assert_eq!(fields(&visit["verdicts"][0]), contract.fields("Verdict"));
    assert_eq!(fields(&visit["decisions"][0]), contract.fields("Decision"));
    assert_eq!(call(api, "/v1/visit/event", "post", r#"{"event":"balance_enquiry"}"#).status, 202);
    assert_eq!(call(api, "/v1/visit/event", "post", r#"{"event":"language_change","language":"fr"}"#).status, 202);
    assert_eq!(call(api, "/v1/visit/event", "post", r#"{"event":"language_change"}"#).status, 422);
    api.leaves();
    api.arrives(ANNA);
    api.leaves();
    let status = api.status();
    assert_eq!(fields(&status), contract.fields("Status"));
    for (part, schema) in [("visits", "Visits"), ("line", "Line"), ("journal", "Journal")] {
        assert_eq!(fields(&status[part]), contract.fields(schema));
    }
    assert_eq!(fields(&status["visits"]["before"][0]), contract.fields("Visit"));
    let question = json!({ "card_number": ANNA, "at": "2027-01-01T12:00:00Z", "kind": "withdrawal" });
    let explained = api.post("/v1/explain", question.to_string()).json(200);
    assert_eq!(fields(&explained), contract.fields("Explanation"));
    assert_eq!(fields(&explained["verdicts"][0]), contract.fields("Explained"));
    assert_eq!((&explained["campaign"], &explained["known"]), (&json!("savings"), &json!(true)));
}

/// Runs `explain` with a number on stdin.
fn explain(command: &mut Command, number: &str) -> (Option<i32>, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever refuses before they read has closed it, and says why.
    let _ = child.stdin.take().unwrap().write_all(number.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_decision_is_explained_to_a_technician_beside_the_running_agent() {
    let (folder, broker) = (TempDir::new().unwrap(), Mosquitto::plain());
    let office = HeadOffice::furnished(&folder.path().join("office"), broker.endpoint());
    let kiosk = office.kiosk();
    let socket = folder.path().join("api.sock");
    kiosk.edit("listen = \"127.0.0.1:0\"", &format!("listen = \"unix:{}\"", socket.display()));
    let ask = |arguments: &[&str], number: &str| {
        let mut command = program("touchpoint-agent");
        command.arg("explain").arg("--config").arg(kiosk.folder.join("agent.toml")).args(arguments);
        explain(&mut command, number)
    };
    let (code, said) = ask(&[], ANNA);
    assert!(code == Some(1) && said.contains("api.token") && !said.contains(ANNA), "never started: {said}");

    let _hub = office.serve();
    let agent = kiosk.start();
    touchpoint_tests::patience::eventually("campaigns and customers", || match ask(&[], ANNA) {
        (Some(0), said) if said.contains("shows savings in de") => Ok(()),
        (_, said) => Err(said),
    });
    let (code, said) = ask(&["--at", "2028-06-01T12:00:00Z"], ANNA);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ended at 2027-12-31T23:00") && !said.contains(ANNA), "{said}");
    let (_, said) = ask(&["--json", "--language", "fr"], ANNA);
    let explained: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&explained["campaign"], &explained["language"]), (&json!("savings"), &json!("fr")));
    let (code, said) = ask(&[], "4111111111111112");
    assert!(code == Some(1) && said.contains("check digit") && !said.contains("4111"), "{said}");

    let profile = folder.path().join("somebody.json");
    fs::write(&profile, r#"{"segments":["family"],"language":"en","marketing":"given"}"#).unwrap();
    let (code, said) = ask(&["--profile", profile.to_str().unwrap()], "");
    assert!(code == Some(0) && said.contains("shows family-insurance in en"), "{said}");
    agent.service.terminate();
    let (code, said) = ask(&[], ANNA);
    assert!(code == Some(1) && said.contains("does it run?") && !said.contains(ANNA), "{said}");

    // And without any device: on campaigns as they are written, and on what devices would get of them.
    let (campaigns, file) = (touchpoint_tests::workspace::demo_campaigns(), folder.path().join("bundle.json"));
    let checked = program("touchpoint-hub").arg("check").arg("--bundle").arg(&file).arg(&campaigns).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let without_device = |campaigns: &Path| {
        let mut command = program("touchpoint-agent");
        explain(command.arg("explain").arg("--profile").arg(&profile).arg("--campaigns").arg(campaigns), "")
    };
    for campaigns in [&campaigns, &file] {
        let (code, said) = without_device(campaigns);
        assert!(code == Some(0) && said.contains("shows family-insurance in en"), "{said}");
    }
    let draft = folder.path().join("draft");
    fs::create_dir(&draft).unwrap();
    fs::write(draft.join("bundle.toml"), "fallback_language = 1").unwrap();
    let (code, said) = without_device(&draft);
    assert!(code == Some(1) && said.contains("bundle.toml:1:21: fallback_language"), "{said}");
}
