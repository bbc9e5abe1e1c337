//! The MQTT 5 broker between device and head office, in this process: a demo needs nothing installed.
//!
//! A stand-in for Mosquitto on a developer's desk, and for nothing else. It keeps everything in memory.

use mqtt5::broker::{
    BrokerConfig, BrokerShutdownHandle, MqttBroker,
    config::{StorageBackend, StorageConfig},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{task::JoinHandle, time::timeout};
use touchpoint_protocol::limits;

/// How long the broker may take to begin or to end; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Most clients at once: head office, a few devices, and a developer looking on.
const CLIENTS: usize = 64;

/// Most messages kept for one client that reads too slowly.
const QUEUED_MESSAGES: usize = 1_000;

/// Most bytes kept for one such client: a hundred full packets.
const QUEUED_BYTES: usize = 100 * limits::PACKET_IN;

/// A running broker. Dropped, it ends without a farewell to its clients.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    stop: StopHandle,
    running: JoinHandle<Result<(), mqtt5::MqttError>>,
}

/// Why there is no broker.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It could not listen on the loopback interface.
    #[error("the broker cannot listen on 127.0.0.1")]
    Listen(#[source] mqtt5::MqttError),
    /// It listens nowhere, or was not ready in time.
    #[error("the broker was not ready within {} s", PATIENCE.as_secs())]
    NotReady,
}

/// The library's handle, which has no `Debug`.
struct StopHandle(BrokerShutdownHandle);

impl std::fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StopHandle")
    }
}

impl Broker {
    /// Starts a broker on a free port of 127.0.0.1; returns when it accepts connections.
    ///
    /// # Errors
    /// No port, or not ready in time.
    pub async fn start() -> Result<Broker, BrokerError> {
        let mut broker = MqttBroker::with_config(config()).await.map_err(BrokerError::Listen)?;
        let address = broker.local_addr().ok_or(BrokerError::NotReady)?;
        let stop = StopHandle(broker.shutdown_handle());
        let mut ready = broker.ready_receiver();
        let running = tokio::spawn(async move { broker.run().await });
        match timeout(PATIENCE, ready.wait_for(|ready| *ready)).await {
            Ok(Ok(_)) => Ok(Broker { address, stop, running }),
            _ => {
                running.abort();
                Err(BrokerError::NotReady)
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, with a DISCONNECT to whoever is still there.
    pub async fn shutdown(mut self) {
        self.stop.0.shutdown();
        // Whether it ended by itself or is dropped by force makes no difference to a memory-only broker.
        let _ = timeout(PATIENCE, &mut self.running).await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Everything in memory: by default the library writes a folder `mqtt_storage` wherever it is started.
fn config() -> BrokerConfig {
    let storage = StorageConfig {
        backend: StorageBackend::Memory,
        enable_persistence: false,
        max_queued_messages_per_client: QUEUED_MESSAGES,
        max_queued_bytes_per_client: QUEUED_BYTES,
        ..StorageConfig::default()
    };
    BrokerConfig {
        bind_addresses: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        max_clients: CLIENTS,
        max_packet_size: limits::PACKET_IN,
        sys_topics_enabled: false,
        storage_config: storage,
        ..BrokerConfig::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use std::path::Path;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    /// CONNECT of MQTT 5 (section 3.1): clean start, keep alive 60 s, no properties, client id `x`.
    const CONNECT: &[u8] = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01x";

    async fn connack(address: SocketAddr) -> [u8; 4] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(CONNECT).await.unwrap();
        let mut answer = [0; 4];
        timeout(PATIENCE, stream.read_exact(&mut answer)).await.unwrap().unwrap();
        answer
    }

    #[tokio::test]
    async fn a_broker_takes_clients_on_a_free_port_and_leaves_nothing_on_the_disk() {
        let (broker, other) = (Broker::start().await.unwrap(), Broker::start().await.unwrap());
        assert_ne!(broker.address(), other.address());
        let [packet, _, _, reason] = connack(broker.address()).await;
        assert_eq!((packet, reason), (0x20, 0), "not a CONNACK of success");
        broker.shutdown().await;
        assert!(!Path::new("mqtt_storage").exists());
    }

    #[tokio::test]
    async fn after_its_shutdown_nobody_answers() {
        let broker = Broker::start().await.unwrap();
        let address = broker.address();
        broker.shutdown().await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}
