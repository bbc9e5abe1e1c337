//! What is decided again within one visit: after an answer, a balance enquiry, another language, or when time runs out; and that each
//! showing says what called for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;
use touchpoint_agent::{
    domain::moment::VisitAttributes,
    identify::{Event, Turn},
    status::Phase,
};
use touchpoint_protocol::{
    bundle::Bundle,
    campaign::{
        AnswerKind::{self, Accept, CallMe, Decline, More, OptOut},
        Audience, Campaign, Kind,
    },
    interaction::Reason,
    predicate::Predicate,
    sequence::Next,
};
use touchpoint_tests::{
    head_office::{ANNA, BEN, STRANGER},
    machine::Machine,
};

const WAIT: u32 = 60;

const SECOND: Duration = Duration::from_secs(1);

/// A campaign of the demo.
fn campaign<'a>(bundle: &'a mut Bundle, id: &str) -> &'a mut Campaign {
    bundle.campaigns.iter_mut().find(|campaign| campaign.id.as_str() == id).unwrap()
}

/// Another for Anna, like her savings but for this.
fn another(bundle: &mut Bundle, id: &str, priority: u8, change: impl FnOnce(&mut Campaign)) {
    let savings = campaign(bundle, "savings").clone();
    let mut another = Campaign { id: id.parse().unwrap(), priority, ..savings };
    change(&mut another);
    bundle.campaigns.push(another);
}

/// A service message that follows an answer to savings.
fn confirmed(bundle: &mut Bundle, after: AnswerKind) {
    let savings = campaign(bundle, "savings");
    savings.answers = vec![Accept, CallMe, OptOut];
    savings.next = vec![Next { after, times: 1, campaign: "confirmation".parse().unwrap() }];
    another(bundle, "confirmation", 50, |campaign| {
        campaign.kind = Kind::Service;
        campaign.next = vec![];
        campaign.answers = vec![];
        campaign.texts.values_mut().for_each(|text| text.answers = vec![]);
    });
}

fn when(json: &str) -> Option<Predicate> {
    Some(serde_json::from_str(json).unwrap())
}

/// A message for who asks for their balance.
fn balance_tip(bundle: &mut Bundle) {
    another(bundle, "balance-tip", 80, |campaign| {
        campaign.when = when(r#"{"visit": "kind", "is": "balance-enquiry"}"#);
    });
}

fn chooses(language: &str) -> Event {
    Event::Turned(Turn::Language(language.parse().unwrap()))
}

fn asks_for_balance() -> Event {
    Event::Turned(Turn::BalanceEnquiry)
}

#[test]
fn call_me_is_confirmed_at_once_and_the_confirmation_says_what_called_for_it() {
    Machine::try_out_with(
        |bundle| confirmed(bundle, CallMe),
        async |machine| {
            machine.arrives(ANNA, WAIT).await.unwrap();
            machine.passes(2 * SECOND).await;
            machine.happens(Event::Answered(CallMe)).await;
            assert_eq!(machine.visits.borrow().phase, Phase::Showing);
            machine.happens(Event::Left).await;
            let expected = [
                "shown: savings in de",
                "ended: savings, call_me after 2000 ms",
                "shown: confirmation in de (Answer)",
                "ended: confirmation, customer_left after 0 ms",
            ];
            assert_eq!(machine.recorded().await, expected);
            let visit = machine.visits.borrow().visit.clone().unwrap();
            assert_eq!((visit.showings, visit.decisions.len()), (2, 2));
        },
    );
}

#[test]
fn without_time_for_what_follows_the_answer_is_thanked_for_and_it_comes_with_the_next_visit() {
    Machine::try_out_with(
        |bundle| confirmed(bundle, CallMe),
        async |machine| {
            machine.arrives(ANNA, 25).await.unwrap();
            machine.passes(20 * SECOND).await;
            machine.happens(Event::Answered(CallMe)).await;
            assert_eq!(machine.visits.borrow().phase, Phase::Thanks);
            machine.happens(Event::Left).await;
            machine.arrives(ANNA, 25).await.unwrap();
            let expected = [
                "shown: savings in de",
                "ended: savings, call_me after 20000 ms",
                "not shown: confirmation, no_time (Answer)",
                "shown: confirmation in de",
            ];
            assert_eq!(machine.recorded().await, expected, "savings has the higher priority, and is what it follows");
        },
    );
}

#[test]
fn another_answer_than_the_one_that_is_followed_is_thanked_for() {
    Machine::try_out_with(
        |bundle| confirmed(bundle, CallMe),
        async |machine| {
            machine.arrives(ANNA, WAIT).await.unwrap();
            machine.happens(Event::Answered(Accept)).await;
            assert_eq!(machine.visits.borrow().phase, Phase::Thanks);
            assert_eq!(machine.recorded().await.len(), 2, "there was nothing to decide");
        },
    );
}

#[test]
fn who_has_answered_is_shown_what_follows_and_nothing_else() {
    Machine::try_out_with(
        |bundle| {
            confirmed(bundle, CallMe);
            another(bundle, "loan", 55, |_| {});
            campaign(bundle, "confirmation").policy.never = true;
        },
        async |machine| {
            machine.arrives(ANNA, WAIT).await.unwrap();
            machine.happens(Event::Answered(CallMe)).await;
            assert_eq!(machine.visits.borrow().phase, Phase::Thanks);
            assert_eq!(machine.recorded().await[2..], ["not shown: confirmation, stopped (Answer)"]);
        },
    );
}

#[test]
fn a_balance_enquiry_brings_what_is_for_it_and_both_decisions_are_recorded() {
    Machine::try_out_with(balance_tip, async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.passes(3 * SECOND).await;
        machine.happens(asks_for_balance()).await;
        machine.passes(SECOND).await;
        machine.happens(Event::Answered(Decline)).await;
        let expected = [
            "shown: savings in de",
            "ended: savings, interrupted after 3000 ms",
            "shown: balance-tip in de (BalanceEnquiry)",
            "ended: balance-tip, decline after 1000 ms",
        ];
        assert_eq!(machine.recorded().await, expected);
    });
}

#[test]
fn what_has_won_again_stays_on_the_glass_and_is_no_second_showing() {
    Machine::try_out(async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        let views = machine.glass.views();
        machine.happens(asks_for_balance()).await;
        machine.happens(chooses("de")).await;
        assert_eq!((machine.glass.views(), machine.recorded().await.len()), (views, 1));
        machine.passes(2 * SECOND).await;
        machine.happens(Event::Left).await;
        assert_eq!(machine.recorded().await[1..], ["ended: savings, customer_left after 2000 ms"]);
    });
}

#[test]
fn another_language_shows_the_same_message_again_and_caps_count_it_once() {
    Machine::try_out_with(
        |bundle| campaign(bundle, "savings").policy.caps[0].showings = 1,
        async |machine| {
            machine.arrives(ANNA, WAIT).await.unwrap();
            machine.passes(2 * SECOND).await;
            machine.happens(chooses("fr")).await;
            machine.passes(3 * SECOND).await;
            machine.happens(Event::Answered(Accept)).await;
            let expected = [
                "shown: savings in de",
                "ended: savings, interrupted after 2000 ms",
                "shown: savings in fr (LanguageChange)",
                "ended: savings, accept after 3000 ms",
            ];
            assert_eq!(machine.recorded().await, expected);
        },
    );
}

#[test]
fn never_more_than_three_showings_and_never_a_message_twice() {
    let attributes = |kind: &str| VisitAttributes { kind: Some(kind.parse().unwrap()), ..VisitAttributes::default() };
    Machine::try_out_with(balance_tip, async |machine| {
        machine.arrives_for(ANNA, WAIT, attributes("withdrawal")).await.unwrap();
        machine.happens(chooses("fr")).await;
        machine.happens(chooses("en")).await;
        machine.happens(chooses("de")).await;
        machine.happens(asks_for_balance()).await;
        machine.happens(Event::Left).await;
        let shown: Vec<_> = machine.recorded().await.into_iter().filter(|fact| fact.starts_with("shown")).collect();
        let expected =
            ["shown: savings in de", "shown: savings in fr (LanguageChange)", "shown: savings in en (LanguageChange)"];
        assert_eq!(shown, expected);
    });
    Machine::try_out(async |machine| {
        // Whoever declined nothing and is still there after the thanks is not shown it again.
        machine.arrives(BEN, WAIT).await.unwrap();
        machine.happens(Event::Answered(Accept)).await;
        machine.passes(4 * SECOND).await;
        machine.happens(asks_for_balance()).await;
        assert_eq!(machine.recorded().await[2..], ["not shown: family-insurance, accepted (BalanceEnquiry)"]);
        // And once they have gone, nothing is decided any more.
        machine.happens(Event::Left).await;
        machine.happens(asks_for_balance()).await;
        assert_eq!(machine.recorded().await.len(), 3);
    });
}

#[test]
fn a_stranger_is_not_shown_the_same_twice_either() {
    Machine::try_out_with(
        |bundle| {
            let welcome = campaign(bundle, "welcome");
            welcome.answers = vec![Decline];
            welcome.texts.values_mut().for_each(|text| text.answers = vec!["x".to_owned()]);
        },
        async |machine| {
            machine.arrives(STRANGER, WAIT).await.unwrap();
            machine.happens(Event::Answered(Decline)).await;
            machine.passes(4 * SECOND).await;
            machine.happens(asks_for_balance()).await;
            assert_eq!(machine.recorded().await[2..], ["not shown: welcome, too_soon (BalanceEnquiry)"]);
            machine.happens(chooses("fr")).await;
            assert_eq!(machine.recorded().await[3..], ["shown: welcome in fr (LanguageChange)"]);
        },
    );
}

#[test]
fn when_time_runs_out_for_one_message_a_shorter_one_has_its_chance() {
    Machine::try_out_with(
        |bundle| {
            another(bundle, "short", 20, |campaign| {
                for text in campaign.texts.values_mut() {
                    (text.title, text.body) = ("Hello".to_owned(), "You".to_owned());
                }
            });
        },
        async |machine| {
            machine.happens(Event::PinEntry(true)).await;
            machine.arrives(ANNA, 25).await.unwrap();
            machine.passes(18 * SECOND).await;
            machine.happens(Event::PinEntry(false)).await;
            machine.passes(7 * SECOND).await;
            let expected = [
                "not shown: savings, no_time",
                "shown: short in de (TimeRunningOut)",
                "ended: short, time_up after 7000 ms",
            ];
            assert_eq!(machine.recorded().await, expected);
        },
    );
}

#[test]
fn an_objection_counts_at_once_within_the_same_visit() {
    Machine::try_out_with(balance_tip, async |machine| {
        machine.arrives(ANNA, WAIT).await.unwrap();
        machine.happens(Event::Answered(OptOut)).await;
        // Not even a second later, while the thanks are still there.
        machine.happens(asks_for_balance()).await;
        let visit = machine.visits.borrow().visit.clone().unwrap();
        assert_eq!((visit.reason, visit.showings), (Some(Reason::OptedOut), 1));
        assert_eq!(machine.recorded().await[2..], ["not shown: opted_out (BalanceEnquiry)"]);
    });
}

#[test]
fn who_asks_for_more_sees_the_code_larger_and_can_still_answer() {
    Machine::try_out_with(
        |bundle| {
            let family = campaign(bundle, "family-insurance");
            family.answers = vec![Accept, More, OptOut];
        },
        async |machine| {
            machine.arrives(BEN, WAIT).await.unwrap();
            let views = machine.glass.views();
            machine.passes(2 * SECOND).await;
            machine.happens(Event::Answered(More)).await;
            assert_eq!(machine.glass.views(), views + 1);
            assert_eq!(machine.visits.borrow().visit.as_ref().unwrap().answers, [Accept, OptOut]);
            machine.passes(3 * SECOND).await;
            machine.happens(Event::Answered(Accept)).await;
            assert_eq!(machine.visits.borrow().phase, Phase::Thanks);
            let expected = [
                "shown: family-insurance in en",
                "ended: family-insurance, more after 2000 ms",
                "shown: family-insurance in en (Answer)",
                "ended: family-insurance, accept after 3000 ms",
            ];
            assert_eq!(machine.recorded().await, expected);
        },
    );
}

#[test]
fn later_is_quiet_for_as_long_as_the_policy_says() {
    Machine::try_out_with(
        |bundle| {
            let savings = campaign(bundle, "savings");
            savings.answers = vec![AnswerKind::Later, Accept, OptOut];
            savings.policy.quiet_after_later = "2h".parse().unwrap();
        },
        async |machine| {
            machine.arrives(ANNA, WAIT).await.unwrap();
            machine.happens(Event::Answered(AnswerKind::Later)).await;
            machine.happens(Event::Left).await;
            machine.passes(Duration::from_secs(2 * 3600 - 1)).await;
            assert_eq!(machine.arrives(ANNA, WAIT).await.unwrap().reason, Some(Reason::Postponed));
            machine.passes(SECOND).await;
            assert!(machine.arrives(ANNA, WAIT).await.unwrap().shown);
        },
    );
}

#[test]
fn a_device_makes_no_more_showings_of_marketing_a_day_than_it_may() {
    Machine::try_out_with(
        |bundle| bundle.policy.device_showings_a_day = Some(1),
        async |machine| {
            assert!(machine.arrives(ANNA, WAIT).await.unwrap().shown);
            machine.happens(Event::Left).await;
            assert_eq!(machine.arrives(BEN, WAIT).await.unwrap().reason, Some(Reason::DeviceBudget));
            assert!(machine.arrives(STRANGER, WAIT).await.unwrap().shown, "what is owed is shown");
            machine.happens(Event::Left).await;
            machine.passes(Duration::from_secs(24 * 3600)).await;
            assert!(machine.arrives(BEN, WAIT).await.unwrap().shown);
        },
    );
}

#[test]
fn the_language_chosen_at_the_machine_is_the_one_that_is_spoken() {
    let french = VisitAttributes { language: Some("fr".parse().unwrap()), ..VisitAttributes::default() };
    Machine::try_out_with(
        |bundle| {
            another(bundle, "french", 90, |campaign| {
                campaign.audience = Audience::Customers { segments: vec![], except: vec![] };
                campaign.when = when(r#"{"customer": "language", "is": "fr"}"#);
            });
        },
        async |machine| {
            machine.arrives_for(ANNA, WAIT, french).await.unwrap();
            assert_eq!(machine.recorded().await, ["shown: french in fr"]);
        },
    );
}

#[test]
fn the_last_twenty_visits_are_told_of() {
    Machine::try_out(async |machine| {
        for _ in 0..25 {
            machine.arrives(STRANGER, WAIT).await.unwrap();
            machine.happens(Event::Left).await;
        }
        let visits = machine.visits.borrow().clone();
        assert_eq!((visits.visits, visits.before.len() + 1), (25, 20));
        assert!(visits.before.iter().all(|visit| !visit.verdicts.is_empty() && visit.decisions.len() == 1));
    });
}
