//! How connections are encrypted, and what is looked at of the server's certificate.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::credentials::PostgresCredentials;
use super::ssl_mode::SslMode;
use super::stream::Rustls;
use crate::error::ClientError;

type Result<T, E = ClientError> = std::result::Result<T, E>;

/// Makes what encrypts connections. Files of certificates are read here.
///
/// # Errors
/// [`ClientError::Unusable`] if a file of certificates or keys cannot be read.
pub(super) fn connector(credentials: &PostgresCredentials) -> Result<Rustls> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| ClientError::unusable("TLS cannot be set up").with_source(cause))?;
    let check = Check::of(credentials);
    let builder = match check {
        Check::Name => builder.with_root_certificates(roots(credentials)?),
        Check::Issuer | Check::Nothing => {
            let issuer = match check {
                Check::Issuer => Some(issuer_verifier(credentials, &provider)?),
                _ => None,
            };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Lenient { provider, issuer }))
        }
    };
    let config = match credentials.sslcert.as_ref().zip(credentials.sslkey.as_ref()) {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|cause| unreadable("sslkey", key, cause))?;
            builder.with_client_auth_cert(certificates("sslcert", certificate)?, key).map_err(|cause| {
                ClientError::unusable("'sslcert' and 'sslkey' cannot be used").with_source(cause)
            })?
        }
    };
    Ok(Rustls(Arc::new(config)))
}

/// How much of the server's certificate is looked at.
#[derive(Clone, Copy)]
enum Check {
    Nothing,
    Issuer,
    Name,
}

impl Check {
    fn of(credentials: &PostgresCredentials) -> Self {
        match credentials.sslmode {
            SslMode::VerifyFull => Self::Name,
            SslMode::VerifyCa => Self::Issuer,
            // As libpq does where there is a file of trusted certificates.
            SslMode::Require if credentials.sslrootcert.is_some() => Self::Issuer,
            _ => Self::Nothing,
        }
    }
}

fn issuer_verifier(
    credentials: &PostgresCredentials,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots(credentials)?), Arc::clone(provider))
        .build()
        .map_err(|cause| {
            ClientError::unusable("'sslrootcert' holds no usable certificate").with_source(cause)
        })
}

/// The trusted certificates: the file that is named, else those of the machine.
fn roots(credentials: &PostgresCredentials) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let certificates = match &credentials.sslrootcert {
        Some(path) if path != Path::new("system") => certificates("sslrootcert", path)?,
        _ => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(ClientError::unusable("there is no trusted certificate to check the server's against")
            .with_remedy("name a file of them with sslrootcert"));
    }
    Ok(roots)
}

fn certificates(key: &str, path: &PathBuf) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|cause| unreadable(key, path, cause))
}

fn unreadable(key: &str, path: &Path, cause: tokio_rustls::rustls::pki_types::pem::Error) -> ClientError {
    ClientError::unusable(format!("'{key}': cannot read {}: {cause}", path.display())).with_source(cause)
}

/// Accepts certificates whatever their name, and where there is no `issuer`, whatever their signature.
struct Lenient {
    provider: Arc<CryptoProvider>,
    issuer: Option<Arc<WebPkiServerVerifier>>,
}

impl fmt::Debug for Lenient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lenient").field("checks_issuer", &self.issuer.is_some()).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, tokio_rustls::rustls::Error> {
        let Some(issuer) = &self.issuer else { return Ok(ServerCertVerified::assertion()) };
        match issuer.verify_server_cert(end_entity, intermediates, server_name, ocsp, now) {
            // The name is checked last, so the issuer is trusted.
            Err(tokio_rustls::rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, tokio_rustls::rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, tokio_rustls::rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
