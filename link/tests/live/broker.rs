//! A Mosquitto of one's own: a free loopback port, a folder and a configuration, gone on drop.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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
    pub(crate) async fn open() -> Self {
        Self::start(|_| "allow_anonymous true\n".to_owned()).await
    }

    /// A broker with the further configuration that `configure` writes for it; it may put files into the folder.
    pub(crate) async fn start(configure: impl FnOnce(&Path) -> String) -> Self {
        let folder = TempDir::new().unwrap();
        let further = configure(folder.path());
        let port = free_port();
        let file = folder.path().join("mosquitto.conf");
        // Without nodelay every acknowledgement takes 40 ms. Without `user root` it changes to a user who cannot read the folder, if it was started by root.
        let text = format!(
            "listener {port} 127.0.0.1\nuser root\npersistence false\nmax_queued_messages 0\nset_tcp_nodelay true\n{further}"
        );
        std::fs::write(&file, text).unwrap();
        let child = Command::new(MOSQUITTO)
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto is installed");
        let mut broker = Self { child, port, _folder: folder };
        broker.wait_until_it_listens().await;
        broker
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        format!("mqtt://127.0.0.1:{}", self.port).parse().unwrap()
    }

    pub(crate) fn tls_endpoint(&self) -> Endpoint {
        format!("mqtts://localhost:{}", self.port).parse().unwrap()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn wait_until_it_listens(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "mosquitto did not start; is its configuration right?");
            assert!(Instant::now() < deadline, "mosquitto does not listen");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port nobody listens on.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
