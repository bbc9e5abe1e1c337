//! Head office as an operator runs it: the program in its folder, command by command.

use crate::{
    kiosk::Kiosk,
    process::{Finished, Service, done, program, run},
    workspace,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Columns of the customers' table.
pub const HEADER: &str = "customer,card_number,loyalty_number,segments,language,marketing_consent,first_name\n";

/// Gold, German, takes offers.
pub const ANNA: &str = "4111111111111111";

/// Family, English, takes offers.
pub const BEN: &str = "5555555555554444";

/// Saver, French, objected to marketing.
pub const CHLOE: &str = "4012888888881881";

/// A card that head office does not know.
pub const STRANGER: &str = "378282246310005";

/// The three customers' rows, with a loyalty number for Ben.
pub fn customers() -> String {
    format!("c-1,{ANNA},,gold,de,yes,Anna\nc-2,{BEN},AB-1,family,en,yes,Ben\nc-3,{CHLOE},,saver,fr,no,Chloé\n")
}

/// The folder of a head office.
#[derive(Debug)]
pub struct HeadOffice {
    /// Where `hub.toml` is.
    pub folder: PathBuf,
}

impl HeadOffice {
    /// Makes one for tenant `acme` with the device `kiosk-1`, in a folder that is not there yet.
    pub fn found(folder: &Path, broker: &str) -> HeadOffice {
        let office = HeadOffice { folder: folder.to_owned() };
        let mut init = program("touchpoint-hub");
        init.arg("init").arg(folder).args(["--tenant", "acme", "--broker", broker, "--device", "kiosk-1"]);
        done(&mut init);
        office
    }

    /// Makes one that has [`customers`] and the demo's campaigns.
    pub fn furnished(folder: &Path, broker: &str) -> HeadOffice {
        let office = HeadOffice::found(folder, broker);
        office.import(&customers());
        office.publish(&workspace::demo_campaigns());
        office
    }

    /// Imports rows from a file that is gone afterwards.
    pub fn import(&self, rows: &str) -> Value {
        let finished = self.try_import(rows);
        assert!(finished.status.success(), "{}", finished.stderr);
        serde_json::from_str(&finished.stdout).unwrap()
    }

    /// The same, of rows that may not be taken; logs all there is to log.
    pub fn try_import(&self, rows: &str) -> Finished {
        let desk = tempfile::tempdir().unwrap();
        let file = desk.path().join("customers.csv");
        fs::write(&file, format!("{HEADER}{rows}")).unwrap();
        run(self.command("import").env("RUST_LOG", "trace").arg("--json").arg(file))
    }

    /// Publishes a campaign folder.
    pub fn publish(&self, campaigns: &Path) -> Value {
        serde_json::from_str(&done(self.command("publish").arg("--json").arg(campaigns))).unwrap()
    }

    /// Serves; returns once it is on the line.
    pub fn serve(&self) -> Service {
        let mut service = Service::start(&mut self.command("serve"));
        service.says("connected");
        service
    }

    /// What there is to know.
    pub fn report(&self) -> Value {
        serde_json::from_str(&done(self.command("report").arg("--json"))).unwrap()
    }

    /// Its device, in the folder that head office wrote for it.
    pub fn kiosk(&self) -> Kiosk {
        Kiosk::configured(self.folder.join("devices/kiosk-1"))
    }

    /// A command with its settings.
    pub fn command(&self, name: &str) -> Command {
        let mut command = program("touchpoint-hub");
        command.arg(name).arg("--config").arg(self.folder.join("hub.toml"));
        command
    }
}
