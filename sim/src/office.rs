//! Head office on this machine: the real one, with customers nobody knows.

use crate::{campaigns, customers};
use std::{
    io::{self, Cursor},
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tokio::{
    sync::oneshot,
    task::{JoinError, JoinHandle},
};
use touchpoint_hub::{
    EnrolError, Import, ImportError, Imported, InitError, Office, OnBadRows, PublishError, Published, ServeError,
};
use touchpoint_link::Endpoint;

/// Whose machines these are.
const TENANT: &str = "demo-bank";

/// The one device.
const DEVICE: &str = "kiosk-1";

/// Its group and its shard.
const EVERYTHING: &str = "all";

/// A head office, which serves devices unless it is told not to.
#[derive(Debug)]
pub struct HeadOffice {
    office: Office,
    service: Option<Service>,
}

/// Its service, while it runs.
#[derive(Debug)]
struct Service {
    /// Dropped, it ends the service.
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

/// What head office was given, and where it put what the device needs.
#[derive(Debug)]
pub struct Founded {
    /// Its customers.
    pub imported: Imported,
    /// Its campaigns.
    pub published: Published,
    /// The device's folder.
    pub device: PathBuf,
}

/// What head office could not do.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// Its files cannot be written.
    #[error("head office's folder")]
    Folder(#[source] io::Error),
    /// It cannot be founded.
    #[error("head office")]
    Init(#[from] InitError),
    /// It does not take the customers.
    #[error("head office")]
    Import(#[from] ImportError),
    /// It does not take the campaigns.
    #[error("head office")]
    Publish(#[from] PublishError),
    /// It does not enrol the device.
    #[error("head office")]
    Enrol(#[from] EnrolError),
    /// It stopped serving.
    #[error("head office")]
    Serve(#[from] ServeError),
    /// Its task failed.
    #[error("head office failed")]
    Task(#[source] JoinError),
}

impl HeadOffice {
    /// Founds a head office with the sample campaigns and so many made-up customers: imported, published, one device enrolled, serving.
    ///
    /// # Errors
    /// What it could not do.
    pub async fn found(
        folder: &Path,
        broker: SocketAddr,
        seed: u64,
        count: u32,
    ) -> Result<(HeadOffice, Founded), OfficeError> {
        let mut office = HeadOffice::open(folder, broker)?;
        // From memory: not even made-up card numbers lie about in a file.
        let mut csv = Vec::new();
        customers::write_csv(customers::generate(seed, count), &mut csv).map_err(OfficeError::Folder)?;
        let imported = office.import(csv, OnBadRows::Refuse.into()).await?;

        let messages = folder.join("campaigns");
        campaigns::write(&messages).map_err(OfficeError::Folder)?;
        let published = office.publish(&messages).await?;

        let device = office.enrol(folder).await?;
        office.serve();
        Ok((office, Founded { imported, published, device }))
    }

    /// Founds an empty head office, which does not serve yet.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn open(folder: &Path, broker: SocketAddr) -> Result<HeadOffice, OfficeError> {
        let office = touchpoint_hub::init(&folder.join("head-office"), &name(TENANT), &endpoint(broker))?;
        Ok(HeadOffice { office, service: None })
    }

    /// Imports customers from CSV.
    ///
    /// # Errors
    /// They are not as they should be.
    pub async fn import(&self, csv: Vec<u8>, how: Import) -> Result<Imported, OfficeError> {
        Ok(self.office.import(&name(EVERYTHING), Path::new("customers.csv"), Cursor::new(csv), how).await?)
    }

    /// Checks and publishes a campaign folder.
    ///
    /// # Errors
    /// Its problems.
    pub async fn publish(&self, campaigns: &Path) -> Result<Published, PublishError> {
        self.office.publish(&name(EVERYTHING), campaigns).await
    }

    /// Enrols the device; where its folder is.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn enrol(&self, folder: &Path) -> Result<PathBuf, OfficeError> {
        let device = folder.join(DEVICE);
        self.office.enrol(&name(DEVICE), &name(EVERYTHING), &name(EVERYTHING), &device).await?;
        Ok(device)
    }

    /// Serves devices from now on.
    pub fn serve(&mut self) {
        let (stop, stopped) = oneshot::channel::<()>();
        let server = self.office.clone();
        let serving = tokio::spawn(async move { server.serve(async { drop(stopped.await) }).await });
        self.service = Some(Service { stop, serving });
    }

    /// Whether it serves devices.
    pub fn is_serving(&self) -> bool {
        self.service.is_some()
    }

    /// Serves nobody from now on; what it has, it keeps.
    ///
    /// # Errors
    /// It did not serve to the end.
    pub async fn rest(&mut self) -> Result<(), OfficeError> {
        let Some(Service { stop, serving }) = self.service.take() else { return Ok(()) };
        drop(stop);
        Ok(serving.await.map_err(OfficeError::Task)??)
    }

    /// Ends the service; the database stays open to be looked at.
    ///
    /// # Errors
    /// It did not serve to the end.
    pub async fn end(mut self) -> Result<Office, OfficeError> {
        self.rest().await?;
        Ok(self.office)
    }
}

/// An address as the settings have it.
#[expect(clippy::expect_used, reason = "a socket address is a host and a port")]
pub fn endpoint(address: SocketAddr) -> Endpoint {
    format!("mqtt://{address}").parse().expect("an endpoint")
}

/// A name from one of the literals above.
#[expect(clippy::expect_used, reason = "the literals above are names")]
fn name<N: std::str::FromStr<Err: std::fmt::Debug>>(text: &'static str) -> N {
    text.parse().expect("a name")
}
