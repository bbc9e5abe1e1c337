//! Who the device is and whom it trusts: TLS 1.3 with a client certificate, nothing weaker.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use zeroize::Zeroizing;

/// Credentials for mutual TLS, each in PEM.
#[derive(Clone)]
pub struct Tls {
    /// The authorities a broker's certificate must come from. The system's own are not used.
    pub ca: Vec<u8>,
    /// This client's certificate, followed by those between it and the broker's authority.
    pub certificate: Vec<u8>,
    /// The private key of the first certificate: PKCS#8, PKCS#1 or SEC1. Wiped on drop.
    pub key: Zeroizing<Vec<u8>>,
}

/// Why the credentials cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The authorities are not PEM certificates, or there is none.
    #[error("the certificate authorities are not usable")]
    Authority(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The client certificate is not PEM, or there is none.
    #[error("the client certificate is not usable")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The key is not a PEM private key. Without a source: its text may repeat lines of the key.
    #[error("the client key is not a private key in PEM")]
    Key,
    /// Key and certificate do not belong together, or their kind is not supported.
    #[error("the client key does not serve the client certificate")]
    Pair(#[source] rustls::Error),
    /// The TLS library offers no TLS 1.3.
    #[error("TLS 1.3 is not available")]
    Version(#[source] rustls::Error),
}

impl Tls {
    /// The settings of a TLS client. The crypto provider is named here rather than installed for the process, so that
    /// a connection depends on nothing global.
    pub(crate) fn client_config(&self) -> Result<ClientConfig, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(&self.ca).map_err(TlsError::Authority)? {
            roots.add(authority).map_err(|error| TlsError::Authority(error.into()))?;
        }
        let chain = certificates(&self.certificate).map_err(TlsError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| TlsError::Key)?;
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(TlsError::Version)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(TlsError::Pair)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls { key: Key(..), .. }")
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Box<dyn std::error::Error + Send + Sync>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        return Err("there is no certificate in it".into());
    }
    Ok(certificates)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn device() -> Tls {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["device".into()]).unwrap().self_signed(&key).unwrap().pem();
        Tls {
            ca: certificate.clone().into_bytes(),
            certificate: certificate.into_bytes(),
            key: Zeroizing::new(key.serialize_pem().into_bytes()),
        }
    }

    #[test]
    fn debug_output_has_no_key() {
        assert_eq!(format!("{:?}", device()), "Tls { key: Key(..), .. }");
    }

    #[test]
    fn an_error_names_the_part_that_cannot_be_used() {
        let nothing = b"-----BEGIN SECRET-----".to_vec();
        assert!(device().client_config().is_ok());
        let ca = Tls { ca: Vec::new(), ..device() };
        assert!(matches!(ca.client_config(), Err(TlsError::Authority(_))));
        let certificate = Tls { certificate: nothing.clone(), ..device() };
        assert!(matches!(certificate.client_config(), Err(TlsError::Certificate(_))));
        let key = Tls { key: Zeroizing::new(nothing), ..device() };
        assert!(matches!(key.client_config(), Err(TlsError::Key)));
        let foreign = Tls { key: device().key, ..device() };
        assert!(matches!(foreign.client_config(), Err(TlsError::Pair(_))));
    }
}
