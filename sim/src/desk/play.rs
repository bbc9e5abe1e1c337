//! Plays a script at a desk, step by step, and says how each went.

use super::{Desk, Script, Step, StepLine};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How a script went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its steps, as far as it came.
    pub steps: Vec<StepLine>,
}

impl Outcome {
    /// Whether everything was as expected.
    pub fn is_well(&self) -> bool {
        self.steps.iter().all(|step| step.outcome == Some(Ok(())))
    }
}

/// Plays a script. After a step that went otherwise it goes no further: what comes after would say nothing.
pub async fn play(desk: &Desk, script: Script, mut told: impl FnMut(&StepLine)) -> Outcome {
    let begin = Instant::now();
    let mut steps: Vec<StepLine> =
        script.steps.iter().map(|step| StepLine { what: step.line.clone(), outcome: None }).collect();
    for (at, step) in script.steps.into_iter().enumerate() {
        desk.tell(steps.clone()).await;
        sleep(step.after).await;
        sleep_until(begin + step.at).await;
        let outcome = take(desk, step).await;
        let failed = outcome.is_err();
        steps[at].outcome = Some(outcome);
        told(&steps[at]);
        if failed {
            break;
        }
    }
    desk.tell(steps.clone()).await;
    Outcome { steps }
}

async fn take(desk: &Desk, step: Step) -> Result<(), String> {
    let began = Instant::now();
    if let Some(command) = step.command {
        desk.command(command).await.map_err(|refusal| refusal.to_string())?;
    }
    let mut state = desk.state();
    let expected = state.wait_for(|state| step.expect.missing(state).is_empty());
    let outcome = timeout(step.within, expected).await;
    let took = began.elapsed();
    match outcome {
        Ok(Ok(_)) if took < step.no_sooner => Err(format!("it came after {} ms", took.as_millis())),
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err("the desk was closed".to_owned()),
        Err(_) => Err(step.expect.missing(&desk.state().borrow()).join("; ")),
    }
}
