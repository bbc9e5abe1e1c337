//! What devices recorded, each fact exactly once.

use super::{
    Error, Store,
    contacts::{self, Members},
    signed, unsigned,
};
use crate::journal::{self, Span};
use touchpoint_protocol::{
    batch::Batch,
    contact::Contact,
    interaction::{Fact, Interaction},
    name::{DeviceId, JournalId},
    utc::Utc,
};
use touchpoint_vault::{
    column::unreadable,
    rusqlite::{self, Connection, OptionalExtension, Row, Transaction},
};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ingested {
    /// Facts that were new.
    pub(crate) new: u64,
    /// Facts that were here already; nothing changed.
    pub(crate) repeated: u64,
    /// Facts that were here already and say something else now. The first word stays.
    pub(crate) contradicted: u64,
    /// Whether the contact log of a shard has grown by it.
    pub(crate) contacts: bool,
    /// Up to and with this sequence number nothing is missing.
    pub(crate) through: u64,
}

/// How a journal stands with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing<T> {
    /// It is the device's own.
    Own(T),
    /// Another device sent from it first: most likely one disk was copied to two machines.
    Foreign,
}

impl Store {
    /// Commits what is new of a batch, and appends its contacts to the logs of the customers' shards.
    pub(crate) async fn ingest(&self, device: &DeviceId, batch: Batch, now: Utc) -> Result<Standing<Ingested>, Error> {
        let (device, members) = (device.clone(), self.1.clone());
        let task = move |transaction: &Transaction<'_>| match owner(transaction, &batch.journal)? {
            Some((owner, _)) if owner != device.as_str() => Ok(Standing::Foreign),
            known => {
                if known.is_none() {
                    let values = (batch.journal.as_str(), device.as_str());
                    let insert = include_str!("journal-insert.sql");
                    transaction.execute(insert, values)?;
                }
                let through = known.map_or(0, |(_, through)| through);
                take(transaction, &members, &device, &batch, through, now).map(Standing::Own)
            }
        };
        self.0.write(task).await
    }

    /// Up to where nothing of a journal is missing, 0 if nothing of it is here.
    pub(crate) async fn through(&self, device: &DeviceId, journal: &JournalId) -> Result<Standing<u64>, Error> {
        let (device, journal) = (device.clone(), journal.clone());
        let task = move |connection: &Connection| {
            Ok(match owner(connection, &journal)? {
                Some((owner, _)) if owner != device.as_str() => Standing::Foreign,
                known => Standing::Own(known.map_or(0, |(_, through)| through)),
            })
        };
        self.0.read(task).await
    }

    /// Adds to how often something was refused.
    pub(crate) async fn count_refusals(&self, counts: Vec<(&'static str, u64)>) -> Result<(), Error> {
        let task = move |transaction: &Transaction<'_>| {
            let mut add = transaction.prepare_cached(include_str!("refusal-add.sql"))?;
            counts.iter().try_for_each(|(reason, times)| add.execute((reason, signed(*times))).map(drop))
        };
        self.0.write(task).await
    }
}

fn owner(connection: &Connection, journal: &JournalId) -> rusqlite::Result<Option<(String, u64)>> {
    let mut select = connection.prepare_cached(include_str!("journal-owner.sql"))?;
    select.query_row([journal.as_str()], |row| Ok((row.get(0)?, unsigned(row, 1)?))).optional()
}

fn take(
    transaction: &Transaction<'_>,
    members: &Members,
    device: &DeviceId,
    batch: &Batch,
    through: u64,
    now: Utc,
) -> rusqlite::Result<Ingested> {
    let journal = batch.journal.as_str();
    let (mut new, mut repeated, mut contradicted, mut grown) = (0, 0, 0, false);
    for interaction in &batch.interactions {
        match add(transaction, members, &batch.journal, interaction, now)? {
            Added::New => {
                new += 1;
                if let Some(contact) = Contact::of(&batch.journal, interaction) {
                    grown |= members.append(transaction, &contact, now)?;
                }
                if let Fact::Erased { through_position } = interaction.fact {
                    let erased = include_str!("device-erased.sql");
                    transaction.execute(erased, (device.as_str(), signed(through_position)))?;
                }
            }
            Added::Repeated => repeated += 1,
            Added::Contradicted => contradicted += 1,
        }
    }
    contacts::prune(transaction, now)?;
    let mut after = transaction.prepare_cached(include_str!("interaction-after.sql"))?;
    let through = journal::advance(through, after.query_map((journal, signed(through)), span)?)?;
    let update = include_str!("journal-advance.sql");
    transaction.prepare_cached(update)?.execute((journal, signed(through), signed(repeated), signed(contradicted)))?;
    Ok(Ingested { new, repeated, contradicted, contacts: grown, through })
}

/// What became of one fact.
enum Added {
    New,
    Repeated,
    Contradicted,
}

fn add(
    transaction: &Transaction<'_>,
    members: &Members,
    journal: &JournalId,
    interaction: &Interaction,
    now: Utc,
) -> rusqlite::Result<Added> {
    let sequence = interaction.sequence;
    if let Fact::Discarded { through } = interaction.fact {
        // Some of the run may have arrived before the device gave it up: that is here, and only the rest is gone.
        let here = include_str!("interaction-around.sql");
        let gaps = journal::gaps(
            (sequence, through),
            transaction.prepare_cached(here)?.query_map((journal.as_str(), signed(sequence), signed(through)), span)?,
        )?;
        for (first, through) in &gaps {
            let gone =
                Interaction { sequence: *first, fact: Fact::Discarded { through: *through }, ..interaction.clone() };
            insert(transaction, journal, &gone, &document(&gone)?, now)?;
        }
        return Ok(if gaps.is_empty() { Added::Repeated } else { Added::New });
    }
    let held = transaction
        .prepare_cached(include_str!("interaction-at.sql"))?
        .query_row((journal.as_str(), signed(sequence)), |row| Ok((span(row)?, row.get::<_, String>(2)?, row.get(3)?)))
        .optional()?;
    match held {
        // What a device once said was gone stays so.
        Some(((_, through), held, gone)) if through >= sequence => match gone || says(&held, interaction)? {
            true => Ok(Added::Repeated),
            false => Ok(Added::Contradicted),
        },
        _ => {
            // Who is in no shard was erased: a machine that did not know yet says so of nobody.
            let customer = match interaction.customer {
                Some(customer) if members.has(transaction, customer)? => Some(customer),
                _ => None,
            };
            let document = document(&Interaction { customer, ..interaction.clone() })?;
            insert(transaction, journal, interaction, &document, now).map(|()| Added::New)
        }
    }
}

/// Whether what is here says the same, but for a customer who was forgotten since.
fn says(held: &str, interaction: &Interaction) -> rusqlite::Result<bool> {
    let held: Interaction = serde_json::from_str(held).map_err(|error| unreadable(2, error))?;
    let forgotten = Interaction { customer: held.customer, ..interaction.clone() };
    Ok(held == *interaction || held.customer.is_none() && held == forgotten)
}

fn insert(
    transaction: &Transaction<'_>,
    journal: &JournalId,
    interaction: &Interaction,
    document: &str,
    now: Utc,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(include_str!("interaction-insert.sql"))?;
    insert.execute((journal.as_str(), signed(interaction.sequence), now.as_millis(), document)).map(drop)
}

fn document(interaction: &Interaction) -> rusqlite::Result<String> {
    serde_json::to_string(interaction).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn span(row: &Row<'_>) -> rusqlite::Result<Span> {
    Ok((unsigned(row, 0)?, unsigned(row, 1)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::store::Enrolment;
    use touchpoint_protocol::interaction::{ClockQuality, Moment, Reason, Trigger};
    use touchpoint_vault::MasterKey;

    /// A database that knows two devices.
    async fn store(folder: &tempfile::TempDir) -> Store {
        let store = Store::create(&folder.path().join("t.db"), &MasterKey::new([7; 32])).unwrap();
        let enrolment = Enrolment { group: "all".parse().unwrap(), shard: "all".parse().unwrap() };
        for device in ["kiosk-1", "kiosk-2"] {
            store.register(&device.parse().unwrap(), &enrolment, Utc::from_millis(0)).await.unwrap();
        }
        store
    }

    fn batch(sequences: impl IntoIterator<Item = u64>, visit: &str) -> Batch {
        let interactions = sequences.into_iter().map(|sequence| Interaction {
            sequence,
            visit: visit.parse().unwrap(),
            at: Moment {
                utc: Utc::from_millis(0),
                boot: "b0".parse().unwrap(),
                since_boot_ms: sequence,
                clock: ClockQuality::Synchronised,
            },
            customer: None,
            backfill: sequence % 2 == 0,
            fact: Fact::NotShown { reason: Reason::HeldOut, campaign: None, trigger: Trigger::Arrival },
        });
        Batch { journal: "j1".parse().unwrap(), interactions: interactions.collect() }
    }

    async fn ingest(store: &Store, batch: Batch) -> [u64; 4] {
        let device = "kiosk-1".parse().unwrap();
        match store.ingest(&device, batch, Utc::from_millis(0)).await.unwrap() {
            Standing::Own(Ingested { new, repeated, contradicted, through, .. }) => {
                [new, repeated, contradicted, through]
            }
            Standing::Foreign => panic!("its own journal is foreign to it"),
        }
    }

    #[tokio::test]
    async fn each_fact_is_kept_once_whatever_the_order_of_batches() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = store(&folder).await;
        assert_eq!(ingest(&store, batch(4..=6, "v")).await, [3, 0, 0, 0]);
        assert_eq!(ingest(&store, batch(1..=2, "v")).await, [2, 0, 0, 2]);
        assert_eq!(ingest(&store, batch(2..=4, "v")).await, [1, 2, 0, 6]);
        assert_eq!(ingest(&store, batch(1..=6, "v")).await, [0, 6, 0, 6]);
        assert_eq!(ingest(&store, batch([9], "v")).await, [1, 0, 0, 6]);
        let report = store.report().await.unwrap();
        let [journal] = &report.journals[..] else { panic!("{report:?}") };
        assert_eq!((journal.received, journal.highest, journal.missing, journal.repeated), (7, 9, 2, 8));
        assert_eq!(report.duplicates, 0);
        let sequences = store.interactions().await.unwrap().into_iter().map(|(_, fact)| fact.sequence);
        assert_eq!(sequences.collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 9]);
    }

    #[tokio::test]
    async fn a_fact_that_changes_its_story_is_noticed_and_the_first_word_stays() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = store(&folder).await;
        ingest(&store, batch(1..=2, "first")).await;
        assert_eq!(ingest(&store, batch(2..=3, "second")).await, [1, 0, 1, 3]);
        assert_eq!(store.interactions().await.unwrap()[1].1.visit.as_str(), "first");
    }

    #[tokio::test]
    async fn what_a_device_had_to_discard_is_accounted_for_and_no_gap() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = store(&folder).await;
        let discarded = |sequence, through| {
            let mut batch = batch([sequence], "v");
            batch.interactions[0].fact = Fact::Discarded { through };
            batch
        };
        assert_eq!(ingest(&store, batch(1..=2, "v")).await, [2, 0, 0, 2]);
        assert_eq!(ingest(&store, batch([12], "v")).await, [1, 0, 0, 2]);
        assert_eq!(ingest(&store, discarded(3, 10)).await, [1, 0, 0, 10]);
        assert_eq!(ingest(&store, discarded(3, 10)).await, [0, 1, 0, 10]);
        let journal = store.report().await.unwrap().journals.remove(0);
        assert_eq!((journal.received, journal.discarded, journal.missing, journal.backfill), (3, 8, 1, 2));
        // It grew on the device meanwhile, over what is here and over what is not.
        assert_eq!(ingest(&store, discarded(2, 14)).await, [1, 0, 0, 14]);
        let journal = store.report().await.unwrap().journals.remove(0);
        assert_eq!((journal.received, journal.discarded, journal.missing, journal.highest), (3, 11, 0, 14));
        // What comes late and was given up long ago changes nothing.
        assert_eq!(ingest(&store, batch([2, 5], "v")).await, [0, 2, 0, 14]);
    }

    #[tokio::test]
    async fn the_same_fact_under_two_keys_is_a_duplicate() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = store(&folder).await;
        let mut twice = batch(1..=2, "v");
        twice.interactions[1] = Interaction { sequence: 2, ..twice.interactions[0].clone() };
        ingest(&store, twice).await;
        assert_eq!(store.report().await.unwrap().duplicates, 1);
    }

    #[tokio::test]
    async fn a_journal_that_two_devices_send_from_is_the_first_ones() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = store(&folder).await;
        ingest(&store, batch(1..=2, "v")).await;
        let other = "kiosk-2".parse().unwrap();
        let foreign = store.ingest(&other, batch(3..=4, "v"), Utc::from_millis(0)).await.unwrap();
        assert_eq!(foreign, Standing::Foreign);
        assert_eq!(store.through(&other, &"j1".parse().unwrap()).await.unwrap(), Standing::Foreign);
        assert_eq!(store.interactions().await.unwrap().len(), 2);
    }
}
