//! A Mosquitto of one's own: a free loopback port, a folder and a configuration, gone on drop.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use touchpoint_link::Endpoint;

/// Debian installs it where ordinary users have no search path.
const MOSQUITTO: &str = "/usr/sbin/mosquitto";

pub(crate) struct Broker {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Broker {
    /// A broker that lets everybody do everything.
    pub(crate) async fn open() -> Broker {
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("mosquitto.conf");
        // Without `user root` it changes to a user who cannot read the folder, if it was started by root.
        let text = format!("listener {port} 127.0.0.1\nuser root\npersistence false\nallow_anonymous true\n");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(MOSQUITTO);
        command.arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let mut broker = Broker { child: command.spawn().expect("mosquitto is installed"), port, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(broker.child.try_wait().unwrap().is_none(), "mosquitto did not start");
            assert!(Instant::now() < deadline, "mosquitto does not listen");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        broker
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        format!("mqtt://127.0.0.1:{}", self.port).parse().unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
