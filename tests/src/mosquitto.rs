//! The broker: a real Mosquitto of one's own, on a free loopback port, in a folder of its own, gone when dropped.

use crate::{patience::eventually, pki::Authority, workspace};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// Debian installs it where ordinary users have no search path.
const PROGRAM: &str = "/usr/sbin/mosquitto";

/// Where the deployed configuration looks for its files.
const DEPLOYED: &str = "/etc/touchpoint/broker";

/// The port it listens on.
const PORT: &str = "listener 8883\n";

/// A running broker.
#[derive(Debug)]
pub struct Mosquitto {
    child: Child,
    endpoint: String,
    folder: TempDir,
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Mosquitto {
    /// A broker with the configuration that is deployed, the very files, but for the port and the folder.
    pub fn deployed(authority: &Authority) -> Mosquitto {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let path = folder.path();
        let shipped = workspace::root().join("deploy/mosquitto");
        fs::copy(shipped.join("touchpoint.acl"), path.join("touchpoint.acl")).unwrap();
        authority.write(&path.join("ca.crt"));
        authority.issue("localhost", &path.join("broker.crt"), &path.join("broker.key"));

        let text = fs::read_to_string(shipped.join("touchpoint.conf")).unwrap();
        let settings = text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n"));
        let settings: String = settings.collect();
        assert_eq!(settings.matches(PORT).count(), 1, "{settings}");
        assert_eq!(settings.matches(DEPLOYED).count(), 4, "{settings}");
        let settings = settings.replace(PORT, &format!("listener {port}\n"));
        let settings = settings.replace(DEPLOYED, &path.display().to_string());
        Mosquitto::start(folder, port, &format!("mqtts://localhost:{port}"), &settings)
    }

    /// A broker that lets everybody do everything.
    pub fn plain() -> Mosquitto {
        Mosquitto::plain_at(free_port())
    }

    /// The same, at a known port.
    pub fn plain_at(port: u16) -> Mosquitto {
        let listener = format!("listener {port} 127.0.0.1\n");
        // As it is deployed: without, every answer may wait 40 ms for the acknowledgement of the one before.
        let settings = format!("{listener}persistence false\nallow_anonymous true\nset_tcp_nodelay true\n");
        Mosquitto::start(TempDir::new().unwrap(), port, &format!("mqtt://127.0.0.1:{port}"), &settings)
    }

    /// How programs are told where it is.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged by now.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn start(folder: TempDir, port: u16, endpoint: &str, settings: &str) -> Mosquitto {
        let file = folder.path().join("mosquitto.conf");
        fs::write(&file, settings).unwrap();
        open_to_its_user(folder.path());
        let log = folder.path().join("log");
        let stderr = fs::File::create(&log).unwrap();
        let mut command = Command::new(PROGRAM);
        command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let child = command.spawn().expect("mosquitto is installed");
        let mut broker = Mosquitto { child, endpoint: endpoint.to_owned(), folder };
        eventually("mosquitto", || match TcpStream::connect(("127.0.0.1", port)) {
            Ok(_) => Ok(()),
            Err(error) => {
                let ended = broker.child.try_wait().unwrap();
                assert!(ended.is_none(), "mosquitto did not start:\n{}", fs::read_to_string(&log).unwrap());
                Err(error.to_string())
            }
        });
        broker
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // It may have ended by itself; a test in trouble is helped by what it said.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("mosquitto:\n{}", fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
        }
    }
}

/// Started by root, Mosquitto becomes another user before it reads its files; in a test's folder nothing is worth hiding.
fn open_to_its_user(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    for file in workspace::files(folder) {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
}
