//! Nobody is let in without a certificate, nobody may do more than the broker allows, and refusals are told.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use touchpoint_link::{ConnectError, Endpoint, Message, Options, PublishError, Tls, connect};

use crate::broker::Broker;
use crate::script::Script;
use crate::{connected, options, within};

/// Reason code of a SUBACK (MQTT 5.0, section 3.9.3).
const NOT_AUTHORIZED: u8 = 0x87;

/// Scripted, because Mosquitto grants every subscription and then checks each message against its access list.
#[tokio::test]
async fn a_refused_subscription_is_an_error_that_names_it() {
    let (script, endpoint) = Script::listen().await;
    let _broker = tokio::spawn(async move { script.accept(&[], NOT_AUTHORIZED).await });
    let error = within(connect(&options(endpoint, "near", &["forbidden"]))).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::Subscription { filter, reason, .. } if filter == "forbidden" && reason == "not authorized"),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_publish_is_an_error_that_names_it() {
    let broker = Broker::start(|folder| {
        let file = folder.join("acl");
        std::fs::write(&file, "topic write allowed\n").unwrap();
        format!("allow_anonymous true\nacl_file {}\n", file.display())
    })
    .await;
    let near = connected(broker.endpoint(), "near", &[]).await;
    within(near.outgoing.publish(Message::new("allowed", "x"))).await.unwrap();
    let error = within(near.outgoing.publish(Message::new("forbidden", "x"))).await.unwrap_err();
    assert_eq!(error, PublishError::Refused { topic: "forbidden".into(), reason: "not authorized".into() });
}

#[tokio::test]
async fn a_broker_that_wants_credentials_refuses_the_connection() {
    let broker = Broker::start(|_| "allow_anonymous false\n".to_owned()).await;
    let error = connect(&options(broker.endpoint(), "near", &[])).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Refused { reason, .. } if reason == "not authorized"), "{error}");
}

#[tokio::test]
async fn a_device_with_a_certificate_connects_under_the_name_in_it() {
    let authority = Authority::new();
    let broker = tls_broker(&authority, "tls_version tlsv1.3\n").await;
    let device = connect(&tls_options(broker.tls_endpoint(), authority.tls("device-7"))).await.unwrap();
    within(device.outgoing.publish(Message::new("devices/device-7/hello", "x"))).await.unwrap();
    let error = within(device.outgoing.publish(Message::new("devices/device-8/hello", "x"))).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_device_with_a_certificate_of_another_authority_is_refused() {
    let authority = Authority::new();
    let broker = tls_broker(&authority, "").await;
    let tls = Tls { ca: authority.pem(), ..Authority::new().tls("device-7") };
    let error = connect(&tls_options(broker.tls_endpoint(), tls)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_broker_with_a_certificate_of_another_authority_is_refused() {
    let authority = Authority::new();
    let broker = tls_broker(&authority, "").await;
    let tls = Tls { ca: Authority::new().pem(), ..authority.tls("device-7") };
    let error = connect(&tls_options(broker.tls_endpoint(), tls)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
}

/// Scripted, because Mosquitto takes its `tls_version` for the lowest one, not for the only one.
#[tokio::test]
async fn a_broker_without_tls_1_3_is_refused() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("mqtts://localhost:{}", listener.local_addr().unwrap().port());
    let options = tls_options(endpoint.parse().unwrap(), authority.tls("device-7"));
    let broker = tokio::task::spawn_blocking(move || {
        let mut session = authority.tls_1_2_session();
        session.complete_io(&mut listener.accept().unwrap().0)
    });
    let error = within(connect(&options)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
    let refusal = broker.await.unwrap().unwrap_err();
    assert!(refusal.to_string().contains("Tls12NotOffered"), "{refusal}");
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused_by_the_broker() {
    let authority = Authority::new();
    let broker = tls_broker(&authority, "").await;
    let endpoint = broker.tls_endpoint().to_string();
    let address = endpoint.strip_prefix("mqtts://").unwrap().to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        let mut line = std::net::TcpStream::connect(address).unwrap();
        let mut session = authority.anonymous_session();
        let mut tls = rustls::Stream::new(&mut session, &mut line);
        // CONNECT of a client named "x"; in TLS 1.3 the refusal comes after the handshake.
        let sent = tls.write_all(b"\x10\x0e\0\x04MQTT\x05\x02\0\x05\0\0\x01x");
        sent.and_then(|()| tls.read_exact(&mut [0; 1]))
    });
    assert!(within(answer).await.unwrap().is_err());
}

#[tokio::test]
async fn tls_is_used_exactly_when_there_are_credentials() {
    let plain = Options { tls: None, ..options("mqtts://localhost:8883".parse().unwrap(), "near", &[]) };
    assert!(matches!(connect(&plain).await, Err(ConnectError::Invalid { .. })));
    let endpoint: Endpoint = "mqtt://localhost:1883".parse().unwrap();
    let careless = tls_options(endpoint, Authority::new().tls("device-7"));
    assert!(matches!(connect(&careless).await, Err(ConnectError::Invalid { .. })));
}

async fn tls_broker(authority: &Authority, further: &str) -> Broker {
    Broker::start(|folder: &Path| {
        let own = authority.tls("localhost");
        for (name, content) in [("ca", &own.ca), ("certificate", &own.certificate), ("key", &*own.key)] {
            std::fs::write(folder.join(name), content).unwrap();
        }
        std::fs::write(folder.join("acl"), "pattern write devices/%u/#\n").unwrap();
        let folder = folder.display();
        format!(
            "cafile {folder}/ca\ncertfile {folder}/certificate\nkeyfile {folder}/key\nacl_file {folder}/acl\n\
             require_certificate true\nuse_identity_as_username true\n{further}"
        )
    })
    .await
}

fn tls_options(endpoint: Endpoint, tls: Tls) -> Options {
    Options { tls: Some(tls), ..options(endpoint, "near", &[]) }
}

struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn pem(&self) -> Vec<u8> {
        self.certificate.clone().into_bytes()
    }

    /// Credentials for somebody of this name.
    fn tls(&self, name: &str) -> Tls {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem().into_bytes();
        Tls { ca: self.pem(), certificate, key: key.serialize_pem().into_bytes().into() }
    }

    /// TLS that trusts this authority and shows no certificate.
    fn anonymous_session(&self) -> rustls::ClientConnection {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&self.pem()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        rustls::ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
    }
    /// The server side of a TLS that is too old.
    fn tls_1_2_session(&self) -> rustls::ServerConnection {
        let own = self.tls("localhost");
        let chain = vec![CertificateDer::from_pem_slice(&own.certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(&own.key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        rustls::ServerConnection::new(Arc::new(config)).unwrap()
    }
}
