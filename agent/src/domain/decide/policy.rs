//! Fifth question: has the customer, or the device, had enough?

use super::{
    history::History,
    verdict::{Loss, Scope},
};
use crate::domain::{
    contact::{Contact, ContactKind},
    moment::Moment,
};
use touchpoint_protocol::{
    campaign::{AnswerKind, Campaign},
    interval::Interval,
    policy::{Cap, ContactPolicy, OverallPolicy},
    utc::Utc,
};

/// What one policy holds back, whoever wrote it.
struct Rules<'a> {
    scope: Scope,
    caps: &'a [Cap],
    gap: Interval,
    quiet: [(AnswerKind, Interval); 3],
}

/// Why a campaign's own policy holds it back, if it does, after these contacts about it. Service messages are never capped: they are owed.
pub(super) fn of_campaign<'a>(campaign: &'a Campaign, told: &[&Contact], now: Utc) -> Result<(), Loss<'a>> {
    let ContactPolicy { never, caps, gap, quiet_after_accept, quiet_after_decline, quiet_after_later } =
        &campaign.policy;
    if *never {
        return Err(Loss::Stopped(Scope::Campaign));
    }
    // Most campaigns were never shown to most people, and whoever was told nothing has not had enough.
    if !campaign.kind.is_marketing() || told.is_empty() {
        return Ok(());
    }
    let quiet = quiet(*quiet_after_accept, *quiet_after_decline, *quiet_after_later);
    Rules { scope: Scope::Campaign, caps, gap: *gap, quiet }.check(told, now)
}

/// Why there is no marketing for this customer now, if there is none.
pub(super) fn overall<'a>(policy: &'a OverallPolicy, history: &History<'_>, moment: &Moment) -> Result<(), Loss<'a>> {
    let OverallPolicy { never, caps, gap, device_showings_a_day, .. } = policy;
    if *never {
        return Err(Loss::Stopped(Scope::Overall));
    }
    if let Some(budget) = device_showings_a_day.filter(|budget| moment.shown_today >= *budget) {
        return Err(Loss::DeviceBudget(budget));
    }
    let quiet = quiet(policy.quiet_after_accept, policy.quiet_after_decline, policy.quiet_after_later);
    Rules { scope: Scope::Overall, caps, gap: *gap, quiet }.check(history.marketing(), moment.utc)
}

fn quiet(accept: Interval, decline: Interval, later: Interval) -> [(AnswerKind, Interval); 3] {
    [(AnswerKind::Accept, accept), (AnswerKind::Decline, decline), (AnswerKind::Later, later)]
}

impl<'a> Rules<'a> {
    /// The first rule that holds back, of contacts in the order of their time.
    fn check(self, contacts: &[&Contact], now: Utc) -> Result<(), Loss<'a>> {
        let Rules { scope, caps, gap, quiet } = self;
        let latest = |what: ContactKind| contacts.iter().rev().filter(move |contact| contact.what == what);
        for (answer, interval) in quiet {
            if let Some(said) = latest(ContactKind::Answered(answer)).next().filter(|c| interval.covers(c.at, now)) {
                return Err(Loss::Answered { scope, answer, until: interval.after(said.at) });
            }
        }
        for cap in caps {
            // As many as the cap allows lie within its time exactly if the one that many back does.
            let back = usize::from(cap.showings).saturating_sub(1);
            if let Some(shown) = latest(ContactKind::Shown).nth(back).filter(|c| cap.within.covers(c.at, now)) {
                return Err(Loss::Capped { scope, cap, until: cap.within.after(shown.at) });
            }
        }
        match latest(ContactKind::Shown).next().filter(|shown| gap.covers(shown.at, now)) {
            Some(shown) => Err(Loss::TooSoon { scope, until: gap.after(shown.at) }),
            None => Ok(()),
        }
    }
}
