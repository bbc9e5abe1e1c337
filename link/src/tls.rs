//! Who the device is and whom it trusts: TLS 1.3 with a client certificate, nothing weaker.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
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

/// Largest file of credentials, in bytes: a hundred authorities, each of a few thousand.
const LARGEST: u64 = 512 * 1024;

/// Where the credentials are: three files in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The authorities a broker's certificate must come from.
    pub ca: PathBuf,
    /// This client's certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A file of the credentials cannot be read.
#[derive(Debug, Error)]
#[error("cannot read {}", path.display())]
pub struct TlsFileError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
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

impl TlsFiles {
    /// Reads the files. Blocks.
    ///
    /// # Errors
    /// Names the first that cannot be read.
    pub fn read(&self) -> Result<Tls, TlsFileError> {
        let read = |path: &Path| contents(path).map_err(|source| TlsFileError { path: path.to_owned(), source });
        Ok(Tls { ca: read(&self.ca)?.to_vec(), certificate: read(&self.certificate)?.to_vec(), key: read(&self.key)? })
    }
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

fn contents(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large for credentials"));
    }
    // Reserved at once, with the byte at which reading ends: a buffer that grows leaves a copy of the key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length as usize + 1));
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
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
    fn the_three_files_are_read_and_a_missing_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let [ca, certificate, key] = ["ca.pem", "device.pem", "device.key"].map(|name| folder.path().join(name));
        let files = TlsFiles { ca, certificate, key };
        let Tls { ca, certificate, key } = device();
        std::fs::write(&files.ca, ca).unwrap();
        std::fs::write(&files.certificate, certificate).unwrap();
        let refused = files.read().unwrap_err();
        assert_eq!(refused.path, files.key);
        std::fs::write(&files.key, &*key).unwrap();
        assert!(files.read().unwrap().client_config().is_ok());
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
