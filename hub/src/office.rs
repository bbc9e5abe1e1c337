//! Head office, opened: settings, keys and database in one value, whose methods are the commands.

use crate::{
    config::Config,
    keys::{Keys, KeysError},
    lookups::Lookups,
    store::{self, Store, StoreError},
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::Notify;
use touchpoint_protocol::{
    interaction::Interaction,
    name::{JournalId, Tenant},
    signed::PublicKey,
    utc::Utc,
};

/// An open head office. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Office {
    pub(crate) config: Arc<Config>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) store: Store,
    pub(crate) lookups: Arc<Lookups>,
    /// Told when a contact log has grown, so that it passes by on the line at once.
    pub(crate) grown: Arc<Notify>,
}

/// Why head office was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A key is missing or wrong.
    #[error("head office has no keys")]
    Keys(#[source] KeysError),
    /// The database is missing or cannot be opened.
    #[error("head office has no database")]
    Store(#[source] StoreError),
}

impl Office {
    /// Opens the keys and the database, which [`crate::init`] has made. Blocks while it does.
    ///
    /// # Errors
    /// Names the file that is missing or wrong.
    pub fn open(config: &Config) -> Result<Office, OpenError> {
        Office::open_with(config, Store::open)
    }

    /// The same, and makes the database if there is none.
    pub(crate) fn create(config: &Config) -> Result<Office, OpenError> {
        Office::open_with(config, Store::create)
    }

    /// Whose head office this is.
    pub fn tenant(&self) -> &Tenant {
        &self.config.tenant
    }

    /// What devices know this head office by.
    pub fn public_key(&self) -> PublicKey {
        self.keys.public()
    }

    /// Everything received from devices, in the order of journals and sequences.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn interactions(&self) -> Result<Vec<(JournalId, Interaction)>, touchpoint_vault::Error> {
        self.store.interactions().await
    }

    /// Finishes what is queued and closes the database, for all clones.
    ///
    /// # Errors
    /// It was closed already, or its log could not be moved into it; what was committed is safe all the same.
    pub async fn close(self) -> Result<(), touchpoint_vault::Error> {
        self.store.close().await
    }

    fn open_with(
        config: &Config,
        open: impl FnOnce(&std::path::Path, &touchpoint_vault::MasterKey) -> Result<store::Store, StoreError>,
    ) -> Result<Office, OpenError> {
        let keys = Keys::load(&config.keys).map_err(OpenError::Keys)?;
        let store = open(&config.database, &keys.master).map_err(OpenError::Store)?;
        let (config, keys) = (Arc::new(config.clone()), Arc::new(keys));
        Ok(Office { config, keys, store, lookups: Arc::default(), grown: Arc::default() })
    }
}

/// What the machine's clock says.
pub(crate) fn now() -> Utc {
    Utc::from_millis(Timestamp::now().as_millisecond())
}
