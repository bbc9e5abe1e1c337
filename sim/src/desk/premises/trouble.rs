//! What goes wrong at the premises, and is put right again.

use super::{Premises, failed};
use crate::{
    desk::{Fault, Refusal},
    line::Weather,
};
use std::{num::NonZeroU32, time::Duration};

/// How far a clock jumps, in milliseconds: a day, which is what caps and quiet times count in.
const JUMP: i64 = 24 * 60 * 60 * 1000;

/// A poor mobile line: how long under way, how much longer at most, and bytes a second.
const SLOW: (Duration, Duration, u32) = (Duration::from_millis(300), Duration::from_millis(200), 4_000);

impl Premises {
    /// A fault begins or ends.
    pub(super) async fn fault(&mut self, fault: Fault, on: bool) -> Result<(), Refusal> {
        if on == self.faults.contains(&fault) {
            return Ok(());
        }
        match fault {
            Fault::HeadOfficeDown if on => self.head_office.rest().await.map_err(failed)?,
            Fault::HeadOfficeDown => self.head_office.serve(),
            Fault::DiskFull => match &self.disk {
                Ok(disk) => disk.fill(on).map_err(failed)?,
                Err(why) => return Err(Refusal::Fault(why.clone())),
            },
            Fault::ClockJump => self.clock.set(if on { JUMP } else { -JUMP }),
            Fault::PowerCut if on => {
                if let Some(kiosk) = self.kiosk.take() {
                    kiosk.cut_power().await.map_err(failed)?;
                }
                self.glass.goes_dark();
                (self.present, self.pin_entry) = (None, false);
                tracing::warn!("the power is cut");
            }
            Fault::PowerCut => self.power_on().await.map_err(failed)?,
            Fault::ScreenFailure => self.glass.breaks(on),
            // What is of the line or of the reader is looked up where it matters.
            Fault::LineCut | Fault::SlowLine | Fault::HalfOpenLine | Fault::ReaderJam => {}
        }
        match on {
            true => self.faults.insert(fault),
            false => self.faults.remove(&fault),
        };
        if fault.is_weather() {
            self.line.turns(self.weather()).await;
        }
        Ok(())
    }

    /// The worst that is on.
    fn weather(&self) -> Weather {
        let (delay, jitter, rate) = SLOW;
        let is = |fault| self.faults.contains(&fault);
        match NonZeroU32::new(rate) {
            _ if is(Fault::LineCut) => Weather::Cut,
            _ if is(Fault::HalfOpenLine) => Weather::HalfOpen,
            Some(rate) if is(Fault::SlowLine) => Weather::Slow { delay, jitter, rate },
            _ => Weather::Fair,
        }
    }
}
