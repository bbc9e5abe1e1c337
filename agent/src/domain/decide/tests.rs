//! The decision, told as customers would tell it.

use super::*;
use crate::domain::{contact::ContactKind, moment::VisitAttributes};
use std::collections::BTreeMap;
use touchpoint_protocol::{
    bundle::{Bundle, Words},
    campaign::{AnswerKind, Audience, Kind, PanelSize, Text},
    consent::Status,
    contact::InteractionId,
    customer::Profile,
    interaction::Trigger,
    interval::Interval,
    policy::{Cap, ContactPolicy, OverallPolicy},
    schedule::Schedule,
    theme::{Fonts, Theme},
    zone::Zone,
};

mod properties;
mod rules;

/// 2026-11-21T09:30:00Z, a Saturday.
const NOW: i64 = 1_795_253_400_000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn campaign(id: &str, kind: Kind, priority: u8, audience: Audience) -> Campaign {
    let text =
        Text { title: "Title".to_owned(), body: "Body".to_owned(), answers: vec!["No more".to_owned()], more: None };
    Campaign {
        id: id.parse().expect("a name"),
        kind,
        purpose: None,
        schedule: Schedule::default(),
        smallest_panel: None,
        audience,
        when: None,
        policy: ContactPolicy {
            caps: vec![Cap { showings: 2, within: Interval::days(10) }],
            ..ContactPolicy::default()
        },
        holdout_per_mille: 0,
        priority,
        value: 0,
        score: None,
        next: vec![],
        answers: vec![AnswerKind::OptOut],
        texts: BTreeMap::from([("en".parse().expect("a name"), text)]),
        picture: None,
        qr: None,
        variants: vec![],
    }
}

fn gold() -> Audience {
    Audience::Customers { segments: vec!["gold".parse().expect("a name")], except: vec![] }
}

fn everyone() -> Audience {
    Audience::Customers { segments: vec![], except: vec![] }
}

/// An offer for gold customers, a lesser one for everyone, a service message for gold, and a welcome for strangers.
fn bundle() -> Bundle {
    let colour = "#000000".parse().expect("a colour");
    Bundle {
        fallback_language: "en".parse().expect("a name"),
        zone: Zone::default(),
        policy: OverallPolicy::default(),
        salt: "2026".to_owned(),
        theme: Theme {
            background: colour,
            surface: colour,
            outline: colour,
            text: colour,
            muted: colour,
            accent: colour,
            on_accent: colour,
            corner_radius_mm: None,
            spacing_mm: None,
            fonts: Fonts::default(),
            logo: None,
        },
        attract: BTreeMap::<_, Words>::new(),
        out_of_order: BTreeMap::new(),
        thanks: BTreeMap::new(),
        campaigns: vec![
            campaign("card", Kind::Offer, 20, everyone()),
            campaign("savings", Kind::Offer, 60, gold()),
            campaign("welcome", Kind::Service, 10, Audience::Strangers),
        ],
    }
}

fn anna() -> Customer {
    let (segments, marketing) = (vec!["gold".parse().expect("a name")], Status::Given.into());
    let profile = Profile { segments, marketing, ..Profile::default() };
    Customer { id: 7.try_into().expect("not negative"), profile }
}

fn contact(campaign: &str, days_ago: i64, what: ContactKind) -> Contact {
    contact_at(campaign, Utc::from_millis(NOW - days_ago * DAY_MS), what)
}

fn contact_at(campaign: &str, at: Utc, what: ContactKind) -> Contact {
    Contact {
        id: InteractionId { journal: "j1".parse().expect("a name"), sequence: 1 },
        customer: 7.try_into().expect("not negative"),
        campaign: campaign.parse().expect("a name"),
        at,
        what,
    }
}

fn moment() -> Moment {
    Moment {
        utc: Utc::from_millis(NOW),
        trigger: Trigger::Arrival,
        seconds_left: 25,
        visit: VisitAttributes::default(),
        panel: PanelSize { width: 1024, height: 768 },
        site: None,
        screen: None,
        shown_today: 0,
        seen: vec![],
    }
}

fn shown<'a>(decision: &Decision<'a>) -> Option<&'a str> {
    decision.choice.map(|choice| choice.campaign.id.as_str())
}

#[test]
fn the_highest_priority_among_what_fits_is_shown() {
    let bundle = bundle();
    let decision = decide(&bundle, Some(&anna()), &[], &moment());
    assert_eq!(shown(&decision), Some("savings"));
    let verdicts: Vec<_> = decision.verdicts.iter().map(|(_, verdict)| *verdict).collect();
    assert_eq!(verdicts, [Verdict::Outranked, Verdict::Won, Verdict::Lost(Loss::ForStrangers)]);
}

#[test]
fn a_stranger_sees_what_is_meant_for_strangers() {
    assert_eq!(shown(&decide(&bundle(), None, &[], &moment())), Some("welcome"));
}

#[test]
fn without_an_opt_in_there_is_no_marketing() {
    let bundle = bundle();
    for (status, reason) in [(Status::Unknown, Reason::NoConsent), (Status::Refused, Reason::OptedOut)] {
        let mut anna = anna();
        anna.profile.marketing = status.into();
        let decision = decide(&bundle, Some(&anna), &[], &moment());
        assert_eq!((shown(&decision), decision.nearest().1), (None, reason));
    }
}

#[test]
fn a_service_message_needs_no_opt_in_and_is_never_capped() {
    let mut bundle = bundle();
    bundle.campaigns.push(campaign("closing", Kind::Service, 5, everyone()));
    let mut anna = anna();
    anna.profile.marketing = Status::Refused.into();
    let often = vec![contact("closing", 0, ContactKind::Shown); 50];
    assert_eq!(shown(&decide(&bundle, Some(&anna), &often, &moment())), Some("closing"));
}

#[test]
fn an_opt_out_at_the_screen_beats_what_head_office_says() {
    let opted_out = [contact("card", 400, ContactKind::Answered(AnswerKind::OptOut))];
    let bundle = bundle();
    let decision = decide(&bundle, Some(&anna()), &opted_out, &moment());
    assert_eq!((shown(&decision), decision.nearest().1), (None, Reason::OptedOut));
}

#[test]
fn a_decline_is_respected_for_its_time_and_an_accept_for_ever() {
    let declined = |days| [contact("savings", days, ContactKind::Answered(AnswerKind::Decline))];
    let bundle = bundle();
    assert_eq!(shown(&decide(&bundle, Some(&anna()), &declined(29), &moment())), Some("card"));
    assert_eq!(shown(&decide(&bundle, Some(&anna()), &declined(31), &moment())), Some("savings"));
    let accepted = [contact("savings", 900, ContactKind::Answered(AnswerKind::Accept))];
    let decision = decide(&bundle, Some(&anna()), &accepted, &moment());
    assert_eq!(decision.verdicts[1].1.to_string(), "the campaign's policy asks for quiet after accept: again never");
}

#[test]
fn a_cap_counts_showings_within_its_days() {
    let twice = |days| vec![contact("savings", days, ContactKind::Shown); 2];
    let bundle = bundle();
    assert_eq!(shown(&decide(&bundle, Some(&anna()), &twice(9), &moment())), Some("card"));
    assert_eq!(shown(&decide(&bundle, Some(&anna()), &twice(11), &moment())), Some("savings"));
}

#[test]
fn a_control_group_sees_nothing_of_the_campaign() {
    let mut bundle = bundle();
    bundle.campaigns.truncate(2);
    bundle.campaigns.remove(0);
    bundle.campaigns[0].holdout_per_mille = 500;
    let held_out =
        (0..100).map(|n| Customer { id: n.try_into().expect("not negative"), ..anna() }).filter(|customer| {
            let decision = decide(&bundle, Some(customer), &[], &moment());
            decision.held_out.len() == 1 && decision.nearest().1 == Reason::HeldOut
        });
    assert!((30..=70).contains(&held_out.count()));
}

#[test]
fn a_schedule_holds_from_its_first_millisecond_until_before_its_last() {
    let mut bundle = bundle();
    bundle.campaigns.truncate(1);
    let at = |from, until, bundle: &mut Bundle| {
        bundle.campaigns[0].schedule.from = Some(Utc::from_millis(from));
        bundle.campaigns[0].schedule.until = Some(Utc::from_millis(until));
        decide(bundle, Some(&anna()), &[], &moment()).choice.is_some()
    };
    assert!(at(NOW, NOW + 1, &mut bundle));
    assert!(!at(NOW + 1, NOW + 2, &mut bundle) && !at(NOW - 1, NOW, &mut bundle));
}

#[test]
fn what_cannot_be_read_in_time_is_not_shown() {
    let bundle = bundle();
    let decision = decide(&bundle, Some(&anna()), &[], &Moment { seconds_left: 5, ..moment() });
    assert_eq!((shown(&decision), decision.nearest().1), (None, Reason::NoTime));
}

#[test]
fn a_customer_is_spoken_to_in_their_language_or_in_the_fallback() {
    let mut bundle = bundle();
    let text = bundle.campaigns[1].texts.values().next().expect("one text").clone();
    bundle.campaigns[1].texts.insert("de".parse().expect("a name"), text);
    let language = |wanted: Option<&str>| {
        let mut anna = anna();
        anna.profile.language = wanted.map(|language| language.parse().expect("a name"));
        decide(&bundle, Some(&anna), &[], &moment()).choice.expect("a choice").language.to_string()
    };
    assert_eq!([language(Some("de")), language(Some("fr")), language(None)], ["de", "en", "en"]);
}
