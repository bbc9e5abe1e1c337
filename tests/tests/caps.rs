//! However visits, syncs and restarts follow on each other at several machines, no customer is told more than was promised.
//!
//! Real decisions, contacts, and pages of the contact log; head office, wire, clock and files are simulated. What is promised:
//! - Each device keeps every cap, gap and quiet time by what it knows: all of its own journal, and what it has of the contact log.
//! - So as many devices as know nothing of each other show a customer at most as many times what one of them may.
//! - Once all know everything, nothing more is shown that would be too much by all that was said anywhere.
//! - A device that knows of an objection shows no marketing until it knows of a later consent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};
use touchpoint_agent::domain::{
    contact::{Contact, ContactKind, union},
    customer::Customer,
    decide::decide,
    moment::{Moment, VisitAttributes},
    update::{ContactsPlan, Membership, plan_contacts},
};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::{AnswerKind, Audience, Campaign, Kind, PanelSize},
    consent::{Consent, Status},
    contact::InteractionId,
    contacts::{ContactPage, Entry},
    customer::Profile,
    interaction::{self, ClockQuality, Ending, Fact, Interaction, Trigger},
    interval::Interval,
    name::{CampaignId, JournalId},
    policy::{Cap, ContactPolicy, OverallPolicy},
    schedule::Schedule,
    sequence::Next,
    utc::Utc,
};
use touchpoint_tests::workspace;

const DEVICES: usize = 3;

const CUSTOMERS: usize = 2;

/// 2026-11-21T09:30:00Z
const START: i64 = 1_795_253_400_000;

const MINUTE: i64 = 60_000;

const HOUR: i64 = 60 * MINUTE;

/// Leads to [`FOLLOW_UP`] for who asks for more.
const FIRST: &str = "first";

const SECOND: &str = "second";

const FOLLOW_UP: &str = "third";

/// No marketing.
const OWED: &str = "owed";

const ANSWERS: [AnswerKind; 5] =
    [AnswerKind::Accept, AnswerKind::Decline, AnswerKind::Later, AnswerKind::More, AnswerKind::OptOut];

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// A customer comes to a device, and gives this answer if something is shown.
    Visit(usize, usize, Option<AnswerKind>),
    /// So many hours pass.
    Pass(i64),
    /// A device sends what head office has not confirmed.
    Deliver(usize),
    /// Head office publishes what it has not published.
    Publish,
    /// The wire brings a device a page, and keeps a copy.
    Hear(usize, Index),
    /// The wire loses a page.
    Lose(Index),
    /// A device asks for what follows its position.
    Pull(usize),
    /// Head office learns what a customer said so many hours ago.
    Import(usize, Status, i64),
    /// A device takes head office's table.
    Follow(usize),
    /// A power cut: the journal is whole, the cache is as after one of its transactions, what was confirmed is forgotten.
    Restart(usize, Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let [device, other, third, fourth, fifth] = [(); 5].map(|()| 0..DEVICES);
    let answer = option::weighted(0.5, select(&ANSWERS[..]));
    let status = select(&[Status::Given, Status::Given, Status::Refused][..]);
    let step = prop_oneof![
        10 => (device, 0..CUSTOMERS, answer).prop_map(|(device, customer, answer)| Step::Visit(device, customer, answer)),
        3 => (1..72_i64).prop_map(Step::Pass),
        5 => other.prop_map(Step::Deliver),
        4 => Just(Step::Publish),
        6 => (third, any::<Index>()).prop_map(|(device, page)| Step::Hear(device, page)),
        1 => any::<Index>().prop_map(Step::Lose),
        3 => fourth.prop_map(Step::Pull),
        1 => (0..CUSTOMERS, status, 0..72_i64).prop_map(|(customer, status, hours)| Step::Import(customer, status, hours)),
        3 => fifth.clone().prop_map(Step::Follow),
        1 => (fifth, any::<Index>()).prop_map(|(device, commit)| Step::Restart(device, commit)),
    ];
    vec(step, 0..150)
}

fn intervals() -> impl Strategy<Value = Interval> {
    select(&["none", "none", "12h", "2d", "forever"][..]).prop_map(|text| text.parse().unwrap())
}

fn caps() -> impl Strategy<Value = Vec<Cap>> {
    let within = select(&["12h", "3d", "30d", "forever"][..]).prop_map(|text| text.parse().unwrap());
    vec((1..4_u16, within).prop_map(|(showings, within)| Cap { showings, within }), 0..3)
}

prop_compose! {
    fn policies()(
        caps in caps(),
        gap in intervals(),
        quiet_after_decline in intervals(),
        quiet_after_later in intervals(),
        quiet_after_accept in intervals(),
    ) -> ContactPolicy {
        ContactPolicy { never: false, caps, gap, quiet_after_decline, quiet_after_later, quiet_after_accept }
    }
}

prop_compose! {
    fn bundles()(policies in [policies(), policies(), policies()], overall in option::of(policies())) -> Bundle {
        let [first, second, third] = policies;
        let (follow_up, after) = (FOLLOW_UP.parse().unwrap(), AnswerKind::More);
        let policy = overall.map_or_else(OverallPolicy::default, |overall| {
            let ContactPolicy { never, caps, gap, quiet_after_decline, quiet_after_later, quiet_after_accept } = overall;
            let device_showings_a_day = None;
            OverallPolicy {
                never, caps, gap, quiet_after_decline, quiet_after_later, quiet_after_accept, device_showings_a_day,
            }
        });
        let next = vec![Next { after, times: 1, campaign: follow_up }];
        let campaigns = vec![
            Campaign { next, ..campaign(FIRST, Kind::Offer, 50, first) },
            campaign(SECOND, Kind::Retention, 50, second),
            campaign(FOLLOW_UP, Kind::Advice, 50, third),
            campaign(OWED, Kind::Service, 10, ContactPolicy::default()),
        ];
        Bundle { campaigns, policy, ..demo().clone() }
    }
}

/// The demo's bundle, whose words and colours these borrow.
fn demo() -> &'static Bundle {
    static DEMO: OnceLock<Bundle> = OnceLock::new();
    DEMO.get_or_init(|| touchpoint_hub::check(&workspace::demo_campaigns()).unwrap().bundle)
}

fn campaign(id: &str, kind: Kind, priority: u8, policy: ContactPolicy) -> Campaign {
    Campaign {
        id: id.parse().unwrap(),
        kind,
        purpose: None,
        schedule: Schedule::default(),
        audience: Audience::Customers { segments: vec![], except: vec![] },
        when: None,
        policy,
        holdout_per_mille: 0,
        priority,
        next: vec![],
        picture: None,
        variants: vec![],
        ..demo().campaigns[0].clone()
    }
}

/// What head office says of each customer's marketing.
type Table = [Consent; CUSTOMERS];

#[derive(Default)]
struct HeadOffice {
    log: Vec<(u64, Entry)>,
    known: BTreeSet<InteractionId>,
    published: u64,
    table: Table,
}

/// What a transaction leaves in a device's cache.
#[derive(Debug, Clone, Default)]
struct Cache {
    position: u64,
    contacts: BTreeMap<InteractionId, Contact>,
    table: Table,
}

struct Device {
    journal: JournalId,
    interactions: Vec<Interaction>,
    confirmed: usize,
    /// The cache after each of its transactions; the last is the one in force.
    commits: Vec<Cache>,
}

struct World {
    bundle: Bundle,
    now: Utc,
    office: HeadOffice,
    wire: Vec<ContactPage>,
    devices: [Device; DEVICES],
}

fn here() -> Membership {
    let [tenant, shard, group] = ["acme", "north", "lobby"];
    Membership { tenant: tenant.parse().unwrap(), shard: shard.parse().unwrap(), group: group.parse().unwrap() }
}

impl HeadOffice {
    /// Takes interactions, of which it may have some.
    fn take(&mut self, journal: &JournalId, interactions: &[Interaction]) {
        for contact in interactions.iter().filter_map(|interaction| Contact::of(journal, interaction)) {
            if self.known.insert(contact.id.clone()) {
                self.log.push((self.log.len() as u64 + 1, Entry::Contact(contact)));
            }
        }
    }

    /// What follows a position, three entries at most.
    fn page(&self, from: u64) -> ContactPage {
        let Membership { tenant, shard, .. } = here();
        let rest: Vec<_> = self.log.iter().filter(|(position, _)| *position > from).take(3).cloned().collect();
        let end = rest.last().map_or(from, |(position, _)| *position);
        ContactPage::pack(tenant, shard, from, &rest, end).unwrap()
    }
}

impl Device {
    fn cache(&self) -> &Cache {
        self.commits.last().unwrap()
    }

    fn commit(&mut self, change: impl FnOnce(&mut Cache)) {
        let mut cache = self.cache().clone();
        change(&mut cache);
        self.commits.push(cache);
    }

    fn hear(&mut self, page: &ContactPage) {
        if plan_contacts(self.cache().position, page, &here()).unwrap() == ContactsPlan::Apply {
            let entries = page.entries().unwrap();
            self.commit(|cache| {
                for entry in entries {
                    let Entry::Contact(contact) = entry else { panic!("nobody is erased") };
                    cache.contacts.insert(contact.id.clone(), contact);
                }
                cache.position = page.to;
            });
        }
    }

    /// Its own part of a customer's history.
    fn own(&self, customer: usize) -> Vec<Contact> {
        let all = self.interactions.iter().filter_map(|interaction| Contact::of(&self.journal, interaction));
        all.filter(|contact| contact.customer == number(customer)).collect()
    }

    /// All it knows of a customer's history, as a visit sees it.
    fn knows(&self, customer: usize) -> Vec<Contact> {
        let elsewhere = self.cache().contacts.values().filter(|contact| contact.customer == number(customer));
        union(self.own(customer), elsewhere.cloned().collect())
    }

    fn record(&mut self, at: Utc, customer: usize, fact: Fact) {
        let sequence = self.interactions.len() as u64 + 1;
        let (boot, clock) = ("b0".parse().unwrap(), ClockQuality::Synchronised);
        let at = interaction::Moment { utc: at, boot, since_boot_ms: 0, clock };
        let (visit, customer) = ("v1".parse().unwrap(), Some(number(customer)));
        self.interactions.push(Interaction { sequence, visit, at, customer, backfill: false, fact });
    }
}

impl World {
    fn new(bundle: Bundle) -> World {
        let table = [(); CUSTOMERS].map(|()| Status::Given.into());
        let devices = [0, 1, 2].map(|number| Device {
            journal: format!("j{number}").parse().unwrap(),
            interactions: vec![],
            confirmed: 0,
            commits: vec![Cache { table: table.clone(), ..Cache::default() }],
        });
        let office = HeadOffice { table, ..HeadOffice::default() };
        World { bundle, now: Utc::from_millis(START), office, wire: vec![], devices }
    }

    fn happens(&mut self, step: &Step) {
        match step {
            Step::Visit(device, customer, answer) => drop(self.visit(*device, *customer, *answer)),
            Step::Pass(hours) => self.now = self.now.plus_millis(hours * HOUR),
            Step::Deliver(device) => self.deliver(*device),
            Step::Publish => {
                let page = self.office.page(self.office.published);
                self.office.published = page.to;
                self.wire.push(page);
            }
            Step::Hear(device, page) if !self.wire.is_empty() => self.devices[*device].hear(page.get(&self.wire)),
            Step::Lose(page) if !self.wire.is_empty() => drop(self.wire.remove(page.index(self.wire.len()))),
            Step::Hear(..) | Step::Lose(_) => {}
            Step::Pull(device) => self.devices[*device].hear(&self.office.page(self.devices[*device].cache().position)),
            Step::Import(customer, status, hours) => {
                let at = Some(self.now.plus_millis(-hours * HOUR));
                self.office.table[*customer] = Consent { at, ..Consent::from(*status) };
            }
            Step::Follow(device) => {
                let table = self.office.table.clone();
                self.devices[*device].commit(|cache| cache.table = table);
            }
            Step::Restart(device, commit) => {
                let device = &mut self.devices[*device];
                device.commits.truncate(commit.index(device.commits.len()) + 1);
                device.confirmed = 0;
            }
        }
    }

    /// A visit; what was shown. Nothing the device knows speaks against it.
    fn visit(&mut self, device: usize, customer: usize, answer: Option<AnswerKind>) -> Option<Campaign> {
        self.now = self.now.plus_millis(MINUTE);
        let device = &mut self.devices[device];
        let (known, consent) = (device.knows(customer), device.cache().table[customer].clone());
        let campaign = chosen(&self.bundle, customer, &consent, &known, self.now)?;
        let objected = known.iter().filter(|contact| contact.what == ContactKind::Answered(AnswerKind::OptOut));
        let objected = objected.map(|contact| contact.at).max();
        if campaign.kind.is_marketing() {
            assert_eq!(too_much(&self.bundle, &campaign, &known, self.now), None, "{} by what is known", campaign.id);
            assert_eq!(consent.status, Status::Given);
            assert!(objected.is_none_or(|objected| consent.at > Some(objected)), "{} after an objection", campaign.id);
        }
        let id = campaign.id.clone();
        let (language, segment, trigger) = (self.bundle.fallback_language.clone(), None, Trigger::Arrival);
        let shown = Fact::Shown { campaign: id.clone(), variant: None, language, segment, trigger };
        device.record(self.now, customer, shown);
        let ending = answer.map_or(Ending::TimeUp, Ending::Answered);
        device.record(self.now, customer, Fact::Ended { campaign: id, variant: None, ending, dwell_ms: 0 });
        Some(campaign)
    }

    fn deliver(&mut self, device: usize) {
        let device = &mut self.devices[device];
        self.office.take(&device.journal, &device.interactions[device.confirmed..]);
        device.confirmed = device.interactions.len();
    }

    /// The lines are up, and everybody gets everything.
    fn converges(&mut self) {
        (0..DEVICES).for_each(|device| self.deliver(device));
        for device in 0..DEVICES {
            while self.devices[device].cache().position < self.office.log.len() as u64 {
                self.happens(&Step::Pull(device));
            }
            self.happens(&Step::Follow(device));
        }
    }

    /// All that was ever said to a customer, anywhere.
    fn said(&self, customer: usize) -> Vec<Contact> {
        self.devices.iter().flat_map(|device| device.own(customer)).collect()
    }
}

fn number(customer: usize) -> touchpoint_protocol::customer::CustomerId {
    i64::try_from(customer + 1).unwrap().try_into().unwrap()
}

/// What is decided.
fn chosen(bundle: &Bundle, customer: usize, consent: &Consent, known: &[Contact], now: Utc) -> Option<Campaign> {
    let customer =
        Customer { id: number(customer), profile: Profile { marketing: consent.clone(), ..Profile::default() } };
    let moment = Moment {
        utc: now,
        trigger: Trigger::Arrival,
        seconds_left: 25,
        visit: VisitAttributes::default(),
        panel: PanelSize { width: 1024, height: 768 },
        site: None,
        shown_today: 0,
        screen: None,
        seen: Vec::new(),
    };
    decide(bundle, Some(&customer), known, &moment).choice.map(|choice| choice.campaign.clone())
}

/// Why one more showing of this marketing now would be too much after all this, if it would: every rule as it is written for people, by
/// counting.
fn too_much(bundle: &Bundle, campaign: &Campaign, said: &[Contact], now: Utc) -> Option<String> {
    let is_marketing = |id: &CampaignId| id.as_str() != OWED;
    let answered = |contact: &Contact, kind| contact.what == ContactKind::Answered(kind);
    let own: Vec<&Contact> = said.iter().filter(|contact| contact.campaign == campaign.id).collect();
    let all: Vec<&Contact> = said.iter().filter(|contact| is_marketing(&contact.campaign)).collect();
    let (one, overall) = (&campaign.policy, &bundle.policy);
    let quiet = |accept, decline, later| {
        [(AnswerKind::Accept, accept), (AnswerKind::Decline, decline), (AnswerKind::Later, later)]
    };
    let ones = quiet(one.quiet_after_accept, one.quiet_after_decline, one.quiet_after_later);
    let overalls = quiet(overall.quiet_after_accept, overall.quiet_after_decline, overall.quiet_after_later);
    for (said, caps, gap, quiet) in [(own, &one.caps, one.gap, ones), (all, &overall.caps, overall.gap, overalls)] {
        let shown = |within: Interval| {
            let shown = said.iter().filter(|contact| contact.what == ContactKind::Shown);
            shown.filter(|contact| within.covers(contact.at, now)).count()
        };
        if let Some(cap) = caps.iter().find(|cap| shown(cap.within) >= usize::from(cap.showings)) {
            return Some(format!("over {cap}"));
        }
        if shown(gap) > 0 {
            return Some(format!("within {gap}"));
        }
        for (kind, interval) in quiet {
            if said.iter().any(|contact| answered(contact, kind) && interval.covers(contact.at, now)) {
                return Some(format!("{interval} after {kind}"));
            }
        }
    }
    let asked = |contact: &Contact| contact.campaign.as_str() == FIRST && answered(contact, AnswerKind::More);
    (campaign.id.as_str() == FOLLOW_UP && !said.iter().any(asked)).then(|| "nobody asked for it".to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_interleaving_exceeds_what_each_device_knows_or_anything_once_all_know_all(
        bundle in bundles(),
        steps in steps(),
        more in vec((0..DEVICES, 0..CUSTOMERS, 0..48_i64, option::of(select(&ANSWERS[..]))), 1..12),
    ) {
        let mut world = World::new(bundle);
        steps.iter().for_each(|step| world.happens(step));
        for campaign in world.bundle.campaigns.iter().filter(|campaign| campaign.kind.is_marketing()) {
            for customer in 0..CUSTOMERS {
                let mut shown: Vec<Utc> = world
                    .said(customer)
                    .iter()
                    .filter(|contact| contact.campaign == campaign.id && contact.what == ContactKind::Shown)
                    .map(|contact| contact.at)
                    .collect();
                shown.sort();
                for cap in &campaign.policy.caps {
                    let most = DEVICES * usize::from(cap.showings);
                    let crowded = shown.windows(most + 1).any(|shown| cap.within.covers(shown[0], shown[most]));
                    prop_assert!(!crowded, "{} to {customer}: {cap} on each of {DEVICES}", campaign.id);
                }
            }
        }

        world.converges();
        for (device, customer, hours, answer) in more {
            world.happens(&Step::Pass(hours));
            let said = world.said(customer);
            let choices = [0, 1, 2].map(|device| {
                let device = &world.devices[device];
                let (known, consent) = (device.knows(customer), &device.cache().table[customer]);
                chosen(&world.bundle, customer, consent, &known, world.now).map(|campaign| campaign.id)
            });
            prop_assert!(choices.iter().all(|choice| *choice == choices[0]), "one decides unlike another: {choices:?}");
            let shown = world.visit(device, customer, answer).filter(|campaign| campaign.kind.is_marketing());
            if let Some(campaign) = shown {
                prop_assert_eq!(too_much(&world.bundle, &campaign, &said, world.now), None, "{} by all", campaign.id);
            }
            world.converges();
        }
    }
}
