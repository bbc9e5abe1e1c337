//! A campaign folder is checked as a whole before anything of it is published.

use crate::{
    broker::Broker,
    desk::{BUNDLE, Desk, Device, SAVINGS, within, write_campaigns},
    serving::Serving,
};
use std::{fs, path::Path};
use touchpoint_hub::{CheckError, OnBadRows, PublishError, check};
use touchpoint_protocol::{campaign::PanelSize, digest::Digest, health::Health, topic::DeviceChannel};

fn problems(folder: &Path) -> Vec<String> {
    let error = check(folder).unwrap_err();
    let CheckError::Problems { problems, .. } = error else { panic!("{error:?}") };
    let prefix = format!("{}/", folder.display());
    problems.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect()
}

#[test]
fn a_sound_folder_gives_a_bundle_and_its_pictures() {
    let folder = tempfile::TempDir::new().unwrap();
    write_campaigns(folder.path());
    let checked = check(folder.path()).unwrap();
    let picture = fs::read(folder.path().join("savings.png")).unwrap();
    assert_eq!(checked.bundle.campaigns[0].picture, Some(Digest::of(&picture)));
    assert_eq!((checked.media.len(), &checked.media[0].bytes), (1, &picture));
}

#[test]
fn the_problems_of_all_files_are_reported_at_once() {
    let folder = tempfile::TempDir::new().unwrap();
    write_campaigns(folder.path());
    let path = |name: &str| folder.path().join(name);
    fs::write(path("bundle.toml"), BUNDLE.replace("#eef2f8", "blue").replace("[thanks.en]", "[thanks.en]\nfooter = 1"))
        .unwrap();
    fs::write(path("savings.toml"), SAVINGS.replace("60", "600").replace("{first-name", "{First-Name")).unwrap();
    fs::write(path("cards.toml"), SAVINGS).unwrap();
    fs::write(path("loans.toml"), "id = ").unwrap();
    let found = problems(folder.path());
    let all = found.join("\n");
    for expected in [
        "bundle.toml:3:14: theme.background: a colour is written #rrggbb",
        "bundle.toml:14:1: thanks.en.footer: unknown field `footer`",
        "cards.toml:1:1: id: is savings, so the file must be called savings.toml",
        "loans.toml:1:",
        "savings.toml:3:12: priority: invalid value: integer `600`, expected u8",
    ] {
        assert!(all.contains(expected), "{expected} is not in\n{all}");
    }
}

#[test]
fn a_campaign_is_checked_as_a_device_will() {
    let folder = tempfile::TempDir::new().unwrap();
    write_campaigns(folder.path());
    let file = folder.path().join("savings.toml");
    fs::write(&file, SAVINGS.replace("More for your savings", &"W".repeat(41))).unwrap();
    assert_eq!(problems(folder.path()), ["savings.toml:9:1: text.en.title: 41 characters, over 40"]);
    fs::write(&file, SAVINGS.replace("[text.en]", "[text.de]")).unwrap();
    assert!(problems(folder.path())[0].contains("text: there is none in the fallback language en"));
}

#[test]
fn what_no_font_can_show_or_does_not_fit_is_found_at_the_desk() {
    let folder = tempfile::TempDir::new().unwrap();
    write_campaigns(folder.path());
    let file = folder.path().join("savings.toml");
    fs::write(&file, SAVINGS.replace("Good day", "Good \u{1f980} day")).unwrap();
    let found = problems(folder.path());
    assert!(
        found[0].starts_with("savings.toml:10:1: text.en.body: on a panel of 1024x768 pixels, body has the character"),
        "{found:?}"
    );
    fs::write(&file, SAVINGS.replace("Yes, please", "Wwwwwwwwwwwwwwwwwwwwwwwwwwww")).unwrap();
    assert!(problems(folder.path())[0].contains("label of answer 1 does not fit"), "{found:?}");
}

#[test]
fn a_picture_that_is_none_or_is_not_there_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    write_campaigns(folder.path());
    fs::write(folder.path().join("savings.png"), "GIF89a").unwrap();
    let found = problems(folder.path());
    assert!(found[0].starts_with("savings.toml:4:1: picture: savings.png: picture is not a readable PNG"), "{found:?}");
    fs::remove_file(folder.path().join("savings.png")).unwrap();
    let found = problems(folder.path());
    assert!(found[0].starts_with("savings.toml:4:1: picture: savings.png cannot be read"), "{found:?}");
}

#[tokio::test]
async fn each_publication_is_a_new_revision_and_a_bad_folder_is_none() {
    let desk = Desk::new();
    let (folder, all) = (desk.folder.path().join("campaigns"), "all".parse().unwrap());
    write_campaigns(&folder);
    assert_eq!(desk.office.publish(&all, &folder).await.unwrap().revision, 1);
    let savings = fs::read(folder.join("savings.toml")).unwrap();
    fs::write(folder.join("savings.toml"), "").unwrap();
    assert!(matches!(desk.office.publish(&all, &folder).await, Err(PublishError::Check(_))));
    fs::write(folder.join("savings.toml"), savings).unwrap();
    let second = desk.office.publish(&all, &folder).await.unwrap();
    assert_eq!((second.revision, second.campaigns, second.media), (2, 1, 1));
    let lobby = desk.office.publish(&"lobby".parse().unwrap(), &folder).await.unwrap();
    assert_eq!(lobby.revision, 1);
}

#[tokio::test]
async fn what_no_imported_customer_has_is_doubtful() {
    let desk = Desk::new();
    let folder = desk.folder.path().join("campaigns");
    write_campaigns(&folder);
    let doubts = async || {
        let warnings = desk.office.check(&"all".parse().unwrap(), &folder).await.unwrap().warnings;
        let of_customers = warnings.iter().filter(|warning| warning.what.starts_with("no customer"));
        of_customers
            .map(|warning| warning.to_string().replace(&format!("{}/", folder.display()), ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(doubts().await, [""; 0], "nobody was imported, so nothing is known");
    desk.import("c-1,4111111111111111,,gold,en,yes,\n", OnBadRows::Refuse).await.unwrap();
    assert_eq!(
        doubts().await,
        [
            "savings.toml:7:1: audience.customers: no customer is in segment student",
            "savings.toml:10:1: text.en.body: no customer has an attribute first-name",
        ]
    );
    // The second customer comes by a delta.
    desk.import("c-1,4111111111111111,,gold,en,yes,\nc-2,5555555555554444,,student,en,yes,Ben\n", OnBadRows::Refuse)
        .await
        .unwrap();
    assert_eq!(doubts().await, [""; 0]);
}

#[tokio::test]
async fn a_folder_is_tried_on_the_panels_that_the_groups_devices_told_of() {
    let broker = Broker::open().await;
    let desk = Desk::at(&broker.endpoint());
    desk.enrol("kiosk-1").await;
    let serving = Serving::start(&desk);
    let device = Device::connect(&broker.endpoint(), "kiosk-1").await;
    let health = Health::decode(include_bytes!("../../../tests/wire/v1/health/at_first.json")).unwrap();
    let tells = async |width, height| {
        let health = Health { screen: Some(PanelSize { width, height }), ..health.clone() };
        device.say(DeviceChannel::Health, health.encode()).await;
    };
    let heard = async |of: Option<PanelSize>| {
        within(async {
            while desk.office.report().await.unwrap().devices[0].health.as_ref().and_then(|line| line.said.screen) != of
            {
                tokio::task::yield_now().await;
            }
        })
        .await;
    };
    let folder = desk.folder.path().join("campaigns");
    write_campaigns(&folder);
    let savings = SAVINGS.replace("Good day", "Good day to you and to everybody whom you have brought along");
    fs::write(folder.join("savings.toml"), savings).unwrap();
    let [all, lobby] = ["all", "lobby"].map(|group| group.parse().unwrap());

    tells(800, 600).await;
    heard(Some(PanelSize { width: 800, height: 600 })).await;
    desk.office.check(&all, &folder).await.unwrap();
    // A size that no panel has is not believed, and the last one stands.
    tells(0, 240).await;
    tells(240, 135).await;
    heard(Some(PanelSize { width: 240, height: 135 })).await;
    let error = desk.office.publish(&all, &folder).await.unwrap_err();
    let PublishError::Check(CheckError::Problems { problems, .. }) = error else { panic!("{error:?}") };
    let said = problems.iter().map(|problem| problem.to_string()).collect::<Vec<_>>().join("\n");
    assert!(said.contains("savings.toml:10:1: text.en.body: on a panel of 240x135 pixels"), "{said}");
    assert!(!said.contains("800x600"), "{said}");
    desk.office.check(&lobby, &folder).await.unwrap();
    serving.stop().await;
}
