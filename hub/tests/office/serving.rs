//! Head office on a real line: a device comes, is told where it stands, and gets what it lacks.

use crate::{
    broker::Broker,
    desk::{Desk, Device, batch, interaction, shard, tenant, within, write_campaigns},
};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use touchpoint_hub::OnBadRows;
use touchpoint_protocol::{
    block::Rows,
    bundle::Bundle,
    card::Card,
    confirmation::Confirmation,
    consent::Status,
    customer::Profile,
    delta::Delta,
    group::GroupHead,
    hello::Hello,
    request::{Refusal, Reply, Request},
    shard::ShardHead,
    signed::open,
    token::TokenKey,
    topic::{DeviceChannel, Topic},
};

/// `serve` in a task, and what stops it.
pub(crate) struct Serving {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Result<(), touchpoint_hub::ServeError>>,
}

impl Serving {
    pub(crate) fn start(desk: &Desk) -> Serving {
        let (stop, stopped) = oneshot::channel::<()>();
        let office = desk.office.clone();
        let task = tokio::spawn(async move { office.serve(async { drop(stopped.await) }).await });
        Serving { stop, task }
    }

    pub(crate) async fn stop(self) {
        let asked = Instant::now();
        self.stop.send(()).unwrap();
        within(self.task).await.unwrap().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(5));
    }
}

fn hello(journal: &str) -> Hello {
    Hello {
        shard: shard(),
        epoch: 0,
        revision: 0,
        contacts: 0,
        group: "all".parse().unwrap(),
        campaigns: 0,
        journal: journal.parse().unwrap(),
        recorded: 0,
        confirmed: 0,
    }
}

/// Says hello until it is answered: head office may not have subscribed yet.
async fn greet(device: &mut Device, desk: &Desk, journal: &str) -> Confirmation {
    let (inbox, trusted) = (device.topic(DeviceChannel::Inbox), desk.trusted());
    loop {
        device.say(DeviceChannel::Hello, hello(journal).encode()).await;
        let heard = device.hear(&inbox, &trusted);
        if let Ok(confirmation) = tokio::time::timeout(Duration::from_secs(1), heard).await {
            return confirmation;
        }
    }
}

#[tokio::test]
async fn a_device_gets_its_customers_its_campaigns_and_one_confirmation_for_each_fact() {
    let broker = Broker::open().await;
    let desk = Desk::at(&broker.endpoint());
    desk.enrol("kiosk-1").await;
    desk.import("c-1,4111111111111111,AB-1,gold,de,yes,Anna\n", OnBadRows::Refuse).await.unwrap();
    let campaigns = desk.folder.path().join("campaigns");
    write_campaigns(&campaigns);
    desk.office.publish(&"all".parse().unwrap(), &campaigns).await.unwrap();
    let serving = Serving::start(&desk);
    let mut device = Device::connect(&broker.endpoint(), "kiosk-1").await;
    let trusted = desk.trusted();

    let shard_topic = Topic::shard_head(&tenant(), &shard()).to_string();
    let head: ShardHead = device.hear(&shard_topic, &trusted).await;
    assert_eq!((head.epoch, head.rows, head.blocks.len()), (1, 2, 1));
    let request = Request::Rows { shard: shard(), epoch: 1, block: 0 };
    let block = data(&device.ask(request.encode()).await);
    assert_eq!(touchpoint_protocol::digest::Digest::of(&block), head.blocks[0].sha256);
    let key = std::fs::read_to_string(desk.folder.path().join("devices/kiosk-1/keys/token.key")).unwrap();
    let token = TokenKey::parse(&key).unwrap().token(Card::payment("4111111111111111").unwrap());
    let rows = Rows::decompress(&block).unwrap();
    let anna = rows.iter().find(|row| row.token == token).unwrap();
    let profile = Profile::from_cbor(anna.profile).unwrap();
    assert_eq!((profile.marketing, profile.segments.len()), (Status::Given.into(), 1));

    // Read anew, as the topic's message may have come before the other.
    let mut again = Device::connect(&broker.endpoint(), "kiosk-1-again").await;
    let group_topic = Topic::group_campaigns(&tenant(), &"all".parse().unwrap()).to_string();
    let head: GroupHead = again.hear(&group_topic, &trusted).await;
    assert_eq!((head.revision, head.media.len()), (1, 1));
    let bundle = data(&device.ask(Request::Content { sha256: head.bundle.sha256, block: 0 }.encode()).await);
    assert!(head.bundle.matches(&bundle));
    assert_eq!(Bundle::decode(&bundle).unwrap().campaigns.len(), 1);
    let picture = data(&device.ask(Request::Content { sha256: head.media[0].sha256, block: 0 }.encode()).await);
    assert!(head.media[0].matches(&picture));

    assert_eq!(greet(&mut device, &desk, "j1").await.through, 0);
    let inbox = device.topic(DeviceChannel::Inbox);
    let payload = batch("j1", 1..=3).encode(&tenant(), &device.id);
    for _ in 0..2 {
        device.say(DeviceChannel::Interactions, payload.clone()).await;
        let confirmation = loop {
            let confirmation: Confirmation = device.hear(&inbox, &trusted).await;
            // An answer to a hello said twice.
            if confirmation.through > 0 {
                break confirmation;
            }
        };
        let (device, journal) = (device.id.clone(), "j1".parse().unwrap());
        assert_eq!(confirmation, Confirmation { tenant: tenant(), device, journal, through: 3 });
        let received = desk.office.interactions().await.unwrap();
        let expected: Vec<_> = (1..=3).map(|sequence| ("j1".parse().unwrap(), interaction(sequence))).collect();
        assert_eq!(received, expected);
    }
    let report = desk.office.report().await.unwrap();
    assert_eq!((report.interactions, report.repeated, report.duplicates, report.missing), (3, 3, 0, 0));
    serving.stop().await;
}

#[tokio::test]
async fn what_is_imported_while_head_office_serves_is_announced_and_the_old_is_superseded() {
    let broker = Broker::open().await;
    let desk = Desk::at(&broker.endpoint());
    desk.enrol("kiosk-1").await;
    let serving = Serving::start(&desk);
    let mut device = Device::connect(&broker.endpoint(), "kiosk-1").await;
    let topic = Topic::shard_head(&tenant(), &shard()).to_string();
    for epoch in 1..=2 {
        desk.import(&format!("c-1,,AB-{epoch},,,,\n"), OnBadRows::Refuse).await.unwrap();
        assert_eq!(device.hear::<ShardHead>(&topic, &desk.trusted()).await.epoch, epoch);
    }
    let ask = async |shard: &str, epoch, block| {
        let answer = device.ask(Request::Rows { shard: shard.parse().unwrap(), epoch, block }.encode()).await;
        Reply::decode(answer.content_type.as_deref(), &answer.payload).unwrap()
    };
    assert_eq!(ask("all", 1, 0).await, Reply::Refused(Refusal::Superseded));
    assert_eq!(ask("all", 2, 7).await, Reply::Refused(Refusal::Unknown));
    assert_eq!(ask("other", 2, 0).await, Reply::Refused(Refusal::Unknown));
    let answer = device.ask(b"what?".to_vec()).await;
    let reply = Reply::decode(answer.content_type.as_deref(), &answer.payload).unwrap();
    assert_eq!(reply, Reply::Refused(Refusal::Malformed));
    serving.stop().await;
}

#[tokio::test]
async fn what_changes_passes_by_once_and_is_given_to_whoever_missed_it() {
    let broker = Broker::open().await;
    let desk = Desk::at(&broker.endpoint());
    desk.enrol("kiosk-1").await;
    let customers = |changed: u32| -> String {
        let segment = |number| if number < changed { "gold" } else { "silver" };
        (0..20).map(|number| format!("c-{number},,L{number},{},,,\n", segment(number))).collect()
    };
    desk.import(&customers(0), OnBadRows::Refuse).await.unwrap();
    // Two processes of head office, that divide the work.
    let serving = [Serving::start(&desk), Serving::start(&desk)];
    let mut device = Device::connect(&broker.endpoint(), "kiosk-1").await;
    let trusted = desk.trusted();
    let heads = Topic::shard_head(&tenant(), &shard()).to_string();
    assert_eq!(device.hear::<ShardHead>(&heads, &trusted).await.revision, 0);
    assert_eq!(greet(&mut device, &desk, "j1").await.through, 0);

    desk.import(&customers(2), OnBadRows::Refuse).await.unwrap();
    let deltas = Topic::shard_deltas(&tenant(), &shard()).to_string();
    let passed: Delta = device.hear(&deltas, &trusted).await;
    assert_eq!((passed.epoch, passed.from, passed.to), (1, 0, 1));
    assert_eq!(passed.rows().unwrap().unwrap().iter().count(), 2);
    while device.hear::<ShardHead>(&heads, &trusted).await.revision != 1 {}
    desk.import(&customers(3), OnBadRows::Refuse).await.unwrap();
    let next: Delta = device.hear(&deltas, &trusted).await;
    assert_eq!((next.from, next.to), (1, 2), "the first passes by once, whoever of the two publishes it");

    let ask = async |epoch, from| {
        let answer = device.ask(Request::Delta { shard: shard(), epoch, from }.encode()).await;
        Reply::decode(answer.content_type.as_deref(), &answer.payload).unwrap()
    };
    let Reply::Data(document) = ask(1, 0).await else { panic!("no delta") };
    assert_eq!(open::<Delta>(&document, &trusted).unwrap(), passed);
    assert_eq!(ask(1, 2).await, Reply::Refused(Refusal::Unknown));
    desk.import(&customers(20), OnBadRows::Refuse).await.unwrap();
    assert_eq!(ask(1, 0).await, Reply::Refused(Refusal::Superseded));
    for serving in serving {
        serving.stop().await;
    }
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused_and_counted_and_stop_nobody() {
    let broker = Broker::open().await;
    let desk = Desk::at(&broker.endpoint());
    desk.enrol("kiosk-1").await;
    let serving = Serving::start(&desk);
    let mut device = Device::connect(&broker.endpoint(), "kiosk-1").await;
    let stranger = Device::connect(&broker.endpoint(), "kiosk-9").await;
    greet(&mut device, &desk, "j1").await;

    stranger.say(DeviceChannel::Interactions, batch("j9", 1..=2).encode(&tenant(), &stranger.id)).await;
    stranger.say(DeviceChannel::Hello, hello("j9").encode()).await;
    device.say(DeviceChannel::Interactions, batch("j1", 1..=2).encode(&tenant(), &stranger.id)).await;
    device.say(DeviceChannel::Interactions, b"[[[[".to_vec()).await;
    device.say(DeviceChannel::Hello, b"{}".to_vec()).await;
    device.say(DeviceChannel::Presence, b"{}".to_vec()).await;
    device.say(DeviceChannel::Requests, Request::Rows { shard: shard(), epoch: 1, block: 0 }.encode()).await;

    device.say(DeviceChannel::Interactions, batch("j1", 1..=1).encode(&tenant(), &device.id)).await;
    let inbox = device.topic(DeviceChannel::Inbox);
    while device.hear::<Confirmation>(&inbox, &desk.trusted()).await.through != 1 {}
    serving.stop().await;

    let received = desk.office.interactions().await.unwrap();
    assert_eq!(received, [("j1".parse().unwrap(), interaction(1))]);
    let refusals = desk.office.report().await.unwrap().refusals;
    let counted = |reason: &str| refusals.iter().find(|line| line.reason == reason).map_or(0, |line| line.times);
    assert_eq!(counted("not_enrolled"), 2, "{refusals:?}");
    assert_eq!(counted("malformed_batch"), 2, "{refusals:?}");
    assert_eq!(counted("malformed_hello"), 1, "{refusals:?}");
    assert_eq!(counted("malformed_presence"), 1, "{refusals:?}");
    assert_eq!(counted("response_topic"), 1, "{refusals:?}");
}

#[tokio::test]
async fn a_stop_is_obeyed_while_there_is_no_line() {
    let desk = Desk::new();
    let serving = Serving::start(&desk);
    tokio::task::yield_now().await;
    serving.stop().await;
}

fn data(answer: &touchpoint_link::Message) -> Vec<u8> {
    match Reply::decode(answer.content_type.as_deref(), &answer.payload).unwrap() {
        Reply::Data(bytes) => bytes,
        Reply::Refused(refusal) => panic!("{refusal:?}"),
    }
}
