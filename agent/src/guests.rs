//! What `follow`'s side does for customers whom the cache does not know: asks head office for one of them, and keeps who is found for
//! their next visit.
//!
//! A visit leaves a wish in a tray and goes on; nothing ever comes back to it. Wishes nobody takes in time are forgotten.

use std::{convert::Infallible, time::Duration};
use tokio::{
    select,
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use touchpoint_protocol::{
    found::FoundCustomer,
    health::RefusalReason,
    request::{Refusal, Request},
    signed::{self, TrustedKeys},
    token::Token,
};

use crate::{
    cache::{Cache, is_current},
    chain,
    clock::Clock,
    domain::asking::{Asking, FRESH},
    following::Following,
    upstream::{FetchError, Identity, Upstream},
};

/// Wishes that wait at most: more visits than there are in the time in which they are fresh.
const WISHES: usize = 8;

/// How often guests whose day is over are looked for.
const TIDY: Duration = Duration::from_secs(10 * 60);

/// Somebody stood there whom the cache does not know.
#[derive(Debug)]
pub struct Wish {
    /// Their card under each valid token key, the current one first.
    tokens: Vec<Token>,
    at: Instant,
}

/// Where a visit leaves its wishes. Takes what there is room for, waits for nothing and answers nothing.
#[derive(Debug, Clone)]
pub struct WishTray(mpsc::Sender<Wish>);

/// Wishes that wait, and what was asked of late; outlives connections.
#[derive(Debug)]
pub struct Wishes {
    tray: mpsc::Receiver<Wish>,
    asking: Asking,
    began: Instant,
}

/// A tray for wishes, and where they are taken from.
pub fn wishes() -> (WishTray, Wishes) {
    let (sender, tray) = mpsc::channel(WISHES);
    (WishTray(sender), Wishes { tray, asking: Asking::default(), began: Instant::now() })
}

impl WishTray {
    /// Leaves a wish. One that does not fit is none: the customer comes again.
    pub fn leave(&self, tokens: Vec<Token>) {
        let _ = self.0.try_send(Wish { tokens, at: Instant::now() });
    }
}

impl Wishes {
    /// Asks for one customer after the other, for one connection.
    pub(crate) async fn fulfil<C: Clock>(
        &mut self,
        following: &Following<'_>,
        upstream: &Upstream,
        clock: &C,
    ) -> Infallible {
        let mut tidy = interval(TIDY);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wish = select! {
                Some(wish) = self.tray.recv() => wish,
                _ = tidy.tick() => {
                    tidy_up(following.cache, clock).await;
                    continue;
                }
            };
            let Wish { tokens, at } = wish;
            let now = self.began.elapsed();
            let Some(&first) = tokens.first() else { continue };
            if !self.asking.may_ask(&first, at.saturating_duration_since(self.began), now) {
                continue;
            }
            // Whoever does not answer as long as a wish is fresh is not waited for: others have come meanwhile.
            match timeout(FRESH, upstream.customer(tokens, following.head_office, clock)).await {
                Ok(Ok(Some(found))) => match following.cache.keep_guest(found).await {
                    Ok(()) => tracing::info!("a guest was looked up"),
                    Err(error) => tracing::error!(error = chain(&error), "a guest was not kept"),
                },
                Ok(Ok(None)) => self.asking.in_vain(first, self.began.elapsed()),
                Ok(Err(error)) if error.reason() == RefusalReason::Unavailable => {
                    tracing::debug!(error = chain(&error), "a guest was not looked up");
                }
                Ok(Err(error)) => {
                    let text = chain(&error);
                    tracing::warn!(error = text, "refused a customer");
                    following.status.send_modify(|status| status.refuse(error.reason(), &text));
                }
                Err(_) => tracing::debug!("nobody looked up a guest in time"),
            }
        }
    }
}

/// Clears the guests away whose day is over.
pub(crate) async fn tidy_up<C: Clock>(cache: &Cache, clock: &C) {
    if let Err(error) = cache.tidy_guests(clock.now().utc).await {
        tracing::error!(error = chain(&error), "guests whose day is over are still there");
    }
}

impl Upstream {
    /// The one customer who has one of these tokens; `None` if head office knows nobody by them.
    ///
    /// # Errors
    /// There is no answer, or it is not head office's to this question.
    async fn customer<C: Clock>(
        &self,
        tokens: Vec<Token>,
        keys: &TrustedKeys,
        clock: &C,
    ) -> Result<Option<FoundCustomer>, FetchError> {
        // By no token: an error is logged, and told to head office.
        let what = "a customer".to_owned();
        let bytes = match self.ask(Request::Customer { tokens: tokens.clone() }, &what).await {
            Ok(bytes) => bytes,
            Err(FetchError::Refused { refusal: Refusal::Unknown, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = match signed::open::<FoundCustomer>(&bytes, keys) {
            Ok(found) => found,
            Err(source) => return Err(FetchError::Document { what, source }),
        };
        let Identity { device, membership, .. } = self.identity();
        if (&found.tenant, &found.device) != (&membership.tenant, device) || !tokens.contains(&found.token) {
            return Err(FetchError::Digest { what });
        }
        if !is_current(found.at, clock.now().utc) {
            return Err(FetchError::Expired { what, said: found.at });
        }
        Ok(Some(found))
    }
}
