//! What can be seen of the premises, and why the last decision was made.

use super::{LAST, Premises};
use crate::{
    desk::{
        Fault,
        clock::DeskClock,
        command::Saying,
        state::{FactLine, FaultLine, Journal, Kiosk, Office, State, VerdictLine, VisitLine},
    },
    machine::Machine,
};
use std::collections::BTreeMap;
use touchpoint_agent::{
    chain,
    clock::Clock,
    explain::{Circumstances, Explained, Whose},
    status::{VerdictStatus, VisitStatus},
};
use touchpoint_display::{Answering, Keys};
use touchpoint_protocol::{card::Card, interaction::Trigger, name::CampaignId};

impl Premises {
    /// Everything that can be seen now.
    pub(in crate::desk) async fn state(&mut self) -> State {
        let (visit, phase, unpresented, unrecorded, line) = match &self.kiosk {
            None => (None, None, 0, 0, None),
            Some(kiosk) => {
                let visits = kiosk.visits.borrow().clone();
                let (journal, line) = (kiosk.journal.borrow().clone(), kiosk.line.borrow().clone());
                let from = journal.recorded.saturating_sub(LAST);
                let last = match kiosk.explainer.journal.after(from, LAST as usize).await {
                    Ok(last) => last.iter().rev().map(FactLine::of).collect(),
                    Err(error) => {
                        tracing::warn!(error = chain(&error), "the journal cannot be read");
                        Vec::new()
                    }
                };
                self.told = (VisitLine::all(&visits), Journal::of(&journal, last));
                let (phase, unpresented, unrecorded) = (visits.phase, visits.unpresented, visits.unrecorded);
                (visits.visit, Some(phase), unpresented, unrecorded, Some(line))
            }
        };
        let verdicts = match &visit {
            Some(visit) => self.verdicts(visit).await,
            None => Vec::new(),
        };
        let (left, right) = match &self.config.glass.answering {
            Answering::Touch => (Vec::new(), Vec::new()),
            Answering::Keys(Keys { left, right }) => (left.clone(), right.clone()),
        };
        let size = self.glass.size();
        State {
            kiosk: Kiosk {
                phase,
                screen: [size.width, size.height],
                left,
                right,
                set_up: self.set_up.clone(),
                clock_ahead: self.clock.ahead(),
                customer: self.present.as_ref().map(|present| present.name.clone()),
                pin_entry: self.pin_entry,
                unpresented,
                unrecorded,
            },
            visit,
            verdicts,
            visits: self.told.0.clone(),
            journal: self.told.1.clone(),
            line,
            office: Office { serving: self.head_office.is_serving(), ..self.office.clone() },
            faults: Fault::ALL.map(|fault| self.fault_line(fault)).into(),
            customers: self.samples.about(),
            script: self.script.clone(),
            log: self.log.last(LAST as usize),
        }
    }

    /// The verdicts of a visit's last decision, each with its reason as far as that is still known.
    async fn verdicts(&mut self, visit: &VisitStatus) -> Vec<VerdictLine> {
        let which = Some((visit.visit.clone(), visit.decisions.len()));
        if let (Some(kiosk), Some(present), true) = (&self.kiosk, &self.present, self.explained != which) {
            self.explained = which;
            let trigger = visit.decisions.last().map_or(Trigger::Arrival, |decision| decision.trigger);
            self.whys = match present.number.card(present.kind) {
                Ok(card) => why(kiosk, card, &present.visit, trigger, &self.clock).await,
                Err(_) => BTreeMap::new(),
            };
        }
        let line = |verdict: &VerdictStatus| VerdictLine {
            campaign: verdict.campaign.clone(),
            verdict: verdict.verdict,
            // An explanation given later may be another: then there is none.
            why: self
                .whys
                .get(&verdict.campaign)
                .filter(|why| why.verdict == verdict.verdict)
                .map(|why| why.why.clone()),
        };
        visit.verdicts.iter().map(line).collect()
    }

    fn fault_line(&self, fault: Fault) -> FaultLine {
        let unavailable = match fault {
            Fault::DiskFull => self.disk.as_ref().err().cloned(),
            _ => None,
        };
        let on = self.faults.contains(&fault);
        FaultLine { fault, title: fault.title(), means: fault.means(), on, unavailable }
    }
}

/// Why each campaign would win or lose now.
pub(super) async fn why(
    kiosk: &Machine,
    card: Card,
    visit: &Saying,
    trigger: Trigger,
    clock: &DeskClock,
) -> BTreeMap<CampaignId, Explained> {
    let at = clock.now().utc;
    let circumstances = Circumstances { at, trigger, seconds: visit.seconds, attributes: visit.attributes() };
    match kiosk.explainer.explain(Whose::Card(card), circumstances).await {
        Ok(told) => told.verdicts.into_iter().map(|verdict| (verdict.campaign.clone(), verdict)).collect(),
        Err(error) => {
            tracing::warn!(error = chain(&error), "the decision cannot be explained");
            BTreeMap::new()
        }
    }
}
