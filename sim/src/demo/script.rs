//! The story: who comes, what they do, and what happens to the line meanwhile.

use super::{
    DemoError,
    stage::{
        Act::{Answers, Leaves, TypesPin, WaitsTooLong},
        Outcome::{NotShown, Shown},
        Stage,
        Visitor::{Known, Stranger},
    },
};
use crate::{cast::Cast, office::Founded};
use touchpoint_protocol::{
    campaign::AnswerKind::{Accept, CallMe, Decline, More, OptOut},
    interaction::{
        Ending::{Answered, CustomerLeft, Interrupted, TimeUp},
        Reason,
    },
};

/// All of it.
pub(super) async fn tell(stage: &mut Stage<'_>, founded: &Founded, cast: &Cast) -> Result<(), DemoError> {
    stage.synchronise(founded).await?;
    morning(stage, cast).await?;
    outage(stage, cast).await?;
    afternoon(stage, cast).await
}

/// An ordinary morning, with the line up.
async fn morning(stage: &mut Stage<'_>, cast: &Cast) -> Result<(), DemoError> {
    stage.visit(Known(&cast.anna), Answers(Accept), Shown("savings", Answered(Accept))).await?;
    stage.visit(Known(&cast.ben), Answers(Decline), Shown("family-insurance", Answered(Decline))).await?;
    stage.visit(Known(&cast.ben), Leaves, NotShown(Reason::Declined)).await?;
    stage.visit(Known(&cast.dora), Answers(OptOut), Shown("round-up", Answered(OptOut))).await?;
    stage.visit(Known(&cast.dora), Leaves, NotShown(Reason::OptedOut)).await?;
    stage.visit(Stranger, Leaves, Shown("welcome", CustomerLeft)).await?;
    control_group(stage, cast).await?;
    stage.visit(Known(&cast.emil), Leaves, NotShown(Reason::NoConsent)).await?;
    // Who wants to know more is told more at once: what is on the glass when she leaves is the follow-up.
    stage.visit(Known(&cast.chloe), Answers(More), Shown("student-abroad", CustomerLeft)).await?;
    stage.visit(Known(&cast.greta), Leaves, Shown("mortgage-renewal", CustomerLeft)).await?;
    stage.visit(Known(&cast.hugo), TypesPin, Shown("family-insurance", Interrupted)).await?;
    stage.visit(Known(&cast.irene), WaitsTooLong, Shown("round-up", TimeUp)).await
}

/// The same, with the line cut and the agent restarted: no customer notices.
async fn outage(stage: &mut Stage<'_>, cast: &Cast) -> Result<(), DemoError> {
    stage.cut_the_line().await?;
    stage.visit(Known(&cast.jonas), Answers(Accept), Shown("savings", Answered(Accept))).await?;
    stage.visit(Known(&cast.anna), Leaves, NotShown(Reason::Accepted)).await?;
    stage.visit(Known(&cast.lea), Answers(More), Shown("branch-move", Answered(More))).await?;
    stage.visit(Stranger, Leaves, Shown("welcome", CustomerLeft)).await?;
    stage.restart_the_agent().await?;
    stage.visit(Known(&cast.milo), Answers(More), Shown("student-abroad", CustomerLeft)).await?;
    stage.visit(Known(&cast.dora), Leaves, NotShown(Reason::OptedOut)).await
}

/// The line is back, and everything is delivered.
async fn afternoon(stage: &mut Stage<'_>, cast: &Cast) -> Result<(), DemoError> {
    stage.restore_the_line().await?;
    stage.visit(Known(&cast.nora), Answers(CallMe), Shown("mortgage-renewal", Answered(CallMe))).await?;
    // Chloé left this morning before she had answered the follow-up: it is due until she does.
    stage.visit(Known(&cast.chloe), Answers(Accept), Shown("student-abroad", Answered(Accept))).await?;
    Ok(stage.machine.delivered().await?)
}

/// Business customers, until one of each kind has come: of the control group, who is shown nothing, and of the others.
async fn control_group(stage: &mut Stage<'_>, cast: &Cast) -> Result<(), DemoError> {
    let (mut held_out, mut shown) = (false, false);
    for person in &cast.business {
        let status = stage.improvise(Known(person), Answers(CallMe)).await?;
        held_out |= status.reason == Some(Reason::HeldOut);
        shown |= status.shown;
        if held_out && shown {
            return Ok(());
        }
    }
    stage.surprises.push(format!("of {} business customers none was held out, or all were", cast.business.len()));
    Ok(())
}
