//! Certificates of a server over TLS: good ones, and those that no client should take.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What is right or wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Accepted by clients that trust its authority.
    Valid,
    /// Its time is over.
    Expired,
    /// It is that of another host.
    OfAnotherHost,
}

/// A certificate with its key, and the authority that signed it.
#[derive(Debug)]
pub(super) struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    authority: String,
}

impl Identity {
    pub(super) fn new(kind: Certificate) -> Self {
        let made = "a certificate can be made";
        let mut authority = CertificateParams::new(Vec::new()).expect(made);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect(made)).expect(made);
        let host = if kind == Certificate::OfAnotherHost { "elsewhere.example" } else { "localhost" };
        let mut own = CertificateParams::new(vec![host.to_owned()]).expect(made);
        if kind == Certificate::Expired {
            own.not_before = date_time_ymd(2001, 1, 1);
            own.not_after = date_time_ymd(2002, 1, 1);
        }
        let key = KeyPair::generate().expect(made);
        let certificate = own.signed_by(&key, &issuer).expect(made);
        Self { certificate: certificate.der().clone(), key: key.serialize_der(), authority: issuer.pem() }
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn server_config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows the versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
            .expect("key and certificate belong together");
        Arc::new(config)
    }
}
