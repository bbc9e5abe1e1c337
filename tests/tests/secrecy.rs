//! After a day at the kiosk, no card number is anywhere: not on the line, not in a file, not in a log, not in any debug output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use data_encoding::BASE64;
use std::{fs, path::Path, time::Instant};
use tempfile::TempDir;
use tokio::sync::oneshot;
use touchpoint_agent::{
    config::Config, device::Device, domain::moment::VisitAttributes, identify::Arrival, identify::Event, keys::Keys,
};
use touchpoint_protocol::{card::Card, token::TokenKey};
use touchpoint_sim::{
    cast::Person,
    customers,
    demo::{self, OutFolder, Performance, STRANGERS_CARD},
};
use touchpoint_tests::{
    process::{program, run},
    secrets::Secrets,
};

const SEED: u64 = 7;
const CUSTOMERS: &str = "200";

/// Every card number that the demo uses.
fn secrets() -> Secrets {
    let people = customers::generate(SEED, CUSTOMERS.parse().unwrap());
    let mut numbers: Vec<String> = people.filter_map(|person| person.card).collect();
    numbers.push(STRANGERS_CARD.to_owned());
    assert!(numbers.len() > 100);
    Secrets::new(numbers.iter().map(String::as_str))
}

fn performance(out: &Path) -> Performance {
    let out = OutFolder::open(out.to_owned()).unwrap();
    let options = demo::Options { customers: CUSTOMERS.parse().unwrap(), seed: SEED, out };
    tokio::runtime::Runtime::new().unwrap().block_on(demo::play(&options, &mut (), std::future::pending())).unwrap()
}

#[test]
fn no_card_number_is_on_the_line_or_in_any_file_or_in_debug_output() {
    let folder = TempDir::new().unwrap();
    let performance = performance(folder.path());
    let secrets = secrets();

    let streams = performance.tape.streams();
    assert!(streams.iter().map(Vec::len).sum::<usize>() > 10_000, "the line was recorded");
    let on_the_line: usize = streams.iter().map(|stream| secrets.found_in(stream)).sum();
    assert_eq!(on_the_line, 0);
    // The same search finds one that is planted there.
    let mut planted = streams.concat();
    let middle = planted.len() / 2;
    planted.splice(middle..middle, BASE64.encode(format!("x{STRANGERS_CARD}").as_bytes()).into_bytes());
    assert_eq!(secrets.found_in(&planted), 1);

    for folder in [performance.folder.path(), folder.path()] {
        assert_eq!(secrets.files_with(folder), [""; 0].map(Path::new));
    }
    fs::write(performance.folder.path().join("planted"), STRANGERS_CARD).unwrap();
    assert_eq!(secrets.files_with(performance.folder.path()), [performance.folder.path().join("planted")]);

    let printed = format!("{performance:#?}{:?}", performance.report);
    assert!(printed.contains("savings"));
    assert_eq!(secrets.found_in(printed.as_bytes()), 0);
}

#[test]
fn no_log_line_holds_one_even_if_everything_is_logged() {
    let folder = TempDir::new().unwrap();
    let mut demo = program("touchpoint-sim");
    demo.args(["demo", "--customers", CUSTOMERS, "--seed", &SEED.to_string(), "--out"]).arg(folder.path());
    let finished = run(demo.env("RUST_LOG", "trace"));
    assert!(finished.status.success(), "{}", finished.stderr);
    assert!(finished.stderr.contains("\"TRACE\"") && finished.stderr.len() > 100_000, "everything was logged");
    let secrets = secrets();
    assert_eq!(secrets.found_in(finished.stderr.as_bytes()), 0);
    assert_eq!(secrets.found_in(finished.stdout.as_bytes()), 0);
}

#[tokio::test]
async fn what_holds_a_card_or_a_key_does_not_print_it() {
    let secrets = Secrets::new([STRANGERS_CARD]);
    let card = || Card::payment(STRANGERS_CARD).unwrap();
    let arrival = Arrival {
        card: card(),
        seconds: None,
        attributes: VisitAttributes::default(),
        received: Instant::now(),
        decided: oneshot::channel().0,
    };
    let person: Person = customers::generate(SEED, 1).next().unwrap();
    let known = Secrets::new([person.card.as_deref().unwrap()]);
    let hex = "ab".repeat(32);
    let key = TokenKey::parse(&format!("t1:{hex}")).unwrap();
    let (card, token) = (format!("{:?}", card()), format!("{:?}", key.token(card())));
    let printed = format!("{:?}{key:?}{person:?}", Event::Arrived(arrival));
    assert!((card.as_str(), token.starts_with("Token(")) == ("Card(..)", true), "{card} {token}");
    assert_eq!(secrets.found_in(printed.as_bytes()) + known.found_in(printed.as_bytes()), 0, "{printed}");
    assert!(!printed.contains(&hex[..16]), "{printed}");

    // A whole device, with all its keys.
    let folder = TempDir::new().unwrap();
    let nowhere = "mqtt://127.0.0.1:1".parse().unwrap();
    let office = touchpoint_hub::init(&folder.path().join("office"), &"acme".parse().unwrap(), &nowhere).unwrap();
    let (all, shard, kiosk) = ("all".parse().unwrap(), "all".parse().unwrap(), folder.path().join("kiosk"));
    office.enrol(&"kiosk-1".parse().unwrap(), &all, &shard, &kiosk).await.unwrap();
    let config = Config::read(&kiosk.join("agent.toml")).unwrap();
    let keys = Keys::load(&config.keys, &config.databases()).unwrap();
    let mut printed = format!("{keys:?}{office:?}");
    let Keys { master, tokens, head_office, .. } = keys;
    printed += &format!("{:?}", Device::open(config.clone(), &master, tokens, head_office).await.unwrap());
    for folder in [config.keys, folder.path().join("office/keys")] {
        for file in ["master.key", "token.key", "api.token", "signing.key"].map(|name| folder.join(name)) {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let secret = text.trim().rsplit(':').next().unwrap();
            assert!(secret.len() >= 64 && !printed.contains(&secret[..16]), "{} is printed", file.display());
        }
    }
}
