//! What holds of every decision, whoever stands there and whatever head office has written.

use super::*;
use proptest::{collection::vec, option, prelude::*, sample::select};
use touchpoint_protocol::{
    consent::{Channel, Consent},
    predicate::Predicate,
    sequence::Next,
    variant::Variant,
};

const IDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

const CONDITIONS: [&str; 4] = [
    r#"{"score":"churn","at_least":50}"#,
    r#"{"any":[{"customer":"segment","is":"gold"},{"customer":"language","is":"de"}]}"#,
    r#"{"none":[{"visit":"kind","is":"deposit"},{"score":"churn","exists":false}]}"#,
    r#"{"time":"of_day","between":["08:00","20:00"]}"#,
];

const ANSWERS: [AnswerKind; 5] =
    [AnswerKind::Accept, AnswerKind::Decline, AnswerKind::Later, AnswerKind::More, AnswerKind::OptOut];

fn intervals() -> impl Strategy<Value = Interval> {
    select(&["none", "12h", "1d", "7d", "forever"][..]).prop_map(|text| text.parse().expect("an interval"))
}

fn caps() -> impl Strategy<Value = Vec<Cap>> {
    let within = select(&["12h", "2d", "30d"][..]).prop_map(|text| text.parse().expect("an interval"));
    vec((1..4_u16, within).prop_map(|(showings, within)| Cap { showings, within }), 0..3)
}

prop_compose! {
    fn policies()(
        never in prop::bool::weighted(0.05),
        caps in caps(),
        gap in intervals(),
        quiet_after_decline in intervals(),
        quiet_after_later in intervals(),
        quiet_after_accept in intervals(),
    ) -> ContactPolicy {
        ContactPolicy { never, caps, gap, quiet_after_decline, quiet_after_later, quiet_after_accept }
    }
}

prop_compose! {
    fn campaigns()(
        kind in select(&[Kind::Offer, Kind::Advice, Kind::Service][..]),
        audience in select(vec![gold(), everyone(), Audience::Strangers]),
        when in option::weighted(0.3, select(&CONDITIONS[..])),
        policy in policies(),
        holdout in select(&[0, 0, 200, 500][..]),
        (priority, value) in (0..4_u8, 0..3_u32),
        scored in any::<bool>(),
        next in option::weighted(0.3, (select(&ANSWERS[..4]), 1..3_u8, select(&IDS[..]))),
        weights in vec(1..5_u16, 0..4),
    ) -> Campaign {
        let variant = |(at, weight): (usize, u16)| Variant {
            id: IDS[at].parse().expect("a name"),
            weight,
            texts: BTreeMap::new(),
            picture: None,
            qr: None,
        };
        let next = next.map(|(after, times, id)| Next { after, times, campaign: id.parse().expect("a name") });
        Campaign {
            when: when.map(|json| serde_json::from_str::<Predicate>(json).expect("a condition")),
            policy,
            holdout_per_mille: holdout,
            value,
            score: scored.then(|| "churn".parse().expect("a name")),
            next: next.into_iter().collect(),
            variants: weights.into_iter().enumerate().map(variant).collect(),
            ..campaign("x", kind, priority, audience)
        }
    }
}

prop_compose! {
    fn bundles()(campaigns in vec(campaigns(), 1..8), caps in caps(), gap in intervals()) -> Bundle {
        let named = campaigns.into_iter().zip(IDS);
        let campaigns = named.map(|(campaign, id)| Campaign { id: id.parse().expect("a name"), ..campaign });
        let policy = OverallPolicy { caps, gap, ..OverallPolicy::default() };
        Bundle { campaigns: campaigns.collect(), policy, ..bundle() }
    }
}

prop_compose! {
    fn customers()(
        id in 0..1_000_i64,
        gold in any::<bool>(),
        language in option::of(select(&["de", "en"][..])),
        status in select(&Status::ALL[..]),
        channel in select(&[Channel::All, Channel::Screen, Channel::Elsewhere][..]),
        days in option::of(0..40_i64),
        churn in option::of(0..100_i32),
    ) -> Customer {
        let mut customer = Customer { id: id.try_into().expect("not negative"), ..anna() };
        let profile = &mut customer.profile;
        if !gold {
            profile.segments.clear();
        }
        profile.language = language.map(|language| language.parse().expect("a name"));
        let at = days.map(|days| Utc::from_millis(NOW - days * DAY_MS));
        profile.marketing = Consent { status, channel, source: None, at };
        profile.scores = churn.map(|churn| ("churn".parse().expect("a name"), churn)).into_iter().collect();
        customer
    }
}

fn contacts() -> impl Strategy<Value = Vec<Contact>> {
    let what = prop_oneof![
        3 => Just(ContactKind::Shown),
        2 => select(&ANSWERS[..4]).prop_map(ContactKind::Answered),
    ];
    vec((select(&IDS[..]), 0..40_i64, what).prop_map(|(id, days, what)| contact(id, days, what)), 0..12)
}

/// What comes of a decision, verdicts apart.
fn outcome(decision: &Decision<'_>) -> String {
    let choice = decision.choice.map(|choice| (&choice.campaign.id, choice.variant.map(|variant| &variant.id)));
    format!("{choice:?} {:?}", decision.held_out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_same_case_is_decided_alike_however_it_is_put(
        bundle in bundles(),
        customer in option::weighted(0.9, customers()),
        contacts in contacts(),
    ) {
        let decision = decide(&bundle, customer.as_ref(), &contacts, &moment());
        prop_assert_eq!(&decision, &decide(&bundle, customer.as_ref(), &contacts, &moment()));

        let turned = Bundle { campaigns: bundle.campaigns.iter().rev().cloned().collect(), ..bundle.clone() };
        let back: Vec<Contact> = contacts.iter().rev().cloned().collect();
        let again = decide(&turned, customer.as_ref(), &back, &moment());
        prop_assert_eq!(outcome(&decision), outcome(&again));
    }

    #[test]
    fn every_campaign_has_one_verdict_and_the_winner_is_the_only_one(
        bundle in bundles(),
        customer in option::weighted(0.9, customers()),
        contacts in contacts(),
    ) {
        let decision = decide(&bundle, customer.as_ref(), &contacts, &moment());
        let ids: Vec<_> = bundle.campaigns.iter().map(|campaign| &campaign.id).collect();
        prop_assert_eq!(decision.verdicts.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids);
        let won = decision.verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Won).map(|(id, _)| *id);
        let won: Vec<_> = won.collect();
        prop_assert_eq!(won, decision.choice.iter().map(|choice| &choice.campaign.id).collect::<Vec<_>>());
        if decision.choice.is_none() {
            prop_assert!(decision.verdicts.iter().all(|(_, verdict)| matches!(verdict, Verdict::Lost(_))));
        }
    }

    #[test]
    fn a_campaign_that_cannot_be_shown_changes_nothing(
        bundle in bundles(),
        customer in customers(),
        contacts in contacts(),
        mut more in campaigns(),
        at in 0..8_usize,
    ) {
        more.id = "zz".parse().expect("a name");
        // A follow-up that names others would make them follow-ups.
        more.next.clear();
        let mut longer = bundle.clone();
        longer.campaigns.insert(at.min(bundle.campaigns.len()), more);
        let with = decide(&longer, Some(&customer), &contacts, &moment());
        let lost = with.verdicts.iter().any(|(id, verdict)| {
            id.as_str() == "zz" && matches!(verdict, Verdict::Lost(loss) if *loss != Loss::HeldOut)
        });
        prop_assume!(lost);
        let without = decide(&bundle, Some(&customer), &contacts, &moment());
        prop_assert_eq!(outcome(&with), outcome(&without));
        let others = with.verdicts.iter().filter(|(id, _)| id.as_str() != "zz").copied().collect::<Vec<_>>();
        prop_assert_eq!(format!("{others:?}"), format!("{:?}", without.verdicts));
    }

    #[test]
    fn whoever_objects_sees_no_marketing_until_they_consent_again(
        bundle in bundles(),
        customer in customers(),
        mut contacts in contacts(),
        days in 0..40_i64,
    ) {
        contacts.push(contact("a", days, ContactKind::Answered(AnswerKind::OptOut)));
        let later = customer.profile.marketing.at.is_some_and(|at| at > Utc::from_millis(NOW - days * DAY_MS));
        let decision = decide(&bundle, Some(&customer), &contacts, &moment());
        let shown = decision.choice.iter().map(|choice| choice.campaign);
        let held_out = bundle.campaigns.iter().filter(|campaign| decision.held_out.contains(&&campaign.id));
        let marketing = shown.chain(held_out).any(|campaign| campaign.kind.is_marketing());
        prop_assert!(!marketing || (later && customer.profile.marketing.at_screen() == Status::Given));
    }

    #[test]
    fn no_cap_and_no_gap_is_broken_over_many_visits(
        bundle in bundles(),
        customer in customers(),
        visits in vec((1..30_i64, option::of(select(&ANSWERS[..4]))), 1..40),
    ) {
        let mut contacts = Vec::new();
        let mut now = Utc::from_millis(NOW);
        for (hours, answer) in visits {
            now = now.plus_millis(hours * 60 * 60 * 1000);
            let decision = decide(&bundle, Some(&customer), &contacts, &Moment { utc: now, ..moment() });
            let Some(choice) = decision.choice else { continue };
            let campaign = choice.campaign.id.clone();
            contacts.push(contact_at(campaign.as_str(), now, ContactKind::Shown));
            contacts.extend(answer.map(|kind| contact_at(campaign.as_str(), now, ContactKind::Answered(kind))));
        }
        let shown = |of: &dyn Fn(&Campaign) -> bool| -> Vec<Utc> {
            let of = |id: &CampaignId| bundle.campaigns.iter().any(|campaign| campaign.id == *id && of(campaign));
            let showings = contacts.iter().filter(|contact| contact.what == ContactKind::Shown && of(&contact.campaign));
            showings.map(|contact| contact.at).collect()
        };
        let broken = |showings: &[Utc], caps: &[Cap], gap: Interval| {
            let crowded = |cap: &Cap| {
                let most = usize::from(cap.showings);
                showings.windows(most + 1).any(|window| cap.within.covers(window[0], window[most]))
            };
            caps.iter().any(crowded) || showings.windows(2).any(|pair| gap.covers(pair[0], pair[1]))
        };
        for campaign in bundle.campaigns.iter().filter(|campaign| campaign.kind.is_marketing()) {
            let showings = shown(&|other| other.id == campaign.id);
            prop_assert!(!broken(&showings, &campaign.policy.caps, campaign.policy.gap), "{}", campaign.id);
        }
        let all = shown(&|campaign| campaign.kind.is_marketing());
        prop_assert!(!broken(&all, &bundle.policy.caps, bundle.policy.gap));
    }
}

/// Whether each of a hundred thousand customers is held out of each of two campaigns, and whether they see its first variant.
fn assigned() -> Vec<[(bool, bool); 2]> {
    let mut bundle = bundle();
    bundle.campaigns.truncate(2);
    for campaign in &mut bundle.campaigns {
        campaign.holdout_per_mille = 100;
        let variant = |id: &str| Variant {
            id: id.parse().expect("a name"),
            weight: 1,
            texts: BTreeMap::new(),
            picture: None,
            qr: None,
        };
        campaign.variants = vec![variant("a"), variant("b")];
    }
    let of = |n: i64| {
        let id = n.try_into().expect("not negative");
        [&bundle.campaigns[0], &bundle.campaigns[1]].map(|campaign| {
            let variant = assignment::variant(&bundle.salt, campaign, Some(id), 0).expect("a variant");
            (assignment::is_held_out(&bundle.salt, campaign, id), variant.id.as_str() == "a")
        })
    };
    (0..100_000).map(of).collect()
}

/// Whether a count is within five standard deviations of what a share of a hundred thousand draws gives.
fn is_fair(count: usize, share: f64) -> bool {
    let (draws, count) = (100_000.0, f64::from(u32::try_from(count).expect("a small number")));
    (count - draws * share).abs() <= 5.0 * (draws * share * (1.0 - share)).sqrt()
}

#[test]
fn shares_are_what_they_should_be_and_no_draw_depends_on_another() {
    let assigned = assigned();
    let count = |what: fn(&[(bool, bool); 2]) -> bool| assigned.iter().filter(|case| what(case)).count();
    for (what, count, share) in [
        ("held out of the first", count(|[one, _]| one.0), 0.1),
        ("held out of the second", count(|[_, two]| two.0), 0.1),
        ("held out of both", count(|[one, two]| one.0 && two.0), 0.01),
        ("the first variant of the first", count(|[one, _]| one.1), 0.5),
        ("the first variants of both", count(|[one, two]| one.1 && two.1), 0.25),
        ("held out, and the first variant", count(|[one, _]| one.0 && one.1), 0.05),
    ] {
        assert!(is_fair(count, share), "{what}: {count} of 100,000");
    }
}
