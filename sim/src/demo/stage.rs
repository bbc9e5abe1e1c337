//! One visit after the other: a visitor, what they do, and what came of it.

use super::{After, By, DemoError, Happening, LineState, Onlooker, OutFolder, Sync, Verdict, Visit};
use crate::{cards, cast::Person, clock::SimulatedClock, line::Line, machine::Machine, office::Founded, screen::Glass};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use touchpoint_agent::{
    config::Config,
    identify::{Event, track},
    status::VisitStatus,
};
use touchpoint_display::{Screen, Theme};
use touchpoint_protocol::{
    campaign::AnswerKind,
    card::Card,
    interaction::{Ending, Reason},
    name::CampaignId,
};

/// A test card (American Express's) that no generated customer holds.
pub const STRANGERS_CARD: &str = "378282246310005";

/// How long a customer looks at a message before doing anything.
const THINKS: Duration = Duration::from_secs(4);

/// How long until the next customer comes.
const PAUSE: Duration = Duration::from_secs(180);

/// Longer than any visit lasts.
const TOO_LONG: Duration = Duration::from_secs(120);

/// Everything a visit needs.
pub(super) struct Stage<'a> {
    pub(super) machine: Machine,
    pub(super) config: Config,
    pub(super) line: Line,
    pub(super) glass: Glass,
    pub(super) clock: Arc<SimulatedClock>,
    pub(super) out: &'a OutFolder,
    pub(super) onlooker: &'a mut dyn Onlooker,
    pub(super) state: LineState,
    pub(super) visits: Vec<Visit>,
    /// Visits that went otherwise than the script has them.
    pub(super) surprises: Vec<String>,
    pub(super) sync: Sync,
    switched_on: Instant,
}

/// Who comes.
#[derive(Clone, Copy)]
pub(super) enum Visitor<'a> {
    Known(&'a Person),
    Stranger,
}

/// What they do once a message is on the glass.
#[derive(Clone, Copy)]
pub(super) enum Act {
    Answers(AnswerKind),
    Leaves,
    WaitsTooLong,
    TypesPin,
}

/// What the script has come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Shown(&'static str, Ending),
    NotShown(Reason),
}

impl<'a> Stage<'a> {
    /// Switches the kiosk on, for the first time.
    pub(super) async fn set(
        config: Config,
        line: Line,
        out: &'a OutFolder,
        onlooker: &'a mut dyn Onlooker,
    ) -> Result<Stage<'a>, DemoError> {
        let (glass, clock) = (Glass::new(config.screen), Arc::new(SimulatedClock::new()));
        let switched_on = Instant::now();
        let machine = start(&config, &glass, &clock).await?;
        let (state, visits, surprises, sync) = (LineState::Up, Vec::new(), Vec::new(), Sync::default());
        Ok(Stage { machine, config, line, glass, clock, out, onlooker, state, visits, surprises, sync, switched_on })
    }

    /// Waits until the device holds what head office was given.
    pub(super) async fn synchronise(&mut self, founded: &Founded) -> Result<(), DemoError> {
        let Founded { imported, published, .. } = founded;
        self.machine.synchronised(imported.rows, published.revision).await?;
        let seconds = (self.switched_on.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        self.sync = Sync { customers: imported.customers, campaigns: published.campaigns, seconds };
        self.tell(&Happening::Synchronised(self.sync))
    }

    /// A visit that is to end as the script has it.
    pub(super) async fn visit(&mut self, visitor: Visitor<'_>, act: Act, expected: Outcome) -> Result<(), DemoError> {
        let status = self.improvise(visitor, act).await?;
        if !expected.is(&status) {
            let (campaign, reason, ending) = (&status.campaign, status.reason, status.ending);
            let came = format!("campaign {campaign:?}, reason {reason:?}, ending {ending:?}");
            self.surprises.push(format!("visit {}: {expected:?} was expected, and came: {came}", self.visits.len()));
        }
        Ok(())
    }

    /// A visit, whatever comes of it.
    pub(super) async fn improvise(&mut self, visitor: Visitor<'_>, act: Act) -> Result<VisitStatus, DemoError> {
        self.clock.advance(PAUSE);
        let n = self.visits.len() + 1;
        let (by, card) = visitor.presents();
        let before = self.glass.views();
        let decided = self.machine.present(card).await?;
        let mut after = None;
        if decided.shown {
            if self.glass.views() == before {
                self.surprises.push(format!("visit {n}: a message counts as shown, and nothing was on the glass"));
            }
            self.picture(n, decided.campaign.as_ref())?;
            self.clock.advance(THINKS);
            match act {
                Act::Answers(kind) => self.machine.happens(Event::Answered(kind)).await?,
                Act::Leaves => self.machine.happens(Event::Left).await?,
                Act::TypesPin => self.machine.happens(Event::PinEntry(true)).await?,
                Act::WaitsTooLong => {
                    self.clock.advance(TOO_LONG);
                    self.machine.time_up().await?;
                }
            }
            // Another message may be on the glass at once, in answer to the answer.
            if let (Act::Answers(kind), Some(now)) = (act, self.machine.settled().await?)
                && now.showings > decided.showings
            {
                self.picture(n, now.campaign.as_ref())?;
                after = Some(After { campaign: decided.campaign.clone(), answer: kind });
            }
        }
        let status = self.machine.leave().await?.unwrap_or(decided);
        let visit = Visit {
            n,
            by,
            segment: status.segment.clone(),
            decision: if status.shown { Verdict::Shown } else { Verdict::NotShown },
            campaign: status.campaign.clone(),
            reason: status.reason.map(|reason| reason.to_string()),
            answer: status.ending.map(|ending| ending.to_string()),
            after,
            card_to_pixels_us: status.card_to_pixels_us,
            line: self.state,
        };
        self.tell(&Happening::Visit(&visit))?;
        self.visits.push(visit);
        Ok(status)
    }

    /// Cuts the line; returns when the agent has noticed.
    pub(super) async fn cut_the_line(&mut self) -> Result<(), DemoError> {
        self.line.cut().await;
        self.machine.connected(false).await?;
        self.state = LineState::Cut;
        self.tell(&Happening::LineCut)
    }

    /// Stops the agent and starts it again, as after a power cut or an update.
    pub(super) async fn restart_the_agent(&mut self) -> Result<(), DemoError> {
        self.machine.stop().await?;
        self.machine = start(&self.config, &self.glass, &self.clock).await?;
        self.tell(&Happening::Restarted)
    }

    /// Restores the line; returns when everything has been delivered.
    pub(super) async fn restore_the_line(&mut self) -> Result<(), DemoError> {
        self.line.restore().await;
        self.machine.connected(true).await?;
        self.machine.delivered().await?;
        self.state = LineState::Up;
        self.tell(&Happening::LineRestored)
    }

    /// Keeps what is on the glass as a picture.
    fn picture(&self, n: usize, campaign: Option<&CampaignId>) -> Result<(), DemoError> {
        let campaign = campaign.map_or("none", CampaignId::as_str);
        let path = self.out.file(&format!("{n:02}-{campaign}.png"));
        self.glass.save_png(&path).map_err(|source| DemoError::Write { path, source })
    }

    fn tell(&mut self, happening: &Happening<'_>) -> Result<(), DemoError> {
        self.onlooker.sees(happening).map_err(DemoError::Print)
    }
}

/// Starts the agent before this glass.
async fn start(config: &Config, glass: &Glass, clock: &Arc<SimulatedClock>) -> Result<Machine, DemoError> {
    Ok(Machine::start(config, Screen::new(glass.panel(), Theme::default()), clock).await?)
}

impl Visitor<'_> {
    /// What the reader makes of what they bring.
    #[expect(clippy::expect_used, reason = "generated numbers are valid, and everybody has one")]
    fn presents(self) -> (By, Card) {
        let stripe = |number: &str| track::card(&cards::track2(number)).expect("a valid track");
        match self {
            Visitor::Stranger => (By::Card, stripe(STRANGERS_CARD)),
            Visitor::Known(Person { card: Some(number), .. }) => (By::Card, stripe(number)),
            Visitor::Known(person) => {
                let number = person.loyalty.as_deref().expect("a loyalty number");
                (By::Loyalty, Card::loyalty(number).expect("a valid loyalty number"))
            }
        }
    }
}

impl Outcome {
    fn is(self, status: &VisitStatus) -> bool {
        match self {
            Outcome::Shown(campaign, ending) => {
                let same = status.campaign.as_ref().is_some_and(|shown| shown.as_str() == campaign);
                status.shown && same && status.ending == Some(ending)
            }
            Outcome::NotShown(reason) => !status.shown && status.reason == Some(reason),
        }
    }
}
