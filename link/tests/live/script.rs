//! A broker that says what a test tells it to, byte by byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use touchpoint_link::Endpoint;

/// The high four bits of a packet's first byte (MQTT 5.0, section 2.1.2).
pub(crate) const PUBACK: u8 = 4;
/// See [`PUBACK`].
pub(crate) const PUBLISH: u8 = 3;
/// See [`PUBACK`].
pub(crate) const PINGREQ: u8 = 12;

pub(crate) struct Script {
    listener: TcpListener,
}

impl Script {
    pub(crate) async fn listen() -> (Self, Endpoint) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("mqtt://{}", listener.local_addr().unwrap()).parse().unwrap();
        (Self { listener }, endpoint)
    }

    /// Accepts a connection and grants its one subscription. `properties` are those of the CONNACK.
    pub(crate) async fn welcome(self, properties: &[u8]) -> TcpStream {
        self.accept(properties, 1).await
    }

    /// Accepts a connection and answers its one subscription with `verdict`.
    pub(crate) async fn accept(self, properties: &[u8], verdict: u8) -> TcpStream {
        let (mut line, _) = self.listener.accept().await.unwrap();
        packet(&mut line).await;
        let length = u8::try_from(properties.len()).unwrap();
        line.write_all(&[&[0x20, length + 3, 0, 0, length], properties].concat()).await.unwrap();
        let (_, subscribe) = packet(&mut line).await;
        line.write_all(&[0x90, 4, subscribe[0], subscribe[1], 0, verdict]).await.unwrap();
        line
    }
}

/// A PUBLISH of one byte to `t`; at QoS 0 if there is no packet id.
pub(crate) fn publish(id: Option<u8>, payload: u8) -> Vec<u8> {
    match id {
        None => vec![0x30, 5, 0, 1, b't', 0, payload],
        Some(id) => vec![0x32, 7, 0, 1, b't', 0, id, 0, payload],
    }
}

/// The next packet: its type and what follows the fixed header.
pub(crate) async fn packet(line: &mut TcpStream) -> (u8, Vec<u8>) {
    let kind = line.read_u8().await.unwrap() >> 4;
    let (mut length, mut shift) = (0, 0);
    loop {
        let digit = line.read_u8().await.unwrap();
        length |= usize::from(digit & 0x7f) << shift;
        shift += 7;
        if digit & 0x80 == 0 {
            break;
        }
    }
    let mut rest = vec![0; length];
    line.read_exact(&mut rest).await.unwrap();
    (kind, rest)
}
