//! What a campaign can say, rule by rule.

use super::*;
use touchpoint_protocol::{
    consent::Consent, name::Segment, predicate::Predicate, schedule::DayPart, sequence::Next, variant::Variant,
};

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a name")
}

/// The bundle with nothing but this campaign for everyone.
fn only(change: impl FnOnce(&mut Campaign)) -> Bundle {
    let mut bundle = bundle();
    bundle.campaigns.truncate(1);
    change(&mut bundle.campaigns[0]);
    bundle
}

fn verdict(bundle: &Bundle, customer: &Customer, contacts: &[Contact], moment: &Moment) -> String {
    decide(bundle, Some(customer), contacts, moment).verdicts[0].1.to_string()
}

fn answered(campaign: &str, days: i64, kind: AnswerKind) -> Contact {
    contact(campaign, days, ContactKind::Answered(kind))
}

#[test]
fn a_part_of_the_day_is_told_by_the_clock_on_the_wall() {
    let mut bundle = only(|campaign| {
        let (from, to) = (parsed("10:00"), parsed("12:00"));
        campaign.schedule.day_parts = vec![DayPart { weekdays: vec![], from, to }];
    });
    assert_eq!(verdict(&bundle, &anna(), &[], &moment()), "is for other times: 10:00-12:00");
    bundle.zone = parsed("CET-1CEST,M3.5.0,M10.5.0/3");
    assert_eq!(verdict(&bundle, &anna(), &[], &moment()), "won", "half past ten in Berlin");
    bundle.campaigns[0].schedule.zone = Some(parsed("EST5"));
    assert!(verdict(&bundle, &anna(), &[], &moment()).starts_with("is for other times"));
}

#[test]
fn a_campaign_for_large_panels_stays_off_small_ones() {
    let bundle = only(|campaign| campaign.smallest_panel = Some(PanelSize { width: 1280, height: 768 }));
    assert_eq!(verdict(&bundle, &anna(), &[], &moment()), "needs a panel of 1280x768 pixels");
    let large = Moment { panel: PanelSize { width: 1280, height: 1024 }, ..moment() };
    assert_eq!(verdict(&bundle, &anna(), &[], &large), "won");
}

#[test]
fn a_segment_may_be_left_out() {
    let gold: Segment = parsed("gold");
    let bundle = only(|c| c.audience = Audience::Customers { segments: vec![], except: vec![gold] });
    assert_eq!(verdict(&bundle, &anna(), &[], &moment()), "is not for customers in gold");
}

#[test]
fn only_a_later_consent_beats_an_objection_at_the_screen() {
    let (bundle, objected) = (only(|_| {}), [answered("card", 10, AnswerKind::OptOut)]);
    let consented = |days: i64| {
        let at = Some(Utc::from_millis(NOW - days * DAY_MS));
        let mut anna = anna();
        anna.profile.marketing = Consent { at, ..Status::Given.into() };
        verdict(&bundle, &anna, &objected, &moment())
    };
    assert_eq!(consented(9), "won");
    let needs = "the customer objected at 2026-11-11T09:30:00.000Z: needs a later consent";
    assert_eq!([consented(10), consented(11)], [needs, needs]);
}

#[test]
fn a_campaign_with_a_purpose_of_its_own_needs_consent_to_that() {
    let bundle = only(|campaign| campaign.purpose = Some(parsed("partners")));
    let mut anna = anna();
    assert_eq!(verdict(&bundle, &anna, &[], &moment()), "needs a consent to partners");
    anna.profile.purposes.insert(parsed("partners"), Status::Given.into());
    anna.profile.marketing = Status::Refused.into();
    assert_eq!(verdict(&bundle, &anna, &[], &moment()), "won");
}

#[test]
fn a_condition_names_the_clause_that_decided() {
    let when = |json: &str| -> String {
        let bundle =
            only(|campaign| campaign.when = Some(serde_json::from_str::<Predicate>(json).expect("a condition")));
        let mut anna = anna();
        anna.profile.scores.insert(parsed("churn"), 65);
        let visit = VisitAttributes { kind: Some(parsed("withdrawal")), ..VisitAttributes::default() };
        verdict(&bundle, &anna, &[], &Moment { visit, ..moment() })
    };
    for (json, said) in [
        (
            r#"{"all":[{"score":"churn","at_least":60},{"score":"churn","at_least":70}]}"#,
            "score churn at least 70 must hold",
        ),
        (r#"{"none":[{"customer":"segment","is":"gold"}]}"#, "segment is gold must not hold"),
        (
            r#"{"any":[{"visit":"kind","is":"deposit"},{"visit":"amount","is":"large"}]}"#,
            "any of (kind of visit is deposit; amount of visit is large) must hold",
        ),
        (r#"{"all":[{"visit":"kind","in":["deposit","withdrawal"]},{"visit":"amount","not":"large"}]}"#, "won"),
        (r#"{"all":[{"device":"site","exists":false},{"customer":"language","exists":false}]}"#, "won"),
        (r#"{"all":[{"time":"weekday","in":["sat"]},{"time":"of_day","between":["22:00","10:00"]}]}"#, "won"),
        (r#"{"time":"of_day","at_most":"09:29"}"#, "time of day at most 09:29 must hold"),
        (r#"{"consent":"marketing","is":"given"}"#, "won"),
    ] {
        assert_eq!(when(json), said, "{json}");
    }
}

#[test]
fn a_policy_says_when_it_may_be_again() {
    let bundle = only(|campaign| campaign.policy.gap = Interval::days(2));
    let shown =
        |days: &[i64]| -> Vec<Contact> { days.iter().map(|at| contact("card", *at, ContactKind::Shown)).collect() };
    let said = |contacts: &[Contact]| verdict(&bundle, &anna(), contacts, &moment());
    let tomorrow = "2026-11-22T09:30:00.000Z";
    assert_eq!(said(&shown(&[1])), format!("the campaign's policy asks for a gap: again from {tomorrow}"));
    let capped = "the campaign's policy allows 2 within 10d: again from 2026-11-25T09:30:00.000Z";
    assert_eq!(said(&shown(&[6, 5])), capped);
    let later = [answered("card", 0, AnswerKind::Later)];
    assert_eq!(said(&later), format!("the campaign's policy asks for quiet after later: again from {tomorrow}"));
    let never = only(|campaign| campaign.policy.never = true);
    assert_eq!(verdict(&never, &anna(), &[], &moment()), "the campaign's policy says never");
}

#[test]
fn the_overall_policy_counts_every_campaign_but_services() {
    let mut bundle = bundle();
    bundle.campaigns.push(campaign("closing", Kind::Service, 1, everyone()));
    bundle.policy.caps = vec![Cap { showings: 2, within: Interval::days(7) }];
    bundle.policy.quiet_after_decline = Interval::days(3);
    let said = |contacts: &[Contact]| verdict(&bundle, &anna(), contacts, &moment());
    let once = |campaign: &str| contact(campaign, 1, ContactKind::Shown);
    assert!(said(&[once("savings"), once("closing"), once("closing")]).starts_with("outranked"));
    assert!(said(&[once("savings"), once("gone")]).starts_with("the overall policy allows 2 within 7d"));
    let declined = said(&[answered("gone", 2, AnswerKind::Decline)]);
    assert!(declined.starts_with("the overall policy asks for quiet after decline"), "{declined}");

    let late = Moment { shown_today: 5, ..moment() };
    assert_eq!(shown(&decide(&bundle, Some(&anna()), &[], &late)), Some("savings"), "no budget is no limit");
    bundle.policy.device_showings_a_day = Some(5);
    let decision = decide(&bundle, Some(&anna()), &[], &late);
    assert_eq!(shown(&decision), Some("closing"));
    assert_eq!(decision.verdicts[0].1.to_string(), "the device has made its 5 showings of today");
}

#[test]
fn value_times_score_decides_among_equals() {
    let mut bundle = bundle();
    bundle.campaigns = ["a", "b", "c"].map(|id| campaign(id, Kind::Offer, 50, everyone())).into();
    let winner = |bundle: &Bundle, churn: i32| {
        let mut anna = anna();
        anna.profile.scores.insert(parsed("churn"), churn);
        shown(&decide(bundle, Some(&anna), &[], &moment())).map(str::to_owned)
    };
    assert_eq!(winner(&bundle, 50).as_deref(), Some("a"), "the alphabet decides where nothing else does");
    bundle.campaigns[1].value = 3;
    (bundle.campaigns[2].value, bundle.campaigns[2].score) = (5, Some(parsed("churn")));
    assert_eq!(winner(&bundle, 59).as_deref(), Some("b"), "3 x 100 against 5 x 59");
    assert_eq!(winner(&bundle, 61).as_deref(), Some("c"), "3 x 100 against 5 x 61");
}

#[test]
fn a_follow_up_is_earned_and_then_comes_first_until_it_is_answered() {
    let mut bundle = bundle();
    bundle.campaigns = vec![
        Campaign {
            next: vec![Next { after: AnswerKind::Decline, times: 2, campaign: parsed("zz-advice") }],
            policy: ContactPolicy { quiet_after_decline: Interval::NONE, ..ContactPolicy::default() },
            ..campaign("card", Kind::Offer, 50, everyone())
        },
        // Less urgent than what it follows: that would win for ever, and the conversation never go on.
        campaign("zz-advice", Kind::Advice, 10, everyone()),
        campaign("other", Kind::Offer, 40, everyone()),
    ];
    let decided = |contacts: &[Contact]| {
        let decision = decide(&bundle, Some(&anna()), contacts, &moment());
        (shown(&decision).map(str::to_owned), decision.verdicts[1].1.to_string())
    };
    let declined = |days| answered("card", days, AnswerKind::Decline);
    let not_earned = "follows an answer that the customer has not given".to_owned();
    assert_eq!(decided(&[declined(9)]), (Some("card".to_owned()), not_earned));
    assert_eq!(decided(&[declined(9), declined(8)]).0.as_deref(), Some("zz-advice"));
    let more = answered("zz-advice", 7, AnswerKind::More);
    let answered = [declined(9), declined(8), more];
    assert_eq!(decided(&answered).0.as_deref(), Some("card"), "its turn is over");
    let again = [&answered[..], &[declined(6)]].concat();
    assert_eq!(decided(&again).0.as_deref(), Some("zz-advice"), "its turn again");
    bundle.campaigns[2].priority = 51;
    let urgent = decide(&bundle, Some(&anna()), &again, &moment());
    assert_eq!(shown(&urgent), Some("other"), "what is more urgent than either comes first");
}

#[test]
fn whoever_is_held_out_sees_the_next_best_and_it_is_known_what_they_missed() {
    let mut bundle = bundle();
    bundle.campaigns.truncate(2);
    bundle.campaigns[1].holdout_per_mille = 500;
    let mut seen = [0; 2];
    for n in 0..200 {
        let customer = Customer { id: n.try_into().expect("not negative"), ..anna() };
        let decision = decide(&bundle, Some(&customer), &[], &moment());
        let missed: Vec<&str> = decision.held_out.iter().map(|id| id.as_str()).collect();
        let at = ["savings", "card"].iter().position(|id| shown(&decision) == Some(id)).expect("one of the two");
        assert_eq!(missed, ["savings"][..at]);
        seen[at] += 1;
    }
    assert!(seen.iter().all(|count| *count > 70), "{seen:?}");
}

#[test]
fn variants_are_seen_as_often_as_they_weigh() {
    let variant = |id: &str, weight| {
        let texts = BTreeMap::new();
        Variant { id: parsed(id), weight, texts, picture: None, qr: None }
    };
    let bundle = only(|campaign| campaign.variants = vec![variant("a", 1), variant("b", 3)]);
    let mut seen = [0; 2];
    for n in 0..4_000 {
        let customer = Customer { id: n.try_into().expect("not negative"), ..anna() };
        let choice = decide(&bundle, Some(&customer), &[], &moment()).choice.expect("a choice");
        seen[usize::from(choice.variant.expect("a variant").id.as_str() == "b")] += 1;
    }
    // Binomial with n = 4,000 and p = 0.25: five standard deviations are 137.
    assert!((863..=1_137).contains(&seen[0]), "{seen:?}");
}
