//! What devices say.

use crate::frozen::{Fixture, every, word};
use touchpoint_protocol::{
    batch::Batch,
    campaign::{AnswerKind, PanelSize},
    digest::Digest,
    health::{
        DiskHealth, Health, HeldHealth, JournalHealth, Painted, PanelHealth, RefusalReason, Refused, Unfollowed,
        UnfollowedCampaigns, UnfollowedCustomers, VisitHealth,
    },
    hello::Hello,
    interaction::{ClockQuality, Ending, Fact, Interaction, Moment, Reason, Trigger},
    presence::Presence,
    request::{Refusal, Reply, Request},
    token::Token,
    utc::Utc,
};

/// 2026-11-21T09:30:00.250Z.
pub(crate) const MOMENT: i64 = 1_795_253_400_250;

pub(crate) fn fixtures() -> Vec<Fixture> {
    presences().chain(hellos()).chain(requests()).chain(replies()).chain(interactions()).chain(healths()).collect()
}

/// Each answer there is.
pub(crate) fn answers() -> Vec<AnswerKind> {
    every![
        AnswerKind::Accept,
        AnswerKind::Decline,
        AnswerKind::Later,
        AnswerKind::More,
        AnswerKind::CallMe,
        AnswerKind::OptOut,
    ]
}

fn presences() -> impl Iterator<Item = Fixture> {
    [("online", true), ("offline", false)].into_iter().map(|(name, online)| {
        let presence = Presence { online, version: "1.0.0".to_owned(), boot: "0f5c-boot".parse().unwrap() };
        Fixture::new(format!("presence/{name}.json"), presence, Presence::encode, Presence::decode)
    })
}

fn hellos() -> impl Iterator<Item = Fixture> {
    let everything = Hello {
        shard: "north".parse().unwrap(),
        epoch: 3,
        revision: 17,
        contacts: 40_000,
        group: "branch".parse().unwrap(),
        campaigns: 12,
        journal: "3f2a".parse().unwrap(),
        recorded: 4_711,
        confirmed: 4_700,
    };
    let nothing =
        Hello { epoch: 0, revision: 0, contacts: 0, campaigns: 0, recorded: 0, confirmed: 0, ..everything.clone() };
    [("holding_nothing", nothing), ("holding_everything", everything)]
        .into_iter()
        .map(|(name, hello)| Fixture::new(format!("hello/{name}.json"), hello, Hello::encode, Hello::decode))
}

fn requests() -> impl Iterator<Item = Fixture> {
    let shard = || "north".parse().unwrap();
    let all = every! {
        Request::Rows { .. } => Request::Rows { shard: shard(), epoch: 3, block: 7 },
        Request::Delta { .. } => Request::Delta { shard: shard(), epoch: 3, from: 16 },
        Request::Contacts { .. } => Request::Contacts { shard: shard(), from: 39_000 },
        Request::Content { .. } => Request::Content { sha256: Digest::of(b"a bundle"), block: 0 },
        Request::Customer { .. } => Request::Customer { tokens: vec![Token::from_bytes([7; 16]), Token::from_bytes([8; 16])] },
    };
    all.into_iter().map(|request| {
        let name = word(&request);
        Fixture::new(format!("request/{name}.json"), request, Request::encode, Request::decode)
    })
}

fn replies() -> impl Iterator<Item = Fixture> {
    let refusals =
        every![Refusal::Malformed, Refusal::Superseded, Refusal::Unknown, Refusal::Busy, Refusal::Unavailable];
    refusals.into_iter().map(|refusal| {
        let name = word(&refusal);
        let write = |reply: &Reply| reply.clone().encode().1;
        let read = |bytes: &[u8]| Reply::decode(Some(Reply::REFUSED), bytes);
        Fixture::new(format!("refusal/{name}.json"), Reply::Refused(refusal), write, read)
    })
}

/// A batch for each thing an interaction may say.
fn interactions() -> impl Iterator<Item = Fixture> {
    let all = facts().chain(reasons()).chain(triggers()).chain(endings()).map(|(name, fact)| (name, told(vec![fact])));
    all.chain(moments()).map(|(name, interactions)| batch(&name, interactions))
}

fn batch(name: &str, interactions: Vec<Interaction>) -> Fixture {
    let (tenant, device) = ("acme".parse().unwrap(), "kiosk-1".parse().unwrap());
    let batch = Batch { journal: "3f2a".parse().unwrap(), interactions };
    let write = |batch: &Batch| batch.encode(&tenant, &device);
    let (tenant, device) = (tenant.clone(), device.clone());
    let read = move |bytes: &[u8]| Batch::decode(bytes, &tenant, &device);
    Fixture::new(format!("interactions/{name}.json"), batch, write, read)
}

/// Facts as interactions of a customer, one after the other.
fn told(facts: Vec<Fact>) -> Vec<Interaction> {
    let interaction = |(sequence, fact)| Interaction {
        sequence,
        visit: "5e11".parse().unwrap(),
        at: Moment {
            utc: Utc::from_millis(MOMENT),
            boot: "0f5c-boot".parse().unwrap(),
            since_boot_ms: 86_400_000 + sequence,
            clock: ClockQuality::Synchronised,
        },
        customer: Some(1_234_567.try_into().unwrap()),
        backfill: false,
        fact,
    };
    (4_701..).zip(facts).map(interaction).collect()
}

fn facts() -> impl Iterator<Item = (String, Fact)> {
    let (campaign, variant, segment) =
        (|| "savings".parse().unwrap(), || "warm".parse().unwrap(), || "gold".parse().unwrap());
    let facts = every! {
        Fact::NotShown { .. } => Fact::NotShown { reason: Reason::Capped, campaign: Some(campaign()), trigger: Trigger::Arrival },
        Fact::HeldOut { .. } => Fact::HeldOut { campaign: campaign(), segment: Some(segment()), trigger: Trigger::Arrival },
        Fact::Shown { .. } => Fact::Shown {
            campaign: campaign(),
            variant: Some(variant()),
            language: "pt-br".parse().unwrap(),
            segment: Some(segment()),
            trigger: Trigger::Arrival,
        },
        Fact::Ended { .. } => Fact::Ended {
            campaign: campaign(),
            variant: Some(variant()),
            ending: Ending::TimeUp,
            dwell_ms: 24_750,
        },
        Fact::Discarded { .. } => Fact::Discarded { through: 4_705 },
        Fact::Erased { .. } => Fact::Erased { through_position: 39_990 },
    };
    // What there may be, left out.
    let bare = [
        Fact::NotShown { reason: Reason::NoCampaigns, campaign: None, trigger: Trigger::Arrival },
        Fact::HeldOut { campaign: campaign(), segment: None, trigger: Trigger::Arrival },
        Fact::Shown {
            campaign: campaign(),
            variant: None,
            language: "en".parse().unwrap(),
            segment: None,
            trigger: Trigger::Arrival,
        },
        Fact::Ended { campaign: campaign(), variant: None, ending: Ending::TimeUp, dwell_ms: 0 },
    ];
    let facts = facts.into_iter().map(|fact| (format!("fact_{}", word(&fact)), fact));
    facts.chain(bare.into_iter().map(|fact| (format!("fact_{}_bare", word(&fact)), fact)))
}

fn reasons() -> impl Iterator<Item = (String, Fact)> {
    let all = every![
        Reason::NoCampaigns,
        Reason::NotScheduled,
        Reason::PanelTooSmall,
        Reason::NotAddressed,
        Reason::NoConsent,
        Reason::OptedOut,
        Reason::NotEligible,
        Reason::NotEarned,
        Reason::Stopped,
        Reason::Capped,
        Reason::TooSoon,
        Reason::Declined,
        Reason::Postponed,
        Reason::Accepted,
        Reason::DeviceBudget,
        Reason::HeldOut,
        Reason::NoTime,
        Reason::CacheFailed,
        Reason::PanelFailed,
    ];
    let fact = |reason| Fact::NotShown { reason, campaign: None, trigger: Trigger::Arrival };
    all.into_iter().map(move |reason| (format!("reason_{}", word(&reason)), fact(reason)))
}

fn triggers() -> impl Iterator<Item = (String, Fact)> {
    let all = every![
        Trigger::Arrival,
        Trigger::Answer,
        Trigger::BalanceEnquiry,
        Trigger::LanguageChange,
        Trigger::TimeRunningOut,
    ];
    let fact = |trigger| Fact::NotShown { reason: Reason::NotScheduled, campaign: None, trigger };
    all.into_iter().map(move |trigger| (format!("trigger_{}", word(&trigger)), fact(trigger)))
}

fn endings() -> impl Iterator<Item = (String, Fact)> {
    let endings = every! {
        Ending::Answered(_) => Ending::Answered(AnswerKind::Accept),
        Ending::TimeUp => Ending::TimeUp,
        Ending::CustomerLeft => Ending::CustomerLeft,
        Ending::Interrupted => Ending::Interrupted,
    };
    let fact = |ending| Fact::Ended { campaign: "savings".parse().unwrap(), variant: None, ending, dwell_ms: 3_200 };
    let all = endings.into_iter().skip(1).chain(answers().into_iter().map(Ending::Answered));
    all.map(move |ending| (format!("ending_{ending}"), fact(ending)))
}

/// By every clock: of a customer, and of a stranger while the line was down.
fn moments() -> impl Iterator<Item = (String, Vec<Interaction>)> {
    let fact = || Fact::NotShown { reason: Reason::NotScheduled, campaign: None, trigger: Trigger::Arrival };
    let clocks = every![ClockQuality::Synchronised, ClockQuality::Unsynchronised];
    clocks.into_iter().map(move |clock| {
        let mut both = told(vec![fact(), fact()]);
        both.iter_mut().for_each(|interaction| interaction.at.clock = clock);
        (both[1].customer, both[1].backfill) = (None, true);
        (format!("clock_{}", word(&clock)), both)
    })
}

fn healths() -> impl Iterator<Item = Fixture> {
    let reasons = every![
        RefusalReason::Topic,
        RefusalReason::Signature,
        RefusalReason::Malformed,
        RefusalReason::Elsewhere,
        RefusalReason::Old,
        RefusalReason::Mismatch,
        RefusalReason::TokenKey,
        RefusalReason::Campaigns,
        RefusalReason::Unavailable,
        RefusalReason::Cache,
        RefusalReason::Disk,
    ];
    let in_trouble = Health {
        version: "1.0.0".to_owned(),
        boot: "0f5c-boot".parse().unwrap(),
        uptime_s: 86_400,
        journal: JournalHealth {
            id: "3f2a".parse().unwrap(),
            recorded: 4_711,
            confirmed: 4_700,
            oldest_unconfirmed_s: Some(3_600),
            discarded: 5,
            reserve: false,
            alarm: Some("a corrupt journal was set aside".to_owned()),
        },
        held: HeldHealth { epoch: 3, revision: 17, rows: 1_000_000, campaigns: 12 },
        refused: Refused {
            times: [(RefusalReason::Topic, 1), (RefusalReason::Signature, 2)].into(),
            last: Some("the signature of touchpoint.delta.v1 by key ho-1 is wrong".to_owned()),
        },
        unfollowed: Unfollowed {
            customers: Some(UnfollowedCustomers { epoch: 4, revision: 0, reason: "too little room".to_owned() }),
            campaigns: Some(UnfollowedCampaigns { revision: 13, reason: "a picture is no png".to_owned() }),
        },
        disk: DiskHealth { free_bytes: Some(1_048_576), low: true },
        visits: VisitHealth { count: 250, unrecorded: 1, unpresented: 2 },
        panel: None,
        screen: None,
        painted: Some(Painted {
            campaign: "savings".parse().unwrap(),
            language: "pt-br".parse().unwrap(),
            at: Utc::from_millis(MOMENT),
            checksum: 0x00ab_cdef_0123_4567,
        }),
    };
    let at_first = Health {
        uptime_s: 0,
        journal: JournalHealth {
            recorded: 0,
            confirmed: 0,
            oldest_unconfirmed_s: None,
            discarded: 0,
            reserve: true,
            alarm: None,
            ..in_trouble.journal.clone()
        },
        held: HeldHealth { epoch: 0, revision: 0, rows: 0, campaigns: 0 },
        refused: Refused::default(),
        unfollowed: Unfollowed::default(),
        disk: DiskHealth { free_bytes: None, low: false },
        visits: VisitHealth { count: 0, unrecorded: 0, unpresented: 0 },
        painted: None,
        ..in_trouble.clone()
    };
    let refused = reasons.into_iter().map(|reason| {
        let refused = Refused { times: [(reason, 1)].into(), last: None };
        (format!("refused_{}", word(&reason)), Health { refused, ..at_first.clone() })
    });
    let panels = [
        ("open", PanelHealth { open: true, driver: Some("drm".to_owned()), failures: 0, error: None }),
        (
            "failed",
            PanelHealth { open: false, driver: None, failures: 3, error: Some("there is no /dev/dri".to_owned()) },
        ),
    ];
    let panels =
        panels.map(|(name, panel)| (format!("panel_{name}"), Health { panel: Some(panel), ..at_first.clone() }));
    let mut all: Vec<(String, Health)> = refused.collect();
    all.extend(panels);
    let screen = Some(PanelSize { width: 1_024, height: 768 });
    all.push(("screen".to_owned(), Health { screen, ..at_first.clone() }));
    all.extend([("at_first".to_owned(), at_first), ("in_trouble".to_owned(), in_trouble)]);
    all.into_iter()
        .map(|(name, health)| Fixture::new(format!("health/{name}.json"), health, Health::encode, Health::decode))
}
