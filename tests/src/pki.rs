//! A public key infrastructure for one test: an authority, and certificates from it.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::{fs, path::Path};

/// Who signs the certificates of broker, devices and head office.
#[derive(Debug)]
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority that nobody else knows.
    pub fn new() -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        Authority { certificate: params.self_signed(&key).unwrap().pem(), issuer: Issuer::new(params, key) }
    }

    /// Writes the authority's certificate, in PEM.
    pub fn write(&self, ca: &Path) {
        fs::write(ca, &self.certificate).unwrap();
    }

    /// Writes a certificate and its key, in PEM, for somebody of this common name, which is also its host name.
    pub fn issue(&self, common_name: &str, certificate: &Path, key: &Path) {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![common_name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        fs::write(certificate, params.signed_by(&pair, &self.issuer).unwrap().pem()).unwrap();
        fs::write(key, pair.serialize_pem()).unwrap();
    }
}

impl Default for Authority {
    fn default() -> Self {
        Authority::new()
    }
}
