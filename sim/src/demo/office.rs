//! Head office, as the demo starts and ends it: the real one, with customers nobody knows.

use super::{DemoError, Options, campaigns};
use crate::customers;
use std::{
    io::Cursor,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tokio::{sync::oneshot, task::JoinHandle};
use touchpoint_hub::{Imported, Office, OnBadRows, Published, ServeError};
use touchpoint_link::Endpoint;

/// Whose machines the demo plays with.
const TENANT: &str = "demo-bank";

/// The one device.
const DEVICE: &str = "kiosk-1";

/// Its group and its shard.
const EVERYTHING: &str = "all";

/// A head office that serves.
pub(super) struct HeadOffice {
    pub(super) office: Office,
    /// Dropped, it ends the service.
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

/// What head office was given, and where it put what the device needs.
pub(super) struct Founded {
    pub(super) imported: Imported,
    pub(super) published: Published,
    /// The device's folder.
    pub(super) device: PathBuf,
}

impl HeadOffice {
    /// Founds a head office: customers imported, campaigns published, one device enrolled, serving.
    pub(super) async fn found(
        folder: &Path,
        broker: SocketAddr,
        options: &Options,
    ) -> Result<(HeadOffice, Founded), DemoError> {
        let all = name(EVERYTHING);
        let office = touchpoint_hub::init(&folder.join("head-office"), &name(TENANT), &endpoint(broker))?;

        // From memory: not even made-up card numbers lie about in a file.
        let people = customers::generate(options.seed, options.customers.count());
        let mut csv = Vec::new();
        customers::write_csv(people, &mut csv).map_err(DemoError::Folder)?;
        let rows = Cursor::new(csv);
        let imported = office.import(&name(EVERYTHING), Path::new("customers.csv"), rows, OnBadRows::Refuse).await?;

        let messages = folder.join("campaigns");
        campaigns::write(&messages).map_err(DemoError::Folder)?;
        let published = office.publish(&all, &messages).await?;

        let device = folder.join(DEVICE);
        office.enrol(&name(DEVICE), &all, &name(EVERYTHING), &device).await?;

        let (stop, stopped) = oneshot::channel::<()>();
        let server = office.clone();
        let serving = tokio::spawn(async move { server.serve(async { drop(stopped.await) }).await });
        Ok((HeadOffice { office, stop, serving }, Founded { imported, published, device }))
    }

    /// Ends the service; the database stays open to be looked at.
    pub(super) async fn end(self) -> Result<Office, DemoError> {
        drop(self.stop);
        self.serving.await.map_err(|error| DemoError::Task("head office", error))??;
        Ok(self.office)
    }
}

/// An address as the settings have it.
#[expect(clippy::expect_used, reason = "a socket address is a host and a port")]
pub(super) fn endpoint(address: SocketAddr) -> Endpoint {
    format!("mqtt://{address}").parse().expect("an endpoint")
}

/// A name from one of the literals above.
#[expect(clippy::expect_used, reason = "the literals above are names")]
fn name<N: std::str::FromStr<Err: std::fmt::Debug>>(text: &'static str) -> N {
    text.parse().expect("a name")
}
