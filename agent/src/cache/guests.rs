//! Guests: customers of other shards whom head office looked up for this device, kept for a day.
//!
//! They stand in a table of their own. A visit looks there only for whom it has not found in the shard, and whatever the shard says of
//! somebody, that they are in it or no longer are, ends their being a guest.

use touchpoint_protocol::{block::Rows, found::FoundCustomer, token::Token, utc::Utc};
use touchpoint_vault::rusqlite::{self, OptionalExtension, Transaction, params};

use super::{Cache, CacheError, failed};
use crate::domain::customer::Customer;

/// How long a guest is kept after head office spoke of them, in milliseconds: they pay again while they are here, and whatever they say
/// at home meanwhile arrives the day after.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How many are kept at most, the latest: more than come to one machine in a day.
const MOST: u32 = 1_000;

/// Whether head office said it within a day of now. Before or after: a machine's clock may be behind. One that is a day off knows
/// no guests.
pub(crate) fn is_current(said: Utc, now: Utc) -> bool {
    said.as_millis().abs_diff(now.as_millis()) < DAY_MS.unsigned_abs()
}

impl Cache {
    /// Which guest has one of these tokens. Blocks.
    ///
    /// # Errors
    /// The database refused, or the row cannot be read.
    pub fn guest(&self, tokens: &[Token], now: Utc) -> Result<Option<Customer>, CacheError> {
        let found = self.0.read_here(|connection| {
            let mut lookup = connection.prepare_cached(include_str!("guest.sql"))?;
            for token in tokens {
                let row = lookup.query_row(params![&token.as_bytes()[..]], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get(2).map(Utc::from_millis)?))
                });
                if let Some((id, profile, _)) = row.optional()?.filter(|(.., said)| is_current(*said, now)) {
                    return Ok(Some((id, profile)));
                }
            }
            Ok(None)
        });
        let found = found.map_err(failed("look up a guest"))?;
        found.map(|(id, profile)| self.known(id, &profile)).transpose()
    }

    /// Keeps a guest, unless something newer is known of them, and as many of the others as there is room for.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep_guest(&self, found: FoundCustomer) -> Result<(), CacheError> {
        let keep = self.0.write(move |transaction| {
            let FoundCustomer { token, customer, profile, at, .. } = found;
            let values = params![&token.as_bytes()[..], i64::from(customer), profile, at.as_millis()];
            transaction.execute(include_str!("guest-keep.sql"), values)?;
            transaction.execute(include_str!("guest-bound.sql"), [MOST]).map(drop)
        });
        keep.await.map_err(failed("keep a guest"))
    }

    /// Deletes the guests whose day is over.
    ///
    /// # Errors
    /// The database refused.
    pub async fn tidy_guests(&self, now: Utc) -> Result<(), CacheError> {
        let tidy = self.0.write(move |transaction| {
            let values = [now.as_millis() - DAY_MS, now.as_millis() + DAY_MS];
            transaction.execute(include_str!("guest-tidy.sql"), values).map(drop)
        });
        tidy.await.map_err(failed("clear guests away"))
    }
}

/// Whom a delta speaks of is no guest any more.
pub(super) fn forget(transaction: &Transaction<'_>, rows: Option<&Rows>, erased: &[Token]) -> rusqlite::Result<()> {
    // Hardly ever is anybody, and then there is nobody to look for a thousand times.
    let anybody = "SELECT EXISTS (SELECT 1 FROM guest)";
    if !transaction.prepare_cached(anybody)?.query_row([], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    let mut forget = transaction.prepare_cached(include_str!("guest-forget.sql"))?;
    let upserts = rows.into_iter().flat_map(Rows::iter).map(|row| row.token);
    for token in upserts.chain(erased.iter().copied()) {
        forget.execute([&token.as_bytes()[..]])?;
    }
    Ok(())
}

/// Nobody is a guest any more: a new snapshot does not say who has gone with the old one. Whoever comes is asked for again.
pub(super) fn forget_all(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM guest", []).map(drop)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use touchpoint_protocol::{
        block::{Packer, Row},
        contacts::Entry,
        customer::Profile,
        delta::Delta,
        interaction::{ClockQuality, Moment},
        shard::ShardHead,
    };
    use touchpoint_vault::MasterKey;

    fn noon() -> Utc {
        Utc::from_millis(1_795_262_400_000)
    }

    fn moment(utc: Utc) -> Moment {
        Moment { utc, boot: "b1".parse().unwrap(), since_boot_ms: 1, clock: ClockQuality::Synchronised }
    }

    fn open(folder: &tempfile::TempDir) -> Cache {
        Cache::open(&folder.path().join("cache.db"), &MasterKey::new([1; 32]).derive("cache")).unwrap()
    }

    fn token(number: u16) -> Token {
        let mut bytes = [7; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        Token::from_bytes(bytes)
    }

    fn found(number: u16, at: Utc) -> FoundCustomer {
        FoundCustomer {
            tenant: "acme".parse().unwrap(),
            device: "kiosk-1".parse().unwrap(),
            token: token(number),
            customer: i64::from(number).try_into().unwrap(),
            profile: Profile::default().to_cbor(),
            at,
        }
    }

    fn knows(cache: &Cache, number: u16, now: Utc) -> bool {
        cache.guest(&[token(9999), token(number)], now).unwrap().is_some()
    }

    async fn rows(cache: &Cache) -> u32 {
        cache
            .0
            .read(|connection| connection.query_row("SELECT count(*) FROM guest", [], |row| row.get(0)))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_guest_is_known_for_a_day_and_gone_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(&folder);
        cache.keep_guest(found(1, noon())).await.unwrap();
        let (last, over) = (noon().plus_millis(DAY_MS - 1), noon().plus_millis(DAY_MS));
        assert!(knows(&cache, 1, noon()) && knows(&cache, 1, last) && !knows(&cache, 2, noon()));
        assert!(!knows(&cache, 1, over), "before anybody has tidied");
        cache.tidy_guests(last).await.unwrap();
        assert_eq!(rows(&cache).await, 1);
        cache.tidy_guests(over).await.unwrap();
        assert_eq!(rows(&cache).await, 0);
    }

    #[tokio::test]
    async fn an_old_answer_does_not_replace_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(&folder);
        let said = |customer: i64, at| FoundCustomer { customer: customer.try_into().unwrap(), ..found(1, at) };
        cache.keep_guest(said(5, noon())).await.unwrap();
        cache.keep_guest(said(4, noon().plus_millis(-1))).await.unwrap();
        let id = cache.guest(&[token(1)], noon()).unwrap().unwrap().id;
        assert_eq!(i64::from(id), 5);
        cache.keep_guest(said(6, noon().plus_millis(1))).await.unwrap();
        let id = cache.guest(&[token(1)], noon()).unwrap().unwrap().id;
        assert_eq!(i64::from(id), 6);
    }

    #[tokio::test]
    async fn there_is_room_for_a_thousand_and_the_latest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(&folder);
        for number in 0..1010 {
            cache.keep_guest(found(number, noon().plus_millis(number.into()))).await.unwrap();
        }
        assert_eq!(rows(&cache).await, MOST);
        assert!(!knows(&cache, 9, noon()) && knows(&cache, 10, noon()) && knows(&cache, 1009, noon()));
    }

    #[tokio::test]
    async fn whom_the_shard_speaks_of_is_no_guest_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(&folder);
        let [tenant, shard, token_key] = ["acme", "north", "t1"];
        let head = ShardHead {
            tenant: tenant.parse().unwrap(),
            shard: shard.parse().unwrap(),
            epoch: 1,
            revision: 0,
            token_key: token_key.parse().unwrap(),
            rows: 0,
            blocks: vec![],
        };
        cache.keep_guest(found(1, noon())).await.unwrap();
        cache.begin(&head).await.unwrap();
        cache.swap(&head).await.unwrap();
        assert_eq!(rows(&cache).await, 0, "after a snapshot");

        for number in 1..=4 {
            cache.keep_guest(found(number, noon())).await.unwrap();
        }
        let mut packer = Packer::default();
        let profile = Profile::default().to_cbor();
        packer.push(Row { token: token(1), customer: 1.try_into().unwrap(), profile: &profile }).unwrap();
        let delta = Delta {
            tenant: head.tenant,
            shard: head.shard,
            epoch: 1,
            from: 0,
            to: 1,
            upserts: packer.finish().unwrap().remove(0).bytes,
            erased: vec![token(2)],
        };
        assert_eq!(cache.apply(delta).await.unwrap(), Some(1));
        let erased = Entry::Erased(3.try_into().unwrap());
        cache.keep_contacts(vec![erased], 1, moment(noon())).await.unwrap();
        for (number, known) in [(1, false), (2, false), (3, false), (4, true)] {
            assert_eq!(knows(&cache, number, noon()), known, "guest {number}");
        }
    }
}
